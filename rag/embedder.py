"""What every embedder is: texts in, unit vectors out, and a name for the space that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from substrate.columns import Sensitivity

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors; vectors of two embedders with one fingerprint may be compared."""

    @property
    def fingerprint(self) -> str:
        """Names weights, tokenizer and pooling; changes whenever the same text would give another vector."""

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""

    @property
    def clearance(self) -> Sensitivity:
        """The highest sensitivity of a text that it may be given; one on this machine may be given all."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, one row each, of length 1; a text's vector does not depend on its neighbours.

        Raises:
            PlumblineError: the embedder cannot be reached, or refuses.
        """

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without any limit."""
