"""The page of one clue: words in their places, evidence that can't act, steps one at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from clues import Finding, grow
from clues.access import accesses
from clues.growth import Tally
from desk.casefile import segments
from desk.guard import ARCHIVED
from desk.office import Office
from desk.screen import english
from listing import Listing
from proof import verify
from storage import Store
from storage import models as m
from storage.casework import ClueEvent
from storage.models import Clue
from storage.observations import Found, record
from tests.clues.casework import a_clue, walk
from tests.desk.conftest import Officer
from tests.evidence.case import PAGE, Case, open_case

Officers = Callable[..., Officer]
NOW = datetime(2026, 11, 12, 2, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>{{7*7}}\u202e"


@pytest.fixture
def case(office: Office, store: Store, tmp_path: Path) -> Case:
    """A clue of 昆明 that rests on a page, the same page again, and a screenshot."""
    made = open_case(store, tmp_path)
    office.vault = made.vault
    office.settings = office.settings.model_copy(
        update={"evidence_key": made.key, "browser": "/nowhere/chromium"}
    )
    return made


def kinds(store: Store) -> dict[str, int]:
    with store.session() as session:
        return dict(session.execute(select(m.Evidence.kind, m.Evidence.id)).tuples().all())


def found(store: Store, at: datetime, signals: list[dict[str, Any]], **said: Any) -> int:
    """The clue opened by signals on one look at a listing."""
    listing = Listing.from_dict({"source": "taobao", "shop_name": "虚构茶行", **said})
    with store.session() as session:
        (row,) = record(session, None, [Found(listing, "http://x.example/1", "", "tea", None, at)])
        common = {
            "observation_id": row.observation_id, "rule": "superlatives", "rule_version": 1,
            "violation": "absolute_claim", "strength": 0.9, "reason": "绝对化", "disguise": [], "law": ["ad-law-9-3"],
        }  # fmt: skip
        ids = [
            session.scalars(
                insert(m.SignalRow).values(common | one).returning(m.SignalRow.id)
            ).one()
            for one in signals
        ]
        finding = Finding(row.shop_id, row.operator_id, "taobao", "tea", "5301", None, at, {"absolute_claim": (0.9, ids)})  # fmt: skip
        tally: Tally = grow(session, None, [finding])
        (clue,) = tally.opened | tally.grown
    return clue


def test_the_words_are_marked_where_they_stand_with_the_law_of_the_day(store: Store, officer: Officers) -> None:  # fmt: skip
    text = "本店普洱茶全国第一，顶级品质"
    clue = found(
        store, NOW,
        [
            {"field": "text", "start": 5, "end": 9, "text": "全国第一"},
            {"field": "text", "start": 10, "end": 12, "text": "顶级"},
        ],
        title="普洱茶", text=text,
    )  # fmt: skip
    page = officer("viewer").get(f"/clues/{clue}")
    assert page.status_code == 200
    assert "本店普洱茶<mark>全国第一</mark>，<mark>顶级</mark>品质" in page.text
    assert "广告法第九条第（三）项" in page.text and "国家级" in page.text
    assert 'href="/rules/superlatives"' in page.text


def test_a_law_that_was_not_yet_in_force_is_not_cited(store: Store, officer: Officers) -> None:
    clue = found(
        store, datetime(2020, 1, 1, tzinfo=UTC),
        [{"field": "title", "start": 0, "end": 2, "text": "最好"}], title="最好的茶",
    )  # fmt: skip
    assert "第九条第（三）项" not in officer("viewer").get(f"/clues/{clue}").text


def test_the_same_words_at_several_looks_are_told_once(store: Store, officer: Officers) -> None:
    signal = {"field": "title", "start": 0, "end": 2, "text": "最好"}
    for day in (1, 2, 3):
        at = datetime(2026, 11, day, 2, tzinfo=UTC)
        clue = found(store, at, [signal], title="最好的茶", price=str(day))
    page = officer("viewer").get(f"/clues/{clue}").text
    assert page.count("<mark>最好</mark>的茶") == 1
    assert "2026-11-01 10:00 – 2026-11-03 10:00" in page


def test_long_texts_are_cut_around_the_words_and_hidden_marks_are_seen() -> None:
    far = segments("茶" * 100_000 + "最好" + "叶" * 100_000, [(100_000, 100_002)])
    assert [hit for _, hit in far] == [False, True, False] and far[1][0] == "最好"
    assert sum(len(text) for text, _ in far) < 1500
    assert segments("最\u200b好", [(0, 3)]) == [("最◌好", True)]
    assert segments("abcd", [(0, 2), (1, 3), (9, 12)]) == [("abc", True), ("d", False)]


def test_hostile_text_stays_text(store: Store, officer: Officers) -> None:
    review = {"text": f"好{HOSTILE}", "user": "甲"}
    clue = found(
        store, NOW, [{"field": "title", "start": 0, "end": len(HOSTILE), "text": HOSTILE}],
        title=HOSTILE + "x" * 100_000, reviews=[review, review | {"user": "乙"}], shop_name=f"店{HOSTILE}",
    )  # fmt: skip
    page = officer("analyst").get(f"/clues/{clue}").text
    assert "<script>alert" not in page and "\u202e" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page
    assert len(page) < 120_000
    copies = re.search(r'<td class="n">2</td><td class="n">2</td><td><bdi>好', page)
    assert copies, "two users, one text"


def test_the_archived_page_can_do_nothing(case: Case, officer: Officers) -> None:
    anna = officer("viewer")
    page = anna.get(f"/clues/{case.clue}").text
    assert re.search(r'<iframe class="archived" sandbox ', page)
    answer = anna.get(f"/evidence/{kinds(case.store)['page']}/page")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == ARCHIVED
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in answer.text and "&lt;script&gt;alert(1)" in answer.text
    assert "已核对" in answer.text


def test_an_archive_that_was_altered_is_not_shown(case: Case, officer: Officers) -> None:
    with case.store.writing() as session:
        for row in session.scalars(select(m.Evidence)):
            row.sha256 = "0" * 64
    anna, ids = officer("viewer"), kinds(case.store)
    page = anna.get(f"/evidence/{ids['page']}/page")
    assert page.status_code == 409 and PAGE.decode()[12:30] not in page.text
    assert anna.get(f"/evidence/{ids['screenshot']}/picture").status_code == 409


def test_only_pictures_are_served_as_pictures(case: Case, officer: Officers) -> None:
    anna, ids = officer("viewer"), kinds(case.store)
    shot = anna.get(f"/evidence/{ids['screenshot']}/picture")
    assert (shot.status_code, shot.headers["content-type"]) == (200, "image/png")
    assert shot.headers["content-security-policy"] == ARCHIVED
    assert anna.get(f"/evidence/{ids['page']}/picture").status_code == 415


def test_words_in_a_picture_are_shown_with_the_archived_picture_and_their_box(case: Case, officer: Officers) -> None:  # fmt: skip
    signal = {"field": "image_text[0]", "start": 0, "end": 4, "text": "全国第一"}
    picture = "http://x.example/p.png"
    said = {"title": "茶", "images": [picture], "image_text": ["全国第一好茶"], "image_boxes": [[0, 10, 20, 110, 60]]}  # fmt: skip
    clue, anna = found(case.store, NOW, [signal], **said), officer("viewer")
    assert "图片未存档" in anna.get(f"/clues/{clue}").text
    shot = kinds(case.store)["screenshot"]
    with case.store.session() as session:
        (listing,) = session.scalars(select(m.ListingRow.id).where(m.ListingRow.title == "茶"))
        session.execute(insert(m.Picture).values(listing_id=listing, phash="0" * 64, url=picture, evidence_id=shot))  # fmt: skip
    page = anna.get(f"/clues/{clue}").text
    assert 'data-box="10,20,110,60"' in page and "<mark>全国第一</mark>好茶" in page
    assert anna.get(f"/evidence/{shot}/picture?clue={clue}").status_code == 200


def test_what_was_looked_at_is_put_down(case: Case, officer: Officers) -> None:
    anna = officer("viewer", name="anna")
    anna.get(f"/clues/{case.clue}")
    shot = kinds(case.store)["screenshot"]
    anna.get(f"/evidence/{shot}/picture")
    with case.store.session() as session:
        seen = [(one.what, one.target) for one in accesses(session, officer="anna同志")]
    assert seen == [("evidence", str(shot)), ("clue", str(case.clue))]


def test_another_countys_clue_and_its_evidence_are_not_there(case: Case, officer: Officers) -> None:
    away, ids = officer("reviewer", region="5328"), kinds(case.store)
    for path in (
        f"/clues/{case.clue}", f"/clues/{case.clue}/similar", f"/evidence/{ids['page']}/page",
        f"/evidence/{ids['page']}/page?clue={case.clue}", f"/evidence/{ids['screenshot']}/picture",
        "/clues/999999", "/evidence/999999/page", f"/evidence/{ids['page']}/page?clue=999999",
    ):  # fmt: skip
        assert away.get(path).status_code == 404, path
    assert away.act(f"/clues/{case.clue}/pack").status_code == 404
    step = away.act(f"/clues/{case.clue}/steps/triage", version=0, why="看看")
    assert step.status_code == 404
    assert officer("viewer", region="5301").get(f"/clues/{case.clue}").status_code == 200


def test_evidence_is_not_shown_under_a_clue_that_does_not_rest_on_it(case: Case, office: Office, officer: Officers) -> None:  # fmt: skip
    other = a_clue(case.store)
    page = kinds(case.store)["page"]
    assert officer("viewer").get(f"/evidence/{page}/page?clue={other}").status_code == 404


def test_a_viewer_sees_no_forms_and_is_refused(case: Case, officer: Officers) -> None:
    anna = officer("viewer")
    page = anna.get(f"/clues/{case.clue}").text
    assert f"/clues/{case.clue}/steps/" not in page and f"/clues/{case.clue}/pack" not in page
    assert anna.act(f"/clues/{case.clue}/steps/triage", version=0, why="x").status_code == 403
    assert anna.act(f"/clues/{case.clue}/pack").status_code == 403


def test_what_binds_others_is_the_reviewers(store: Store, officer: Officers) -> None:
    clue = a_clue(store)
    walk(store, clue, "triage", "verify", "confirm")
    anna, wang = officer("analyst"), officer("reviewer")
    assert "/steps/transfer" not in anna.get(f"/clues/{clue}").text
    assert anna.act(f"/clues/{clue}/steps/close", version=3, why="好了").status_code == 403
    assert "/steps/transfer" in wang.get(f"/clues/{clue}").text


def test_a_clue_goes_its_way_to_a_department_and_back(store: Store, officer: Officers) -> None:
    clue = a_clue(store)
    wang = officer("reviewer", name="wang")
    for version, step in enumerate(("triage", "verify", "confirm")):
        answer = wang.act(f"/clues/{clue}/steps/{step}", version=version, why="例行")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/clues/{clue}")
    assert wang.act(f"/clues/{clue}/steps/note", version=3, why="已电话核实").status_code == 303
    with store.session() as session:
        assert session.get_one(Clue, clue).state == "confirmed", "a note moves nothing"
    said = {"why": "请查处", "department": "public_security"}
    options = re.findall(r'<option value="([^"]+)">', wang.get(f"/clues/{clue}").text)
    said["department"] = options[1]
    assert wang.act(f"/clues/{clue}/steps/transfer", version=4, **said).status_code == 303
    said |= {"why": "查实", "result": "upheld"}
    assert wang.act(f"/clues/{clue}/steps/answer", version=5, **said).status_code == 303
    page = wang.get(f"/clues/{clue}").text
    assert "已电话核实" in page and "查实" in page and "链已校验" in page
    with store.session() as session:
        assert session.get_one(Clue, clue).state == "answered"


def test_who_comes_too_late_is_told_who_was_first_and_writes_nothing(store: Store, officer: Officers) -> None:  # fmt: skip
    clue = a_clue(store)
    walk(store, clue, "triage", by="王芳")
    answer = officer("analyst").act(f"/clues/{clue}/steps/reject", version=0, why="误报")
    assert answer.status_code == 409
    assert "王芳" in answer.text and "分拣" in answer.text and "没有写入" in answer.text
    with store.session() as session:
        assert [e.action for e in session.scalars(select(ClueEvent))] == ["triage"]


def test_a_step_without_a_reason_or_from_the_wrong_state_is_not_taken(store: Store, officer: Officers) -> None:  # fmt: skip
    clue = a_clue(store)
    anna = officer("analyst")
    assert anna.act(f"/clues/{clue}/steps/triage", version=0, why=" ").status_code == 409
    assert anna.act(f"/clues/{clue}/steps/confirm", version=0, why="对").status_code == 409
    assert anna.act(f"/clues/{clue}/steps/explode", version=0, why="对").status_code == 404
    with store.session() as session:
        assert session.get_one(Clue, clue).version == 0


def test_the_pack_holds_and_leaves_nothing_behind(
    case: Case, officer: Officers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(made))
    anna = officer("analyst", name="anna")
    answer = anna.act(f"/clues/{case.clue}/pack")
    assert answer.status_code == 200
    assert f"clue-{case.clue}.wacz" in answer.headers["content-disposition"]
    (tmp_path / "got.wacz").write_bytes(answer.content)
    assert verify(tmp_path / "got.wacz").links == 3
    assert list(made.iterdir()) == []
    with case.store.session() as session:
        assert [one.target for one in accesses(session, what="pack")] == [str(case.clue)]


def test_without_a_key_the_pack_says_why(case: Case, office: Office, officer: Officers) -> None:
    office.settings = office.settings.model_copy(update={"evidence_key": None})
    answer = officer("analyst").act(f"/clues/{case.clue}/pack")
    assert answer.status_code == 409 and "证据包没有制成" in answer.text


def test_prices_stand_beside_the_promotion_and_the_lawful_reference(store: Store, officer: Officers) -> None:  # fmt: skip
    signal = {"field": "title", "start": 0, "end": 1, "text": "茶"}
    # 双十一 is 11-11: the seven days before are 11-04 to 11-10.
    for day, price in ((1, "80"), (5, "120"), (8, "110"), (11, "100")):
        at = datetime(2026, 11, day, 2, tzinfo=UTC)
        clue = found(store, at, [signal], title="茶", price=price)
    page = officer("viewer").get(f"/clues/{clue}").text
    assert re.search(r"双十一</td><td>2026-11-11 – 2026-11-11</td><td class=\"n\">¥110\.00", page)
    assert "前七日内所见最低价" in page and '"markArea"' in page


def test_the_company_is_drawn_and_told(store: Store, officer: Officers) -> None:
    code = {"operator_name": "虚构茶业有限公司"}
    signal = {"field": "title", "start": 0, "end": 1, "text": "茶"}
    clue = found(store, NOW, [signal], title="茶", **code)
    with store.session() as session:
        more = [
            Found(Listing.from_dict({"title": f"茶饼{n}", "source": "taobao", "shop_name": "虚构二店", **code}), f"http://x.example/b{n}", "", "tea", None, NOW + timedelta(hours=n))
            for n in range(90)
        ]  # fmt: skip
        record(session, None, more)
    page = officer("viewer").get(f"/clues/{clue}").text
    assert "虚构茶业有限公司" in page and "虚构二店" in page
    assert page.count('"symbolSize"') <= 60 + 4


def test_similar_clues_are_those_of_the_same_shop_or_the_same_words(store: Store, officer: Officers) -> None:  # fmt: skip
    one, two = a_clue(store, 1), a_clue(store, 2)
    page = officer("viewer").get(f"/clues/{one}/similar", headers={"hx-request": "true"})
    assert f'href="/clues/{two}"' in page.text and "同样的词语" in page.text
    assert "<html" not in page.text
    away = officer("viewer", region="5328").get(f"/clues/{one}/similar")
    assert away.status_code == 404


def test_every_word_of_the_page_is_known_in_english(house: Path, officer: Officers, store: Store) -> None:  # fmt: skip
    known = english()
    for path in (house / "desk" / "templates").glob("clue*.html"):
        if path.name == "clue.html" or path.name.startswith("clue-"):
            for word in re.findall(
                r"""\bt\(["']([^"']+)["']\)""", path.read_text(encoding="utf-8")
            ):
                assert word in known, f"{path.name}: {word}"
    anna = officer("viewer")
    anna.act("/language", lang="en")
    assert "Next steps" in anna.get(f"/clues/{a_clue(store)}").text
