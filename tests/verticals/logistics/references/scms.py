"""Which lines of the SCMS file were late on a day, as far as was known then: csv, dates and nothing else."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

Row = dict[str, str]


def rows(file: Path) -> Iterator[Row]:
    """Every row of the file."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def as_date(text: str) -> date | None:
    """A date in either style, or None for words."""
    if "/" in text and "N" not in text:
        month, day, year = (int(part) for part in text.split("/"))
        return date(year if year > 99 else 2000 + year, month, day)
    try:
        return datetime.strptime(text, "%d-%b-%y").date()  # noqa: DTZ007 - the file tells calendar days
    except ValueError:
        return None


def late_on(file: Path, today: date) -> set[str]:
    """The ids of lines that were overdue at the first moment of a day, for less than 30 days, as was known then."""
    found = set()
    for row in rows(file):
        due = as_date(row["scheduled delivery date"])
        came, told = as_date(row["delivered to client date"]), as_date(row["delivery recorded date"])
        ordered = as_date(row["po sent to vendor date"])
        known = came and max(came, told or came)
        overdue = due is not None and due < today <= due + timedelta(days=30)
        if overdue and (known is None or known > today) and (ordered is None or ordered <= today):
            found.add(row["id"])
    return found


def defects(file: Path) -> Counter[str]:
    """What is wrong in the file, counted."""
    found: Counter[str] = Counter()
    for row in rows(file):
        due, came, told = (
            as_date(row[name])
            for name in ("scheduled delivery date", "delivered to client date", "delivery recorded date")
        )
        for name in ("pq first sent to client date", "po sent to vendor date"):
            found["two styles of date"] += "/" in row[name] and as_date(row[name]) is not None
            found[row[name]] += as_date(row[name]) is None
        for name in ("weight (kilograms)", "freight cost (usd)"):
            found[f"words for {name}"] += not row[name].replace(".", "", 1).isdigit()
        found["words for either"] += not all(
            row[name].replace(".", "", 1).isdigit() for name in ("weight (kilograms)", "freight cost (usd)")
        )
        found["no mode"] += row["shipment mode"] in ("", "N/A")
        if due and came and told:
            found["late"] += came > due
            found["more than 14 days late"] += came > due + timedelta(days=14)
            found["recorded later"] += told > came
            found["recorded before it came"] += told < came
    return found
