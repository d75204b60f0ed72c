"""The condition tree of a rule, typed; made from YAML, evaluated in `detectors.evaluate`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ahocorasick_rs

from detectors.contexts import Context
from detectors.normalise import fold

__all__ = [
    "FIELDS", "AllOf", "AnyOf", "Condition", "ConditionError", "Exception_", "Near", "NoneOf", "Pattern",
    "Reasoned", "Terms", "groups_of", "parse_condition", "parse_exception", "scopes_of",
]  # fmt: skip

FIELDS = (
    "title", "text", "image_text", "terms", "reviews", "reviews_by_seller", "attributes", "brand", "origin", "shop_name",
    "operator_name",
)  # fmt: skip
ALIASES = {"seller_text": ("title", "text", "image_text", "terms", "attributes")}
DEFAULT_FIELDS = ("title", "text", "image_text", "attributes")
LICENCES = ("drug", "health_food", "device")
_UNBOUNDED = re.compile(r"(?<!\\)(?:[*+]|\{\d*,\})")

Scope = tuple[str, ...] | None


class ConditionError(ValueError):
    """What is wrong with a condition; `node` is where (for its line)."""

    def __init__(self, what: str, node: Any = None, key: Any = None) -> None:
        super().__init__(what)
        self.node, self.key = node, key
        self.part = "match"
        """The part of the rule it stands in, where the node has no line of its own."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Any of these words."""

    words: frozenset[str]
    scope: Scope = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A bounded regex on the folded text, tried only where one of `words` stands."""

    regex: re.Pattern[str]
    words: frozenset[str]
    scope: Scope = None


@dataclass(frozen=True, slots=True)
class Near:
    """All parts within so many characters of each other, in one sentence."""

    parts: tuple[frozenset[str], ...]
    within: int
    ordered: bool = False
    scope: Scope = None


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A reasoning over fields, in code, by its name."""

    name: str
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One is enough."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each must hold, anywhere in the listing."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """None may hold."""

    parts: tuple[Condition, ...]


Condition = Terms | Pattern | Near | Reasoned | AnyOf | AllOf | NoneOf


class Exception_:
    """When a hit does not count: a context, a licence, an enclosing phrase, a word nearby.

    Its words are looked for only around what was found, never in the whole text.
    """

    __slots__ = ("_finder", "_longest", "context", "kind", "licence", "within", "words")

    def __init__(
        self,
        kind: str,
        words: frozenset[str] = frozenset(),
        within: int = 0,
        licence: str = "",
        context: Context | None = None,
    ) -> None:
        self.kind, self.words, self.within = kind, words, within
        self.licence, self.context = licence, context
        self._finder = ahocorasick_rs.AhoCorasick(sorted(words)) if words else None
        self._longest = max(map(len, words), default=0)

    def spans(self, tight: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Where its words stand around a span of folded text."""
        if self._finder is None:
            return
        first = max(0, start - self.within - self._longest)
        around = tight[first : end + self.within + self._longest]
        for _, begin, stop in self._finder.find_matches_as_indexes(around, overlapping=True):
            yield first + begin, first + stop


class Lexicons:
    """Word lists by name, includes resolved; `get` raises `ConditionError`."""

    def __init__(self, words: dict[str, frozenset[str]]) -> None:
        self._words = words

    def get(self, name: str, node: Any = None) -> frozenset[str]:
        """The words of ``$name``, or the phrase itself."""
        if not name.startswith("$"):
            if not (tight := fold(name).tight):
                raise ConditionError(f"{name!r} is nothing but marks, which are passed over", node)
            return frozenset([tight])
        if name[1:] not in self._words:
            raise ConditionError(f"no such lexicon: {name}", node)
        return self._words[name[1:]]


def _scope(node: Any) -> Scope:
    if "in" not in node:
        return None
    return parse_scope(node["in"], node)


def parse_scope(value: Any, node: Any = None) -> tuple[str, ...]:
    """Field names, aliases resolved."""
    fields: list[str] = []
    for name in value if isinstance(value, list) else [value]:
        if name not in FIELDS and name not in ALIASES:
            raise ConditionError(
                f"no such field: {name!r} (known: {', '.join(FIELDS)})", node, "in"
            )
        fields.extend(ALIASES.get(name, (name,)))
    return tuple(dict.fromkeys(fields))


def _words(value: Any, lexicons: Lexicons, node: Any) -> frozenset[str]:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ConditionError(f"words or $lexicons are wanted, not {value!r}", node)
    return frozenset().union(*(lexicons.get(name, node) for name in names))


def _only(node: Any, *keys: str) -> None:
    if unknown := [key for key in node if key not in keys]:
        raise ConditionError(
            f"unknown key {unknown[0]!r} (known here: {', '.join(keys)})", node, unknown[0]
        )


def parse_condition(node: Any, lexicons: Lexicons, known: frozenset[str]) -> Condition:
    """The condition in a YAML node; `known` are the names of the reasonings in code.

    Raises `ConditionError`.
    """
    if isinstance(node, str):
        return Terms(lexicons.get(node, node))
    if isinstance(node, list):
        return AnyOf(tuple(parse_condition(part, lexicons, known) for part in node))
    if not isinstance(node, dict) or not node:
        raise ConditionError(f"not a condition: {node!r}", node)
    parts = [_one(key, node, lexicons, known) for key in node]
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _one(key: str, node: Any, lexicons: Lexicons, known: frozenset[str]) -> Condition:
    value = node[key]
    if key in ("any", "all", "none"):
        if not isinstance(value, list) or not value:
            raise ConditionError(f"{key} wants a list of conditions", node, key)
        parts = tuple(parse_condition(part, lexicons, known) for part in value)
        if key == "any":
            return AnyOf(parts)
        return AllOf(parts) if key == "all" else NoneOf(parts)
    if key == "words":
        if isinstance(value, dict):
            _only(value, "of", "in")
            return Terms(_words(value.get("of"), lexicons, value), _scope(value))
        return Terms(_words(value, lexicons, node))
    if key == "near":
        if not isinstance(value, dict):
            raise ConditionError("near wants {all: [...], within: N}", node, key)
        _only(value, "all", "within", "in", "ordered")
        within = value.get("within", 8)
        if not isinstance(within, int) or not 0 <= within <= 100:
            raise ConditionError("within wants a whole number from 0 to 100", value, "within")
        near = value.get("all")
        if not isinstance(near, list) or len(near) < 2:
            raise ConditionError("near wants all: of two or more", value)
        sets = tuple(_words(part, lexicons, value) for part in near)
        return Near(sets, within, bool(value.get("ordered")), _scope(value))
    if key == "pattern":
        return _pattern(value, lexicons, node)
    if key == "detector":
        options = dict(value) if isinstance(value, dict) else {"name": value}
        name = str(options.pop("name", ""))
        if name not in known:
            raise ConditionError(
                f"no such detector: {name!r} (known: {', '.join(sorted(known))})", node, key
            )
        return Reasoned(name, tuple(sorted(options.items())))
    raise ConditionError(
        f"unknown key {key!r} (known: any, all, none, words, near, pattern, detector)", node, key
    )


def _pattern(value: Any, lexicons: Lexicons, node: Any) -> Pattern:
    if not isinstance(value, dict):
        raise ConditionError("pattern wants {regex: …, words: [...]}", node, "pattern")
    _only(value, "regex", "words", "in")
    regex = str(value.get("regex", ""))
    if not regex or _UNBOUNDED.search(regex):
        raise ConditionError(
            f"an unbounded or empty regex: {regex!r} (write {{0,20}} for * and {{1,20}} for +)",
            value,
            "regex",
        )
    try:
        # A field is a line: ^ is its beginning.
        compiled = re.compile(regex, re.MULTILINE)
    except re.error as error:
        raise ConditionError(f"not a regex: {regex!r}: {error}", value, "regex") from None
    return Pattern(compiled, _words(value.get("words"), lexicons, value), _scope(value))


def parse_exception(node: Any, lexicons: Lexicons, contexts: Mapping[str, Context]) -> Exception_:
    """One entry of `except`; raises `ConditionError`."""
    if isinstance(node, str):
        if node not in contexts:
            raise ConditionError(f"no such context: {node!r} (known: {', '.join(contexts)})", node)
        return Exception_("context", context=contexts[node])
    if not isinstance(node, dict) or len(node) != 1:
        raise ConditionError(f"not an exception: {node!r}", node)
    ((key, value),) = node.items()
    if key == "licensed":
        if value not in LICENCES:
            raise ConditionError(
                f"no such licence: {value!r} (known: {', '.join(LICENCES)})", node, key
            )
        return Exception_("licensed", licence=value)
    if key == "phrases":
        return Exception_("phrases", _words(value, lexicons, node))
    if key == "near":
        _only(value, "any", "within")
        return Exception_(
            "near", _words(value.get("any"), lexicons, value), int(value.get("within", 8))
        )
    raise ConditionError(
        f"unknown exception {key!r} (known: licensed, phrases, near, {', '.join(contexts)})",
        node,
        key,
    )


def groups_of(condition: Condition) -> Iterator[frozenset[str]]:
    """Every group of words the matcher must look for so that the condition can be decided."""
    match condition:
        case Terms(words=words) | Pattern(words=words):
            yield words
        case Near(parts=parts):
            yield from parts
        case AnyOf(parts=parts) | AllOf(parts=parts) | NoneOf(parts=parts):
            for part in parts:
                yield from groups_of(part)
        case _:
            return


def scopes_of(condition: Condition) -> Iterator[str]:
    """The fields that conditions name for themselves."""
    match condition:
        case AnyOf(parts=parts) | AllOf(parts=parts) | NoneOf(parts=parts):
            for part in parts:
                yield from scopes_of(part)
        case Terms(scope=scope) | Pattern(scope=scope) | Near(scope=scope):
            yield from scope or ()
        case _:
            return
