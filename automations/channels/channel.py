"""What a delivery channel is: it takes one rendered message and says whether it went, may go later, or never will."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import Connection

from substrate.columns import Sensitivity


class Failure(StrEnum):
    """Why a delivery did not happen: stored on the outbox row and shown as it stands."""

    AUTH = "auth"
    RATE_LIMITED = "rate_limited"
    CLIENT = "client"
    SERVER = "server"
    NETWORK = "network"
    TIMEOUT = "timeout"
    ADDRESS = "address"
    TEMPLATE = "template"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message ready to go: people's text, and the machine form `body`, both masked to the channel's clearance."""

    subject: str
    text: str
    html: str | None
    body: dict[str, Any]
    recipient: str
    address: str | None
    severity: str
    reason: str
    created_at: int


@dataclass(frozen=True)
class Sent:
    """The provider took it, under `provider_id` where it gave one."""

    provider_id: str | None


@dataclass(frozen=True)
class Retry:
    """It did not go now but may later; `after` (micros) is the wait that the provider asked for.

    `uncertain`: the answer was lost, so it may have arrived all the same.
    """

    failure: Failure
    why: str
    after: int | None = None
    uncertain: bool = False


@dataclass(frozen=True)
class Refused:
    """It did not go and never will as it stands; `why` is safe to store and show."""

    failure: Failure
    why: str


class Channel(Protocol):
    """One way to reach people.

    Attributes:
        name: as contacts, rules and the outbox spell it.
        clearance: the most protected value that it may carry.
        idempotent: sending twice under one key arrives once.
        shared: all addresses go through one account, so that a refused password concerns them all.
    """

    name: str
    clearance: Sensitivity
    idempotent: bool
    shared: bool

    def send(self, message: Rendered, key: str) -> Sent | Retry | Refused:
        """Send `message` under the idempotency `key`; every failure comes back as a value."""
        ...


@runtime_checkable
class Resident(Channel, Protocol):
    """A channel whose receiver is our own database: a message is kept in the transaction that says that it was sent."""

    def keep(self, connection: Connection, message: Rendered, key: str) -> Sent | Retry | Refused:
        """Keep `message` in a write transaction; a failure comes back as a value, and leaves nothing behind."""
        ...
