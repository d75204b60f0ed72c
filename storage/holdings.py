"""The evidence files as a whole, here and in the bucket: what there is, its digests, its end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.vault import Vault

__all__ = ["Holding", "digest", "holdings", "remove"]

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Holding:
    """One file: bytes, and when it was last written or came into the bucket."""

    size: int
    at: datetime


def holdings(vault: Vault) -> dict[str, Holding]:
    """Files by name; those in work, by the name they have meanwhile, too. Raises `VaultError`."""
    held = vault.bucket.held() if vault.bucket else {}
    found = {name: Holding(*told) for name, told in held.items()}
    for path in vault.folder.glob("*.warc.gz*"):
        told = path.stat()
        found[path.name] = Holding(told.st_size, datetime.fromtimestamp(told.st_mtime, UTC))
    return found


def digest(vault: Vault, name: str) -> str:
    """SHA-256 of a file, in hexadecimal. Raises `VaultError`."""
    sha256 = hashlib.sha256()
    with vault.open(name, 0) as file:
        while piece := file.read(_PIECE):
            sha256.update(piece)
    return sha256.hexdigest()


def remove(vault: Vault, name: str) -> None:
    """Take a file away, wherever it is kept. Raises `VaultError`."""
    (vault.folder / name).unlink(missing_ok=True)
    if vault.bucket:
        vault.bucket.remove(name)
