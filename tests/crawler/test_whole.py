"""A page is known to have come whole, or not."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest

from crawler.whole import complete, cut_off

PAGE = "<html><body><p>普洱茶</p></body></html>".encode() * 500


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(PAGE)), ("x-gzip", gzip.compress(PAGE) * 2), ("deflate", zlib.compress(PAGE)),
        ("deflate", raw_deflate(PAGE)), ("br", brotli.compress(PAGE)),
    ],
)  # fmt: skip
def test_a_compressed_body_goes_to_its_end_or_does_not(encoding: str, packed: bytes) -> None:
    assert complete(packed, encoding)
    assert not complete(packed[: len(packed) * 3 // 5], encoding)


def test_what_stands_behind_the_end_of_a_body_does_not_count() -> None:
    assert complete(gzip.compress(PAGE) + b"\0\0\0", "gzip")


def test_an_encoding_that_is_not_known_is_not_judged() -> None:
    assert complete(b"anything", "compress")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<!DOCTYPE html><html><body><p>tea</p></body></html>", ""),
        (b"<HTML><BODY><P>tea</BODY></HTML>\n<!-- counter -->", ""),
        (b"<p>a page without a frame", ""),
        (b"<html><body><p>half a p", "the document ends before its end"),
        (b"<html>" + b"<div>" * 5_000 + b"</div>" * 5_000 + b"</html>", "nested too deeply to be read to its end"),
        (b"<html>" + b"<p>tea</p>" * 5_000 + b"</html>", ""),
    ],
)  # fmt: skip
def test_a_document_that_does_not_end_or_is_too_deep_is_told(body: bytes, why: str) -> None:
    assert cut_off(body) == why
