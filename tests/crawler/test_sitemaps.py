"""Sitemaps: pages and further sitemaps, packed, cut off, hostile."""

from __future__ import annotations

import gzip
import time

import pytest

from crawler.extract.sitemaps import Sitemap, read_sitemap

SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
URLS = f'<?xml version="1.0"?>\n<urlset {SPACE}><url><loc>http://a.test/x?a=1&amp;b=2</loc><lastmod>2026-01-01</lastmod></url><url><loc> <![CDATA[http://a.test/y]]> </loc></url></urlset>'
WANTED = Sitemap(pages=("http://a.test/x?a=1&b=2", "http://a.test/y"))


@pytest.mark.parametrize("body", [URLS.encode(), gzip.compress(URLS.encode()), b"\xef\xbb\xbf" + URLS.encode(), b"http://a.test/x?a=1&b=2\nhttp://a.test/y\n"])  # fmt: skip
def test_pages_of_a_sitemap_in_each_form(body: bytes) -> None:
    assert read_sitemap(body) == WANTED


def test_an_index_names_sitemaps() -> None:
    text = f"<sitemapindex {SPACE}><sitemap><loc>http://a.test/s1.xml.gz</loc></sitemap></sitemapindex>"  # fmt: skip
    assert read_sitemap(text.encode()) == Sitemap(sitemaps=("http://a.test/s1.xml.gz",))


def test_half_a_sitemap_is_better_than_none() -> None:
    assert read_sitemap(URLS[:-30].encode()[:120]).pages == ("http://a.test/x?a=1&b=2",)


@pytest.mark.parametrize("body", [b"", b"<html><body>404</body></html>", b"\x1f\x8bno gzip at all", b"<urlset><url><loc>file:///etc/passwd</loc></url></urlset>"])  # fmt: skip
def test_what_is_no_sitemap_names_nothing(body: bytes) -> None:
    assert read_sitemap(body) == Sitemap()


def test_a_bomb_is_unpacked_up_to_a_bound() -> None:
    bomb = gzip.compress(b"<urlset>" + b"<url><loc>http://a.test/</loc></url>" * 6_000_000, 1)
    began = time.monotonic()
    assert read_sitemap(bomb).pages == ("http://a.test/",)
    assert time.monotonic() - began < 10
