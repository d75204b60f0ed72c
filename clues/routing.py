"""Which department is in charge of a clue, by violation, goods and region (`rules/departments.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clues.deadlines import basis_of
from clues.log import CaseError
from clues.rulefile import Ground, RuleFile

__all__ = ["Assignment", "Department", "Departments", "Proposal", "load_departments"]

ROLES = ("lead", "joint", "inform")


@dataclass(frozen=True, slots=True)
class Duty:
    """What a department is in charge of."""

    violations: frozenset[str]
    goods: frozenset[str]
    """Empty is all."""
    role: str
    words: str
    """The plan's own."""
    condition: str
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Department:
    """One of the plan's eleven."""

    id: str
    name: str
    today: str
    general: str
    plan: str
    vertical: bool
    """Whether it is one for the whole province, without offices of prefectures and counties."""
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A department's part in a clue."""

    department: str
    name: str
    today: str
    authority: str
    """Which of its kind: that of the operator's place."""
    role: str
    words: str
    condition: str
    basis: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who is in charge (`lead`), who else acts or is told, and whether the clue is ours to keep."""

    lead: Assignment
    others: tuple[Assignment, ...]
    place: str
    """Path of the division, "" where it is not known."""
    ours: bool

    def of(self, department: str) -> Assignment | None:
        """The part of one department, or None if it is not proposed."""
        return next((a for a in (self.lead, *self.others) if a.department == department), None)


@dataclass(frozen=True, slots=True)
class Departments:
    """The whole file."""

    all: Mapping[str, Department]
    home: str
    province: str
    elsewhere: tuple[Ground, ...]

    def named(self, name: str) -> Department:
        """By id, name or today's name; raises `CaseError` naming those there are."""
        for one in self.all.values():
            if name in (one.id, one.name, one.today):
                return one
        known = ", ".join(f"{one.id} ({one.name})" for one in self.all.values())
        raise CaseError(f"no such department: {name} (known: {known})")

    def propose(
        self, violation: str, goods: Sequence[str], region: str, regions: Mapping[str, str]
    ) -> Proposal:
        """Who is in charge; `regions` are division names by code.

        Of two that lead, the one for these goods comes before the one for all goods; the other
        is joint. Where no duty names the violation, the plan's 四(二) leaves it with the home.
        """
        found = [
            (duty, one)
            for one in self.all.values()
            for duty in one.duties
            if violation in duty.violations and (not duty.goods or duty.goods & set(goods))
        ]
        # Python's sort is stable: within a role the file's order stays.
        found.sort(key=lambda pair: (ROLES.index(pair[0].role), not pair[0].goods))
        parts: dict[str, Assignment] = {}
        for duty, one in found:
            role = duty.role
            if role == "lead" and parts:
                role = "joint"
            if one.id not in parts:
                parts[one.id] = self._assign(one, duty, role, region, regions)
        if not parts or next(iter(parts.values())).role != "lead":
            home = self.all[self.home]
            own = Duty(frozenset(), frozenset(), "lead", home.plan, "", ())
            parts = {home.id: self._assign(home, own, "lead", region, regions)} | {
                id_: part for id_, part in parts.items() if id_ != home.id
            }
        lead, *others = parts.values()
        return Proposal(
            lead,
            tuple(others),
            path_of(region, regions),
            lead.department == self.home and not self._outside(region),
        )

    def _outside(self, region: str) -> bool:
        return bool(region) and not region.startswith(self.province)

    def _assign(
        self, one: Department, duty: Duty, role: str, region: str, regions: Mapping[str, str]
    ) -> Assignment:
        grounds = list(duty.grounds)
        authority = one.today
        if self._outside(region):
            authority = f"{path_of(region, regions)}{one.general}"
            grounds += self.elsewhere
        elif len(region) > 2 and not one.vertical:
            authority = f"{path_of(region, regions)}{one.general}"
        return Assignment(
            one.id, one.name, one.today, authority, role, duty.words, duty.condition,
            basis_of(grounds, ""),
        )  # fmt: skip


def path_of(region: str, regions: Mapping[str, str]) -> str:
    """Province, prefecture and county of a code, as far as they are known."""
    names = [regions.get(region[:n], "") for n in (2, 4, 6) if len(region) >= n]
    return "".join(dict.fromkeys(filter(None, names)))


def load_departments(
    folder: Path, violations: Mapping[str, Any], goods: Sequence[str]
) -> Departments:
    """The departments; raises `RuleError` with every mistake, by line."""
    file = RuleFile(folder, "departments.yaml")
    entries = file.entries(
        file.data, "departments", ["id", "name", "today", "general", "plan"], ["duties", "vertical"]
    )
    file.unique(entries)
    found: dict[str, Department] = {}
    for entry in entries:
        duties = []
        listed = (
            file.entries(
                entry, "duties", ["violations", "role", "words", "ground"], ["goods", "if"]
            )
            if "duties" in entry
            else []
        )
        for duty in listed:
            if duty["role"] not in ROLES:
                file.wrong(f"role: {', '.join(ROLES)}, not {duty['role']!r}", duty, "role")
            duties.append(
                Duty(
                    frozenset(file.known(duty, "violations", set(violations))),
                    frozenset(file.known(duty, "goods", set(goods))),
                    str(duty["role"]),
                    str(duty["words"]),
                    str(duty.get("if", "")),
                    tuple(file.grounds(duty)),
                )
            )
        found[str(entry["id"])] = Department(
            id=str(entry["id"]),
            name=str(entry["name"]),
            today=str(entry["today"]),
            general=str(entry["general"]),
            plan=str(entry["plan"]),
            vertical=bool(entry.get("vertical")),
            duties=tuple(duties),
        )
    home, province = str(file.data.get("home", "")), str(file.data.get("province", ""))
    if home not in found:
        file.wrong(f"home: no such department: {home!r}", file.data, "home")
    if not (len(province) == 2 and province.isdigit()):
        file.wrong(f"province: a code of two digits is wanted: {province!r}", file.data, "province")
    elsewhere = tuple(file.grounds(file.data, "elsewhere"))
    file.done()
    return Departments(found, home, province, elsewhere)
