"""A second look at what was found: each word of the question against the words of a passage, by what they mean there.

One vector for a whole passage blurs what it says; the network's states of single tokens do not. Each token of the
question looks for the token of the passage that is nearest to it (late interaction: Khattab and Zaharia, SIGIR 2020),
and rare words count for more. The states come out of the same pass as the vector, and are kept as 64 bytes a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.embedder import Embedder, Vectors

DEEPEST = 30
"""How many of the best are looked at again; reading their states is what it costs."""

_OF_COSINE = 0.5
"""What the cosine of the whole adds. Chosen on the questions about Kolibri's and OpenBoxes' manuals: 0.5 and 1 do about
alike, and more does worse."""

_STEPS = 127


@dataclass(frozen=True, slots=True)
class Told:
    """What an embedder says of a question.

    Attributes:
        vector: of the whole, of length 1.
        states: one vector of length 1 for each token that says something.
        weights: how much each of them counts; they add up to 1.
    """

    vector: NDArray[np.float32]
    states: NDArray[np.float32]
    weights: NDArray[np.float32]


class TokenEmbedder(Embedder, Protocol):
    """An embedder that can tell the tokens of a text apart."""

    def embed_with_states(self, texts: Sequence[str]) -> tuple[Vectors, list[bytes]]:
        """The vectors of texts, and of each what `pack` makes of its tokens' states."""

    def told(self, question: str) -> Told:
        """What it says of a question."""


def pack(states: NDArray[np.float32]) -> bytes:
    """States of length 1, a row each, as one byte a number."""
    return np.rint(states * _STEPS).astype(np.int8).tobytes()


def unpack(packed: bytes, directions: int) -> NDArray[np.float32]:
    """The states of `pack`, up to half a step."""
    whole = np.frombuffer(packed, dtype=np.int8).reshape(-1, directions)
    return np.divide(whole, _STEPS, dtype=np.float32)


def closeness(question: Told, packed: bytes) -> float:
    """How near a passage comes to each token of the question, from 0 to 1: the weighted mean of the best cosines."""
    if not packed or not len(question.weights):
        return 0.0
    passage = unpack(packed, question.states.shape[1])
    nearest = (question.states @ passage.T).max(axis=1)
    return float(question.weights @ nearest)


def second_look(question: Told, passages: Sequence[tuple[float, bytes]]) -> list[tuple[int, float]]:
    """Passages in a better order, the best first, with their new scores.

    Args:
        question: what the embedder says of it.
        passages: the cosine of each, and its packed states.
    """
    scores = [closeness(question, packed) + _OF_COSINE * cosine for cosine, packed in passages]
    return sorted(enumerate(scores), key=lambda each: (-each[1], each[0]))
