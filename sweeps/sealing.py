"""At a sweep's end its evidence is linked to the last record, and sealed where there is a key."""

from __future__ import annotations

from evidence import EvidenceError, Sealer, extend
from settings import Settings
from storage import Store
from sweeps.summary import Summary

__all__ = ["seal_sweep"]


def seal_sweep(settings: Settings, store: Store, summary: Summary) -> None:
    """Link what is left and seal the chain's end; what fails is told among the problems.

    A sweep whose seal fails is none the worse: the next seal covers its evidence too.
    """
    extended = extend(store)
    summary.problems += extended.clock_back
    if settings.evidence_key is None:
        return
    try:
        sealer = Sealer(settings.evidence_key, settings.tsa_url, settings.tsa_ca)
        sealed = sealer.seal(store)
    except EvidenceError as error:
        summary.problems.append(f"the evidence is linked but not sealed: {error}")
        return
    if sealed.no_stamp and settings.tsa_url:
        summary.problems.append(f"sealed without a time stamp: {sealed.no_stamp}")
