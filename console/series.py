"""`plumbline series`: what is counted an hour or a day, how fresh it is, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import isnan
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from console.answers import JSON, VERTICAL, app
from console.terminal import age_text, print_json, print_table, screen
from console.workspace import Workspace, workspace
from substrate.catalog import Vertical
from substrate.clock import isoformat, local_text, parse_instant
from substrate.errors import ConfigurationError, ConflictError
from substrate.lookup import find_entity, source_keys
from substrate.series.checked import grid_of, group_kind
from substrate.series.compute import Group
from substrate.series.declare import Series, placed
from substrate.series.read import Stretch, read, read_as_of
from substrate.series.refresh import state_of

commands = app("Series: what is counted an hour or a day, and how that went.")

_BUCKETS = 24
"""How many buckets are shown unless a span is asked for."""


@commands.command("list")
def list_series(vertical: VERTICAL = None, as_json: JSON = False) -> None:
    """List every series, what it means, and how old its points are.

    Example: plumbline series list --json
    """
    with workspace() as ws, ws.database.read() as connection:
        facts = {
            chosen.title: [_facts(ws, connection, series) | {"vertical": chosen.name} for series in chosen.series]
            for chosen in ws.meant(vertical)
        }
    if as_json:
        print_json([each for found in facts.values() for each in found])
        return
    columns = ("series", "meaning", "bucket", "by", "zone", "#points", "age")
    names = ("name", "text", "bucket", "by", "zone", "points")
    for title, found in facts.items():
        cells = [(*(each[name] for name in names), age_text(each["age"])) for each in found]
        print_table(f"Series of {title}", columns, cells, empty="This vertical declares no series.")


@commands.command()
def show(
    name: Annotated[str, typer.Argument(help="The name of the series.")],
    group: Annotated[
        str | None, typer.Option("--group", help="The key of one group, such as a ward; default: all.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="A time in the first bucket.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="A time in the last bucket; default: the newest.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="An earlier time, such as 2019-06-01.")] = None,
    vertical: VERTICAL = None,
    as_json: JSON = False,
) -> None:
    """Show how a series went: every bucket of a span, the newest 24 by default.

    A bucket that has not ended is partial; one of which nothing can be known is empty.

    Example: plumbline series show ward_arrivals_hourly --group Location/icu --from 2019-06-01 --to 2019-06-02
    """
    with workspace() as ws, ws.database.read() as connection:
        chosen = ws.vertical(vertical, has=partial(_has_series, name), what=f"a series {name!r}")
        series = placed(chosen.series_named(name), ws.settings.time_zone)
        asked = _Asked(connection, chosen, series, parse_instant(as_of, what="--as-of") if as_of else None)
        stretch = asked.stretch(group, first, last)
        zone = ws.settings.time_zone
        rows = list(_rows(stretch, asked.names(stretch), isoformat if as_json else partial(local_text, zone=zone)))
    if as_json:
        print_json({"series": name, "unit": series.unit, "as_of": isoformat(stretch.as_of), "points": rows})
        return
    cells = [(row["group"], row["from"], _shown(row["value"]), row["events"], _note(row)) for row in rows]
    columns = ("group", "from", f"#{series.unit or 'value'}", "#events", "")
    print_table(series.text, columns, cells, empty="There are no points.")
    screen.print(f"[dim]true as of[/] {isoformat(stretch.as_of)}; times in {zone}")


@dataclass(frozen=True)
class _Asked:
    """One series of one vertical, now or as of an earlier instant."""

    connection: Connection
    vertical: Vertical
    series: Series
    at: int | None

    def stretch(self, group: str | None, first: str | None, last: str | None) -> Stretch:
        """The points of a span that a person typed."""
        end = parse_instant(last, what="--to") if last else self._newest()
        begin = parse_instant(first, what="--from") if first else end - (_BUCKETS - 1) * grid_of(self.series).width
        if begin > end:
            raise ConfigurationError("the span ends before it begins", hint="Let --from be earlier than --to.")
        groups = None if group is None else [self._group(group)]
        if self.at is None:
            return read(self.connection, self.series, begin, end, groups=groups)
        return read_as_of(self.connection, self.series, self.at, begin, end, groups=groups)

    def names(self, stretch: Stretch) -> dict[Group, str]:
        """How people call the groups: by the key in their source, or by the text itself."""
        kind = group_kind(self.series)
        if self.series.by is None:
            return dict.fromkeys(stretch.values, "all")
        if kind is None:
            return {group: str(group) for group in stretch.values}
        return dict(source_keys(self.connection, self.vertical, kind, [int(group) for group in stretch.values]).items())

    def _newest(self) -> int:
        if self.at is not None:
            return self.at
        state = state_of(self.connection, self.series)
        if state is None:
            hint = f"`plumbline run {self.vertical.name}` computes it."
            raise ConflictError(f"the series {self.series.name} was never computed", hint=hint)
        return state.as_of

    def _group(self, key: str) -> Group:
        if self.series.by is None:
            raise ConfigurationError(f"{self.series.name} has no groups", hint="Leave --group out.")
        kind = group_kind(self.series)
        return key if kind is None else find_entity(self.connection, self.vertical, kind, key)[0]


def _has_series(name: str, vertical: Vertical) -> bool:
    return any(series.name == name for series in vertical.series)


def _facts(ws: Workspace, connection: Connection, series: Series) -> dict[str, Any]:
    state = state_of(connection, series)
    local = placed(series, ws.settings.time_zone)
    return {
        "name": series.name, "text": series.text, "of": series.of.kind, "how": series.how, "bucket": series.bucket,
        "by": (group_kind(series) or series.by) if series.by else None, "zone": local.zone or "UTC",
        "keep": series.keep, "unit": series.unit, "sensitivity": series.sensitivity.name.lower(),
        "points": state.rows if state else 0, "age": ws.clock.now() - state.as_of if state else None,
    }  # fmt: skip


def _rows(stretch: Stretch, names: dict[Group, str], written: Callable[[int], str]) -> Iterator[dict[str, Any]]:
    for group, values in stretch.values.items():
        columns = (stretch.starts, stretch.ends, stretch.partial, values, stretch.events[group])
        for start, end, unfinished, value, events in zip(*(column.tolist() for column in columns), strict=True):
            yield {
                "group": names.get(group, str(group)), "from": written(start), "to": written(end),
                "value": None if isnan(value) else value, "events": events, "partial": unfinished,
            }  # fmt: skip


def _shown(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"


def _note(row: dict[str, Any]) -> str:
    return "[yellow]partial[/]" if row["partial"] else ""
