"""Which department is in charge."""

from __future__ import annotations

from pathlib import Path

import pytest

from clues.routing import Proposal, load_departments
from detectors import Detector
from tests.clues.casework import HOUSE, departments


def propose(detector: Detector, violation: str, goods: str, region: str = "5326") -> Proposal:
    return departments(detector).propose(violation, [goods], region, detector.ruleset.regions)


def test_all_eleven_are_there_and_every_violation_has_one_that_leads(detector: Detector) -> None:
    known = departments(detector)
    assert len(known.all) == 11
    for violation in detector.ruleset.violations:
        named = [d for one in known.all.values() for d in one.duties if violation in d.violations]
        assert any(duty.role == "lead" for duty in named), violation


@pytest.mark.parametrize(
    ("violation", "goods", "lead", "others"),
    [
        ("counterfeit", "apparel", "gongshang", ["zhijian", "gongan", "shangwu", "tongguan"]),
        ("medical_claim", "tea", "gongshang", ["shiyao"]),
        ("unlawful_operator", "tea", "shiyao", ["gongshang", "gongan", "tongguan"]),
        ("unlawful_operator", "apparel", "gongshang", ["tongguan"]),
        ("price_fraud", "tea", "fagai", ["gongshang"]),
        ("smuggled_goods", "cosmetics", "haiguan", []),
        ("pyramid_selling", "", "gongshang", ["gongan"]),
        ("brushed_reviews", "tea", "gongshang", ["fagai", "tongguan", "youzheng"]),
    ],
)
def test_by_violation_and_goods(
    detector: Detector, violation: str, goods: str, lead: str, others: list[str]
) -> None:
    found = propose(detector, violation, goods)
    assert found.lead.department == lead
    assert [one.department for one in found.others] == others
    assert found.ours is (lead == "gongshang") and found.lead.basis


def test_by_region_it_is_the_department_of_the_operators_place(detector: Detector) -> None:
    home = propose(detector, "absolute_claim", "tea", "532628")
    assert home.lead.authority.startswith("云南省文山壮族苗族自治州") and home.ours
    away = propose(detector, "absolute_claim", "tea", "4403")
    assert away.lead.authority == "广东省深圳市市场监督管理部门" and not away.ours
    assert away.lead.basis.endswith("行政处罚法第二十二条"), "whoever is elsewhere is handed over"
    assert propose(detector, "smuggled_goods", "tea", "5326").lead.authority == "昆明海关"
    assert propose(detector, "absolute_claim", "tea", "").lead.authority == "省市场监督管理局"


def test_every_mistake_is_told_with_its_line(detector: Detector, tmp_path: Path) -> None:
    text = (HOUSE / "rules" / "departments.yaml").read_text(encoding="utf-8")
    text = text.replace("role: lead", "role: chief", 1).replace(
        "goods: [cosmetics]", "goods: [car]", 1
    )
    text = text.replace("home: gongshang", "home: nobody", 1)
    (tmp_path / "departments.yaml").write_text(text, encoding="utf-8")
    rules = detector.ruleset
    with pytest.raises(ValueError) as told:
        load_departments(tmp_path, rules.violations, [g["id"] for g in rules.goods])
    lines = text.splitlines()
    for what in ("role: chief", "goods: [car]", "home: nobody"):
        number = next(n for n, line in enumerate(lines, 1) if line.strip() == what)
        assert f"departments.yaml:{number}: {what.split(':')[0]}" in str(told.value)
