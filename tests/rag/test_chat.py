"""The chat model's client: streams, retries, gives up, and keeps its key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rag.chat import ChatError, ChatModel, open_chat
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError
from substrate.settings import Settings
from tests.rag.chat_server import Told, chat_server

ASK = [{"role": "user", "content": "Who books beds?"}]


@pytest.fixture
def server() -> Iterator[Told]:
    with chat_server(Told(say=lambda _request: "The bed manager does [1].")) as told:
        yield told


def model(server: Told, **said: Any) -> ChatModel:
    usual: dict[str, Any] = {
        "url": server.url,
        "model": "small",
        "key": SecretStr("s3cret"),
        "sleep": lambda _seconds: None,
    }
    return ChatModel(**{**usual, **said})


def test_the_answer_comes_piece_by_piece(server: Told) -> None:
    pieces = list(model(server).write(ASK))
    assert "".join(pieces) == "The bed manager does [1]."
    assert len(pieces) > 2


@pytest.mark.parametrize("streamed", [True, False])
def test_an_answer_in_one_piece_is_read_too(server: Told, streamed: bool) -> None:
    server.plain = True
    assert list(model(server, streamed=streamed).write(ASK)) == ["The bed manager does [1]."]


def test_no_tool_is_ever_offered(server: Told) -> None:
    list(model(server).write(ASK))
    assert server.requests[0].keys() == {"path", "model", "messages", "temperature", "max_tokens", "stream"}
    assert server.requests[0]["path"] == "/v1/chat/completions"


def test_calls_of_tools_are_not_even_read(server: Told) -> None:
    server.raw = b'data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"rm"}}]}}]}\n\ndata: [DONE]\n\n'
    assert list(model(server).write(ASK)) == []


def test_the_key_is_sent_and_never_shown(server: Told) -> None:
    list(model(server).write(ASK))
    assert server.headers[0]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(model(server))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: Told, status: int) -> None:
    server.statuses = [status, status]
    assert "".join(model(server).write(ASK)) == "The bed manager does [1]."
    assert len(server.requests) == 3


def test_one_that_stays_busy_is_given_up(server: Told) -> None:
    server.statuses = [503] * 9
    with pytest.raises(ChatError, match="did not answer in 3 tries: status 503"):
        list(model(server).write(ASK))


def test_a_refusal_is_final_and_its_words_are_not_repeated(server: Told) -> None:
    server.statuses = [401]
    with pytest.raises(ChatError, match="refused with status 401") as caught:
        list(model(server).write(ASK))
    assert len(server.requests) == 1
    assert "echo" not in str(caught.value)


def test_what_breaks_off_after_it_began_is_not_asked_again(server: Told) -> None:
    server.cut = 2
    with pytest.raises(ChatError, match="broke off"):
        list(model(server).write(ASK))
    assert len(server.requests) == 1


@pytest.mark.parametrize("raw", [b"data: {nonsense\n\n", b"data: [1]\n\n", b"", b"\xff\xfe", b"data: {}\n\n"])
def test_nonsense_is_an_error_and_not_an_answer(server: Told, raw: bytes) -> None:
    server.raw = raw
    with pytest.raises(ChatError):
        list(model(server).write(ASK))


def test_an_endless_answer_is_cut(server: Told) -> None:
    server.say = lambda _request: "x" * 50_000
    assert len("".join(model(server).write(ASK))) == 20_000


def test_one_that_writes_for_ever_is_stopped(server: Told) -> None:
    ticks = iter(range(0, 10_000, 50))
    with pytest.raises(ChatError, match="still writing after 120 s"):
        list(model(server, clock=lambda: float(next(ticks))).write(ASK))


def test_signs_of_life_alone_are_no_answer(server: Told) -> None:
    ticks = iter(range(0, 10_000, 50))
    server.raw = b": still there\n\n" * 100_000
    with pytest.raises(ChatError, match="still writing after 120 s"):
        list(model(server, clock=lambda: float(next(ticks))).write(ASK))


@pytest.mark.parametrize("plain", [False, True], ids=["stream", "whole"])
def test_a_line_without_an_end_is_not_kept(server: Told, plain: bool) -> None:
    server.raw, server.plain = b"data: " + b"x" * (3 << 20), plain
    with pytest.raises(ChatError, match="without an end"):
        list(model(server, streamed=not plain).write(ASK))


def test_nobody_there_is_an_error_that_names_the_server() -> None:
    gone = ChatModel("http://127.0.0.1:9/v1", "small", sleep=lambda _seconds: None)
    with pytest.raises(ChatError, match=r"127\.0\.0\.1:9/v1 did not answer"):
        list(gone.write(ASK))


def test_settings_without_an_address_name_no_model(tmp_path: Path) -> None:
    assert open_chat(Settings(home=tmp_path)) is None


def test_an_address_without_a_model_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="PLUMBLINE_CHAT_URL is set"):
        open_chat(Settings(home=tmp_path, chat_url="http://chat.example/v1"))


def test_a_model_may_be_given_what_the_settings_say(tmp_path: Path) -> None:
    found = open_chat(Settings(home=tmp_path, chat_url="http://c.example/v1", chat_model="m", chat_clearance="pii"))
    assert found is not None
    assert (found.clearance, found.url) == (Sensitivity.PII, "http://c.example/v1")
