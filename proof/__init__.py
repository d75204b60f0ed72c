"""Checks a sealed evidence pack on any machine: `python -m proof FILE`.

Needs Python with `cryptography` and `rfc3161-client`, and nothing else of this project: no
settings, no database, no network. What makes packs (`evidence/`) uses the formats stated here.
"""

from proof.check import Intact, verify
from proof.errors import Broken

__all__ = ["Broken", "Intact", "verify"]
