"""BERT and mean pooling written out in numpy, as its paper has them: what the graph is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[np.float64]
Weights = Mapping[str, NDArray[np.float32]]

_gauss = np.vectorize(lambda x: 0.5 * (1 + erf(x / sqrt(2))))


def vector(weights: Weights, tokens: Sequence[int]) -> Tensor:
    """The vector of one text, by its tokens, in double precision and one text at a time."""
    part = {name: np.asarray(value, dtype=np.float64) for name, value in weights.items()}
    count = len(tokens)
    state = (
        part["embeddings.word_embeddings.weight"][list(tokens)]
        + part["embeddings.position_embeddings.weight"][:count]
        + part["embeddings.token_type_embeddings.weight"][0]
    )
    state = _norm(part, "embeddings.LayerNorm", state)
    for layer in range(6):
        state = _layer(part, f"encoder.layer.{layer}.", state)
    mean: Tensor = state.mean(axis=0)
    return mean / np.linalg.norm(mean)


def _layer(part: Mapping[str, Tensor], at: str, state: Tensor) -> Tensor:
    attended = _linear(part, f"{at}attention.output.dense", _attention(part, at, state))
    state = _norm(part, f"{at}attention.output.LayerNorm", state + attended)
    wide = _linear(part, f"{at}intermediate.dense", state)
    narrow = _linear(part, f"{at}output.dense", wide * _gauss(wide))
    return _norm(part, f"{at}output.LayerNorm", state + narrow)


def _attention(part: Mapping[str, Tensor], at: str, state: Tensor) -> Tensor:
    query, key, value = (_linear(part, f"{at}attention.self.{name}", state) for name in ("query", "key", "value"))
    heads = []
    for columns in np.split(np.arange(384), 12):
        scores = query[:, columns] @ key[:, columns].T / sqrt(32)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        heads.append(shares / shares.sum(axis=1, keepdims=True) @ value[:, columns])
    return np.concatenate(heads, axis=1)


def _linear(part: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    projected: Tensor = x @ part[f"{name}.weight"].T + part[f"{name}.bias"]
    return projected


def _norm(part: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    centred = x - x.mean(axis=1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-12)
    normed: Tensor = scaled * part[f"{name}.weight"] + part[f"{name}.bias"]
    return normed
