"""The second look: nearer word by word comes first, and packing costs next to nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.embedders.minilm import MiniLM
from rag.rerank import Probe, closeness, pack, second_look, unpack


def states(seed: int, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    drawn = np.random.default_rng(seed).standard_normal((count, 64)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn


def question(seed: int, count: int) -> Probe:
    weights = np.full(count, 1 / max(count, 1), dtype=np.float32)
    return Probe(np.zeros(384, dtype=np.float32), states(seed, count), weights)


@given(st.integers(0, 99), st.integers(0, 40))
def test_packing_loses_half_a_step_at_most(seed: int, count: int) -> None:
    whole = states(seed, count)
    packed = pack(whole)
    assert len(packed) == 64 * count
    assert np.abs(unpack(packed, 64) - whole).max(initial=0) <= 0.5 / 127 + 1e-6


@given(st.integers(0, 99), st.integers(1, 12), st.integers(1, 40))
def test_closeness_is_the_mean_of_the_best_cosines(seed: int, asked: int, said: int) -> None:
    told, passage = question(seed, asked), states(seed + 1, said)
    best = [max(float(one @ other) for other in passage) for one in told.states]
    assert closeness(told, pack(passage)) == pytest.approx(max(float(np.mean(best)), 0), abs=0.02)


def test_a_passage_or_question_without_words_is_near_to_nothing() -> None:
    assert closeness(question(1, 3), b"") == 0
    assert closeness(question(1, 0), pack(states(2, 3))) == 0


def test_the_nearer_comes_first_and_equals_keep_their_order() -> None:
    told = question(1, 3)
    same, other = pack(told.states), pack(states(2, 3))
    assert [at for at, _ in second_look(told, [0.5, 0.5, 0.5], [other, same, other])] == [1, 0, 2]


@given(st.lists(st.floats(0, 2), max_size=20), st.integers(0, 20))
def test_what_is_not_looked_at_again_stays_behind(scores: list[float], deep: int) -> None:
    first = sorted(scores, reverse=True)
    packed = [pack(states(seed, 3)) for seed in range(min(deep, len(first)))]
    found = second_look(question(1, 3), first, packed)
    assert sorted(at for at, _ in found) == list(range(len(first)))
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert [at for at, _ in found[len(packed) :]] == list(range(len(packed), len(first)))


def test_a_word_deep_in_a_passage_is_found(minilm: MiniLM) -> None:
    told = minilm.probe("How do I reset the password of a coach?")
    filler = "Lessons are made of resources, and learners see them in the order that was chosen. " * 8
    _, (hidden, plain) = minilm.embed_with_states(
        [f"{filler} A coach's password is reset under Users. {filler}", filler]
    )
    assert closeness(told, hidden) > closeness(told, plain) + 0.2


def test_states_do_not_depend_on_neighbours(minilm: MiniLM) -> None:
    texts = ["How do I reset my password?", "ward", "", "The ward has 12 beds, 3 of them free. " * 40]
    together = minilm.embed_with_states(texts)[1]
    alone = [minilm.embed_with_states([text])[1][0] for text in texts]
    for one, other in zip(together, alone, strict=True):
        assert np.abs(unpack(one, 64) - unpack(other, 64)).max(initial=0) <= 1.01 / 127


def test_common_words_and_signs_are_left_out(minilm: MiniLM) -> None:
    _, packed = minilm.embed_with_states(["The ward, and the bed of it.", "?!", "of the"])
    assert [len(each) // 64 for each in packed] == [2, 0, 0]


def test_a_question_is_told_as_it_is_embedded(minilm: MiniLM) -> None:
    told = minilm.probe("password of the coach")
    assert np.abs(told.vector - minilm.embed(["password of the coach"])[0]).max() <= 1e-6
    assert told.weights.sum() == pytest.approx(1)
    assert len(told.weights) == len(told.states) == 2
    assert len(minilm.probe("").weights) == 0
