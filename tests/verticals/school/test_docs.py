"""docs/school.md lists every kind, resource, check, feature, series and rule, in the words of the declarations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automations.rule_files import read_rules
from substrate.records import content_columns, meanings
from verticals.school import vertical
from verticals.school.sources import oneroster

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "school.md").read_text(encoding="utf-8")


def cell(text: str) -> str:
    """Text as it stands in a table."""
    return text.replace("|", "\\|")


def kinds() -> list[str]:
    """A row a kind: what it is, and which resources become it."""
    made: dict[str, list[str]] = {record.kind: [] for record in vertical.records}
    for mapper in vertical.mappers:
        for record in mapper.given:
            if mapper.resource not in made[record.kind]:
                made[record.kind].append(mapper.resource)
    return [
        f"| `{record.kind}` | {', '.join(made[record.kind])} | {(record.__doc__ or '').strip().splitlines()[0]} |"
        for record in vertical.records
    ]


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


METADATA = sorted(
    {
        name
        for module in (oneroster.__file__,)
        for name in re.findall(r'"metadata\.(\w+)"', Path(module).read_text("utf-8"))
    }
)
ROWS = [*kinds(), *columns(), *checks(), *features(), *series(), *rules()]


def test_the_page_lists_what_is_declared_in_its_order_and_nothing_else() -> None:
    listed = [line for line in TEXT.splitlines() if line.startswith("| `")]
    assert listed == ROWS


@pytest.mark.parametrize("name", METADATA)
def test_every_column_beyond_the_standard_is_named(name: str) -> None:
    assert f"`metadata.{name}`" in TEXT
