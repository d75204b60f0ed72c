"""The house stands as it is drawn: arrows between packages point one way."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Collection
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

MAY_IMPORT = {
    "listing": set(),
    "policies": set(),
    "settings": {"policies"},
    "crawler": {"listing", "policies", "settings"},
    "spiders": {"crawler", "listing"},
    "detectors": {"listing"},
    "proof": set(),
    "storage": {"listing"},
    "evidence": {"clues", "crawler", "listing", "proof", "storage"},
    "clues": {"detectors", "storage", "listing"},
    "sweeps": {
        "clues", "evidence", "detectors", "storage", "spiders", "crawler", "listing", "policies", "settings",
        "watching",
    },
    "watching": {"clues", "crawler", "listing", "policies", "settings", "spiders", "storage"},
    "practice": {"listing"},
    "reports": {
        "clues", "detectors", "evidence", "listing", "policies", "schedule", "settings", "storage",
    },
    "desk": {
        "clues", "detectors", "evidence", "listing", "policies", "proof", "replay", "reports", "schedule", "settings",
        "storage", "spiders", "sweeps", "watching",
    },
    "schedule": {
        "sweeps", "spiders", "crawler", "detectors", "storage", "settings", "policies",
    },
}  # fmt: skip
PARTS = {
    *MAY_IMPORT, "cli", "commands", "planview", "demo", "doctor", "replay", "scanning", "scheduler", "bench",
}  # fmt: skip


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def modules(path: Path, files: Collection[str]) -> set[str]:
    """The `files` that one imports, wherever in it; of `from storage import models` the latter."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= parts & set(files) or {node.module}
    return found & set(files)


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_arrows_point_one_way(house: Path, package: str) -> None:
    files = list((house / package).rglob("*.py")) or [house / f"{package}.py"]
    for path in files:
        outside = imports(path) & PARTS - {package} - MAY_IMPORT[package]
        assert not outside, f"{path.relative_to(house)} imports {outside}"


def test_commands_stand_below_the_command_line(house: Path) -> None:
    for path in (house / "commands").rglob("*.py"):
        assert not imports(path) & {"cli", "bench", "tests"}, path
    assert len((house / "cli.py").read_text(encoding="utf-8").splitlines()) < 150


BACK = {
    # Tables in files of their own, so that whoever has the models has all.
    ("storage.models", f"storage.{name}")
    for name in ("alerts", "casework", "chain", "hunts", "intake", "people", "privacy", "prunings", "runs", "search", "webhooks", "work")
} | {("sweeps.template", "sweeps.nursery")}  # fmt: skip
"""Imports that may lead back: the process that units are forked from has what they need."""


def test_no_files_import_each_other_in_a_circle(house: Path) -> None:
    files = {
        ".".join(path.relative_to(house).with_suffix("").parts).removesuffix(".__init__"): path
        for part in PARTS - {"bench"}
        for path in ([house / f"{part}.py"] if not (house / part).is_dir() else (house / part).rglob("*.py"))
    }  # fmt: skip
    graph = {
        name: {one for one in modules(path, files) - {name} if (name, one) not in BACK}
        for name, path in files.items()
    }
    list(TopologicalSorter(graph).static_order())


def test_detectors_are_pure(house: Path) -> None:
    for path in (house / "detectors").rglob("*.py"):
        assert not imports(path) & {
            "scrapy",
            "sqlalchemy",
            "requests",
            "urllib",
            "socket",
            "playwright",
        }, path


def test_the_lock_has_hashes_and_no_index_address(house: Path) -> None:
    text = (house / "requirements.lock").read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert not re.search(r"https?://|--index|--extra-index|--find-links", text)


def test_no_path_of_a_machine_is_committed(house: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=house, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split():
        if name.endswith((".py", ".md", ".yaml", ".toml", ".sh")) and name != "tests/test_house.py":
            text = (house / name).read_text(encoding="utf-8")
            assert not re.search(r"(^|[\s\"'(])/(work|farm|root)/", text), name
