"""docs/logistics.md lists every kind, check, feature, series and rule, in the words of the declarations."""

from __future__ import annotations

from pathlib import Path

from automations.rule_files import read_rules
from substrate.records import content_columns, meanings
from verticals.logistics import vertical

PAGE = Path(__file__).resolve().parents[3] / "docs" / "logistics.md"


def cell(text: str) -> str:
    """Text as it stands in a table."""
    return text.replace("|", "\\|")


def kinds() -> list[str]:
    """A row a kind: what it is."""
    return [f"| `{record.kind}` | {(record.__doc__ or '').strip().splitlines()[0]} |" for record in vertical.records]


def columns() -> list[str]:
    """A row a column."""
    return [
        f"| `{record.kind}.{name}` | {cell(meanings(record)[name].text)} | {meanings(record)[name].sensitivity.name} |"
        for record in vertical.records
        for name in content_columns(record)
    ]


def checks() -> list[str]:
    """A row a check."""
    return [
        f"| `{check.name}` | {check.record.kind} | {check.text} | {check.on_failure} |" for check in vertical.checks
    ]


def features() -> list[str]:
    """A row a feature."""
    return [
        f"| `{view.entity.kind}.{feature.name}` | {feature.text} | {feature.unit or ''} |"
        for view in vertical.views
        for feature in view.features
    ]


def series() -> list[str]:
    """A row a series."""
    return [
        f"| `{each.name}` | {each.text} | {each.of.kind} | {each.by or ''} | {each.bucket} |"
        for each in vertical.series
    ]


def rules() -> list[str]:
    """A row a rule."""
    return [
        f"| `{rule.id}` | {rule.entity} | {rule.title} | {rule.severity} | {rule.lifecycle} |"
        for rule in read_rules(vertical.rules)
    ]


ROWS = [*kinds(), *columns(), *checks(), *features(), *series(), *rules()]


def test_the_page_lists_what_is_declared_in_its_order_and_nothing_else() -> None:
    listed = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert listed == ROWS
