"""What the lexical leg looks for."""

from __future__ import annotations

import pytest

from rag.expansion import INSTEAD, looked_for

WORDS = {"DNA": ("did not attend", "no-show"), "emergency department": ("ED", "A&E")}


def test_the_questions_own_words_count_whole_and_function_words_not_at_all() -> None:
    assert looked_for("How do I book a bed?", {}) == {"book": 1.0, "bed": 1.0}


def test_an_abbreviation_is_also_looked_for_in_full() -> None:
    assert looked_for("rate of dna", WORDS) == {"rate": 1.0, "dna": 1.0, "attend": INSTEAD, "show": INSTEAD}


def test_a_phrase_is_known_by_all_its_words_in_order() -> None:
    assert "ed" in looked_for("who leads the Emergency Department?", WORDS)
    assert "ed" not in looked_for("a department for emergency", WORDS)


def test_a_word_within_a_word_is_not_meant() -> None:
    assert looked_for("dnases", WORDS) == {"dnases": 1.0}


@pytest.mark.parametrize("asked", ["drugs", "a drug's name", "Drug"])
def test_a_word_is_known_whatever_its_ending(asked: str) -> None:
    assert looked_for(asked, {"drug": ("medicine",)})["medicine"] == INSTEAD


def test_a_phrase_is_known_whatever_the_endings_of_its_words() -> None:
    assert "ed" in looked_for("two emergency departments", WORDS)


def test_function_words_alone_are_taken_at_their_word() -> None:
    assert looked_for("what is it?", {}) == {"what": 1.0, "is": 1.0, "it": 1.0}


def test_nothing_to_look_for_is_nothing() -> None:
    assert looked_for("?! \u200b …", WORDS) == {}
