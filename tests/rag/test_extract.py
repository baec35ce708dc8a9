"""Which sentences an extract is made of."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag.embedder import Vectors
from rag.embedders.hashing import HashingEmbedder
from rag.embedders.minilm import MiniLM
from rag.evals.places import words_of
from rag.extract import MOST, extract
from rag.hit import Hit
from substrate.access import Label
from substrate.columns import Sensitivity
from tests.rag.shelf import EMBEDDER, passage


class Reader(HashingEmbedder):
    """Knows what it was given, and may see nothing about people."""

    clearance = Sensitivity.INTERNAL

    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.embed`."""
        self.given += texts
        return super().embed(texts)


def extracted(question: str, *texts: str, scores: Sequence[float] = ()) -> list[str]:
    """The sentences, in their order."""
    hits = [Hit(passage(text), score) for text, score in zip(texts, scores or [1.0] * len(texts), strict=True)]
    return [each.text for each in extract(question, hits, EMBEDDER)]


def test_a_sentence_of_another_number_is_no_answer() -> None:
    classes = [f"English {name} is taught by Noah Gupta." for name in ("8-6", "8-1", "8-16")]
    assert extracted("Who teaches English 8-6?", *classes) == [classes[0]]


def test_where_no_sentence_says_the_number_all_are_looked_at() -> None:
    assert extracted("Who teaches English 9-9?", "English is taught by Noah Gupta.") == [
        "English is taught by Noah Gupta."
    ]


def test_what_stands_in_a_better_passage_is_worth_more() -> None:
    quoted = extracted("Who books beds?", "Beds are booked by us.", "Beds are booked by them.", scores=[0.1, 0.9])
    assert quoted == ["Beds are booked by them."]


def test_the_passage_of_the_best_sentence_comes_first() -> None:
    quoted = extracted("Who books beds?", "Visitors look at beds.", "They wait first. Who books beds is the ward.")
    assert quoted[0] == "Who books beds is the ward."


def test_what_two_passages_say_is_said_once() -> None:
    assert extracted("Who books beds?", "Beds are booked here.", "Beds are booked here. Bills come later.").count(
        "Beds are booked here."
    ) == 1  # fmt: skip


def test_what_is_said_of_two_records_is_said_of_both() -> None:
    hits = [Hit(passage("Is seen each morning.", f"patient/{n}", entity=("patient", n)), 1.0) for n in (1, 2)]
    assert [each.hit for each in extract("Who is seen each morning?", hits, EMBEDDER)] == [0, 1]


def test_a_list_comes_with_the_sentence_that_leads_it_in() -> None:
    items = ["open the ward list", "press on Reserve", "tell the porters so"]
    text = "Beds are booked like this:\n\n" + "\n".join(f"- {item}" for item in items) + "\n\nBills come later."
    assert extracted("How are beds booked?", text)[:4] == ["Beds are booked like this:", *items]


def test_of_a_long_list_only_the_beginning_comes() -> None:
    text = "Beds are booked like this:\n\n" + "\n".join(f"- {'word ' * 25}{item}" for item in range(9))
    assert len(extracted("How are beds booked?", text)) <= MOST + 2


def test_a_sentence_without_an_end_is_cut_between_words() -> None:
    (quoted,) = extracted("Who books beds?", "Beds are booked by " + "somebody " * 200)
    assert quoted.endswith("somebody")
    assert len(quoted) <= 600


def test_nothing_is_given_to_an_embedder_that_may_not_see_it() -> None:
    secret = passage("Beds are booked for Zebediah.", label=Label(Sensitivity.PHI))
    reader = Reader()
    quoted = extract("Who books beds?", [Hit(secret, 1.0), Hit(passage("Beds are booked early."), 1.0)], reader)
    assert reader.given == ["Who books beds?", "Beds are booked early."]
    assert [each.hit for each in quoted] == [0, 1]


def test_only_so_much_is_read() -> None:
    reader = Reader()
    words = "said at some length and with many a word more so that it takes its time"
    hits = [Hit(passage(" ".join(f"Bed {n} of {hit}: {words}." for n in range(40))), 1.0) for hit in range(5)]
    extract("Who books beds?", hits, reader)
    assert len(" ".join(reader.given).split()) < 300


@pytest.mark.parametrize("question", ["How do I put my name down?", "Where is the key?", "x"])
def test_each_sentence_stands_word_for_word_in_its_passage(minilm: MiniLM, question: str) -> None:
    texts = [
        "# Ward\n\nPatients **register** at the\n[desk](http://x). Then:\n\n1. they wait in the hall\n2. they go",
        "| Room | Who has the key |\n|---|---|\n| 1 | the *porter* on duty |\n\n```\nkey --of room --who his\n```",
    ]
    hits = [Hit(passage(text), 1.0 - number / 10) for number, text in enumerate(texts)]
    quoted = extract(question, hits, minilm)
    assert quoted
    for each in quoted:
        assert " ".join(words_of(each.text)) in " ".join(words_of(texts[each.hit]))


def test_the_real_embedder_finds_a_sentence_without_a_common_word(minilm: MiniLM) -> None:
    text = "The clinic lies by the sea. Choose *Reschedule* to move a visit. Coffee is free. Dogs stay outside."
    assert extract("How can I change the date of an appointment?", [Hit(passage(text), 1.0)], minilm)[0].text == (
        "Choose Reschedule to move a visit."
    )
