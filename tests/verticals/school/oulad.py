"""A dialect for the Open University's learning analytics: days are counted from the start of a presentation.

Presentation `B` starts in February, `J` in October; the data give no day, so the first of the month is taken. A
submission names neither module nor presentation, so the dialect is made with the tables of assessments and
registrations at hand. `work_set` is what the university's own platform knows and the published data leave out: one row
for each registered student and dated assessment without an answer.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from substrate.catalog import Vertical
from substrate.clock import DAY, HOUR, SECOND, parse_instant
from substrate.mapping import Draft, Mapper, Reader
from verticals.school import records, vertical

Row = dict[str, str]
KINDS = ("course", "assessment", "student", "student_registration", "student_assessment")
_MONTHS = {"B": "02", "J": "10"}


def rows_of(folder: Path, table: str) -> list[Row]:
    """All rows of one table."""
    with gzip.open(folder / f"{table}.csv.gz", "rt", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def start_of(presentation: str) -> int:
    """The first day of a presentation such as `2013J`."""
    return parse_instant(f"{presentation[:4]}-{_MONTHS[presentation[4]]}-01")


@dataclass(frozen=True)
class Oulad:
    """The tables that other tables' rows need."""

    assessments: dict[str, Row]
    ends: dict[str, list[int | None]]
    """When each registration of a student ended."""

    @classmethod
    def read(cls, folder: Path) -> Oulad:
        """Look the tables up."""
        ends: dict[str, list[int | None]] = {}
        for row in rows_of(folder, "student_registration"):
            ends.setdefault(row["id_student"], []).append(_day(row, row["date_unregistration"]))
        return cls({row["id_assessment"]: row for row in rows_of(folder, "assessment")}, ends)

    def vertical(self) -> Vertical:
        """The school with this dialect alone."""
        mappers = (
            Mapper("course", records.Term, _course, also=(records.Class,), key=_presentation),
            Mapper("assessment", records.LineItem, _assessment, key=lambda row: row["id_assessment"]),
            Mapper("student", records.Student, self._student, key=lambda row: row["id_student"]),
            Mapper("student_registration", records.Registration, _registration, key=_registered),
            Mapper("student_assessment", records.Submission, self._submission, key=_answered),
            Mapper("work_set", records.Submission, self._set, key=_answered),
        )
        return replace(vertical, mappers=mappers)

    def _student(self, row: dict[str, Any], _reader: Reader) -> Draft:
        known = [end for end in self.ends[row["id_student"]] if end is not None]
        gone = len(known) == len(self.ends[row["id_student"]])
        values = {"number": row["id_student"], "sex": row["gender"], "left_at": max(known) if gone else None}
        return Draft(records.Student, row["id_student"], values)

    def _submission(self, row: dict[str, Any], reader: Reader) -> Draft:
        assessment = self.assessments[row["id_assessment"]]
        banked = row["is_banked"] == "true"
        handed_in = start_of(assessment["code_presentation"]) + int(row["date_submitted"]) * DAY + 12 * HOUR
        percent = float(row["score"]) if row["score"] else None
        more = {
            "submitted_at": handed_in, "exempt": banked, "status": "banked" if banked else "submitted",
            "status_at": handed_in, "score": percent, "percent": percent, "scored_at": handed_in,
        }  # fmt: skip
        return self._draft(row, reader, more)

    def _set(self, row: dict[str, Any], reader: Reader) -> Draft:
        since = start_of(self.assessments[row["id_assessment"]]["code_presentation"])
        return self._draft(row, reader, {"exempt": False, "status": "assigned", "status_at": since})

    def _draft(self, row: Row, reader: Reader, more: dict[str, Any]) -> Draft:
        since = start_of(self.assessments[row["id_assessment"]]["code_presentation"])
        values = {
            "student_id": reader.id_of("student", row["id_student"]),
            "line_item_id": reader.id_of("line_item", row["id_assessment"]),
            # Some answers came before the course began: the work was there by then.
            "since": min(since, more.get("submitted_at", since)),
        }
        return Draft(records.Submission, _answered(row) or "", values | more)


def work_set(folder: Path) -> Iterator[Row]:
    """What was asked of registered students and never answered."""
    answered = {(row["id_student"], row["id_assessment"]) for row in rows_of(folder, "student_assessment")}
    dated = [row for row in rows_of(folder, "assessment") if row["date"]]
    for row in rows_of(folder, "student_registration"):
        for assessment in dated:
            end, pair = row["date_unregistration"], (row["id_student"], assessment["id_assessment"])
            asked = _run(row) == _run(assessment) and (not end or int(end) > int(assessment["date"]))
            if asked and pair not in answered:
                yield {"id_student": pair[0], "id_assessment": pair[1]}


def _course(row: dict[str, Any], reader: Reader) -> Draft:
    key, start = _presentation(row) or "", start_of(row["code_presentation"])
    end = start + int(row["module_presentation_length"]) * DAY
    taught = Draft(records.Class, key, {"name": key, "form": "scheduled", "term_id": reader.id_of("term", key)})
    return Draft(records.Term, key, {"name": key, "start": start, "end": end}, also=(taught,))


def _assessment(row: dict[str, Any], reader: Reader) -> Draft:
    due = _day(row, row["date"])
    values = {
        "name": f"{row['assessment_type']} {row['id_assessment']}",
        "category": row["assessment_type"],
        "class_id": reader.id_of("class", _presentation(row) or ""),
        "due_at": None if due is None else due + DAY - SECOND,
        "max_score": 100.0,
    }
    return Draft(records.LineItem, row["id_assessment"], values)


def _registration(row: dict[str, Any], reader: Reader) -> Draft:
    start = _day(row, row["date_registration"])
    values = {
        "student_id": reader.id_of("student", row["id_student"]),
        "term_id": reader.id_of("term", _presentation(row) or ""),
        "start": 0 if start is None else start,
        "end": _day(row, row["date_unregistration"]),
    }
    return Draft(records.Registration, _registered(row) or "", values)


def _day(row: Row, day: str) -> int | None:
    return start_of(row["code_presentation"]) + int(day) * DAY if day else None


def _run(row: Row) -> tuple[str, str]:
    return row["code_module"], row["code_presentation"]


def _presentation(row: dict[str, Any]) -> str | None:
    return "/".join(_run(row))


def _registered(row: dict[str, Any]) -> str | None:
    return f"{row['id_student']}/{_presentation(row)}"


def _answered(row: dict[str, Any]) -> str | None:
    return f"{row['id_student']}/{row['id_assessment']}"
