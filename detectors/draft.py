"""A rule file as somebody would have it: read among the others of a folder, its examples run.

A program of its own (``python -m detectors.draft RULES FILE SECONDS``, the text on standard input, what is
said of it as JSON on standard output; so many seconds of the processor and no more), so that a regex that never ends, or a text that swells when
it is read, ends with the process and not with the one that asked. Writes nothing below RULES.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

from detectors.detector import Detector
from detectors.errors import RuleError
from detectors.examples import run
from detectors.ruleset import load_rules

__all__ = ["check"]

MEMORY = 4 * 1024**3
MOST, LONGEST = 50, 600
"""Problems that are told, and characters of each."""


def check(rules_dir: Path, file: str, text: str) -> dict[str, Any]:
    """What is wrong with `text` as the file `file` (`violation/name.yaml`): `problems`, each with
    its line; if there are none `id` and `version`, how many `examples` were run, and `failures` as
    `[kind, example, why]`. The other rules are not read: whether one has its id is not known."""
    with tempfile.TemporaryDirectory(prefix="rule-") as name:
        folder = Path(name)
        for one in rules_dir.resolve().iterdir():
            if one.name != "violations":
                (folder / one.name).symlink_to(one)
        path = folder / "violations" / file
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        try:
            ruleset = load_rules(folder)
        except RuleError as error:
            return {"problems": [one[:LONGEST] for one in error.problems[:MOST]]}
        (rule,) = ruleset.rules.values()
        count, failures = run(Detector(ruleset))
        told = [[one.kind, one.example, one.why[:LONGEST]] for one in failures[:MOST]]
        return {
            "problems": [], "id": rule.id, "version": rule.version, "examples": count, "failures": told,
        }  # fmt: skip


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    seconds = int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    print(json.dumps(check(Path(sys.argv[1]), sys.argv[2], text)))


if __name__ == "__main__":
    _main()
