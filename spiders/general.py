"""A shop page read without knowing who made it: by what such pages have in common.

What belongs to the page itself is told from its frame (head, navigation, foot, small basket) and
from the cards of other items. A description that no mark and no heading gives away is all
sentences of that part: rather a word too much than a claim that nobody reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from parsel import Selector

from crawler.extract import compact, day_of, marked, text_of
from crawler.extract.text import UNSEEN, Element
from crawler.page import Page
from spiders.software import address
from spiders.ways import cards_of

__all__ = [
    "MARKS",
    "OwnPart",
    "crumbs_of",
    "description_of",
    "own_part",
    "reviews_of",
    "shop_name_of",
]

_FRAME = UNSEEN | {"nav", "aside", "footer"}
_SMALL_BASKET = re.compile(r"mini|basket-summary|cart-total|cart-amount|top-cart|header-cart")
_MARKED = {
    "crumbs": "breadcrumb breadcrumbs ur_here crumbs woocommerce-breadcrumb",
    "shop_name": "shop-name site-title logo navbar-brand",
    "review": "review comment-item comment pinglun pl",
    "terms": "terms return-policy policy after-sale aftersale service-terms shouhou",
    "detail": "description product-description detail details goods-detail goods_desc content-detail "
    "woocommerce-Tabs-panel product-detail intro",
}
MARKS = {name: kind for kind, names in _MARKED.items() for name in names.split()}
"""Classes and ids that parts of shop pages usually carry, and which part each gives away."""
_REVIEW = frozenset(_MARKED["review"].split())
_NO_GOODS = re.compile(r"logo|icon|sprite|avatar|qr_?code|erweima|banner|loading|blank|spacer|star|pixel|payment", re.IGNORECASE)  # fmt: skip
_HEADS = re.compile(
    r"(?:商品|产品|宝贝|货品)?(?:描述|详情|介绍|说明|详述)|详细介绍|图文详情|(?:product )?(?:description|details)",
    re.IGNORECASE,
)
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "dt", "legend", "summary"}
_SENTENCE = re.compile(r"[。！？!?，；;,]")
_LABELLED = re.compile(r"^[^:：]{1,16}[:：]")


@dataclass(frozen=True, slots=True)
class OwnPart:
    """The page without its frame and the cards of other items."""

    text: str
    images: tuple[Element, ...]

    def pictures(self, title: str) -> list[str]:
        """Addresses of the pictures of the item: those that its title names, else all that
        look like goods."""
        shown = [(i, address(i)) for i in self.images]
        shown = [(i, a) for i, a in shown if a and not _NO_GOODS.search(f"{a} {i.get('class', '')}") and not _is_small(i)]  # fmt: skip
        named = [a for i, a in shown if len(alt := compact(i.get("alt"))) > 3 and (alt in title or title in alt)]  # fmt: skip
        return list(dict.fromkeys(named or [a for _, a in shown]))[:10]


def _is_small(image: Element) -> bool:
    return any((image.get(side) or "").rstrip("px").isdigit() and int((image.get(side) or "0").rstrip("px")) < 80 for side in ("width", "height"))  # fmt: skip


def own_part(page: Page) -> OwnPart:
    """The part of a page that is its own; all of it where nothing is left."""
    if page.flat is None:
        return OwnPart(page.visible, ())
    root = page.selector.root
    left_out = cards_of(page).boxes.union(filter(_is_frame, root.iter("*")))
    images = [
        image
        for image in root.iter("img")
        if image not in left_out and not any(above in left_out for above in image.iterancestors())
    ]
    return OwnPart("\n".join(page.flat.lines(left_out)) or page.visible, tuple(images))


def _is_frame(element: Element) -> bool:
    if (tag := element.tag) in _FRAME:
        return True
    if tag == "header":
        return all(
            above.tag not in ("main", "article", "section") for above in element.iterancestors()
        )
    return bool((classes := element.get("class")) and _small_basket(classes))


@lru_cache(maxsize=4096)
def _small_basket(classes: str) -> bool:
    return _SMALL_BASKET.search(classes) is not None


def description_of(
    page: Page,
    part: OwnPart,
    title: str,
    attributes: Mapping[str, str],
    reviews: Sequence[Mapping[str, Any]],
) -> str:
    """What stands under a heading that says so, else the sentences of the page's own part."""
    for element in page.selector.root.iter("*"):
        if not isinstance(element.tag, str) or len(element) > 2 or element.tag in UNSEEN:
            continue
        said = compact(element.text if not len(element) else "".join(element.itertext("*"))[:40])
        told = said and len(said) <= 20 and _HEADS.fullmatch(said.rstrip(":： "))
        if told and (text := _below(page, element)):
            return text
    known = {*attributes.values(), *(r["text"] for r in reviews), title}
    return "\n".join(
        line
        for line in part.text.split("\n")
        if _SENTENCE.search(line) and len(line) >= 8 and line not in known and not _LABELLED.match(line)
    )  # fmt: skip


def _below(page: Page, heading: Element) -> str:
    """What stands under a heading, or where a tab leads."""
    link = heading.get("href") or ""
    if link.startswith("#") and len(link) > 1:
        return text_of(page.selector.root.xpath("//*[@id=$id]", id=link[1:])[:1])
    if heading.tag not in _HEADINGS and heading.tag not in ("div", "p", "strong", "b", "span"):
        return ""
    said = compact("".join(heading.itertext("*")))
    # A box around nothing but the heading stands for it.
    while (above := heading.getparent()) is not None and compact("".join(above.itertext("*"))[:200]) == said:  # fmt: skip
        heading = above
    under = []
    for sibling in heading.itersiblings():
        if not isinstance(sibling.tag, str):
            continue
        like = (sibling.tag, sibling.get("class")) == (heading.tag, heading.get("class"))
        if (like and heading.tag != "p") or sibling.tag in ("table", "section", "form", "footer"):
            break
        under.append(sibling)
    return text_of(under)


def crumbs_of(shown: list[Element], title: str) -> str:
    """The way to the product that the page shows, without home and the product itself."""
    if not shown:
        return ""
    steps = [compact(a.xpath("string()")) for a in shown[0].iter("a")]
    return ">".join(s for s in steps[1:] if s and s != title and not title.startswith(s))[:200]


def shop_name_of(html: Selector, shown: list[Element]) -> str:
    """What the shop calls itself: in its metadata, its sign, or behind the page's title."""
    said = html.xpath("//head/meta[@property='og:site_name']/@content").get()
    if not said:
        said = "".join(shown[0].itertext("*")) if shown else None
    if said and compact(said):
        return compact(said)[:100]
    title = compact(html.xpath("//title/text()").get(""))
    parts = [part for part in re.split(r"\s?[-_|–—]\s?", title) if part]
    return parts[-1] if len(parts) > 1 else ""


def _review_elements(outermost: list[Element]) -> list[Any]:
    """Those that are marked as reviews; of a marked list its marked entries."""
    found: list[Any] = []
    for outer in outermost:
        below = [
            e
            for child in outer.iterchildren("*")
            for e in marked(Selector(root=child, type="html"), _REVIEW)
        ]
        found += below or [outer]
    return found


def reviews_of(outermost: list[Element]) -> list[dict[str, Any]]:
    """Reviews by the names that their boxes usually carry, with day and buyer."""
    found = []
    for element in _review_elements(outermost)[:500]:
        node = Selector(root=element, type="html")
        text = compact(
            node.css(".text, .comment-text, .review-text, .body, p, .nr").xpath("string()").get("")
        )
        if not text:
            continue
        date = compact(node.css(".date, .time, time, .rq").xpath("string()").get(""))
        user = node.css(".user, .author, .name, .yh, .nickname").xpath("string()").get("")
        around = compact("".join(element.itertext("*"))[:5_000]).replace(text, " ")
        found.append(
            {
                "text": text,
                "date": day_of(date or around) or None,
                "user": compact(user or node.css("strong, b").xpath("string()").get("")),
            }
        )
    return found
