"""What the casework's rule files quote stands in the law, and in the plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detectors.yamlfile import read_yaml

FILES = ("departments.yaml", "deadlines.yaml", "platform-duties.yaml")


def quoted(node: Any) -> Iterator[dict[str, Any]]:
    """Everything with an article and a quote."""
    if isinstance(node, dict):
        if "quote" in node:
            yield node
        for value in node.values():
            yield from quoted(value)
    elif isinstance(node, list):
        for value in node:
            yield from quoted(value)


def said_by_the_plan(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (str(node[key]) for key in ("plan", "words") if key in node)
        for value in node.values():
            yield from said_by_the_plan(value)
    elif isinstance(node, list):
        for value in node:
            yield from said_by_the_plan(value)


def article(text: str, number: str) -> str:
    """The text of one article."""
    found = re.search(
        rf"^{number}[\s　](.*?)(?=^第[一二三四五六七八九十百]+条[\s　]|\Z)", text, re.S | re.M
    )
    assert found, number
    return found.group(1)


@pytest.mark.parametrize("name", FILES)
def test_every_quote_stands_in_its_article(house: Path, shared: Path, name: str) -> None:
    grounds = list(quoted(read_yaml(house / "rules" / name)))
    assert grounds
    for ground in grounds:
        (path,) = (shared / "laws").glob(f"{ground['law']}(*.md")
        assert ground["quote"] in article(path.read_text(encoding="utf-8"), ground["article"]), (
            ground
        )


@pytest.mark.parametrize("name", ("departments.yaml", "platform-duties.yaml"))
def test_the_plans_words_are_the_plans(house: Path, shared: Path, name: str) -> None:
    (plan,) = (shared / "seeds").glob("*.txt")
    # The document writes some of its punctuation half width.
    text = plan.read_text(encoding="utf-8").replace(",", "，")
    words = list(said_by_the_plan(read_yaml(house / "rules" / name)))
    assert words and [one for one in words if one not in text] == []
