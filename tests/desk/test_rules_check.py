"""A draft of a rule's file on the desk: mistakes with their line, the difference, the examples."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

import desk.trial
import settings
from desk.office import Office, open_office
from storage import Store, open_store
from tests.desk.conftest import Officer

Officers = Callable[..., Officer]
RULE = "absolute-words"
FILE = f"""id: {RULE}
version: 3
title: 绝对化用语
violation: absolute_claim
law: [ad-law-9-3]
match: {{any: [$best, 顶级]}}
except: [negated]
strength: 0.7
reason: 使用“{{words}}”
examples:
  hit: [最好的茶]
  miss: [普通的茶]
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """On SQLite alone: nothing of this is in the store."""
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


@pytest.fixture
def rules(tmp_path: Path, house: Path) -> Path:
    """A small folder of rules."""
    folder = tmp_path / "rules"
    (folder / "lexicons").mkdir(parents=True)
    (folder / "violations" / "absolute_claim").mkdir(parents=True)
    for name in (
        "goods.yaml",
        "laws.yaml",
        "violations.yaml",
        "regions.csv",
        "contexts.yaml",
        "deadlines.yaml",
        "calendar.yaml",
    ):
        shutil.copy(house / "rules" / name, folder / name)
    (folder / "lexicons" / "best.yaml").write_text("words: [最好, 最佳]\n", encoding="utf-8")
    (folder / "violations" / "absolute_claim" / f"{RULE}.yaml").write_text(FILE, encoding="utf-8")
    other = FILE.replace(f"id: {RULE}", "id: another")
    (folder / "violations" / "absolute_claim" / "another.yaml").write_text(other, encoding="utf-8")
    return folder


@pytest.fixture
def office(store: Store, rules: Path, tmp_path: Path) -> Office:
    """An office over that folder."""
    return open_office(settings.load(data_dir=tmp_path / "data", rules_dir=rules), store)


def test_a_draft_is_checked_and_compared_and_nothing_is_written(officer: Officers, rules: Path) -> None:  # fmt: skip
    anna = officer("reviewer")
    assert FILE in unescape(anna.get(f"/rules/{RULE}/check").text)
    page = anna.act(f"/rules/{RULE}/check", text=FILE.replace("\n", "\r\n")).text
    assert "可以使用" in page and "没有差别" in page
    title = next(line for line in FILE.splitlines() if line.startswith("title:"))
    page = unescape(
        anna.act(f"/rules/{RULE}/check", text=FILE.replace(title, "title: 另一个")).text
    )
    assert f"<del>-{title}</del>" in page and "<ins>+title: 另一个</ins>" in page
    assert "可以使用" in page
    folder = rules / "violations" / "absolute_claim"
    assert {one.name for one in folder.iterdir()} == {f"{RULE}.yaml", "another.yaml"}
    assert (folder / f"{RULE}.yaml").read_text(encoding="utf-8") == FILE


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("violation: absolute_claim", "violation: rude", ":4: no such violation: 'rude'"),
        ("violation: absolute_claim", "violation: [", "not YAML"),
        ("violation: absolute_claim", "violation: absolute_claim\nx<script>: 1", ":5: unknown key"),
        ("examples:", "more: 1\nexamples:", "unknown key 'more'"),
        (f"id: {RULE}", "id: another", "已属于"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(officer: Officers, old: str, new: str, told: str) -> None:  # fmt: skip
    assert old in FILE
    page = officer("reviewer").act(f"/rules/{RULE}/check", text=FILE.replace(old, new, 1)).text
    assert told in unescape(page) and "可以使用" not in page and "<script>:" not in page


def draft(match: str, hit: str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") -> str:
    return (
        f"id: {RULE}\ntitle: t\nviolation: absolute_claim\nlaw: [ad-law-9-3]\nmatch:\n  {match}\nstrength: 0.5\n"
        f"reason: r\nexamples:\n  hit: [{hit}]\n  miss: [普通的茶]\n"
    )


def test_a_regex_without_bounds_is_refused_and_one_that_never_ends_is_ended(officer: Officers, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    anna = officer("reviewer")
    page = unescape(anna.act(f"/rules/{RULE}/check", text=draft("pattern: {words: [a], regex: '(a+)+b'}")).text)  # fmt: skip
    assert ":6: an unbounded or empty regex" in page
    monkeypatch.setattr(desk.trial, "FILE_SECONDS", 4)
    slow = "pattern: {words: [a], regex: '(?:(?:a{1,9}){1,9}){1,9}b'}"
    answer = anna.act(f"/rules/{RULE}/check", text=draft(slow))
    assert answer.status_code == 422 and "反复回溯" in answer.text


def test_examples_that_fail_and_texts_that_swell_are_told(officer: Officers) -> None:
    anna = officer("reviewer")
    page = anna.act(f"/rules/{RULE}/check", text=draft("any: [最好]", "普通的茶")).text
    assert "不符合的例子" in page and "no signal of this rule" in page
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )  # fmt: skip
    answer = anna.act(f"/rules/{RULE}/check", text=bomb + "match: *i\n")
    assert answer.status_code in (200, 422) and "可以使用" not in answer.text
    assert anna.act(f"/rules/{RULE}/check", text="").status_code == 422
    assert "文件过长" in anna.act(f"/rules/{RULE}/check", text="茶" * 40_000).text
