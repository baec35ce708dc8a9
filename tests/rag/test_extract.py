"""Which sentences an extract is made of."""

from __future__ import annotations

from rag.extract import extract
from rag.hit import Hit
from tests.rag.shelf import EMBEDDER, passage


def extracted(question: str, *texts: str) -> list[str]:
    """The sentences, in their order."""
    hits = [Hit(passage(text), 1.0) for text in texts]
    return [each.text for each in extract(question, hits, EMBEDDER)]


def test_a_sentence_of_another_number_is_no_answer() -> None:
    classes = [f"English {name} is taught by Noah Gupta." for name in ("8-6", "8-1", "8-16")]
    assert extracted("Who teaches English 8-6?", *classes) == [classes[0]]


def test_where_no_sentence_says_the_number_all_are_looked_at() -> None:
    assert extracted("Who teaches English 9-9?", "English is taught by Noah Gupta.") == [
        "English is taught by Noah Gupta."
    ]
