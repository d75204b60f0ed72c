"""Whom a row is about: by link, code (统一社会信用代码), name of shop or operator, words of the order.

A name that fits two shops equally well fits none: the record then waits to be settled, with both as
candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from rapidfuzz import fuzz
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clues.intake.names import NameIndex, plain
from clues.intake.platforms import Platforms
from listing.addresses import canonical, host_of
from storage import models as m
from storage.observations import listing_key
from storage.operators import OperatorHead

__all__ = ["Match", "Matcher"]

LIKE_ON_PLATFORM = 84.0
"""How like a shop's name must be on a platform that is named, of 100."""
LIKE = 90.0
"""The same where no platform is named, and of operators."""
LIKE_GOODS = 86.0
APART = 4.0
"""By how much the best must be better than the next."""
MOST_TITLES = 300_000
MOST_SHOPS = 500
"""Shops whose goods are held in memory."""
_LINK = re.compile(r"https?://[^\s\"'<>，。；、（）()【】]+")


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a row is about, as far as it is known."""

    how: str = ""
    """link, shop link, code, shop, operator, goods; "" where nobody was found."""
    score: float = 0.0
    shop_id: int | None = None
    operator_id: int | None = None
    listing_id: int | None = None
    candidates: tuple[int, ...] = ()
    """Shops between which it could not be decided."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"how": self.how, "score": round(self.score, 1), "candidates": list(self.candidates)}


@dataclass(slots=True)
class _Shop:
    id: int
    source: str
    operator_id: int | None


@dataclass(slots=True)
class _Known:
    """What a batch of rows asks the store for."""

    listings: dict[str, tuple[int, int]] = field(default_factory=dict)
    operators: dict[str, int] = field(default_factory=dict)


def _heads(said: Any) -> Any:
    """(operator, what is `said` of it), with the operator as which a merged one stands now."""
    return (
        select(func.coalesce(OperatorHead.head_id, m.Operator.id), said)
        .select_from(m.Operator)
        .outerjoin(OperatorHead, OperatorHead.operator_id == m.Operator.id)
    )


class Matcher:
    """Made for one import; knows the shops and operators of the store by name."""

    def __init__(self, session: Session, platforms: Platforms) -> None:
        self.session = session
        self.platforms = platforms
        self.shops: dict[int, _Shop] = {}
        self._keys: dict[tuple[str, str], int] = {}
        self._shop_names: dict[str, NameIndex] = {"": NameIndex()}
        self._of_operator: dict[int, int] = {}
        self._operators = NameIndex()
        self._titles: NameIndex | None = None
        self._known = _Known()
        self._goods: dict[int, list[tuple[int, str]]] = {}
        rows = session.execute(
            select(m.Shop.id, m.Shop.source, m.Shop.key, m.Shop.name, m.Shop.url, m.Shop.operator_id)
        )  # fmt: skip
        for id_, source, key, name, url, operator_id in rows:
            self.add_shop(id_, source, key, name, url, operator_id)
        for id_, name in session.execute(_heads(m.Operator.name)):
            self._operators.add(name, id_)

    def add_shop(
        self, id_: int, source: str, key: str, name: str, url: str, operator_id: int | None
    ) -> None:
        """A shop joins those that can be found."""
        self.shops[id_] = _Shop(id_, source, operator_id)
        self._keys[source, key] = id_
        for address in (key, url):
            if "://" in address:
                self._keys["", canonical(address).rstrip("/")] = id_
        for where in ("", source):
            self._shop_names.setdefault(where, NameIndex()).add(name, id_)
        if operator_id is not None:
            self._of_operator.setdefault(operator_id, id_)

    def add_operator(self, id_: int, name: str, uscc: str) -> None:
        """An operator joins those that can be found."""
        self._operators.add(name, id_)
        if uscc:
            self._known.operators[uscc] = id_

    def prepare(self, contents: Sequence[Mapping[str, Any]]) -> None:
        """Look up the links and codes of a batch at once."""
        urls = {listing_key(form) for one in contents for url in _links(one) for form in self.platforms.forms(url)}  # fmt: skip
        codes = {str(one["uscc"]) for one in contents if one.get("uscc")}
        self._known = _Known()
        if urls:
            found = select(m.ListingRow.key, m.ListingRow.id, m.ListingRow.shop_id)
            rows = self.session.execute(found.where(m.ListingRow.key.in_(urls)))
            self._known.listings = {key: (id_, shop) for key, id_, shop in rows}
        if codes:
            named = _heads(m.Operator.uscc).where(m.Operator.uscc.in_(codes))
            self._known.operators = {code: id_ for id_, code in self.session.execute(named)}

    def source_of(self, content: Mapping[str, Any]) -> str:
        """The marketplace that a row names, by its links or its name; "" if none."""
        linked = next(filter(None, map(self.platforms.of, _links(content))), "")
        return linked or self.platforms.named(str(content.get("platform", "")))

    def find(self, content: Mapping[str, Any]) -> Match:
        """Whom the row is about; the surest way first."""
        undecided: Match | None = None
        for way in (self._by_link, self._by_shop_link, self._by_code, self._by_shop, self._by_operator, self._by_goods):  # fmt: skip
            found = way(content)
            if found is not None and found.how:
                return self._with_listing(found, content)
            undecided = undecided or found
        return undecided or Match()

    def claimed(self, content: Mapping[str, Any]) -> int | None:
        """The operator that the row names, whoever runs the shop."""
        found = self._known.operators.get(str(content.get("uscc", "")))
        exact = self._operators.exact(str(content.get("operator_name", "")))
        return found or (exact[0] if len(exact) == 1 else None)

    def _shop(self, how: str, score: float, id_: int, listing: int | None = None) -> Match:
        return Match(how, score, id_, self.shops[id_].operator_id, listing)

    def _by_link(self, content: Mapping[str, Any]) -> Match | None:
        for url in _links(content):
            for form in self.platforms.forms(url):
                if (known := self._known.listings.get(listing_key(form))) is not None:
                    return self._shop("link", 100, known[1], known[0])
        return None

    def _by_shop_link(self, content: Mapping[str, Any]) -> Match | None:
        for url in _links(content):
            host = host_of(url)
            found = self._keys.get(("", url.rstrip("/"))) or self._keys.get((host, host))
            if found is not None:
                return self._shop("shop link", 100, found)
        return None

    def _by_code(self, content: Mapping[str, Any]) -> Match | None:
        operator = self._known.operators.get(str(content.get("uscc", "")))
        if operator is None:
            return None
        return self._of(operator, "code", 100, content)

    def _of(self, operator: int, how: str, score: float, content: Mapping[str, Any]) -> Match:
        """The operator's shop: the one that is named, if it is one of its own."""
        named = self._by_shop(content)
        if named is not None and named.shop_id and named.operator_id == operator:
            return Match(how, score, named.shop_id, operator)
        return Match(how, score, self._of_operator.get(operator), operator)

    def _by_shop(self, content: Mapping[str, Any]) -> Match | None:
        name = str(content.get("shop_name", ""))
        source = self.source_of(content)
        index = self._shop_names.get(source)
        if not name or index is None:
            return None
        exact = index.exact(name)
        if len(exact) == 1:
            return self._shop("shop", 100, exact[0])
        if len(exact) > 1:
            one = {self.shops[id_].operator_id for id_ in exact}
            if len(one) == 1 and None not in one:
                return self._shop("shop", 100, exact[0])
            return Match(candidates=tuple(exact))
        return self._best(index.near(name, LIKE_ON_PLATFORM if source else LIKE), "shop")

    def _best(self, near: Sequence[tuple[float, int]], how: str) -> Match | None:
        if not near:
            return None
        score, id_ = near[0]
        rivals = [other for likeness, other in near if score - likeness < APART]
        if len(rivals) > 1:
            return Match(candidates=tuple(rivals[:10]))
        return self._shop(how, score, id_)

    def _by_operator(self, content: Mapping[str, Any]) -> Match | None:
        name = str(content.get("operator_name", ""))
        if not name:
            return None
        exact = self._operators.exact(name)
        if len(exact) == 1:
            return self._of(exact[0], "operator", 100, content)
        near = [] if exact else self._operators.near(name, LIKE)
        if near and (len(near) == 1 or near[0][0] - near[1][0] >= APART):
            return self._of(near[0][1], "operator", near[0][0], content)
        return None

    def _by_goods(self, content: Mapping[str, Any]) -> Match | None:
        """By the words of the order, where nothing else tells."""
        goods = str(content.get("goods", ""))
        if len(plain(goods)) < 8 or any(content.get(f) for f in ("shop_name", "operator_name", "uscc")):  # fmt: skip
            return None
        if self._titles is None:
            rows = self.session.execute(
                select(m.ListingRow.title, m.ListingRow.shop_id)
                .order_by(m.ListingRow.id.desc())
                .limit(MOST_TITLES)
            )
            self._titles = NameIndex((title, shop) for title, shop in rows)
        exact = self._titles.exact(goods)
        if len(exact) == 1:
            return self._shop("goods", 95, exact[0])
        if exact:
            return Match(candidates=tuple(exact[:10]))
        return self._best(self._titles.near(goods, LIKE), "goods")

    def _with_listing(self, match: Match, content: Mapping[str, Any]) -> Match:
        """Which of the shop's goods it was, by the words of the order."""
        goods = plain(str(content.get("goods", "")))
        if match.shop_id is None or match.listing_id is not None or len(goods) < 4:
            return match
        best, found = LIKE_GOODS, None
        for id_, title in self.titles_of(match.shop_id):
            likeness = max(fuzz.ratio(goods, title), fuzz.partial_ratio(goods, title) - 2)
            if likeness > best:
                best, found = likeness, id_
        if found is None:
            return match
        return Match(match.how, match.score, match.shop_id, match.operator_id, found)

    def titles_of(self, shop_id: int) -> Iterable[tuple[int, str]]:
        """(id, plain title) of the shop's listings, the first thousand."""
        if shop_id in self._goods:
            return self._goods[shop_id]
        if len(self._goods) >= MOST_SHOPS:
            self._goods.clear()
        rows = self.session.execute(
            select(m.ListingRow.id, m.ListingRow.title)
            .where(m.ListingRow.shop_id == shop_id)
            .limit(1000)
        )
        self._goods[shop_id] = [(id_, plain(title)) for id_, title in rows]
        return self._goods[shop_id]


def _links(content: Mapping[str, Any]) -> list[str]:
    """The addresses that a row has: in its columns, else in its text."""
    found = [str(content[f]) for f in ("url", "shop_url") if content.get(f)]
    if not found:
        found = _LINK.findall(str(content.get("text", "")))[:5]
    links = []
    for url in found:
        try:
            if urlsplit(url).hostname:
                links.append(canonical(url))
        except ValueError:
            continue
    return links
