"""How likely it is that the documents answer at all."""

from __future__ import annotations

import pytest

from rag.hit import Hit
from rag.thinness import THIN, Evidence, confidence, evidence
from tests.rag.shelf import passage

BEDS = passage("Beds are booked by the bed manager.")


def hit(
    similarity: float | None = 0.5, matched: tuple[str, ...] = (), ranks: tuple[int | None, int | None] = (1, 1)
) -> Hit:
    return Hit(BEDS, 1.0, *ranks, similarity, matched)


def test_evidence_is_what_the_best_hits_say() -> None:
    found = evidence(
        "Who books beds?", [hit(0.4, ("books",)), hit(0.6, ("books", "beds"), (2, 40)), hit(None, (), (11, 1))]
    )
    assert found == Evidence(0.4, 1.0, 1 / 3)


@pytest.mark.parametrize("question", ["", "what is it", "Who books beds?"])
def test_no_hit_is_no_evidence(question: str) -> None:
    assert evidence(question, []) == Evidence(0.0, 0.0, 0.0)


@pytest.mark.parametrize("measured", [True, False])
def test_the_more_there_is_the_likelier_it_is(measured: bool) -> None:
    steps = [confidence(Evidence(share, share, share), measured=measured) for share in (0.0, 0.3, 0.6, 1.0)]
    assert steps == sorted(steps)
    assert steps[0] < THIN / 2 < THIN < 0.9 < steps[-1]


def test_the_cosine_of_an_unknown_embedder_counts_nothing() -> None:
    found = [confidence(Evidence(similarity, 0.5, 0.5), measured=False) for similarity in (0.0, 0.99)]
    assert found[0] == found[1]
