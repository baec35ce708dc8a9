"""A list that changes while it is paged through: what was there all the time is never missed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.errors import SourceError
from substrate.sources.offset_walk import Leaf, OffsetWalk, Place

Change = tuple[bool, int]
CHANGES = st.lists(st.lists(st.tuples(st.booleans(), st.integers(0, 99)), max_size=12), max_size=30)


@dataclass
class Listing:
    """A server's list, kept in order of its keys, to which something happens before each page."""

    keys: set[int]
    changes: list[list[Change]] = field(default_factory=list)
    size: int = 5
    counts: bool = True

    def page(self, offset: int) -> Leaf:
        for adds, key in self.changes.pop(0) if self.changes else []:
            (self.keys.add if adds else self.keys.discard)(key)
        found = sorted(self.keys)
        keys = [f"{key:02}" for key in found[offset : offset + self.size]]
        return Leaf(keys, len(found) if self.counts else None)


def walked(listing: Listing, walk: OffsetWalk | None = None) -> tuple[OffsetWalk, set[int], set[int]]:
    """Read to the end: the walk, what it gave, and what was there all the time."""
    walk = walk or OffsetWalk()
    given: set[int] = set()
    always = set(listing.keys)
    for _ in range(2_000):
        leaf = listing.page(walk.place.offset)
        always &= listing.keys
        if walk.take(leaf):
            given |= {int(key) for key in leaf.keys}
        if walk.ended:
            return walk, given, always
    raise AssertionError("the walk has no end")


@given(st.sets(st.integers(0, 99)), CHANGES, st.integers(2, 9), st.booleans())
def test_what_was_there_all_the_time_is_given(
    keys: set[int], changes: list[list[Change]], size: int, counts: bool
) -> None:
    walk, given_keys, always = walked(Listing(keys, changes, size, counts))
    assert always <= given_keys or walk.given_up


@given(st.sets(st.integers(0, 99), min_size=12), CHANGES, st.integers(0, 6), st.booleans())
def test_nothing_is_missed_across_a_kill(
    keys: set[int], changes: list[list[Change]], killed_after: int, counts: bool
) -> None:
    listing, first = Listing(keys, changes, counts=counts), OffsetWalk()
    before, always = set[int](), set(keys)
    for _ in range(killed_after):
        leaf = listing.page(first.place.offset)
        always &= listing.keys
        before |= {int(key) for key in leaf.keys} if first.take(leaf) else set()
        if first.ended:
            return
    resumed = OffsetWalk(Place(**first.place.as_json()), fresh=killed_after == 0)
    walk, after, still = walked(listing, resumed)
    assert always & still <= before | after or walk.given_up
    assert not (walk.is_whole() and killed_after)


@given(st.sets(st.integers(0, 99)), st.integers(2, 9), st.booleans())
def test_list_that_stands_still_is_whole_and_sure(keys: set[int], size: int, counts: bool) -> None:
    walk, given_keys, _ = walked(Listing(set(keys), size=size, counts=counts))
    assert (walk.is_whole(), walk.is_sure(), given_keys) == (True, True, keys)


def test_fewer_rows_than_the_server_counts_are_not_whole() -> None:
    walk = OffsetWalk()
    walk.take(Leaf(["a", "b"], total=3, last=True))
    walk.take(Leaf(["b"], total=3, last=True))
    assert walk.ended
    assert not walk.is_whole()


def test_order_that_changes_between_pages_is_neither_whole_nor_sure() -> None:
    walk = OffsetWalk()
    walk.take(Leaf(["a", "b", "c"], total=6))
    walk.take(Leaf(["c", "a", "d"], total=6))
    walk.take(Leaf(["d", "b"], total=6))
    walk.take(Leaf(["b"], total=6))
    assert (walk.ended, walk.is_whole(), walk.is_sure()) == (True, False, False)


@pytest.mark.parametrize("total", [None, 9])
def test_server_that_gives_nothing_beyond_its_first_page_is_given_up(total: int | None) -> None:
    walk = OffsetWalk()
    for _ in range(99):
        walk.take(Leaf([] if walk.place.offset else ["a", "b", "c"], total))
        if walk.ended:
            break
    assert (walk.given_up, walk.is_whole(), walk.is_sure()) == (True, False, False)


def test_servers_own_mark_is_followed_to_its_end() -> None:
    walk = OffsetWalk()
    walk.take(Leaf(["a", "b"], mark="t1"))
    assert (walk.place.mark, walk.ended) == ("t1", False)
    walk.take(Leaf(["c"]))
    assert (walk.ended, walk.is_whole()) == (True, True)


def test_expired_mark_begins_anew_but_not_for_ever() -> None:
    walk = OffsetWalk()
    for _ in range(8):
        walk.take(Leaf(["a", "b"], mark="t1"))
        walk.restart()
        assert (walk.place.offset, walk.place.mark) == (0, None)
    with pytest.raises(SourceError, match="expire"):
        walk.restart()


def test_marks_in_a_circle_are_told() -> None:
    walk = OffsetWalk()
    for _ in range(33):
        walk.take(Leaf(["a", "b"], mark="t1"))
    with pytest.raises(SourceError, match="circle"):
        walk.take(Leaf(["a", "b"], mark="t1"))
