"""A real HTTP receiver of this process that honours idempotency keys, and can be told to fail in every way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from tests import loopback


@dataclass
class Post:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What arrived, and how the next requests are answered; `status` 0 resets the connection, -1 never answers."""

    status: int = 200
    answer_headers: dict[str, str] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    closing: Event = field(default_factory=Event)

    def accepted(self) -> dict[str, Post]:
        """The first request of each idempotency key, as a receiver that honours the key would keep it."""
        kept: dict[str, Post] = {}
        for post in self.posts:
            kept.setdefault(post.headers["idempotency-key"], post)
        return kept


@contextmanager
def serving(receiver: Receiver) -> Iterator[str]:
    """The receiver, by its address."""

    class Handler(loopback.Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if receiver.status == -1:
                receiver.closing.wait()
            if receiver.status <= 0:
                self.reset()
                return
            if receiver.status < 300:
                heads = {name.lower(): value for name, value in self.headers.items()}
                receiver.posts.append(Post(self.path, heads, body))
            self._answer()

        def _answer(self) -> None:
            content = b"the receiver repeats: Anna Silva, token-in-path"
            self.send_response(receiver.status)
            for name, value in receiver.answer_headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = loopback.server(Handler)
    server.daemon_threads = False  # the end waits for the requests that it is at
    with loopback.listening(server) as address:
        try:
            yield address
        finally:
            receiver.closing.set()
