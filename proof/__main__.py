"""`python -m proof FILE`: exit code 0 intact, 1 broken (named), 2 wrong usage."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from proof.check import Intact, verify
from proof.errors import Broken
from proof.signing import fingerprint, public_key
from proof.stamping import roots_of

__all__ = ["run"]


def run(file: Path, key: str, tsa_ca: Path | None) -> int:
    """Check a pack and print what came of it; `key` is a fingerprint or a PEM file.

    Returns the exit code: 0 intact, 1 broken (named on standard error), 2 nothing to check.
    """
    try:
        wanted = key
        if key and Path(key).is_file():
            wanted = fingerprint(public_key(Path(key).read_bytes()))
        roots = roots_of(tsa_ca.read_bytes()) if tsa_ca else []
        found = verify(file, wanted, roots)
    except Broken as error:
        print(f"broken: {_shown(error)}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"can't check: {_shown(error)}", file=sys.stderr)
        return 2
    _tell(file, found)
    return 0


def _tell(file: Path, found: Intact) -> None:
    print(f"intact: {file}")
    print(f"  signed by {found.key}")
    if found.stamp:
        print(f"  stamped {found.stamp.at:%Y-%m-%d %H:%M:%S}Z by {found.stamp.authority}")
    print(f"  {found.records} records, {found.links} links of the chain, {found.seals} seals")
    for note in found.notes:
        print(f"  note: {_shown(note)}")


def _shown(text: object) -> str:
    """Without control characters: a hostile name must not steer the terminal."""
    return "".join(c if c.isprintable() else "?" for c in str(text))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m proof", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", default="", help="who must have signed: fingerprint or PEM file")
    parser.add_argument("--tsa-ca", type=Path, help="root certificates of the time authority (PEM)")
    given = parser.parse_args()
    raise SystemExit(run(given.file, given.key, given.tsa_ca))


if __name__ == "__main__":
    main()
