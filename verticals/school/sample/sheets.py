"""The files of a feed and their columns: OneRoster's own where it has them, else our plain ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from substrate.clock import DAY, SECOND, from_micros

SHEETS: dict[str, tuple[str, ...]] = {
    "orgs": ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"),
    "academicSessions": (
        "sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate", "parentSourcedId",
        "schoolYear",
    ),
    "courses": (
        "sourcedId", "status", "dateLastModified", "schoolYearSourcedId", "title", "courseCode", "grades",
        "orgSourcedId", "subjects", "subjectCodes",
    ),
    "classes": (
        "sourcedId", "status", "dateLastModified", "title", "grades", "courseSourcedId", "classCode", "classType",
        "location", "schoolSourcedId", "termSourcedIds", "subjects", "subjectCodes", "periods", "metadata.teacher",
    ),
    "users": (
        "sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "userIds",
        "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades",
        "password", "metadata.birthDate", "metadata.homeroom", "metadata.tutor", "metadata.leftAt",
        "metadata.mayContact",
    ),
    "enrollments": (
        "sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId", "userSourcedId", "role",
        "primary", "beginDate", "endDate",
    ),
    "lineItems": (
        "sourcedId", "status", "dateLastModified", "title", "description", "assignDate", "dueDate", "classSourcedId",
        "categorySourcedId", "gradingPeriodSourcedId", "resultValueMin", "resultValueMax",
    ),
    "year_groups": ("school", "grade", "name", "head"),
    "calendar_days": ("school", "date", "term", "open", "form", "text"),
    "registrations": ("student", "term", "school", "year_group", "start", "end", "days_planned"),
    "sessions": (
        "id", "name", "class", "school", "date", "teacher", "room", "status", "starts_at", "ends_at",
        "register_taken_at", "register_by",
    ),
    "attendance": (
        "student", "date", "session", "starts_at", "class", "year_group", "school", "term", "code", "minutes",
        "marked_at", "corrected_at", "revision", "marked_by", "changed_at",
    ),
    "leave_notes": ("student", "start", "end", "noted_at", "guardian", "reason", "status", "school"),
    "submissions": (
        "student", "line_item", "assigned_at", "due_at", "submitted_at", "status", "score", "percent", "scored_at",
        "school",
    ),
    "incidents": ("id", "student", "staff", "school", "at", "form", "type", "points", "withdrawn"),
    "fee_invoices": (
        "id", "student", "guardian", "school", "text", "issued_at", "due_at", "total", "outstanding", "currency",
        "paid_at", "status",
    ),
    "loans": ("id", "student", "staff", "school", "item", "loaned_at", "due_at", "returned_at", "status"),
    "certificates": ("id", "staff", "school", "text", "issued_at", "expires_at", "renewed_at"),
}  # fmt: skip
"""The columns of each file, in order."""


def line(cells: Sequence[object]) -> str:
    """A row of a file; a cell with a comma is quoted, None is empty."""
    return ",".join([_cell(cell) for cell in cells])


def _cell(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f'"{text}"' if "," in text else text


def stamp(instant: int | None) -> str:
    """An instant as the files write it; None is empty."""
    if instant is None:
        return ""
    minutes, second = divmod(instant % DAY // SECOND, 60)
    return f"{_date(instant // DAY)}T{minutes // 60:02}:{minutes % 60:02}:{second:02}Z"


def date(instant: int | None) -> str:
    """The date of an instant, in UTC."""
    return "" if instant is None else _date(instant // DAY)


@lru_cache(maxsize=4_096)
def _date(day: int) -> str:
    return from_micros(day * DAY).strftime("%Y-%m-%d")
