"""`kill -9` at random instants, `--resume` each time: is the store that of a quiet run?

`python -m bench.kills [--kills 20] [--seed N]` sweeps part of the practice town undisturbed,
then again with the process killed at random instants until so many kills have struck (in a
fresh store once more where a sweep ends before), and compares. Exit code 1 where a kill lost
or doubled anything.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select, text

from bench.machine import machine
from practice import Town, environment
from storage import Store, Vault, open_store
from storage import models as m

ORDER = ("--goods", "tea", "--goods", "sanqi", "--goods", "food-drug")
STARTING = 0.25
"""Share of the kills that may strike before a run has kept its first page."""
COUNTS = {
    "listings": "SELECT count(*) FROM listing",
    "observations": "SELECT count(*) FROM observation",
    "signals": "SELECT count(*) FROM signal",
    "clues": "SELECT count(*) FROM clue",
    "shops": "SELECT count(*) FROM shop",
    "doubled listings": "SELECT count(*) FROM (SELECT 1 FROM listing GROUP BY source, key HAVING count(*) > 1)",
    "doubled observations": "SELECT count(*) FROM (SELECT 1 FROM observation GROUP BY listing_id HAVING count(*) > 1)",
    "doubled clues": "SELECT count(*) FROM (SELECT 1 FROM clue GROUP BY subject, violation HAVING count(*) > 1)",
}  # fmt: skip
SAID = """
SELECT l.source, l.key, o.content_hash FROM listing l JOIN observation o ON o.listing_id = l.id
"""


@dataclass
class Round:
    """What one store went through."""

    kills: int = 0
    faults: list[str] = field(default_factory=list)


def command(resume: bool) -> list[str]:
    """The sweep, or its resumption."""
    return [
        sys.executable,
        "-m",
        "cli",
        "sweep",
        "--json",
        *(("--resume", "1") if resume else ORDER),
    ]


def store_in(data: Path) -> Store:
    """The store of a run."""
    return open_store(f"sqlite:///{data / 'yunjian.db'}")


def begun(data: Path) -> bool:
    """Whether the sweep stands in the store, so that it can be resumed."""
    if not (data / "yunjian.db").exists():
        return False
    store = store_in(data)
    with store.session() as session:
        known = session.get(m.Sweep, 1) is not None
    store.close()
    return known


def kept(data: Path) -> tuple[dict[str, str], set[int]]:
    """Record ids by fingerprint of the whole answers, and the tasks that are finished."""
    store = store_in(data)
    with store.session() as session:
        rows = session.execute(
            select(m.Evidence.fingerprint, m.Evidence.record_id).where(
                m.Evidence.kind.in_(("page", "redirect", "picture")), m.Evidence.status < 400
            )
        ).all()
        done = set(session.scalars(select(m.TaskRow.id).where(m.TaskRow.state == "done")))
    store.close()
    return {fingerprint: record for fingerprint, record in rows}, done


def compared(before: tuple[dict[str, str], set[int]], data: Path) -> list[str]:
    """What a run lost or repeated of what stood in the store before it."""
    pages, tasks = before
    pages_now, tasks_now = kept(data)
    faults = [f"page lost: {f}" for f in pages if f not in pages_now]
    faults += [f"page asked again: {f}" for f in pages if pages_now.get(f, pages[f]) != pages[f]]
    faults += [f"finished task is open again: {t}" for t in tasks - tasks_now]
    return faults


def unreadable(data: Path) -> list[str]:
    """Evidence that the store refers to and the vault does not give back as it was."""
    vault, store = Vault(data / "evidence"), store_in(data)
    vault.recover()
    faults = []
    with store.session() as session:
        for row in session.scalars(select(m.Evidence)):
            body = vault.read(row.warc_file, row.warc_offset).body
            if hashlib.sha256(body).hexdigest() != row.sha256:
                faults.append(f"evidence {row.id} is not what was stored")
    store.close()
    return faults


def content(data: Path) -> tuple[dict[str, int], list[str]]:
    """Counts, and each thing that a listing said, without the town's changing port."""
    store = store_in(data)
    with store.session() as session:
        counts = {name: session.scalar(text(query)) or 0 for name, query in COUNTS.items()}
        said = sorted(
            re.sub(r":\d{4,5}", "", f"{r[0]} {r[1]} ") for r in session.execute(text(SAID))
        )
    store.close()
    return counts, said


def until_page(process: subprocess.Popen[str], data: Path) -> None:
    """Wait until a run writes evidence of its own, or has ended."""
    known = {path.name.removesuffix(".open") for path in (data / "evidence").glob("*")}
    while process.poll() is None:
        files = {path.name.removesuffix(".open") for path in (data / "evidence").glob("*")}
        if files - known:
            return
        time.sleep(0.01)


def disturbed(
    data: Path, env: dict[str, str], chance: random.Random, most: int, calm: float
) -> Round:
    """One store: killed and resumed until it is done or `most` kills have struck."""
    this = Round()
    while this.kills < most:
        early = chance.random() < STARTING
        wait = chance.uniform(0.3, calm / (2 if early else 5))
        before = kept(data) if begun(data) else ({}, set())
        process = subprocess.Popen(
            command(begun(data)), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        try:
            start = time.monotonic()
            if not early:
                until_page(process, data)
            _, said = process.communicate(timeout=wait)
            ended = True
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            _, said = process.communicate()
            ended = False
        now = kept(data) if begun(data) else ({}, set())
        this.faults += compared(before, data) if begun(data) else []
        if ended:
            if process.returncode:
                this.faults.append(f"a run failed: {said.strip()[-300:]}")
            print(f"  done after {this.kills} kills", flush=True)
            return this
        this.kills += 1
        took = time.monotonic() - start
        print(f"  kill {this.kills:2} after {took:4.1f} s: {len(now[0]):4} answers, {len(now[1]):3} tasks done", flush=True)  # fmt: skip
    last = subprocess.run(
        command(begun(data)), env=env, capture_output=True, text=True, check=False
    )
    if last.returncode:
        this.faults.append(f"the last run failed: {last.stderr.strip()[-300:]}")
    return this


def main() -> None:
    """Print each kill, then both stores side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    chance = random.Random(options.seed)
    print(f"machine: {machine()}; seed {options.seed}")
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder, Town() as town:
        plain = os.environ | environment(town.port) | {"YUNJIAN_SCREENSHOTS": "false"}
        quiet = Path(folder) / "quiet"
        start = time.monotonic()
        env = plain | {"YUNJIAN_DATA_DIR": str(quiet)}
        subprocess.run(command(False), env=env, check=True, stdout=subprocess.DEVNULL)
        calm = time.monotonic() - start
        counts, said = content(quiet)
        print(f"undisturbed: {calm:.1f} s")
        struck = 0
        rounds: list[tuple[dict[str, int], list[str]]] = []
        while struck < options.kills:
            data = Path(folder) / f"round-{len(rounds) + 1}"
            print(f"round {len(rounds) + 1}", flush=True)
            env = plain | {"YUNJIAN_DATA_DIR": str(data)}
            this = disturbed(data, env, chance, options.kills - struck, calm)
            struck += this.kills
            faults += this.faults + unreadable(data)
            rounds.append(content(data))
            if rounds[-1][1] != said:
                off = Counter(rounds[-1][1])
                off.subtract(Counter(said))
                faults += [f"not as in the quiet run: {k}" for k, n in off.items() if n][:5]
        print(
            f"{'':22}{'quiet':>8}"
            + "".join(f"{f'round {n}':>10}" for n in range(1, len(rounds) + 1))
        )
        for name, count in counts.items():
            print(f"{name:22}{count:>8}" + "".join(f"{there[name]:>10}" for there, _ in rounds))
            if any(there[name] != count for there, _ in rounds):
                faults.append(f"{name}: differs from the quiet run")
    print(f"{struck} kills, {len(faults)} faults")
    for fault in faults[:20]:
        print(f"  {fault}")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
