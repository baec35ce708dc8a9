"""Until when data is known to be true, and when that is too long ago."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from substrate.database import Database
from substrate.freshness import Stale, advance, records_name, stale, view_name, watermarks
from tests.substrate.clinic import Place

names = st.sampled_from(["a", "b", "c"])


def test_the_source_furthest_behind_decides(clinic: Database) -> None:
    with clinic.write() as connection:
        advance(connection, ["a", "b"], "ward", 10)
        advance(connection, ["a"], "lab", 7)
        assert watermarks(connection) == {"a": 7, "b": 10}
        advance(connection, ["a"], "lab", 12)
        assert watermarks(connection) == {"a": 10, "b": 10}


def test_nothing_is_known_at_first(clinic: Database) -> None:
    with clinic.read() as connection:
        assert watermarks(connection) == {}


@given(known=st.dictionaries(names, st.integers(0, 100)), needs=st.dictionaries(names, st.integers(0, 100)))
def test_what_is_older_than_its_promise_is_stale(known: dict[str, int], needs: dict[str, int]) -> None:
    found = stale(known, needs, 100)
    fresh = {name for name, budget in needs.items() if name in known and 100 - known[name] <= budget}
    assert {each.name for each in found} == needs.keys() - fresh
    assert [each.name for each in found] == sorted(each.name for each in found)


def test_what_was_never_read_has_no_age() -> None:
    assert stale({"a": 5}, {"a": 4, "b": 9}, 10) == [Stale("a", 5, 5, 4), Stale("b", None, None, 9)]


def test_kinds_and_views_do_not_share_a_name() -> None:
    assert records_name(Place) != view_name(Place)
