"""An OpenAI-compatible chat server on this machine that keeps what it was sent and answers as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests import loopback

Say = Callable[[dict[str, Any]], str]


@dataclass
class Told:
    """How the server answers.

    Attributes:
        say: what it writes, from the request.
        statuses: these come first, one a request.
        plain: answer in one piece, though a stream was asked for.
        cut: break the stream off after so many pieces.
        raw: send this instead of anything proper.
    """

    say: Say = lambda _request: "Beds are booked by the bed manager before noon [1]."
    statuses: list[int] = field(default_factory=list)
    plain: bool = False
    cut: int | None = None
    raw: bytes | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def heard(self) -> str:
        """Everything that it was ever sent."""
        return "\n".join(self.bodies)


@contextmanager
def chat_server(told: Told) -> Iterator[Told]:
    """The server, for as long as it is needed."""

    class Handler(loopback.Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.bodies.append(body.decode())
            told.requests.append({"path": self.path, **orjson.loads(body)})
            told.headers.append({name.lower(): value for name, value in self.headers.items()})
            status = told.statuses.pop(0) if told.statuses else 200
            self.send_response(status)
            streamed = not told.plain and status == 200
            self.send_header("content-type", "text/event-stream" if streamed else "application/json")
            self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(_content(told, streamed) if status == 200 else b'{"error": "echo of the prompt"}')

    with loopback.listening(loopback.server(Handler)) as address:
        told.url = f"{address}/v1"
        yield told


def _content(told: Told, streamed: bool) -> bytes:
    if told.raw is not None:
        return told.raw
    text = told.say(told.requests[-1])
    if not streamed:
        return orjson.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]})
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    events = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces][: told.cut]
    end = b"" if told.cut is not None else b"data: [DONE]\n\n"
    return b": hello\n\n" + b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in events) + end
