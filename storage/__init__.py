"""The SQL store and the evidence vault. Knows listings; knows nothing of rules or sites.

`open_store(url)` gives a `Store` (SQLite or PostgreSQL, schema brought up to date);
`Vault` keeps pages and screenshots as WARC records. Whoever writes clues, sweeps or the desk
may import this package; it imports only `listing`.
"""

from storage import operators, registry  # noqa: F401  # their tables
from storage.store import Store, StoreError, open_store
from storage.vault import EvidenceRef, Vault, VaultError

__all__ = ["EvidenceRef", "Store", "StoreError", "Vault", "VaultError", "open_store"]
