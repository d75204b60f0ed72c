"""Sealed evidence: the chain over all records, its seals, and the packs that leave the house.

Checking a pack is `proof`'s work, which knows nothing of this house.
"""

from evidence.chain import Extended, Fault, check_store, extend
from evidence.errors import EvidenceError
from evidence.seals import Sealed, Sealer

__all__ = ["EvidenceError", "Extended", "Fault", "Sealed", "Sealer", "check_store", "extend"]
