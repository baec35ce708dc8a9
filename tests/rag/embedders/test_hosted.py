"""The hosted embedder against an API that misbehaves: each text has its own vector, or there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import pairwise

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from rag.embedders.hosted import HostedEmbedder, HostedModel, batches
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError, PlumblineError
from substrate.sources.web import BadAnswerError, RefusedError, UnreachableError
from tests.rag.embedders.embedding_api import Api, Content, serving, vector_of

KEY = SecretStr("sk-geheim")


@pytest.fixture
def api() -> Api:
    """An API that behaves, until a test says otherwise."""
    return Api()


@pytest.fixture
def base(api: Api) -> Iterator[str]:
    """Its base address."""
    with serving(api) as url:
        yield url


@pytest.fixture
def slept() -> list[float]:
    """The waits that were made."""
    return []


@pytest.fixture
def embedder(base: str, slept: list[float]) -> HostedEmbedder:
    """The embedder of that API."""
    timeout = httpx.Timeout(5.0, read=0.3)
    return HostedEmbedder(HostedModel(base, "tiny", KEY), timeout=timeout, sleep=slept.append, chance=lambda: 0.5)


def unit(text: str) -> list[float]:
    vector = np.array(vector_of(text))
    return list(vector / np.linalg.norm(vector))


def spoiled(change: Callable[[Content], object]) -> Callable[[Content], Content]:
    def spoil(content: Content) -> Content:
        change(content)
        return content

    return spoil


def test_each_text_has_its_vector_of_length_one(embedder: HostedEmbedder, api: Api) -> None:
    assert embedder.embed(["ward", "b"]) == pytest.approx(np.array([unit("ward"), unit("b")]), abs=1e-6)
    assert api.asked == [{"model": "tiny", "input": ["ward", "b"], "encoding_format": "float"}]


def test_the_order_is_that_of_the_index(embedder: HostedEmbedder, api: Api) -> None:
    api.spoil = spoiled(lambda content: content["data"].reverse())
    assert embedder.embed(["ward", "b", "ccc"])[2] == pytest.approx(unit("ccc"), abs=1e-6)


def test_many_texts_go_in_several_calls(embedder: HostedEmbedder, api: Api) -> None:
    texts = ["x" * number for number in range(1, 71)]
    assert embedder.embed(texts)[69] == pytest.approx(unit(texts[69]), abs=1e-6)
    assert [len(asked["input"]) for asked in api.asked] == [32, 32, 6]
    assert (embedder.spending.calls, embedder.spending.texts, embedder.spending.tokens) == (3, 70, 21)


def test_nothing_costs_nothing_once_the_size_is_known(embedder: HostedEmbedder, api: Api) -> None:
    embedder.embed(["ward"])
    assert embedder.embed([]).shape == (0, 3)
    assert api.texts() == ["ward"]


def test_the_space_is_named_by_host_model_and_size(embedder: HostedEmbedder) -> None:
    assert embedder.fingerprint == "127.0.0.1/tiny/3"
    assert embedder.dimensions == 3


def test_a_size_that_was_set_is_asked_for(base: str, api: Api) -> None:
    embedder = HostedEmbedder(HostedModel(base, "tiny", dimensions=3))
    embedder.embed(["ward"])
    assert api.asked[0]["dimensions"] == 3
    assert "authorization" not in api.heads[0]


def test_another_size_than_was_set_is_refused(base: str) -> None:
    with pytest.raises(BadAnswerError, match=r"(?s)3 numbers, not 512.*PLUMBLINE_EMBED_DIMENSIONS"):
        HostedEmbedder(HostedModel(base, "tiny", dimensions=512)).embed(["ward"])


def test_an_api_that_asks_for_patience_gets_it(embedder: HostedEmbedder, api: Api, slept: list[float]) -> None:
    api.first, api.headers = [429, 429], {"Retry-After": "7"}
    assert embedder.embed(["ward"]).shape == (1, 3)
    assert slept == [7.25, 7.25]


def test_an_api_that_asks_for_too_much_is_given_up(embedder: HostedEmbedder, api: Api, slept: list[float]) -> None:
    api.first, api.headers = [429], {"Retry-After": "86400"}
    with pytest.raises(UnreachableError, match="status 429"):
        embedder.embed(["ward"])
    assert slept == []


@pytest.mark.parametrize("status", [500, 502, 503, 504, 0, -1])
def test_what_passes_is_tried_again(embedder: HostedEmbedder, api: Api, slept: list[float], status: int) -> None:
    api.first = [status, status]
    assert embedder.embed(["ward"])[0] == pytest.approx(unit("ward"), abs=1e-6)
    assert slept == [0.5, 1.0]


def test_what_does_not_pass_is_given_up(embedder: HostedEmbedder, api: Api, slept: list[float]) -> None:
    api.first = [500] * 9
    with pytest.raises(UnreachableError, match="did not answer in 5 tries"):
        embedder.embed(["ward"])
    assert all(later > earlier for earlier, later in pairwise(slept))


@pytest.mark.parametrize(
    ("status", "setting"), [(401, "KEY"), (403, "KEY"), (404, "URL"), (400, "MODEL"), (302, "log")]
)
def test_a_no_is_final_and_names_the_setting(embedder: HostedEmbedder, api: Api, status: int, setting: str) -> None:
    api.first = [status]
    with pytest.raises(RefusedError, match=f"(?s)answered {status}.*{setting}") as caught:
        embedder.embed(["ward"])
    assert "Anna" not in str(caught.value)
    assert len(api.heads) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["data"].pop(),
        lambda content: content["data"].append(content["data"][0]),
        lambda content: content["data"][1].update(index=0),
        lambda content: content["data"][1].update(index=5),
        lambda content: content["data"][1].update(embedding=[1.0]),
        lambda content: content["data"][1].update(embedding=[]),
        lambda content: content["data"][1].update(embedding=[0.0, 0.0, 0.0]),
        lambda content: content["data"][1].update(embedding=[1e308, 1e308, 1e308]),
        lambda content: content["data"][1].update(embedding=[None, 1.0, 1.0]),
        lambda content: content["data"][1].update(embedding=["NaN", 1.0, 1.0]),
        lambda content: content["data"][1].update(embedding="AAAA"),
        lambda content: content.pop("data"),
        lambda content: content["data"].clear(),
    ],
)
def test_what_is_no_vector_for_each_text_is_refused(
    embedder: HostedEmbedder, api: Api, change: Callable[[Content], object]
) -> None:
    api.spoil = spoiled(change)
    with pytest.raises(BadAnswerError, match=r"http://127\.0\.0\.1:\d+/v1/embeddings") as caught:
        embedder.embed(["Anna Silva", "b"])
    assert "Anna" not in str(caught.value)


def test_not_a_number_is_no_json(embedder: HostedEmbedder, api: Api) -> None:
    api.spoil = lambda _content: b'{"data": [{"index": 0, "embedding": [NaN, 1, 1]}]}'
    with pytest.raises(BadAnswerError, match="did not answer with JSON"):
        embedder.embed(["ward"])


def test_a_silent_api_is_not_waited_for_long(embedder: HostedEmbedder, api: Api) -> None:
    api.first = [-1] * 9
    with pytest.raises(UnreachableError, match="ReadTimeout"):
        embedder.embed(["ward"])


def test_the_key_is_sent_and_told_nobody(
    embedder: HostedEmbedder, api: Api, base: str, caplog: pytest.LogCaptureFixture
) -> None:
    api.first = [401]
    with caplog.at_level(logging.DEBUG), pytest.raises(PlumblineError) as caught:
        embedder.embed(["ward"])
    assert api.heads[0]["authorization"] == "Bearer sk-geheim"
    told = f"{embedder!r} {vars(embedder)} {caught.value!s} {caplog.text}"
    assert "geheim" not in told


def test_half_a_sign_is_no_reason_to_fail(embedder: HostedEmbedder, api: Api) -> None:
    embedder.embed(["a\ud83d b"])
    assert api.texts() == ["a? b"]


@pytest.mark.parametrize("url", ["http://api.example.com/v1", "http://10.0.0.7/v1"])
def test_texts_do_not_leave_the_machine_unencrypted(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"(?s)unencrypted.*https://"):
        HostedEmbedder(HostedModel(url, "tiny"))


@pytest.mark.parametrize(
    "url", ["ftp://api.example.com", "https://", "https://u:geheim@h/v1", "https://h/v1?key=geheim"]
)
def test_an_address_with_more_than_a_place_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="PLUMBLINE_EMBED_URL") as caught:
        HostedEmbedder(HostedModel(url, "tiny"))
    assert "geheim" not in str(caught.value)


def test_it_is_given_what_it_is_cleared_for() -> None:
    assert HostedEmbedder(HostedModel("https://h/v1", "tiny")).clearance is Sensitivity.INTERNAL


@given(st.lists(st.integers(0, 9_000), max_size=100))
def test_every_text_is_in_one_call_in_order(tokens: list[int]) -> None:
    groups = batches(tokens)
    assert [row for group in groups for row in group] == list(range(len(tokens)))
    assert all(len(group) <= 32 for group in groups)
    assert all(len(group) == 1 or sum(tokens[row] for row in group) <= 8_000 for group in groups)
