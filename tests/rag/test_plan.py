"""The plan names exactly what is new, changed, gone or listed twice."""

from __future__ import annotations

from rag.document import Document, Entry
from rag.plan import plan


def entry(key: str, stamp: str = "1") -> Entry:
    """An entry that is never read."""
    return Entry(key, stamp, lambda: Document(key, key, ""))


def known(*entries: Entry, reading: str = "r") -> dict[str, str]:
    """What is remembered after these were read."""
    return {one.key: stamp for one, stamp in plan(entries, {}, reading).read}


def test_what_was_never_seen_is_read() -> None:
    assert [one.key for one, _ in plan([entry("a"), entry("b")], {}, "r").read] == ["a", "b"]


def test_the_same_stamp_is_not_read_again() -> None:
    found = plan([entry("a"), entry("b", "2")], known(entry("a"), entry("b")), "r")
    assert (found.unchanged, [one.key for one, _ in found.read]) == (1, ["b"])


def test_another_way_of_reading_reads_all() -> None:
    assert len(plan([entry("a")], known(entry("a")), "other").read) == 1


def test_what_is_no_longer_declared_is_gone() -> None:
    assert plan([entry("a")], known(entry("a"), entry("b")), "r").gone == ["b"]


def test_of_two_with_one_key_the_first_counts() -> None:
    found = plan([entry("a"), entry("a", "2")], known(entry("a")), "r")
    assert (found.unchanged, [one.stamp for one in found.twice], found.read) == (1, ["2"], [])
