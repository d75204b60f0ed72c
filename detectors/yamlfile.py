"""YAML files of the rules: read fast (libyaml), with the line of every mapping and key.

Plain words stay words: of the implicit types of YAML 1.1 only true/false, null and decimal
numbers are kept, so `no`, `on`, `1:1` and dates are text, as whoever writes a rule expects.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Lined", "YamlError", "read_yaml"]

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """A file that is no YAML; `line` and `column` count from 1, 0 where they are not known."""

    def __init__(self, what: str, line: int = 0, column: int = 0) -> None:
        super().__init__(what)
        self.line, self.column = line, column


class Lined(dict[str, Any]):
    """A mapping that knows its line, and those of its keys."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class _Loader(_Base):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, Any] = {}


_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,18})$")
_FRACTION = re.compile(r"-?\d{1,18}\.\d{1,18}$")
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _NUMBER, list("-0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FRACTION, list("-0123456789"))


def _mapping(loader: Any, node: Any) -> Lined:
    found = Lined(node.start_mark.line + 1)
    loader.flatten_mapping(node)
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if not isinstance(key, str | int | float | bool):
            raise YamlError(f"not a key: {key!r}", line, key_node.start_mark.column + 1)
        if str(key) in found:
            raise YamlError(f"the key {key!r} stands twice", line, key_node.start_mark.column + 1)
        found[str(key)] = loader.construct_object(value_node, deep=True)
        found.lines[str(key)] = line
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> Any:
    """The data of a file, mappings as `Lined`; raises `YamlError` and OSError."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise YamlError(f"not UTF-8: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = str(getattr(error, "problem", None) or error)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise YamlError(what, line, column) from None
