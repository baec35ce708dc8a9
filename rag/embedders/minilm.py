"""The default embedder: all-MiniLM-L6-v2 on onnxruntime, on this machine, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.embedder import Vectors
from rag.embedders.kept_model import MODEL, read_model
from rag.embedders.weights import TOKENIZER_SHA256, WEIGHTS_SHA256
from rag.rerank import Probe, pack
from substrate.columns import Sensitivity

LONGEST = 256
"""So many tokens of a text are read, with the two that open and close it: the model's own `max_seq_length`."""

_CLOSING = 102
_FIRST_WORD = 1996
"""Before it stand signs and letters; from it on the vocabulary is sorted, the commonest word first."""

_SAY_NOTHING = 30
"""So many of the commonest words say nothing: `the`, `of`, `and`, but also `not` and `this`."""

_SLICE = 1024
_BATCH_TOKENS = 512


class MiniLM:
    """Vectors of 384 numbers; what is meant alike lies close together. Safe to be shared by threads.

    Args:
        session: the network.
        tokenizer: cuts a text into tokens, without padding and without a limit.
    """

    clearance = Sensitivity.PHI
    dimensions = 384
    fingerprint = f"{MODEL}/{WEIGHTS_SHA256[:12]}/{TOKENIZER_SHA256[:12]}/mean/{LONGEST}"

    def __init__(self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._weights = _weights_of(tokenizer)
        self._session = session

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts; of a text longer than 256 tokens only the beginning counts."""
        return self.embed_with_states(texts)[0]

    def embed_with_states(self, texts: Sequence[str]) -> tuple[Vectors, list[bytes]]:
        """The vectors of texts, and of each the packed states of those of its tokens that say something."""
        vectors, states = np.empty((len(texts), self.dimensions), dtype=np.float32), [b""] * len(texts)
        for start in range(0, len(texts), _SLICE):
            tokens = [_cut(ids) for ids in self._ids(texts[start : start + _SLICE])]
            for rows in batches([len(ids) for ids in tokens]):
                made, told = self._run([tokens[row] for row in rows])
                for row, vector, each in zip(rows, made, told, strict=True):
                    vectors[start + row] = vector
                    states[start + row] = pack(each[: len(tokens[row])][self._weights[tokens[row]] > 0])
        return vectors, states

    def probe(self, question: str) -> Probe:
        """The question's vector, and its tokens' states; the rarer a token, the more it counts."""
        ids = _cut(self._ids([question])[0])
        vectors, states = self._run([ids])
        weights = self._weights[ids]
        says = weights > 0
        return Probe(vectors[0], states[0][says], weights[says] / weights.sum())

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, with the two that open and close it; up to 256 it is embedded whole."""
        return [len(ids) for ids in self._ids(texts)]

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        # One by one: a batch would start a thread for each core, whatever `threads` says.
        return [self.tokenizer.encode(_encodable(text)).ids for text in texts]

    def _run(self, tokens: Sequence[Sequence[int]]) -> tuple[Vectors, NDArray[np.float32]]:
        ids: NDArray[np.int32] = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int32)
        mask = np.zeros_like(ids)
        for row, each in enumerate(tokens):
            ids[row, : len(each)] = each
            mask[row, : len(each)] = 1
        vectors, states = self._session.run(["vectors", "states"], {"input_ids": ids, "attention_mask": mask})
        return np.asarray(vectors, dtype=np.float32), np.asarray(states, dtype=np.float32)


def open_minilm(models_dir: Path, *, threads: int = 1) -> MiniLM:
    """The embedder, from the files that `plumbline models install` brought.

    Args:
        models_dir: the folder of models.
        threads: how many cores one call may use.

    Raises:
        ConfigurationError: the model is not there, or damaged.
    """
    model = read_model(models_dir)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Texts of every length come by: patterns of memory would be kept for each.
    options.enable_mem_pattern = False
    # Waiting threads would take the cores from the rest of the machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model.graph, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_buffer(model.tokenizer)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return MiniLM(session, tokenizer)


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Positions of texts in groups of like lengths, so that little is padded and a group fits in a core's cache."""
    groups: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        # Ascending: the one that is added is the longest, and sets the width of all.
        if groups and (len(groups[-1]) + 1) * lengths[row] <= _BATCH_TOKENS:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _weights_of(tokenizer: Tokenizer) -> NDArray[np.float32]:
    """How much each token of the vocabulary counts: the logarithm of its rank, a stand-in for how rare it is (Zipf)."""
    weights = np.zeros(tokenizer.get_vocab_size(), dtype=np.float32)
    for token, number in tokenizer.get_vocab().items():
        rank = number - _FIRST_WORD + 1
        if rank > _SAY_NOTHING and any(sign.isalnum() for sign in token):
            weights[number] = np.log1p(rank)
    return weights


def _cut(ids: list[int]) -> list[int]:
    return ids if len(ids) <= LONGEST else [*ids[: LONGEST - 1], _CLOSING]


def _encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
