"""A real mail server of this process that keeps what it is given, and can be told to fail in every way of its kind."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

ANSWERS = {
    "mailbox unknown": ("RCPT", "550 5.1.1 <anna@ward.example> unknown"),
    "mailbox busy": ("RCPT", "450 4.2.1 <anna@ward.example> try later"),
    "too many": ("RCPT", "452 4.7.1 too many messages"),
    "sender refused": ("MAIL", "553 5.1.8 not yours"),
    "sender later": ("MAIL", "451 4.3.0 later"),
    "content refused": ("DATA", "554 5.7.1 not such mail"),
    "content later": ("DATA", "451 4.3.0 later"),
    "login needed": ("MAIL", "530 5.7.0 log in first"),
}


class Receiver:
    """Keeps mails; `trouble` is how it fails."""

    def __init__(self) -> None:
        self.trouble: str | None = None
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.logins: list[bytes] = []

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        envelope.mail_from = address
        return self._answer("MAIL")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self._answer("RCPT")

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        if self.trouble == "drop":
            server.transport.abort()
        if self.trouble == "silence":
            await asyncio.Event().wait()
        answer = self._answer("DATA")
        if answer.startswith("250"):
            self.raw.append(envelope.content)
            self.mails.append(message_from_bytes(envelope.content, policy=default))
        return answer

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, said: Any) -> AuthResult:
        self.logins.append(said.password)
        if self.trouble == "login later":
            return AuthResult(success=False, handled=False, message="454 4.7.0 not now")
        return AuthResult(success=self.trouble != "login refused", handled=False)

    def text(self) -> str:
        """All that was received: as it came, and with every part decoded."""
        parts = [part.get_content() for mail in self.mails for part in mail.walk() if not part.is_multipart()]
        heads = [f"{name}: {value}" for mail in self.mails for name, value in mail.items()]
        return "\n".join([*(raw.decode() for raw in self.raw), *heads, *parts])

    def _answer(self, step: str) -> str:
        where, answer = ANSWERS.get(self.trouble or "", ("", ""))
        return answer if where == step else "250 OK"


@contextmanager
def serving(receiver: Receiver, **options: Any) -> Iterator[int]:
    """The server, by its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    controller = Controller(
        receiver, "127.0.0.1", port, authenticator=receiver.authenticate, auth_require_tls=False, **options
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
