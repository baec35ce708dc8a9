"""The embedder of tests: the same everywhere, and words shared bring texts together."""

from __future__ import annotations

import numpy as np
import pytest

from rag.embedders.hashing import HashingEmbedder


def test_it_is_the_same_on_every_machine() -> None:
    assert HashingEmbedder(4).embed(["a ward"])[0] == pytest.approx([-0.06423, 0.717234, 0.519192, 0.460314], abs=1e-6)


def test_shared_words_bring_texts_together() -> None:
    one, two, other = HashingEmbedder().embed(["bed in ward 3", "a bed in the ward", "late truck"])
    assert one @ two > one @ other + 0.2


def test_every_text_has_length_one_even_without_a_word() -> None:
    vectors = HashingEmbedder().embed(["ward", "", "?!", "\ud83d"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)


def test_it_counts_words_and_names_its_size() -> None:
    assert HashingEmbedder().tokens(["bed in ward 3", ""]) == [4, 0]
    assert HashingEmbedder(32).fingerprint != HashingEmbedder(64).fingerprint
