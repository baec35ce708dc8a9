"""What comes due by the mere passing of time: which rules, and which entities, have to be looked at now.

What lies ahead of a rule is worked out only where something was written; a tick on which nothing is due reads a handful
of small rows. A look at everything at regular intervals keeps the rules' rhythm, and finds what was not foreseen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, func, select

from automations.ahead import Ahead
from automations.alerts import LIVE, alert_event, rule_progress
from automations.deadlines import next_deadline, run_out
from automations.engine import Engine, RuleReport, RuleRun
from automations.foresight import HORIZON, Turning, turnings, upcoming
from automations.reflexes import Reflexes, prepare
from automations.rulebook import EVALUATED, StoredRule, rule_table, rules
from substrate.batches import current_batch
from substrate.clock import MICROS, SECOND
from substrate.errors import PlumblineError
from substrate.freshness import view_name, watermarks
from substrate.records import table_of

_REST = 10
_LIST_REST = 100
"""What lies ahead is worked out for all entities so seldom that it takes a hundredth of the time, a rule."""

_LISTING = 0.2
"""After so many seconds of that the rest is left to the next tick."""

_SLACK = 10 * SECOND
_LISTED = 1_000
_WRITTEN = 1_000
"""Where more records than these were written, they are not looked through one by one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due.

    Attributes:
        whole: all rules, in their regular turn.
        rules: rules all of whose entities have to be looked at in between.
        entities: entities that have to be looked at in between, by kind.
    """

    whole: bool
    rules: frozenset[str] = frozenset()
    entities: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is due."""
        return not (self.whole or self.rules or self.entities)


class Agenda:
    """What lies ahead of one vertical's rules; it belongs to one thread.

    Args:
        engine: the vertical, its facts and its database.
        every: how often all rules are looked at, in microseconds.
    """

    def __init__(self, engine: Engine, every: int) -> None:
        self._engine = engine
        self._every = every
        self.reflexes: Mapping[str, Reflexes] = {}
        self.forget()

    def forget(self) -> None:
        """Begin anew, with a look at all rules: somebody else led meanwhile, or the clock was set back."""
        self._rules: dict[str, Ahead] = {}
        self._at: int | None = None
        self._sweep_at = 0
        self._book: list[Any] = []
        self._trail: Any = None
        self._written: Any = None
        self._batch: int | None = None
        self._marks: Mapping[str, int] = {}

    def plan(self, connection: Connection, at: int) -> Plan:
        """What is due at an instant; what it names is not named again.

        Args:
            connection: sees the database as it is.
            at: now; earlier than before only where the clock was set back.
        """
        if self._at is not None and at < self._at - SECOND:
            self.forget()
        self._at = at
        self._read_book(connection)
        if at >= self._sweep_at:
            return Plan(whole=self._has_begun(connection))
        self._read_trail(connection)
        self._read_written(connection, at)
        whole = frozenset(name for name, one in self._rules.items() if one.wants_all(at, self._marks))
        found: dict[str, frozenset[int]] = {}
        for name, one in self._rules.items():
            ids = frozenset() if name in whole or one.waits else self._due(connection, one, at)
            if ids:
                kind = one.stored.rule.entity
                found[kind] = found.get(kind, frozenset()) | ids
        return Plan(whole=False, rules=whole, entities=found)

    def note(self, plan: Plan, report: RuleReport, at: int) -> None:
        """Note what a look at all entities has settled, of all rules or of some.

        Args:
            plan: by which it was made.
            report: what it found.
            at: its instant.
        """
        for run in report.runs:
            one = self._rules.get(run.rule_id)
            if one is not None:
                one.failed, one.held = bool(run.error), bool(run.stale)
                one.looked(at, run.seconds)
        if plan.whole:
            cost = sum(run.seconds for run in report.runs)
            self._sweep_at = at + max(self._every, round(_REST * cost * MICROS))
            self._written = None  # from here, everything is foreseen anew

    def note_some(self, runs: Iterable[RuleRun]) -> None:
        """Note that a look at some entities failed, or found the data too old: all of them are looked at later."""
        for run in runs:
            one = self._rules.get(run.rule_id)
            if one is not None and (run.error or run.stale):
                one.failed, one.held = bool(run.error), bool(run.stale)

    def _has_begun(self, connection: Connection) -> bool:
        """Whether there is anything to look at: before the first cycle is through, data is not old but missing."""
        promised, marks = self._engine.budgets.keys(), watermarks(connection).keys()
        views = {view_name(view.entity) for view in self._engine.facts.paths.views.values()}
        if not promised or (promised & marks and views <= marks):
            return True
        progress = rule_progress.c
        looked = select(progress.rule_id).where(progress.timeline == LIVE, progress.evaluated_at.is_not(None))
        return connection.execute(looked.limit(1)).first() is not None

    def _due(self, connection: Connection, one: Ahead, at: int) -> frozenset[int]:
        ids = one.turned(at)
        if one.deadline is not None and one.deadline <= at:
            ids |= run_out(connection, one.stored.rule, LIVE, one.deadline - 1, at)
            one.deadline = None
        one.settled_at = max(one.settled_at, at)
        return frozenset(ids)

    def _read_book(self, connection: Connection) -> None:
        table = rule_table.c
        columns = (table.id, table.lifecycle, table.active_version)
        book = list(connection.execute(select(*columns).where(table.vertical == self._engine.vertical)))
        if book == self._book:
            return
        self._book, before = book, self._rules
        chosen = [stored for stored in rules(connection, self._engine.vertical) if stored.lifecycle in EVALUATED]
        self.reflexes = prepare(self._engine, chosen)
        self._rules = {}
        for stored in chosen:
            known = before.get(stored.rule.id)
            self._rules[stored.rule.id] = known if known and known.stored == stored else self._ahead(stored)
        self._trail = self._written = None

    def _ahead(self, stored: StoredRule) -> Ahead:
        try:
            compiled = self._engine.compiled(stored)
            return Ahead(stored, turnings(compiled, self._engine.facts), self._engine.needs(compiled))
        except PlumblineError:  # the look itself says what is wrong with it, and tells its owner
            return Ahead(stored, None, {})

    def _read_trail(self, connection: Connection) -> None:
        """The deadlines of open alerts, where anything happened to any."""
        progress = rule_progress.c
        revisions = select(progress.rule_id, progress.revision).where(progress.timeline == LIVE)
        trail = connection.scalar(select(func.max(alert_event.c.id))), list(connection.execute(revisions))
        if trail == self._trail:
            return
        self._trail = trail
        for one in self._rules.values():
            # Whoever else decides may commit a moment after the tick that would have seen it.
            one.deadline = next_deadline(connection, one.stored.rule, LIVE, one.settled_at - _SLACK)

    def _read_written(self, connection: Connection, at: int) -> None:
        """The turns ahead: at once of the records that were written, and in time of what refers to them."""
        self._marks = watermarks(connection)
        batch = current_batch(connection)
        if (batch, self._marks) != self._written:
            if self._batch is not None and batch > self._batch:
                self._look_at_written(connection, self._batch)
            self._written, self._batch = (batch, self._marks), batch
            for one in self._rules.values():
                one.is_listed = False
        began = perf_counter()
        for one in self._rules.values():
            if not one.is_listed and at >= one.list_at and perf_counter() - began < _LISTING:
                self._look_ahead(connection, one, at)

    def _look_at_written(self, connection: Connection, batch: int) -> None:
        for one in self._rules.values():
            kind = one.stored.rule.entity
            ids = self._since(connection, kind, batch) if one.found and one.looked_at is not None else []
            if ids and one.found and len(ids) <= _WRITTEN:
                one.add(self._upcoming(connection, one, one.found, ids))

    def _since(self, connection: Connection, kind: str, batch: int) -> list[int]:
        table = table_of(self._engine.facts.paths.record(kind))
        return list(connection.scalars(select(table.c.id).where(table.c.batch > batch).limit(_WRITTEN + 1)))

    def _look_ahead(self, connection: Connection, one: Ahead, at: int) -> None:
        if not one.found or one.looked_at is None:
            return
        began = perf_counter()
        found = self._upcoming(connection, one, one.found, None)
        one.turns = deque(found)
        one.known_until = found[-1][0] if len(found) == _LISTED else one.settled_at + HORIZON
        one.is_listed = True
        one.list_at = at + round(_LIST_REST * (perf_counter() - began) * MICROS)

    def _upcoming(
        self, connection: Connection, one: Ahead, found: Iterable[Turning], ids: Iterable[int] | None
    ) -> list[tuple[int, int]]:
        facts, since = self._engine.facts, one.settled_at
        turns = upcoming(connection, facts, one.stored.rule.entity, found, since, _LISTED, ids=ids)
        return [(max(instant, since + 1), entity_id) for instant, entity_id in turns]
