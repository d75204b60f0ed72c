"""`yunjian retrohunt`: new or changed rules over everything ever seen.

First all observations are looked at (by several processes, in order of their ids; one
transaction keeps what a chunk would change and moves the cursor on). From these finds the
preview is counted, and the same finds are what is applied, later or at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

import detectors
from detectors import Detector
from storage import Store
from storage import models as m
from storage.hunts import Hunt, HuntFind, RuleEdition
from sweeps.editions import keep_edition, unseen_rules
from sweeps.hunting import Look, Looked, Scope, looks
from sweeps.outcome import OvertakenError, apply_batch, finish, preview

__all__ = [
    "HuntError",
    "HuntOrder",
    "apply_finds",
    "begun_or_resumed",
    "chunks",
    "hunts",
    "one_hunt",
    "overtaken",
    "retrohunt",
    "scope_of",
]

log = logging.getLogger("yunjian.retrohunt")

CHUNK = 500
"""Observations per look."""


class HuntError(RuntimeError):
    """A hunt that can't be run: says why, and what to do."""


@dataclass(frozen=True, slots=True)
class HuntOrder:
    """What is asked for. Without rules and violations: all that are new or changed."""

    rules: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()
    goods: tuple[str, ...] = ()
    since: datetime | None = None
    apply: bool = False
    resume: int = 0
    jobs: int = 1
    workers: bool = False
    """Whether it is left to whoever runs `yunjian worker`."""


Progress = Callable[[str, int, int], None]
"""Told the stage, how far it is and how far it goes."""


def retrohunt(
    store: Store,
    rules_dir: Path,
    order: HuntOrder,
    progress: Progress = lambda *_: None,
    detector: Detector | None = None,
) -> Hunt | None:
    """The hunt, with its `preview` and, where it was applied, its `result`; None where no rule
    is new or changed. Raises `HuntError`, or `RuleError` where the rules can't be used."""
    detector = detector or detectors.load(rules_dir)
    hunt = begun_or_resumed(store, detector, order)
    if hunt is None:
        return None
    about = {"event": "hunt.begun", "hunt": hunt.id, "state": hunt.state}
    log.info("%s rules over what was seen", len(hunt.rules), extra=about)
    if hunt.state == "looking":
        _look(store, rules_dir, detector, hunt, order.jobs, progress)
    if (order.apply and hunt.state != "done") or hunt.state == "applying":
        try:
            apply_finds(store, hunt.id, progress)
        except OvertakenError:
            raise HuntError(f"another process applies hunt {hunt.id}") from None
    hunt = one_hunt(store, hunt.id)
    about = {"event": "hunt.ended", "hunt": hunt.id, "state": hunt.state}
    log.info("%s pages looked at", hunt.seen, extra=about)
    return hunt


def hunts(store: Store) -> list[Hunt]:
    """All hunts, newest first."""
    with store.session() as session:
        return list(session.scalars(select(Hunt).order_by(Hunt.id.desc())))


def one_hunt(store: Store, hunt_id: int) -> Hunt:
    """One hunt as it stands. Raises `HuntError` where there is none."""
    with store.session() as session:
        hunt = session.get(Hunt, hunt_id)
    if hunt is None:
        raise HuntError(f"no hunt {hunt_id}; `yunjian retrohunt --list` lists them")
    return hunt


def begun_or_resumed(store: Store, detector: Detector, order: HuntOrder) -> Hunt | None:
    """The hunt that an order is about, nothing of it done yet; None where no rule is new or
    changed. Raises `HuntError`."""
    return _resumed(store, detector, order) if order.resume else _begun(store, detector, order)


def _begun(store: Store, detector: Detector, order: HuntOrder) -> Hunt | None:
    known = detector.edition[1]
    for kind, names, all_names in (
        ("rule", order.rules, known),
        ("violation", order.violations, detector.ruleset.violations),
        ("goods", order.goods, {group["id"]: group for group in detector.ruleset.goods}),
    ):
        if unknown := sorted(set(names) - all_names.keys()):
            raise HuntError(f"no such {kind}: {', '.join(unknown)}")
    with store.session() as session:
        if order.rules or order.violations:
            rules = {r for r, (_, v) in known.items() if r in order.rules or v in order.violations}
            rules |= set(order.rules)
        else:
            rules = set(unseen_rules(session, detector))
    if not rules:
        return None
    with store.writing() as session:
        hunt = Hunt(
            edition_id=keep_edition(session, detector),
            rules=sorted(rules),
            scope={
                "goods": sorted(order.goods),
                "since": order.since.isoformat() if order.since else "",
            },
            state="looking", workers="",
            last_id=session.scalar(select(func.max(m.Observation.id))) or 0,
            looked_to=0, applied_to=0, seen=0, problems=[], preview=None, result=None,
            started_at=datetime.now(UTC), ended_at=None,
        )  # fmt: skip
        session.add(hunt)
    return hunt


def _resumed(store: Store, detector: Detector, order: HuntOrder) -> Hunt:
    if order.rules or order.violations or order.goods or order.since:
        raise HuntError(f"hunt {order.resume} goes on as it was ordered; name no rules or goods")
    hunt = one_hunt(store, order.resume)
    at_work = hunt.state in ("looking", "applying") or hunt.workers == "apply"
    if hunt.workers and at_work and hunt.state != "done" and not order.workers:
        raise HuntError(f"hunt {hunt.id} is left to workers: --resume {hunt.id} --workers")
    with store.session() as session:
        edition = session.get_one(RuleEdition, hunt.edition_id)
        if hunt.state != "done" and edition.digest != detector.edition[0]:
            raise HuntError(f"the rules changed since hunt {hunt.id} began; begin a new one")
        if hunt.state in ("looking", "ready"):
            overtaken(session, hunt)
    return hunt


def overtaken(session: Session, hunt: Hunt) -> None:
    """Raises `HuntError` where another hunt was applied since this one began."""
    later = session.scalar(
        select(Hunt.id)
        .where(Hunt.id != hunt.id, Hunt.state.in_(("applying", "done")))
        .where(func.coalesce(Hunt.ended_at, datetime.now(UTC)) > hunt.started_at)
        .limit(1)
    )
    if later is not None:
        raise HuntError(f"hunt {later} was applied since hunt {hunt.id} began; begin a new one")


def scope_of(session: Session, hunt: Hunt, detector: Detector) -> Scope:
    """What a hunt is about; of rules that are gone the newest edition that had them tells the
    violation."""
    editions: dict[str, list[str]] = {}
    for old in session.scalars(select(RuleEdition).order_by(RuleEdition.id)):
        editions |= old.rules
    told = {**editions, **detector.edition[1]}
    return Scope(
        frozenset(hunt.rules),
        frozenset(told[rule][1] for rule in hunt.rules if rule in told),
        frozenset(hunt.scope["goods"]),
        datetime.fromisoformat(hunt.scope["since"]) if hunt.scope["since"] else None,
    )


def chunks(store: Store, after: int, last: int) -> Iterator[Look]:
    """What there is behind `after` up to `last`, in looks of some hundred observations."""
    while after < last:
        with store.session() as session:
            ids = (
                select(m.Observation.id)
                .where(m.Observation.id > after, m.Observation.id <= last)
                .order_by(m.Observation.id)
                .limit(CHUNK)
            )
            to = session.scalar(select(func.max(ids.subquery().c.id)))
        if to is None:
            return
        yield Look(after, to)
        after = to


def _look(
    store: Store, rules_dir: Path, detector: Detector, hunt: Hunt, jobs: int, progress: Progress
) -> None:
    with store.session() as session:
        scope = scope_of(session, hunt, detector)
    wanted = chunks(store, hunt.looked_to, hunt.last_id)
    for looked in looks(detector, rules_dir, store, scope, wanted, jobs):
        _keep(store, hunt, looked)
        progress("looked at", looked.look.to, hunt.last_id)
    with store.session() as session:
        told = preview(session, hunt.id)
    with store.writing() as session:
        _set(session, hunt, preview=told, state="ready")


def _keep(store: Store, hunt: Hunt, looked: Looked) -> None:
    """A chunk's finds and the cursor behind it, or neither."""
    with store.session() as session:
        moved = session.scalar(
            update(Hunt)
            .where(Hunt.id == hunt.id, Hunt.looked_to == looked.look.after)
            .values(
                looked_to=looked.look.to,
                seen=Hunt.seen + looked.seen,
            )
            .returning(Hunt.id)
            .execution_options(synchronize_session=False)
        )
        if moved is None:
            raise HuntError(f"another process works on hunt {hunt.id}")
        if looked.finds:
            session.execute(
                insert(HuntFind), [{"hunt_id": hunt.id} | find for find in looked.finds]
            )
        if looked.problems:
            hunt.problems = [*hunt.problems, *looked.problems][:100]
            _set(session, hunt, problems=hunt.problems)


def _set(session: Any, hunt: Hunt, **values: Any) -> None:
    session.execute(
        update(Hunt)
        .where(Hunt.id == hunt.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    for name, value in values.items():
        setattr(hunt, name, value)


def apply_finds(store: Store, hunt_id: int, progress: Progress = lambda *_: None) -> None:
    """Do what the preview said, from where it was broken off. Raises `OvertakenError`."""
    with store.writing() as session:
        hunt = session.get_one(Hunt, hunt_id)
        hunt.state = "applying"
        last = hunt.last_id
    while apply_batch(store, hunt_id):
        with store.session() as session:
            progress("applied", session.get_one(Hunt, hunt_id).applied_to, last)
    finish(store, hunt_id)
