"""How things look in a terminal: one console, tables that fit, colours that mean the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from substrate.clock import duration_text

SEVERITY_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
STATE_STYLES = {"firing": "bold red", "pending": "yellow", "recovering": "cyan", "resolved": "green", "held": "yellow"}

screen = Console(highlight=False)


def print_json(data: Any) -> None:
    """The one line or block of JSON that a program reads from standard output."""
    text = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()
    screen.out(text, highlight=False)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table, or a sentence when there is nothing to show. Cells may be rich texts; None is a dash."""
    body = [[_cell(value) for value in row] for row in rows]
    if not body:
        screen.print(f"[dim]{empty}[/]")
        return
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for name in columns:
        number = name.startswith("#")
        table.add_column(name.lstrip("#"), justify="right" if number else "left", overflow="fold")
    for row in body:
        table.add_row(*row)
    screen.print(table)


def age_text(micros: int | None) -> str:
    """An age as people say it; `never` for what was never read."""
    return "never" if micros is None else duration_text(max(micros, 0))


def bars() -> Progress:
    """Progress bars for long work, on standard error so that standard output stays clean."""
    return Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False),
    )


def _cell(value: object) -> Any:
    if value is None:
        return "[dim]–[/]"
    return value if hasattr(value, "__rich_console__") or isinstance(value, str) else str(value)
