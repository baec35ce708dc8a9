"""How things look in a terminal: one console, tables that fit, colours that mean the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import orjson
from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from substrate.clock import duration_text

SEVERITY_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
STATE_STYLES = {"firing": "bold red", "pending": "yellow", "recovering": "cyan", "resolved": "green", "held": "yellow"}

_LONGEST_WORD = 32
_PHRASE = 16
_GAP = 3
_EDGES = 2

_COMMANDS = dict.fromkeys({*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)} - {9, 10})
"""What a terminal obeys and does not show; a document, a record or the name of a file may hold it."""


class Screen(Console):
    """A terminal that is told what to do by us alone."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is printed, without commands in what is said."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=segment.text.translate(_COMMANDS))


screen = Screen(highlight=False)


def print_json(data: Any) -> None:
    """The one line or block of JSON that a program reads from standard output."""
    text = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()
    screen.out(text, highlight=False)


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, spare: Sequence[str] = ()
) -> None:
    """A table, or a sentence when there is nothing to show.

    Args:
        title: stands above it.
        columns: their headings; `#` before one sets it to the right.
        rows: cells may be rich texts; None is a dash.
        empty: what is said instead of an empty table.
        spare: columns that a narrow screen leaves out, the first one first, before words would be broken.
    """
    body = [[_cell(value) for value in row] for row in rows]
    if not body:
        screen.print(f"[dim]{empty}[/]")
        return
    shown = _shown(
        {name: _need([name.lstrip("#"), *(row[at] for row in body)]) for at, name in enumerate(columns)}, spare
    )
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for name in shown:
        side: Literal["right", "left"] = "right" if name.startswith("#") else "left"
        least, whole = shown[name] or (None, None)
        fixed = least is not None and least == whole
        table.add_column(name.lstrip("#"), justify=side, overflow="fold", min_width=least, no_wrap=fixed)
    for row in body:
        table.add_row(*(cell for name, cell in zip(columns, row, strict=True) if name in shown))
    screen.print(table)
    if left_out := [name for name in columns if name not in shown]:
        screen.print(f"[dim]A wider screen also shows: {', '.join(left_out)}.[/]")


class Parts:
    """Short texts in a row; a line ends only between two of them, so that no number loses what it counts."""

    def __init__(self, parts: Iterable[Text | str], *, between: str = ", ") -> None:
        self._parts = [Text(part) if isinstance(part, str) else part for part in parts]
        self._between = between

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = Text()
        for number, part in enumerate(self._parts):
            if number:
                line.append(self._between)
            if line and line.cell_len + part.cell_len + len(self._between.rstrip()) > options.max_width:
                line.rstrip()
                yield line
                line = Text()
            line.append_text(part)
        yield line

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widths = [part.cell_len + len(self._between) for part in self._parts] or [0]
        return Measurement(max(widths), sum(widths)).with_maximum(options.max_width)


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


def _need(cells: Iterable[Any]) -> tuple[int, int]:
    """How wide a column must be so that no word of usual length is broken, nor any short phrase; and to hold all."""
    plain = [Text.from_markup(cell).plain if isinstance(cell, str) else str(cell) for cell in cells]
    word = max(len(word) for text in plain for word in text.split() or [""])
    whole = max(map(len, plain))
    return max(min(word, _LONGEST_WORD), min(whole, _PHRASE)), whole


def _shown(needs: dict[str, tuple[int, int]], spare: Sequence[str]) -> dict[str, tuple[int, int] | None]:
    """The columns that fit, each with its need; None: there is no room to be choosy."""
    shown = dict(needs)
    for name in (*spare, None):
        if sum(least for least, _ in shown.values()) + _GAP * (len(shown) - 1) + _EDGES <= screen.width:
            return {**shown}
        shown.pop(name or "", None)
    return dict.fromkeys(shown)


def _cell(value: object) -> Any:
    if value is None:
        return "[dim]–[/]"
    return value if hasattr(value, "__rich_console__") or isinstance(value, str) else str(value)
