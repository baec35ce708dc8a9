"""`plumbline sample`: make a feed to try things on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from console.answers import JSON
from console.terminal import bars, print_json, print_table, screen
from substrate.catalog import vertical
from substrate.clock import from_micros, parse_instant
from substrate.errors import NotFoundError


def sample(
    name: Annotated[str, typer.Argument(metavar="VERTICAL", help="Whose feed: hospital.")],
    out: Annotated[Path, typer.Option(help="Folder to write into; made if it is missing.")],
    patients: Annotated[int, typer.Option(min=1, help="How many people the feed is about.")] = 500,
    days: Annotated[int, typer.Option(min=1, help="How many days it covers.")] = 90,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    defects: Annotated[float, typer.Option(min=0, max=0.5, help="Share of rows that are spoilt on purpose.")] = 0.01,
    until: Annotated[
        str | None, typer.Option(help="The feed's `now`, such as 2026-03-02T10:00Z; default: this minute.")
    ] = None,
    events: Annotated[int | None, typer.Option(min=1, help="Scale to about this many rows.")] = None,
    gzip: Annotated[bool, typer.Option("--gzip", help="Compress the files.")] = False,
    as_json: JSON = False,
) -> None:
    """Write a sample feed, with incidents and defects planted and written down in planted.json.

    Example: plumbline sample hospital --out feed --patients 500 --days 90 --seed 1 --defects 0.01
    """
    chosen = vertical(name)
    if chosen.sample is None:
        raise NotFoundError(f"{name} has no sample feed")
    moment = from_micros(parse_instant(until, what="--until")) if until else datetime.now(UTC)
    with bars() as progress:
        task = progress.add_task(f"Writing a {name} feed", total=None)
        report = chosen.sample(
            out,
            {
                "patients": patients, "days": days, "seed": seed, "defects": defects,
                "until": moment, "events": events, "compress": gzip,
            },
            lambda done, total: progress.update(task, completed=done, total=total),
        )  # fmt: skip
    if as_json:
        print_json(
            {
                "out": str(out), "resources": report.resources, "defects": report.defects,
                "incidents": report.incidents, "bytes": report.bytes, "seconds": report.seconds,
            }
        )  # fmt: skip
        return
    print_table("Written", ("resource", "#rows"), sorted(report.resources.items()), empty="Nothing was written.")
    planted = f"{sum(report.incidents.values())} incidents and {sum(report.defects.values())} spoilt rows"
    screen.print(f"{out}: {planted} are planted; planted.json says which.")
    screen.print(f"[dim]next:[/] plumbline run {name} --from {out}")
