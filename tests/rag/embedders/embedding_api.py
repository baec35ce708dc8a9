"""A loopback API of the OpenAI kind that can be told to misbehave in every way that such an API does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import orjson

from tests import loopback

Content = dict[str, Any]


@dataclass
class Api:
    """What was asked, and how the next calls are answered.

    Attributes:
        first: how the first calls are answered, before all goes well: a status, 0 to cut the connection in the middle
            of the answer, -1 to be silent.
        headers: sent with those.
        spoil: changes what a good answer would have been, as content or as bytes.
    """

    first: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    spoil: Callable[[Content], Content | bytes] = lambda content: content
    asked: list[Content] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    closing: Event = field(default_factory=Event)

    def texts(self) -> list[str]:
        """Every text that was asked for."""
        return [text for each in self.asked for text in each["input"]]


def vector_of(text: str) -> list[float]:
    """The vector that this API gives a text; not of length 1."""
    return [float(len(text)), 2.0, 1.0]


def answer_to(asked: Content) -> Content:
    """A good answer."""
    data = [
        {"object": "embedding", "index": at, "embedding": vector_of(text)} for at, text in enumerate(asked["input"])
    ]
    return {"object": "list", "data": data, "usage": {"prompt_tokens": 7, "total_tokens": 7}}


@contextmanager
def serving(api: Api) -> Iterator[str]:
    """The API, by its base address."""

    class Handler(loopback.Handler):
        def do_POST(self) -> None:
            asked = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
            api.heads.append({name.lower(): value for name, value in self.headers.items()})
            status = api.first.pop(0) if api.first else 200
            if status == -1:
                api.closing.wait()
            elif status == 200 and self.path == "/v1/embeddings":
                api.asked.append(asked)
                said = api.spoil(answer_to(asked))
                self._say(200, said if isinstance(said, bytes) else orjson.dumps(said))
            else:
                self._say(status or 200, b"the API repeats: Anna Silva", short=status == 0)

        def _say(self, status: int, content: bytes, *, short: bool = False) -> None:
            self.send_response(status)
            for name, value in api.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if short:
                self.reset()
            else:
                self.wfile.write(content)

    with loopback.listening(loopback.server(Handler)) as address:
        try:
            yield f"{address}/v1"
        finally:
            api.closing.set()
