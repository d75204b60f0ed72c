"""Rule files: every error names its file and line, and all are told at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import detectors
from detectors import Detector, RuleError, examples
from detectors.reasoning import reasonings_of
from detectors.ruleset import REASONINGS
from listing import Listing

GOOD = """id: r
version: 3
title: 绝对化用语
violation: absolute_claim
law: [ad-law-9-3]
match: {any: [$best, 顶级]}
except: [negated]
strength: 0.7
reason: 使用“{words}”
examples:
  hit: [最好的茶]
  miss: [普通的茶]
"""


@pytest.fixture
def rules(tmp_path: Path, house: Path) -> Path:
    for name in ("goods.yaml", "laws.yaml", "violations.yaml", "regions.csv", "contexts.yaml"):
        shutil.copy(house / "rules" / name, tmp_path / name)
    (tmp_path / "lexicons").mkdir()
    (tmp_path / "violations").mkdir()
    (tmp_path / "lexicons" / "best.yaml").write_text("words: [最好, 最佳]\n")
    (tmp_path / "violations" / "r.yaml").write_text(GOOD)
    return tmp_path


@pytest.fixture
def problems(rules: Path) -> Callable[[str, str], list[str]]:
    def change(old: str, new: str) -> list[str]:
        path = rules / "violations" / "r.yaml"
        assert old in GOOD
        path.write_text(GOOD.replace(old, new))
        with pytest.raises(RuleError) as error:
            detectors.load(rules)
        return list(error.value.problems)

    return change


def test_a_good_rule_loads_and_says_its_version_and_law(rules: Path) -> None:
    (signal,) = detectors.load(rules).detect(Listing(title="最佳的茶")).signals
    assert (signal.rule, signal.rule_version, signal.law) == ("r", 3, ("ad-law-9-3",))
    assert signal.reason == "使用“最佳”"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("strength: 0.7", "strenght: 0.7", 8, "unknown key 'strenght'"),
        ("strength: 0.7", "strength: 7", 8, "strength"),
        ("examples:\n  hit: [最好的茶]\n  miss: [普通的茶]\n", "", 1, "examples"),
        ("  miss: [普通的茶]\n", "", 10, "examples.miss"),
        ("violation: absolute_claim", "violation: rude", 4, "no such violation: 'rude'"),
        ("[ad-law-9-3]", "[ad-law-999]", 5, "no such law: 'ad-law-999'"),
        ("$best", "$worst", 6, "no such lexicon: $worst"),
        ("{any: [$best, 顶级]}", "{some: [顶级]}", 6, "unknown key 'some'"),
        ("{any: [$best, 顶级]}", "{pattern: {regex: '最.*', words: [最好]}}", 6, "unbounded"),
        ("{any: [$best, 顶级]}", "{detector: magic}", 6, "no such detector"),
        ("[negated]", "[sometimes]", 7, "no such context: 'sometimes'"),
        ("version: 3", "version: 3\ngoods: [coffee]", 3, "no such goods: 'coffee'"),
        ("match: {any: [$best, 顶级]}", "match: {any: [$best, 顶级]", 7, "not YAML"),
    ],
)  # fmt: skip
def test_an_error_names_file_line_and_what(
    problems: Callable[[str, str], list[str]], old: str, new: str, line: int, says: str
) -> None:
    told = problems(old, new)
    assert any(says in one for one in told), told
    assert any(one.startswith((f"violations/r.yaml:{line}:", f"r.yaml:{line}:")) for one in told), (
        told
    )


def test_all_errors_are_told_at_once(problems: Callable[[str, str], list[str]]) -> None:
    told = problems("violation: absolute_claim\nlaw: [ad-law-9-3]", "violation: x\nlaw: [y]")
    assert len(told) == 2


def test_two_rules_with_one_id(rules: Path) -> None:
    (rules / "violations" / "s.yaml").write_text(GOOD)
    with pytest.raises(RuleError, match=r"s\.yaml:1: the id 'r' is taken"):
        detectors.load(rules)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("words: [$best]", "includes itself: best → best"),
        ("words: [最好, 最好]", "listed twice: 最好"),
        ("words: [$none]", "includes \\$none"),
        ("words: 最好", "a list of words"),
        ("- x", "a list of words"),
        ("words: ['**', 最好]\n", "is nothing but marks"),
    ],
)
def test_a_wrong_lexicon_is_named(rules: Path, text: str, says: str) -> None:
    (rules / "lexicons" / "best.yaml").write_text(text)
    with pytest.raises(RuleError, match=f"best.*{says}"):
        detectors.load(rules)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="nowhere"):
        detectors.load(tmp_path / "nowhere")


def test_an_example_that_fails_is_told(rules: Path) -> None:
    (rules / "violations" / "r.yaml").write_text(GOOD.replace("hit: [最好的茶]", "hit: [平常的茶]"))
    count, (failure,) = examples.run(detectors.load(rules))
    assert (count, failure.rule, failure.kind, failure.example) == (2, "r", "hit", "平常的茶")


def test_the_projects_own_rules_cover_every_violation_and_pass_their_examples(
    detector: Detector,
) -> None:
    count, failures = examples.run(detector)
    assert not failures and count > 200
    covered = {rule.violation for rule in detector.ruleset.rules.values()}
    assert covered == set(detector.ruleset.violations) and len(covered) == 24


def test_every_reasoning_that_rules_may_name_exists(detector: Detector) -> None:
    assert reasonings_of(detector.knowledge).keys() == REASONINGS.keys()


def test_every_cited_law_stands_in_the_text_it_is_said_to_be_from(
    detector: Detector, shared: Path
) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in (shared / "laws").glob("*.md")}
    for law in detector.ruleset.laws.values():
        if law.get("unverified"):
            assert "article" not in law
            continue
        name = law["law"].removeprefix("中华人民共和国")
        text = next(t for file, t in texts.items() if file.startswith(f"{name}({law['version']})"))
        whole = "".join(text.replace("*", "").split())
        for said in law["text"].removesuffix("……").split():
            assert said in whole, (law["id"], said)
