"""What officers do with a clue: its steps, log, deadlines, department, joint cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from commands.screen import Failed, err, out, plain_errors, say, store_session

__all__ = ["attach", "departments_of"]

Ids = Annotated[list[int], typer.Argument(metavar="ID...", help="clues; each step stands alone")]
Id = Annotated[int, typer.Argument(metavar="ID")]
By = Annotated[str, typer.Option("--as", help="the officer's name, for the log")]
Why = Annotated[str, typer.Option("--why", help="the reason, for the log")]
Seen = Annotated[
    int | None,
    typer.Option("--version", help="the clue's version as you saw it; another since then is told"),
]

case_app = typer.Typer(no_args_is_help=True, help="Joint cases of several departments.")


def departments_of() -> tuple[Any, Any]:
    """The rules, and the departments."""
    import settings
    from clues.routing import load_departments
    from detectors.ruleset import load_rules

    folder = settings.load().rules_dir
    rules = load_rules(folder)
    return rules, load_departments(folder, rules.violations, [g["id"] for g in rules.goods])


def _warn_of_clock(event: Any) -> None:
    if event.clock_back:
        err.print(
            f"yunjian: the clock stands {event.clock_back} s before the step taken last; it was written "
            "as it stands and marked in the log: set the clock right",
            markup=False,
            soft_wrap=True,
        )


def _took(event: Any) -> None:
    from clues.lifecycle import STATES, STEPS, china_time

    say(
        f"线索 {event.clue_id}  {STEPS[event.action].title}  {STATES[event.from_state]} → "
        f"{STATES[event.to_state]}  {event.by}  {china_time(event.at)}  版本 {event.number}"
    )
    _warn_of_clock(event)


def _each(ids: list[int], act: Callable[[Any, int], None]) -> None:
    """Each clue in a transaction of its own: one that fails is named, the others are done."""
    from clues.log import CaseError

    failed = 0
    for clue_id in ids:
        try:
            with store_session() as session:
                act(session, clue_id)
        except CaseError as error:
            if len(ids) == 1:
                raise
            failed += 1
            err.print(f"yunjian: {error}", markup=False, soft_wrap=True)
    if failed:
        raise Failed(f"{failed} of {len(ids)} steps were not taken")


def _step(action: str) -> Callable[..., None]:
    def command(ids: Ids, by: By, why: Why, version: Seen = None) -> None:
        from clues.lifecycle import take

        with plain_errors():
            _each(
                ids,
                lambda session, id_: _took(take(session, id_, action, by, why, version=version)),
            )

    return command


def transfer(
    ids: Ids, by: By, why: Why,
    to: Annotated[str, typer.Option("--to", help="department; the one proposed if left out")] = "",
    version: Seen = None,
) -> None:  # fmt: skip
    """Hand a verified clue to the department in charge."""
    from clues.handover import hand_over
    from clues.log import last_event
    from storage.models import Clue

    with plain_errors():
        rules, departments = departments_of()

        def act(session: Any, clue_id: int) -> None:
            made = hand_over(
                session, departments, rules.regions, clue_id, to, by, why, version=version
            )
            _took(last_event(session, session.get(Clue, clue_id).docket))
            basis = "；".join(made.grounds) or "行动方案四(二)"
            say(f"      移送 {departments.all[made.department].name}  依据 {basis}")

        _each(ids, act)


def answer(
    clue_id: Id, by: By,
    why: Annotated[str, typer.Option("--why", help="what the department answered")],
    department: Annotated[str, typer.Option("--from", help="the department that answers")],
    result: Annotated[str, typer.Option(help="upheld, unfounded or declined")],
    version: Seen = None,
) -> None:  # fmt: skip
    """Record a department's answer; it returns to who handed the clue over."""
    from clues.handover import RESULTS
    from clues.handover import answer as answered

    with plain_errors():
        _, departments = departments_of()
        with store_session() as session:
            asked, event = answered(
                session, departments, clue_id, department, by, why, result, version=version
            )
            _took(event)
            name = departments.all[asked.department].name
            say(f"      {name}：{RESULTS[result]}  反馈给 {asked.sent_by}")


def feedback(
    finder: Annotated[str, typer.Option("--for", help="who handed the clues over")] = "",
) -> None:
    """List the departments' answers, newest first."""
    from clues.handover import RESULTS, answers_for
    from clues.lifecycle import china_time

    with plain_errors():
        _, departments = departments_of()
        with store_session() as session:
            found = answers_for(session, finder)
            for sent, clue in found:
                name = departments.all[sent.department].name
                say(
                    f"线索 {clue.id}  {clue.violation}  {name}：{RESULTS[sent.result]}  "
                    f"{china_time(sent.answered_at)}  {sent.answered_by}：{sent.answer}  （反馈给 {sent.sent_by}）"
                )
        say(f"{len(found)} answers")


def route(clue_id: Id, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Propose the department in charge, with its legal ground."""
    from dataclasses import asdict

    from clues.log import CaseError
    from storage.models import Clue

    with plain_errors():
        rules, departments = departments_of()
        with store_session() as session:
            clue = session.get(Clue, clue_id)
            if clue is None:
                raise CaseError(f"no clue {clue_id}; `yunjian clues` lists them")
            found = departments.propose(clue.violation, clue.goods, clue.region, rules.regions)
        if as_json:
            print(json.dumps(asdict(found), ensure_ascii=False))
            return
        say(
            f"线索 {clue_id}  {clue.violation}  {'、'.join(clue.goods)}  {found.place or '地域不明'}"
        )
        titles = {"lead": "主办", "joint": "协办", "inform": "通报"}
        for part in (found.lead, *found.others):
            say(f"{titles[part.role]}  {part.name}（{part.authority}）  {part.department}")
            say(f"      职责  {part.words}")
            if part.condition:
                say(f"      条件  {part.condition}")
            if part.basis:
                say(f"      依据  {part.basis}")
        say("本部门办理" if found.ours else "建议移送；是否移送由执法人员决定")


def log(clue_id: Id, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Print a clue's log and check its chain; exit 1 if it is broken."""
    from clues.log import CaseError, check, events_of
    from storage.casework import ClueEvent
    from storage.models import Clue

    with plain_errors(), store_session() as session:
        clue = session.get(Clue, clue_id)
        if clue is None:
            from sqlalchemy import select

            merges = session.scalars(select(ClueEvent).where(ClueEvent.action == "merge"))
            heir = next((e.clue_id for e in merges if e.detail["clue_id"] == clue_id), None)
            hint = f"it was merged into clue {heir}" if heir else "`yunjian clues` lists them"
            raise CaseError(f"no clue {clue_id}; {hint}")
        events = events_of(session, clue.docket)
        wrong = check(session, clue)
        if as_json:
            rows = [{c.key: getattr(e, c.key) for c in ClueEvent.__table__.columns} for e in events]
            print(json.dumps({"clue": clue_id, "events": rows, "broken": wrong}, ensure_ascii=False, default=str))  # fmt: skip
        else:
            _print_log(session, clue, events)
        if wrong:
            raise Failed(f"the log of clue {clue_id} is broken: {wrong[0]}")
        if not as_json:
            say(f"{len(events)} 条记录，链条完整")


def _print_log(session: Any, clue: Any, events: list[Any], indent: str = "") -> None:
    from clues.lifecycle import RECORDS, STATES, STEPS, china_time
    from clues.log import events_of

    if not indent:
        say(f"线索 {clue.id}  {clue.violation}  现状 {STATES[clue.state]}  立线索 {china_time(clue.opened_at)}  来源 {clue.intake}")  # fmt: skip
    for event in events:
        title = STEPS[event.action].title if event.action in STEPS else RECORDS[event.action]
        more = "".join(f"  {k}={v}" for k, v in event.detail.items() if k not in ("docket", "head"))
        back = f"  【时钟倒退 {event.clock_back} 秒】" if event.clock_back else ""
        say(
            f"{indent}{event.number:>3}  {china_time(event.at)}{back}  {event.by}  {title}  "
            f"{STATES[event.from_state]} → {STATES[event.to_state]}{more}"
        )
        say(f"{indent}     {event.why}  [{event.hash[:12]}]")
        if event.action == "merge":
            own = events_of(session, event.detail["docket"])
            _print_log(session, clue, own, indent + "     │ ")


def deadlines(
    due: Annotated[str, typer.Option(help="at most so many working days left, as 3d; all if empty")] = "",
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:  # fmt: skip
    """Reminders: what is overdue or due, most urgent first."""
    import settings
    from clues.deadlines import clue_reminders, load_periods, penalty_reminders

    with plain_errors():
        if form not in ("table", "json"):
            raise Failed(f"no such format: {form} (table or json)", 2)
        if due and not (due.removesuffix("d").isdigit() and len(due) < 6):
            raise Failed(f"--due: a number of working days is wanted, as in 3d, not {due!r}", 2)
        periods = load_periods(settings.load().rules_dir)
        _, departments = departments_of()
        now = datetime.now(UTC)
        with store_session() as session:
            found = [
                *clue_reminders(session, periods, now, departments.all),
                *penalty_reminders(session, periods, now, departments.province),
            ]
        if due:
            found = [one for one in found if one.left <= int(due.removesuffix("d"))]
        found.sort(key=lambda one: (one.due, one.clue_id or 0))
        if form == "json":
            print(json.dumps([one.to_dict() for one in found], ensure_ascii=False))
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in ("到期", "剩余工作日", "线索", "事项", "主体/部门", "依据"):
            table.add_column(heading, overflow="fold")
        for one in found:
            day = f"{one.due}" + ("" if one.certain else " 约")
            left = f"逾期 {-one.left}" if one.left < 0 else str(one.left)
            cells = (day, left, str(one.clue_id or ""), one.what, one.who, one.basis)
            table.add_row(*(escape(cell) for cell in cells))
        out.print(table)
        late = sum(one.left < 0 for one in found)
        say(f"{len(found)} due, {late} overdue" + ("; 约: 该年节假日安排未公布，只扣除周末" if any(not o.certain for o in found) else ""))  # fmt: skip


@case_app.command("open")
def case_open(
    ids: Ids, by: By, why: Why,
    departments: Annotated[list[str], typer.Option("--departments", help="ids, joined by commas; may repeat")],
) -> None:  # fmt: skip
    """Open a joint case: each clue goes to each department."""
    from clues.handover import open_case

    with plain_errors():
        rules, known = departments_of()
        names = [name.strip() for one in departments for name in one.split(",") if name.strip()]
        with store_session() as session:
            case = open_case(session, known, rules.regions, ids, names, by, why)
            said = "、".join(known.named(name).name for name in names)
            say(f"联合案件 {case.id}  线索 {'、'.join(map(str, ids))}  {said}")


@case_app.command("show")
def case_show(case_id: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Show a joint case with each department's answer."""
    from clues.handover import RESULTS, show_case
    from clues.lifecycle import china_time

    with plain_errors():
        _, known = departments_of()
        with store_session() as session:
            view = show_case(session, case_id)
            say(f"联合案件 {case_id}  {view.case.opened_by}  {china_time(view.case.opened_at)}  {view.case.why}")  # fmt: skip
            for sent in view.transfers:
                said = "待反馈"
                if sent.answered_at:
                    said = f"{RESULTS[sent.result]}  {sent.answered_by} {china_time(sent.answered_at)}：{sent.answer}"  # fmt: skip
                say(f"  线索 {sent.clue_id}  {known.all[sent.department].name}  {said}")
            say(f"{view.owing} of {len(view.transfers)} answers are owed")


@case_app.command("list")
def case_list() -> None:
    """List the joint cases, newest first."""
    from sqlalchemy import select

    from clues.handover import show_case
    from storage.casework import JointCase

    with plain_errors(), store_session() as session:
        ids = session.scalars(select(JointCase.id).order_by(JointCase.id.desc())).all()
        for id_ in ids:
            view = show_case(session, id_)
            say(
                f"联合案件 {id_}  {len(view.transfers)} 项移送，待反馈 {view.owing}  {view.case.why}"
            )
        say(f"{len(ids)} joint cases")


_HELP = {
    "triage": "Take a new clue up.",
    "verify": "Begin to verify a clue.",
    "confirm": "Say that a clue is right.",
    "reject": "Say that a clue is a false alarm.",
    "close": "Close a clue that is dealt with.",
    "reopen": "Open a rejected or closed clue again.",
}


def attach(app: typer.Typer) -> None:
    """Add these commands."""
    for action, text in _HELP.items():
        app.command(action, help=text)(_step(action))
    for command in (transfer, answer, feedback, route, log, deadlines):
        app.command(command.__name__)(command)
    app.add_typer(case_app, name="case")
