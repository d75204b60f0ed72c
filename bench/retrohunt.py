"""Retro-hunt over many stored listings: rate, kill -9 and resume, preview against result.

`python -m bench.retrohunt --listings 1000000` fills a SQLite store with synthetic observations
(`bench.synthetic`), then runs the rules of one violation over all of them in a process of its
own, which is killed twice while it looks and once while it applies, and is resumed each time.
Beside it stands the rate of the bare detectors on the same listings in this run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

import detectors
import settings
from bench.machine import machine
from bench.stores import bulk, sqlite_store
from bench.synthetic import batches
from listing import Listing
from storage import Store
from storage import models as m
from storage.hunts import Hunt, HuntFind, Superseded


def main() -> None:
    """Print the figures; exit code 1 where the result is not the preview."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--listings", type=int, default=20_000)
    arguments.add_argument("--violation", default="medical_claim")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--no-kill", action="store_true")
    told = arguments.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as name, sqlite_store(Path(name)) as store:
        _fill(store, told.listings)
        bare = _bare(store, told.violation)
        spent = _spent()
        began = time.monotonic()
        kills = 0 if told.no_kill else _kill(store, Path(name), told)
        _run(Path(name), told, resume=kills > 0).wait()
        seconds = time.monotonic() - began
        with store.session() as session:
            hunt = session.scalars(select(Hunt)).one()
            finds = session.scalar(select(func.count()).select_from(HuntFind))
            signals = session.scalar(select(func.count()).where(m.SignalRow.rule_digest != ""))
            superseded = session.scalar(select(func.count()).select_from(Superseded))
        print(
            f"hunt over {hunt.seen:,} observations, {told.jobs} jobs, {kills} kills: {seconds:.0f} s, "
            f"{hunt.seen / seconds:,.0f}/s from start to applied, kills and restarts included"
        )
        print(f"bare detectors, same rules: {bare:,.0f} per second of processor")
        if not kills:
            # Of killed processes' own processes nobody is told the time.
            rate = hunt.seen / (_spent() - spent)
            print(
                f"hunt, loading of rules included: {rate:,.0f} per second of processor; ratio {rate / bare:.2f}"
            )
        print(f"finds {finds:,}; signals new {signals:,}, superseded {superseded:,}")
        shown = [
            {"listings": one["listings"], "violations": one["violations"]}
            for one in (hunt.preview or {}, hunt.result or {})
        ]
        print("preview", json.dumps(shown[0]))
        print("result ", json.dumps(shown[1]))
        same = shown[0] == shown[1] and hunt.state == "done"
        print("the result is the preview" if same else "THE RESULT IS NOT THE PREVIEW")
    raise SystemExit(0 if same else 1)


def _fill(store: Store, count: int) -> None:
    began = time.monotonic()
    for rows in batches(count):
        bulk(store, rows)
    seconds = time.monotonic() - began
    print(f"filled with {count:,} observations in {seconds:.0f} s", flush=True)


def _spent() -> float:
    """Seconds of processor of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _bare(store: Store, violation: str, sample: int = 2000) -> float:
    """Listings per second of processor of the detectors alone, for the same violation."""
    with store.session() as session:
        rows = session.scalars(select(m.Observation.content).limit(sample)).all()
    listings = [Listing.from_dict(row) for row in rows]
    detector = detectors.load(settings.load().rules_dir)
    began = time.process_time()
    for listing in listings:
        detector.detect(listing, frozenset([violation]))
    return len(listings) / (time.process_time() - began)


def _run(folder: Path, told: argparse.Namespace, resume: bool) -> subprocess.Popen[bytes]:
    wanted = ["--resume", "1"] if resume else ["--violation", told.violation]
    command = [
        sys.executable, str(settings.HOUSE / "cli.py"), "retrohunt", "--apply",
        "--jobs", str(told.jobs), *wanted, "--json",
    ]  # fmt: skip
    env = os.environ | {
        "YUNJIAN_DATABASE_URL": f"sqlite:///{folder / 'bench.db'}",
        "YUNJIAN_DATA_DIR": str(folder),
        "PYTHONPATH": str(settings.HOUSE),
    }
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)


def _kill(store: Store, folder: Path, told: argparse.Namespace) -> int:
    """Kill it at a third and at two thirds of the looking, and while it applies."""
    kills = 0
    for looked, applied in ((1 / 3, 0.0), (2 / 3, 0.0), (1.0, 0.3)):
        process = _run(folder, told, resume=kills > 0)
        while process.poll() is None:
            time.sleep(0.05)
            with store.session() as session:
                at = session.execute(select(Hunt.looked_to, Hunt.applied_to, Hunt.last_id)).first()
            if at and at[0] >= looked * at[2] and at[1] >= applied * at[2]:
                process.kill()
                kills += 1
                print(f"killed at {at[0]:,} looked at, applied to {at[1]:,}", flush=True)
                break
        process.wait()
    return kills


if __name__ == "__main__":
    main()
