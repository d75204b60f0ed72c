"""By what a shop can be known: what its pages show of who runs it, in the form in which two shops
are compared. Kept with each observation, cheaply; links are looked for when a sweep ends.

Forms: USCC GB 32100-2015; 微信号 6–20 letters, digits, _ and -, beginning with a letter (or a
telephone number); bank accounts 12–21 digits; ICP numbers without the «-n» of the single site.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from clues.growth import insert_for
from clues.names import name_keys, plain
from detectors.places import Places
from listing import Listing, is_uscc
from storage.observations import Found, Recorded
from storage.operators import NameKey, ShopFact, UnsettledShop

__all__ = ["Fact", "facts_of", "keep_facts", "phones_in", "plain_address"]

_WECHAT = re.compile(
    r"(?:微\s?信|薇\s?信|威\s?信|徽信|[vV]\s?信|[Ww]e[Cc]hat|\b[VvWw][Xx]\b|加\s?[薇微vV])[^A-Za-z0-9\n]{0,8}"
    r"(?<![A-Za-z0-9])([A-Za-z][-_A-Za-z0-9]{5,19}|1[3-9]\d{9})(?![-_A-Za-z0-9])"
)
_BANK = re.compile(r"(?:账\s?[号户]|帐\s?[号户]|卡\s?号)[^\d\n]{0,12}((?:\d[ -]?){12,21})(?!\d)")
_ICP = re.compile(r"([\u4e00-\u9fff])ICP[备证](\d{6,12})", re.IGNORECASE)
_PHONE = re.compile(r"(?:\+?86[- ]?)?\(?(0\d{2,3}\)?[- ]?\d{7,8}|1[3-9]\d{9}|[48]00[- ]?\d{3,4}[- ]?\d{3,4}|\d{7,12})(?!\d)")  # fmt: skip
_NOT_THE_SELLERS = re.compile(r"^(?:SC|QS|国药准字|国食健|食健备|[\u4e00-\u9fff]{1,2}械|[\u4e00-\u9fff]{0,3}妆)")  # fmt: skip
"""Numbers of goods and makers: whoever sells the goods shows them."""
_DOOR = re.compile(r"\d|[一二三四五六七八九十]+[号栋幢楼层室]")
_MARKS = re.compile(r"[\s,，。.;；:：、()（）#·—\-]|[号室]$")
_LEAST_LINE = 30
_LINES = 6
"""Of a page: its longest lines of at least so many characters tell whether it was copied."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing by which a shop can be known; `value` is what is compared, `shown` is the page's."""

    kind: str
    value: str
    shown: str


def facts_of(listing: Listing, places: Places, own_site: bool) -> list[Fact]:
    """What a page shows of who runs the shop.

    `own_site`: whether it is the shop's own site; 备案 numbers of a marketplace are the market's.
    """
    return list(_facts(listing, places, own_site))


def _facts(listing: Listing, places: Places, own_site: bool) -> Iterator[Fact]:
    code = listing.uscc.strip().upper()
    if code:
        yield Fact("uscc" if is_uscc(code) else "bad_uscc", code[:255], listing.uscc)
    for kind, name in (("name", listing.operator_name), ("shop_name", listing.shop_name)):
        if value := plain(name):
            yield Fact(kind, value, name)
    for number in re.split(r"[\s,，;；、]+", listing.licence_no.upper()):
        if len(number) >= 8 and any(map(str.isdigit, number)) and not _NOT_THE_SELLERS.match(number):  # fmt: skip
            yield Fact("licence", number[:255], number)
    for value, shown in phones_in(listing.phone):
        yield Fact("phone", value, shown)
    if value := plain_address(listing.address, places):
        yield Fact("address", value, listing.address)
    said = [listing.title, listing.text, listing.terms, *listing.image_text]
    for text in said:
        for match in _WECHAT.finditer(text):
            yield Fact("wechat", match[1].lower(), match[1])
        for match in _BANK.finditer(text):
            if 12 <= len(digits := re.sub(r"\D", "", match[1])) <= 21:
                yield Fact("bank", digits, match[1].strip())
    for key, value in listing.attributes.items():
        if own_site and "备案" in key and (found := _ICP.search(value.replace(" ", ""))):
            yield Fact("icp", f"{found[1]}{found[2]}", value)
        if "微信" in key and re.fullmatch(r"[A-Za-z0-9][-_A-Za-z0-9]{5,19}", value.strip()):  # fmt: skip
            yield Fact("wechat", value.strip().lower(), value)
    yield from _lines(listing)


def _lines(listing: Listing) -> Iterator[Fact]:
    lines = {line.strip() for text in (listing.text, listing.terms) for line in text.splitlines()}
    for line in sorted((one for one in lines if len(one) >= _LEAST_LINE), key=lambda one: (-len(one), one))[:_LINES]:  # fmt: skip
        same = re.sub(r"\W", "", unicodedata.normalize("NFKC", line))
        if len(same) >= _LEAST_LINE - 6:
            digest = hashlib.blake2b(same.encode("utf-8", "replace"), digest_size=16).hexdigest()
            yield Fact("text", digest, line[:500])


def phones_in(text: str) -> Iterator[tuple[str, str]]:
    """Each telephone number in `text` as digits and as it is written; short service numbers
    (12315, 110) are nobody's own and left out."""
    for match in _PHONE.finditer(unicodedata.normalize("NFKC", text)[:200]):
        yield re.sub(r"\D", "", match[1]), match[0].strip()


def plain_address(address: str, places: Places) -> str:
    """The address as division code and the rest; "" for one that names no door: a whole village
    or market is not one operator's."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", address))[:200].removeprefix("中国")
    end, code = 0, ""
    for start, stop, found in places.named(text, True):
        if start - end > 1 or not (found.startswith(code) or code.startswith(found)):
            break
        end, code = stop, max(code, found, key=len)
    rest = _MARKS.sub("", text[end:].lstrip("省市州县区")).upper()
    return f"{code} {rest}" if len(rest) >= 4 and _DOOR.search(rest) else ""


def keep_facts(session: Session, batch: Sequence[tuple[Found, Recorded]], places: Places) -> None:
    """Note what the listings show of who runs their shops; noting the same again changes nothing."""
    rows: dict[tuple[int, str, str], dict[str, Any]] = {}
    for found, row in batch:
        if row.observation_id is None:
            continue
        for fact in facts_of(found.listing, places, bool(found.host)):
            rows.setdefault(
                (row.shop_id, fact.kind, fact.value),
                {
                    "shop_id": row.shop_id,
                    "kind": fact.kind,
                    "value": fact.value,
                    "shown": fact.shown[:1000],
                    "observation_id": row.observation_id,
                    "evidence_id": found.evidence_id,
                    "first_seen": found.seen_at,
                },
            )
    if not rows:
        return
    insert = insert_for(session)
    # Sorted, so that two workers lock in the same order.
    session.execute(insert(ShopFact).on_conflict_do_nothing(), [rows[key] for key in sorted(rows)])
    keep_keys(session, {value for _, kind, value in rows if kind in ("name", "shop_name")})
    # An update and no «do nothing»: its lock makes whoever settles wait for this transaction.
    unsettled = insert(UnsettledShop)
    session.execute(
        unsettled.on_conflict_do_update(
            index_elements=["shop_id"], set_={"shop_id": unsettled.excluded.shop_id}
        ),
        [{"shop_id": shop_id} for shop_id in sorted({shop_id for shop_id, _, _ in rows})],
    )


def keep_keys(session: Session, names: Iterable[str]) -> None:
    """Note by what keys the names are found."""
    pairs = sorted({(key, name) for name in names for key in name_keys(name)})
    if pairs:
        session.execute(
            insert_for(session)(NameKey).on_conflict_do_nothing(),
            [{"key": key, "value": name} for key, name in pairs],
        )
