"""What a sweep did, in numbers, per source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

__all__ = ["SourceCount", "Summary"]


@dataclass(slots=True)
class SourceCount:
    """One source's share of a sweep."""

    pages: int = 0
    pages_unchanged: int = 0
    """Of them those that were as an earlier sweep kept them, and were not kept again."""
    listings: int = 0
    observations_new: int = 0
    observations_unchanged: int = 0
    signals: int = 0
    clues_opened: int = 0
    clues_grown: int = 0
    blocks: int = 0
    failures: int = 0


@dataclass(slots=True)
class Summary:
    """A whole sweep. Durations are seconds."""

    sweep_id: int
    mode: str
    state: str = "running"
    seconds: float = 0.0
    tasks: dict[str, int] = field(default_factory=dict)
    """How many tasks are done, failed and pending."""
    sources: dict[str, SourceCount] = field(default_factory=dict)
    results: Counter[str] = field(default_factory=Counter)
    """What search engines led to: ``shop``, ``marketplace``, ``news``, ``other``; those of
    advertisements apart, as ``shop/advertisement`` …"""
    shops_found: int = 0
    kept_pages: int = 0
    """Pages that an interrupted run of this sweep already had."""
    screenshots: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    """Clues opened in this sweep, by violation."""
    incidents: Counter[str] = field(default_factory=Counter)
    """Blocks, failures and unread pages by kind: ``block/captcha``, ``failure/timeout`` …"""
    problems: list[str] = field(default_factory=list)
    """The first of them in words."""
    drift: list[str] = field(default_factory=list)
    """Sources that answered and gave nothing, or far less than usual."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Sources whose tasks wait for their hours, and until when."""

    def source(self, name: str) -> SourceCount:
        """The count of a source, made at the first call."""
        return self.sources.setdefault(name, SourceCount())

    def total(self) -> SourceCount:
        """All sources together."""
        total = SourceCount()
        for one in self.sources.values():
            for name, value in asdict(one).items():
                setattr(total, name, getattr(total, name) + value)
        return total

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `total` stands beside `sources`."""
        # asdict can't copy a Counter.
        names = ("violations", "incidents", "results")
        counted = {name: dict(getattr(self, name)) for name in names}
        plain = replace(self, violations=Counter(), incidents=Counter(), results=Counter())
        return asdict(plain) | counted | {"total": asdict(self.total())}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Summary:
        """The inverse of `to_dict`."""
        sources = {name: SourceCount(**counts) for name, counts in plain["sources"].items()}
        named: dict[str, Any] = {k: v for k, v in plain.items() if k != "total"}
        for name in ("violations", "incidents", "results"):
            named[name] = Counter(plain[name])
        return cls(**named | {"sources": sources})
