"""When a passage holds the answer, and when the place of an answer is lost."""

from __future__ import annotations

import pytest

from rag.evals.golden import Place
from rag.evals.places import LostReason, fills, lost_reason, words_of
from rag.hit import Passage
from substrate.access import Label
from substrate.columns import Sensitivity

TEXT = "# Hands { #hands }\n\nWash them for **at least** [twenty](https://x.test/20)\nseconds, if < 5 people wait.\n"


def passage(text: str, document: str = "hygiene.md", headings: tuple[str, ...] = ("Hands",)) -> Passage:
    label = Label(Sensitivity.INTERNAL)
    return Passage("c", document, "docs", "Hygiene", headings, text, "guide", label, "v1", None, 0)


def says(phrase: str, document: str = "hygiene.md", heading: str | None = None) -> Place:
    return Place(document=document, says=phrase, heading=heading)


def test_markup_case_and_line_breaks_do_not_matter() -> None:
    assert words_of("AT least [twenty](https://x.test)\n<b>seconds</b> &amp; more") == words_of(
        "at **least** twenty seconds, more"
    )
    assert fills(passage(TEXT), says("At least twenty seconds if < 5"))


def test_the_phrase_of_another_document_does_not_count() -> None:
    assert not fills(passage(TEXT, document="other.md"), says("at least twenty seconds"))


def test_words_must_follow_one_another() -> None:
    assert not fills(passage("seconds, twenty at least"), says("at least twenty seconds"))
    assert not fills(passage("fat least twenty secondses"), says("at least twenty seconds"))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Wash them for at least", True),
        ("at least twenty seconds. Then dry them.", True),
        ("Wash them for at", False),
        ("for at least. Then dry them.", False),
    ],
)
def test_a_phrase_cut_in_two_counts_where_half_of_it_is(text: str, holds: bool) -> None:
    assert fills(passage(text), says("for at least twenty seconds")) is holds


def test_a_heading_alone_takes_all_that_lies_under_it() -> None:
    place = Place(document="hygiene.md", heading="hands")
    assert fills(passage("Anything."), place)
    assert not fills(passage("Anything.", headings=("Feet",)), place)


def test_a_heading_beside_a_phrase_takes_nothing_by_itself() -> None:
    assert not fills(passage("Anything."), says("at least twenty seconds", heading="Hands"))


def test_a_phrase_that_is_a_heading_is_held_by_what_lies_under_it() -> None:
    assert fills(passage("Anything.", headings=("Care", "Of the hands")), says("of the hands"))


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (says("at least twenty seconds", heading="Hands"), None),
        (says("at least ten seconds"), LostReason.PHRASE_GONE),
        (says("a b", "gone.md"), LostReason.DOCUMENT_GONE),
        (says("if < 5 people wait", heading="Feet"), LostReason.HEADING_GONE),
    ],
)
def test_a_lost_place_says_why(place: Place, reason: LostReason | None) -> None:
    assert lost_reason(place, {"hygiene.md": TEXT}) is reason
