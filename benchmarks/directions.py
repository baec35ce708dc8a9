"""Find the directions in which tokens are told apart anew, from docs/: `python -m benchmarks.directions`.

Needed only with other weights: whatever was indexed with other directions cannot be compared.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from safetensors.numpy import load
from tokenizers import Tokenizer

from rag.embedders.directions import DIRECTIONS, FILE
from rag.embedders.graph import DIMENSIONS, build_graph
from rag.embedders.weights import published

_WORDS = 120
_EACH = 3
_DOCS = Path(__file__).resolve().parents[1] / "docs"


def main() -> None:
    """Write the file."""
    with TemporaryDirectory() as scratch:
        files = published(None, Path(scratch), print)
    graph = build_graph(load(files.weights), np.eye(DIMENSIONS, dtype=np.float32))
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_buffer(files.tokenizer)
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    states = []
    for text in _texts():
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int32)
        states.append(session.run(["states"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0])
    np.save(FILE, _found_in(np.concatenate(states)))


def _found_in(states: NDArray[np.float32]) -> NDArray[np.float16]:
    """The directions of states, one a row, as they are kept."""
    whole = states.astype(np.float64)
    _, found = np.linalg.eigh(whole.T @ whole)
    return found[:, ::-1][:, :DIRECTIONS].astype(np.float16)


def _texts() -> list[str]:
    cut: list[str] = []
    for path in sorted(_DOCS.glob("*.md")):
        words = path.read_text("utf-8").split()
        cut += [" ".join(words[start : start + _WORDS]) for start in range(0, len(words), _WORDS)]
    return cut[::_EACH]


if __name__ == "__main__":
    main()
