"""`plumbline sample`: make a feed to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.answers import JSON
from console.terminal import bars, print_json, print_table, screen
from substrate.catalog import SampleOrder, SampleReceipt, Vertical, vertical
from substrate.clock import SystemClock, parse_instant
from substrate.errors import NotFoundError


def sample(
    name: Annotated[str, typer.Argument(metavar="VERTICAL", help="Whose feed: hospital.")],
    out: Annotated[Path, typer.Option(help="Folder to write into; made if it is missing.")],
    people: Annotated[int, typer.Option("--patients", "--people", min=1, help="How many people it is about.")] = 500,
    days: Annotated[int, typer.Option(min=1, help="How many days it covers.")] = 90,
    seed: Annotated[int, typer.Option(help="The same seed and time give the same bytes.")] = 1,
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
    moment = parse_instant(until, what="--until") if until else SystemClock().now()
    order = SampleOrder(people, days, seed, defects, moment, events, gzip)
    receipt = write_sample(vertical(name), out, order, quiet=as_json)
    if as_json:
        print_json({"out": str(out), **receipt.facts()})
        return
    print_table("Written", ("resource", "#rows"), sorted(receipt.resources.items()), empty="Nothing was written.")
    planted = f"{sum(receipt.incidents.values())} incidents and {sum(receipt.defects.values())} spoilt rows"
    screen.print(f"{out}: {planted} are planted; planted.json says which.", soft_wrap=True)
    screen.print(f"[dim]next:[/] plumbline run {name} --from {out}", soft_wrap=True)


def write_sample(chosen: Vertical, out: Path, order: SampleOrder | None = None, *, quiet: bool) -> SampleReceipt:
    """Let a vertical write a feed.

    Args:
        order: what it shall be; None: a small one that ends now.

    Raises:
        NotFoundError: the vertical has none.
    """
    if chosen.sample is None:
        raise NotFoundError(f"{chosen.name} has no sample feed", hint="Use a feed of your own with `plumbline run`.")
    order = order or SampleOrder(until=SystemClock().now())
    if quiet:
        return chosen.sample(out, order, lambda _done, _total: None)
    with bars() as progress:
        task = progress.add_task(f"Writing a sample {chosen.name}", total=None)
        return chosen.sample(out, order, lambda done, total: progress.update(task, completed=done, total=total))
