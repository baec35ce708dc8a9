"""Both ends of the wire of a benchmark, as cheap as they can be made: who pushes events, and who takes webhooks.

Both live in one event loop, so that what measures takes as little as may be of the cores that are measured.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

_CONNECTIONS = 200
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_WORD = re.compile(rb'"correlation": ?"([0-9a-f]{32})"')
_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
_NAP = 0.001


def whole(buffer: bytearray) -> int | None:
    """How many bytes the first message of a buffer has; None: it is not all there yet."""
    end = buffer.find(_HEAD_END)
    if end < 0:
        return None
    told = _LENGTH.search(buffer, 0, end)
    size = end + len(_HEAD_END) + (int(told[1]) if told else 0)
    return size if len(buffer) >= size else None


class Ear(asyncio.Protocol):
    """Takes webhooks on one connection, and notes when the first about each event came.

    Args:
        heard: when that was, by the event's word; shared by all connections.
    """

    def __init__(self, heard: dict[str, float]) -> None:
        self._heard = heard
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody has something to tell."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what is complete, and say so."""
        self._buffer += data
        while (size := whole(self._buffer)) is not None:
            found = _WORD.search(self._buffer, 0, size)
            if found:
                self._heard.setdefault(found[1].decode(), time.monotonic())
            del self._buffer[:size]
            if self._transport is not None:
                self._transport.write(_TAKEN)


@dataclass(frozen=True, slots=True)
class Post:
    """One event to be pushed.

    Attributes:
        due: when, in seconds from the beginning.
        word: that goes with it.
        tells: whether a webhook is to follow.
        request: it all, as bytes on the wire.
    """

    due: float
    word: str
    tells: bool
    request: bytes


@dataclass
class Sent:
    """What became of some events.

    Attributes:
        due: when each event that fires was due to be sent, by its word; only those that were accepted.
        told: when its webhook came, by its word.
        statuses: how often each answer came.
        answers: how long each took from when it was due, in seconds.
        seconds: how long sending took, until the last answer.
    """

    due: dict[str, float] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    answers: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def delays(self) -> list[float]:
        """From due to told, in order of length."""
        return sorted(at - self.due[word] for word, at in self.told.items() if word in self.due)


class Sender:
    """Posts events when they are due, each on a kept connection that waits for no answer."""

    def __init__(self) -> None:
        self.sent = Sent()
        self._idle: deque[_Line] = deque()
        self._waiting: deque[Post] = deque()
        self._began = 0.0
        self._open = 0
        self._done = asyncio.Event()

    async def send(self, port: int, posts: Sequence[Post]) -> Sent:
        """Post it all, and return when all is answered."""
        loop = asyncio.get_running_loop()
        lines = [await loop.create_connection(lambda: _Line(self), "127.0.0.1", port) for _ in range(_CONNECTIONS)]
        self._idle.extend(line for _, line in lines)
        self._open, self._began = len(posts), time.monotonic()
        for post in posts:
            wait = self._began + post.due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(max(wait, _NAP))
            self._waiting.append(post)
            self._go_on()
        await self._done.wait()
        self.sent.seconds = time.monotonic() - self._began
        for transport, _ in lines:
            transport.close()
        return self.sent

    def answered(self, line: _Line, post: Post, status: int) -> None:
        """Note an answer, and let its connection carry the next event."""
        sent, due = self.sent, self._began + post.due
        sent.statuses[status] += 1
        sent.answers.append(time.monotonic() - due)
        if post.tells and status == 202:
            sent.due[post.word] = due
        self._idle.append(line)
        self._ended()
        self._go_on()

    def lost(self) -> None:
        """Note that an event was never answered; its connection is gone."""
        self.sent.statuses[0] += 1
        self._ended()

    def _ended(self) -> None:
        self._open -= 1
        if not self._open:
            self._done.set()

    def _go_on(self) -> None:
        while self._waiting and self._idle:
            self._idle.popleft().carry(self._waiting.popleft())


class _Line(asyncio.Protocol):
    """One connection, one event at a time."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._post: Post | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def carry(self, post: Post) -> None:
        assert self._transport is not None
        self._post = post
        self._transport.write(post.request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        size = whole(self._buffer)
        if size is None or self._post is None:
            return
        status = int(self._buffer[9:12])
        del self._buffer[:size]
        post, self._post = self._post, None
        self._sender.answered(self, post, status)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._post is not None:
            self._sender.lost()
