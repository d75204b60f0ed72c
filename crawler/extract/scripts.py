"""JSON objects inside scripts, found by balanced braces: linear, whatever the page."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["ScriptError", "json_after"]

_BRACES = re.compile(r'["\\{}\[\]]')


class ScriptError(ValueError):
    """The object is missing, cut off or not JSON; `partial` is what could be had of it."""

    def __init__(self, why: str, partial: str = "") -> None:
        super().__init__(why)
        self.partial = partial


def object_text(text: str, start: int) -> str:
    """The bracketed text beginning at `start`; raises `ScriptError` if it never closes."""
    depth, in_string, position = 0, False, start
    while found := _BRACES.search(text, position):
        mark, position = found.group(), found.end()
        if mark == "\\":
            position += 1
        elif mark == '"':
            in_string = not in_string
        elif not in_string:
            depth += 1 if mark in "{[" else -1
            if depth == 0:
                return text[start:position]
    raise ScriptError("the object in the script is cut off", text[start:])


def json_after(text: str, name: str) -> Any:
    """The JSON value assigned to `name` in a script of the page.

    Raises `ScriptError` where there is none, it is cut off, or it is not JSON.
    """
    found = re.search(re.escape(name) + r"[\"']?\s{0,10}[=:]\s{0,10}(?=[{\[])", text)
    if found is None:
        raise ScriptError(f"no {name} in the page")
    packed = object_text(text, found.end())
    try:
        return json.loads(packed, strict=False)
    except (ValueError, RecursionError) as error:
        raise ScriptError(f"{name} is not JSON: {error}") from None
