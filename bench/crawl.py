"""Pages per second of the whole line beside Scrapy with parsel alone, on the same pages.

`python -m bench.crawl [--pages N]` serves shop pages of about 25 KB from a process of its own,
then fetches them in turn with (a) Scrapy that reads twelve fields with parsel and throws all
away, and (b) the whole line: evidence, reading, detection, store. Each runs alone, in a process
of its own, in turn, several times; medians and the ratio are printed. The server's own share
is bounded by what (a) reaches on it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from bench.machine import machine
from practice import listings

HOUSE = Path(__file__).resolve().parent.parent
HOST = "bench.town.localhost"

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
began = time.perf_counter()
process.start()
print(time.perf_counter() - began)
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


def peer(port: int, count: int) -> float:
    """Pages per second of Scrapy with parsel alone."""
    done = subprocess.run([sys.executable, "-c", PEER, str(port), str(count)], capture_output=True, text=True, check=True)  # fmt: skip
    return count / float(done.stdout.strip().splitlines()[-1])


def whole_line(port: int, count: int) -> float:
    """Pages per second of a sweep, from its first request to its end; start-up not counted."""
    with tempfile.TemporaryDirectory() as data:
        env = os.environ | {
            "YUNJIAN_DATA_DIR": data, "YUNJIAN_ALLOW_PRIVATE": "*.town.localhost", "YUNJIAN_DOWNLOAD_DELAY": "0",
            "YUNJIAN_HOST_CONCURRENCY": "16", "YUNJIAN_SHOP_BUDGET": str(count + 10), "YUNJIAN_SCREENSHOTS": "false",
        }  # fmt: skip
        code = (
            "import time, json, settings, sys\n"
            "from storage import open_store\n"
            "from sweeps import run\n"
            "from sweeps.run import SweepOrder\n"
            "crawl = run.crawl\n"
            "def timed(*arguments):\n"
            "    timed.began = time.perf_counter()\n"
            "    return crawl(*arguments)\n"
            "run.crawl = timed\n"
            "config = settings.load()\n"
            f"order = SweepOrder(sources=('http://{HOST}:{port}/',))\n"
            "summary = run.sweep(config, open_store(config.store_url), order)\n"
            "print(json.dumps({'seconds': time.perf_counter() - timed.began, 'listings': summary.total().listings}))\n"
        )
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True, cwd=HOUSE)  # fmt: skip
        said = json.loads(done.stdout.strip().splitlines()[-1])
        if said["listings"] != count:
            raise SystemExit(f"the whole line read {said['listings']} of {count} listings")
        return count / float(said["seconds"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        size = write_pages(Path(folder), options.pages)
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, folder], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            time.sleep(0.2)
            alone, line = [], []
            for _ in range(options.rounds):
                alone.append(peer(port, options.pages))
                line.append(whole_line(port, options.pages))
        finally:
            server.terminate()
            server.wait()
    print(
        f"machine: {machine()}; {options.pages} pages of {size / 1000:.0f} kB, {options.rounds} rounds"
    )
    print(
        f"Scrapy with parsel alone  {statistics.median(alone):7.0f} pages/s  {[round(x) for x in alone]}"
    )
    print(
        f"the whole line            {statistics.median(line):7.0f} pages/s  {[round(x) for x in line]}"
    )
    print(f"ratio                     {statistics.median(line) / statistics.median(alone):7.2f}")


if __name__ == "__main__":
    main()
