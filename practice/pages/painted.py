"""Words painted into a picture, as sellers put them beyond the reach of a text search."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

__all__ = ["font", "painted"]

_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)


@cache
def font() -> ImageFont.FreeTypeFont:
    """A Chinese font of 30 pixels; raises OSError where none is installed."""
    found = next((path for path in _FONTS if Path(path).is_file()), None)
    if found is None:
        raise OSError("no Chinese font to paint with: install fonts-noto-cjk")
    return ImageFont.truetype(found, 30)


@cache
def painted(line: str) -> bytes:
    """A PNG with the words in lines of at most 24 characters."""
    rows = [line[i : i + 24] for i in range(0, len(line), 24)] or [""]
    picture = Image.new("RGB", (800, 40 + 56 * len(rows)), (250, 246, 236))
    pen = ImageDraw.Draw(picture)
    for number, row in enumerate(rows):
        pen.text((24, 20 + 56 * number), row, fill=(60, 30, 20), font=font())
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
