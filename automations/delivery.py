"""Everything that is due leaves: leased in small batches, carried one by one, and counted.

Any number of workers may run at once. One that is killed loses nothing: what it held is taken over when its lease runs
out. A failure of delivery never undoes anything but its own attempt.
"""

from __future__ import annotations

import logging
import os
import random
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from automations.alerts import LIVE
from automations.announcing import CORRELATION
from automations.channels.channel import Channel
from automations.courier import Check, Courier, Fate, Result
from automations.leases import Leased, lease, release
from automations.neighbours import together
from automations.relevance import still_worth_telling
from automations.templating import Templates
from substrate.clock import Clock
from substrate.correlation import correlated
from substrate.database import Database

log = logging.getLogger(__name__)

_BATCH = 32
"""How many are leased together; few enough that they begin long before their lease runs out."""


@dataclass
class DeliveryReport:
    """What became of the messages that were due.

    Attributes:
        sent: how many were taken by their receiver.
        retried: how many failed and will be tried again.
        dead: how many were given up.
        postponed: how many wait for a channel that is out of use or does not answer.
        overtaken: how many another worker took over, as this one was too slow.
        suppressed: how many were no longer worth telling, by reason.
        by_channel: how many were sent, by channel.
    """

    sent: int = 0
    retried: int = 0
    dead: int = 0
    postponed: int = 0
    overtaken: int = 0
    suppressed: Counter[str] = field(default_factory=Counter)
    by_channel: Counter[str] = field(default_factory=Counter)

    @property
    def handled(self) -> int:
        """How many messages were looked at; one that failed twice counts twice."""
        return self.sent + self.retried + self.dead + self.postponed + self.overtaken + self.suppressed.total()

    def note(self, channel: str, fate: Fate) -> None:
        """Count one message's fate."""
        if fate.result is Result.SUPPRESSED:
            self.suppressed[fate.why] += 1
            return
        setattr(self, str(fate.result), getattr(self, str(fate.result)) + 1)
        if fate.result is Result.SENT:
            self.by_channel[channel] += 1


def deliver_due(
    database: Database,
    channels: Mapping[str, Channel],
    templates: Templates,
    clock: Clock,
    *,
    timeline: str = LIVE,
    limit: int | None = None,
    check: Check = still_worth_telling,
    progress: Callable[[int], None] | None = None,
) -> DeliveryReport:
    """Deliver until nothing is due; what fails in this run is tried again in a later one.

    Args:
        database: where the outbox is.
        channels: the ways by which messages leave, by name; a message for another is dead.
        templates: make the words.
        clock: says what time it is, at every message anew.
        timeline: whose messages.
        limit: after so many, stop; None: go on.
        check: looks at each message again before it leaves.
        progress: is told 1 after each message.
    """
    courier = Courier(database, channels, templates, clock, check, random.random, os.environ)
    report = DeliveryReport()
    began = clock.now()
    while limit is None or report.handled < limit:
        room = _BATCH if limit is None else min(_BATCH, limit - report.handled)
        token = uuid.uuid4().hex
        with database.write() as connection:
            held = lease(connection, clock.now(), room, token, timeline=timeline, began=began)
        if not held:
            break
        _carry_all(courier, held, report, progress)
    return report


def _log(held: Leased, fate: Fate) -> None:
    facts = {"channel": held.channel, "reason": held.reason, "severity": held.severity, "key": held.delivery_key}
    with correlated(held.context.get(CORRELATION)):
        log.info("message %s", fate.result, extra={**facts, "attempt": held.attempts + 1, "why": fate.why})


def _carry_all(
    courier: Courier, held: list[Leased], report: DeliveryReport, progress: Callable[[int], None] | None
) -> None:
    try:
        for group in together(held, courier.together):
            for one, fate in zip(group, courier.carry(group), strict=True):
                report.note(one.channel, fate)
                _log(one, fate)
                if progress is not None:
                    progress(1)
    except BaseException:  # Ctrl-C too: what has not begun need not wait for its lease
        with courier.database.write() as connection:
            release(connection, held[0].token, courier.clock.now())
        raise
