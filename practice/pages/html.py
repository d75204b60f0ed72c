"""What all pages of the town are made of: an answer, a document, the seller's statement."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import quote

from practice.data import DOMAIN, Offer, Seller

__all__ = ["Answer", "Query", "Town", "document", "e", "not_found", "script_json", "seller_lines"]

Query = dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over the wire, but for faults."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(
        default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"}
    )

    @classmethod
    def page(cls, text: str, status: int = 200) -> Answer:
        """An HTML page in UTF-8."""
        return cls(text.encode("utf-8"), status)

    @classmethod
    def plain(cls, text: str, kind: str = "text/plain") -> Answer:
        """Another text, in UTF-8."""
        return cls(text.encode("utf-8"), 200, {"Content-Type": f"{kind}; charset=utf-8"})

    @classmethod
    def picture(cls, data: bytes) -> Answer:
        """A PNG."""
        return cls(data, 200, {"Content-Type": "image/png"})

    @classmethod
    def json(cls, data: Any) -> Answer:
        """JSON."""
        return cls.plain(json.dumps(data, ensure_ascii=False), "application/json")

    @classmethod
    def redirect(cls, url: str) -> Answer:
        """302 to another address."""
        return cls(b"", 302, {"Location": url, "Content-Type": "text/html"})


@dataclass(frozen=True, slots=True)
class Town:
    """Knows on which port the town stands, so that its pages can link to each other."""

    port: int

    def base(self, name: str) -> str:
        """The address of a host: by its first word (``taoji``), or "" for the front."""
        return f"http://{name + '.' if name else ''}{DOMAIN}:{self.port}"

    def of(self, offer: Offer) -> str:
        """The address of an offer's item page."""
        return f"http://{offer.seller.host}:{self.port}{offer.path}"

    def shop(self, seller: Seller) -> str:
        """The address of a shop's front page."""
        path = "/" if seller.site == "shop" else f"/shop/{seller.key}.htm"
        return f"http://{seller.host}:{self.port}{path}"


def e(text: object) -> str:
    """`text` fit to stand in HTML, also in an attribute."""
    return escape(str(text), quote=True)


def script_json(data: Any) -> str:
    """`data` as JSON that can stand in a <script>."""
    return json.dumps(data, ensure_ascii=False).replace("</", "<\\/")


def document(title: str, body: str, head: str = "", charset: str = "utf-8") -> str:
    """A whole HTML document; `charset` "" leaves the declaration out."""
    meta = f'<meta charset="{charset}">' if charset else ""
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head>{meta}\n<title>{e(title)}</title>\n{head}\n'
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def not_found() -> Answer:
    """404 as a small page."""
    return Answer.page(document("404 页面不存在", "<p>您访问的页面不存在或已下架。</p>"), 404)


def seller_lines(offer: Offer) -> list[tuple[str, str]]:
    """What the page states of its seller, by label; what is not stated is left out.

    The labels are those that 电子商务法 第十五条 makes shops show.
    """
    said = offer.listing
    stated = [
        ("企业名称", said.operator_name),
        ("统一社会信用代码", said.uscc),
        (_licence_label(said.licence_no), said.licence_no),
        ("联系电话", said.phone),
        ("经营地址", said.address),
        ("ICP备案", offer.seller.icp),
    ]
    return [(label, value) for label, value in stated if value]


def _licence_label(number: str) -> str:
    if number.startswith("SC"):
        return "食品生产许可证编号"
    if number.startswith("JY"):
        return "食品经营许可证编号"
    return "许可证编号"


def link(path: str, **query: object) -> str:
    """`path` with an encoded query."""
    return path + "?" + "&".join(f"{k}={quote(str(v), safe='')}" for k, v in query.items())
