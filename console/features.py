"""`plumbline features`: what is computed about whom, how fresh it is, and what it was at another time."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.answers import JSON, VERTICAL, app
from console.shown import shown_value
from console.terminal import age_text, print_json, print_table, screen
from console.workspace import Workspace, workspace
from substrate.clock import isoformat, parse_instant
from substrate.features.declare import View
from substrate.features.refresh import state_of
from substrate.lookup import FeatureRow, feature_row

commands = app("Features: what is computed about patients, wards and others, and how old it is.")


@commands.command("list")
def list_features(vertical: VERTICAL = None, as_json: JSON = False) -> None:
    """List every feature, what it means, and how old its values are.

    Example: plumbline features list --json
    """
    with workspace() as ws:
        facts = {
            chosen.title: [each for view in chosen.views for each in _view_facts(ws, chosen.name, view)]
            for chosen in ws.meant(vertical)
        }
    if as_json:
        print_json([each for found in facts.values() for each in found])
        return
    columns = ("entity", "feature", "meaning", "unit", "sensitivity", "age")
    for title, found in facts.items():
        cells = [
            (each["entity"], each["name"], each["text"], each["unit"], each["sensitivity"], age_text(each["age"]))
            for each in found
        ]
        empty = "This vertical declares no features."
        print_table(f"Features of {title}", columns, cells, empty=empty, spare=("sensitivity", "unit"))


@commands.command()
def show(
    entity: Annotated[str, typer.Argument(help="The kind of entity, such as patient.")],
    key: Annotated[str, typer.Argument(help="Its key in the source, or its id.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="An earlier time, such as 2019-06-01.")] = None,
    vertical: VERTICAL = None,
    as_json: JSON = False,
) -> None:
    """Show one entity's features with their age, now or as they were.

    Example: plumbline features show patient 018f428e-34f6-4707-8009-5ad742f901e7 --as-of 2019-06-01
    """
    with workspace() as ws:
        chosen = ws.vertical(vertical, has=lambda each: entity in each.views_by_kind, what=f"features of a {entity!r}")
        at = parse_instant(as_of, what="--as-of") if as_of else None
        with ws.database.read() as connection:
            row = feature_row(connection, chosen, entity, key, now=ws.clock.now(), at=at)
        zone = ws.settings.time_zone
    if as_json:
        print_json(_row_facts(row))
        return
    view = chosen.views_by_kind[entity]
    cells = [
        (feature.name, shown_value(row.operand(feature.name), row.values[feature.name], zone), feature.text)
        for feature in view.features
    ]
    print_table(f"{entity} {row.source_key}", ("feature", "value", "meaning"), cells, empty="No features.")
    stale = " [bold red]stale[/]" if row.stale else ""
    screen.print(f"[dim]true as of[/] {isoformat(row.as_of)} ({age_text(row.age)} ago){stale}")


def _view_facts(ws: Workspace, vertical: str, view: View) -> list[dict[str, Any]]:
    with ws.database.read() as connection:
        state = state_of(connection, view)
    age = ws.clock.now() - state.as_of if state else None
    return [
        {
            "vertical": vertical, "entity": view.entity.kind, "name": feature.name, "text": feature.text,
            "unit": feature.unit, "sensitivity": feature.sensitivity.name.lower(), "age": age,
            "rows": state.rows if state else 0,
        }
        for feature in view.features
    ]  # fmt: skip


def _row_facts(row: FeatureRow) -> dict[str, Any]:
    return {
        "entity": row.kind, "id": row.id, "source_key": row.source_key, "as_of": isoformat(row.as_of),
        "age_seconds": row.age / 1_000_000, "stale": row.stale,
        "values": {name: shown_value(row.operand(name), value, None) for name, value in row.values.items()},
    }  # fmt: skip
