"""From signals to clues: one operator (or shop) × one violation, opened once and then grown.

May import `detectors` and `storage`; the sweep, the desk and the command line import it.
"""

from clues.arrivals import way_of_sweep
from clues.counts import Facets, clue_facets, count_clues
from clues.facts import keep_facts
from clues.growth import Finding, Tally, grow
from clues.jurisdiction import Jurisdiction
from clues.operators import settle_operators
from clues.pictures import Link, keep_pictures
from clues.query import ClueFilter, ClueView, find_clues, one_clue

__all__ = [
    "ClueFilter",
    "ClueView",
    "Facets",
    "Finding",
    "Jurisdiction",
    "Link",
    "Tally",
    "clue_facets",
    "count_clues",
    "find_clues",
    "grow",
    "keep_facts",
    "keep_pictures",
    "one_clue",
    "settle_operators",
    "way_of_sweep",
]
