"""The page of one clue: its words, evidence, prices, company, log, and what may be done next."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from clues.access import opened
from clues.arrivals import WAYS
from clues.dues import dues_of
from clues.handover import RESULTS
from clues.lifecycle import RECORDS, STEPS, Conflict
from clues.log import CaseError, check, events_of
from clues.query import one_clue
from clues.standing import FOLDED
from desk.casefile import copied_reviews, signals_said
from desk.courses import graph_of, price_option, prices_of, promotions_of
from desk.screen import draw
from desk.similar import similar_clues
from desk.steps import allowed, do_step, latest
from desk.visit import Judges, Reads, Visit
from evidence.custody import note
from storage.casework import Transfer

__all__ = ["router"]

router = APIRouter()
MOST_SIGNALS = 200
MOST_EVENTS = 200
ACTS = {step: one.title for step, one in STEPS.items()} | RECORDS


@router.get("/clues/{clue_id:int}")
def page(request: Request, visit: Reads, clue_id: int) -> HTMLResponse:
    """One clue. That it was opened is put down, in the custody of its evidence too."""
    with visit.writing() as session:
        visit.clue(session, clue_id)
        opened(session, visit.officer, "clue", clue_id, "desk")
        note(session, clue_id, "opened", visit.officer)
    return _page(request, visit, clue_id)


def _page(
    request: Request, visit: Visit, clue_id: int, code: int = 200, problem: str = ""
) -> HTMLResponse:
    office = visit.office
    with visit.reading() as session:
        clue = visit.clue(session, clue_id)
        view = one_clue(session, clue_id, most=MOST_SIGNALS)
        assert view is not None
        texts, seen = signals_said(session, view, office.rules)
        listing_ids = list(dict.fromkeys(s["listing_id"] for s in view.detail["signals"]))
        titles = {s["listing_id"]: s["listing"] for s in view.detail["signals"]}
        prices = prices_of(session, listing_ids)
        first = next(iter(prices.values()), [])
        promotions = promotions_of(office.settings.rules_dir, first)
        events = events_of(session, clue.docket)
        folded = clue.subject.startswith(FOLDED)
        said: dict[str, Any] = {
            "clue": view,
            "folded": folded,
            "said": texts,
            "cut": view.signals > sum(len(one.signals) for one in texts),
            "reviews": copied_reviews(seen),
            "prices": prices,
            "titles": titles,
            "promotions": promotions,
            "price_option": price_option(prices, titles, promotions),
            "graph": graph_of(visit, session, clue, view.detail["links"]),
            "shots": [one for one in view.detail["evidence"] if one["kind"] == "screenshot"],
            "pages": [one for one in view.detail["evidence"] if one["kind"] == "page"],
            "events": events[-MOST_EVENTS:],
            "broken": [] if folded else check(session, clue),
            "transfers": _transfers(session, clue_id),
            "due": None if folded else dues_of(session, office.periods, [clue]).get(clue_id),
            "forms": allowed(visit, clue),
            "proposal": office.departments.propose(
                clue.violation, clue.goods, clue.region, office.rules.regions
            ),
        }
    return draw(
        request, visit, "clue.html", code, problem=problem, WAYS=WAYS, RESULTS=RESULTS, ACTS=ACTS,
        departments=office.departments.all, may_export=visit.may("export"), **said,
    )  # fmt: skip


def _transfers(session: Session, clue_id: int) -> list[Transfer]:
    asked = select(Transfer).where(Transfer.clue_id == clue_id).order_by(Transfer.id).limit(100)
    return list(session.scalars(asked))


@router.get("/clues/{clue_id:int}/similar")
def similar(request: Request, visit: Reads, clue_id: int) -> HTMLResponse:
    """The list of similar clues, which the page asks for when it is there."""
    with visit.reading() as session:
        found = similar_clues(session, visit.clue(session, clue_id), visit.region)
    return draw(request, visit, "clue-similar.html", found=found)


@router.post("/clues/{clue_id:int}/steps/{step}")
def step(
    request: Request,
    visit: Judges,
    clue_id: int,
    step: str,
    version: Annotated[int, Form()],
    why: Annotated[str, Form(max_length=4000)] = "",
    department: Annotated[str, Form(max_length=64)] = "",
    result: Annotated[str, Form(max_length=16)] = "",
) -> Response:
    """Take a step; what another officer did meanwhile is told, and nothing is written."""
    if step not in (*STEPS, "note"):
        raise HTTPException(404)
    try:
        with visit.writing() as session:
            clue = visit.clue(session, clue_id)
            do_step(visit, session, clue, step, version, why, department, result)
    except CaseError as error:
        with visit.reading() as session:
            said = latest(session, visit.clue(session, clue_id))
        first = isinstance(error, Conflict)
        why_not = "别人先动了这条线索" if first else f"没有办成（{ACTS[step]}）：{error}"
        return _page(request, visit, clue_id, 409, f"{why_not}。{said}。您的操作没有写入。")
    return RedirectResponse(f"/clues/{clue_id}", 303)
