"""A second look at what was found: each word of the question against the words of a passage, by what they mean there.

One vector for a whole passage blurs what it says; the network's states of single tokens do not. Each token of the
question looks for the token of the passage that is nearest to it (late interaction: Khattab and Zaharia, SIGIR 2020),
and rare words count for more. The states come out of the same pass as the vector, and are kept as 64 bytes a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rag.embedder import Embedder, Vectors

DEEPEST = 30
"""How many of the best are looked at again; reading their states is what it costs."""

_OF_FIRST = 0.5
"""What the score of the first look adds."""

_STEPS = 127


@dataclass(frozen=True, slots=True)
class Probe:
    """What an embedder says of a question.

    Attributes:
        vector: of the whole, of length 1.
        states: one vector of length 1 for each token that says something.
        weights: how much each of them counts; they add up to 1.
    """

    vector: NDArray[np.float32]
    states: NDArray[np.float32]
    weights: NDArray[np.float32]


@runtime_checkable
class TokenEmbedder(Embedder, Protocol):
    """An embedder that can tell the tokens of a text apart."""

    def embed_with_states(self, texts: Sequence[str]) -> tuple[Vectors, list[bytes]]:
        """The vectors of texts, and of each what `pack` makes of its tokens' states."""

    def probe(self, question: str) -> Probe:
        """What it says of a question."""


def pack(states: NDArray[np.float32]) -> bytes:
    """States of length 1, a row each, as one byte a number."""
    return np.rint(states * _STEPS).astype(np.int8).tobytes()


def unpack(packed: bytes, directions: int) -> NDArray[np.float32]:
    """The states of `pack`, up to half a step."""
    whole = np.frombuffer(packed, dtype=np.int8).reshape(-1, directions)
    return np.divide(whole, _STEPS, dtype=np.float32)


def closeness(question: Probe, packed: bytes) -> float:
    """How near a passage comes to each token of the question, from 0 to 1: the weighted mean of the best cosines."""
    if not packed or not len(question.weights):
        return 0.0
    passage = unpack(packed, question.states.shape[1])
    nearest = (question.states @ passage.T).max(axis=1)
    return max(float(question.weights @ nearest), 0.0)


def second_look(question: Probe, scores: Sequence[float], packed: Sequence[bytes]) -> list[tuple[int, float]]:
    """Places of passages in a better order, the best first, with their new scores.

    Args:
        question: what the embedder says of it.
        scores: of all passages at the first look, the best first.
        packed: the states of the best of them; those behind stay behind.
    """
    near = [closeness(question, one) for one in packed]
    again = [_OF_FIRST * score + (near[at] if at < len(near) else 0.0) for at, score in enumerate(scores)]
    first = sorted(range(len(near)), key=lambda at: (-again[at], at))
    return [(at, again[at]) for at in (*first, *range(len(near), len(scores)))]


def probe_of(embedder: Embedder, question: str) -> Probe:
    """What any embedder says of a question: of its tokens nothing, if it does not tell them apart."""
    if isinstance(embedder, TokenEmbedder):
        return embedder.probe(question)
    return alone(embedder.embed([question])[0])


def alone(vector: NDArray[np.float32]) -> Probe:
    """A vector without anything on tokens."""
    return Probe(vector, np.empty((0, 0), np.float32), np.empty(0, np.float32))


def embed_all(embedder: Embedder, texts: Sequence[str]) -> tuple[Vectors, Sequence[bytes | None]]:
    """The vectors of texts, and the packed states of their tokens where the embedder tells them apart."""
    if isinstance(embedder, TokenEmbedder):
        return embedder.embed_with_states(texts)
    return embedder.embed(texts), [None] * len(texts)
