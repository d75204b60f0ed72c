"""The data behind the intakes: profiles, sorting, platforms; what is wrong in them is told by line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clues.arrivals import FILED
from clues.intake import IntakeError, load_profiles
from clues.intake.platforms import load_platforms
from clues.intake.sorting import load_sorting
from detectors import Detector


def test_every_kind_has_a_profile(house: Path) -> None:
    assert {one.kind for one in load_profiles(house / "rules").values()} == set(FILED)


def test_columns_are_known_by_any_of_their_names(house: Path) -> None:
    profile = load_profiles(house / "rules")["complaint"]
    layout = profile.layout(
        [["*登记 编号（必填）"], ["投诉编号"], ["备注"], ["投诉时间："], ["内容"]]
    )
    assert layout.columns == {"received_at": 3, "text": 4, "number": 1}
    assert layout.ignored == ("*登记 编号（必填）", "备注") and not layout.missing


def test_everything_wrong_with_a_profile_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "intake").mkdir()
    (tmp_path / "intake" / "x.yaml").write_text(
        "id: x\nkind: gossip\ntitle: x\ncolumns:\n  number: [编号]\n  text: [编号]\n  colour: [颜色]\nrequired: [shape]\nmore: 1\n",
        encoding="utf-8",
    )
    (tmp_path / "intake" / "y.yaml").write_text("id: [\n", encoding="utf-8")
    with pytest.raises(IntakeError) as told:
        load_profiles(tmp_path)
    lines = str(told.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "x.yaml:9", "x.yaml:2", "x.yaml:6", "x.yaml:7", "x.yaml:8", "x.yaml:4", "y.yaml:2",
    ]  # fmt: skip
    assert "no such kind: gossip" in lines[1] and "stands for number and text" in lines[2]


@pytest.mark.parametrize(
    ("content", "violations"),
    [
        ({"category": "质量/假冒"}, {"counterfeit": 0.5}),
        ({"category": "售后服务-七日无理由退货"}, {"return_refusal": 0.5}),
        ({"category": "服务态度", "text": "明显是假货"}, {"counterfeit": 0.35}),
        ({"category": "服务态度", "text": "这不是假货，只是太慢"}, {}),
        ({"text": "页面写“包治高血压的三七粉”"}, {"medical_claim": 0.6}),
        ({"text": "他说包治高血压"}, {}),
    ],
)
def test_a_complaint_is_sorted_by_category_else_words_else_what_it_quotes(
    house: Path, detector: Detector, content: dict[str, str], violations: dict[str, float]
) -> None:
    said = load_sorting(house / "rules", detector).sort("complaint", content)
    found = {one["violation"]: one["score"] for one in said.violations}
    assert {v: found.get(v) for v in violations} == violations
    if not violations:
        assert not found


@pytest.mark.parametrize(
    ("result", "items", "violations", "clean"),
    [
        ("不合格", "掺杂掺假", ["counterfeit"], False),
        ("不合格", "标签", ["false_claim"], False),
        ("不合格", "水分", ["counterfeit"], False),
        ("合格", "", [], True),
        ("检验中", "", [], False),
    ],
)
def test_a_sample_is_sorted_by_what_failed(
    house: Path, detector: Detector, result: str, items: str, violations: list[str], clean: bool
) -> None:
    said = load_sorting(house / "rules", detector).sort(
        "sampling", {"result": result, "items": items}
    )
    assert ([one["violation"] for one in said.violations], said.clean) == (violations, clean)


def test_wrong_sorting_is_told_by_line(house: Path, detector: Detector, tmp_path: Path) -> None:
    shutil.copytree(house / "rules", tmp_path / "rules")
    path = tmp_path / "rules" / "arrivals.yaml"
    text = path.read_text(encoding="utf-8").replace("violation: gi_misuse", "violation: nonsense")
    path.write_text(text, encoding="utf-8")
    line = text[: text.index("violation: nonsense")].count("\n") + 1
    with pytest.raises(IntakeError, match=f"arrivals.yaml:{line}: no such violation: nonsense"):
        load_sorting(tmp_path / "rules", detector)


def test_the_forms_of_an_items_address_are_one(house: Path) -> None:
    platforms = load_platforms(house / "rules")
    forms = platforms.forms("https://item.m.jd.com/product/100012345.html")
    assert "https://item.jd.com/100012345.html" in forms
    assert platforms.of("https://shop1.taobao.com/") == "taobao" and not platforms.of(
        "http://a.example/"
    )
    assert platforms.named("天猫（手机端）") == "tmall" and platforms.named("街边") == ""
