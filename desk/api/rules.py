"""Rules: what the detectors know, tried on any text."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from clues.precision import precision
from desk.api.entry import Reads, said
from desk.api.values import Body, Fen, Name, Said, Whole
from detectors.ruleset import Rule
from listing import Listing

__all__ = ["router"]

router = APIRouter(tags=["rules"])


class RuleItem(BaseModel):
    """A rule as a row."""

    id: str
    version: int
    title: str
    violation: str
    strength: float
    goods: list[str] = Field(description="groups it is for; empty is all")


class Law(BaseModel):
    """An article that a rule cites."""

    id: str
    law: str
    article: str
    text: str
    in_force_from: str
    unverified: bool = Field(description="an officer must look it up")


class Measured(BaseModel):
    """What verdicts say of a rule."""

    right: int
    wrong: int
    precision: float
    interval: list[float] = Field(description="95 %, lowest and highest")


class OneRule(RuleItem):
    """A rule with its grounds."""

    reason: str
    fields: list[str]
    false_alarms: str
    file: str = Field(description="below rules/violations")
    laws: list[Law]
    measured: Measured | None = Field(description="null where no verdict touches it yet")


class Violation(BaseModel):
    """A kind of violation."""

    id: str
    title: str
    threshold: float = Field(description="score at which a clue opens")
    rules: int


class Trial(Body):
    """A listing to try the rules on."""

    title: Said = Field(min_length=1)
    text: Annotated[str, Field(max_length=20_000, pattern=r"^[^\x00]*$")] = ""
    goods: Name = Field("", description="goods id; by the title's words if empty")
    shop_name: Said = ""
    brand: Said = ""
    origin: Said = ""
    price_fen: Annotated[Fen | None, Whole] = None
    rule: Name = Field("", description="this rule alone")


class Hit(BaseModel):
    """A signal; `text` stands in the field from `start` to `end` (Unicode code points)."""

    model_config = ConfigDict(from_attributes=True)

    rule: str
    rule_version: int
    violation: str
    field: str
    start: int
    end: int
    text: str
    strength: float
    reason: str
    disguise: list[str]
    law: list[str]


class Tried(BaseModel):
    """What the rules say of it."""

    signals: list[Hit]
    scores: dict[str, float] = Field(description="by violation; empty where one rule was tried")
    violations: list[str] = Field(description="those that would open a clue, strongest first")


def _item(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id, "version": rule.version, "title": rule.title, "violation": rule.violation,
        "strength": rule.strength, "goods": sorted(rule.goods),
    }  # fmt: skip


def _known(visit: Reads, rule_id: str) -> Rule:
    rule = visit.office.rules.rules.get(rule_id)
    if rule is None:
        raise HTTPException(404, "没有这条规则")
    return rule


@router.get("/violations", responses=said())
def violations(visit: Reads) -> list[Violation]:
    """All kinds of violations, in the plan's order."""
    rules = visit.office.rules
    return [
        Violation(
            id=id_, title=title, threshold=rules.threshold(id_),
            rules=sum(1 for rule in rules.rules.values() if rule.violation == id_),
        )
        for id_, title in visit.office.violations.items()
    ]  # fmt: skip


@router.get("/rules", responses=said(422))
def listed(
    visit: Reads, violation: Annotated[Name, Query(description="of this one alone")] = ""
) -> list[RuleItem]:
    """All rules, by violation."""
    rules = visit.office.rules.rules.values()
    order = {violation: place for place, violation in enumerate(visit.office.violations)}
    wanted = [rule for rule in rules if violation in ("", rule.violation)]
    wanted.sort(key=lambda rule: (order[rule.violation], rule.id))
    return [RuleItem(**_item(rule)) for rule in wanted]


@router.get("/rules/{rule_id}", responses=said(404, 422))
def one(visit: Reads, rule_id: Name) -> OneRule:
    """One rule with the law behind it and its measured precision."""
    rule = _known(visit, rule_id)
    with visit.reading() as session:
        found = next((m for m in precision(session) if (m.kind, m.name) == ("rule", rule_id)), None)
    laws = [(id_, visit.office.rules.laws[id_]) for id_ in rule.law]
    return OneRule(
        **_item(rule),
        reason=rule.reason,
        fields=list(rule.fields),
        false_alarms=rule.false_alarms,
        file=rule.file,
        laws=[
            Law(
                id=id_, law=str(law["law"]), article=str(law.get("article", "")), text=str(law.get("text", "")),
                in_force_from=str(law.get("in_force_from", "")), unverified=bool(law.get("unverified")),
            )
            for id_, law in laws
        ],
        measured=None
        if found is None
        else Measured(
            right=found.right, wrong=found.wrong, precision=found.precision, interval=list(found.interval)
        ),
    )  # fmt: skip


@router.post("/rules/try", responses=said(400, 404, 422))
def tried(visit: Reads, asked: Trial) -> Tried:
    """What the rules say of a listing; nothing of it is kept."""
    price = None if asked.price_fen is None else asked.price_fen / 100
    content = {
        "title": asked.title, "text": asked.text, "goods": asked.goods, "shop_name": asked.shop_name,
        "brand": asked.brand, "origin": asked.origin, "price": price,
    }  # fmt: skip
    shown = Listing.from_dict(content)
    if asked.rule:
        signals = visit.office.detector.detect_rule(_known(visit, asked.rule), shown)
        return Tried(signals=[Hit(**one.to_dict()) for one in signals], scores={}, violations=[])
    found = visit.office.detector.detect(shown)
    return Tried(
        signals=[Hit(**one.to_dict()) for one in found.signals], scores=found.scores,
        violations=list(found.violations),
    )  # fmt: skip
