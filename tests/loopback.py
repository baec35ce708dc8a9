"""Servers on a free port of loopback, for as long as a block lasts."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET
from threading import Thread
from typing import Any

_AT_ONCE = struct.pack("ii", 1, 0)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection, says nothing of it, and lets go even if the other end has gone."""

    def reset(self) -> None:
        """Break the connection off when the request is done with: the other end finds it reset."""
        self.wfile.flush()
        self.connection.setsockopt(SOL_SOCKET, SO_LINGER, _AT_ONCE)
        self.close_connection = True

    def handle(self) -> None:
        """Serve; a client that is killed, or tires, hangs up in the middle."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def finish(self) -> None:
        """Close the connection."""
        try:
            super().finish()
        except OSError:
            return

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def listening(server: ThreadingHTTPServer) -> Iterator[str]:
    """Let a server listen until the block ends; says its address."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def server(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    """A server on a free port; not yet listening to it."""
    return ThreadingHTTPServer(("127.0.0.1", 0), handler)
