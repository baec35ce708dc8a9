"""Runs as pictures: how measures went from run to run, and how two runs differ by slice. SVG, without a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from math import ceil
from typing import Any

from jinja2 import Environment, StrictUndefined

from rag.evals.comparing import Comparison
from rag.evals.judging import Summary
from rag.evals.runs import Run

COLOURS = {"recall@10": "#0b6e4f", "ndcg@10": "#1f4e9e", "mrr": "#b5520a"}
"""The measures that are drawn; told apart by people who see no red and green, too (they differ in lightness)."""

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 64, 130, 64, 46
_HEIGHT, _STEP = 380, 22


@dataclass(frozen=True, slots=True)
class _Scale:
    """Maps values to places in the picture."""

    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.first + share * (self.last - self.first), 1)


def history_chart(copilot: str, runs: Sequence[tuple[Run, Summary]]) -> str:
    """A line for each measure over a copilot's runs, the oldest first; runs that could measure nothing are left out.

    Returns:
        The picture, an SVG file's text.
    """
    shown = [(run, found) for run, found in runs if found.mean("mrr") is not None]
    across = _Scale(0, max(len(shown) - 1, 1), _LEFT, _WIDTH - _RIGHT)
    up = _Scale(0, 1, _HEIGHT - _BOTTOM, _TOP)
    lines: list[dict[str, Any]] = [
        {
            "name": name,
            "colour": colour,
            "points": [
                {"x": across.at(number), "y": up.at(found.mean(name) or 0.0), "value": found.mean(name)}
                for number, (_, found) in enumerate(shown)
            ],
        }
        for name, colour in COLOURS.items()
    ]
    columns = [
        {"x": across.at(number), "name": f"run {run.id}", "why": _why(run, shown[number - 1][0] if number else None)}
        for number, (run, _) in enumerate(shown)
    ]
    ends = _apart([line["points"][-1]["y"] for line in lines]) if shown else []
    grid = [{"y": up.at(value), "value": value} for value in (0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    return _drawn(
        "history.svg.j2", title=f"{copilot}: golden questions, run by run", width=_WIDTH, height=_HEIGHT, left=_LEFT,
        right=_WIDTH - _RIGHT, lines=list(zip(lines, ends, strict=False)), columns=columns, grid=grid,
        foot=_HEIGHT - _BOTTOM,
    )  # fmt: skip


def difference_chart(title: str, comparison: Comparison) -> str:
    """By slice, by how much each measure moved, with its 95 % confidence interval.

    Returns:
        The picture, an SVG file's text.
    """
    every = [found[name] for found in comparison.differences.values() for name in COLOURS]
    widest = max([0.05, *(abs(value) for one in every for value in (one.low, one.high))])
    reach = ceil(widest * 20) / 20
    left, right = 170, _WIDTH - 90
    across = _Scale(-reach, reach, left, right)
    rows: list[dict[str, Any]] = []
    for number, (slice_, found) in enumerate(comparison.differences.items()):
        y = _TOP + 30 + number * (len(COLOURS) * 16 + _STEP)
        bars = [
            {
                "name": name, "colour": colour, "y": y + place * 16, "low": across.at(found[name].low),
                "high": across.at(found[name].high), "x": across.at(found[name].by), "by": found[name].by,
                "sure": found[name].low > 0 or found[name].high < 0,
            }
            for place, (name, colour) in enumerate(COLOURS.items())
        ]  # fmt: skip
        rows.append({"name": slice_, "questions": found["mrr"].questions, "y": y, "bars": bars})
    foot = _TOP + 20 + len(rows) * (len(COLOURS) * 16 + _STEP)
    ticks = [{"x": across.at(share * reach), "value": share * reach} for share in (-1, -0.5, 0, 0.5, 1)]
    return _drawn(
        "difference.svg.j2", title=title, width=_WIDTH, height=foot + 60, rows=rows, foot=foot, ticks=ticks,
        zero=across.at(0), right=right, colours=COLOURS, top=_TOP,
    )  # fmt: skip


def _why(run: Run, before: Run | None) -> str:
    """What changed since the run before; nothing: the code alone, or nothing at all."""
    if before is None:
        return ""
    changed = {
        "questions": run.set_id != before.set_id,
        "documents": run.measured.corpus != before.measured.corpus,
        "recipe": run.measured.recipe != before.measured.recipe,
        "embedder": run.measured.embedder != before.measured.embedder,
    }
    return ", ".join(name for name, is_other in changed.items() if is_other)


def _apart(places: Sequence[float], least: float = 15.0) -> list[float]:
    """Places of labels, moved so that none covers another, in the order of the places given."""
    order = sorted(range(len(places)), key=lambda number: places[number])
    moved = list(places)
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + least)
    return moved


def _drawn(template: str, **values: Any) -> str:
    source = files("rag.evals").joinpath("templates", template).read_text(encoding="utf-8")
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.from_string(source).render(**values)
