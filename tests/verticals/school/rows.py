"""One sound row of each file, as small as it may be, and how a test reads a changed copy of it."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import parse_instant
from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import record_id
from verticals.school import vertical

SOURCE = "sis"
DAY_TEXT, AT = "2024-03-01", "2024-03-01T09:00:00+01:00"
NINE, MIDNIGHT = parse_instant(AT), parse_instant("2024-03-01")

ROWS: dict[str, dict[str, Any]] = {
    "orgs": {"sourcedId": "x1", "name": "North", "type": "school"},
    "academicSessions": {"sourcedId": "x1", "title": "Spring", "startDate": "2024-01-08", "endDate": "2024-03-28"},
    "courses": {"sourcedId": "x1", "title": "Mathematics"},
    "classes": {"sourcedId": "x1", "title": "7a", "classType": "homeroom"},
    "users": {"sourcedId": "x1", "role": "student", "givenName": "Mei", "familyName": "Sato", "enabledUser": "true"},
    "enrollments": {"sourcedId": "x1", "classSourcedId": "c1", "userSourcedId": "s1", "role": "student"},
    "lineItems": {"sourcedId": "x1", "title": "Essay", "classSourcedId": "c1", "dueDate": DAY_TEXT},
    "results": {"sourcedId": "x1", "lineItemSourcedId": "w1", "studentSourcedId": "s1", "scoreStatus": "fully graded",
                "score": "7.5", "scoreDate": DAY_TEXT},
    "organizations": {"id": "x1", "name": "North"},
    "terms": {"id": "x1", "name": "Spring"},
    "staff": {"id": "x1", "name": "Ada Rossi"},
    "year_groups": {"school": "h1", "grade": "7"},
    "calendar_days": {"school": "h1", "date": DAY_TEXT, "open": "false"},
    "guardians": {"id": "x1", "name": "Ken Sato"},
    "students": {"id": "x1", "name": "Mei Sato", "school": "h1"},
    "guardianships": {"student": "s1", "guardian": "g1"},
    "enrolments": {"class": "c1", "student": "s1"},
    "registrations": {"student": "s1", "term": "t1"},
    "sessions": {"id": "x1", "class": "c1", "school": "h1", "starts_at": AT},
    "attendance": {"student": "s1", "date": DAY_TEXT, "code": "absent"},
    "leave_notes": {"student": "s1", "start": DAY_TEXT, "end": DAY_TEXT},
    "line_items": {"id": "x1", "name": "Essay", "due_at": DAY_TEXT},
    "submissions": {"student": "s1", "line_item": "w1"},
    "incidents": {"id": "x1", "student": "s1", "at": AT},
    "fee_invoices": {"id": "x1", "student": "s1", "total": "450.00"},
    "loans": {"id": "x1", "student": "s1", "item": "Atlas"},
    "certificates": {"id": "x1", "staff": "t1", "text": "First aid"},
}  # fmt: skip


def row(resource: str, **changes: Any) -> dict[str, Any]:
    """A sound row with some cells set; None takes a cell out."""
    made = {**ROWS[resource], **changes}
    return {name: value for name, value in made.items() if value is not None}


def read(resource: str, *, zone: str | None = None, **changes: Any) -> Draft:
    """The draft of a changed row."""
    draft = vertical.mappers_by_resource[resource].read(row(resource, **changes), Reader(SOURCE, zone))
    assert isinstance(draft, Draft)
    return draft


def values(resource: str, *, zone: str | None = None, **changes: Any) -> dict[str, Any]:
    """The columns of a changed row."""
    return read(resource, zone=zone, **changes).values


def refused(resource: str, **changes: Any) -> tuple[Reason, str]:
    """Why a changed row is refused."""
    with pytest.raises(RowRefused) as caught:
        read(resource, **changes)
    return caught.value.reason, caught.value.detail


def id_of(kind: str, key: str) -> int:
    """The id that a reference to this key must give."""
    return record_id(SOURCE, kind, key)
