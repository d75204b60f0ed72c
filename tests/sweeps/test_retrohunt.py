"""Old pages under new rules: what the preview says is what happens, once, kill or no kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import detectors
from clues import one_clue
from detectors import Detector
from detectors.editions import rule_digests
from detectors.ruleset import load_rules
from storage import Store, open_store
from storage import models as m
from storage.hunts import Hunt, HuntFind, Superseded, SweepEdition
from sweeps import retrohunt as hunting
from sweeps.retrohunt import HuntError, HuntOrder, retrohunt
from tests.sweeps.night import night, offer

RULE = """id: {id}
title: 试验
violation: {violation}
law: [ad-law-9-3]
match: {{any: [{words}]}}
strength: {strength}
reason: 使用“{{words}}”
examples:
  hit: [{hit}的茶]
  miss: [普通的茶]
"""
Write = Callable[..., Detector]


@pytest.fixture
def rules(tmp_path: Path, house: Path) -> Path:
    folder = tmp_path / "rules"
    (folder / "violations").mkdir(parents=True)
    for name in ("goods.yaml", "laws.yaml", "violations.yaml", "regions.csv", "contexts.yaml"):
        shutil.copy(house / "rules" / name, folder / name)
    return folder


@pytest.fixture
def write(rules: Path) -> Write:
    """Writes a rule (over an older one of its name) and gives the detector as it is then."""

    def change(
        words: str, id: str = "best", violation: str = "absolute_claim", strength: float = 0.7
    ) -> Detector:
        text = RULE.format(
            id=id, words=words, violation=violation, strength=strength, hit=words.split(",")[0]
        )
        (rules / "violations" / f"{id}.yaml").write_text(text, encoding="utf-8")
        return detectors.load(rules)

    return change


Hunter = Callable[..., Hunt]


@pytest.fixture
def hunt(store: Store, rules: Path) -> Hunter:
    def run(detector: Detector | None = None, **order: Any) -> Hunt:
        found = retrohunt(store, rules, HuntOrder(**order), detector=detector)
        assert found is not None
        return found

    return run


def count(store: Store, table: type[m.Base]) -> int:
    with store.session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def numbers(told: dict[str, Any] | None) -> dict[str, Any]:
    assert told is not None
    return {"listings": told["listings"], **told["violations"]}


def test_a_new_word_opens_and_grows_clues_and_the_result_is_the_preview(
    store: Store, tmp_path: Path, write: Write, hunt: Hunter
) -> None:
    old = write("最好")
    night(store, tmp_path / "v", old, [
        offer("最好的茶", 1), offer("顶级的茶", 2), offer("顶级的饼茶", 3, "云上茶庄"),
        offer("顶级又最好的茶", 4), offer("普通的茶", 5),
    ])  # fmt: skip
    new = write("最好, 顶级")
    before = hunt(new)
    # 虚构茶行 has a clue by 最好, 云上茶庄 has none; 顶级 comes on listings 2, 3 and 4.
    said = {"listings": 3, "comes": 3, "goes": 0, "opens": 1, "grows": 1, "bare": 0}
    assert numbers(before.preview) == {"listings": 3, "absolute_claim": said}
    assert (before.state, before.seen, before.rules) == ("ready", 5, ["best"])
    assert count(store, m.SignalRow) == 2 and count(store, m.Clue) == 1, "a preview changes nothing"

    after = hunt(new, resume=before.id, apply=True)
    assert after.state == "done" and numbers(after.result) == numbers(before.preview)
    assert count(store, m.SignalRow) == 5 and count(store, m.Clue) == 2
    digest = rule_digests(new.ruleset)["best"]
    with store.session() as session:
        digests = session.scalars(select(m.SignalRow.rule_digest).order_by(m.SignalRow.id)).all()
        assert digests[2:] == [digest] * 3 and digest not in digests[:2]
        clue = one_clue(session, 2)
        assert clue is not None and clue.shop == "云上茶庄" and clue.evidence == 1
    hunt(new, resume=before.id, apply=True)
    assert count(store, m.SignalRow) == 5, "applied once, however often it is asked"


def test_a_signal_that_the_rule_gives_no_more_is_marked_and_stays(
    store: Store, tmp_path: Path, write: Write, hunt: Hunter
) -> None:
    night(store, tmp_path / "v", write("最好, 顶级"), [offer("最好的茶", 1), offer("顶级的茶", 2)])
    done = hunt(write("最佳"), apply=True)
    said = {"listings": 2, "comes": 0, "goes": 2, "opens": 0, "grows": 0, "bare": 1}
    assert numbers(done.preview) == {"listings": 2, "absolute_claim": said} == numbers(done.result)
    assert count(store, m.SignalRow) == 2 and count(store, Superseded) == 2
    with store.session() as session:
        clue = one_clue(session, 1)
        assert clue is not None and clue.state == "new" and clue.signals == 2
        assert all(one["superseded_at"] for one in clue.detail["signals"])


def test_a_stronger_rule_takes_the_place_of_the_weaker_and_opens_the_clue(
    store: Store, tmp_path: Path, write: Write, hunt: Hunter
) -> None:
    night(store, tmp_path / "v", write("顶级", strength=0.3), [offer("顶级的茶", 1)])
    assert count(store, m.SignalRow) == 1 and count(store, m.Clue) == 0
    done = hunt(write("顶级", strength=0.8), apply=True)
    said = {"listings": 1, "comes": 1, "goes": 1, "opens": 1, "grows": 0, "bare": 0}
    assert numbers(done.result) == {"listings": 1, "absolute_claim": said}


def test_only_rules_that_pages_have_not_seen_are_run_unless_named(
    store: Store, rules: Path, tmp_path: Path, write: Write, hunt: Hunter
) -> None:
    old = write("最好")
    night(store, tmp_path / "v", old, [offer("最好的茶", 1), offer("高仿的茶", 2)])
    assert retrohunt(store, rules, HuntOrder(), detector=old) is None, "all was looked at"
    new = write("高仿", "fakes", "counterfeit")
    assert hunt(new, apply=True).rules == ["fakes"]
    assert retrohunt(store, rules, HuntOrder(), detector=new) is None, "the hunt looked at all"
    night(store, tmp_path / "v", new, [offer("最好的茶砖", 3)], day=1)
    assert retrohunt(store, rules, HuntOrder(), detector=new) is None
    assert hunt(new, rules=("best",)).preview == {
        "violations": {}, "listings": 0, "grows": [], "opens": [],
    }  # fmt: skip
    (rules / "violations" / "best.yaml").unlink()
    gone = hunt(detectors.load(rules), apply=True)
    assert gone.rules == ["best"] and numbers(gone.result)["absolute_claim"]["goes"] == 2


def test_examples_and_titles_do_not_make_a_rule_another(rules: Path, write: Write) -> None:
    write("最好")
    before = rule_digests(load_rules(rules))
    path = rules / "violations" / "best.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("普通的茶", "平常的茶").replace("试验", "另一"), encoding="utf-8")
    assert rule_digests(load_rules(rules)) == before
    path.write_text(text.replace("0.7", "0.6"), encoding="utf-8")
    assert rule_digests(load_rules(rules)) != before


def test_goods_and_dates_bound_it(store: Store, tmp_path: Path, write: Write, hunt: Hunter) -> None:
    from datetime import timedelta

    from tests.sweeps.night import NOW

    old = write("最好")
    night(store, tmp_path / "v", old, [offer("顶级的茶", 1)])
    night(store, tmp_path / "v", old, [offer("顶级的饼茶", 2)], day=9)
    new = write("顶级")
    assert hunt(new, since=NOW + timedelta(days=5)).seen == 1
    assert hunt(new, goods=("tea",)).seen == 2
    assert hunt(new, goods=("apparel",)).seen == 0


def test_what_was_found_by_other_rules_or_after_another_hunt_is_not_applied(
    store: Store, tmp_path: Path, write: Write, hunt: Hunter
) -> None:
    night(store, tmp_path / "v", write("最好"), [offer("顶级的茶", 1)])
    first = write("顶级")
    early, other = hunt(first), hunt(first)
    with pytest.raises(HuntError, match="the rules changed since hunt"):
        hunt(write("最佳"), resume=early.id, apply=True)
    first = write("顶级")
    hunt(first, resume=other.id, apply=True)
    with pytest.raises(HuntError, match=f"hunt {other.id} was applied since"):
        hunt(first, resume=early.id, apply=True)
    assert count(store, m.SignalRow) == 1


def test_a_hunt_names_what_it_does_not_know(write: Write, hunt: Hunter) -> None:
    with pytest.raises(HuntError, match="no such rule: besst"):
        hunt(write("最好"), rules=("besst",))
    with pytest.raises(HuntError, match="no hunt 7"):
        hunt(write("最好"), resume=7)


def _state(store: Store) -> list[Any]:
    """All that a hunt writes, without times."""
    with store.session() as session:
        signals = select(m.SignalRow.observation_id, m.SignalRow.text, m.SignalRow.strength)
        return [
            sorted(map(tuple, session.execute(signals))),
            sorted(map(tuple, session.execute(select(m.Clue.subject, m.Clue.violation)))),
            sorted(session.scalars(select(Superseded.signal_id))),
            session.scalar(select(func.count()).select_from(m.ClueSignal)),
        ]


def test_stopped_in_any_chunk_it_goes_on_and_doubles_nothing(
    store: Store, tmp_path: Path, write: Write, hunt: Hunter, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [
        offer(f"顶级的茶{n}" if n % 2 else f"最好的茶{n}", n, f"茶行{n % 5}") for n in range(30)
    ]
    night(store, tmp_path / "v", write("最好"), pages)
    new = write("顶级")
    monkeypatch.setattr(hunting, "CHUNK", 4)
    monkeypatch.setattr("sweeps.outcome.BATCH", 4)
    said = numbers(hunt(new).preview)

    class Stop(Exception):
        pass

    def stopping(_: str, done: int, of: int) -> None:
        raise Stop

    order = HuntOrder(apply=True)
    for _ in range(20):
        try:
            found = retrohunt(store, tmp_path / "rules", order, stopping, new)
        except Stop:
            with store.session() as session:
                last = session.scalar(select(func.max(Hunt.id))) or 0
            order = HuntOrder(apply=True, resume=last)
        else:
            break
    assert found is not None and found.state == "done" and found.seen == 30
    assert numbers(found.result) == numbers(found.preview) == said
    # 15 pages of 最好 lose their signal, 15 of 顶级 have one.
    signals, clues, superseded, links = _state(store)
    assert len(signals) == 30 and len(superseded) == 15 and len(clues) == 5 and links == 30


def test_killed_in_the_middle_its_end_is_that_of_an_undisturbed_one(
    store_url: str, tmp_path: Path, write: Write, rules: Path
) -> None:
    pages = [
        offer(f"顶级的茶{n}" if n % 2 else f"最好的茶{n}", n, f"茶行{n % 40}") for n in range(600)
    ]
    store = open_store(store_url)
    night(store, tmp_path / "v", write("最好"), pages)
    write("顶级")
    code = (
        "import sys; from pathlib import Path; from storage import open_store\n"
        "from sweeps import retrohunt as h; import sweeps.outcome as o; h.CHUNK = o.BATCH = 50\n"
        "h.retrohunt(open_store(sys.argv[1]), Path(sys.argv[2]),\n"
        "            h.HuntOrder(apply=True, jobs=2, resume=int(sys.argv[3])))\n"
    )

    def run(resume: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", code, store_url, str(rules), str(resume)]
        return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(Path.cwd())})

    def reached() -> tuple[int, int]:
        with store.session() as session:
            row = session.execute(select(Hunt.looked_to, Hunt.applied_to)).first()
            return (row[0], row[1]) if row else (0, 0)

    for look, apply in ((200, 0), (600, 100), (600, 300)):
        process = run(1 if count(store, Hunt) else 0)
        while process.poll() is None and (reached()[0] < look or reached()[1] < apply):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert run(1).wait() == 0
    with store.session() as session:
        done = session.scalars(select(Hunt)).one()
    assert done.state == "done" and done.seen == 600
    assert numbers(done.result) == numbers(done.preview)
    signals, clues, superseded, links = _state(store)
    assert len(signals) == len(set(signals)) == 600 and len(superseded) == 300
    assert len(clues) == 40 and links == 600
    assert count(store, HuntFind) == 600 and count(store, SweepEdition) == 1
    store.close()
