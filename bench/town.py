"""Recall and precision of a sweep's clues against the truth of the practice town.

`python -m bench.town [--data FOLDER]` sweeps the town (or takes a store that a sweep of it
left) and counts, per violation, the listings on which a clue rests.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from sqlalchemy import select

import settings
from bench.machine import machine
from practice import Town, environment, truth
from storage import models as m
from storage import open_store

FIRST = (
    "absolute_claim", "medical_claim", "lookalike_mark", "fake_origin", "gi_misuse", "counterfeit", "return_refusal",
)  # fmt: skip


def accused(store_url: str) -> tuple[dict[str, set[str]], dict[str, dict[str, list[str]]]]:
    """By town id of each listing that was read: its accused violations, and their words."""
    found: dict[str, set[str]] = {}
    words: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    store = open_store(store_url)
    with store.session() as session:
        for url in session.scalars(select(m.ListingRow.url)):
            found[town_id(url)] = set()
        rows = session.execute(
            select(m.ListingRow.url, m.SignalRow.violation, m.SignalRow.text)
            .join(m.Observation, m.Observation.listing_id == m.ListingRow.id)
            .join(m.SignalRow, m.SignalRow.observation_id == m.Observation.id)
            .join(m.ClueSignal, m.ClueSignal.signal_id == m.SignalRow.id)
        )
        for url, violation, text in rows:
            found[town_id(url)].add(violation)
            words[town_id(url)][violation].append(text)
    store.close()
    return found, words


def town_id(url: str) -> str:
    """The town's own id of a listing: what its address ends in."""
    name = url.split("id=")[-1] if "id=" in url else url.rsplit("/", 1)[-1]
    return name.split("&")[0].removesuffix(".html")


def sweep_town(data: Path) -> None:
    """Sweep a fresh town into a store in `data`."""
    with Town() as town:
        env = os.environ | environment(town.port) | {"YUNJIAN_DATA_DIR": str(data), "YUNJIAN_SCREENSHOTS": "false"}  # fmt: skip
        subprocess.run([sys.executable, "-m", "cli", "sweep", "--json"], env=env, check=True, stdout=subprocess.DEVNULL)  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a store that a sweep of the town left")
    parser.add_argument("--misses", action="store_true", help="name each miss and false alarm")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder)
        if options.data is None:
            sweep_town(data)
        found, words = accused(settings.load(data_dir=data).store_url)
    known = truth()
    print(f"machine: {machine()}")
    print(f"listings in the town {len(known)}, read {len(found.keys() & known.keys())}")
    violations = sorted(
        {v for t in known.values() for v in t.labels} | set().union(*found.values())
    )
    violations = [*FIRST, *(v for v in violations if v not in FIRST)]
    print(f"{'violation':22}{'planted':>8}{'found':>7}{'right':>7}{'recall':>8}{'precision':>11}")
    totals = [0, 0, 0]
    for violation in violations:
        planted = {id_ for id_, t in known.items() if violation in t.labels}
        told = {id_ for id_, seen in found.items() if violation in seen}
        right = planted & told
        if violation == violations[len(FIRST)]:
            print("-- the other violations")
        row(violation, len(planted), len(told), len(right))
        totals = [a + b for a, b in zip(totals, (len(planted), len(told), len(right)), strict=True)]
        if options.misses:
            for id_ in sorted(planted - told):
                print(f"    missed {id_}: {known[id_].note} ({known[id_].where})")
            for id_ in sorted(told - planted):
                print(
                    f"    false  {id_}: {words[id_][violation][:3]} ({known[id_].note if id_ in known else 'unknown'})"
                )
    row("all", *totals)
    lawful = {id_ for id_, t in known.items() if not t.labels}
    alarms = [id_ for id_ in lawful if found.get(id_)]
    print(f"lawful listings accused of anything: {len(alarms)} of {len(lawful)}")


def row(name: str, planted: int, told: int, right: int) -> None:
    """One line of the table."""
    recall = f"{right / planted:.3f}" if planted else "-"
    precision = f"{right / told:.3f}" if told else "-"
    print(f"{name:22}{planted:>8}{told:>7}{right:>7}{recall:>8}{precision:>11}")


if __name__ == "__main__":
    main()
