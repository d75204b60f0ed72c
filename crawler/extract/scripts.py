"""JSON objects inside scripts, found by balanced braces: linear, whatever the page."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["ScriptError", "at", "json_after", "whole_objects"]

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


def whole_objects(partial: str, name: str) -> list[Any]:
    """Of a list called `name` in an object that is cut off, the entries that are whole.

    Raises `ScriptError` where `partial` does not come as far as the list.
    """
    start = partial.find(f'"{name}"')
    if start < 0:
        raise ScriptError(f"the object in the script is cut off before {name}")
    found: list[Any] = []
    position = partial.find("[", start) + 1
    while partial[position : position + 200].lstrip(", \r\n\t").startswith("{"):
        begin = partial.index("{", position)
        try:
            packed = object_text(partial, begin)
            found.append(json.loads(packed, strict=False))
        except (ValueError, RecursionError):
            break
        position = begin + len(packed)
    return found


def at(value: Any, path: str) -> Any:
    """What stands at ``a.b.0.c`` in nested objects and lists; None where the way ends."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
