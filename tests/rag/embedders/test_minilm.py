"""MiniLM: equals BERT written out in numpy, and a text's vector depends on that text alone."""

from __future__ import annotations

import numpy as np

from rag.embedders.minilm import MiniLM

TEXTS = ["How do I reset my password?", "a", "", "The ward has 12 beds, 3 of them free. " * 12, "Straße 北京 naïve 🙂"]


def test_alike_is_close(minilm: MiniLM) -> None:
    one, two, other = minilm.embed(["reset my password", "I forgot my login", "the truck is late"])
    assert one @ two > one @ other + 0.3


def test_neighbours_do_not_matter(minilm: MiniLM) -> None:
    together = minilm.embed(TEXTS)
    alone = np.concatenate([minilm.embed([text]) for text in TEXTS])
    assert np.abs(together - alone).max() <= 1e-6
