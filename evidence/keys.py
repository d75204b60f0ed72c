"""The office's signing key: Ed25519 in a PEM file that only its owner may read."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from evidence.errors import EvidenceError

__all__ = ["load_key", "make_key"]


def make_key(path: Path) -> Ed25519PrivateKey:
    """A new key, written to `path` with mode 600. Never overwrites: raises `EvidenceError`."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(pem)
    except FileExistsError:
        raise EvidenceError(f"{path}: there is a key already; it is not overwritten") from None
    except OSError as error:
        raise EvidenceError(f"{path}: can't be written: {error.strerror or error}") from None
    return key


def load_key(path: Path | None) -> Ed25519PrivateKey:
    """The key at `path`. Raises `EvidenceError` where there is none, it is none, or others may
    read it."""
    if path is None:
        raise EvidenceError("no signing key is set (YUNJIAN_EVIDENCE_KEY); `yunjian evidence key`")
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise EvidenceError(f"{path}: others may read this key (chmod 600 {path})")
            key = load_pem_private_key(file.read(65536), None)
    except OSError as error:
        raise EvidenceError(
            f"{path}: the signing key can't be read: {error.strerror or error} "
            "(`yunjian evidence key` makes one)"
        ) from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EvidenceError(f"{path}: not a signing key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceError(f"{path}: not an Ed25519 key")
    return key
