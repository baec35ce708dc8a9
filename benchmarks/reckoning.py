"""The reckoning after everything was killed: what is lost, what is doubled, what is not true."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from automations.alerts import LIVE, alert
from automations.announcing import targets_of
from automations.lifecycle import Send
from automations.outbox import outbox
from automations.rule_files import read_rules
from benchmarks.receiver import Receiver
from substrate.catalog import vertical
from substrate.clock import SystemClock
from substrate.database import Database
from substrate.features.refresh import Mode, refresh
from substrate.inbound import inbound_event
from substrate.quarantine import quarantine
from substrate.records import record_id, table_of

RULE = "critical-result-unacknowledged"
CRITICAL = 50
"""One result in so many is critical."""

_SETTLE_SECONDS = 300


@dataclass(frozen=True)
class Expected:
    """What there must be in the end.

    Attributes:
        pushed: how many results were pushed.
        in_files: how many came in files.
        sources: whose files, in turn.
        rows: how many in each file.
    """

    pushed: int
    in_files: int
    sources: Sequence[str]
    rows: int

    def results(self, each: int = 1) -> set[int]:
        """The ids of all results; or of each so-manieth, by number."""
        pushed = {record_id("lab", "result", f"r{number}") for number in range(0, self.pushed, each)}
        return pushed | {record_id(self._source(n), "result", f"f{n}") for n in range(0, self.in_files, each)}

    def _source(self, number: int) -> str:
        return self.sources[number // self.rows % len(self.sources)]


def settled(database: Database) -> bool:
    """Wait until nothing waits any more, and say whether that came about in time."""
    end = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < end:
        with database.read() as connection:
            if not _left(connection):
                return True
        time.sleep(0.5)
    return False


def _left(connection: Connection) -> int:
    waiting = select(func.count()).select_from(inbound_event).where(inbound_event.c.state == "waiting")
    leaving = select(func.count()).select_from(outbox).where(outbox.c.state.in_(["waiting", "sending"]))
    return int(connection.scalar(waiting) or 0) + int(connection.scalar(leaving) or 0)


def faults(database: Database, receiver: Receiver, expected: Expected) -> list[str]:
    """What is lost, doubled or wrong at the end."""
    with database.read() as connection:
        checks = _of_records(connection, expected) | _of_messages(connection, receiver, expected)
    return [said for said, holds in checks.items() if not holds]


def _of_records(connection: Connection, expected: Expected) -> dict[str, bool]:
    result, wanted = table_of(vertical("hospital").record("result")), expected.results()
    counted = select(inbound_event.c.state, func.count()).group_by(inbound_event.c.state)
    stored = set(connection.scalars(select(result.c.id).where(result.c.gone_at.is_(None))))
    states = dict(connection.execute(counted).tuples().all())
    refused = connection.scalar(select(func.count()).select_from(quarantine))
    lost, strange = len(wanted - stored), len(stored - wanted)
    return {
        f"events: {states}": states == {"done": expected.pushed},
        f"{lost} results lost, {strange} too many": not (lost or strange),
        f"{refused} rows in quarantine": refused == 0,
    }


def _of_messages(connection: Connection, receiver: Receiver, expected: Expected) -> dict[str, bool]:
    critical = expected.results(CRITICAL)
    of_rule = (alert.c.timeline == LIVE) & (alert.c.rule_id == RULE)
    alerts = Counter(connection.scalars(select(alert.c.entity_id).where(of_rule)))
    told = connection.execute(
        select(outbox.c.delivery_key, outbox.c.state, outbox.c.reason, outbox.c.alert_id).where(
            outbox.c.channel == "webhook", outbox.c.alert_id.is_not(None)
        )
    ).all()
    ids = set(connection.scalars(select(alert.c.id).where(of_rule)))
    (rule,) = [rule for rule in read_rules(vertical("hospital").rules) if rule.id == RULE]
    fires = [row for row in told if row.alert_id in ids and row.reason == "fired"]
    due = len(critical) * len(targets_of(rule, Send.FIRED))
    unsent = len({row.delivery_key for row in told if row.state == "sent"} - set(receiver.taken))
    lost, strange = len(critical - alerts.keys()), len(alerts.keys() - critical)
    doubled = alerts.total() - len(alerts)
    return {
        f"{lost} alerts lost, {strange} too many": not (lost or strange),
        f"{doubled} alerts doubled": not doubled,
        f"{len(fires)} messages of {due}": len(fires) == due,
        f"states of messages: {Counter(row.state for row in fires)}": {row.state for row in fires} <= {"sent"},
        f"{unsent} messages never came": not unsent,
        f"{len(receiver.taken) - len(set(receiver.taken))} came twice": len(set(receiver.taken)) == len(receiver.taken),
    }


def untrue_features(database: Database) -> list[str]:
    """The views whose stored features are not what they are when all are computed anew."""
    found, at = [], SystemClock().now()
    for view in vertical("hospital").views:
        with database.write() as connection:
            refresh(connection, view, at)
            changed = refresh(connection, view, at, mode=Mode.FULL).changed
        if changed:
            found.append(f"features of {changed} {view.entity.kind} are not true")
    return found
