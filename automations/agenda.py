"""What comes due by the mere passing of time: which rules of a vertical have to be looked at now, told for little.

Every rule has a page: the next instants at which its entities turn, and the next deadline of its open alerts. Both are
made anew only where something was written; a tick on which nothing is due reads a handful of small rows. A look at all
rules at regular intervals keeps their rhythm, and finds what no page foresaw.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, func, select

from automations.alerts import LIVE, alert_event, rule_progress
from automations.deadlines import next_deadline
from automations.engine import Engine, RuleReport
from automations.foresight import HORIZON, Turning, turnings, upcoming
from automations.rulebook import EVALUATED, StoredRule, rule_table, rules
from substrate.batches import current_batch
from substrate.clock import MICROS, MINUTE, SECOND
from substrate.errors import PlumblineError
from substrate.freshness import stale, watermarks

_REST = 10
"""A rule rests so many times as long as its last look took: the clock never spends more than a tenth on it."""

_LIST_REST = 20
_LISTED = 1_000
_RHYTHM = MINUTE
"""How often a rule is looked at whose use of the clock cannot be foreseen, and one that failed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due.

    Attributes:
        whole: all rules, in their regular turn.
        rules: the rules that came due in between.
    """

    whole: bool
    rules: frozenset[str] = frozenset()


@dataclass
class _Page:
    stored: StoredRule
    found: tuple[Turning, ...] | None
    needs: Mapping[str, int]
    looked_at: int | None = None
    not_before: int = 0
    failed: bool = False
    held: bool = False
    deadline: int | None = None
    ahead: deque[int] = field(default_factory=deque)
    known_until: int = 0

    @property
    def rhythm(self) -> int | None:
        """How often it wants to be looked at, whatever is due."""
        gap = self.stored.rule.max_gap
        wanted = [] if gap is None else [max(SECOND, gap // 2)]
        return min([*wanted, *([_RHYTHM] if self.found is None else [])], default=None)

    def is_due(self, at: int, marks: Mapping[str, int]) -> bool:
        """Whether the rule has to be looked at now."""
        if at < self.not_before:
            return False
        if self.looked_at is None or self.failed:
            return True
        too_old = bool(stale(marks, self.needs, at))
        if self.held or too_old:
            return self.held is not too_old
        return any(instant <= at for instant in self._instants(self.looked_at))

    def looked(self, at: int, seconds: float, *, held: bool, failed: bool) -> None:
        """Turn over what this look has settled."""
        self.looked_at, self.held, self.failed = at, held, failed
        self.not_before = at + (MINUTE if failed else round(_REST * seconds * MICROS))
        while self.ahead and self.ahead[0] < at:
            self.ahead.popleft()
        if self.ahead and self.ahead[0] == at:
            self.ahead[0] = at + 1  # `>` turns just after the instant at which `>=` does

    def _instants(self, looked_at: int) -> Iterator[int]:
        if self.deadline is not None:
            yield self.deadline
        if self.ahead:
            yield self.ahead[0]
        if self.rhythm is not None:
            yield looked_at + self.rhythm


class Agenda:
    """The pages of one vertical's rules; it belongs to one thread.

    Args:
        engine: the vertical, its facts and its database.
        every: how often all rules are looked at, in microseconds.
    """

    def __init__(self, engine: Engine, every: int) -> None:
        self._engine = engine
        self._every = every
        self.forget()

    def forget(self) -> None:
        """Begin anew, with a look at all rules: somebody else led meanwhile, or the clock was set back."""
        self._pages: dict[str, _Page] = {}
        self._at: int | None = None
        self._sweep_at = self._list_at = 0
        self._book: list[Any] = []
        self._trail: Any = None
        self._written: Any = None
        self._marks: Mapping[str, int] = {}

    def plan(self, connection: Connection, at: int) -> Plan:
        """What is due at an instant.

        Args:
            connection: sees the database as it is.
            at: now; earlier than before only where the clock was set back.
        """
        if self._at is not None and at < self._at - SECOND:
            self.forget()
        self._at = at
        self._read_book(connection)
        if at >= self._sweep_at:
            return Plan(whole=True)
        self._read_trail(connection)
        self._read_written(connection, at)
        due = (rule_id for rule_id, page in self._pages.items() if page.is_due(at, self._marks))
        return Plan(whole=False, rules=frozenset(due))

    def note(self, plan: Plan, report: RuleReport, at: int) -> None:
        """Turn over what a look has settled.

        Args:
            plan: by which it was made.
            report: what it found.
            at: its instant.
        """
        for run in report.runs:
            page = self._pages.get(run.rule_id)
            if page is not None:
                page.looked(at, run.seconds, held=bool(run.stale), failed=bool(run.error))
        if plan.whole:
            cost = sum(run.seconds for run in report.runs)
            self._sweep_at = at + max(self._every, round(_REST * cost * MICROS))
            self._written = None  # what no page foresaw is foreseen from here

    def _read_book(self, connection: Connection) -> None:
        table = rule_table.c
        columns = (table.id, table.lifecycle, table.active_version)
        book = list(connection.execute(select(*columns).where(table.vertical == self._engine.vertical)))
        if book == self._book:
            return
        self._book, before = book, self._pages
        chosen = [stored for stored in rules(connection, self._engine.vertical) if stored.lifecycle in EVALUATED]
        self._pages = {stored.rule.id: before.get(stored.rule.id) or self._page(stored) for stored in chosen}
        for stored in chosen:
            if self._pages[stored.rule.id].stored != stored:
                self._pages[stored.rule.id] = self._page(stored)
        self._trail = self._written = None

    def _page(self, stored: StoredRule) -> _Page:
        try:
            compiled = self._engine.compiled(stored)
            return _Page(stored, turnings(compiled, self._engine.facts), self._engine.needs(compiled))
        except PlumblineError:  # the look itself says what is wrong with it, and tells its owner
            return _Page(stored, None, {})

    def _read_trail(self, connection: Connection) -> None:
        """The deadlines of open alerts, where anything happened to any."""
        progress = rule_progress.c
        revisions = select(progress.rule_id, progress.revision).where(progress.timeline == LIVE)
        trail = connection.scalar(select(func.max(alert_event.c.id))), list(connection.execute(revisions))
        if trail == self._trail:
            return
        self._trail = trail
        for page in self._pages.values():
            if page.looked_at is not None:
                page.deadline = next_deadline(connection, page.stored.rule, LIVE, page.looked_at)

    def _read_written(self, connection: Connection, at: int) -> None:
        """The instants ahead, where records or features were written; seldom enough not to be felt."""
        self._marks = watermarks(connection)
        written = current_batch(connection), self._marks
        short = any(page.found and page.known_until < at for page in self._pages.values())
        if at < self._list_at or (written == self._written and not short):
            return
        began = perf_counter()
        self._written = written
        for page in self._pages.values():
            self._look_ahead(connection, page)
        self._list_at = at + round(_LIST_REST * (perf_counter() - began) * MICROS)

    def _look_ahead(self, connection: Connection, page: _Page) -> None:
        if not page.found or page.looked_at is None:
            return
        kind, since = page.stored.rule.entity, page.looked_at
        found = upcoming(connection, self._engine.facts, kind, page.found, since, _LISTED)
        page.ahead = deque(max(instant, since + 1) for instant in found)
        page.known_until = found[-1] if len(found) == _LISTED else since + HORIZON
