"""What all pages share: the store, the vault, the rules, the departments."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from clues.deadlines import Periods, load_periods
from clues.dues import settle_dues
from clues.routing import Departments, load_departments
from desk.minute import Minute
from detectors import Detector
from detectors.ruleset import RuleSet, load_rules
from reports.knowledge import Knowledge, knowledge
from settings import Settings
from storage import Store, Vault, open_store

__all__ = ["Office", "open_office"]

PROVINCE = "53"
"""Yunnan; GB/T 2260."""


@dataclass
class Office:
    """One installation, as the desk sees it; made by `open_office`."""

    settings: Settings
    store: Store
    rules: RuleSet
    vault: Vault = field(init=False)
    kept: Minute = field(default_factory=Minute)

    def __post_init__(self) -> None:
        """Opens the vault that belongs to it."""
        self.vault = Vault(self.settings.vault_dir, self.settings.evidence_bucket)

    @cached_property
    def detector(self) -> Detector:
        """All rules ready to be run; takes some seconds when it is asked for first."""
        return Detector(self.rules)

    def reckon_dues(self) -> None:
        """What is due next for each clue, for lists that ask; once a minute for all who do."""

        def settle() -> int:
            with self.store.writing() as session:
                return settle_dues(session, self.periods)

        self.kept.of(("dues",), settle)

    @cached_property
    def departments(self) -> Departments:
        """The eleven departments of the plan."""
        goods = [one["id"] for one in self.rules.goods]
        return load_departments(self.settings.rules_dir, self.rules.violations, goods)

    @cached_property
    def periods(self) -> Periods:
        """Deadlines."""
        return load_periods(self.settings.rules_dir)

    @cached_property
    def knowledge(self) -> Knowledge:
        """What reports say of the rules."""
        return knowledge(self.settings.rules_dir, self.rules)

    @cached_property
    def goods(self) -> dict[str, str]:
        """Titles of the groups of the watch list, by id."""
        return {one["id"]: one["title"] for one in self.rules.goods}

    @cached_property
    def violations(self) -> dict[str, str]:
        """Titles of the violations, by id."""
        return {id_: one["title"] for id_, one in self.rules.violations.items()}

    @cached_property
    def counties(self) -> dict[str, str]:
        """Divisions of the province by code, from the province down to the counties."""
        return {c: name for c, name in self.rules.regions.items() if c.startswith(PROVINCE)}

    def place(self, code: str) -> str:
        """A division's full name below the province; "" for none, the code if it is unknown."""
        known = self.rules.regions
        parts = [code[:n] for n in (2, 4, 6) if len(code) >= n]
        names = [known.get(part, "") for part in parts if part != PROVINCE or len(parts) == 1]
        # 市辖区 and the like say nothing.
        said = [n for n in names if n and n not in ("市辖区", "县", "省直辖县级行政区划")]
        return " ".join(said) or code


def open_office(settings: Settings, store: Store | None = None, rules: RuleSet | None = None) -> Office:  # fmt: skip
    """The office of these settings; raises what opening the store or reading the rules raises."""
    return Office(
        settings,
        store if store is not None else open_store(settings.store_url),
        rules if rules is not None else load_rules(settings.rules_dir),
    )
