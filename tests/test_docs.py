"""What the documents say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from detectors import Detector
from settings import Settings


def test_every_setting_is_documented_with_its_default(house: Path) -> None:
    text = (house / "docs" / "operate.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\w+) \| (\S+) \|", text, re.MULTILINE))
    assert set(Settings.model_fields) <= set(rows)
    assert rows["max_body"] == str(Settings.model_fields["max_body"].default)


def test_every_command_is_in_the_readme(house: Path) -> None:
    text = (house / "README.md").read_text(encoding="utf-8")
    for command in (
        "sweep",
        "clues",
        "clue",
        "replay",
        "scan",
        "read",
        "rules",
        "doctor",
        "worker",
    ):
        assert f"yunjian {command}" in text
    assert "make demo" in text and "make test" in text


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", *[f"docs/{n}.md" for n in ("operate", "write-a-rule", "add-a-source", "analyst-guide", "workers")]])  # fmt: skip
def test_links_lead_somewhere(house: Path, name: str) -> None:
    path = house / name
    for link in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link


def test_every_violation_is_in_the_guide(house: Path, detector: Detector) -> None:
    text = (house / "docs" / "analyst-guide.md").read_text(encoding="utf-8")
    assert all(f"| {id_} |" in text for id_ in detector.ruleset.violations)


@pytest.mark.parametrize(
    "command",
    ["sweep", "clues", "clue", "replay", "scan", "read", "rules", "doctor", "demo", "worker"],
)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0 and len(result.output) > 100
