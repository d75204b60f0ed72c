"""Text as a reader of the page sees it, and tables of parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from lxml import etree
from parsel import Selector

from listing import MoneyError, parse_price

__all__ = [
    "Element",
    "Flat",
    "compact",
    "first_price",
    "parameters",
    "parameters_of",
    "marked",
    "marked_by",
    "path",
    "text_of",
    "visible_text",
]

Element = Any
"""An element of lxml, of its plain kind: those of `lxml.html` cost a call for each that is looked
at. Its stubs do not know what `itertext` and `xpath` give."""
UNSEEN = {"script", "style", "noscript", "template", "svg", "head"}
BLOCK = {
    "p", "div", "li", "tr", "br", "h1", "h2", "h3", "h4", "h5", "dt", "dd", "table", "section",
    "article", "ul", "ol", "dl", "blockquote", "footer", "header",
}  # fmt: skip
_LOADING = ("加载中", "加载中...", "加载中…", "Loading...")
"""What stands where a script has not yet put the text."""
_LABEL_END = re.compile(r"\s*[:：]\s*")


def path(xpath: str) -> Callable[[Element], list[Element]]:
    """Finds the elements at an XPath below another; compiled once."""
    return cast(Callable[[Element], list[Element]], etree.XPath(xpath))


def compact(text: str | None) -> str:
    """With runs of white space as single blanks."""
    return " ".join(text.split()) if text else ""


_labelled = path("descendant-or-self::li[contains(., ':') or contains(., '：')]")
_named = path("descendant-or-self::*[@class or @id]")


def visible_text(node: Selector | None) -> str:
    """What a visitor reads below `node`, blocks on lines of their own."""
    return "" if node is None else Flat(node.root).visible


class Flat:
    """The text below an element as one row of pieces, and which of them each element holds:
    the tree is walked once, whatever is read of it then."""

    __slots__ = ("_holds", "_pieces")

    def __init__(self, root: Element) -> None:
        pieces: list[str] = []
        holds: dict[Element, tuple[int, int]] = {}
        begun: list[int] = []
        # Not by recursion: a hostile page may nest deeper than Python's stack.
        walk = etree.iterwalk(root, ("start", "end", "comment", "pi"))
        for event, element in walk:
            tag = element.tag
            if event == "start":
                if tag in UNSEEN:
                    walk.skip_subtree()
                    continue
                begun.append(len(pieces))
                if tag in BLOCK:
                    pieces.append("\n")
                if text := element.text:
                    pieces.append(text)
                continue
            if event == "end" and tag not in UNSEEN:
                if tag in BLOCK:
                    pieces.append("\n")
                holds[element] = begun.pop(), len(pieces)
            if (tail := element.tail) and element is not root:
                pieces.append(tail)
        self._pieces, self._holds = pieces, holds

    def lines(self, left_out: Iterable[Element] = ()) -> list[str]:
        """The lines, blocks on lines of their own, none empty; without those that stand in
        elements `left_out`."""
        cuts = sorted(self._holds[element] for element in left_out if element in self._holds)
        kept: list[str] = []
        at = 0
        for begin, end in cuts:
            # One inside another ends before it.
            kept += self._pieces[at:begin]
            at = max(at, end)
        kept += self._pieces[at:]
        lines = map(str.split, "".join(kept).split("\n"))
        return [" ".join(words) for words in lines if words]

    @property
    def visible(self) -> str:
        """What a visitor reads, without what only says that something is being loaded."""
        return "\n".join(line for line in self.lines() if not line.endswith(_LOADING))


def marked(node: Selector, names: frozenset[str]) -> list[Element]:
    """The outermost elements below `node` that carry one of these classes or ids, in one pass."""
    return marked_by(node, dict.fromkeys(names, ""))[""]


def marked_by(node: Selector, kinds: Mapping[str, str]) -> dict[str, list[Element]]:
    """By kind the outermost elements that carry one of its classes or ids; `kinds` gives the
    kind of each. One pass for all."""
    # Ordered, and quick to ask: a hostile page marks a hundred thousand elements.
    found: dict[str, dict[Element, None]] = {kind: {} for kind in kinds.values()}
    told_by: dict[str, set[str]] = {}
    for element in _named(node.root):
        classes, id_ = element.get("class", ""), element.get("id")
        # Most classes of a page stand on many elements.
        if (told := told_by.get(classes)) is None:
            told = told_by[classes] = {kinds[name] for name in classes.split() if name in kinds}
        if id_ in kinds:
            told = told | {kinds[id_]}
        for kind in told:
            if not found[kind] or not any(a in found[kind] for a in element.iterancestors()):
                found[kind][element] = None
    return {kind: list(elements) for kind, elements in found.items()}


def text_of(nodes: Iterable[Selector | Element]) -> str:
    """What a visitor reads below all of `nodes`."""
    roots = (node.root if isinstance(node, Selector) else node for node in nodes)
    return "\n".join(text for root in roots if (text := Flat(root).visible))


def _pair(label: str, value: str, into: dict[str, str]) -> None:
    label, value = compact(label).strip(":： []【】"), compact(value)
    if 0 < len(label) <= 20 and 0 < len(value) <= 500:
        into.setdefault(label, value)


def _said(node: Element) -> str:
    return "".join(node.itertext("*"))[:1000] if len(node) else (node.text or "")


def parameters(node: Selector) -> dict[str, str]:
    """Name and value of each parameter in the tables and lists below `node`."""
    return parameters_of(node.root)


def parameters_of(root: Element) -> dict[str, str]:
    """The same below an element."""
    found: dict[str, str] = {}
    for row in root.iter("tr"):
        cells = [cell for cell in row if cell.tag in ("th", "td")]
        if len(cells) in (2, 4):
            for label, value in zip(cells[::2], cells[1::2], strict=True):
                _pair(_said(label), _said(value), found)
    for term in root.iter("dt"):
        value = term.getnext()
        if value is not None and value.tag == "dd":
            _pair(_said(term), _said(value), found)
    for item in _labelled(root):
        text = _said(item)
        if ":" in text or "：" in text:
            label, value = _LABEL_END.split(text, maxsplit=1)
            _pair(label, value, found)
    return found


def first_price(texts: Iterable[str]) -> Decimal | None:
    """The first price that any of `texts` states, CNY; None where none does."""
    for text in texts:
        try:
            if (price := parse_price(text)) is not None:
                return price
        except MoneyError:
            continue
    return None
