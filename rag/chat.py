"""A chat model behind an OpenAI-compatible API: it is given messages and writes text, and can do nothing else.

It is offered no tools, and calls of tools in what it answers are not even read.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
import orjson
from pydantic import SecretStr

from substrate.clock import SystemClock
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError, PlumblineError
from substrate.settings import Settings
from substrate.sources.backoff import RETRIED, Backoff, retry_after
from substrate.sources.web import safe_url

Messages = Sequence[Mapping[str, str]]
"""`role` and `content`, in their order."""

_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_PATIENCE = Backoff(attempts=3, base_seconds=0.5, cap_seconds=4.0, patience_seconds=20.0)
_LONGEST = 20_000
"""Characters of an answer; what a model writes beyond is not read."""

_TOKENS = 800
_MOST_SENT = 1 << 20
"""Characters that may come without the end of a line, or of an answer in one piece."""


class ChatError(PlumblineError):
    """The chat model cannot be reached, refuses, or breaks off."""


class Chat(Protocol):
    """Whatever writes answers."""

    @property
    def clearance(self) -> Sensitivity:
        """The highest sensitivity of what it may be given."""

    def write(self, messages: Messages) -> Iterator[str]:
        """What it answers, piece by piece.

        Raises:
            ChatError: it cannot be reached, refuses, or breaks off.
        """


@dataclass(frozen=True)
class ChatModel:
    """A model of an API.

    Attributes:
        url: the API's base address, to which `/chat/completions` is added.
        model: the model's name.
        clearance: what it may be given.
        key: the API's key; None: it asks for none.
        seconds: how long it may write.
        streamed: have it send the answer while it is written.
        client, backoff, sleep, chance: given in tests.
        clock: seconds of a clock that only runs forward; given in tests.
        now: the instant, in microseconds since 1970 UTC; given in tests.
    """

    url: str
    model: str
    clearance: Sensitivity = Sensitivity.INTERNAL
    key: SecretStr | None = None
    seconds: float = 120.0
    streamed: bool = True
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=_TIMEOUT), repr=False)
    backoff: Backoff = _PATIENCE
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], int] = SystemClock().now

    def write(self, messages: Messages) -> Iterator[str]:
        """What it answers, piece by piece; it is asked again only as long as nothing came.

        Raises:
            ChatError: it cannot be reached, refuses, or breaks off.
        """
        tried, written, until = 0, 0, self.clock() + self.seconds

        def in_time() -> None:
            if self.clock() > until:
                raise ChatError(f"{safe_url(self.url)} was still writing after {self.seconds:.0f} s")

        while True:
            tried += 1
            try:
                for piece in self._once(messages, in_time):
                    yield piece[: _LONGEST - written]
                    written += len(piece)
                    if written >= _LONGEST:
                        return
                    in_time()
                return
            except _LaterError as error:
                self._pause(error, tried, written)

    def _once(self, messages: Messages, in_time: Callable[[], None]) -> Iterator[str]:
        body = {"model": self.model, "messages": list(messages), "temperature": 0, "max_tokens": _TOKENS}
        headers = {"content-type": "application/json", "user-agent": "plumbline"}
        if self.key is not None:
            headers["authorization"] = f"Bearer {self.key.get_secret_value()}"
        sent = orjson.dumps({**body, "stream": self.streamed})
        try:
            with self.client.stream("POST", f"{self.url}/chat/completions", content=sent, headers=headers) as answer:
                self._check(answer)
                kind = answer.headers.get("content-type", "")
                read = _events if kind.startswith("text/event-stream") else _whole
                yield from read(_lines(answer, in_time))
        except httpx.TransportError as error:
            raise _LaterError(type(error).__name__) from error

    def _check(self, answer: httpx.Response) -> None:
        if answer.status_code in RETRIED or answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            asked = retry_after(answer.headers.get("retry-after"), self.now())
            raise _LaterError(f"status {answer.status_code}", asked)
        if answer.status_code != httpx.codes.OK:
            hint = "Check PLUMBLINE_CHAT_URL, PLUMBLINE_CHAT_KEY and PLUMBLINE_CHAT_MODEL."
            raise ChatError(f"{safe_url(self.url)} refused with status {answer.status_code}", hint=hint)

    def _pause(self, error: _LaterError, tried: int, written: int) -> None:
        wait = self.backoff.wait(tried, error.asked, self.chance) if not written else None
        if wait is None:
            how = "broke off" if written else f"did not answer in {tried} tries"
            hint = "Check that the server runs and can be reached."
            raise ChatError(f"{safe_url(self.url)} {how}: {error}", hint=hint) from None
        self.sleep(wait)


class _LaterError(Exception):
    """It may work if it is tried again."""

    def __init__(self, why: str, asked: float | None = None) -> None:
        super().__init__(why)
        self.asked = asked


def open_chat(settings: Settings) -> ChatModel | None:
    """The chat model that the settings name; None: they name none, and answers are extracts.

    Raises:
        ConfigurationError: there is an address and no model.
    """
    if settings.chat_url is None:
        return None
    if not settings.chat_model:
        raise ConfigurationError("PLUMBLINE_CHAT_URL is set, and no model", hint="Set PLUMBLINE_CHAT_MODEL too.")
    clearance = Sensitivity[settings.chat_clearance.upper()]
    return ChatModel(settings.chat_url, settings.chat_model, clearance, settings.chat_key)


def _lines(answer: httpx.Response, in_time: Callable[[], None]) -> Iterator[str]:
    """What a server sends, line by line: it may send signs of life for ever, or a line without an end."""
    rest = ""
    for piece in answer.iter_text():
        in_time()
        *lines, rest = (rest + piece).split("\n")
        if len(rest) > _MOST_SENT:
            raise ChatError(f"{safe_url(str(answer.url))} sends a line without an end")
        yield from lines
    yield rest


def _events(lines: Iterator[str]) -> Iterator[str]:
    """The pieces of a stream of events, until it says that it is done."""
    finished = False
    for line in lines:
        said = line.removeprefix("data:").strip()
        if said == "[DONE]":
            return
        if line.startswith("data:") and said:
            choice = _choice(said)
            finished = finished or bool(choice.get("finish_reason"))
            yield from _text(choice.get("delta"))
    if not finished:
        raise _LaterError("the stream ended early")


def _whole(lines: Iterator[str]) -> Iterator[str]:
    said, size = list[str](), 0
    for line in lines:
        said.append(line)
        size += len(line) + 1
        if size > _MOST_SENT:
            raise ChatError("the chat model's answer is larger than any that is asked for")
    yield from _text(_choice("\n".join(said)).get("message"))


def _choice(said: str) -> dict[str, Any]:
    try:
        value = orjson.loads(said)
    except orjson.JSONDecodeError:
        raise _LaterError("what it sent is no JSON") from None
    choices = value.get("choices") if isinstance(value, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else {}
    return first if isinstance(first, dict) else {}


def _text(part: object) -> Iterator[str]:
    content = part.get("content") if isinstance(part, dict) else None
    if isinstance(content, str) and content:
        yield content
