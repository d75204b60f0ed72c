"""Pictures of a listing, looked at one after the other while the crawl goes on."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from scrapy import Request
from scrapy.http import Response

from detectors.images import Line, Picture
from listing import Listing
from spiders.pictures import look
from spiders.sweep import SweepSpider

HASH = "8f6c334c" * 8


def listing(*images: str) -> Listing:
    return Listing(title="茶", images=list(images), image_text=["网页上的"])


def test_drawings_are_passed_over_and_an_address_is_wanted_once() -> None:
    looking = look(listing("http://x/0.svg", "http://x/1.jpg", "http://x/1.jpg", "http://x/3.GIF?a", "http://x/4.png", "http://x/5.png"), "r", 2)  # fmt: skip
    assert looking.wanted == (1, 4) and looking.url == "http://x/1.jpg"
    assert look(listing("http://x/1.jpg"), "r", 0).wanted == ()


def test_what_is_read_stands_with_its_picture() -> None:
    looking = look(listing("http://x/0.svg", "http://x/1.jpg", "http://x/2.jpg", "http://x/3.jpg"), "r", 3)  # fmt: skip
    looking = looking.seen(
        Picture("s", HASH, (Line("全网最低", (1, 2, 3, 4), 0.9),)), "r1"
    ).passed()
    looking = looking.seen(Picture("s", "", problem="no picture of a known kind"), "r3")
    found = looking.listing
    assert looking.wanted == () and looking.pictures == ((1, "r1"), (3, "r3"))
    assert found.image_text == ["网页上的", "全网最低"] and found.image_boxes == [[1, 1, 2, 3, 4]]
    assert found.image_hashes == ["", HASH, "", ""]
    assert found.in_picture("image_text[1]")["image_url"] == "http://x/1.jpg"


def test_a_listing_without_readable_pictures_says_what_it_said() -> None:
    before = listing("http://x/1.jpg")
    seen = look(before, "r", 3).seen(Picture("s", "", problem="no picture"), "r1").listing
    assert seen.content_hash() == before.content_hash()


@dataclass
class Slow:
    """Takes a while for a picture, as the engine does."""

    per_listing: int = 3
    at_once: int = 0
    most: int = 0
    thread: int = 0

    def read(self, data: bytes) -> Picture:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.thread = threading.get_ident()
        time.sleep(0.15)
        self.at_once -= 1
        return Picture(data.decode(), "")


async def read_two(slow: Slow, crawling: bool) -> tuple[list[str], int]:
    """What came of two pictures, and how often the crawl had its turn meanwhile."""
    spider: Any = SweepSpider([], {}, None, 1, pictures=slow)  # type: ignore[arg-type]
    spider.crawler = SimpleNamespace(crawling=crawling)
    here = threading.get_ident()

    def parse(response: Response, picture: Picture) -> Iterator[Request]:
        assert threading.get_ident() == here, "the sink is called from the crawl's thread"
        yield Request(f"http://x/{picture.sha256}")

    async def one(body: bytes) -> list[str]:
        response = Response("http://x/", body=body)
        return [request.url async for request in spider._looked_at(parse)(response)]

    both = asyncio.gather(one(b"1"), one(b"2"))
    turns = 0
    while not both.done():
        turns += 1
        await asyncio.sleep(0.01)
    return [url for urls in await both for url in urls], turns


def test_reading_does_not_hold_up_the_crawl() -> None:
    slow = Slow()
    urls, turns = asyncio.run(read_two(slow, crawling=True))
    assert urls == ["http://x/1", "http://x/2"]
    assert turns >= 10 and slow.most == 1 and slow.thread != threading.get_ident()


def test_a_stopped_crawl_reads_no_more_pictures() -> None:
    slow = Slow()
    urls, _ = asyncio.run(read_two(slow, crawling=False))
    assert urls == [] and slow.thread == 0
