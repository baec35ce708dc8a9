"""A sentence stands only on passages that say it."""

from __future__ import annotations

import pytest

from rag.citing import Refused, checked

PASSAGES = {
    1: "Beds\nBeds are booked by the bed manager before noon. Call 14 in an emergency.",
    2: "Bills\nBills are sent at the end of a month.",
}


@pytest.mark.parametrize(
    ("sentence", "cited"),
    [
        ("The bed manager books beds before noon [1].", (1,)),
        ("Beds are booked before noon, and bills are sent at the month's end [1, 2].", (1, 2)),
        ("Bills are sent at the end of a month. [2]", (2,)),
        ("Bills are sent at the end of a month [1-2].", (1, 2)),
        ("Bills are sent at the end of a month [2][99].", (2,)),
        ("Bills are sent at the end of a month.", (2,)),
    ],
)
def test_what_a_passage_says_is_backed_by_it(sentence: str, cited: tuple[int, ...]) -> None:
    found = checked(sentence, PASSAGES)
    assert (found.cited, found.refused) == (cited, None)
    assert "[" not in found.text


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("The director plays golf on Sundays.", Refused.UNCITED),
        ("The bed manager books beds before noon [99].", Refused.UNKNOWN_PASSAGE),
        ("The director plays golf on Sundays [1].", Refused.UNSUPPORTED),
        ("Beds are booked by the bed manager before 11 o'clock [1].", Refused.UNSUPPORTED),
        ("Bills are sent at the end of a month [1].", Refused.UNSUPPORTED),
        ("[1]", Refused.UNSUPPORTED),
    ],
)
def test_what_no_passage_says_is_refused(sentence: str, why: Refused) -> None:
    assert checked(sentence, PASSAGES).refused == why


@pytest.mark.parametrize("number", ["9" * 5_000, "1-" + "9" * 5_000, "0" * 50], ids=["long", "range", "zeros"])
def test_a_number_that_nobody_could_read_is_no_citation(number: str) -> None:
    assert checked(f"Beds are free [{number}].", {1: "Beds are free."}).refused in (None, Refused.UNKNOWN_PASSAGE)
