"""The house stands as it is drawn: arrows between packages point one way."""

from __future__ import annotations

import ast
import re
import subprocess
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
    "watching": {"clues", "listing", "policies", "settings", "spiders", "storage"},
    "practice": {"listing"},
    "reports": {
        "clues", "detectors", "evidence", "listing", "policies", "schedule", "settings", "storage",
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


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_arrows_point_one_way(house: Path, package: str) -> None:
    files = list((house / package).rglob("*.py")) or [house / f"{package}.py"]
    for path in files:
        outside = imports(path) & PARTS - {package} - MAY_IMPORT[package]
        assert not outside, f"{path.relative_to(house)} imports {outside}"


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
