"""Rules: what each looks for, how often it was right, trying it, checking a change of its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clues.filters import in_region
from clues.precision import Measured
from clues.standing import standing
from desk.office import Office
from desk.screen import draw
from desk.trial import FIELDS, TrialError, check_file, listing_of, try_text
from desk.visit import Reads, Settles, Visit
from detectors.ruleset import Rule
from storage.casework import Verdict
from storage.models import Clue, ClueSignal, Shop, SignalRow

__all__ = ["measured", "router"]

router = APIRouter()
LOOKED, SHOWN = 300, 20
"""Of the worst clues of its violation so many are looked at for a rule's, and so many are shown."""


def measured(session: Session, of: str = "") -> dict[str, Measured]:
    """Verdicts on the clues of each rule (or of one), by its id, as `clues.precision` counts."""
    rows = (
        select(SignalRow.rule, Verdict.right, func.count(Verdict.clue_id.distinct()))
        .join(ClueSignal, ClueSignal.clue_id == Verdict.clue_id)
        .join(SignalRow, SignalRow.id == ClueSignal.signal_id)
        .group_by(SignalRow.rule, Verdict.right)
    )
    if of:
        rows = rows.where(SignalRow.rule == of)
    counts: dict[str, list[int]] = {}
    for rule, right, count in session.execute(rows):
        counts.setdefault(rule, [0, 0])[0 if right else 1] += count
    return {rule: Measured("rule", rule, *both) for rule, both in counts.items()}


def _figures(request: Request, session: Session) -> Mapping[str, Measured]:
    """Of all rules; counted anew where a verdict was given or taken back since."""
    state = request.app.state
    mark = session.execute(select(func.count(), func.max(Verdict.at)).select_from(Verdict)).one()
    kept = getattr(state, "rule_figures", None)
    if kept is None or kept[0] != tuple(mark):
        kept = (tuple(mark), measured(session))
        state.rule_figures = kept
    found: Mapping[str, Measured] = kept[1]
    return found


@router.get("/rules")
def listed(
    request: Request, visit: Reads, text: Annotated[str, Query(max_length=200)] = ""
) -> HTMLResponse:
    """All rules by violation."""
    office = visit.office
    with visit.reading() as session:
        figures = _figures(request, session)
    asked = text.casefold().split()
    groups: dict[str, list[Rule]] = {id_: [] for id_ in office.violations}
    for rule in sorted(office.rules.rules.values(), key=lambda one: one.id):
        if all(word in _searched(office, rule) for word in asked):
            groups[rule.violation].append(rule)
    return draw(
        request, visit, "rules.html", text=text, groups={k: v for k, v in groups.items() if v},
        figures=figures, count=sum(map(len, groups.values())), whole=len(office.rules.rules),
        threshold=office.rules.threshold,
    )  # fmt: skip


def _searched(office: Office, rule: Rule) -> str:
    laws = [office.rules.laws[id_] for id_ in rule.law]
    said = [rule.id, rule.title, rule.violation, office.violations[rule.violation], rule.reason, rule.false_alarms]  # fmt: skip
    said += [f"{one['law']}{one.get('article', '')}" for one in laws]
    return "\n".join(said).casefold()


def _rule(visit: Visit, rule_id: str) -> Rule:
    rule = visit.office.rules.rules.get(rule_id)
    if rule is None:
        raise HTTPException(404)
    return rule


def _file(visit: Visit, rule: Rule) -> str:
    """Its file as it stands; 404 where it went since the desk began."""
    try:
        path = visit.office.settings.rules_dir / "violations" / rule.file
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise HTTPException(404) from None


@router.get("/rules/{rule_id}")
def one(request: Request, rule_id: str, visit: Reads) -> HTMLResponse:
    """A rule: its file, the law behind it, its examples, its verdicts and clues."""
    rule = _rule(visit, rule_id)
    file = _file(visit, rule)
    laws = visit.office.rules.laws
    with visit.reading() as session:
        figure = measured(session, rule.id).get(rule.id)
        clues = _clues(session, visit, rule)
    return draw(
        request, visit, "rules_one.html", rule=rule, file=file, figure=figure, clues=clues,
        laws=[laws[id_] | {"follows": laws.get(laws[id_].get("penalty", ""))} for id_ in rule.law],
        threshold=visit.office.rules.threshold(rule.violation), looked=LOOKED, example=_example,
    )  # fmt: skip


def _example(said: Any) -> str:
    """An example as one line."""
    if isinstance(said, str):
        return said
    return "；".join(f"{name}：{value}" for name, value in dict(said).items())


def _clues(session: Session, visit: Visit, rule: Rule) -> list[tuple[Clue, str]]:
    """The worst clues of its violation that a signal of the rule stands in, with their shops."""
    looked = select(Clue.id).where(standing(), Clue.violation == rule.violation)
    if visit.region:
        looked = looked.where(in_region(Clue.region, visit.region))
    worst = (Clue.score.desc(), Clue.grown_at.desc(), Clue.id)
    first = looked.order_by(*worst).limit(LOOKED).subquery()
    theirs = (
        select(ClueSignal.clue_id)
        .join(SignalRow, SignalRow.id == ClueSignal.signal_id)
        .where(ClueSignal.clue_id.in_(select(first.c.id)), SignalRow.rule == rule.id)
    )
    rows = session.execute(
        select(Clue, Shop.name)
        .join(Shop, Shop.id == Clue.shop_id)
        .where(Clue.id.in_(theirs))
        .order_by(*worst)
        .limit(SHOWN)
    )
    return [(clue, shop) for clue, shop in rows]


@router.get("/rules/{rule_id}/try")
def trial(request: Request, rule_id: str, visit: Reads) -> HTMLResponse:
    """A form for a text."""
    return _trial(request, visit, _rule(visit, rule_id), {"field": "text"})


def _trial(
    request: Request, visit: Visit, rule: Rule, said: dict[str, str], code: int = 200, **more: Any
) -> HTMLResponse:
    said = {"text": "", "title": "", "price": "", "original_price": "", "goods": ""} | said
    more = {"tried": None, "problem": ""} | more
    titles = {id_: one.title for id_, one in visit.office.rules.rules.items()}
    return draw(request, visit, "rules_try.html", code, rule=rule, said=said, fields=FIELDS, titles=titles, **more)  # fmt: skip


@router.post("/rules/{rule_id}/try")
def tried(
    request: Request,
    rule_id: str,
    visit: Reads,
    text: Annotated[str, Form()] = "",
    field: Annotated[str, Form(max_length=40)] = "text",
    title: Annotated[str, Form()] = "",
    price: Annotated[str, Form(max_length=40)] = "",
    original_price: Annotated[str, Form(max_length=40)] = "",
    goods: Annotated[str, Form(max_length=64)] = "",
) -> HTMLResponse:
    """What the rule, and all others, say of a pasted text."""
    rule = _rule(visit, rule_id)
    more = {"title": title, "price": price, "original_price": original_price, "goods": goods}
    said = {"text": text, "field": field} | more
    try:
        found = try_text(visit.office.detector, rule, listing_of(field, text, more))
    except TrialError as error:
        return _trial(request, visit, rule, said, 422, problem=str(error))
    return _trial(request, visit, rule, said, tried=found)


@router.get("/rules/{rule_id}/check")
def draft(request: Request, rule_id: str, visit: Settles) -> HTMLResponse:
    """A form for another text of the file."""
    rule = _rule(visit, rule_id)
    return draw(request, visit, "rules_check.html", rule=rule, said=_file(visit, rule), checked=None, problem="")  # fmt: skip


@router.post("/rules/{rule_id}/check")
def checked(
    request: Request, rule_id: str, visit: Settles, text: Annotated[str, Form()] = ""
) -> HTMLResponse:
    """What is wrong with it, what it changes, what its examples do; nothing is written."""
    rule = _rule(visit, rule_id)
    office = visit.office
    found, problem = None, ""
    try:
        found = check_file(office.settings.rules_dir, office.rules.rules, rule, text)
    except (TrialError, OSError) as error:
        problem = str(error)
    return draw(
        request, visit, "rules_check.html", 422 if problem else 200, rule=rule, said=text,
        checked=found, problem=problem,
    )  # fmt: skip
