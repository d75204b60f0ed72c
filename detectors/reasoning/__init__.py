"""What needs several fields at once. A rule names a reasoning as ``detector: NAME``.

Each is a function (listing, its texts, options of the rule) → found spans; `Knowledge` is what
they share, compiled once from the rules' data.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from detectors.evaluate import Reasoning
from detectors.places import Places
from detectors.reasoning.contradictions import contradictions
from detectors.reasoning.forged import official_claim
from detectors.reasoning.honoured import time_honoured
from detectors.reasoning.lookalikes import lookalikes
from detectors.reasoning.marks import Marks
from detectors.reasoning.operators import Operators
from detectors.reasoning.origin import Origins
from detectors.reasoning.prices import front_price, price_history
from detectors.reasoning.review_habits import review_patterns
from detectors.reasoning.reviews import review_copies
from detectors.ruleset import RuleSet

__all__ = ["Knowledge", "reasonings_of"]


class Knowledge:
    """Brands, GIs and places in the form that the reasonings need."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.places = Places(ruleset.regions)
        self.marks = Marks(ruleset.brands)
        self.origins = Origins(ruleset.gis, self.places, ruleset.contexts.get("negated"))
        self.operators = Operators(self.places)
        self.groups = (self.marks.names, *self.origins.groups)


def reasonings_of(knowledge: Knowledge) -> Mapping[str, Reasoning]:
    """The reasonings by the names that rules use (`ruleset.REASONINGS`)."""
    return {
        "lookalike_mark": partial(lookalikes, knowledge.marks),
        "fake_origin": knowledge.origins.fake_origin,
        "gi_misuse": knowledge.origins.gi_misuse,
        "time_honoured": partial(time_honoured, knowledge.marks),
        "official_claim": partial(official_claim, knowledge.marks),
        "price_history": price_history,
        "front_price": front_price,
        "operator_identity": knowledge.operators.identity,
        "review_copies": review_copies,
        "review_patterns": review_patterns,
        "contradictions": contradictions,
    }
