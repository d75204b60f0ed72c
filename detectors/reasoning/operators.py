"""Who the operator says to be: a code whose check character is wrong is no code.

GB 32100-2015; 电子商务法 第十五条 asks for the licence to be shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detectors.evaluate import Found
from detectors.fields import FieldText
from listing import Listing, is_uscc

__all__ = ["operator_identity"]


def operator_identity(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """A stated USCC that can't exist; the span is the operator's name, else the title."""
    if not listing.uscc or is_uscc(listing.uscc):
        return []
    by_scope = {text.scope: text for text in reversed(texts)}
    shown = by_scope.get("operator_name") or by_scope.get("title")
    if shown is None:
        return []
    why = f"公示的统一社会信用代码“{listing.uscc[:30]}”校验不成立"
    return [Found(shown, 0, len(shown.folded.tight), (), 0.8, why)]
