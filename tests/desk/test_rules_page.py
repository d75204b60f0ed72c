"""Rules on the desk: what each says, trying one, checking a draft of its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

import desk.trial
from clues.precision import precision
from desk.office import Office
from desk.pages.rules import measured
from detectors import Detector
from storage import Store
from storage import models as m
from tests.clues.casework import walk
from tests.clues.test_growth import accuse, seen
from tests.desk.conftest import Officer

Officers = Callable[..., Officer]
RULE = "absolute-words"
HOSTILE = '<script>alert(1)</script>{{ 7*7 }}\u202e"><img src=x onerror=alert(1)>'


@pytest.fixture(autouse=True)
def ready(office: Office, detector: Detector) -> Iterator[None]:
    """The rules need not be made ready again for each test."""
    office.__dict__["detector"] = detector
    yield


def a_clue(store: Store, number: int, rule: str = RULE, region: str = "530102") -> int:
    """A clue of one signal by this rule."""
    row = seen(store, f"最好的茶{number}", number, shop_name=f"虚构{number}店")
    (clue_id,) = accuse(store, row, "最好", 0.9, region=region)[0]
    with store.session() as session:
        session.query(m.SignalRow).filter_by(rule="r").update({"rule": rule})
    return clue_id


def test_all_rules_stand_by_violation_with_what_was_measured(officer: Officers, store: Store) -> None:  # fmt: skip
    right, wrong = a_clue(store, 1), a_clue(store, 2)
    walk(store, right, "triage", "verify", "confirm")
    walk(store, wrong, "triage", "verify", "reject")
    anna = officer("viewer")
    page = anna.get("/rules").text
    assert page.count('href="/rules/') >= 109
    row = page.split(f'href="/rules/{RULE}"')[1].split("</tr>")[0]
    assert "50%" in row and "1 / 1" in row
    assert page.count("尚无结论") == 108
    # Another verdict is seen at once.
    walk(store, a_clue(store, 3), "triage", "verify", "confirm")
    assert "2 / 1" in anna.get("/rules").text


def test_the_figures_are_those_of_the_command_line(office: Office, store: Store) -> None:
    for number, end in enumerate(("confirm", "confirm", "reject"), 1):
        walk(store, a_clue(store, number), "triage", "verify", end)
    a_clue(store, 4)
    with store.session() as session:
        told = {one.name: one for one in precision(session) if one.kind == "rule"}
        assert measured(session) == told
        assert measured(session, RULE) == told and told[RULE].right == 2


def test_rules_are_filtered_by_text(officer: Officers) -> None:
    anna = officer("viewer")
    page = anna.get("/rules", params={"text": "ABSOLUTE-words"}).text
    assert f"/rules/{RULE}" in page and "/rules/without-licence" not in page
    assert f"/rules/{RULE}" in anna.get("/rules", params={"text": "广告法 第九条第（三）项"}).text
    assert "没有符合的规则" in anna.get("/rules", params={"text": HOSTILE}).text


def test_a_rule_shows_file_law_examples_and_its_clues(officer: Officers, store: Store, house: Path, detector: Detector) -> None:  # fmt: skip
    mine, other = a_clue(store, 1, region="532822"), a_clue(store, 2, region="530102")
    foreign = a_clue(store, 3, "another", region="532822")
    bound = officer("viewer", region="5328")
    page = unescape(bound.get(f"/rules/{RULE}").text)
    rule = detector.ruleset.rules[RULE]
    assert (house / "rules" / "violations" / rule.file).read_text(encoding="utf-8") in page
    assert "广告不得有下列情形" in page and "2021-04-29 – 现行" in page
    assert all(one in page for one in rule.hits if isinstance(one, str))
    assert f"/clues/{mine}" in page
    assert f'"/clues/{other}"' not in page, "another county's"
    assert f'"/clues/{foreign}"' not in page, "another rule's"
    assert f'"/clues/{other}"' in officer("viewer").get(f"/rules/{RULE}").text
    assert bound.get("/rules/no-such-rule").status_code == 404
    assert bound.get("/rules/..%2F..%2Flaws").status_code == 404


def test_a_law_that_nobody_verified_is_marked(officer: Officers, detector: Detector) -> None:
    laws = detector.ruleset.laws
    unverified = [r.id for r in detector.ruleset.rules.values() if any(laws[one].get("unverified") for one in r.law)]  # fmt: skip
    anna = officer("viewer")
    assert unverified and "须人工核对条文" in anna.get(f"/rules/{unverified[0]}").text
    assert "须人工核对条文" not in anna.get(f"/rules/{RULE}").text


def test_every_rule_has_a_page(officer: Officers, detector: Detector) -> None:
    anna = officer("viewer")
    for rule in list(detector.ruleset.rules)[::9]:
        assert anna.get(f"/rules/{rule}").status_code == 200, rule


def test_a_pasted_text_shows_its_signals_with_the_words_marked(officer: Officers) -> None:
    anna = officer("viewer")
    assert "<form" in anna.get(f"/rules/{RULE}/try").text
    page = anna.act(f"/rules/{RULE}/try", text="这是全国最好的茶", field="text").text
    assert "<mark>" in page and "最好" in page.split("<mark>")[1].split("</mark>")[0]
    assert "会立线索" in page
    for field in ("title", "reviews", "image_text", "attributes", "shop_name"):
        answer = anna.act(f"/rules/{RULE}/try", text="宣传：最好的茶\n普通", field=field)
        assert answer.status_code == 200, field
    page = anna.act(f"/rules/{RULE}/try", text="普通的茶").text
    assert "这条规则没有发现什么" in page and "<mark>" not in page


def test_hostile_text_stays_text(officer: Officers) -> None:
    anna = officer("viewer")
    for text in (HOSTILE + "最好的茶" + HOSTILE, "最好的茶。" * 1000, "茶\0\ud7ff。最好的茶"):
        page = anna.act(f"/rules/{RULE}/try", text=text, title=HOSTILE)
        assert page.status_code == 200
        assert "<script>alert" not in page.text and "<img src=x" not in page.text
        assert "{{ 7*7 }}" in page.text and "<mark>" in page.text
    shown = anna.act(f"/rules/{RULE}/try", text="\u202e最好的茶\u202e").text.split("<mark>")[1]
    assert "\u202e" not in shown.split("</section>")[0]


def test_what_cannot_be_tried_is_told_plainly(officer: Officers, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    anna = officer("viewer")
    for said, told in (
        ({"text": "茶" * 7000}, "至多 20,000 字节"),
        ({"text": " "}, "请粘贴要试的文本"),
        ({"text": "茶", "field": "phone"}, "没有这个栏目"),
    ):
        answer = anna.act(f"/rules/{RULE}/try", **said)
        assert answer.status_code == 422 and told in answer.text
    monkeypatch.setattr(desk.trial, "PATIENCE", 0.0)
    answer = anna.act(f"/rules/{RULE}/try", text="最好的茶" * 1000)
    assert answer.status_code == 422 and "没有试完" in answer.text


def test_only_reviewers_check_drafts(officer: Officers) -> None:
    anna = officer("analyst")
    assert anna.get(f"/rules/{RULE}/check").status_code == 403
    assert anna.act(f"/rules/{RULE}/check", text="x").status_code == 403
    assert "/check" not in anna.get(f"/rules/{RULE}").text
