"""`Listing` and what hangs on it. Money is CNY as `Decimal`, times are UTC."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from listing.money import parse_price, parse_sales

__all__ = ["Listing", "ListingError", "PricePoint", "Review", "SearchResult"]


_IMAGE_TEXT = re.compile(r"image_text\[(\d+)\]")


UNKEPT = ("string_unicode", "string_pattern_mismatch")
"""What pydantic says of texts that `_whole` mends."""


class ListingError(ValueError):
    """Data that is not a listing. The message names each wrong field and why."""


def _text(value: object) -> object:
    return "" if value is None else value


def _many(value: object) -> object:
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str) else value


def _json_many(value: object) -> object:
    """A CSV cell may hold a list or an object as JSON."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return _whole(json.loads(value))
        except ValueError:
            return value
    return value


def _whole(value: Any) -> Any:
    """The same with U+FFFD for each half of a surrogate pair, which is no character, and for NUL,
    which no database keeps: a seller who writes one must not escape being read."""
    if isinstance(value, str):
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" or c == "\0" else c for c in value)
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return [_whole(one) for one in value] if isinstance(value, list) else value


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Kept = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Text = Annotated[Kept, BeforeValidator(_text)]
Texts = Annotated[list[Kept], BeforeValidator(lambda value: _many(_json_many(value)))]
Price = Annotated[Decimal | None, BeforeValidator(parse_price)]
Sales = Annotated[int | None, BeforeValidator(parse_sales)]
When = Annotated[datetime, AfterValidator(_utc)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class Review(_Record):
    """One review under a listing, as the page shows it."""

    text: Text = ""
    date: Annotated[str | None, BeforeValidator(lambda v: v if v is None else str(v))] = None
    user: Text = ""
    rating: float | None = None


class PricePoint(_Record):
    """The price a listing stood at on a day (of China, as shops count days)."""

    date: date
    price: Price


class Listing(_Record):
    """What one page offers: one item, one shop, one moment.

    All fields but `title` are optional. Prices are CNY; `sales` is what the page
    claims; `attributes` are its parameters by name; `seen_at` is UTC.
    """

    title: Kept = Field(min_length=1)
    id: Text = ""
    url: Text = ""
    source: Text = ""
    goods: Text = ""
    text: Text = ""
    brand: Text = ""
    origin: Text = ""
    ship_from: Text = ""
    shop_name: Text = ""
    shop_url: Text = ""
    operator_name: Text = ""
    uscc: Text = ""
    licence_no: Text = ""
    phone: Text = ""
    address: Text = ""
    price: Price = None
    original_price: Price = None
    currency: Text = "CNY"
    sales: Sales = None
    attributes: Annotated[
        dict[Kept, Kept], BeforeValidator(lambda v: _json_many(v) if v not in (None, "") else {})
    ] = Field(default_factory=dict)
    image_text: Texts = Field(default_factory=list)
    image_boxes: Annotated[
        list[list[int]], BeforeValidator(lambda v: _json_many(v) if v not in (None, "") else [])
    ] = Field(default_factory=list)
    """Of each `image_text` that was read in a picture (these come last): which of `images` (from
    0), left, top, right, bottom (pixels)."""
    images: Texts = Field(default_factory=list)
    image_hashes: Texts = Field(default_factory=list)
    """Perceptual hashes of `images`, in their order, 64 hexadecimal digits each; "" of one that was
    not looked at or is blank."""
    terms: Text = ""
    reviews: Annotated[
        list[Review], BeforeValidator(lambda v: _json_many(v) if v not in (None, "") else [])
    ] = Field(default_factory=list)
    price_history: Annotated[
        list[PricePoint], BeforeValidator(lambda v: _json_many(v) if v not in (None, "") else [])
    ] = Field(default_factory=list)
    seen_at: Annotated[When | None, BeforeValidator(lambda v: None if v == "" else v)] = None

    @classmethod
    def from_dict(cls, data: object) -> Listing:
        """The listing in `data`; raises `ListingError` naming each field that is wrong."""
        if not isinstance(data, dict):
            raise ListingError(f"a listing is an object, not {type(data).__name__}")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            if any(e["type"] in UNKEPT for e in error.errors(include_url=False)):
                return cls.from_dict(_whole(data))
            raise ListingError(
                "; ".join(
                    f"{'.'.join(map(str, e['loc'])) or 'listing'}: {e['msg']}"
                    for e in error.errors(include_url=False)[:5]
                )
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, without the fields that say nothing."""
        return {
            key: value
            for key, value in self.model_dump(mode="json").items()
            if value not in ("", None, [], {})
        }

    def in_picture(self, field: str) -> dict[str, Any]:
        """Where the words of a field like ``image_text[2]`` stand, if they were read in a picture:
        `image` (which of `images`, from 0), `image_url` ("" if not known), and `box` (left, top,
        right, bottom in pixels). Empty for any other field."""
        named = _IMAGE_TEXT.fullmatch(field)
        if named is None:
            return {}
        place = int(named[1]) - len(self.image_text) + len(self.image_boxes)
        if not 0 <= place < len(self.image_boxes) or len(self.image_boxes[place]) != 5:
            return {}
        number, *box = self.image_boxes[place]
        url = self.images[number] if 0 <= number < len(self.images) else ""
        return {"image": number, "image_url": url, "box": box}

    def content_hash(self) -> str:
        """SHA-256 of all that the page says: equal for two looks at an unchanged page."""
        said = self.model_dump(mode="json", exclude={"seen_at", "price_history"})
        packed = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(packed.encode("utf-8", "surrogatepass")).hexdigest()


class SearchResult(_Record):
    """One result of a search engine; `rank` counts from 1 as the page shows them."""

    title: str
    url: str
    snippet: str = ""
    rank: int
    ad: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values of every field."""
        return self.model_dump(mode="json")
