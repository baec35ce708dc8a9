"""What every column of every vertical must say of itself, and that its neighbours exist."""

from __future__ import annotations

import pytest

from substrate.catalog import Vertical, verticals
from substrate.columns import Sensitivity, meaning_of
from substrate.operands import column_operands
from substrate.records import Record, content_columns, history_of, meanings, references, table_of

INSTALLED = [each for _, each in sorted(verticals().items())]
RECORDS = [(vertical, record) for vertical in INSTALLED for record in vertical.records]

of_every_kind = pytest.mark.parametrize(
    ("vertical", "record"), RECORDS, ids=[f"{vertical.name}-{record.kind}" for vertical, record in RECORDS]
)


@of_every_kind
def test_every_column_says_what_it_is_and_how_it_is_guarded(vertical: Vertical, record: type[Record]) -> None:
    for meaning in meanings(record).values():
        assert len(meaning.text) >= 8
        assert isinstance(meaning.sensitivity, Sensitivity)


@of_every_kind
def test_the_time_of_becoming_known_is_an_instant_of_the_same_row(vertical: Vertical, record: type[Record]) -> None:
    for meaning in meanings(record).values():
        assert meaning.known_at is None or meaning_of(table_of(record).c[meaning.known_at]).instant


@of_every_kind
def test_references_lead_to_kinds_that_exist(vertical: Vertical, record: type[Record]) -> None:
    assert set(references(record).values()) <= set(vertical.kinds)


@of_every_kind
def test_what_is_inherited_exists_where_it_comes_from_and_is_of_the_same_type(
    vertical: Vertical, record: type[Record]
) -> None:
    for name, meaning in meanings(record).items():
        if meaning.inherits:
            via, column = meaning.inherits
            origin = table_of(vertical.kinds[references(record)[via]]).c[column]
            assert type(origin.type) is type(table_of(record).c[name].type)


@of_every_kind
def test_a_record_begins_at_an_instant_that_it_always_has(vertical: Vertical, record: type[Record]) -> None:
    if record.occurs is not None:
        begun = table_of(record).c[record.occurs]
        assert (begun.nullable, meaning_of(begun).instant) == (False, True)


@of_every_kind
def test_every_column_can_be_named_in_a_rule(vertical: Vertical, record: type[Record]) -> None:
    assert set(content_columns(record)) <= set(column_operands(record))
    assert table_of(record).name == f"{vertical.name}_{record.kind}"
    assert history_of(record).name == f"{vertical.name}_{record.kind}_history"


@pytest.mark.parametrize("vertical", INSTALLED, ids=lambda each: each.name)
def test_parents_stand_before_children(vertical: Vertical) -> None:
    seen: set[str] = set()
    for record in vertical.records:
        later = set(references(record).values()) - seen - {record.kind}
        assert not later, f"{record.kind} refers to {later}, which come later"
        seen.add(record.kind)
