"""`yunjian rules`: what the detectors know."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

import settings
from commands.screen import Failed, err, out, plain_errors

__all__ = ["attach", "rules_app"]

rules_app = typer.Typer(no_args_is_help=True, help="What the detectors know.")


@rules_app.command("test")
def rules_test() -> None:
    """Run every example of every rule."""
    import detectors
    from detectors import examples

    with plain_errors():
        detector = detectors.load(settings.load().rules_dir)
        count, failures = examples.run(detector)
        for failure in failures:
            err.print(
                f"{failure.file}: {failure.kind}: {failure.example}: {failure.why}",
                markup=False,
                soft_wrap=True,
            )
        out.print(f"{len(detector.ruleset.rules)} rules, {count} examples, {len(failures)} failed")
        if failures:
            raise typer.Exit(1)


@rules_app.command("list")
def rules_list() -> None:
    """All rules by violation."""
    from detectors.ruleset import load_rules

    with plain_errors():
        ruleset = load_rules(settings.load().rules_dir)
        table = Table()
        for heading in ("violation", "rule", "version", "strength", "title"):
            table.add_column(heading)
        order = {violation: place for place, violation in enumerate(ruleset.violations)}
        for rule in sorted(ruleset.rules.values(), key=lambda r: (order[r.violation], r.id)):
            table.add_row(
                rule.violation, rule.id, str(rule.version), str(rule.strength), rule.title
            )
        out.print(table)
        covered = {rule.violation for rule in ruleset.rules.values()}
        missing = [v for v in ruleset.violations if v not in covered]
        out.print(f"{len(ruleset.rules)} rules, {len(covered)} of {len(order)} violations")
        if missing:
            out.print(f"without a rule: {', '.join(missing)}")


@rules_app.command("show")
def rules_show(rule_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """One rule as its file says it, with the law behind it."""
    from detectors.ruleset import load_rules

    with plain_errors():
        config = settings.load()
        ruleset = load_rules(config.rules_dir)
        if rule_id not in ruleset.rules:
            raise Failed(f"no rule {rule_id}; `yunjian rules list` lists them")
        rule = ruleset.rules[rule_id]
        path = config.rules_dir / "violations" / rule.file
        out.print(path.read_text(encoding="utf-8"), markup=False, soft_wrap=True)
        for law in rule.law:
            entry = ruleset.laws[law]
            out.print(
                f"{entry['law']}{entry.get('article', '')}: {entry.get('text', '')}",
                markup=False,
                soft_wrap=True,
            )


def attach(app: typer.Typer) -> None:
    """Adds `rules` to the commands."""
    app.add_typer(rules_app, name="rules")
