"""What every school column must say of itself, and that its neighbours exist."""

from __future__ import annotations

import pytest

from substrate.columns import Sensitivity, meaning_of
from substrate.operands import column_operands
from substrate.records import Record, content_columns, history_of, meanings, references, table_of
from verticals.school.records import RECORDS, Incident, Student

KINDS = {record.kind for record in RECORDS}


@pytest.mark.parametrize("record", RECORDS)
def test_every_column_says_what_it_is_and_how_it_is_guarded(record: type[Record]) -> None:
    for meaning in meanings(record).values():
        assert len(meaning.text) >= 8
        assert isinstance(meaning.sensitivity, Sensitivity)


@pytest.mark.parametrize("record", RECORDS)
def test_the_time_of_becoming_known_is_an_instant_of_the_same_row(record: type[Record]) -> None:
    for meaning in meanings(record).values():
        assert meaning.known_at is None or meaning_of(table_of(record).c[meaning.known_at]).instant


@pytest.mark.parametrize("record", RECORDS)
def test_references_lead_to_kinds_that_exist(record: type[Record]) -> None:
    assert set(references(record).values()) <= KINDS


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_begins_at_an_instant_that_it_always_has(record: type[Record]) -> None:
    if record.occurs is not None:
        begun = table_of(record).c[record.occurs]
        assert (begun.nullable, meaning_of(begun).instant) == (False, True)


@pytest.mark.parametrize("record", RECORDS)
def test_every_column_can_be_named_in_a_rule(record: type[Record]) -> None:
    assert set(content_columns(record)) <= set(column_operands(record))
    assert table_of(record).name == f"school_{record.kind}"
    assert history_of(record).name == f"school_{record.kind}_history"


def test_parents_stand_before_children() -> None:
    seen: set[str] = set()
    for record in RECORDS:
        later = set(references(record).values()) - seen - {record.kind}
        assert not later, f"{record.kind} refers to {later}, which come later"
        seen.add(record.kind)


def test_what_names_a_student_is_protected() -> None:
    guarded = {name for name, meaning in meanings(Student).items() if meaning.sensitivity >= Sensitivity.PII}
    assert guarded >= {"name", "number", "birth_date", "sex", "grade", "phone", "email", "left_at", "source_key"}


def test_behaviour_is_guarded_like_health() -> None:
    told = {name for name, meaning in meanings(Incident).items() if meaning.sensitivity < Sensitivity.PHI}
    assert told & set(content_columns(Incident)) == {"school_id"}
