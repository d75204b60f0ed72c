"""Words of a text as the search index keeps them, and what an officer asks for in them.

A document is one sequence of tokens, the same on both databases: the words of each field by
jieba's dictionary, in order, so that neighbours can be asked for; of titles and names also each
two characters side by side, so that any part of a name is found wherever jieba would cut it; and,
without an order, single characters of titles and names and the words inside of longer words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import rjieba

__all__ = ["Document", "Term", "document", "folded", "parse"]

_HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+|[。！？!?;；\n\r]+|[^\w\s]|_")
_ENDS = frozenset("。！？!?;；\n\r")
_KEPT = frozenset("%&#@*_")
"""Signs that are searched for beside letters, digits and what Unicode calls symbols."""
_IS_HAN = re.compile(rf"[{_HAN}]")
GAP = "¶"
"""Stands between fields and sentences: no phrase goes over it."""
LONGEST = 64
"""Characters of a token; the rest of a longer one is not kept."""
NAME = 500
"""Characters of a title or name that are searched."""
BODY = 2000
"""Characters of a listing's text that are searched."""
MOST, AGAIN = 16_000, 250
"""Tokens of a document, and how often one of them counts: PostgreSQL keeps no more, and both
databases must find the same."""
TERMS = 16
"""Terms of a question that count."""
ASKED = 400
"""Characters of a question that count."""


@dataclass(frozen=True, slots=True)
class Document:
    """The tokens of one thing: `ordered` with their neighbours, `loose` without."""

    ordered: tuple[str, ...]
    loose: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase of a question: any of `ways` must stand as a run of tokens."""

    ways: tuple[tuple[str, ...], ...]
    excluded: bool = False
    prefix: bool = False
    """Whether the last token may go on (letters and digits)."""


def folded(text: str) -> str:
    """Full width as half width, capitals as small letters, no NUL."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\0", " ")


def _units(text: str) -> list[str]:
    """Runs of Chinese characters, other words, signs, and `GAP` where a sentence ends."""
    units: list[str] = []
    for unit in _UNIT.findall(text):
        first = unit[0]
        if first in _ENDS:
            units.append(GAP)
        elif first.isalnum() or first in _KEPT or unicodedata.category(first)[0] in "SLN":
            units.append(unit[:LONGEST] if not _IS_HAN.match(first) else unit)
    return units


def _words(units: Iterable[str]) -> list[str]:
    """Units with runs of characters cut into words."""
    words: list[str] = []
    for unit in units:
        if _IS_HAN.match(unit):
            words += rjieba.cut(unit, False)
        else:
            words.append(unit)
    return words


def _pairs(units: Iterable[str]) -> list[str]:
    """Units with runs of characters as overlapping pairs; a lone character as itself."""
    pairs: list[str] = []
    for unit in units:
        if _IS_HAN.match(unit) and len(unit) > 1:
            pairs += [unit[n : n + 2] for n in range(len(unit) - 1)]
        else:
            pairs.append(unit)
    return pairs


def document(names: Iterable[str], bodies: Iterable[str] = ()) -> Document:
    """The tokens of titles and names, and of longer texts."""
    ordered: list[str] = []
    loose: dict[str, None] = {}
    for name in dict.fromkeys(names):
        units = _units(folded(name[:NAME]))
        words, pairs = _words(units), _pairs(units)
        ordered += [*words, GAP]
        if pairs != words:
            ordered += [*pairs, GAP]
        for unit in units:
            if len(unit) > 1 and _IS_HAN.match(unit):
                loose.update(dict.fromkeys(unit))
    for body in bodies:
        units = _units(folded(body[:BODY]))
        ordered += [*_words(units), GAP]
        for unit in units:
            if len(unit) > 3 and _IS_HAN.match(unit):
                loose.update(dict.fromkeys(w for w in rjieba.cut_for_search(unit, False) if len(w) > 1))  # fmt: skip
    kept = _bounded(ordered)
    known = set(kept)
    return Document(kept, tuple(word for word in loose if word not in known))


def _bounded(ordered: list[str]) -> tuple[str, ...]:
    """The first tokens; what stands too often is a gap from then on."""
    counts: dict[str, int] = {}
    kept = []
    for token in ordered[:MOST]:
        counts[token] = counts.get(token, 0) + 1
        kept.append(token if counts[token] <= AGAIN else GAP)
    return tuple(kept)


_QUOTES = str.maketrans("“”„«»「」『』", '"' * 9)
_ASKED = re.compile(r'(-?)"([^"]*)"?|([^\s"]+)')


def parse(text: str) -> list[Term] | None:
    """What is asked for: words stand all, `"…"` is a phrase, `-…` must not stand.

    Empty where nothing is asked; None where all that is asked are signs that nothing is kept of.
    Never raises, whatever the text.
    """
    terms: list[Term] = []
    asked = folded(text[:ASKED].translate(_QUOTES))
    for minus, phrase, word in _ASKED.findall(asked)[:TERMS]:
        excluded = bool(minus) or (word.startswith("-") and len(word) > 1)
        units = [unit for unit in _units(phrase or word.lstrip("-")) if unit != GAP][:40]
        if not units:
            continue
        ways = dict.fromkeys((tuple(_pairs(units)), tuple(_words(units))))
        prefix = not _IS_HAN.match(units[-1]) and units[-1][0].isalnum()
        terms.append(Term(tuple(ways), excluded, prefix))
    return terms if terms or not asked.strip() else None


def sqlite_words(told: Document) -> str:
    """As the text that FTS5 takes apart at its spaces."""
    # Gaps between those without an order: as neighbours they would make phrases.
    return " ".join((*told.ordered, f" {GAP} ".join(told.loose)))


def postgresql_words(told: Document) -> str:
    """As a literal of the type tsvector, which needs no parser and no configuration."""
    places: dict[str, list[str]] = {}
    for place, token in enumerate(told.ordered, 1):
        if token != GAP:
            places.setdefault(token, []).append(str(place))
    said = [f"{_quoted(token)}:{','.join(at)}" for token, at in places.items()]
    said += [_quoted(token) for token in told.loose]
    return " ".join(said)


def sqlite_query(term: Term) -> str:
    """A term as a question to FTS5."""
    mark = "*" if term.prefix else ""
    said = ['"' + " ".join(way).replace('"', '""') + f'" {mark}' for way in term.ways]
    return " OR ".join(said)


def postgresql_query(term: Term) -> str:
    """A term as a literal of the type tsquery."""
    mark = ":*" if term.prefix else ""
    return " | ".join(f"({' <-> '.join(map(_quoted, way))}{mark})" for way in term.ways)


def _quoted(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"
