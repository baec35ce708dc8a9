"""What a view is stored in, and when a stored view is another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from substrate.features.declare import Aggregate, View
from substrate.features.indexes import indexes_for
from substrate.features.tables import digest_of, feature_table, tables_of
from tests.substrate.features.house import PATIENTS, VIEWS, WARDS


def _changed(**more: Any) -> View:
    first = WARDS.features[0]
    assert isinstance(first, Aggregate)
    return replace(WARDS, features=(replace(first, **more), *WARDS.features[1:]))


def test_each_timeline_has_tables_of_its_own() -> None:
    names = [table.name for timeline in ("live", "replay") for table in tables_of(WARDS, timeline)]
    assert names == [f"feature_house_ward{end}" for end in ("", "_history", "__replay", "__replay_history")]


def test_derived_features_are_not_stored() -> None:
    assert not {"per_bed", "crowded", "since_end"} & set(feature_table(WARDS).c.keys())


def test_words_do_not_change_what_is_stored() -> None:
    assert digest_of(_changed(text="Other words", unit="1")) == digest_of(WARDS)


def test_another_window_or_condition_does() -> None:
    digests = {digest_of(view) for view in (WARDS, _changed(window=5), _changed(where="level > 0"))}
    assert len(digests) == 3


def test_asking_for_indexes_again_adds_none() -> None:
    before = {index.name for view in VIEWS for index in indexes_for(view)}
    assert {index.name for view in VIEWS for index in indexes_for(view)} == before


def test_events_are_indexed_by_entity_and_time() -> None:
    found = {tuple(column.name for column in index.columns) for index in indexes_for(PATIENTS)}
    assert {("patient_id", "start", "id"), ("start",), ("booked",), ("decided",), ("patient_id",)} <= found
