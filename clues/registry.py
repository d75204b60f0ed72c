"""Loads registers of enterprises (企业登记名录) that bureaus hand over: CSV with Chinese headings, in
UTF-8 or GB 18030, read as a stream, so that a million rows need little memory. What can't be
used goes into a file of rejects with its line and the reason; loading again changes nothing."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import func, insert, or_, select
from sqlalchemy.orm import Session

from clues.growth import insert_for
from clues.names import plain
from listing import is_uscc
from storage import Store
from storage.registry import RegistryEntry, RegistryFile

__all__ = ["Loaded", "RegistryError", "load_registry"]

HEADINGS = {
    "code": ("统一社会信用代码", "信用代码", "社会信用代码", "统一社会信用代码/注册号", "USCC"),
    "name": ("企业名称", "名称", "主体名称", "市场主体名称", "单位名称", "公司名称", "字号名称", "机构名称"),
    "status": ("登记状态", "企业状态", "经营状态", "状态", "存续状态", "主体状态"),
    "address": ("住所", "经营场所", "地址", "注册地址", "住所(经营场所)", "企业地址", "登记地址", "企业住所"),
    "district": ("行政区划代码", "区划代码", "行政区划", "所属区划", "所在区划", "属地代码", "行政区划编码"),
}  # fmt: skip
"""What the columns of such files are headed; `--column` names others."""
_NEEDED = ("code", "name")
_BATCH = 20_000
_LONGEST = 2000
"""Characters of a cell; a longer one is a broken row (an open quotation mark)."""


class RegistryError(RuntimeError):
    """A register that can't be read, or an order that makes no sense; says why."""


@dataclass(slots=True)
class Loaded:
    """What loading a register did."""

    file_id: int = 0
    rows: int = 0
    """Good rows, of which `new` were not there and `changed` said something else before."""
    new: int = 0
    changed: int = 0
    rejected: int = 0
    encoding: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    rejects: Path | None = None
    repeated: bool = False
    """Whether the very same file was loaded before: then nothing was done."""


def load_registry(
    store: Store,
    path: Path,
    covers: str = "",
    encoding: str = "",
    columns: dict[str, str] | None = None,
    rejects: Path | None = None,
) -> Loaded:
    """Load a register; all of it is kept, or, after an error, none.

    `covers` is the division whose enterprises the file holds without exception: only there does
    a name's absence say something. `columns` maps the fields of `HEADINGS` to headings of this
    file. Rejects go to `rejects` (default: beside the file). Raises `RegistryError` for a
    file that can't be read or has no column for code and name.
    """
    if covers and not re.fullmatch(r"\d{2}|\d{4}|\d{6}", covers):
        raise RegistryError(f"not a division code (2, 4 or 6 digits): {covers!r}")
    done = Loaded(encoding=encoding or encoding_of(path), rejects=rejects)
    digest = _digest(path)
    with store.session() as session:
        if (same := _loaded_before(session, digest, covers)) is not None:
            done.file_id, done.rows, done.rejected = same.id, same.rows, same.rejected
            done.columns, done.repeated = dict(same.columns), True
            return done
        before = _count(session)
        done.file_id = session.scalars(
            insert(RegistryFile)
            .values(
                name=path.name, sha256=digest, covers=covers, rows=0, rejected=0, columns={}, loaded_at=datetime.now(UTC)
            )
            .returning(RegistryFile.id)
        ).one()  # fmt: skip
        try:
            # Unknown bytes are marked and rejected with their row, not with the whole file.
            with path.open(encoding=done.encoding, errors="replace", newline="") as file:
                _load(session, file, columns or {}, done, path)
        except (OSError, LookupError) as error:
            raise RegistryError(f"{path}: can't be read: {error}") from None
        done.new = _count(session) - before
        row = session.get_one(RegistryFile, done.file_id)
        row.rows, row.rejected, row.columns = done.rows, done.rejected, done.columns
    return done


def encoding_of(path: Path) -> str:
    """UTF-8 where the beginning of a file is that, else GB 18030."""
    try:
        with path.open("rb") as file:
            begin = file.read(1 << 20)
    except OSError as error:
        raise RegistryError(f"{path}: can't be read: {error.strerror}") from None
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    # The last character may be cut in two.
    for end in range(4):
        with suppress(UnicodeDecodeError):
            begin[: len(begin) - end].decode("utf-8")
            return "utf-8-sig"
    return "gb18030"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _loaded_before(session: Session, digest: str, covers: str) -> RegistryFile | None:
    return session.scalar(
        select(RegistryFile).where(RegistryFile.sha256 == digest, RegistryFile.covers == covers)
    )


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(RegistryEntry)) or 0


def _load(
    session: Session, file: TextIO, columns: dict[str, str], done: Loaded, path: Path
) -> None:
    rows = csv.reader(_without_nul(file))
    headings = [plain_heading(cell) for cell in next(rows, [])]
    places = _places(headings, columns, path)
    done.columns = {name: headings[place] for name, place in places.items()}
    rejects = _Rejects(done, path, headings)
    good = _good(rows, places, len(headings), rejects, done.file_id)
    try:
        while batch := list(islice(good, _BATCH)):
            # Of a code that stands twice in a batch the later row counts, as between batches.
            unique = {row["code"]: row for row in batch}
            done.changed += _keep(session, list(unique.values()))
            done.rows += len(batch)
    finally:
        rejects.close()


def _without_nul(file: TextIO) -> Iterator[str]:
    for line in file:
        yield line.replace("\0", "\ufffd") if "\0" in line else line


def plain_heading(cell: str) -> str:
    """A heading without spaces and marks around it."""
    return re.sub(r"[\s\ufeff*＊]", "", cell).replace("（", "(").replace("）", ")")


def _places(headings: Sequence[str], columns: dict[str, str], path: Path) -> dict[str, int]:
    places: dict[str, int] = {}
    for name, known in HEADINGS.items():
        wanted = (plain_heading(columns[name]),) if name in columns else known
        found = next((headings.index(one) for one in wanted if one in headings), None)
        if found is not None:
            places[name] = found
        elif name in columns:
            raise RegistryError(f"{path}: no column {columns[name]!r}; it has: {'、'.join(headings[:30])}")  # fmt: skip
    for name in _NEEDED:
        if name not in places:
            raise RegistryError(
                f"{path}: no column for {HEADINGS[name][0]}; it has: {'、'.join(headings[:30])} (--column {name}=…)"
            )
    return places


def _good(
    rows: Any, places: dict[str, int], width: int, rejects: _Rejects, file_id: int
) -> Iterator[dict[str, Any]]:
    """The rows that can be used; the others go to the rejects."""
    code_at, name_at = places["code"], places["name"]
    status_at, address_at, district_at = (
        places.get(name, width) for name in ("status", "address", "district")
    )
    while True:
        line = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            rejects.add(line, f"行不成立：{error}", [])
            continue
        if not cells or not any(cells):
            continue
        if len(cells) != width:
            rejects.add(line, f"应有 {width} 列，实有 {len(cells)} 列", cells)
            continue
        code, title = cells[code_at].strip().upper(), cells[name_at].strip()
        if why := _wrong(code, title, cells):
            # An open quotation mark swallows the lines behind it: say which.
            also = f"（至第 {rows.line_num} 行）" if rows.line_num > line else ""
            rejects.add(line, why + also, cells)
            continue
        name = plain(title)
        cells.append("")
        yield {
            "code": code,
            "name": name,
            "title": title if title != name else "",
            "status": cells[status_at].strip()[:32],
            "address": cells[address_at].strip(),
            "district": cells[district_at].strip()[:12],
            "file_id": file_id,
        }


def _wrong(code: str, title: str, cells: Sequence[str]) -> str:
    if not is_uscc(code):
        return f"统一社会信用代码“{code[:30]}”校验不成立" if code else "无统一社会信用代码"
    if not title:
        return "无名称"
    if "\ufffd" in title or any("\ufffd" in cell for cell in cells):
        return "含不能识别的字节"
    if max(map(len, cells)) > _LONGEST:
        return f"单元格超过 {_LONGEST} 字"
    return ""


def _keep(session: Session, rows: list[dict[str, Any]]) -> int:
    """Write the rows; returns how many were there and said something else."""
    session.flush()
    said = ("name", "title", "status", "address", "district")
    before = {
        row[0]: row[1:]
        for start in range(0, len(rows), 5000)
        for row in session.execute(
            select(RegistryEntry.code, *(getattr(RegistryEntry, name) for name in said)).where(
                RegistryEntry.code.in_([row["code"] for row in rows[start : start + 5000]])
            )
        )
    }
    fresh = [row for row in rows if row["code"] not in before]
    other = [
        row
        for row in rows
        if row["code"] in before and tuple(before[row["code"]]) != tuple(row[name] for name in said)
    ]
    make = insert_for(session)
    if fresh:
        session.connection().execute(make(RegistryEntry).on_conflict_do_nothing(), fresh)
    if other:
        write = make(RegistryEntry)
        changed = {name: write.excluded[name] for name in (*said, "file_id")}
        session.connection().execute(
            write.on_conflict_do_update(index_elements=["code"], set_=changed), other
        )
    return len(other)


class _Rejects:
    """The file of rejects; made when the first comes."""

    def __init__(self, done: Loaded, path: Path, headings: Sequence[str]) -> None:
        self.done = done
        self.path = done.rejects or path.with_name(f"{path.stem}.rejects.csv")
        self.headings = headings
        self._file: TextIO | None = None

    def add(self, line: int, why: str, cells: Sequence[str]) -> None:
        """One row with its line in the file and the reason."""
        if self._file is None:
            # A byte order mark: spreadsheets take the file for GBK without it.
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(["行", "原因", *self.headings])
        csv.writer(self._file).writerow([line, why, *(cell[:_LONGEST] for cell in cells)])
        self.done.rejected += 1

    def close(self) -> None:
        """Close it, and say where it is if there is one."""
        self.done.rejects = self.path if self._file else None
        if self._file:
            self._file.close()


def covered(session: Session, code: str) -> RegistryFile | None:
    """A register that holds every enterprise of the division, if one was loaded."""
    if not code:
        return None
    wanted = [code[:length] for length in (2, 4, 6) if len(code) >= length]
    return session.scalar(
        select(RegistryFile)
        .where(or_(*(RegistryFile.covers == one for one in wanted)))
        .order_by(RegistryFile.id.desc())
        .limit(1)
    )
