"""One message from lease to fate: looked at again, begun, sent outside any transaction, and its fate written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection

from automations.backoff import MAX_ATTEMPTS, next_try
from automations.channel_state import Disabled, disable_channel, is_disabled
from automations.channels.channel import Channel, Failure, Refused, Rendered, Retry, Sent
from automations.contacts import ContactsError, address_of
from automations.deadline import within
from automations.leases import Leased, begin, mark_dead, mark_retry, mark_sent, postpone, suppress
from automations.outbox import Message, enqueue
from automations.resting import Resting
from automations.rules import Severity
from automations.sandbox import TemplateFault
from automations.steward import channel_trouble
from automations.templating import Templates
from substrate.clock import MINUTE, Clock
from substrate.database import Database

_WORKER = "plumbline"
_LOOK_AGAIN = 15 * MINUTE
_REST = MINUTE
_DEADLINE = 45.0  # seconds; a lease is longer

Check = Callable[[Connection, Leased], str | None]
"""Why a message need not be sent any more; None: it must."""


class Result(StrEnum):
    """What became of a message in one attempt."""

    SENT = "sent"
    RETRIED = "retried"
    DEAD = "dead"
    SUPPRESSED = "suppressed"
    POSTPONED = "postponed"  # its channel is out of use, or does not answer
    OVERTAKEN = "overtaken"  # the lease ran out, and another worker has it


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message, and why."""

    result: Result
    why: str = ""


@dataclass(frozen=True)
class Courier:
    """Carries messages.

    Attributes:
        database: where the outbox is.
        channels: by name.
        templates: make the words.
        clock: says what time it is.
        check: looks at a message again before it leaves.
        chance: random numbers in [0, 1), for the spread of further attempts.
        environment: where secret addresses are looked up.
        resting: servers that did not answer in this run.
        deadline: seconds that one message may take, whatever its channel does.
    """

    database: Database
    channels: Mapping[str, Channel]
    templates: Templates
    clock: Clock
    check: Check
    chance: Callable[[], float]
    environment: Mapping[str, str]
    resting: Resting = field(default_factory=Resting)
    deadline: float = _DEADLINE

    def carry(self, held: Leased) -> Fate:
        """Bring one leased message to its fate, or at least further; a failure of its delivery is no exception."""
        channel = self.channels.get(held.channel)
        ended = self._start(held, channel)
        if ended is not None or channel is None:
            return ended or Fate(Result.OVERTAKEN)
        said = self._send(held, channel)
        self.resting.note(channel.name, _endpoint(channel, held), said)
        return self._settle(held, channel, said)

    def _start(self, held: Leased, channel: Channel | None) -> Fate | None:
        now = self.clock.now()
        with self.database.write() as connection:
            why = self.check(connection, held)
            if why is not None:
                return _fate(suppress(connection, held, now, why), Result.SUPPRESSED, why)
            fault = _unfit(held, channel, now)
            if fault is not None or channel is None:
                return _give_up(connection, held, now, fault or _unknown(held))
            if is_disabled(connection, channel.name, _endpoint(channel, held)):
                said = Refused(Failure.AUTH, f"the channel {channel.name} is out of use")
                return _put_off(connection, held, now, said)
            if self.resting.rests(channel.name, _endpoint(channel, held)):
                silence = Refused(Failure.NETWORK, f"the channel {channel.name} does not answer")
                return _fate(postpone(connection, held, now, now + _REST, silence), Result.POSTPONED)
            begun = begin(connection, held, now, maybe_duplicate=_repeated(held, channel))
            return None if begun else Fate(Result.OVERTAKEN)

    def _send(self, held: Leased, channel: Channel) -> Sent | Retry | Refused:
        try:
            address = address_of(held.route, self.environment)
            message = self._rendered(held, channel, address)
        except ContactsError as error:
            return Refused(Failure.ADDRESS, error.message)
        except TemplateFault as error:
            return Refused(Failure.TEMPLATE, error.message)
        except Exception as error:  # noqa: BLE001  # what one message holds may not stop the others
            return Refused(Failure.TEMPLATE, f"the message could not be put into words ({type(error).__name__})")
        try:
            said = within(self.deadline, partial(channel.send, message, held.delivery_key))
        except TimeoutError:
            said = Retry(Failure.TIMEOUT, f"there was no end to it within {self.deadline:g} s", uncertain=True)
        except Exception as error:  # noqa: BLE001  # a stranger's channel may not stop the other messages
            said = Retry(Failure.CLIENT, f"the channel failed with {type(error).__name__}", uncertain=True)
        return said if isinstance(said, Sent) else _redacted(said, address)

    def _rendered(self, held: Leased, channel: Channel, address: str | None) -> Rendered:
        clearance = channel.clearance if held.route.clearance is None else min(held.route.clearance, channel.clearance)
        label = {"maybe_duplicate": True} if _repeated(held, channel) else {}
        return self.templates.render(
            {**held.context, **label}, clearance, reason=held.reason, template=held.template,
            recipient=held.recipient, address=address, severity=held.severity, created_at=held.created_at,
        )  # fmt: skip

    def _settle(self, held: Leased, channel: Channel, said: Sent | Retry | Refused) -> Fate:
        now = self.clock.now()
        with self.database.write() as connection:
            if isinstance(said, Sent):
                return _fate(mark_sent(connection, held, now, said.provider_id), Result.SENT)
            if isinstance(said, Refused) and said.failure is Failure.AUTH:
                _switch_off(connection, held, channel, now, said.why)
                return _put_off(connection, held, now, said)
            if isinstance(said, Refused):
                return _give_up(connection, held, now, said)
            due = next_try(held.attempts + 1, now, held.expires_at, said.after, self.chance())
            if isinstance(due, Failure):
                return _give_up(connection, held, now, Refused(due, f"{said.failure}: {said.why}"))
            return _fate(mark_retry(connection, held, now, due, said), Result.RETRIED, str(said.failure))


def _unfit(held: Leased, channel: Channel | None, now: int) -> Refused | None:
    if held.expires_at is not None and held.expires_at <= now:
        return Refused(Failure.EXPIRED, "its time was over before it could be sent")
    if held.attempts >= MAX_ATTEMPTS:
        return Refused(Failure.EXHAUSTED, "each attempt was cut off before its end was known")
    return _unknown(held) if channel is None else None


def _unknown(held: Leased) -> Refused:
    return Refused(Failure.CLIENT, f"no channel is called {held.channel!r}, or its settings are missing")


def _repeated(held: Leased, channel: Channel) -> bool:
    """Whether the receiver may get it twice and cannot tell."""
    return held.uncertain and not channel.idempotent


def _endpoint(channel: Channel, held: Leased) -> str:
    """What a refused password concerns: all of the channel, or this recipient alone."""
    return "" if channel.shared else held.recipient


def _redacted(said: Retry | Refused, address: str | None) -> Retry | Refused:
    return replace(said, why=said.why.replace(address, "[address]")) if address else said


def _give_up(connection: Connection, held: Leased, now: int, said: Refused) -> Fate:
    done = mark_dead(connection, held, now, said)
    if done and said.failure is not Failure.EXPIRED:
        _turn_elsewhere(connection, held, now)
    return _fate(done, Result.DEAD, str(said.failure))


def _put_off(connection: Connection, held: Leased, now: int, said: Refused) -> Fate:
    done = postpone(connection, held, now, now + _LOOK_AGAIN, said)
    if done and held.last_failure != Failure.AUTH:
        _turn_elsewhere(connection, held, now)
    return _fate(done, Result.POSTPONED, str(said.failure))


def _turn_elsewhere(connection: Connection, held: Leased, now: int) -> None:
    """Send what is critical by the first of the other ways on which the recipient is not told anyway."""
    if held.severity != Severity.CRITICAL:
        return
    for place, route in enumerate(held.fallbacks, start=1):
        message = Message(
            held.timeline, held.alert_id, held.fingerprint, held.episode, held.sequence, held.recipient, route,
            held.reason, Severity(held.severity), held.context, held.recipient_name, held.language, held.template,
            held.fallbacks[place:], due_at=now, expires_at=held.expires_at,
        )  # fmt: skip
        if enqueue(connection, [message], held.created_at, fallback_of=held.id):
            return


def _switch_off(connection: Connection, held: Leased, channel: Channel, now: int, why: str) -> None:
    found = Disabled(channel.name, _endpoint(channel, held), now, why)
    if disable_channel(connection, found, _WORKER):
        enqueue(connection, [channel_trouble(held.timeline, found)], now)


def _fate(done: bool, result: Result, why: str = "") -> Fate:
    return Fate(result, why) if done else Fate(Result.OVERTAKEN)
