"""Wording that is learned: sayings in, clauses of listings out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors import Detector, RuleError
from detectors.learning import Saying, digest, learn, read_sayings
from detectors.wording import BUCKETS, LONGEST, buckets, load_model
from listing import Listing

CURES = [
    "喝了半月斑块小了",
    "斑块一天天变小",
    "三周斑块就没了",
    "坚持喝斑块会变小",
    "斑块缩小了一半",
]
PLAIN = ["茶汤橙红透亮", "七天无理由退货", "冲泡用沸水", "饼面条索清晰", "发货走顺丰", "三周内发货"]


@pytest.fixture
def sayings() -> list[Saying]:
    return [Saying(s, "medical_claim") for s in CURES] + [Saying(s, "") for s in PLAIN]


def folder(path: Path, text: str) -> Path:
    (path / "medical_claim.yaml").write_text(text, encoding="utf-8")
    return path


def test_runs_of_one_to_four_characters_never_cross_a_mark() -> None:
    runs, clauses = buckets("茶好，喝")
    assert runs.shape == (4, LONGEST)
    assert (runs >= 0).tolist() == [
        [True, True, False, False],
        [True, False, False, False],
        [False, False, False, False],
        [True, False, False, False],
    ]
    assert clauses.tolist() == [0, 0, 1, 1]
    assert runs.max() < BUCKETS


def test_the_same_run_has_the_same_bucket_wherever_it_stands() -> None:
    one, _ = buckets("斑块变小")
    other, _ = buckets("他说斑块变小了")
    assert one[0, 3] == other[2, 3]


def test_what_is_learned_is_told_from_what_is_lawful(sayings: list[Saying], tmp_path: Path) -> None:
    learn(sayings, tmp_path / "wording.npz")
    model = load_model(tmp_path / "wording.npz")
    assert model is not None and model.violations == ("medical_claim",)
    assert model.sayings == digest(sayings)

    def odds(text: str) -> float:
        runs, _ = buckets(text)
        return float(model.weights[model.rows[runs[runs >= 0]]].sum() + model.bias[0])

    assert odds("一个月后斑块变小了") > odds("一个月后茶汤透亮") + 2


def test_no_file_is_no_model_and_a_broken_one_is_named(tmp_path: Path) -> None:
    assert load_model(tmp_path / "wording.npz") is None
    np.savez(tmp_path / "wording.npz", other=np.zeros(1))
    with pytest.raises(ValueError, match=r"wording\.npz: not a model of wording"):
        load_model(tmp_path / "wording.npz")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("violation: other\n", "violation: medical_claim is wanted"),
        ("violation: medical_claim\nunlawful: [a]\n", "lawful: a list of sentences is wanted"),
        ("violation: medical_claim\nunlawful: [a, a]\nlawful: [b]\n", "unlawful: listed twice: a"),
        ("violation: medical_claim\nunlawful: [1]\nlawful: [b]\n", "unlawful: a list of"),
        ("{", "can't be read"),
    ],
)
def test_sayings_that_can_t_be_used_are_named(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(RuleError, match=rf"medical_claim\.yaml: {what}"):
        read_sayings(folder(tmp_path, text))


def test_the_model_in_the_rules_is_made_from_the_sayings_in_the_rules(house: Path) -> None:
    model = load_model(house / "rules" / "wording.npz")
    assert model is not None
    sayings = read_sayings(house / "rules" / "sayings")
    assert model.sayings == digest(sayings), "run `yunjian rules learn`"


def test_a_clause_no_rule_foresaw_is_a_signal_with_its_span(detector: Detector) -> None:
    text = "条索紧结，沸水冲泡。姨妈喝到第三周，化验单上那几个箭头都没了，药也停了。密封保存。"
    found = detector.detect(Listing(title="三七花茶", goods="sanqi", text=text))
    learned = [s for s in found.signals if s.rule == "medical_claim-wording"]
    for signal in learned:
        assert text[signal.start : signal.end] == signal.text
    assert "medical_claim" in found.violations


def test_a_listing_of_ordinary_words_has_no_learned_signal(detector: Detector) -> None:
    text = (
        "条索紧结，汤色红浓，沸水冲泡，第一泡快出汤。净含量三百五十七克，置于阴凉干燥处密封保存。"
    )
    found = detector.detect(Listing(title="普洱熟茶饼", goods="tea", text=text))
    assert not [s for s in found.signals if s.rule.endswith("-wording")]
