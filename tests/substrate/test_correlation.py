"""The word that goes with an event: the caller's where there is one, never lost to a neighbour."""

from __future__ import annotations

from threading import Thread

import pytest

from substrate.correlation import correlated, correlation, correlation_of, new_correlation, trace_id

THEIRS = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_whoever_has_a_trace_goes_on_under_it() -> None:
    assert correlation_of(f"00-{THEIRS}-00f067aa0ba902b7-01") == THEIRS


@pytest.mark.parametrize("header", [None, "", "x", f"00-{THEIRS}", f"00-{'0' * 32}-00f067aa0ba902b7-01", THEIRS])
def test_whoever_has_none_gets_a_new_one(header: str | None) -> None:
    found = correlation_of(header)
    assert (len(found), found != correlation_of(header), found != THEIRS) == (32, True, True)


def test_a_word_ends_with_its_block_and_another_thread_never_sees_it() -> None:
    seen: list[str | None] = []
    with correlated("a"):
        with correlated("b"), correlated(None):
            assert correlation() == "b"
        assert correlation() == "a"
        thread = Thread(target=lambda: seen.append(correlation()))
        thread.start()
        thread.join()
    assert (correlation(), seen) == (None, [None])


def test_any_word_leads_to_one_trace() -> None:
    word = new_correlation()
    assert trace_id(word) == int(word, 16)
    assert trace_id("event-7") == trace_id("event-7") != trace_id("event-8")
    assert 0 < trace_id("0" * 32) < 1 << 128
