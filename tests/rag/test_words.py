"""Words as search compares them."""

from __future__ import annotations

import pytest

from rag.words import stem, telling, words_of


def test_words_have_neither_case_nor_accents() -> None:
    assert words_of("Señor MÜLLER’s café, 2.40") == ["senor", "muller’s", "cafe", "2", "40"]


def test_function_words_find_nothing() -> None:
    assert telling("How do I delete the form and the form?") == ["delete", "form"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("appointments", "appointment"), ("studies", "study"), ("booking", "booked"), ("planning", "planned"),
     ("patient's", "patients"), ("files", "file")],
)  # fmt: skip
def test_endings_do_not_matter(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("bus", "bu"), ("class", "cla"), ("ring", "r"), ("bed", "b")])
def test_what_is_no_ending_stays(one: str, other: str) -> None:
    assert stem(one) != stem(other)
