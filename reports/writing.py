"""Writes a report by the ending of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from clues.exports import ExportError
from reports.model import Report, ReportError

__all__ = ["FORMATS", "write"]


def _xlsx(report: Report, browser: str) -> bytes:
    from reports.workbook import workbook

    return workbook(report)


def _docx(report: Report, browser: str) -> bytes:
    from reports.document import document

    return document(report)


def _pdf(report: Report, browser: str) -> bytes:
    from evidence.dossier import print_pdf
    from evidence.errors import EvidenceError
    from reports.paper import paper

    try:
        # By Chromium, as the dossier of a pack: it takes the Chinese font into the file.
        return print_pdf(paper(report), {}, browser)
    except EvidenceError as error:
        raise ExportError(str(error)) from None


FORMATS: Mapping[str, Callable[[Report, str], bytes]] = {
    ".xlsx": _xlsx,
    ".docx": _docx,
    ".pdf": _pdf,
}
"""Endings of files that can be written."""


def write(report: Report, path: Path, browser: str = "") -> None:
    """Write a report, all of it or nothing; a file that is there is replaced.

    `browser` is the path of a Chromium for PDF; "" finds one. Raises `ReportError` for another
    ending, `ExportError` where the file can't be written.
    """
    form = path.suffix.lower()
    if form not in FORMATS:
        raise ReportError(f"{path.name}: no such ending (one of {', '.join(FORMATS)})")
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(FORMATS[form](report, browser))
        part.replace(path)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}") from None
