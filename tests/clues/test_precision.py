"""What verdicts say of the rules."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert

from clues import Finding, grow
from clues.calibrate import FEWEST, Judged, apply, judged, refit
from clues.lifecycle import take
from clues.log import CaseError
from clues.precision import precision, wilson
from detectors import Detector
from detectors.ruleset import load_rules
from storage import Store
from storage import models as m
from tests.clues.casework import HOUSE, a_clue, walk
from tests.clues.test_growth import NOW, seen


@pytest.mark.parametrize(
    ("right", "decided", "low", "high"),
    # By hand from Wilson's formula, z = 1.96; the first is in every textbook.
    [(8, 10, 0.490, 0.943), (10, 10, 0.722, 1.0), (0, 5, 0.0, 0.434), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(right: int, decided: int, low: float, high: float) -> None:
    assert wilson(right, decided) == (pytest.approx(low, abs=0.001), pytest.approx(high, abs=0.001))


def test_precision_by_rule_violation_and_source(store: Store) -> None:
    good, bad = a_clue(store, 1), a_clue(store, 2)
    other, undecided = a_clue(store, 3, "absolute_claim"), a_clue(store, 4)
    walk(store, good, "triage", "verify", "confirm")
    walk(store, bad, "reject")
    walk(store, other, "reject")
    walk(store, undecided, "triage")
    with store.session() as session:
        found = {(one.kind, one.name): (one.right, one.wrong) for one in precision(session)}
    assert found == {
        ("rule", "r"): (1, 2),
        ("source", "taobao"): (1, 2),
        ("violation", "counterfeit"): (1, 1),
        ("violation", "absolute_claim"): (0, 1),
    }


def test_the_strength_judged_is_combined_as_the_detectors_do(store: Store) -> None:
    row = seen(store, "高仿的茶", 1)
    signal = {
        "observation_id": row.observation_id, "rule": "r", "rule_version": 1, "violation": "counterfeit",
        "field": "title", "start": 0, "end": 2, "reason": "", "disguise": [], "law": [],
    }  # fmt: skip
    said = [("高仿", 0.5), ("高仿", 0.5), ("复刻", 0.6)]
    with store.session() as session:
        ids = [
            session.scalars(
                insert(m.SignalRow)
                .values(signal | {"text": text, "strength": strength})
                .returning(m.SignalRow.id)
            ).one()
            for text, strength in said
        ]
        found = Finding(
            row.shop_id, None, "taobao", "tea", "", None, NOW, {"counterfeit": (0.8, ids)}
        )
        (clue_id,) = grow(session, None, [found]).opened
        take(session, clue_id, "reject", "王芳", "误报")
    with store.session() as session:
        # 1 - 0.5 × 0.4; what is said twice counts once.
        assert judged(session) == [Judged("counterfeit", 0.8, False)]


@pytest.fixture
def rules_copy(tmp_path: Path) -> Path:
    """The project's rules, to be written to."""
    return Path(shutil.copytree(HOUSE / "rules", tmp_path / "rules"))


def verdicts(violation: str, *told: tuple[float, int, int]) -> list[Judged]:
    """(strength, right, wrong) …"""
    return [
        Judged(violation, strength, right)
        for strength, rights, wrongs in told
        for right in (True,) * rights + (False,) * wrongs
    ]


def test_a_violation_often_wrong_at_low_scores_opens_higher(
    rules_copy: Path, detector: Detector
) -> None:
    told = verdicts("false_claim", (0.6, 5, 15), (0.95, 60, 0))
    proposal = refit(rules_copy, detector.ruleset, told)
    assert "+  false_claim: 0.9" in proposal.diff and proposal.verdicts == 80
    before = (rules_copy / "scores.yaml").read_text(encoding="utf-8")
    assert before == proposal.before, "shown before it is applied"
    apply(rules_copy, proposal)
    after = load_rules(rules_copy)
    # 20 verdicts, 5 right, near the point 0.6, which was worth 0.7: (5 + 20 × 0.7) / 40 = 0.475;
    # that is below the point before (0.5), so that both become (20 × 0.5 + 40 × 0.475) / 60.
    assert dict(after.calibration)[0.6] == dict(after.calibration)[0.5] == 0.483
    assert after.threshold("false_claim") > 0.9
    assert after.score(0.6) < 0.5, "a clue as weak as these would not open again"
    text = (rules_copy / "scores.yaml").read_text(encoding="utf-8")
    assert text.startswith("# What a combined strength is worth"), "the comments stay"
    assert refit(rules_copy, after, told).diff == "", "fitting twice changes nothing"


def test_few_verdicts_change_nothing_and_it_says_so(rules_copy: Path, detector: Detector) -> None:
    proposal = refit(rules_copy, detector.ruleset, verdicts("false_claim", (0.6, 0, FEWEST - 1)))
    assert proposal.diff == ""
    assert any(note.startswith("false_claim: 19 verdicts") for note in proposal.notes)
    with pytest.raises(CaseError, match="no clue has a verdict"):
        refit(rules_copy, detector.ruleset, [])


def test_where_no_score_is_good_enough_the_threshold_is_left_and_named(
    rules_copy: Path, detector: Detector
) -> None:
    proposal = refit(rules_copy, detector.ruleset, verdicts("counterfeit", (0.95, 30, 30)))
    assert any("its rules want work" in note for note in proposal.notes)
    assert "counterfeit" not in proposal.after


def test_a_file_changed_meanwhile_is_not_overwritten(rules_copy: Path, detector: Detector) -> None:
    proposal = refit(rules_copy, detector.ruleset, verdicts("counterfeit", (0.6, 0, 40)))
    path = rules_copy / "scores.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    with pytest.raises(CaseError, match="changed meanwhile"):
        apply(rules_copy, proposal)
