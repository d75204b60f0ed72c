"""What is wrong with a pack."""

from __future__ import annotations

__all__ = ["Broken"]


class Broken(ValueError):
    """The first thing found broken: `place` names the member, record, link, seal or stamp."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place = place
        self.why = why
