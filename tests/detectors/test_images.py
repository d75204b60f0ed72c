"""Words in pictures, read by the real engine; pictures that are the same."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter

from detectors import images
from detectors.images import PictureReader, alike, perceptual_hash, same_pictures
from practice.pages.painted import font, painted


class Counted(PictureReader):
    """A reader that counts how often the engine is asked."""

    asked = 0

    def _lines(self, picture: Any) -> tuple[images.Line, ...]:
        self.asked += 1
        return super()._lines(picture)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> PictureReader:
    """One engine for all; its start takes a second."""
    return PictureReader(tmp_path_factory.mktemp("pictures"), 3, 1000)


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def goods(colour: str, x: int) -> Image.Image:
    """A pack on a table."""
    picture = Image.new("RGB", (600, 600), "#e8e4da")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 430, 600, 600), fill="#8a6b4a")
    pen.rectangle((x, 120, x + 220, 480), fill=colour)
    pen.ellipse((x + 60, 200, x + 160, 300), fill="#f6d23c")
    return picture.filter(ImageFilter.GaussianBlur(1))


def test_a_painted_line_is_read_with_its_box(engine: PictureReader) -> None:
    found = engine.read(painted("降尿酸抗肿瘤三个疗程见效"))
    (line,) = found.lines
    assert line.text == "降尿酸抗肿瘤三个疗程见效" and line.confidence > 0.9 and not found.problem
    # Painted at (24, 20), 12 characters of 30 pixels.
    left, top, right, bottom = line.box
    assert abs(left - 24) < 8 and abs(right - 384) < 8
    assert 15 <= top <= 30 and 55 <= bottom <= 75


def test_a_picture_many_screens_high_is_read_to_its_end(engine: PictureReader) -> None:
    picture = Image.new("RGB", (790, 3400), "white")
    # The second stands where one stretch ends and the next begins.
    for top, words in ((30, "全网最低价"), (1505, "国家级最高级"), (1584, "根治高血压"), (3330, "假一赔十")):  # fmt: skip
        ImageDraw.Draw(picture).text((60, top), words, fill="black", font=font())
    lines = engine.read(encoded(picture)).lines
    assert [line.text for line in lines] == ["全网最低价", "国家级最高级", "根治高血压", "假一赔十"]
    for line, top in zip(lines, (30, 1505, 1584, 3330), strict=True):
        assert abs(line.box[1] - top) < 15, "in pixels of the whole picture"


def test_dark_words_on_a_transparent_ground_are_read(engine: PictureReader) -> None:
    picture = Image.new("RGBA", (600, 100), (0, 0, 0, 0))
    ImageDraw.Draw(picture).text((20, 20), "国家级最高级", fill="black", font=font())
    assert [line.text for line in engine.read(encoded(picture)).lines] == ["国家级最高级"]


def test_a_picture_wider_than_the_engine_likes_keeps_its_own_pixels(engine: PictureReader) -> None:
    picture = Image.new("RGB", (4000, 300), "white")
    big = font().font_variant(size=120)
    ImageDraw.Draw(picture).text((3000, 60), "假一赔十", fill="black", font=big)
    (line,) = engine.read(encoded(picture)).lines
    assert line.text == "假一赔十" and abs(line.box[0] - 3000) < 40


def test_what_was_read_is_kept_and_the_engine_is_not_asked_again(tmp_path: Path) -> None:
    reader = Counted(tmp_path, 3, 1000)
    first = reader.read(painted("假一赔十"))
    again = Counted(tmp_path, 3, 0)
    assert again.read(painted("假一赔十")) == first, "known ones cost no budget"
    assert (reader.asked, again.asked) == (1, 0)
    (kept,) = tmp_path.rglob("*.json")
    assert kept.stem == first.sha256
    kept.write_text("{")
    assert reader.read(painted("假一赔十")) == first and reader.asked == 2, "a broken one is none"


def test_past_the_budget_a_picture_still_has_its_hash(tmp_path: Path) -> None:
    reader = Counted(tmp_path, 3, 1000)
    reader.left = 0.001
    reader.read(painted("假一赔十"))
    late = reader.read(painted("假一赔百"))
    assert reader.asked == 1 and not late.lines
    assert "images_seconds" in late.problem and late.phash == perceptual_hash(painted("假一赔百"))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no picture"),
        (b"<html>404</html>", "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "no picture"),
        (painted("假一赔十")[:300], "can't be opened"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * images.MAX_BYTES, "bytes, more than"),
        (encoded(Image.new("1", (6000, 6000))), "6000×6000 pixels, more than"),
        (encoded(Image.new("1", (20000, 20000))), "pixels"),
    ],
    ids=["empty", "page", "program", "cut off", "too many bytes", "too many pixels", "bomb"],
)
def test_what_is_no_picture_is_a_named_problem(tmp_path: Path, data: bytes, problem: str) -> None:
    reader = Counted(tmp_path, 3, 1000)
    found = reader.read(data)
    assert problem in found.problem and not found.lines and not found.phash
    assert reader.asked == 0 and not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (12, 20000), (100000, 12)])
def test_a_hairline_takes_no_time_and_no_memory(
    engine: PictureReader, size: tuple[int, int]
) -> None:
    before = engine.left
    found = engine.read(encoded(Image.new("L", size, 200)))
    assert not found.lines and not found.problem and before - engine.left < 5


def test_an_engine_that_fails_is_a_named_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = PictureReader(tmp_path, 3, 1000)

    def broken(picture: Any) -> Any:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(reader, "_lines", broken)
    assert reader.read(painted("假一赔十")).problem == "out of luck"


def test_nothing_is_read_where_nothing_is_wanted_or_the_extra_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert images.reader(tmp_path, 3, 10) is not None and images.unavailable() == ""
    assert images.reader(tmp_path, 0, 10) is None
    monkeypatch.setitem(__import__("sys").modules, "rapidocr", None)
    assert images.reader(tmp_path, 3, 10) is None and "rapidocr" in images.unavailable()


@pytest.mark.parametrize("scale", [0.3, 0.5, 1, 1.7])
@pytest.mark.parametrize("quality", [30, 60, 90])
def test_a_hash_survives_scaling_and_compression(scale: float, quality: int) -> None:
    for picture in (goods("#b02020", 120), Image.open(io.BytesIO(painted("扫码领红包 全五星好评15字返8元")))):  # fmt: skip
        size = (round(picture.width * scale), round(picture.height * scale))
        copy = encoded(picture.resize(size), "JPEG", quality=quality)
        assert alike(perceptual_hash(encoded(picture)), perceptual_hash(copy))


def test_other_pictures_have_other_hashes() -> None:
    hashes = [perceptual_hash(encoded(picture)) for picture in (goods("#b02020", 120), goods("#2050b0", 300))]  # fmt: skip
    # Two banners of one make and length: only their words differ.
    hashes += [perceptual_hash(painted(words)) for words in ("全球首选 茶中至尊", "销量冠军 遥遥领先")]  # fmt: skip
    assert all(len(one) == 64 for one in hashes)
    assert not any(alike(a, b) for n, a in enumerate(hashes) for b in hashes[:n])


def test_an_even_tone_is_alike_to_nothing() -> None:
    blank = perceptual_hash(encoded(Image.new("RGB", (300, 300), "white")))
    assert blank == "" and not alike(blank, blank)


def near(phash: str, bits: int) -> str:
    """A hash that differs in so many bits, spread over it."""
    return f"{int(phash, 16) ^ sum(1 << (n * 18) for n in range(bits)):064x}"


def test_shops_that_use_the_same_picture_are_found() -> None:
    one = perceptual_hash(encoded(goods("#b02020", 120)))
    other = perceptual_hash(painted("全球首选 茶中至尊"))
    found = same_pictures(
        {"甲": [one], "乙": [near(one, 14), other], "丙": [other, ""], "丁": [""]}
    )
    assert sorted(shops for _, shops in found) == [["丙", "乙"], ["乙", "甲"]]
    assert same_pictures({"甲": [one], "乙": [near(one, 15)]}) == []


def test_a_stock_picture_links_nobody() -> None:
    one = perceptual_hash(encoded(goods("#b02020", 120)))
    many = {f"店{n}": [one] for n in range(images.MANY_SHOPS)}
    assert [len(shops) for _, shops in same_pictures(many)] == [20]
    assert same_pictures(many | {"又一店": [one]}) == []
