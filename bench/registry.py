"""A register of a million enterprises loaded, and shops matched with it: time and memory.

`python -m bench.registry [--rows 1000000] [--shops 20000] [--store URL]` writes a synthetic
register (names and codes are made up, the codes' check digits fit), fills a fresh store with
shops of which most are registered, some forged and some cancelled, and times `registry load`,
loading the same rows again with one changed, and `registry check`.
"""

from __future__ import annotations

import argparse
import csv
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import detectors
import settings
from bench.machine import machine
from clues.facts import keep_facts
from clues.operators import settle_operators
from clues.registry import load_registry
from clues.registry_check import check_registry
from listing import Listing
from storage import Store, open_store
from storage.observations import Found, record

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_AREAS = (
    "530102", "530103", "530111", "530302", "530402", "530502", "530581", "530602", "530702", "530802", "530902", "532301",
    "532504", "532601", "532801", "532822", "532901",
)  # fmt: skip
_WORDS = (
    "云岫乌有子虚镜象老街梦泽无量南糯葵竹云梦芳草假想七缘山货美颜康护彝绣童趣空中海市蜃楼虚谷茶马"
)
_TRADES = ("茶业", "三七", "食品", "商贸", "农业科技", "电子商务", "药材", "百货")
_FORMS = ("有限公司", "经营部", "商行", "农民专业合作社")
NOW = datetime(2026, 11, 11, tzinfo=UTC)


def code(area: str, number: int) -> str:
    """A code whose check digit fits, another for each number."""
    body = f"91{area}MA"
    rest = []
    for _ in range(7):
        number, place = divmod(number, 31)
        rest.append(_ALPHABET[place])
    body += "".join(reversed(rest))
    total = sum(_ALPHABET.index(c) * pow(3, n, 31) for n, c in enumerate(body))
    return body + _ALPHABET[(31 - total % 31) % 31]


def entry(number: int) -> tuple[str, str, str, str, str]:
    """Code, name, status, address and district of the numbered enterprise."""
    chance = Random(number)
    area = _AREAS[number % len(_AREAS)]
    word = "".join(chance.choice(_WORDS) for _ in range(4))
    name = f"{word}虚构{chance.choice(_TRADES)}{number % 9973}{chance.choice(_FORMS)}"
    status = "注销" if number % 50 == 7 else "存续（在营、开业、在册）"
    return code(area, number), name, status, f"虚构路{number % 999 + 1}号", area


def write(path: Path, rows: int, changed: int = -1) -> None:
    """The register as a CSV file."""
    with path.open("w", encoding="gb18030", newline="") as file:
        out = csv.writer(file)
        out.writerow(["统一社会信用代码", "企业名称", "登记状态", "住所", "行政区划代码"])
        for number in range(rows):
            line = entry(number)
            out.writerow((*line[:3], "虚构新址1号", line[4]) if number == changed else line)


def shops(count: int, rows: int) -> Iterator[Found]:
    """Shops of operators in the register; of each hundred four under a forged name, three
    with a code of nobody."""
    for number in range(count):
        known = entry(number * 7 % rows)
        uscc, name = known[0], known[1]
        if number % 25 == 3:
            name = f"假冒虚构{number}有限公司"
        elif number % 33 == 5:
            uscc = code("530102", 10**9 + number)
        listing = Listing(
            title="茶", source="bench", shop_name=f"店{number}", operator_name=name, uscc=uscc,
            phone=f"0871-{number:08d}", address=f"云南省昆明市五华区虚构路{number}号",
        )  # fmt: skip
        yield Found(listing, f"http://x.example/{number}", "", "tea", None, NOW)


def fill(store: Store, count: int, rows: int, places: Any) -> None:
    """The shops into the store as a sweep records them."""
    every = shops(count, rows)
    while batch := [found for _, found in zip(range(500), every, strict=False)]:
        with store.session() as session:
            recorded = record(session, None, batch)
            keep_facts(session, list(zip(batch, recorded, strict=True)), places)


def timed(what: str, do: Callable[[], Any]) -> Any:
    """Print how long it took."""
    began, worked = time.monotonic(), time.process_time()
    result = do()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{what:44}{time.monotonic() - began:8.1f} s ({time.process_time() - worked:.1f} of them at work)   peak memory {peak:6.0f} MB",
        flush=True,
    )
    return result


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--shops", type=int, default=20_000)
    parser.add_argument("--store", default="", help="an empty database; default: a SQLite file")
    options = parser.parse_args()
    print(f"machine: {machine()}")
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(options.store or f"sqlite:///{folder}/store.db")
        path = Path(folder, "register.csv")
        write(path, options.rows)
        print(f"register: {options.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB of GB 18030")
        loaded = timed("registry load", lambda: load_registry(store, path, covers="53"))
        print(f"  {loaded.new} new, {loaded.changed} changed, {loaded.rejected} rejected")
        write(path, options.rows, changed=options.rows // 2)
        again = timed("the next month's file, one row changed", lambda: load_registry(store, path, covers="53"))  # fmt: skip
        print(f"  {again.new} new, {again.changed} changed, {again.rejected} rejected")
        places = detectors.load(settings.load().rules_dir).knowledge.places
        timed(f"(recording {options.shops:,} shops)", lambda: fill(store, options.shops, options.rows, places))  # fmt: skip
        settled = timed("settling them", lambda: settle_operators(store, places))
        print(f"  {settled.shops} shops, {len(settled.merged)} merged")
        checked = timed("registry check", lambda: check_registry(store, places))
        print(
            f"  {dict(checked.results)}, {len(checked.opened)} clues, {checked.separated} separated"
        )
        store.close()


if __name__ == "__main__":
    main()
