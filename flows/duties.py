"""What the clock does when it ticks: named duties, each of which looks in the database for what is due.

Doing one twice at the same time does no harm: rules take their turns, messages have unique keys, and whatever tells
somebody first asks whether its clock still leads. What comes due later on gets a duty of its own in `duties`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from automations.agenda import Agenda, Plan
from automations.alerts import LIVE
from automations.announcer import Announcer
from automations.announcing import Announce, Announcement
from automations.arrears import Arrears, Chore
from automations.channels import channels
from automations.channels.channel import Channel
from automations.contacts import load_directory
from automations.engine import Engine, budgets_of, evaluate
from automations.live import evaluate_entities
from automations.overdue import overdue_events, overdue_messages, overdue_rules
from automations.watch import Watch, note_overdue, note_stale_collections
from flows.heartbeat import Heartbeat
from flows.lateness import BatchWork
from rag.copilot_files import load_copilots
from substrate.catalog import Vertical
from substrate.clock import MINUTE, SECOND, duration_text, parse_duration
from substrate.database import Database
from substrate.errors import ConfigurationError, PlumblineError
from substrate.facts import Facts
from substrate.freshness import collection_name, is_collection, stale, watermarks
from substrate.leadership import Lease, insist
from substrate.settings import Settings

WATCH_EVERY = MINUTE
_STUCK = 300.0
_CATCHING_UP = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a duty.

    Attributes:
        at: the instant that it acts on, in microseconds since 1970 UTC.
        lease: the right by which it acts.
        led: for how many seconds this process has led.
    """

    at: int
    lease: Lease
    led: float


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that is done whenever the clock ticks.

    Attributes:
        name: for logs.
        every: how often, in microseconds.
        act: does it.
    """

    name: str
    every: int
    act: Callable[[Turn], None]


class House:
    """What all duties share: the database, each vertical's engine, and who is told.

    Args:
        settings: as the environment has them.
        database: migrated.
        verticals: whose rules are watched.

    Raises:
        ConfigurationError: the contacts or a channel's settings are wrong.
    """

    def __init__(self, settings: Settings, database: Database, verticals: Sequence[Vertical]) -> None:
        self.database = database
        self.verticals = tuple(verticals)
        self._contacts = settings.resolved_contacts_file
        self._channels: Mapping[str, Channel] = channels(settings, database)
        self._announcer = Announcer(load_directory(self._contacts), self._channels)
        self.engines = [
            Engine(database, vertical.name, Facts(vertical.records, vertical.views), budgets_of(vertical))
            for vertical in verticals
        ]

    def read_contacts(self) -> None:
        """Read again who stands behind a role; a file that cannot be read leaves what was read before."""
        try:
            self._announcer = Announcer(load_directory(self._contacts), self._channels)
        except ConfigurationError as error:
            log.warning("the contacts stay as they were: %s", error.message)

    def announce(self, lease: Lease) -> Announce:
        """Tells people, as long as nobody else leads; else what is being decided is undone."""

        def tell(connection: Connection, announcements: Sequence[Announcement]) -> int:
            insist(connection, lease)
            return self._announcer(connection, announcements)

        return tell


class DueRules:
    """The duty of the rules: evaluate what has come due, and all of them at regular intervals.

    Args:
        house: what duties share.
        sweep: how often all rules are evaluated, in microseconds.
        on_told: is called after messages were put into the outbox.
    """

    def __init__(self, house: House, sweep: int, on_told: Callable[[], None]) -> None:
        self._house = house
        self._on_told = on_told
        self._agendas = [(engine, Agenda(engine, sweep)) for engine in house.engines]
        self._token: int | None = None
        self._done = 0.0

    @property
    def idle(self) -> float:
        """Seconds since a turn last came to its end."""
        return time.monotonic() - self._done

    def act(self, turn: Turn) -> None:
        """Evaluate what is due."""
        if turn.lease.token != self._token:
            for _, agenda in self._agendas:
                agenda.forget()
            self._token = turn.lease.token
        for engine, agenda in self._agendas:
            try:
                self._evaluate(engine, agenda, turn)
            except BaseException:
                agenda.forget()  # what it named as due may not have been looked at
                raise
        self._done = time.monotonic()

    def _evaluate(self, engine: Engine, agenda: Agenda, turn: Turn) -> None:
        with engine.database.read() as connection:
            plan = agenda.plan(connection, turn.at)
        if plan.is_empty:
            return
        if plan.whole:
            self._house.read_contacts()
        telling = replace(engine, announce=self._house.announce(turn.lease))
        told = look(telling, agenda, plan, turn.at)
        if told:
            log.info("%s: %d messages about what came due", engine.vertical, told)
            self._on_told()


def look(engine: Engine, agenda: Agenda, plan: Plan, at: int) -> int:
    """Evaluate what a plan names, and say how many messages that made.

    Args:
        engine: tells people.
        agenda: whose plan it is.
        plan: what is due.
        at: the instant of the evaluation.
    """
    told = 0
    if plan.whole or plan.rules:
        report = evaluate(engine, at, only=plan.rules, in_between=not plan.whole)
        agenda.note(plan, report, at)
        told += report.enqueued
    for kind, ids in plan.entities.items():
        report = evaluate_entities(engine, agenda.reflexes[kind], ids, at)
        agenda.note_some(report.runs)
        told += report.enqueued
    return told


class Watchdog:
    """The duty of looking whether everything is done: an alert to the admin if not, a heartbeat if so.

    Args:
        house: what duties share.
        rules: the duty that is watched itself.
        heartbeat: tells somebody outside that all is well.
        on_told: is called when a message may have been put into the outbox.
    """

    def __init__(self, house: House, rules: DueRules, heartbeat: Heartbeat, on_told: Callable[[], None]) -> None:
        self._house = house
        self._rules = rules
        self._heartbeat = heartbeat
        self._on_told = on_told
        self.overdue: tuple[str, ...] = ()

    def act(self, turn: Turn) -> None:
        """Look, tell, and let the heart beat if nothing is overdue."""
        if turn.led < _CATCHING_UP:
            return  # whoever has just begun to lead first does what was left undone
        with self._house.database.read() as connection:
            found = list(self._found(connection, turn))
        before, self.overdue = self.overdue, tuple(str(one.chore) for one in found)
        if self._house.engines:
            first = self._house.engines[0].vertical
            note_overdue(Watch(self._house.database, first, self._house.announce(turn.lease), turn.at, LIVE), found)
        if found or before:
            self._on_told()
        for one in found:
            log.warning("%s: %d, the oldest for %s", one.said, one.count, duration_text(max(0, turn.at - one.oldest)))
        if not found:
            self._heartbeat.beat()

    def _found(self, connection: Connection, turn: Turn) -> Iterator[Arrears]:
        yield from overdue_messages(connection, turn.at)
        yield from overdue_events(connection, turn.at)
        rules = [one for engine in self._house.engines for one in overdue_rules(connection, engine, turn.at)]
        yield from rules[:1]
        idle = min(self._rules.idle, turn.led)
        if idle > _STUCK:
            since = turn.at - round(idle * SECOND)
            yield Arrears(Chore.CLOCK, 1, since, "the clock does not come to the end of a tick")


class Collections:
    """The duty of looking whether the copilots' indexes are as fresh as promised: an alert to the steward if not.

    Args:
        settings: say where copilots are declared.
        house: what duties share.
        on_told: is called when a message may have been put into the outbox.
    """

    def __init__(self, settings: Settings, house: House, on_told: Callable[[], None]) -> None:
        self._settings = settings
        self._house = house
        self._on_told = on_told
        self._stale: frozenset[str] = frozenset()

    def act(self, turn: Turn) -> None:
        """Look, and tell; a file that cannot be read leaves what was told as it is."""
        house = self._house
        try:
            found = load_copilots(self._settings, {one.name: one for one in house.verticals})
        except PlumblineError as error:
            log.warning("nobody knows how fresh copilots should be: %s", error.message)
            return
        with house.database.read() as connection:
            known = watermarks(connection)
        budgets = {collection_name(one.name): parse_duration(one.stale_after) for one in found.values()}
        promised = {name: budget for name, budget in budgets.items() if name in known}
        old = stale(known, promised, turn.at)
        if house.engines:
            # A copilot that is declared no more, or was never brought up to date, promises nothing.
            watch = Watch(house.database, house.engines[0].vertical, house.announce(turn.lease), turn.at, LIVE)
            note_stale_collections(watch, old, {*budgets, *filter(is_collection, known)})
        before, self._stale = self._stale, frozenset(one.name for one in old)
        if before != self._stale:
            self._on_told()


def duties(settings: Settings, house: House, on_told: Callable[[], None]) -> tuple[tuple[Duty, ...], Watchdog]:
    """All duties in the order in which they begin, and the one that watches the others."""
    rules = DueRules(house, parse_duration(settings.sweep_interval), on_told)
    watchdog = Watchdog(house, rules, Heartbeat(settings.heartbeat_url), on_told)
    batches = BatchWork(settings, house.database, house.verticals, on_told)

    def look(turn: Turn) -> None:
        if turn.led >= _CATCHING_UP:  # what starts together with the clock first does what was left undone
            batches.look(turn.at)

    own = (
        Duty("rules", parse_duration(settings.tick_interval), rules.act),
        Duty("batch work", WATCH_EVERY, look),
        Duty("collections", WATCH_EVERY, Collections(settings, house, on_told).act),
        Duty("watchdog", WATCH_EVERY, watchdog.act),
    )
    return own, watchdog
