"""The reports of the action plan (五, 六(五)), computed from the store and written as .xlsx, .docx or .pdf.

`build` gives a `Report`: plain data, each number a `Figure` that knows the query behind it.
`write` renders it; whatever text a page gave stays text in all three formats.
"""

from reports.compose import KINDS, build
from reports.knowledge import Knowledge, knowledge
from reports.model import Report, ReportError
from reports.period import Period
from reports.writing import FORMATS, write

__all__ = [
    "FORMATS",
    "KINDS",
    "Knowledge",
    "Period",
    "Report",
    "ReportError",
    "build",
    "knowledge",
    "write",
]
