"""The names that a report needs, out of the rules: violations, goods, laws, places, departments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clues.deadlines import Periods, load_periods
from clues.routing import Departments, load_departments, path_of
from detectors.ruleset import RuleSet, load_rules
from schedule.calendar import Calendar, load_calendar

__all__ = ["Knowledge", "knowledge"]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Read once, used for any number of reports."""

    violations: Mapping[str, str]
    """Titles by id, in the plan's order."""
    goods: Mapping[str, str]
    laws: Mapping[str, Mapping[str, Any]]
    regions: Mapping[str, str]
    departments: Departments
    periods: Periods
    calendar: Calendar

    def place(self, code: str) -> str:
        """The whole name of a division, "" where it is not known."""
        return path_of(code, self.regions)


def knowledge(rules_dir: Path, rules: RuleSet | None = None) -> Knowledge:
    """What the rules of a folder say (`rules`, if they are loaded already).

    Raises `RuleError` and `CalendarError` naming every fault.
    """
    rules = rules or load_rules(rules_dir)
    goods = {str(one["id"]): str(one["title"]) for one in rules.goods}
    return Knowledge(
        violations={id_: str(one["title"]) for id_, one in rules.violations.items()},
        goods=goods,
        laws=rules.laws,
        regions=rules.regions,
        departments=load_departments(rules_dir, rules.violations, list(goods)),
        periods=load_periods(rules_dir),
        calendar=load_calendar(rules_dir),
    )
