"""Whoever chooses English finds every word of the desk in English."""

from __future__ import annotations

import re
from pathlib import Path

from desk.screen import english
from detectors import Detector

HOUSE = Path(__file__).resolve().parents[2]
SAID = re.compile(r"""\bt\(\s*(?:"([^"]*)"|'([^']*)')\s*\)""")
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_word_of_a_template_has_an_english_one() -> None:
    missing = {}
    for path in sorted((HOUSE / "desk" / "templates").glob("*.html")):
        words = {a or b for a, b in SAID.findall(path.read_text(encoding="utf-8"))}
        if lacking := sorted(word for word in words if word not in english()):
            missing[path.name] = lacking
    assert missing == {}


def test_no_chinese_stands_in_a_template_outside_of_what_is_translated() -> None:
    for path in sorted((HOUSE / "desk" / "templates").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.S)
        left = HAN.findall(text)
        assert not left, f"{path.name}: {''.join(left)[:60]}"


def test_no_english_word_is_chinese() -> None:
    # The name of a law is its name.
    assert [word for word in english().values() if HAN.search(re.sub("《[^》]*》", "", word))] == []


def test_every_violation_and_kind_of_goods_has_an_english_name(detector: Detector) -> None:
    rules = detector.ruleset
    titles = [one["title"] for one in (*rules.violations.values(), *rules.goods)]
    assert [title for title in titles if title not in english()] == []
