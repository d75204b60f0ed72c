"""The main job: a plan becomes tasks, the crawl finds listings, detectors look, clues grow.

Composes `crawler`, `spiders`, `detectors`, `storage` and `clues`; only the command line and
the scheduler import it.
"""

from sweeps.order import SweepError
from sweeps.run import sweep
from sweeps.summary import SourceCount, Summary

__all__ = ["SourceCount", "Summary", "SweepError", "sweep"]
