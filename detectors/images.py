"""Text in pictures, and pictures that are the same.

Reading needs the extra `images` (RapidOCR, whose models come with it, on onnxruntime); without
it `reader` is None and nothing is asked for. What was read is kept by the picture's SHA-256, so
no picture is read twice. A picture's perceptual hash (pHash: the signs of the 256 lowest
frequencies of its cosine transform) stays nearly the same through scaling and compression.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import os
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = [
    "MANY_SHOPS",
    "Line",
    "Picture",
    "PictureReader",
    "alike",
    "perceptual_hash",
    "reader",
    "same_pictures",
    "unavailable",
]

MAX_BYTES = 8 * 2**20
MAX_PIXELS = 24_000_000
"""A picture larger than this is not opened: a small file may unfold to gigabytes."""
SURE = 0.6
"""Lines read with less confidence are left out."""
MANY_SHOPS = 20
"""A picture that more shops than this use is a stock picture and links nobody."""
_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "WEBP")
"""What pages show. Pillow would open more, PostScript by running another program."""
_SIDE = 64
_LOW = 16
_ALIKE = 14
"""Bits of 256 in which two hashes of one picture may differ. Measured on lines of painted text,
scenes and goods on white: JPEG of quality 30 at a third of the size 18 at most (99 of 100: 14);
banners of one make with other words 46 at least, packs of one shape in other colours 16."""
_BLANK = 2.0
"""Grey levels (standard deviation); a picture more even than this has nothing to tell it by."""
_TILE, _STEP = 1600, 1440
"""Detail pictures are many screens high. Read whole they would be scaled until nothing can be
read, so they are read in stretches of this height (pixels), which overlap."""
_WIDEST = 2000
"""Pixels; wider pictures are scaled down."""
_LEAST = 12
"""Pixels; no words stand in a picture that is lower or narrower."""
_KEPT = 2
"""Version of what is kept; what an earlier one kept is read anew."""


# `MAX_PIXELS` is far below the size at which Pillow begins to warn.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a picture; `box` is left, top, right, bottom in pixels."""

    text: str
    box: tuple[int, int, int, int]
    confidence: float


@dataclass(frozen=True, slots=True)
class Picture:
    """What was read in a picture. `phash` is 64 hexadecimal digits, "" where it can't be opened
    or is blank."""

    sha256: str
    phash: str
    lines: tuple[Line, ...] = ()
    problem: str = ""
    """Why it could not be read, if so."""


def _opened(data: bytes) -> Any:
    """The picture as a page shows it, upright on white, in RGB; raises ValueError."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"{len(data)} bytes, more than {MAX_BYTES}")
    try:
        picture: Any = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError:
        raise ValueError(f"more pixels than {MAX_PIXELS}") from None
    except UnidentifiedImageError:
        raise ValueError("no picture of a known kind") from None
    except Exception as error:  # decoders fail on broken bytes in ways of their own
        raise ValueError(f"can't be opened: {error}") from None
    if picture.width * picture.height > MAX_PIXELS:
        raise ValueError(f"{picture.width}×{picture.height} pixels, more than {MAX_PIXELS}")
    try:
        picture = ImageOps.exif_transpose(picture)
        if not picture.has_transparency_data:
            return picture.convert("RGB")
        paper = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")
    except Exception as error:
        raise ValueError(f"can't be opened: {error}") from None


def perceptual_hash(data: bytes) -> str:
    """64 hexadecimal digits, lowest frequencies first; "" for a picture of one even tone.

    Raises ValueError for what is no picture, or too large to open.
    """
    return _hash(_opened(data))


_WAVES = np.cos(
    np.pi * (2 * np.arange(_SIDE)[None, :] + 1) * np.arange(_LOW)[:, None] / (2 * _SIDE)
)
# Rings around the even tone: the first 64 bits are the 8×8 lowest frequencies.
_ORDER = sorted(
    ((row, column) for row in range(_LOW) for column in range(_LOW)),
    key=lambda at: (max(at), at),
)


def _hash(picture: Any) -> str:
    small = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    grey = np.asarray(small, dtype=np.float64)
    if grey.std() < _BLANK:
        return ""
    found = _WAVES @ grey @ _WAVES.T
    low = np.array([found[at] for at in _ORDER])
    bits = low > np.median(low[1:])
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):064x}"


def alike(one: str, other: str) -> bool:
    """Whether two perceptual hashes are of one picture; "" is of none."""
    return bool(one and other) and (int(one, 16) ^ int(other, 16)).bit_count() <= _ALIKE


def _chunks(phash: str) -> Iterator[tuple[int, str]]:
    """16 parts of a hash: of two that differ in no more than 14 bits, two parts are equal."""
    for place in range(0, len(phash), 4):
        yield place, phash[place : place + 4]


def same_pictures(by_shop: Mapping[str, Iterable[str]]) -> list[tuple[str, list[str]]]:
    """Pictures that several shops use: (hash, shops), most shops first.

    Stock pictures (more than `MANY_SHOPS`) are left out; of several that the same shops share
    one stands for all.
    """
    buckets: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    shops: defaultdict[str, set[str]] = defaultdict(set)
    for shop, hashes in by_shop.items():
        for one in filter(None, hashes):
            shops[one].add(shop)
            for chunk in _chunks(one):
                buckets[chunk].add(one)
    found: dict[frozenset[str], str] = {}
    for one in sorted(shops):
        near = {other for chunk in _chunks(one) for other in buckets[chunk] if alike(one, other)}
        users = frozenset().union(*(shops[other] for other in near))
        if 1 < len(users) <= MANY_SHOPS:
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
        """What stands in the picture; never raises: what hindered is in `problem`."""
        name = hashlib.sha256(data).hexdigest()
        path = self.cache / name[:2] / f"{name}.json"
        if known := self._known(path):
            return known
        phash = ""
        try:
            picture = _opened(data)
            phash = _hash(picture)
            if self.left <= 0:
                raise ValueError("the time for reading pictures is used up (images_seconds)")
            begin = time.monotonic()
            found = Picture(name, phash, self._lines(picture))
            self.left -= time.monotonic() - begin
            self._keep(path, found)
            return found
        except Exception as error:  # a picture must not end a sweep, whatever it does to the engine
            return Picture(name, phash, problem=(str(error) or type(error).__name__)[:200])

    @staticmethod
    def _keep(path: Path, found: Picture) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        kept = asdict(found) | {"kept": _KEPT}
        part.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        part.replace(path)

    @staticmethod
    def _known(path: Path) -> Picture | None:
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["kept"] != _KEPT:
                return None
            lines = tuple(Line(one["text"], tuple(one["box"]), one["confidence"]) for one in kept["lines"])  # fmt: skip
            return Picture(kept["sha256"], kept["phash"], lines)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @cached_property
    def _engine(self) -> Any:
        import logging

        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.WARNING)
        return RapidOCR(
            params={
                "Global.log_level": "critical",
                # On one core, so that the crawl has the others.
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                # Its own way is to enlarge until the shorter side has 736 pixels, however long
                # the other one becomes: gigabytes for a hairline.
                "Det.limit_type": "max",
                "Det.limit_side_len": _WIDEST,
            }
        )

    def _lines(self, picture: Any) -> tuple[Line, ...]:
        if picture.height < _LEAST or picture.width < _LEAST:
            return ()
        scale = max(1.0, picture.width / _WIDEST)
        if scale > 1:
            size = (_WIDEST, max(1, round(picture.height / scale)))
            return tuple(
                replace(line, box=tuple(round(side * scale) for side in line.box))
                for line in self._lines(picture.resize(size))
            )
        pixels = np.asarray(picture)[:, :, ::-1]
        lines: list[Line] = []
        height = pixels.shape[0]
        for top in range(0, max(1, height - (_TILE - _STEP)), _STEP):
            last = top + _TILE >= height
            # In the overlap each line is taken from the stretch in which it is whole.
            margin = (_TILE - _STEP) // 2
            begin = top + margin if top else 0
            end = height if last else top + _TILE - margin
            for line in self._stretch(np.ascontiguousarray(pixels[top : top + _TILE]), top):
                if begin <= (line.box[1] + line.box[3]) / 2 < end:
                    lines.append(line)
        return tuple(sorted(lines, key=lambda line: (line.box[1], line.box[0])))

    def _stretch(self, pixels: Any, top: int) -> Iterator[Line]:
        read = self._engine(pixels)
        if read.txts is None:
            return
        for text, corners, sure in zip(read.txts, read.boxes, read.scores, strict=True):
            if sure >= SURE and text.strip():
                xs, ys = [int(x) for x, _ in corners], [int(y) + top for _, y in corners]
                box = (min(xs), min(ys), max(xs), max(ys))
                yield Line(text.strip(), box, round(float(sure), 3))


def unavailable() -> str:
    """Why pictures can't be read here, "" where they can."""
    try:
        for name in ("onnxruntime", "rapidocr"):
            importlib.import_module(name)
    except ImportError as error:
        return f"the extra `images` (rapidocr, onnxruntime) is not installed: {error}"
    return ""


def reader(cache: Path, per_listing: int, seconds: float) -> PictureReader | None:
    """A reader, or None where none is wanted or the extra `images` is not installed."""
    if not per_listing or unavailable():
        return None
    return PictureReader(cache, per_listing, seconds)
