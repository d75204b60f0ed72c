"""The limits that a planned sweep carries with it, put into the settings it runs under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies import SourcePolicy
from settings import Settings
from spiders import READERS

__all__ = ["within"]


def within(settings: Settings, limits: Mapping[str, Any]) -> Settings:
    """The settings with a sweep's own `budget` (pages per source) and `window` (hours of China).

    What is agreed for a source in `policies` goes first.
    """
    update: dict[str, Any] = {}
    if budget := limits.get("budget"):
        update |= {"source_budget": budget, "shop_budget": min(settings.shop_budget, budget)}
    if window := limits.get("window"):
        names = dict.fromkeys((*READERS, *settings.apis), SourcePolicy()) | settings.policies
        update["policies"] = {
            name: policy.model_copy(update={"window": policy.window or window})
            for name, policy in names.items()
        }
    return settings.model_copy(update=update)
