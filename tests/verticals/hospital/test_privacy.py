"""Where somebody lies is about them, although a bed's name is no secret."""

from __future__ import annotations

import pytest

from substrate.facts import Facts
from verticals.hospital import vertical

FACTS = Facts(vertical.records, vertical.views)


@pytest.mark.parametrize(
    ("kind", "path", "level"),
    [
        ("location", "name", "INTERNAL"),
        ("encounter", "ward.name", "INTERNAL"),
        ("encounter", "location.name", "PHI"),
        ("encounter", "location.ward.name", "PHI"),
        ("result", "encounter.location.name", "PHI"),
        ("result", "encounter.ward.name", "INTERNAL"),
    ],
)
def test_a_path_is_as_protected_as_the_references_on_it(kind: str, path: str, level: str) -> None:
    operand = FACTS.schema(kind).resolve(tuple(path.split(".")))
    assert operand is not None
    assert operand.sensitivity == level
