"""A post office for tests: messages, channels that do as they are told, and a receiver that honours the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from automations.alerts import LIVE, alert
from automations.channels.channel import Channel, Rendered, Sent
from automations.channels.channel import Refused as RefusedBy
from automations.channels.channel import Retry as RetryLater
from automations.delivery import DeliveryReport, deliver_due
from automations.episodes import Change, Stamp, new_episode, write_changes
from automations.lifecycle import Condition, Decision, State
from automations.outbox import Message, Route, SendReason, enqueue, outbox
from automations.rules import Severity
from automations.templating import Templates
from substrate.clock import MINUTE, ManualClock
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.schema import SYSTEM

NOW = 1_760_000_000_000_000
Answer = Sent | RetryLater | RefusedBy


@dataclass
class Spoken:
    """A channel that answers as it is told, and then always that it is sent; it keeps what it was given."""

    name: str = "spoken"
    answers: list[Answer | BaseException] = field(default_factory=list)
    clearance: Sensitivity = Sensitivity.PHI
    idempotent: bool = True
    shared: bool = True
    got: list[tuple[str, Rendered]] = field(default_factory=list)

    def send(self, message: Rendered, key: str) -> Answer:
        """Keep the message, and answer."""
        self.got.append((key, message))
        answer = self.answers.pop(0) if self.answers else Sent(f"p-{len(self.got)}")
        if isinstance(answer, BaseException):
            raise answer
        return answer


@dataclass
class Office:
    """A database with an outbox, a clock that stands still, and channels."""

    database: Database
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    channels: dict[str, Spoken] = field(default_factory=lambda: {"spoken": Spoken()})
    templates: Templates = field(default_factory=Templates)

    def __post_init__(self) -> None:
        SYSTEM.create_all(self.database.engine)

    def put(self, *messages: Message) -> int:
        """Enqueue messages now."""
        with self.database.write() as connection:
            return enqueue(connection, messages, self.clock.now())

    def deliver(self, **options: Any) -> DeliveryReport:
        """Deliver what is due."""
        channels: Mapping[str, Channel] = dict(self.channels)
        return deliver_due(self.database, channels, self.templates, self.clock, **options)

    def rows(self) -> Sequence[Any]:
        """All messages, in the order of their making."""
        with self.database.read() as connection:
            return connection.execute(select(outbox).order_by(outbox.c.id)).all()

    def states(self) -> list[str]:
        """Where each message stands."""
        return [row.state for row in self.rows()]

    def alert(self, number: int = 1) -> int:
        """A firing alert."""
        stamp = Stamp(LIVE, "test", "rule", 1, "bay", self.clock.now())
        begun = Condition(State.FIRING, Severity.HIGH, self.clock.now(), fired_at=self.clock.now())
        episode = new_episode(stamp, number, None, begun, {})
        with self.database.write() as connection:
            write_changes(connection, stamp, [Change(episode, Decision(begun), "{}", is_new=True)])
        return episode.id

    def change(self, alert_id: int, **values: Any) -> None:
        """Do something to an alert."""
        with self.database.write() as connection:
            connection.execute(update(alert).where(alert.c.id == alert_id).values(values))


def message(sequence: int = 1, **said: Any) -> Message:
    """A message to Anna on the spoken channel."""
    usual: dict[str, Any] = {
        "timeline": LIVE,
        "alert_id": 1,
        "fingerprint": "f" * 32,
        "episode": 1,
        "sequence": sequence,
        "recipient": "anna",
        "route": Route("spoken", "anna@example.org"),
        "reason": SendReason.FIRED,
        "severity": Severity.HIGH,
        "context": CONTEXT,
    }
    return Message(**{**usual, **said})


CONTEXT: dict[str, Any] = {
    "vertical": "test", "timeline": LIVE, "rule": "rule", "rule_version": 1, "title": "Bay is full",
    "description": "No bed is free", "cost_of_delay": "Patients wait", "owner": "bed-manager", "labels": {},
    "send": "fired", "alert_id": 1, "episode": 1, "state": "firing", "severity": "high", "site": None,
    "fired_at": NOW - MINUTE, "resolved_at": None,
    "subject": {"kind": "bay", "id": 1, "name": "Bay 1", "sensitivity": "PHI"},
}  # fmt: skip
