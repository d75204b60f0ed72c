"""A real shop that none of us wrote: django-oscar from PyPI on loopback, swept as a stranger's.

`python -m bench.oscar [--environment DIR]` makes an environment of its own for django-oscar (in
DIR, kept for the next time; else in a temporary folder), fills the shop with a Chinese
catalogue (`bench/oscar_shop`), serves it, sweeps it, and prints the share of its products
found and of their fields read right; then the same pages are read by the general reader alone, as
if the software were not known. The project itself does not depend on django-oscar.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import select

import settings
from bench.machine import machine
from bench.oscar_shop.catalogue import SHOP, Good, catalogue
from crawler.page import Page, ReadError
from spiders.shop import Shop
from storage import Vault, open_store
from storage import models as m

PACKAGES = ("django-oscar[sorl-thumbnail]==4.2.1", "Django==5.2.*", "whoosh==2.7.4")
HOUSE = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
JOINED = ("operator", "phone, address", "ICP number", "terms, notice")


def environment(folder: Path) -> Path:
    """The Python of an environment in `folder` that has django-oscar; made where it is missing."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    try:
        subprocess.run(
            [python, "-c", "import oscar, sorl, whoosh"], check=True, capture_output=True
        )
    except subprocess.CalledProcessError:
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


@contextmanager
def shop(python: Path, data: Path) -> Iterator[str]:
    """The filled shop while the block runs; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {
        "OSCAR_SHOP_DATA": str(data), "DJANGO_SETTINGS_MODULE": "bench.oscar_shop.settings",
        "PYTHONPATH": str(HOUSE), "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    subprocess.run([python, "-m", "bench.oscar_shop.load"], env=env, check=True, cwd=HOUSE)
    server = subprocess.Popen(
        [python, "-m", "django", "runserver", f"127.0.0.1:{port}", "--noreload"],
        env=env, cwd=HOUSE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/", server)
        yield f"http://oscar.localhost:{port}/"
    finally:
        server.terminate()
        server.wait()


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=10).close()
            return
        time.sleep(0.2)
    raise RuntimeError("the shop did not start")


def sweep_shop(url: str, data: Path, **more: str) -> dict[str, Any]:
    """Sweep the shop at `url` into a store in `data`; returns the summary."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("YUNJIAN_")}
    env = clean | {
        "YUNJIAN_DATA_DIR": str(data), "YUNJIAN_ALLOW_PRIVATE": "oscar.localhost",
        "YUNJIAN_DOWNLOAD_DELAY": "0", "YUNJIAN_HOST_CONCURRENCY": "2", "YUNJIAN_SCREENSHOTS": "false",
        "YUNJIAN_IMAGES_PER_LISTING": "0", "YUNJIAN_CONTACT": "bench", "PYTHONPATH": str(HOUSE),
    } | more  # fmt: skip
    command = [sys.executable, "-m", "cli", "sweep", "--json", "--source", url]
    done = subprocess.run(command, env=env, cwd=data, text=True, capture_output=True, check=True)
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def stored(data: Path) -> list[dict[str, Any]]:
    """What each listing in the store says."""
    store = open_store(settings.load(data_dir=data, database_url="").store_url)
    with store.session() as session:
        found = list(session.scalars(select(m.Observation.content)))
    store.close()
    return found


def fields_right(good: Good, read: Mapping[str, Any]) -> dict[str, bool]:
    """By field whether it was read as the shop was told it."""
    price = read.get("price")
    attributes = read.get("attributes", {})
    told = [(text, day, buyer[:1]) for text, day, buyer, _ in good.reviews]
    said = [(r["text"], (r.get("date") or "")[:10], r.get("user", "")[:1]) for r in read.get("reviews", ())]  # fmt: skip
    return {
        "title": read["title"] == good.title,
        "price": (Decimal(str(price)) if price is not None else None) == good.price,
        "description": read.get("text", "").split() == "\n".join(good.paragraphs).split(),
        "category": attributes.get("分类") == good.category,
        "attributes": good.attributes.items() <= attributes.items(),
        "images": len(set(read.get("images", ()))) == good.images,
        "reviews": sorted(told) == sorted(said),
        "operator": (read.get("operator_name"), read.get("uscc"), read.get("licence_no"))
        == (SHOP["operator_name"], SHOP["uscc"], SHOP["licence_no"]),
        "phone, address": (read.get("phone"), read.get("address")) == (SHOP["phone"], SHOP["address"]),
        "ICP number": attributes.get("ICP备案") == SHOP["icp"],
        "terms, notice": all(w in read.get("terms", "") for w in ("七日内可以无理由退货", "国庆期间照常发货")),
    }  # fmt: skip


def read_generally(data: Path) -> list[dict[str, Any]]:
    """What the general reader makes of the same pages, without the hooks of any software."""
    vault, shop_reader = Vault(data / "evidence"), Shop()
    store = open_store(settings.load(data_dir=data, database_url="").store_url)
    with store.session() as session:
        rows = session.execute(
            select(m.Evidence.warc_file, m.Evidence.warc_offset).join(
                m.Observation, m.Observation.evidence_id == m.Evidence.id
            )
        ).all()
    store.close()
    found = []
    with patch("spiders.shop.software_of", lambda page: None):
        for file, offset in rows:
            kept = vault.read(file, offset)
            with suppress(ReadError):
                found.append(shop_reader.read_item(Page(kept.url, kept.body)).to_dict())
    return found


def pictures_answer(found: list[dict[str, Any]]) -> tuple[int, int]:
    """How many of the pictures that were read are pictures, and how many there are."""
    urls = list(dict.fromkeys(url for one in found for url in one.get("images", ())))
    good = 0
    for url in urls:
        with suppress(OSError):
            host = url.replace("oscar.localhost", "127.0.0.1")
            with urllib.request.urlopen(host, timeout=10) as answer:
                good += answer.headers.get_content_type().startswith("image/")
    return good, len(urls)


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, help="folder of django-oscar's environment")
    parser.add_argument("--wrong", action="store_true", help="name each field read wrongly")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "shop").mkdir()
        (home / "sweep").mkdir()
        python = environment(options.environment or home / "environment")
        with shop(python, home / "shop") as url:
            summary = sweep_shop(url, home / "sweep")
            found = stored(home / "sweep")
            pictures = pictures_answer(found)
            general = read_generally(home / "sweep")
    print(f"machine: {machine()}")
    total = summary["total"]
    print(f"pages {total['pages']}, listings {total['listings']}, {summary['seconds']} s, incidents {summary['incidents']}")  # fmt: skip
    report(found, options.wrong)
    print("-- the general reader alone, each page by itself")
    report(general, options.wrong, joined=False)
    print(f"addresses of pictures that answer with a picture: {pictures[0]} of {pictures[1]}")


def report(found: list[dict[str, Any]], wrong: bool, joined: bool = True) -> None:
    """The table: products found, and fields read right among them; `joined`: also those that
    other pages of the shop state."""
    goods = {good.title: good for good in catalogue()}
    known = {one["title"]: one for one in found if one["title"] in goods}
    print(f"products found: {len(known)} of {len(goods)} ({len(known) / len(goods):.1%})")
    variants = {f"{good.title} {v}" for good in goods.values() for v in good.variants}
    read = {one["title"] for one in found}
    print(f"variants found, each on a page of its own: {len(read & variants)} of {len(variants)}")
    print(f"listings that are no product: {sorted(read - goods.keys() - variants)}")
    right: Counter[str] = Counter()
    for title, one in known.items():
        for name, well in fields_right(goods[title], one).items():
            right[name] += well
            if wrong and not well and (joined or name not in JOINED):
                print(f"  {name} of {title}: {json.dumps(one, ensure_ascii=False)[:1500]}")
    for name, count in right.items():
        if joined or name not in JOINED:
            print(f"{name:16}{count:>4} of {len(known)}{count / max(1, len(known)):>8.1%}")


if __name__ == "__main__":
    main()
