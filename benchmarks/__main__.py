"""All benchmarks in order, and one table of what was measured.

Run: `python -m benchmarks [--full] [--only ingest,features,series,alerts,expressions] [--out results.json]`
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks import alerts, expressions, features, ingest, series
from benchmarks.result import Result, show, write
from benchmarks.servers import urls

PARTS = ("ingest", "features", "series", "alerts", "expressions")
_MODEST, _FULL = 100_000, 1_000_000


def results(part: str, rows: int) -> Iterator[Result]:
    """The lines of one benchmark, on about so many rows, on each kind of database that it knows."""
    if part == "ingest":
        yield from ingest.results(rows, rounds=1)
    elif part == "expressions":
        yield from expressions.results(rows)
    else:
        with urls() as empty:
            for url in empty:
                yield from _on(url, part, rows)


def _on(url: str, part: str, rows: int) -> Iterator[Result]:
    if part == "series":
        return series.results(url, rows)
    if part == "alerts":
        return alerts.results(url, rows, rows // 50)
    return features.results(url, features.Size(rows, rows // 10), rows)


def main() -> None:
    """Measure what is asked for, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help=f"{_FULL:,} rows instead of {_MODEST:,}")
    parser.add_argument("--only", default=",".join(PARTS), help="some of the benchmarks, by name")
    parser.add_argument("--out", type=Path, help="also write the lines to this file, as JSON")
    asked = parser.parse_args()
    chosen = [part for part in PARTS if part in asked.only.split(",")]
    found = [result for part in chosen for result in results(part, _FULL if asked.full else _MODEST)]
    show(found, ", ".join(chosen))
    if asked.out:
        write(found, asked.out)


if __name__ == "__main__":
    main()
