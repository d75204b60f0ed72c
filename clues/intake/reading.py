"""A row made a record: its cells by field, what is wrong with them, and what of it is kept."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clues.intake.cells import CellError, cell_value, words
from clues.intake.fields import FIELDS
from clues.intake.profile import Layout, Profile
from clues.intake.tables import Row, Table
from listing.masks import mask_address, mask_name, mask_number, mask_text

__all__ = ["Entry", "RowReader", "masked_content"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A good row. `content` is what it says, `kept` the same masked, as it is stored."""

    line: int
    content: Mapping[str, Any]
    kept: Mapping[str, Any]
    received_at: datetime | None
    digest: str

    @property
    def key(self) -> str:
        """Its number, else its digest."""
        number = str(self.content.get("number", ""))
        return number[:200] if number else f"row:{self.digest}"


def masked_content(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says without what tells which consumer it was about; see `clues.intake.fields`."""
    names = [str(content[f]) for f in ("consumer_name",) if content.get(f)]
    homes = [str(content[f]) for f in ("consumer_address",) if content.get(f)]
    kept: dict[str, Any] = {}
    for name, value in content.items():
        match FIELDS[name].personal if isinstance(value, str) else "":
            case "name":
                value = mask_name(value)
            case "number":
                value = mask_number(value)
            case "address":
                value = mask_address(value)
            case "text":
                value = mask_text(value, names, homes)
        kept[name] = value
    return kept


class RowReader:
    """Reads the rows of one table by one profile."""

    def __init__(self, table: Table, profile: Profile, layout: Layout, latest: datetime) -> None:
        self.table = table
        self.profile = profile
        self.layout = layout
        self.latest = latest

    def read(self, row: Row) -> tuple[Entry | None, dict[int, str]]:
        """The row's entry, or None and what is wrong by the place of the cell (-1: the row)."""
        if row.problem:
            return None, {-1: row.problem}
        content: dict[str, Any] = {}
        wrong: dict[int, str] = {}
        received_at: datetime | None = None
        for name, place in self.layout.columns.items():
            try:
                value = cell_value(FIELDS[name], row.cells[place], self.latest, self.table.epoch)
            except CellError as error:
                wrong[place] = str(error)
                continue
            if isinstance(value, datetime):
                if name == "received_at":
                    received_at = value
                value = value.isoformat()
            if value is not None:
                content[name] = value
        for name, default in self.profile.defaults.items():
            content.setdefault(name, default)
        for name in self.profile.required:
            place = self.layout.columns.get(name, -1)
            if name not in content and place not in wrong:
                wrong[place] = "不能为空"
        if not wrong and not content:
            wrong[-1] = "整行没有可识别的内容"
        if wrong:
            return None, wrong
        kept = masked_content(content)
        packed = json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(packed.encode()).hexdigest()
        return Entry(row.line, content, kept, received_at, digest), {}

    def shown(self, row: Row) -> list[str]:
        """The row's cells as they go back: masked."""
        personal = {place: FIELDS[name].personal for name, place in self.layout.columns.items()}
        texts = [words(cell).encode("utf-8", "replace").decode() for cell in row.cells]
        by_field = {name: texts[place] for name, place in self.layout.columns.items() if place < len(texts)}  # fmt: skip
        names = [one for f in ("consumer_name",) if (one := by_field.get(f))]
        homes = [one for f in ("consumer_address",) if (one := by_field.get(f))]
        shown = []
        for place, text in enumerate(texts):
            # Of a torn row the cells stand in the wrong places; what is in columns that were not
            # asked for may be anything.
            kind = _guessed(text) if row.problem else personal.get(place, "dropped")
            match kind:
                case "name":
                    text = mask_name(text)
                case "number":
                    text = mask_number(text)
                case "address":
                    text = mask_address(text)
                case "text":
                    text = mask_text(text, names, homes)
                case "dropped":
                    text = ""
            shown.append(text)
        return shown


def _guessed(text: str) -> str:
    """What a cell out of its place may hold."""
    if len(text) <= 4 and text.isalpha():
        return "name"
    return "address" if re.match(r"[一-龥]{2,8}(?:省|市|自治[区州]|州|县|区)", text) else "text"
