"""The things that a page describes for machines: schema.org in JSON-LD, microdata and RDFa.

Whichever syntax a page uses, a thing comes out in one form: a dictionary of its properties, each
a list of texts and things, and its types under ``@type`` (``Product``, without the vocabulary).
Syntax: JSON-LD 1.1 (objects, arrays, `@graph`, `@id` within the page); HTML Standard, Microdata
(`itemscope`, `itemprop`, `itemref`); RDFa Lite 1.1 (`vocab`, `typeof`, `property`, `prefix`).
Hostile pages are bounded: so many things, so deep.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from parsel import Selector

from crawler.extract.text import Element, compact, text_of

__all__ = ["Thing", "things", "types_of", "walk"]

Thing = dict[str, list[Any]]

MAX_THINGS = 20_000
MAX_DEPTH = 40
_TERM = re.compile(r"^(?:https?://(?:www\.)?schema\.org/|schema:)")
_WRAPPING = re.compile(r"^\s*(?:<!--|//<!\[CDATA\[|/\*<!\[CDATA\[\*/)|(?:-->|//\]\]>|/\*\]\]>\*/)\s*$|;\s*$")  # fmt: skip
_TRAILING_COMMA = re.compile(r",(?=\s{0,200}[}\]])")
_LONG_TEXTS = {"description", "reviewBody", "articleBody", "text"}
"""Of these the lines are kept."""
_ADDRESS_OF = {
    "a": "href", "area": "href", "link": "href", "img": "src", "audio": "src", "embed": "src",
    "iframe": "src", "source": "src", "track": "src", "video": "src", "object": "data",
    "data": "value", "meter": "value", "time": "datetime",
}  # fmt: skip


def things(page: Selector) -> list[Thing]:
    """The outermost things of the page: those of JSON-LD first, then microdata, then RDFa."""
    found = list(_json_ld(page))
    root: Element = page.root
    if page.xpath("boolean(//@itemscope)").get() == "1":
        found += _marked_up(root, "itemscope", "itemtype", "itemprop")
    if page.xpath("boolean(//@typeof)").get() == "1":
        found += _marked_up(root, "typeof", "typeof", "property")
    return found


def types_of(thing: Thing) -> set[str]:
    """Its types without their vocabulary."""
    return {one for one in thing.get("@type", ()) if isinstance(one, str)}


def walk(roots: list[Thing], into: frozenset[str] | None = None) -> Iterator[Thing]:
    """The things in `roots` and those below them; `into` are the properties that are followed."""
    pending = [(root, 0) for root in reversed(roots)]
    seen: set[int] = set()
    while pending and len(seen) < MAX_THINGS:
        thing, depth = pending.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        yield thing
        if depth < MAX_DEPTH:
            pending += [
                (value, depth + 1)
                for name, values in thing.items()
                if into is None or name in into
                for value in reversed(values)
                if isinstance(value, dict)
            ]


# JSON-LD ---------------------------------------------------------------------------------


def _json_ld(page: Selector) -> Iterator[Thing]:
    named: dict[str, Thing] = {}
    roots: list[Thing] = []
    for script in page.xpath('//script[contains(@type, "ld+json")]/text()').getall():
        for data in _json(script):
            roots += _roots(data, named)
    for thing in walk(roots):
        for values in thing.values():
            for place, value in enumerate(values):
                # Only a reference: what it names may stand elsewhere in the page.
                if isinstance(value, dict) and value.keys() == {"@id"}:
                    values[place] = named.get(str(value["@id"][0]), value)
    yield from roots


def _json(script: str) -> list[Any]:
    """What a script holds; shops wrap it in comments and leave a comma behind the last entry."""
    bare = _WRAPPING.sub("", _WRAPPING.sub("", script)).strip()
    for text in (bare, _TRAILING_COMMA.sub("", bare)):
        try:
            return [json.loads(text, strict=False)]
        except (ValueError, RecursionError):
            continue
    return []


def _roots(data: Any, named: dict[str, Thing]) -> list[Thing]:
    """The objects in `data`, in lists and graphs too."""
    found: list[Thing] = []
    pending = [data]
    while pending and len(found) < MAX_THINGS:
        value = pending.pop(0)
        if isinstance(value, list):
            pending = [*value, *pending]
        elif isinstance(value, dict):
            thing = _thing(value, named, 0)
            if thing.keys() - {"@id"}:
                found.append(thing)
            if graph := value.get("@graph"):
                pending.insert(0, graph)
    return found


def _thing(data: dict[str, Any], named: dict[str, Thing], depth: int) -> Thing:
    thing: Thing = {}
    for name, value in data.items():
        if name in ("@context", "@graph") or depth > MAX_DEPTH:
            continue
        thing[_TERM.sub("", name)] = [_value(one, named, depth) for one in _flat(value)]
    thing = {name: [v for v in values if v != ""] for name, values in thing.items()}
    if "@type" in thing:
        thing["@type"] = [_TERM.sub("", str(one)) for one in thing["@type"]]
    if thing.keys() - {"@id"} and thing.get("@id"):
        named.setdefault(str(thing["@id"][0]), thing)
    return thing


def _flat(value: Any) -> list[Any]:
    if not isinstance(value, list):
        return [value]
    return [inner for one in value for inner in (one if isinstance(one, list) else [one])]


def _value(value: Any, named: dict[str, Thing], depth: int) -> Any:
    if isinstance(value, dict):
        if "@value" in value:
            return _value(value["@value"], named, depth)
        return _thing(value, named, depth + 1)
    if value is None or isinstance(value, list | bool):
        return "" if value is None or isinstance(value, list) else str(value).lower()
    return value.strip() if isinstance(value, str) else str(value)


# Microdata and RDFa ----------------------------------------------------------------------


def _marked_up(root: Element, scope: str, kind: str, prop: str) -> list[Thing]:
    """Things whose properties stand in the markup; one pass, whatever the nesting."""
    made: dict[Element, Thing] = {}
    outer: list[Thing] = []
    below = _referred(root) if scope == "itemscope" else {}
    for element in root.iter("*"):
        names = (element.get(prop) or "").split()
        if element.get(scope) is not None and len(made) < MAX_THINGS:
            types = (element.get(kind) or "").split()
            thing: Thing = {"@type": [_TERM.sub("", one) for one in types]}
            made[element] = thing
            # In RDFa a vocabulary of another name may stand here.
            if not names:
                outer.append(thing)
        elif not names:
            continue
        owner = _owner(element, made, below) if names else None
        if owner is None:
            if names and element in made:
                outer.append(made[element])
            continue
        inner = made.get(element)
        for name in names:
            term = _TERM.sub("", name)
            said = inner if inner is not None else _said(element, term)
            if said != "":
                owner.setdefault(term, []).append(said)
    return outer


def _referred(root: Element) -> dict[Element, Element]:
    """Which element stands for the parent of those that an `itemref` names."""
    ids: dict[str, Element] = {}
    asking = [element for element in root.iter("*") if element.get("itemref")]
    if not asking:
        return {}
    for element in root.iter("*"):
        if name := element.get("id"):
            ids.setdefault(name, element)
    return {
        ids[name]: element
        for element in asking
        for name in (element.get("itemref") or "").split()
        if name in ids
    }


def _owner(
    element: Element, made: dict[Element, Thing], below: dict[Element, Element]
) -> Thing | None:
    above: Element | None = element
    for _ in range(2_000):
        assert above is not None
        above = below.get(above, above.getparent())
        if above is None:
            return None
        if above in made:
            return made[above]
    return None


def _said(element: Element, term: str) -> str:
    """What an element says of a property."""
    for name in ("content", "resource", _ADDRESS_OF.get(str(element.tag), "")):
        said = element.get(name) if name else None
        if said is not None and (said.strip() or name == "content"):
            if name in ("href", "src", "data", "resource") and (
                base := element.getroottree().docinfo.URL
            ):
                said = urljoin(base, said.strip())
            return said.strip() if term in _LONG_TEXTS else compact(said)
    text = text_of([element])
    return text if term in _LONG_TEXTS else compact(text)
