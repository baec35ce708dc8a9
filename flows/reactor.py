"""What records of one vertical set off at once: features of the entities concerned, then their rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from automations.announcer import Announcer
from automations.engine import Engine, RuleReport, RuleRun, budgets_of
from automations.live import evaluate_within
from automations.reach import Way, reached, ways
from automations.reflexes import Reflexes, prepare
from automations.rulebook import edition, rules
from flows.workbench import Workbench
from substrate.changed import changed_owners, changed_records
from substrate.correlation import correlated_each
from substrate.facts import Facts
from substrate.features.live import refresh_entities


@dataclass
class _Concerned:
    """The entities that a batch concerns, by kind, and the word of the event that led to each."""

    words: dict[int, str]
    ids: dict[str, set[int]] = field(default_factory=dict)

    def add(self, kind: str, entity: int, cause: int) -> None:
        self.ids.setdefault(kind, set()).add(entity)
        if cause in self.words:
            self.words.setdefault(entity, self.words[cause])


class Reactor:
    """Makes features and alerts follow a batch of records, in the transaction that wrote it.

    Args:
        bench: the vertical, its channels and who is told.
    """

    def __init__(self, bench: Workbench) -> None:
        vertical = bench.vertical
        facts = Facts(vertical.records, vertical.views)
        announcer = Announcer(bench.directory, bench.channels)
        self._vertical = vertical
        self._engine = Engine(bench.database, vertical.name, facts, budgets_of(vertical), announcer)
        self._edition: object = None
        self._reflexes: dict[str, Reflexes] = {}
        self._ways: list[Way] = []

    def react(self, connection: Connection, batch: int, words: Mapping[int, str], at: int) -> RuleReport:
        """Refresh and judge all that a batch concerns.

        Args:
            connection: the transaction that wrote the batch.
            batch: its number.
            words: the correlation of the event behind each record, by the record's id.
            at: now.
        """
        self._read_book(connection)
        concerned = _Concerned(dict(words))
        changed = changed_records(connection, self._vertical.records, batch)
        moved = self._refresh(connection, batch, changed, concerned, at)
        for kind, entity, cause in reached(connection, self._ways, changed, moved):
            concerned.add(kind, entity, cause)
        with correlated_each(concerned.words):
            return RuleReport(tuple(self._judge(connection, concerned, at)))

    def _read_book(self, connection: Connection) -> None:
        """Prepare the rules, if they are not those that are prepared."""
        now = edition(connection, self._vertical.name)
        if now != self._edition:
            self._reflexes = prepare(self._engine, rules(connection, self._vertical.name))
            self._ways = ways(self._engine.facts, self._reflexes)
            self._edition = now

    def _refresh(
        self, connection: Connection, batch: int, changed: Mapping[str, set[int]], concerned: _Concerned, at: int
    ) -> dict[str, dict[int, frozenset[str]]]:
        """Refresh the features of all that rests on what changed; the names of those that changed, by kind and id."""
        concerned.ids = {kind: set(ids) for kind, ids in changed.items()}
        for view in self._vertical.views:
            for owner, cause in changed_owners(connection, view, batch, changed):
                concerned.add(view.entity.kind, owner, cause)
        return {
            view.entity.kind: refresh_entities(connection, view, sorted(owners), at)
            for view in self._vertical.views
            if (owners := concerned.ids.get(view.entity.kind))
        }

    def _judge(self, connection: Connection, concerned: _Concerned, at: int) -> Iterable[RuleRun]:
        for kind, reflexes in self._reflexes.items():
            ids = concerned.ids.get(kind)
            if ids:
                yield from evaluate_within(connection, self._engine, reflexes, ids, at).runs
