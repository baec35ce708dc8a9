"""What plain rows of registers leave to be worked out: which day it is, which term, and when the mark was made."""

from __future__ import annotations

from typing import Any

from substrate.mapping import Reader
from verticals.school.sources.cells import Cells, instant, missing, text

_DATE = len("2024-01-31")


def session(reader: Reader, row: Cells, values: dict[str, Any]) -> None:
    """A lesson's day in the calendar of its school."""
    day = _day(reader, row)
    values["day_id"] = values["day_id"] or day


def attendance(reader: Reader, row: Cells, values: dict[str, Any]) -> None:
    """A mark's time is its lesson's, else its day's; without a lesson it speaks of the whole day."""
    at = values["at"]
    for name in ("starts_at", "date"):
        at = instant(reader, row, name) if at is None else at
    if at is None:
        raise missing("date")
    values["at"] = at
    day = _day(reader, row)
    values["day_id"] = values["day_id"] or day
    if values["whole_day"] is None:
        values["whole_day"] = values["session_id"] is None
    student, term = text(row, "student"), text(row, "term")
    if values["registration_id"] is None and student and term:
        values["registration_id"] = reader.id_of("registration", f"{student}/{term}")


def _day(reader: Reader, row: Cells) -> int | None:
    """The school's calendar day of a row, by its `date`, else by the date that its time is written with."""
    school, date = text(row, "school"), text(row, "date")
    if date is not None:
        reader.day(date, "date")  # a lesson's time hides nothing: a date that is none refuses the row
    else:
        date = (text(row, "starts_at") or "")[:_DATE]
    return reader.id_of("calendar_day", f"{school}/{date}") if school and date else None
