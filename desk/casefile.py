"""What the page of a clue shows: words in their texts, law of the day, copied reviews."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clues.query import ClueView
from detectors.normalise import fold
from detectors.ruleset import RuleSet
from evidence.words import in_force, text_of
from listing import Listing, ListingError
from storage.models import Observation, Picture

__all__ = [
    "MOST_TEXTS",
    "Copies",
    "Said",
    "Seen",
    "copied_reviews",
    "field_name",
    "segments",
    "signals_said",
]

MOST_TEXTS = 40
"""Texts of looks at listings, with what was found in them, that are shown."""
AROUND = 240
"""Characters around matched words in a long text."""
MOST_REVIEWS = 2000
FIELDS = {
    "title": "标题", "text": "详情", "terms": "条款", "brand": "品牌", "origin": "产地", "shop_name": "店名",
    "operator_name": "经营者名称", "image_text": "图片文字", "reviews": "评价", "attributes": "参数",
    "reviews_by_seller": "商家自述的评价",
}  # fmt: skip

Segment = tuple[str, bool]
"""A stretch of text, and whether it was matched."""


@dataclass(slots=True)
class Said:
    """One text of one look at a listing, with the signals found in it."""

    listing_id: int
    listing: str
    url: str
    seen_at: datetime
    """The first look at which it said so …"""
    until: datetime
    """… and the last one at which the text was still the same."""
    where: str
    """The field, as officers call it."""
    parts: list[Segment]
    signals: list[dict[str, Any]] = field(default_factory=list)
    picture: int | None = None
    """Evidence of the picture in which it was read, where one is archived."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A look at a listing."""

    listing_id: int
    listing: Listing


@dataclass(frozen=True, slots=True)
class Copies:
    """A review and how often it stands there, folded alike."""

    text: str
    count: int
    users: int


def plain(text: str) -> str:
    """The text with each character that nobody sees (direction marks, zero width) made visible;
    one for one, so that places stay."""
    # Most lines hide nothing, and asking a whole line is quick.
    return "\n".join(
        line if line.isprintable() else "".join(c if c.isprintable() or c == "\t" else "◌" for c in line)
        for line in text.split("\n")
    )  # fmt: skip


def segments(text: str, spans: Iterable[tuple[int, int]]) -> list[Segment]:
    """The text cut at the spans, what lies far from any of them left out."""
    text = plain(text)
    merged: list[list[int]] = []
    for start, end in sorted(span for span in spans if 0 <= span[0] < span[1] <= len(text)):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    parts: list[Segment] = []
    place = 0
    for start, end in merged:
        parts.append((_between(text[place:start], bool(place), True), False))
        words = text[start:end]
        parts.append((words if len(words) <= AROUND else words[:AROUND] + "…", True))
        place = end
    parts.append((_between(text[place:], bool(place), False), False))
    return [part for part in parts if part[0]]


def _between(text: str, after: bool, before: bool) -> str:
    """What stands between matched words, shortened in the middle or at the outer end."""
    if len(text) <= 2 * AROUND:
        return text
    if after and before:
        return f"{text[:AROUND]} … {text[-AROUND:]}"
    return f"…{text[-AROUND:]}" if before else f"{text[: 2 * AROUND]}…"


def listings_of(session: Session, observations: Iterable[int]) -> dict[int, Seen]:
    """What the pages said, by observation; what can't be read is left out."""
    rows = session.execute(
        select(Observation.id, Observation.listing_id, Observation.content).where(
            Observation.id.in_(set(observations))
        )
    )
    found: dict[int, Seen] = {}
    for id_, listing_id, content in rows:
        try:
            found[id_] = Seen(listing_id, Listing.from_dict(content))
        except ListingError:
            continue
    return found


def signals_said(session: Session, view: ClueView, rules: RuleSet) -> tuple[list[Said], list[Seen]]:
    """The texts with matched words, strongest first, with the laws of the day under each signal;
    and the looks at which they stood so."""
    groups: defaultdict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for signal in view.detail["signals"]:
        groups[signal["observation"], signal["field"]].append(signal)
    shown = dict(list(groups.items())[:MOST_TEXTS])
    seen = listings_of(session, [observation for observation, _ in shown])
    said: dict[tuple[int, str, tuple[Segment, ...]], Said] = {}
    for (observation, name), signals in shown.items():
        first = signals[0]
        known = seen.get(observation)
        text = text_of(known.listing, name) if known else ""
        spans = [
            (s["start"], s["end"])
            for s in signals
            # A finding over several fields stands at no place of this one.
            if s["text"] and text[s["start"] : s["end"]] == s["text"]
        ]
        parts = segments(text, spans) if text else [(plain(first["text"])[: 2 * AROUND], True)]
        key = (first["listing_id"], name, tuple(parts))
        told = [_told(s, rules) for s in signals]
        if (same := said.get(key)) is not None:
            _again(same, told)
        else:
            said[key] = Said(
                first["listing_id"], first["listing"], first["url"], first["seen_at"], first["seen_at"],
                field_name(name), parts, told,
            )  # fmt: skip
    _with_pictures(session, said.values())
    return list(said.values()), list(seen.values())


def _again(one: Said, signals: list[dict[str, Any]]) -> None:
    """The same text at another look: what is told again is left out."""
    one.seen_at = min(one.seen_at, *(signal["seen_at"] for signal in signals))
    one.until = max(one.until, *(signal["seen_at"] for signal in signals))
    known = [_gist(signal) for signal in one.signals]
    one.signals += [signal for signal in signals if _gist(signal) not in known]


def _gist(signal: dict[str, Any]) -> tuple[object, ...]:
    laws = [law["id"] for law in signal["laws"]]
    return (
        signal["rule"],
        signal["rule_version"],
        signal["start"],
        signal["end"],
        signal["reason"],
        laws,
    )


def field_name(name: str, say: Callable[[str], str] = str) -> str:
    """What officers call a field that a signal or a rule names; `say` translates a word."""
    stem, _, rest = name.partition("[")
    if rest and rest.split("]")[0].isdigit():
        return f"{say(FIELDS.get(stem, stem))} {int(rest.split(']')[0]) + 1}"
    kind, _, key = name.partition(".")
    return f"{say(FIELDS.get(kind, kind))}：{key}" if key else say(FIELDS.get(name, name))


def _told(signal: dict[str, Any], rules: RuleSet) -> dict[str, Any]:
    laws = [dict(rules.laws[id_]) | {"id": id_} for id_ in signal["law"] if id_ in rules.laws]
    return signal | {"laws": [law for law in laws if in_force(law, signal["seen_at"])]}


def _with_pictures(session: Session, said: Collection[Said]) -> None:
    """The archived pictures of texts that were read in one: one look for all of them."""
    wanted = {one.listing_id for one in said if "box" in one.signals[0]}
    if not wanted:
        return
    rows = session.execute(
        select(Picture.listing_id, Picture.url, Picture.evidence_id).where(
            Picture.listing_id.in_(wanted), Picture.evidence_id.is_not(None)
        )
    )
    kept = {(listing, url): evidence for listing, url, evidence in rows}
    for one in said:
        if "box" in one.signals[0]:
            one.picture = kept.get((one.listing_id, one.signals[0]["image_url"]))


def copied_reviews(seen: Iterable[Seen]) -> list[Copies]:
    """Reviews of these looks by what they say when folded, most copies first. Each listing is
    looked at once."""
    said: Counter[str] = Counter()
    users: defaultdict[str, set[str]] = defaultdict(set)
    shown: dict[str, str] = {}
    done: set[int] = set()
    for one in seen:
        if one.listing_id in done:
            continue
        done.add(one.listing_id)
        for review in one.listing.reviews[: MOST_REVIEWS - said.total()]:
            key = fold(review.text[:2000]).tight if review.text else ""
            if not key:
                continue
            said[key] += 1
            users[key].add(review.user)
            shown.setdefault(key, review.text)
    return [Copies(shown[key], count, len(users[key])) for key, count in said.most_common(20)]
