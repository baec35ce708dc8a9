"""How a delimited file is laid out: its delimiter, and what its columns are called."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class CsvShape:
    """How to read a file's text: its delimiter, and what to call which column."""

    delimiter: str
    columns: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int = 16 << 20


def find_delimiter(sample: str) -> str:
    """The delimiter that splits the most of the first lines into the header's number of columns; else a comma."""
    lines = [line for line in sample.splitlines() if line.strip()][:30]

    def score(delimiter: str) -> tuple[float, int]:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter)]
        if not widths or widths[0] < 2:
            return 0.0, 0
        return sum(width == widths[0] for width in widths) / len(widths), widths[0]

    best = max(DELIMITERS, key=score)
    return best if score(best)[1] else ","


def tidy_header(cells: list[str], columns: Mapping[str, str]) -> list[str]:
    """Column names without blanks around them, each once and none empty, renamed as `columns` says."""
    names: list[str] = []
    for position, cell in enumerate(cells, 1):
        stripped = cell.strip().lstrip("\ufeff")
        name = columns.get(stripped, stripped) or f"column_{position}"
        count = sum(known == name or known.startswith(f"{name}#") for known in names)
        names.append(f"{name}#{count + 1}" if count else name)
    return names
