"""Errors of the rule files: each names the file, the line, and what to change."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["RuleError"]


class RuleError(ValueError):
    """Rule files that can't be used; `problems` holds every one that was found."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
