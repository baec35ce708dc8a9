"""Messages from lease to fate: looked at again, begun, sent outside any transaction, and their fate written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection

from automations.announcing import CORRELATION
from automations.backoff import MAX_ATTEMPTS, next_try
from automations.channel_state import Disabled, disable_channel, is_disabled
from automations.channels.channel import Channel, Failure, Refused, Rendered, Resident, Retry, Sent
from automations.deadline import Ended, all_within
from automations.leases import Leased, begin, mark_dead, mark_retry, mark_sent, postpone, suppress
from automations.neighbours import AT_ONCE
from automations.outbox import Message, enqueue
from automations.relevance import held_still
from automations.resting import PATIENCE, Resting
from automations.rules import Severity
from automations.steward import channel_trouble
from automations.templating import Templates
from automations.wording import repeated, worded
from substrate.clock import MINUTE, Clock
from substrate.correlation import correlated
from substrate.database import Database
from substrate.tracing import span

_WORKER = "plumbline"
_LOOK_AGAIN = 15 * MINUTE
_REST = MINUTE
_DEADLINE = 45.0  # seconds; a lease is longer

Answer = Sent | Retry | Refused
"""What a channel says of one message."""

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

    def carry(self, held: Sequence[Leased]) -> list[Fate]:
        """Bring some leased messages to their fate, or at least further, all at once.

        They are looked at again and begun in one transaction, sent side by side, and settled in one transaction. A
        failure of a delivery is no exception. Whose alert somebody is just changing waits for that, and goes alone.
        """
        fates: dict[int, Fate] = {}
        busy: list[Leased] = []
        with self.database.write() as connection:
            still = self._still(connection, held)
            for one in held:
                if one.alert_id is None or one.alert_id in still or len(held) == 1:
                    self._start(connection, one, fates)
                else:
                    busy.append(one)
        begun = [one for one in held if one.id not in fates and one not in busy]
        leaving = [one for one in begun if not isinstance(self.channels[one.channel], Resident)]
        ends = dict(zip((one.id for one in leaving), self._sent(leaving), strict=True))
        self._finish(begun, ends, fates)
        for one in busy:
            fates[one.id] = self.carry([one])[0]
        return [fates[one.id] for one in held]

    def _still(self, connection: Connection, held: Sequence[Leased]) -> set[int]:
        ids = {one.alert_id for one in held if one.alert_id is not None}
        if len(held) == 1 or self.database.is_sqlite:  # one waits for nobody, and on SQLite nobody else is writing
            return ids
        return held_still(connection, ids)

    def _start(self, connection: Connection, held: Leased, fates: dict[int, Fate]) -> None:
        """Begin a message, unless it has a fate already."""
        now = self.clock.now()
        ended = self._ended(connection, held, now)
        if ended is None:
            begun = begin(connection, held, now, maybe_duplicate=repeated(held, self.channels[held.channel]))
            ended = None if begun else Fate(Result.OVERTAKEN)
        if ended is not None:
            fates[held.id] = ended

    def _ended(self, connection: Connection, held: Leased, now: int) -> Fate | None:
        channel = self.channels.get(held.channel)
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
        return None

    def _sent(self, begun: Sequence[Leased]) -> list[Ended[Answer]]:
        """What each message's channel says, all asked at once."""
        works = [self._prepared(one) for one in begun]
        return all_within(self.deadline, works)

    def _prepared(self, held: Leased) -> Callable[[], Answer]:
        """The sending of a message that is ready to go, or the answer that there is none to send."""
        message = self._worded(held)
        if isinstance(message, Refused):
            return lambda: message
        send = partial(self.channels[held.channel].send, message, held.delivery_key)
        return partial(_asked, held, message.address, send)

    def _worded(self, held: Leased) -> Rendered | Refused:
        return worded(held, self.channels[held.channel], self.templates, self.environment)

    def _finish(self, begun: Sequence[Leased], ends: Mapping[int, Ended[Answer]], fates: dict[int, Fate]) -> None:
        """Write down what became of what was sent; then raise what is no answer, such as Ctrl-C.

        What stays in our own database is kept in the same transaction, so that it is there if and only if it says so.
        """
        stopped = [ended.error for ended in ends.values() if _stops(ended.error)]
        with self.database.write() as connection:
            for held in begun:
                channel = self.channels[held.channel]
                if isinstance(channel, Resident):
                    fates[held.id] = self._settle(connection, held, self._kept(connection, held, channel))
                elif not _stops(ends[held.id].error):
                    fates[held.id] = self._settle(connection, held, self._answer(ends[held.id]))
        for error in stopped:
            if error is not None:
                raise error

    def _answer(self, ended: Ended[Answer]) -> Answer:
        if isinstance(ended.error, TimeoutError):
            return Retry(Failure.TIMEOUT, f"there was no end to it within {self.deadline:g} s", uncertain=True)
        if ended.error is not None:
            return Retry(Failure.CLIENT, f"the channel failed with {type(ended.error).__name__}", uncertain=True)
        return ended.value()

    def _kept(self, connection: Connection, held: Leased, channel: Resident) -> Answer:
        message = self._worded(held)
        if isinstance(message, Refused):
            return message
        return _asked(held, message.address, partial(channel.keep, connection, message, held.delivery_key))

    def together(self, held: Leased) -> int:
        """How many messages may be on their way to its server at once: many, where it answered in this run."""
        channel = self.channels.get(held.channel)
        if channel is None or isinstance(channel, Resident):
            return AT_ONCE
        return AT_ONCE if self.resting.answers(channel.name, _endpoint(channel, held)) else PATIENCE

    def _settle(self, connection: Connection, held: Leased, said: Answer) -> Fate:
        now, channel = self.clock.now(), self.channels[held.channel]
        self.resting.note(channel.name, _endpoint(channel, held), said)
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


def _asked(held: Leased, address: str | None, ask: Callable[[], Answer]) -> Answer:
    """What the channel says, without the address that it says it of; told under the word of the event behind it."""
    with correlated(held.context.get(CORRELATION)), span("deliver", channel=held.channel):
        said = ask()
    return said if isinstance(said, Sent) else _redacted(said, address)


def _stops(error: BaseException | None) -> bool:
    """Whether it ends the run: a channel's own failure does not, Ctrl-C does."""
    return error is not None and not isinstance(error, Exception)


def _unfit(held: Leased, channel: Channel | None, now: int) -> Refused | None:
    if held.expires_at is not None and held.expires_at <= now:
        return Refused(Failure.EXPIRED, "its time was over before it could be sent")
    if held.attempts >= MAX_ATTEMPTS:
        return Refused(Failure.EXHAUSTED, "each attempt was cut off before its end was known")
    return _unknown(held) if channel is None else None


def _unknown(held: Leased) -> Refused:
    return Refused(Failure.CLIENT, f"no channel is called {held.channel!r}, or its settings are missing")


def _endpoint(channel: Channel, held: Leased) -> str:
    """What a refused password concerns: all of the channel, or this recipient alone."""
    return "" if channel.shared else held.recipient


def _redacted(said: Retry | Refused, address: str | None) -> Answer:
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
