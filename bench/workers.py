"""Several workers: how much faster they are, and what `kill -9` does to them.

`python -m bench.workers [--pages N] [--on postgresql]` sweeps eight shops of N pages each with 1,
2, 4 and 8 worker processes and prints pages per second, CPU seconds per page, and the CPU that
the server of the pages used: on a small machine that one takes part of the cores.

`python -m bench.workers --kills 10 --seed 7` runs two workers on PostgreSQL while a scheduler
leaves sweeps to them, kills a worker that is at work again and again, and compares the store
with that of an undisturbed run in one process, and the manners at each host with those of one
worker. Exit code 1 where anything was lost or doubled or a host was asked more than it should.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from bench.crawl import SERVER, write_pages
from bench.databases import database, postgresql
from bench.kills import COUNTS, SAID
from bench.machine import machine
from bench.watched_town import manners
from practice import environment
from storage import Store, Vault, open_store
from storage import models as m
from storage.work import UnitRow

HOUSE = Path(__file__).resolve().parent.parent
SHOPS = 8
SWEEPS = (("tea", "sanqi"), ("food-drug",))
"""Goods of the sweeps that the scheduler leaves to the workers, one after the other."""
EARLY = 0.2
"""Share of the kills that may strike before a unit has kept its first page."""
DELAY = 0.1
LEASE = 4.0
ENQUEUE = """
import sys, settings
from storage import open_store
from sweeps.order import SweepOrder
from sweeps.run import plan_sweep
from sweeps.team import leave_to_workers
config = settings.load()
store = open_store(config.store_url)
leave_to_workers(config, store, plan_sweep(config, store, SweepOrder(goods=tuple(sys.argv[1:]))).sweep_id)
"""


# Throughput -----------------------------------------------------------------------------


class Clock(threading.Thread):
    """CPU seconds of all processes of a session, sampled: it misses a process's last moments."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.session = session
        self.seen: dict[int, float] = {}
        self.over = threading.Event()

    def run(self) -> None:
        """Sample until told that it is over."""
        while not self.over.wait(0.1):
            for path in Path("/proc").glob("[0-9]*/stat"):
                try:
                    fields = path.read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[3]) == self.session:
                    self.seen[int(path.parent.name)] = ticks(fields)

    def total(self) -> float:
        """Seconds."""
        return sum(self.seen.values())


def ticks(fields: list[str]) -> float:
    """CPU seconds of a process by the fields of its stat after the name."""
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """CPU seconds of one process."""
    return ticks(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split())


def throughput(workers: int, port: int, pages: int, url: str, data: Path) -> dict[str, float]:
    """Pages per second from the first to the last, CPU seconds, and the whole time."""
    env = os.environ | {
        "YUNJIAN_DATA_DIR": str(data), "YUNJIAN_DATABASE_URL": url, "YUNJIAN_ALLOW_PRIVATE": "*.town.localhost",
        "YUNJIAN_DOWNLOAD_DELAY": "0", "YUNJIAN_HOST_CONCURRENCY": "8", "YUNJIAN_SHOP_BUDGET": str(pages + 10),
        "YUNJIAN_SCREENSHOTS": "false",
    }  # fmt: skip
    command = [sys.executable, "-m", "cli", "sweep", "--json", "--workers", str(workers)]
    for number in range(SHOPS):
        command += ["--source", f"http://w{number}.town.localhost:{port}/"]
    began = time.monotonic()
    process = subprocess.Popen(
        command, env=env, cwd=HOUSE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )  # fmt: skip
    clock = Clock(process.pid)
    clock.start()
    _, said = process.communicate()
    clock.over.set()
    clock.join()
    if process.returncode:
        raise SystemExit(f"{workers} workers failed: {said[-2000:]}")
    store = open_store(url or f"sqlite:///{data / 'yunjian.db'}")
    with store.session() as session:
        times = session.scalars(select(m.Evidence.fetched_at).where(m.Evidence.kind == "page"))
        asked = sorted(times)
        read = session.scalar(text("SELECT count(*) FROM listing")) or 0
    store.close()
    if read != SHOPS * pages:
        raise SystemExit(f"{workers} workers read {read} of {SHOPS * pages} listings")
    span = (asked[-1] - asked[0]).total_seconds()
    return {
        "pages": len(asked), "rate": len(asked) / span, "cpu": clock.total(), "whole": time.monotonic() - began,
    }  # fmt: skip


def measure(pages: int, counts: list[int], on: str) -> None:
    """Print a line for each number of workers."""
    with tempfile.TemporaryDirectory() as folder, postgresql() as server_url:
        write_pages(Path(folder), pages)
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, folder], stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        port = int(server.stdout.readline())
        print(f"machine: {machine()}; {SHOPS} shops of {pages} pages, {on}")
        print(f"{'workers':>8}{'pages/s':>9}{'ratio':>7}{'CPU s/page':>12}{'server CPU s':>14}{'with start':>12}")  # fmt: skip
        first = 0.0
        try:
            for count in counts:
                with tempfile.TemporaryDirectory() as data:
                    url = database(server_url, f"w{count}") if on == "postgresql" else ""
                    before = cpu_of(server.pid)
                    got = throughput(count, port, pages, url, Path(data))
                    used = cpu_of(server.pid) - before
                first = first or got["rate"]
                print(
                    f"{count:>8}{got['rate']:>9.1f}{got['rate'] / first:>7.2f}{got['cpu'] / got['pages']:>12.4f}"
                    f"{used:>14.1f}{got['whole']:>10.1f} s",
                    flush=True,
                )
        finally:
            server.terminate()
            server.wait()


# Kills ----------------------------------------------------------------------------------


@dataclass
class Struck:
    """What one store went through."""

    kills: int = 0
    sweeps: int = 0
    faults: list[str] = field(default_factory=list)


@contextmanager
def watched_town(log: Path) -> Iterator[int]:
    """The port of a town with a clock at its door."""
    command = [sys.executable, "-m", "bench.watched_town", str(log), "--port", "0", "--attached"]
    town = subprocess.Popen(
        command, cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert town.stdout is not None
    try:
        yield int(town.stdout.readline().rsplit(":", 1)[1].strip(" /\n"))
    finally:
        town.terminate()
        town.wait()


def content(store: Store) -> tuple[dict[str, int], list[str]]:
    """Counts, and each thing that a listing said, without the town's changing port."""
    with store.session() as session:
        counts = {name: session.scalar(text(query)) or 0 for name, query in COUNTS.items()}
        rows = session.execute(text(SAID))
        said = sorted(re.sub(r":\d{4,5}", "", f"{row[0]} {row[1]}") for row in rows)
    return counts, said


def quiet(env: dict[str, str], url: str) -> tuple[dict[str, int], list[str]]:
    """The same sweeps one after the other in one process each."""
    for goods in SWEEPS:
        named = [part for one in goods for part in ("--goods", one)]
        subprocess.run([sys.executable, "-m", "cli", "sweep", "--json", *named], env=env, cwd=HOUSE, check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    store = open_store(url)
    found = content(store)
    store.close()
    return found


def at_work(
    store: Store, team: list[subprocess.Popen[bytes]], kept: bool
) -> list[subprocess.Popen[bytes]]:
    """The workers that have a unit under way, of which the store has pages already if `kept`."""
    running = select(UnitRow.worker, UnitRow.summary).where(UnitRow.state == "running")
    with store.session() as session:
        rows = session.execute(running).all()
    # A worker's process id stands in its name.
    busy = {int(name.split("-")[-2]) for name, share in rows if share or not kept}
    return [one for one in team if one.pid in busy]


def done(store: Store) -> bool:
    """Whether all sweeps were left to the workers and came to their end."""
    with store.session() as session:
        states = session.scalars(select(m.Sweep.state)).all()
    return len(states) == len(SWEEPS) and set(states) == {"done"}


def disturbed(env: dict[str, str], url: str, chance: random.Random, most: int) -> Struck:
    """Two workers and a scheduler; workers are killed at random instants while at work."""
    this = Struck()
    command = [sys.executable, "-m", "cli", "worker", "--concurrency", "2"]

    def worker() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=env, cwd=HOUSE)

    def schedule() -> None:
        for goods in SWEEPS:
            subprocess.run([sys.executable, "-c", ENQUEUE, *goods], env=env, cwd=HOUSE, check=True)
            time.sleep(5)

    store = open_store(url)
    scheduler = threading.Thread(target=schedule, daemon=True)
    scheduler.start()
    team = [worker(), worker()]
    end = time.monotonic() + 900
    strike, early = 0.0, False
    while not done(store):
        if time.monotonic() > end:
            this.faults.append("not done after 15 minutes")
            break
        busy = at_work(store, team, kept=not early)
        if busy and not strike:
            strike = time.monotonic() + chance.uniform(0.1, 12)
        if busy and this.kills < most and time.monotonic() > strike:
            one = chance.choice(busy)
            os.kill(one.pid, signal.SIGKILL)
            one.wait()
            this.kills += 1
            with store.session() as session:
                states = Counter(session.scalars(select(m.TaskRow.state)))
                pages = len(session.scalars(select(m.Evidence.id)).all())
            print(f"  kill {this.kills:2}: worker {one.pid}; {pages} pages kept, tasks {dict(states)}", flush=True)  # fmt: skip
            team[team.index(one)] = worker()
            strike, early = 0.0, chance.random() < EARLY
        for number, one in enumerate(team):
            if one.poll() is not None:
                this.faults.append(f"a worker ended by itself with {one.returncode}")
                team[number] = worker()
        time.sleep(0.1)
    scheduler.join()
    for one in team:
        one.terminate()
    for one in team:
        if one.wait() != 0:
            this.faults.append(f"a worker did not stop in order: {one.returncode}")
    store.close()
    return this


def left_over(store: Store, data: Path) -> list[str]:
    """What should not be there at the end: units, leases, jobs under way, evidence unread."""
    import hashlib

    faults = []
    vault = Vault(data / "evidence")
    vault.recover()
    with store.session() as session:
        for row in session.scalars(select(m.Evidence)):
            body = vault.read(row.warc_file, row.warc_offset).body
            if hashlib.sha256(body).hexdigest() != row.sha256:
                faults.append(f"evidence {row.id} is not what was stored")
        for query in (
            "SELECT count(*) FROM unit WHERE state = 'running'",
            "SELECT count(*) FROM task WHERE state NOT IN ('done', 'failed')",
            "SELECT count(*) FROM lead WHERE state = 'pending'",
            "SELECT count(*) FROM procrastinate_jobs WHERE status NOT IN ('succeeded', 'aborted')",
        ):
            if count := session.scalar(text(query)):
                faults.append(f"{count}: {query}")
    return faults


def strike(kills: int, seed: int) -> None:
    """Print each kill, both stores side by side, and the manners at the hosts."""
    chance, faults = random.Random(seed), []
    plain = {k: v for k, v in os.environ.items() if not k.startswith("YUNJIAN_")}
    print(f"machine: {machine()}; seed {seed}; delay {DELAY} s, 1 request per host at once")
    with tempfile.TemporaryDirectory() as name, postgresql() as server:
        folder = Path(name)

        def env(port: int, data: Path, url: str) -> dict[str, str]:
            return plain | environment(port) | {
                "YUNJIAN_DATA_DIR": str(data), "YUNJIAN_DATABASE_URL": url, "YUNJIAN_SCREENSHOTS": "false",
                "YUNJIAN_DOWNLOAD_DELAY": str(DELAY), "YUNJIAN_HOST_CONCURRENCY": "1", "YUNJIAN_WORKER_LEASE": str(LEASE),
            }  # fmt: skip

        with watched_town(folder / "quiet.log") as port:
            url = database(server, "quiet")
            counts, said = quiet(env(port, folder / "quiet", url), url)
        print("undisturbed run done", flush=True)
        rounds: list[Any] = []
        struck, logs = 0, []
        while struck < kills:
            number = len(rounds) + 1
            print(f"round {number}", flush=True)
            url, data = database(server, f"round{number}"), folder / f"round{number}"
            logs.append(folder / f"round{number}.log")
            with watched_town(logs[-1]) as port:
                this = disturbed(env(port, data, url), url, chance, kills - struck)
            struck += this.kills
            store = open_store(url)
            rounds.append(content(store))
            faults += this.faults + left_over(store, data)
            store.close()
            if rounds[-1][1] != said:
                off = Counter(rounds[-1][1])
                off.subtract(Counter(said))
                faults += [f"not as in the quiet run: {k}" for k, n in off.items() if n][:5]
        print(f"{'':22}{'quiet':>8}" + "".join(f"{f'round {n}':>10}" for n in range(1, len(rounds) + 1)))  # fmt: skip
        for name, count in counts.items():
            print(f"{name:22}{count:>8}" + "".join(f"{there[name]:>10}" for there, _ in rounds))
            if any(there[name] != count for there, _ in rounds):
                faults.append(f"{name}: differs from the quiet run")
        calm = manners(folder / "quiet.log")
        print(f"{'requests at a host':30}{'at once':>9}{'gap s':>9}{'in 1 s':>8}{'in all':>8}")
        for title, log in [("one process", folder / "quiet.log"), *[(f"round {n}", log) for n, log in enumerate(logs, 1)]]:  # fmt: skip
            seen = manners(log)
            worst = max(v[0] for v in seen.values()), min(v[1] for v in seen.values() if v[3] > 1)
            most = max(v[2] for v in seen.values())
            print(f"{title:30}{worst[0]:>9}{worst[1]:>9.3f}{most:>8}{sum(v[3] for v in seen.values()):>8}")  # fmt: skip
            if worst[0] > 1:
                faults.append(f"{title}: a host was asked {worst[0]} times at once")
            if log != folder / "quiet.log" and most > max(v[2] for v in calm.values()) + 2:
                faults.append(f"{title}: a host was asked {most} times in a second")
    print(f"{struck} kills, {len(faults)} faults")
    for fault in faults[:20]:
        print(f"  {fault}")
    raise SystemExit(1 if faults else 0)


def main() -> None:
    """Measure, or strike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=150, help="of each shop")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--on", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    if options.kills:
        strike(options.kills, options.seed)
    measure(options.pages, options.workers, options.on)


if __name__ == "__main__":
    main()
