"""The bad rows of a file, written back beside it with the reason of each cell.

What is personal in them is masked, as everywhere outside the vault; the row's line tells where the
whole row stands in the file that was sent. Until `keep` is called nothing is on the disk.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from clues.exports import harmless

__all__ = ["Rejects"]

LINE, WHY = "原行号", "退回原因"
_MARKED = PatternFill("solid", start_color="FFF2CC")


class Rejects:
    """Collects bad rows of a file with `headings`; `form` is csv or xlsx."""

    def __init__(self, path: Path, form: str, headings: Sequence[str]) -> None:
        self.path = path.with_name(f"{path.stem}.退回.{form}")
        self.count = 0
        self._headings = list(headings)
        self._form = form
        # Without a name, so that nothing is left of it after a kill.
        self._raw = tempfile.TemporaryFile("w+b")  # noqa: SIM115
        self._text = io.TextIOWrapper(self._raw, encoding="utf-8", newline="")
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._book: Any = None
        self._sheet: Any = None

    def add(self, line: int, cells: Sequence[str], reasons: Mapping[int, str]) -> None:
        """A bad row; `reasons` by the place of the cell, -1 for the row as a whole."""
        if not self.count:
            self._begin()
        self.count += 1
        named = [
            f"{self._headings[place]}：{why}" if 0 <= place < len(self._headings) else why
            for place, why in sorted(reasons.items())
        ]
        row = [str(line), "；".join(named), *(str(harmless(cell)) for cell in cells)]
        if self._form == "csv":
            self._writer.writerow(row)
            return
        written = []
        for place, text in enumerate(row, -2):
            cell = WriteOnlyCell(self._sheet, value=harmless(text))
            if place in reasons:
                cell.fill = _MARKED
                cell.comment = Comment(reasons[place], "yunjian")
            written.append(cell)
        self._sheet.append(written)

    def _begin(self) -> None:
        heads = [LINE, WHY, *map(str, map(harmless, self._headings))]
        if self._form == "csv":
            self._writer.writerow(heads)
        else:
            self._book = Workbook(write_only=True)
            self._sheet = self._book.create_sheet("退回")
            self._sheet.append(heads)

    def keep(self) -> Path | None:
        """Write them beside the file, readable for its owner only; None where no row was bad.

        Raises OSError.
        """
        if not self.count:
            return None
        part = self.path.with_name(self.path.name + ".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            if self._form == "csv":
                # With a byte-order mark, by which Excel knows UTF-8.
                file.write(b"\xef\xbb\xbf")
                self._text.flush()
                self._raw.seek(0)
                shutil.copyfileobj(self._raw, file)
            else:
                self._book.save(file)
        part.replace(self.path)
        return self.path

    def close(self) -> None:
        """Forget them."""
        self._text.close()
