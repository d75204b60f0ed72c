"""`python -m practice`: serves the town until it is interrupted."""

from __future__ import annotations

import argparse

from practice.faults import KINDS


def _fault(text: str) -> tuple[str, str]:
    place, _, kind = text.rpartition("=")
    if not place or kind not in KINDS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not HOST=KIND with one of {', '.join(KINDS)}"
        )
    return place, kind


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(prog="python -m practice", description=__doc__)
    parser.add_argument("--port", type=int, default=8800, help="0 takes any free one")
    parser.add_argument("--fault", type=_fault, action="append", default=[], metavar="HOST=KIND")
    parser.add_argument("--slow", type=float, default=3.0, help="seconds of a slow answer")
    parser.add_argument("--attached", action="store_true", help="end when standard input closes")
    asked = parser.parse_args()
    from practice.server import serve

    serve(asked.port, dict(asked.fault), asked.slow, asked.attached)


if __name__ == "__main__":
    main()
