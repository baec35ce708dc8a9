"""What is a child's is about the child, although a form's name is no secret."""

from __future__ import annotations

import pytest

from substrate.facts import Facts
from verticals.school import vertical

FACTS = Facts(vertical.records, vertical.views)


@pytest.mark.parametrize(
    ("kind", "path", "level"),
    [
        ("class", "name", "INTERNAL"),
        ("organization", "absent_share_24h", "INTERNAL"),
        ("session", "class.name", "INTERNAL"),
        ("student", "name", "PII"),
        ("student", "absence_streak", "PII"),
        ("student", "incidents_365d", "PHI"),
        ("student", "risk_signs", "PHI"),
        ("attendance", "reason", "PHI"),
        ("attendance", "student.name", "PII"),
        ("leave_note", "reason", "PHI"),
        ("guardian", "incidents_7d", "PHI"),
        ("guardian", "days_absent_7d", "PII"),
        ("fee_invoice", "guardian.name", "PII"),
    ],
)
def test_a_value_is_as_protected_as_what_it_tells(kind: str, path: str, level: str) -> None:
    operand = FACTS.schema(kind).resolve(tuple(path.split(".")))
    assert operand is not None
    assert operand.sensitivity == level
