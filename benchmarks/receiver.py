"""A real HTTP receiver that honours idempotency keys: it takes a key once, and counts how often it was asked to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any


class Receiver(ThreadingHTTPServer):
    """Listens on this machine.

    Attributes:
        taken: the keys of the messages that were taken, in order.
        asked: how often each key came.
    """

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self._lock = Lock()
        self.taken: list[str] = []
        self.asked: Counter[str] = Counter()

    @property
    def address(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self.server_port}/"

    @property
    def resent(self) -> int:
        """How many requests were repetitions."""
        return self.asked.total() - len(self.taken)

    def take(self, key: str) -> None:
        """Take a message, unless its key is known."""
        with self._lock:
            self.asked[key] += 1
            if self.asked[key] == 1:
                self.taken.append(key)

    def forget(self) -> None:
        """Begin anew, as a receiver that nobody ever wrote to."""
        with self._lock:
            self.taken, self.asked = [], Counter()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        if len(self.rfile.read(length)) < length:
            return  # whoever sent it died in the middle: that is no message
        self.server.take(self.headers["Idempotency-Key"])
        self.send_response(204)
        self.end_headers()

    def handle(self) -> None:
        """Serve one connection; a process that is killed hangs up."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver that listens until the block ends, on a port of its own choice or on the one that is given."""
    server = Receiver(port)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
