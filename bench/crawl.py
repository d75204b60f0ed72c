"""Pages per second of the whole line beside Scrapy with parsel alone, on the same pages.

`python -m bench.crawl [--pages N] [--workers N]` serves shop pages of about 25 KB from a process
of its own, then fetches them in turn with (a) Scrapy that reads twelve fields with parsel and
throws all away, (b) the whole line: evidence, reading, detection, store, and (c) several whole
lines at once, each of a shop of its own. Each runs alone, in processes of its own, in turn,
several times; medians and ratios are printed, by the clock and by the processor time that the
measured processes used. By the clock the server, which shares the cores, counts too: two lines
at once and their server want more than two cores.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from bench.machine import machine
from practice import listings

HOUSE = Path(__file__).resolve().parent.parent

SERVER = """
import sys
from pathlib import Path
from twisted.internet import reactor
from twisted.web import resource, server

pages = {p.name: p.read_bytes() for p in Path(sys.argv[1]).iterdir()}

class Site(resource.Resource):
    isLeaf = True
    def render_GET(self, request):
        body = pages.get(request.path.decode().strip('/') or 'index.html')
        request.setHeader('Content-Type', 'text/html; charset=utf-8')
        if body is None:
            request.setResponseCode(404)
            return b''
        return body

port = reactor.listenTCP(0, server.Site(Site()), interface='127.0.0.1')
print(port.getHost().port, flush=True)
reactor.run()
"""

PEER = """
import sys, time
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

urls = [f"http://127.0.0.1:{sys.argv[1]}/item-{n}.html" for n in range(int(sys.argv[2]))]
FIELDS = ['h1', '.price', '.old', '.sold', '.shop-name', '.detail', '.terms', 'table', 'footer', 'title', '.review', 'dl']

class Peer(scrapy.Spider):
    name = 'peer'
    async def start(self):
        for url in urls:
            yield scrapy.Request(url, dont_filter=True)
    def parse(self, response):
        for field in FIELDS:
            response.css(field).xpath('string()').get()

process = AsyncCrawlerProcess({'LOG_LEVEL': 'ERROR', 'TELNETCONSOLE_ENABLED': False, 'CONCURRENT_REQUESTS_PER_DOMAIN': 16})
process.crawl(Peer)
began, cpu = time.perf_counter(), time.process_time()
process.start()
print(time.perf_counter() - began, time.process_time() - cpu)
"""


def write_pages(folder: Path, count: int) -> float:
    """`count` shop pages of the town's listings; returns their mean size in bytes."""
    sizes = []
    filler = "".join(
        f"<li class='nav'><a href='#n{n}'>栏目 {n} 云南特产</a></li>" for n in range(330)
    )
    for number, item in enumerate(islice(cycle(listings()), count)):
        rows = "".join(f"<tr><th>{k}</th><td>{v}</td></tr>" for k, v in item.attributes.items())
        html = (
            f"<html><head><meta charset=utf-8><title>{item.title} - 店</title></head><body><ul>{filler}</ul>"
            f"<h1>{item.title}</h1><div class=shop-name>{item.shop_name}</div><p class=price>价格：¥{item.price or '面议'}</p>"
            f"<p class=old>原价：¥{item.original_price or ''}</p><p class=sold>已售 {item.sales or 0}</p>"
            f"<table>{rows}</table><div class=detail>{item.text} 第{number}号</div><div class=terms>{item.terms}</div>"
            f"<button>加入购物车</button><footer>企业名称：{item.operator_name}<br>地址：{item.address}</footer></body></html>"
        )  # fmt: skip
        body = html.encode()
        sizes.append(len(body))
        (folder / f"item-{number}.html").write_bytes(body)
    links = "".join(f"<a href='/item-{n}.html'>商品{n}</a>" for n in range(count))
    (folder / "index.html").write_text(
        f"<meta charset=utf-8><body>{links}</body>", encoding="utf-8"
    )
    return statistics.mean(sizes)


LINE = """
import json, sys, time
import settings
from storage import open_store
from sweeps import run
from sweeps.order import SweepOrder

crawl = run.crawl

def timed(*arguments):
    timed.began, timed.cpu = time.perf_counter(), time.process_time()
    return crawl(*arguments)

run.crawl = timed
config = settings.load()
summary = run.sweep(config, open_store(config.store_url), SweepOrder(sources=(sys.argv[1],)))
print(summary.total().listings, time.perf_counter() - timed.began, time.process_time() - timed.cpu)
"""


class Pace(NamedTuple):
    """How quick one run was."""

    rate: float
    """Pages per second."""
    cost: float
    """Milliseconds of processor time per page: of the process that is measured, not of the
    server and whatever else shares the cores."""


def peer(port: int, count: int) -> Pace:
    """Scrapy with parsel alone."""
    done = subprocess.run([sys.executable, "-c", PEER, str(port), str(count)], capture_output=True, text=True, check=True)  # fmt: skip
    wall, cpu = map(float, done.stdout.strip().splitlines()[-1].split())
    return Pace(count / wall, 1000 * cpu / count)


def whole_lines(port: int, count: int, workers: int = 1) -> Pace:
    """Sweeps in so many processes at once, each of a host and a store of its own, from their
    first request to their end; start-up not counted. The rate is that of all together."""
    with ExitStack() as folders:
        started = []
        for number in range(workers):
            data = folders.enter_context(tempfile.TemporaryDirectory())
            env = os.environ | {
                "YUNJIAN_DATA_DIR": data, "YUNJIAN_ALLOW_PRIVATE": "*.town.localhost", "YUNJIAN_DOWNLOAD_DELAY": "0",
                "YUNJIAN_HOST_CONCURRENCY": "16", "YUNJIAN_SHOP_BUDGET": str(count + 10), "YUNJIAN_SCREENSHOTS": "false",
            }  # fmt: skip
            shop = f"http://bench-{number}.town.localhost:{port}/"
            started.append(subprocess.Popen([sys.executable, "-c", LINE, shop], env=env, stdout=subprocess.PIPE, text=True, cwd=HOUSE))  # fmt: skip
        said = [one.communicate()[0].strip().splitlines()[-1].split() for one in started]
    if any(int(listings) != count for listings, _, _ in said):
        raise SystemExit(f"of {count} listings a whole line read {[one[0] for one in said]}")
    rate = sum(count / float(wall) for _, wall, _ in said)
    return Pace(rate, statistics.mean(1000 * float(cpu) / count for _, _, cpu in said))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="whole lines at once, beside one")
    options = parser.parse_args()
    many = f"{options.workers} whole lines at once"
    runs: dict[str, list[Pace]] = {"Scrapy with parsel alone": [], "the whole line": []}
    if options.workers > 1:
        runs[many] = []
    with tempfile.TemporaryDirectory() as folder:
        size = write_pages(Path(folder), options.pages)
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, folder], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            time.sleep(0.2)
            for _ in range(options.rounds):
                runs["Scrapy with parsel alone"].append(peer(port, options.pages))
                runs["the whole line"].append(whole_lines(port, options.pages))
                if options.workers > 1:
                    runs[many].append(whole_lines(port, options.pages, options.workers))
        finally:
            server.terminate()
            server.wait()
    print(f"machine: {machine()}; {options.pages} pages of {size / 1000:.0f} kB, {options.rounds} rounds")  # fmt: skip
    for name, paces in runs.items():
        rates = [round(pace.rate) for pace in paces]
        print(f"{name:26}{_rate(paces):6.0f} pages/s {_cost(paces):7.2f} ms of a core a page  {rates}")  # fmt: skip
    alone, line, *more = runs.values()
    print(f"ratio{_rate(line) / _rate(alone):27.2f} by the clock {_cost(alone) / _cost(line):7.2f} by processor time")  # fmt: skip
    for paces in more:
        print(f"{options.workers} : 1{_rate(paces) / _rate(line):27.2f} by the clock {options.workers * _cost(line) / _cost(paces):7.2f} by processor time")  # fmt: skip


def _rate(paces: list[Pace]) -> float:
    return statistics.median(pace.rate for pace in paces)


def _cost(paces: list[Pace]) -> float:
    return statistics.median(pace.cost for pace in paces)


if __name__ == "__main__":
    main()
