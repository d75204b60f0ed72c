"""How pages are drawn: templates, words in two languages, times of China, money, short texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from clues.lifecycle import STATES, STEPS
from desk.casefile import field_name
from desk.roles import ROLES
from desk.visit import Visit, language, office_of
from watching.standing import source_title

__all__ = ["clipped", "draw", "draw_bare", "english", "shown_json", "yuan"]

HERE = Path(__file__).resolve().parent
_CHINA = timezone(timedelta(hours=8))


@cache
def english() -> dict[str, str]:
    """English words by the Chinese ones, of all files `desk/english*.yaml`."""
    words: dict[str, str] = {}
    for path in sorted(HERE.glob("english*.yaml")):
        words |= yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return words


@pass_context
def _t(context: Context, text: str) -> str:
    return english().get(text, text) if context.get("lang") == "en" else text


@pass_context
def _field(context: Context, name: str) -> str:
    return field_name(name, lambda word: _t(context, word))


def clipped(text: object, most: int = 120) -> str:
    """A text short enough for a row, without control or direction marks."""
    said = "".join(c for c in str(text)[: most * 4] if c.isprintable() or c == " ")
    return said if len(said) <= most else said[: most - 1] + "…"


def yuan(fen: int | None) -> str:
    """An amount of fen as ¥; "" for none."""
    return "" if fen is None else f"¥{fen / 100:,.2f}"


def _when(at: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    return "" if at is None else at.astimezone(_CHINA).strftime(form)


def _ago(at: datetime | None) -> str:
    if at is None:
        return ""
    past = datetime.now(UTC) - at
    if past < timedelta(hours=1):
        return f"{max(0, int(past.total_seconds() // 60))} 分钟前"
    if past < timedelta(days=1):
        return f"{int(past.total_seconds() // 3600)} 小时前"
    return f"{past.days} 天前"


@pass_context
def _with(context: Context, **changed: Any) -> str:
    """This page's address with other parameters; an empty one is left out."""
    request: Request = context["request"]
    pairs = [(k, v) for k, v in request.query_params.multi_items() if k not in changed and v]
    pairs += [(k, str(v)) for k, v in changed.items() if v not in (None, "", [])]
    return "?" + urlencode(pairs)


@cache
def _static(name: str) -> str:
    digest = sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{digest}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "t": _t, "json": shown_json, "static": _static, "with": _with, "STATES": STATES, "STEPS": STEPS, "ROLES": ROLES,
        "source_title": source_title, "field_name": _field,
    }  # fmt: skip
    made.filters |= {
        "when": _when, "day": lambda at: _when(at, "%Y-%m-%d"), "ago": _ago, "yuan": yuan, "clip": clipped,
        "percent": lambda share: f"{share * 100:.0f}%", "number": lambda n: f"{n:,}",
    }  # fmt: skip
    return made


def _titles(titles: Mapping[str, str], lang: str) -> Mapping[str, str]:
    """Titles of violations or goods, by id, in the officer's language."""
    return {id_: english().get(one, one) for id_, one in titles.items()} if lang == "en" else titles


def draw(request: Request, visit: Visit, name: str, code: int = 200, **said: Any) -> HTMLResponse:
    """A page of the desk with HTTP status `code`, or the part of one that htmx asked for."""
    office = visit.office
    return HTMLResponse(
        _environment()
        .get_template(name)
        .render(
            request=request, visit=visit, lang=visit.lang, office=office,
            violations=_titles(office.violations, visit.lang), goods=_titles(office.goods, visit.lang),
            place=office.place, today=date.today(),
            partial=request.headers.get("hx-request") == "true"
            and request.headers.get("hx-boosted") != "true",
            **said,
        ),
        code,
    )  # fmt: skip


def draw_bare(request: Request, name: str, code: int = 200, **said: Any) -> HTMLResponse:
    """A page for somebody who is not logged in."""
    return HTMLResponse(
        _environment()
        .get_template(name)
        .render(request=request, visit=None, lang=language(request), office=office_of(request), partial=False, **said),
        code,
    )  # fmt: skip


def shown_json(value: Mapping[str, Any] | list[Any]) -> Markup:
    """Data for a script, in a block that no browser runs and no text can leave."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)
