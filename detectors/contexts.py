"""When words do not accuse: negation, quotation of law, a question, one's own earlier goods.

The words of each context are data (`rules/contexts.yaml`); here they are read and decided on the
folded text around a span. Licences stand here too: a licensed claim is no offence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from detectors.normalise import ENDERS, fold
from listing import Listing

__all__ = ["Context", "licensed", "read_context"]

_CLAUSE_ENDERS = ENDERS + "，,：:"
"""Not the 、 of a list: «不做高仿、A货» denies both."""
_ENDERS = {"clause": _CLAUSE_ENDERS, "sentence": ENDERS}
FAR = 80
"""Characters of a sentence that are looked at."""
_NOTHING = re.compile(r"(?!)")


_TO_END = {
    span: re.compile(f"[^{re.escape(marks)}]{{0,200}}[{re.escape(marks)}]?")
    for span, marks in _ENDERS.items()
}
_PARTS = {span: re.compile(f"[{re.escape(marks)}]") for span, marks in _ENDERS.items()}


def _before(tight: str, start: int, within: int, span: str) -> str:
    """What stands before a place in its clause or sentence, so many characters at most."""
    return _PARTS[span].split(tight[max(0, start - within) : start])[-1]


def _after(tight: str, end: int, within: int, span: str) -> str:
    """What stands after a place, with the mark that ends the clause or sentence."""
    found = _TO_END[span].match(tight, end, end + within)
    return found.group() if found else ""


def _any_of(words: Iterable[str], patterns: Iterable[str] = ()) -> re.Pattern[str]:
    folded = sorted((fold(str(word)).tight for word in words), key=len, reverse=True)
    parts = [re.escape(word) for word in folded] + list(patterns)
    return re.compile("|".join(parts)) if parts else _NOTHING


@dataclass(frozen=True, slots=True)
class _Part:
    side: str
    span: str
    within: int
    wanted: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str]

    def holds(self, tight: str, start: int, end: int) -> bool:
        """Whether each of the wanted stands on this side of the span."""
        if self.side == "before":
            text = _before(tight, start, self.within, self.span)
        elif self.side == "after":
            text = _after(tight, end, self.within, self.span)
        else:
            first = start - len(_before(tight, start, FAR, self.span))
            last = end + len(_after(tight, end, FAR, self.span))
            text = tight[max(0, first - self.within) : last + self.within]
        text = self.unless.sub("", text)
        return all(pattern.search(text) for pattern in self.wanted)


@dataclass(frozen=True, slots=True)
class Context:
    """A named context."""

    id: str
    title: str
    parts: tuple[_Part, ...]

    def holds(self, tight: str, start: int, end: int) -> bool:
        """Whether it excuses the words of ``tight[start:end]``."""
        return any(part.holds(tight, start, end) for part in self.parts)


def read_context(data: Mapping[str, Any]) -> Context:
    """The context of an entry of `contexts.yaml`; raises KeyError, TypeError or ValueError."""
    parts = []
    for side in ("before", "after", "around"):
        entries = data.get(side, [])
        for entry in entries if isinstance(entries, list) else [entries]:
            if entry.get("span", "sentence") not in _ENDERS:
                raise ValueError(f"span is clause or sentence, not {entry['span']!r}")
            lists = [list(words) for words in entry.get("all", [entry.get("words", [])])]
            patterns = entry.get("patterns", [])
            wanted = [_any_of(words, patterns if not i else ()) for i, words in enumerate(lists)]
            parts.append(
                _Part(
                    side,
                    entry.get("span", "sentence"),
                    int(entry.get("within", 12)),
                    tuple(wanted),
                    _any_of(entry.get("unless", [])),
                )
            )
    if not parts:
        raise ValueError("before, after or around is wanted")
    return Context(str(data["id"]), str(data.get("title", data["id"])), tuple(parts))


_LICENCES = {
    # 药品注册管理办法; 保健食品注册与备案管理办法; 医疗器械注册与备案管理办法
    "drug": re.compile(r"国药准字[HZSJBF]\d{8}(?!\d)"),
    "health_food": re.compile(r"国食健[注字][GJ]\d{8}(?:\d{4})?(?!\d)|食健备[GJ]\d{12}(?!\d)"),
    "device": re.compile(
        r"[\u4e00-\u9fff]械注[准进许]\d{11}(?!\d)|[\u4e00-\u9fff]{1,2}械备\d{8}(?:号)?"
    ),
}


_DISPENSED = re.compile(r"中国药典|药品经营许可|药品生产许可|药房|药店|饮片厂|中药饮片有限")
"""What goes with prepared herbs (中药饮片), which have no number of their own."""


def licensed(listing: Listing, kind: str) -> bool:
    """Whether the listing states a well-formed number of the kind of licence its goods need."""
    stated = "\n".join(
        (listing.title, listing.licence_no, listing.text[:5000], *listing.attributes.values())
    )
    if kind == "drug" and "中药饮片" in stated and _DISPENSED.search(f"{stated}\n{listing.operator_name}"):  # fmt: skip
        return True
    if not _LICENCES[kind].search(stated):
        return False
    # A drug's number under a tea does not make the tea a drug.
    return not (kind == "drug" and listing.goods in ("tea", "food"))
