"""The talk-sheet of a platform, from what the sweeps saw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from clues.exports import ExportError
from clues.platforms import Sheet, load_duties, platforms, sheet, write_sheets
from detectors import Detector
from storage import Store
from tests.clues.casework import HOUSE, a_clue, walk
from tests.clues.test_credit import USCC
from tests.clues.test_growth import NOW, accuse, seen


def made(store: Store, detector: Detector) -> Sheet:
    duties = load_duties(HOUSE / "rules", list(detector.ruleset.violations))
    with store.session() as session:
        assert platforms(session) == ["taobao"]
        return sheet(session, "taobao", duties)


def test_it_counts_what_was_seen(store: Store, detector: Detector) -> None:
    accuse(store, seen(store, "茶1", 1, shop_name="甲", uscc=USCC, operator_name="虚构甲", sales="12"), "霸王条款", violation="unfair_terms")  # fmt: skip
    accuse(store, seen(store, "茶2", 2, shop_name="乙", uscc="91530100MA6K1A2B38"), "刷单", violation="brushed_reviews")  # fmt: skip
    seen(store, "茶3", 3, shop_name="丙")
    seen(store, "茶4", 4, shop_name="丁")
    found = {line.id: (line.seen, line.of) for line in made(store, detector).lines}
    assert found["licence-shown"] == (2, 4)
    assert found["code-valid"] == (1, 2), "the check digit of one does not hold"
    assert found["name-shown"] == (1, 4)
    assert found["unfair-terms"] == (1, 4) and found["brushing"] == (1, 4)
    assert found["sales-figures"] == (1, 4)
    assert found["agreement"] == (None, None), "what can't be seen is asked"


def test_a_shop_found_innocent_is_not_held_against_it(store: Store, detector: Detector) -> None:
    clue_id = a_clue(store)
    assert {li.id: li.seen for li in made(store, detector).lines}["infringing"] == 1
    walk(store, clue_id, "reject")
    assert {li.id: li.seen for li in made(store, detector).lines}["infringing"] == 0


def test_what_is_still_on_sale_after_the_verdict_is_counted(
    store: Store, detector: Detector
) -> None:
    clue_id = a_clue(store, 1)
    walk(store, clue_id, "triage", "verify", "confirm")
    counted = {li.id: (li.seen, li.of) for li in made(store, detector).lines}["still-on-sale"]
    assert counted == (0, 1)
    seen(store, "高仿茶1", 1, NOW.replace(year=2099), shop_name="虚构1店")
    counted = {li.id: (li.seen, li.of) for li in made(store, detector).lines}["still-on-sale"]
    assert counted == (1, 1)


def test_it_is_written_for_the_talk(store: Store, detector: Detector, tmp_path: Path) -> None:
    seen(store, "茶", 1)
    found = made(store, detector)
    write_sheets([found], "json", tmp_path / "p.json")
    (one,) = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    assert {line["point"] for line in one["lines"]} == set("一二三四五六"), "all six points"
    write_sheets([found], "xlsx", tmp_path / "p.xlsx")
    page = load_workbook(tmp_path / "p.xlsx")["taobao"]
    assert page["C3"].value == "行动方案" and page["G4"].value is None, "room for the answer"
    with pytest.raises(ExportError, match="--out"):
        write_sheets([found], "xlsx", None)


def test_a_wrong_line_is_told(detector: Detector, tmp_path: Path) -> None:
    text = (HOUSE / "rules" / "platform-duties.yaml").read_text(encoding="utf-8")
    text = text.replace("measure: licence_shown", "measure: karma", 1)
    (tmp_path / "platform-duties.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"platform-duties.yaml:\d+: measure: no such measure"):
        load_duties(tmp_path, list(detector.ruleset.violations))
