"""A sweep of the whole practice town with every fault switched on for some of it.

`python -m bench.faults` prints the blocks and failures by kind, whether each fault was named,
and the recall of the listings that could be read. Which these are is reckoned from the town's
own data and the faults alone. Every socket of the sweep is watched.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select

import settings
from bench.machine import machine
from practice import Town, environment
from practice.data import offers, sellers
from practice.faults import KINDS
from storage import models as m
from storage import open_store

PLACES: dict[str, tuple[str, str, bool]] = {
    # Of whole hosts and single paths: the fault, what it must be named, whether it can be read.
    # A calendar is not followed: its months are no way to goods.
    "jingdian": ("drift", "drift/nothing", False),
    "bing": ("empty", "empty/result", True),
    "sogou": ("captcha", "block/captcha", True),
    "wuyou": ("429", "wait/retry_after", True),
    "huguan": ("503", "wait/retry_after", True),
    "wumingshe/robots.txt": ("500", "block/robots", False),
    "xumi/about.html": ("calendar", "empty/page", True),
}
ITEMS: dict[str, dict[str, tuple[str, bool]]] = {
    # Of single items of a shop: the fault, what it must be named ("" nothing), whether it can be read.
    # (A page that a search led to promised no item: it is empty, not unreadable.)
    "yunxiu": {
        "drip": ("failure/timeout", False), "endless": ("failure/too_large", False),
        "bomb": ("failure/too_large", False), "gzipcut": ("failure/truncated", False),
        "length": ("failure/truncated", False), "short": ("unread/cut_off", False),
        "redirects": ("failure/redirect_loop", False), "refresh": ("failure/redirect_loop", False),
        "reload": ("unread/unreadable|empty/page", False), "internal": ("", True),
        "links": ("failure/too_large", False), "deep": ("unread/cut_off", True),
        "huge": ("failure/too_large", False), "truncated": ("failure/truncated", False),
        "500": ("failure/http_500", False), "soft404": ("failure/soft_404", False),
        "slow": ("", True), "charset": ("", True),
    },
    "jingxiang": {
        "unsettled": ("wait/unsettled", True), "dialogs": ("", True), "downloads": ("", True),
        "reach": ("", True), "miner": ("failure/timeout", False), "lateminer": ("failure/timeout", False),
    },
}  # fmt: skip
SOURCES = ("baidu", "taobao", "jd", "sogou", "bing")


@dataclass(frozen=True)
class Ill:
    """One fault: where it is, what it must be named, whether what stands there can be read."""

    place: str
    kind: str
    named: str
    readable: bool


def ills() -> list[Ill]:
    """Every fault of the bench."""
    found = [Ill(place, *said) for place, said in PLACES.items()]
    for shop, kinds in ITEMS.items():
        paths = [o.path for o in offers().values() if o.seller.key == shop]
        found += [Ill(shop + path, kind, *said) for (kind, said), path in zip(kinds.items(), paths, strict=False)]  # fmt: skip
    return found


def readable(faults: list[Ill]) -> set[str]:
    """Ids of the offers at which no fault stands that would hide them."""
    hidden = [ill.place.removesuffix("/robots.txt") for ill in faults if not ill.readable]
    return {
        offer.id
        for offer in offers().values()
        if not any((offer.seller.host.split(".")[0] + offer.path).startswith(place) for place in hidden)
    }  # fmt: skip


def sweep(faults: list[Ill], folder: Path) -> tuple[dict[str, object], float, int, int]:
    """The summary, the seconds, the bytes of memory at the most, and the town's port."""
    with Town(faults={ill.place: ill.kind for ill in faults}) as town:
        env = os.environ | environment(town.port) | {
            "YUNJIAN_DATA_DIR": str(folder), "YUNJIAN_SCREENSHOTS": "false",
            "YUNJIAN_DOWNLOAD_TIMEOUT": "20",
            "YUNJIAN_SHOP_BUDGET": "150", "YUNJIAN_IMAGES_PER_LISTING": "0",
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.sweeps.watched", str(folder / "sockets"), "sweep", "--json"]  # fmt: skip
        shops = [seller.key for seller in sellers().values() if seller.site == "shop"]
        for source in (*SOURCES, *map(town.url, shops)):
            command += ["--source", source]
        began = time.monotonic()
        with (folder / "out").open("w") as out:
            process = subprocess.Popen(command, env=env, stdout=out)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"the sweep failed: {process.returncode}")
        summary = json.loads((folder / "out").read_text())
        return summary, time.monotonic() - began, used.ru_maxrss * 1024, town.port


def seen(folder: Path) -> tuple[set[str], list[tuple[str, str]]]:
    """Ids of the offers that were stored, and what was named at which address."""
    with open_store(settings.load(data_dir=folder).store_url).session() as session:
        stored = {key_of(url) for url in session.scalars(select(m.ListingRow.url))}
        rows = session.execute(select(m.Incident.kind, m.Incident.what, m.Incident.url)).all()
    known = {(o.seller.host, o.path): o.id for o in offers().values()}
    return {known[key] for key in stored if key in known}, [(f"{k}/{w}", u) for k, w, u in rows]


def key_of(url: str) -> tuple[str, str]:
    """Host without port, path and query."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.path + ("?" + parts.query if parts.query else "")


def names_of(ill: Ill, incidents: list[tuple[str, str]]) -> Counter[str]:
    """What was named at the place of a fault."""
    host, _, path = ill.place.partition("/")
    where = path.removesuffix("robots.txt")
    found: Counter[str] = Counter()
    for what, url in incidents:
        at, rest = key_of(url)
        if at.split(".")[0] == host and rest.startswith("/" + where):
            found[what] += 1
    return found


def main() -> None:
    """Print the report; exit 1 where a fault was not named or a readable listing was missed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    faults = ills()
    missing = set(KINDS) - {ill.kind for ill in faults}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        summary, seconds, peak, port = sweep(faults, folder)
        stored, incidents = seen(folder)
        lines = (folder / "sockets").read_text(encoding="utf-8").splitlines()
    print(f"machine: {machine()}")
    print(f"kinds of fault: {len(KINDS)}, not switched on: {', '.join(sorted(missing)) or 'none'}")
    print(f"{seconds:.0f} s, {peak / 2**20:.0f} MB at the most, state {summary['state']}")
    print("by kind:")
    counted = summary["incidents"]
    assert isinstance(counted, dict)
    for what, count in sorted(counted.items()):
        print(f"    {what:28}{count:>6}")
    silent = 0
    print(f"{'place':26}{'fault':12}{'must be named':30}named")
    for ill in faults:
        found = names_of(ill, incidents)
        ok = not ill.named or not found.keys().isdisjoint(ill.named.split("|"))
        silent += not ok
        told = ", ".join(found) or ("read" if ill.readable else "-")
        print(f"{ill.place:26}{ill.kind:12}{ill.named or '(can be read)':30}{told}{'' if ok else '   NOT NAMED'}")  # fmt: skip
    wanted = readable(faults)
    missed = wanted - stored
    print(f"faults not named: {silent}")
    recall = len(wanted & stored) / len(wanted)
    print(f"listings in the town {len(offers())}, readable {len(wanted)}, of them stored {len(wanted & stored)}: recall {recall:.3f}")  # fmt: skip
    for one in sorted(missed)[:20]:
        print(f"    missed {offers()[one].seller.host}{offers()[one].path}")
    connected = {line for line in lines if line.startswith("connect (")}
    outside = connected - {f"connect ('127.0.0.1', {port})"}
    print(f"connections outside the town: {len(outside)} {sorted(outside)[:5] or ''}")
    raise SystemExit(bool(silent or missed or missing or outside))


if __name__ == "__main__":
    main()
