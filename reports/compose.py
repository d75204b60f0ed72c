"""Puts a report together by its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from reports import drafts, figures, tables, watch
from reports.ask import Asker, Counts
from reports.cases import LEAST, typical_cases
from reports.knowledge import Knowledge, knowledge
from reports.measures import DIMENSIONS, MEASURES, count
from reports.model import Blank, Case, Chart, Part, Report, ReportError, Section, Table, Text
from reports.period import Period

__all__ = ["KINDS", "build"]

KINDS: Mapping[str, str] = {
    "statistics": "网络市场监管专项行动情况统计表",
    "midterm": "网络市场监管专项行动中期工作总结",
    "final": "网络市场监管专项行动全面工作总结",
    "weekly": "网络市场监测周报",
    "promotion": "网络集中促销期监测报告",
}
"""Kinds of reports with their titles."""


@dataclass(slots=True)
class _Facts:
    """What all kinds draw from."""

    asker: Asker
    known: Knowledge
    period: Period
    now: datetime
    place: str
    main: figures.Main
    before: figures.Main
    then: Mapping[str, Counts]
    """Measures by violation in the period before."""
    comparison: Table
    grid: dict[str, Table]
    empty: bool


def build(
    session: Session,
    kind: str,
    first: date,
    last: date,
    region: str = "",
    known: Knowledge | None = None,
    now: datetime | None = None,
) -> Report:
    """A report over the days of China from `first` to `last`, both counted, of one county if a
    division code is given.

    `known` is what the rules say (read from the configured folder if None, which takes a second or
    two), `now` the moment to which deadlines are reckoned. Only reads the store. Raises
    `ReportError` where it can't be asked for so.
    """
    if kind not in KINDS:
        raise ReportError(f"no such kind of report: {kind} ({', '.join(KINDS)})")
    if last < first:
        raise ReportError(f"from {first} to {last}: the end is before the beginning")
    if first.year < 2000 or last.year > 2100:
        raise ReportError(f"from {first} to {last}: a year from 2000 to 2100 is wanted")
    if known is None:
        import settings

        known = knowledge(settings.load().rules_dir)
    if region and not (region.isascii() and region in known.regions):
        raise ReportError(f"no such division: {region} (a code as in rules/regions.csv: 5326)")
    facts = _facts(session, known, Period(first, last), region, now or datetime.now(UTC))
    sections = _SECTIONS[kind](facts)
    return Report(
        kind=kind,
        title=KINDS[kind],
        period=facts.period,
        region=region,
        place=facts.place,
        made_at=facts.now,
        empty=facts.empty,
        sections=tuple(sections),
        queries=tuple(facts.asker.queries),
    )


def _facts(
    session: Session, known: Knowledge, period: Period, region: str, now: datetime
) -> _Facts:
    asker = Asker(session, region)
    counted, then = (
        {
            id_: count(
                asker, one, DIMENSIONS["violation"], of, f"{one.title}（{when}，按违法类型）"
            )
            for id_, one in MEASURES.items()
        }
        for of, when in ((period, "本期"), (period.before, "上期"))
    )
    main = figures.main_figures(asker, period, counted, "本期")
    before = figures.main_figures(asker, period.before, then, "上期")
    grid = {one.id: one for one in figures.breakdowns(asker, known, period, counted)}
    comparison = figures.comparison(main, before, period)
    empty = not any(one.value for one in main.values())
    place = known.place(region) or "全部地域"
    return _Facts(
        asker, known, period, now, place, main, before, then, comparison, grid, empty
    )  # fmt: skip


def _opening(facts: _Facts) -> Text:
    return drafts.overview(facts.main, facts.before, facts.period, facts.place, facts.empty)


def _grid(facts: _Facts) -> list[Part]:
    grid = facts.grid
    return [
        *grid.values(),
        Chart("新立线索与核实属实（按违法类型）", grid["violations"], (0, 1)),
        Chart("新立线索（按商品类别）", grid["goods"], (0,)),
        Chart("新立线索（按地域）", grid["counties"], (0,)),
    ]


def _further(facts: _Facts) -> list[Part]:
    asker, period = facts.asker, facts.period
    departments = tables.departments(asker, facts.known, period)
    return [
        tables.arrivals(asker, period),
        departments,
        Chart("移送与反馈（件次，按部门）", departments, (0, 2)),
        tables.sweeps(asker, period),
    ]


def _cases(facts: _Facts, promotion: bool = False) -> list[Part]:
    cases: list[Case] = typical_cases(facts.asker, facts.known, facts.period, promotion)
    parts: list[Part] = list(cases)
    if len(cases) < LEAST:
        parts.insert(
            0,
            Text(f"其间核实属实、查实或处罚的线索只有 {len(cases)} 件可列，不足 {LEAST} 件。"),
        )
        parts.append(Blank(f"补充典型案例（应有 {LEAST} 件以上），并附处罚决定书"))
    elif any(not one.penalties for one in cases):
        parts.append(Blank("随附处罚决定书；尚未处罚的案件注明进展"))
    else:
        parts.append(Blank("随附处罚决定书"))
    return parts


def _statistics(facts: _Facts) -> list[Section]:
    return [
        Section("概况", (_opening(facts), facts.comparison)),
        Section("专项行动情况统计表", tuple(_grid(facts))),
        Section("来源、移送与巡检", tuple(_further(facts))),
        Section("违法典型案例", tuple(_cases(facts))),
    ]


def _summary(facts: _Facts) -> list[Section]:
    asker, known, period, grid = facts.asker, facts.known, facts.period, facts.grid
    joint = watch.joint_cases(asker, known, period)
    due = watch.due(asker, known, facts.now)
    sources = tables.sources(asker, period)
    departments = tables.departments(asker, known, period)
    cases = facts.main["cases"].value
    done = drafts.experience(facts.main, grid["ways"], watch.occasions(known, period), cases)
    came = drafts.results(
        facts.main, facts.before, grid["violations"], grid["goods"], grid["counties"]
    )
    trouble = drafts.problems(asker, period, sources, departments, due)
    return [
        Section("概况", (_opening(facts), facts.comparison)),
        Section("经验做法", tuple(done)),
        Section("行动成效", tuple(came)),
        Section("存在问题及下一步打算", (*trouble, sources, due.table)),
        Section(
            "专项行动情况统计表",
            (
                *_grid(facts), tables.arrivals(asker, period), departments,
                Chart("移送与反馈（件次，按部门）", departments, (0, 2)), tables.sweeps(asker, period),
            ),
        ),
        Section("违法典型案例", tuple(_cases(facts))),
        Section(
            "联合执法资料说明",
            (*([joint] if joint.rows else []), *drafts.materials(joint.rows)),
        ),
    ]  # fmt: skip


def _weekly(facts: _Facts) -> list[Section]:
    asker, period = facts.asker, facts.period
    due = watch.due(asker, facts.known, facts.now)
    violations = facts.grid["violations"]
    changed = drafts.what_changed(facts.main, facts.before, violations, facts.then["opened"])
    told = f"逾期 {due.overdue.value} 项，{watch.SOON} 个工作日内到期 {due.soon.value} 项。"
    return [
        Section("概况", (_opening(facts),)),
        Section(
            "变化",
            (
                *changed, facts.comparison, violations, facts.grid["counties"],
                Chart("新立线索与核实属实（按违法类型）", violations, (0, 1)),
            ),
        ),
        Section("期限", (Text(told), due.table)),
        Section("来源状况", (tables.sources(asker, period), tables.sweeps(asker, period))),
        Section("需要说明的情况", (Blank("本周其他情况和下周安排"),)),
    ]  # fmt: skip


def _promotion(facts: _Facts) -> list[Section]:
    asker, known, period = facts.asker, facts.known, facts.period
    found = watch.promotion_clues(asker, known, period)
    sampled, moved = watch.prices(asker, period)
    touched = watch.occasions(known, period)
    about = f"其间涉及：{'、'.join(touched)}。" if touched else "其间日历上没有促销或节假日。"
    samples = (
        f"其间采集价格 {sampled.by['samples']} 个，涉及商品页 {sampled.by['listings']} 个、"
        f"{sampled.by['days']} 天。"
    )
    return [
        Section("概况", (_opening(facts), Text(about), facts.comparison)),
        Section("监测计划", (watch.runs(asker, period), tables.sweeps(asker, period))),
        Section(
            "促销线索",
            (found, Chart("促销监测到达的线索（按违法类型）", found, (0,)), facts.grid["goods"]),
        ),
        Section("价格监测", (Text(samples), moved)),
        Section("违法典型案例", tuple(_cases(facts, promotion=True))),
        Section("需要说明的情况", (Blank("对平台和经营者的提示、约谈、告诫等情况"),)),
    ]


_SECTIONS: Mapping[str, Callable[[_Facts], list[Section]]] = {
    "statistics": _statistics,
    "midterm": _summary,
    "final": _summary,
    "weekly": _weekly,
    "promotion": _promotion,
}
