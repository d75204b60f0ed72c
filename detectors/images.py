"""Text in pictures, and pictures that are the same.

Reading needs the extra `images` (RapidOCR, whose models come with it, on onnxruntime); without
it `reader` is None and nothing is asked for. What was read is kept by the picture's SHA-256, so
no picture is read twice. A picture's perceptual hash (pHash: the signs of the low frequencies of
its cosine transform, 64 bits) stays the same through scaling and compression.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "Line",
    "Picture",
    "PictureReader",
    "alike",
    "perceptual_hash",
    "reader",
    "same_pictures",
]

MAX_BYTES = 8 * 2**20
MAX_PIXELS = 24_000_000
"""A picture larger than this is not opened: a small file may unfold to gigabytes."""
SURE = 0.6
"""Lines read with less confidence are left out."""
_SIDE = 32
_ALIKE = 6
"""Bits in which two hashes of one picture may differ."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a picture; `box` is left, top, right, bottom in pixels."""

    text: str
    box: tuple[int, int, int, int]
    confidence: float


@dataclass(frozen=True, slots=True)
class Picture:
    """What was read in a picture. `phash` is 16 hexadecimal digits, "" where it can't be opened."""

    sha256: str
    phash: str
    lines: tuple[Line, ...] = ()
    problem: str = ""
    """Why it could not be read, if so."""


def _opened(data: bytes) -> Any:
    """The picture in RGB; raises OSError or ValueError."""
    from PIL import Image

    if len(data) > MAX_BYTES:
        raise ValueError(f"{len(data)} bytes, more than {MAX_BYTES}")
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(io.BytesIO(data))
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError(f"{picture.width}×{picture.height} pixels, more than {MAX_PIXELS}")
            return picture.convert("RGB")
        except (Image.DecompressionBombError, Image.DecompressionBombWarning, SyntaxError) as error:
            raise ValueError(str(error)) from None


def perceptual_hash(data: bytes) -> str:
    """16 hexadecimal digits; raises OSError or ValueError for what is no picture."""
    from PIL import Image

    small = _opened(data).convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    grey = np.asarray(small, dtype=np.float64)
    place = np.arange(_SIDE)
    waves = np.cos(np.pi * (2 * place[None, :] + 1) * place[:, None] / (2 * _SIDE))
    low = (waves @ grey @ waves.T)[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


def alike(one: str, other: str) -> bool:
    """Whether two perceptual hashes are of one picture."""
    return bool(one and other) and (int(one, 16) ^ int(other, 16)).bit_count() <= _ALIKE


def same_pictures(by_shop: Mapping[str, Iterable[str]]) -> list[tuple[str, list[str]]]:
    """Pictures that several shops use: (hash, shops), most shops first.

    Hashes that differ in few bits share at least one of eight bytes, so only those are compared.
    """
    buckets: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    shops: defaultdict[str, set[str]] = defaultdict(set)
    for shop, hashes in by_shop.items():
        for one in hashes:
            shops[one].add(shop)
            for place in range(0, 16, 2):
                buckets[place, one[place : place + 2]].add(one)
    found: dict[frozenset[str], str] = {}
    for one in shops:
        near = {o for p in range(0, 16, 2) for o in buckets[p, one[p : p + 2]] if alike(one, o)}
        users = frozenset().union(*(shops[o] for o in near))
        if len(users) > 1:
            found.setdefault(users, one)
    ordered = sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[1]))
    return [(one, sorted(users)) for users, one in ordered]


class PictureReader:
    """Reads pictures within a budget of seconds; past it, only what is known already."""

    def __init__(self, cache: Path, per_listing: int, seconds: float) -> None:
        self.cache = cache
        self.per_listing = per_listing
        self.left = seconds

    def read(self, data: bytes) -> Picture:
        """What stands in the picture; never raises for what is no picture."""
        name = hashlib.sha256(data).hexdigest()
        path = self.cache / name[:2] / f"{name}.json"
        if known := self._known(path):
            return known
        try:
            phash = perceptual_hash(data)
        except (OSError, ValueError) as error:
            return Picture(name, "", problem=str(error)[:200])
        if self.left <= 0:
            return Picture(name, phash, problem="the budget for reading pictures is used up")
        begin = time.monotonic()
        found = Picture(name, phash, self._lines(data))
        self.left -= time.monotonic() - begin
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(asdict(found), ensure_ascii=False), encoding="utf-8")
        part.replace(path)
        return found

    @staticmethod
    def _known(path: Path) -> Picture | None:
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            lines = tuple(Line(one["text"], tuple(one["box"]), one["confidence"]) for one in kept["lines"])  # fmt: skip
            return Picture(kept["sha256"], kept["phash"], lines)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @cached_property
    def _engine(self) -> Any:
        import logging

        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.WARNING)
        return RapidOCR(params={"Global.log_level": "warning"})

    def _lines(self, data: bytes) -> tuple[Line, ...]:
        read = self._engine(np.asarray(_opened(data))[:, :, ::-1])
        if read.txts is None:
            return ()
        lines = []
        for text, box, sure in zip(read.txts, read.boxes, read.scores, strict=True):
            if sure >= SURE and text.strip():
                xs, ys = [int(x) for x, _ in box], [int(y) for _, y in box]
                corners = (min(xs), min(ys), max(xs), max(ys))
                lines.append(Line(text.strip(), corners, round(float(sure), 3)))
        return tuple(sorted(lines, key=lambda line: (line.box[1], line.box[0])))


def reader(cache: Path, per_listing: int, seconds: float) -> PictureReader | None:
    """A reader, or None where none is wanted or the extra `images` is not installed."""
    if not per_listing or importlib.util.find_spec("rapidocr") is None:
        return None
    return PictureReader(cache, per_listing, seconds)
