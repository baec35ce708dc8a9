"""MiniLM: equals BERT written out in numpy, and a text's vector depends on that text alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load

from rag.embedders.minilm import LONGEST, MiniLM, batches, open_minilm
from rag.embedders.weights import published
from substrate.columns import Sensitivity
from tests.rag.embedders import bert

LONG = "The ward has 12 beds, 3 of them free. " * 40
TEXTS = ["How do I reset my password?", "a", "", "The ward has 12 beds. " * 12, LONG, "Straße 北京 naïve 🙂"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> bert.Weights:
    """The published tensors, as they came."""
    return load(published(None, tmp_path_factory.mktemp("fetched"), print).weights)


@pytest.mark.parametrize("text", TEXTS, ids=["question", "letter", "nothing", "paragraph", "long", "signs"])
def test_it_is_bert(minilm: MiniLM, weights: bert.Weights, text: str) -> None:
    tokens = minilm.tokenizer.encode(text).ids
    cut = tokens if len(tokens) <= LONGEST else [*tokens[: LONGEST - 1], tokens[-1]]
    assert np.abs(minilm.embed([text])[0] - bert.vector(weights, cut)).max() <= 1e-5


def test_alike_is_close(minilm: MiniLM) -> None:
    one, two, other = minilm.embed(["reset my password", "I forgot my login", "the truck is late"])
    assert one @ two > one @ other + 0.3


def test_neighbours_do_not_matter(minilm: MiniLM) -> None:
    together = minilm.embed(TEXTS * 9)
    alone = np.concatenate([minilm.embed([text]) for text in TEXTS])
    assert np.abs(together - np.tile(alone, (9, 1))).max() <= 1e-6


def test_the_order_is_kept_beyond_one_slice(minilm: MiniLM) -> None:
    texts = [f"{number}" for number in range(1030)]
    vectors = minilm.embed(texts)
    assert np.abs(vectors[[0, 1023, 1024, 1029]] - minilm.embed(["0", "1023", "1024", "1029"])).max() <= 1e-6


def test_vectors_have_length_one(minilm: MiniLM) -> None:
    assert np.linalg.norm(minilm.embed(TEXTS), axis=1) == pytest.approx(1, abs=1e-6)


def test_nothing_gives_nothing(minilm: MiniLM) -> None:
    assert minilm.embed([]).shape == (0, 384)
    assert minilm.tokens([]) == []


def test_tokens_are_counted_beyond_what_is_read(minilm: MiniLM) -> None:
    assert minilm.tokens(["", "ward", LONG]) == [2, 3, 442]


def test_half_a_sign_is_no_reason_to_fail(minilm: MiniLM) -> None:
    assert np.array_equal(minilm.embed(["a\ud83d b"]), minilm.embed(["a? b"]))


def test_threads_may_share_it(minilm: MiniLM) -> None:
    with ThreadPoolExecutor(4) as pool:
        several = list(pool.map(lambda text: minilm.embed([text])[0], TEXTS * 2))
    assert np.abs(np.stack(several) - minilm.embed(TEXTS * 2)).max() <= 1e-6


def test_more_threads_give_the_same(minilm: MiniLM, models_dir: Path) -> None:
    assert np.abs(open_minilm(models_dir, threads=2).embed(TEXTS) - minilm.embed(TEXTS)).max() <= 1e-6


def test_it_may_be_given_anything_and_names_its_space(minilm: MiniLM) -> None:
    assert minilm.clearance is Sensitivity.PHI
    assert minilm.fingerprint == "all-MiniLM-L6-v2/53aa51172d14/be50c3628f2b/mean/256"


@given(st.lists(st.integers(2, 256), max_size=60))
@settings(max_examples=50)
def test_every_text_is_in_one_batch(lengths: list[int]) -> None:
    groups = batches(lengths)
    assert sorted(row for group in groups for row in group) == list(range(len(lengths)))
    assert all(len(group) == 1 or len(group) * max(lengths[row] for row in group) <= 512 for group in groups)
