"""Each channel with a real receiver at its other end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
from pydantic import SecretStr
from sqlalchemy import func, select

from automations.channels.channel import Channel, Failure, Refused, Retry
from automations.channels.file import FileChannel
from automations.channels.inbox import Inbox, inbox_message
from automations.channels.smtp import Smtp
from automations.channels.webhook import Webhook
from substrate.clock import ManualClock
from substrate.database import Database
from substrate.schema import SYSTEM
from tests.automations.channels import http_receiver, mail_server
from tests.automations.channels.conformance import Harness, Outcome
from tests.automations.sample_alert import NOW


class InboxHarness:
    """The inbox on a real database; it fails when its table is away."""

    address: str | None = None
    secrets: tuple[str, ...] = ()
    troubles: Mapping[str, Outcome] = {}

    def __init__(self, _folder: Path, database: Database, _stack: ExitStack) -> None:
        SYSTEM.create_all(database.engine)
        self.database = database
        self.channel: Channel = Inbox(database, ManualClock(NOW))

    def arrived(self) -> int:
        with self.database.read() as connection:
            return connection.scalars(select(func.count()).select_from(inbox_message)).one()

    def left(self) -> str:
        with self.database.read() as connection:
            return "\n".join(str(tuple(row)) for row in connection.execute(select(inbox_message)))

    def break_it(self, trouble: str) -> None:
        raise NotImplementedError(trouble)

    def mend(self) -> None:
        return


class FileHarness:
    """The outbox folder; it fails when a file is in the place of the folder."""

    address: str | None = None
    secrets: tuple[str, ...] = ()
    troubles: Mapping[str, Outcome] = {"no folder": (Retry, Failure.SERVER)}

    def __init__(self, folder: Path, _database: Database, _stack: ExitStack) -> None:
        self.folder = folder / "outbox"
        self.channel: Channel = FileChannel(self.folder)

    def arrived(self) -> int:
        return len(list(self.folder.glob("*.json")))

    def left(self) -> str:
        return "\n".join(path.read_text() for path in self.folder.iterdir())

    def break_it(self, trouble: str) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.write_text(trouble)

    def mend(self) -> None:
        self.folder.unlink()


class SmtpHarness:
    """A mail server that wants a password."""

    address: str | None = "anna@ward.example"
    secrets: tuple[str, ...] = ("s3cret/pass",)
    troubles: Mapping[str, Outcome] = {
        "mailbox unknown": (Refused, Failure.ADDRESS),
        "mailbox busy": (Retry, Failure.SERVER),
        "too many": (Retry, Failure.RATE_LIMITED),
        "sender refused": (Refused, Failure.CLIENT),
        "sender later": (Retry, Failure.SERVER),
        "content refused": (Refused, Failure.CLIENT),
        "content later": (Retry, Failure.SERVER),
        "login needed": (Refused, Failure.AUTH),
        "login refused": (Refused, Failure.AUTH),
        "login later": (Retry, Failure.AUTH),
        "drop": (Retry, Failure.NETWORK),
        "silence": (Retry, Failure.TIMEOUT),
    }

    def __init__(self, _folder: Path, _database: Database, stack: ExitStack) -> None:
        self.receiver = mail_server.Receiver()
        port = stack.enter_context(mail_server.serving(self.receiver))
        self.url = SecretStr(f"smtp://plumb:s3cret%2Fpass@127.0.0.1:{port}")
        self.channel: Channel = Smtp(self.url, "plumbline@ward.example")

    def arrived(self) -> int:
        return len({mail["Message-ID"] for mail in self.receiver.mails})

    def left(self) -> str:
        return self.receiver.text()

    def break_it(self, trouble: str) -> None:
        self.receiver.trouble = trouble
        if trouble == "silence":
            self.channel = Smtp(self.url, "plumbline@ward.example", timeout=0.3)

    def mend(self) -> None:
        self.receiver.trouble = None
        self.channel = Smtp(self.url, "plumbline@ward.example")


class WebhookHarness:
    """An HTTP receiver that keeps one message an idempotency key."""

    secrets: tuple[str, ...] = ("signing-secret", "token-in-path")
    troubles: Mapping[str, Outcome] = {
        "400": (Refused, Failure.CLIENT),
        "401": (Refused, Failure.AUTH),
        "403": (Refused, Failure.AUTH),
        "404": (Refused, Failure.ADDRESS),
        "307": (Refused, Failure.CLIENT),
        "408": (Retry, Failure.TIMEOUT),
        "409": (Retry, Failure.SERVER),
        "425": (Retry, Failure.SERVER),
        "429": (Retry, Failure.RATE_LIMITED),
        "500": (Retry, Failure.SERVER),
        "503": (Retry, Failure.SERVER),
        "0": (Retry, Failure.NETWORK),
        "-1": (Retry, Failure.TIMEOUT),
    }

    def __init__(self, _folder: Path, _database: Database, stack: ExitStack) -> None:
        self.receiver = http_receiver.Receiver()
        self.address: str | None = stack.enter_context(http_receiver.serving(self.receiver)) + "/hook/token-in-path"
        self.channel: Channel = self._opened(10.0)

    def arrived(self) -> int:
        return len(self.receiver.accepted())

    def left(self) -> str:
        return "\n".join(f"{post.headers}\n{post.body.decode()}" for post in self.receiver.posts)

    def break_it(self, trouble: str) -> None:
        self.receiver.status = int(trouble)
        if trouble == "-1":
            self.channel = self._opened(0.3)

    def mend(self) -> None:
        self.receiver.status = 200
        self.channel = self._opened(10.0)

    def _opened(self, seconds: float) -> Channel:
        timeout = httpx.Timeout(seconds)
        return Webhook(SecretStr("signing-secret"), timeout=timeout, clock=ManualClock(NOW))


HARNESSES: dict[str, Callable[[Path, Database, ExitStack], Harness]] = {
    "inbox": InboxHarness,
    "file": FileHarness,
    "smtp": SmtpHarness,
    "webhook": WebhookHarness,
}
TROUBLES = [
    (name, trouble)
    for name, made in (("file", FileHarness), ("smtp", SmtpHarness), ("webhook", WebhookHarness))
    for trouble in made.troubles
]
