"""Operators: the list, one with its shops and the grounds on which they are one, merging and splitting."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from clues.browse import MOST, OperatorQuery, browse_operators, count_found
from clues.filters import ClueFilter
from clues.links import KINDS
from clues.operators import one_operator
from clues.query import find_clues
from desk.minute import minute_of
from desk.owners import head_seen, judge_link, merge_operators, split_off, visible_shops
from desk.pages.shops import ROWS, Id, Page, words
from desk.screen import draw
from desk.visit import Reads, Settles
from watching.standing import source_title

__all__ = ["router"]

CLUES = 50
SHOWN = 200
"""Shops, facts, links and changes that a page shows at most."""
CHANGES = {"adopt": "归入", "merge": "合并", "split": "拆分", "undo": "撤回"}
VERDICTS = {"link": "认定", "confirm": "确认", "cut": "否定"}
REGISTRY = {
    "confirmed": "登记相符", "other_name": "名称不符", "cancelled": "已注销", "unknown_code": "代码查无登记",
    "unknown_name": "名称查无登记", "bad_code": "代码有误",
}  # fmt: skip
Reason = Annotated[str, Form(max_length=500)]
router = APIRouter()


@router.get("/operators")
def operators(
    request: Request, visit: Reads, text: Annotated[str, Query(max_length=200)] = "",
    region: Annotated[str, Query(pattern=r"^(\d{2,12})?$")] = "",
    sort: Literal["clues", "shops", "newest"] = "clues", page: Page = 1,
) -> HTMLResponse:  # fmt: skip
    """The list; of an officer with a county those that bear its clues."""
    asked = OperatorQuery(
        text=words(text), region=region, sort=sort, bears=visit.region, limit=ROWS + 1,
        offset=(page - 1) * ROWS,
    )  # fmt: skip
    kept = minute_of(request)
    with visit.reading() as session:
        rows = kept.of(("operators", asked), lambda: browse_operators(session, asked))
        count = kept.of(("operators counted", asked), lambda: count_found(session, asked))
    return draw(
        request, visit, "operators.html", rows=rows[:ROWS], more=len(rows) > ROWS, count=count, most=MOST,
        asked=asked, page=page,
    )  # fmt: skip


@router.get("/operators/{operator_id}")
def operator(request: Request, visit: Reads, operator_id: Id) -> HTMLResponse:
    """All that is known of one."""
    with visit.reading() as session:
        head = head_seen(visit, session, operator_id)
        found = one_operator(session, head)
        clues = find_clues(session, ClueFilter(operator=head, region=visit.region, limit=CLUES))
        visible = visible_shops(visit, session, found["links"])
        undone = {one["undoes"] for one in found["changes"]}
    visit.saw("operator", head)
    return draw(
        request, visit, "operator.html", one=found, asked=operator_id, clues=clues, visible=visible,
        kinds=KINDS, undone=undone, CHANGES=CHANGES, VERDICTS=VERDICTS, REGISTRY=REGISTRY, shown=SHOWN,
        full=CLUES, source_title=source_title,
    )  # fmt: skip


def _back(operator_id: int) -> Response:
    return RedirectResponse(f"/operators/{operator_id}", 303)


@router.post("/operators/{operator_id}/merge")
def merge(
    visit: Settles, operator_id: Id, other: Annotated[int, Form(ge=1, le=2**53)], reason: Reason
) -> Response:
    """Another operator's shops and clues come under this one."""
    with visit.writing() as session:
        head = merge_operators(visit, session, operator_id, other, _said(reason))
    return _back(head)


@router.post("/operators/{operator_id}/split")
def split(
    visit: Settles, operator_id: Id, reason: Reason,
    shop: Annotated[list[int] | None, Form()] = None, change: Annotated[int, Form(ge=0, le=2**53)] = 0,
) -> Response:  # fmt: skip
    """Shops leave it with their clues, or a merge is taken back: one of the two."""
    if bool(shop) == bool(change):
        raise HTTPException(422, "请选择要拆出的网店，或要撤回的合并")
    with visit.writing() as session:
        head = split_off(visit, session, operator_id, shop or (), change, _said(reason))
    return _back(head)


@router.post("/operators/{operator_id}/links/{link_id}")
def judge(
    visit: Settles, operator_id: Id, link_id: Id, verdict: Annotated[Literal["confirm", "cut"], Form()],
    reason: Reason,
) -> Response:  # fmt: skip
    """A link is right, and its operators become one; or it is wrong, and counts no more."""
    with visit.writing() as session:
        head = judge_link(visit, session, operator_id, link_id, verdict, _said(reason))
    return _back(head)


def _said(reason: str) -> str:
    clean = words(reason)
    if not clean:
        raise HTTPException(422, "请说明理由")
    return clean
