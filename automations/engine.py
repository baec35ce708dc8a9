"""All rules of a vertical, one after the other: gated by freshness, each in its own transaction, none stops another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from automations.alerts import LIVE
from automations.announcing import Announce, silence
from automations.conditions import Compiled, compile_rule
from automations.evaluation import Outcome, Task, decide, look_at
from automations.findings import Look
from automations.lifecycle import State
from automations.progress import progress_of, went_well, went_wrong
from automations.reminders import lapsed
from automations.rulebook import EVALUATED, StoredRule, rules
from automations.rules import Lifecycle, Severity
from automations.watch import Watch, note_failing, note_stale
from substrate.audit import AuditEvent, record_event
from substrate.catalog import Vertical
from substrate.clock import parse_duration
from substrate.database import Database
from substrate.errors import PlumblineError
from substrate.facts import Facts
from substrate.freshness import Stale, is_collection, records_name, stale, view_name, watermarks
from substrate.outages import outage
from substrate.tracing import spanned


@dataclass(frozen=True)
class Engine:
    """What evaluations of one vertical's rules work with.

    Attributes:
        database: where everything is.
        vertical: whose rules.
        facts: what they may speak of.
        budgets: the promised age of each watermark, in microseconds; what has none is never stale.
        announce: takes what is to be told.
    """

    database: Database
    vertical: str
    facts: Facts
    budgets: Mapping[str, int] = field(default_factory=dict)
    announce: Announce = silence
    _compiled: dict[tuple[str, int], Compiled] = field(default_factory=dict, repr=False)

    def compiled(self, stored: StoredRule) -> Compiled:
        """The rule's version, checked; each version is checked once.

        Raises:
            RuleFault: it no longer fits the facts.
        """
        key = (stored.rule.id, stored.version)
        if key not in self._compiled:
            self._compiled[key] = compile_rule(
                stored.rule, self.facts, vertical=stored.vertical, version=stored.version
            )
        return self._compiled[key]

    def needs(self, rule: Compiled) -> dict[str, int]:
        """The promised age of everything that a rule rests on, in microseconds."""
        if rule.rule.staleness is not None:
            return dict.fromkeys(rule.needs, rule.rule.staleness)
        return {name: self.budgets[name] for name in rule.needs if name in self.budgets}


@dataclass(frozen=True, slots=True)
class RuleRun:
    """What became of one rule in one run.

    Attributes:
        stale: why it was held still; empty: it was not.
        error: why it failed, fit for logs; empty: it did not.
        lapsed: reminders that came due too long ago to be told.
        seconds: how long it took.
    """

    rule_id: str
    outcome: Outcome
    stale: tuple[Stale, ...] = ()
    error: str = ""
    lapsed: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class RuleReport:
    """What one run did, for the command line and the flow's log."""

    runs: tuple[RuleRun, ...] = ()

    @property
    def evaluated(self) -> int:
        """How many rules looked at fresh data and did not fail."""
        return sum(not run.stale and not run.error for run in self.runs)

    @property
    def opened(self) -> dict[Severity, int]:
        """How many alerts began to fire, by severity, worst first; severities without any are left out."""
        fired = [change for run in self.runs for change in run.outcome.arrived(State.FIRING)]
        counts = {severity: sum(change.decision.next.severity is severity for change in fired) for severity in Severity}
        return {severity: count for severity, count in counts.items() if count}

    @property
    def resolved(self) -> int:
        """How many alerts ended."""
        return self._arrived(State.RESOLVED)

    @property
    def pending(self) -> int:
        """How many alerts began to wait."""
        return self._arrived(State.PENDING)

    @property
    def unknown(self) -> int:
        """How many open alerts have a condition that is not known."""
        return sum(run.outcome.unknown for run in self.runs)

    @property
    def enqueued(self) -> int:
        """How many messages went to the outbox."""
        return sum(run.outcome.enqueued for run in self.runs)

    @property
    def lapsed(self) -> int:
        """How many reminders came due too long ago to be told."""
        return sum(run.lapsed for run in self.runs)

    @property
    def stale(self) -> dict[str, tuple[Stale, ...]]:
        """The rules that were held still, and the data that was too old."""
        return {run.rule_id: run.stale for run in self.runs if run.stale}

    @property
    def errors(self) -> dict[str, str]:
        """The rules that failed, and why."""
        return {run.rule_id: run.error for run in self.runs if run.error}

    @property
    def seconds(self) -> dict[str, float]:
        """How long each rule took."""
        return {run.rule_id: run.seconds for run in self.runs}

    def _arrived(self, state: State) -> int:
        return sum(len(run.outcome.arrived(state)) for run in self.runs)


def budgets_of(vertical: Vertical) -> dict[str, int]:
    """What a vertical promises of its data's age, by watermark, in microseconds."""
    records = {records_name(vertical.record(kind)): parse_duration(text) for kind, text in vertical.stale_after.items()}
    views = {view_name(view.entity): parse_duration(view.stale_after) for view in vertical.views}
    return records | views


@spanned("rules")
def evaluate(
    engine: Engine,
    at: int,
    *,
    timeline: str = LIVE,
    known: int | None = None,
    only: Collection[str] = (),
    fresh: Mapping[str, int] | None = None,
    in_between: bool = False,
) -> RuleReport:
    """Evaluate the vertical's rules that are active or in shadow.

    Args:
        engine: the vertical, its facts and its database.
        at: the instant that the answers are true for.
        timeline: "live", or a replay of its own; alerts of different timelines never touch one another.
        known: the instant up to which we had learned; None: all that is known today.
        only: ids of the rules to evaluate; empty: all.
        fresh: watermarks that the caller knows better than the table, such as those of a replay's own features.
        in_between: this look is made because something came due; it says nothing of how often the rules are looked at.
    """
    look = Look(engine.facts, at, known, timeline)
    with engine.database.read() as connection:
        marks = {**watermarks(connection), **(fresh or {})}
        book = rules(connection, engine.vertical)
    evaluated = [stored for stored in book if stored.lifecycle in EVALUATED]
    chosen = [stored for stored in evaluated if not only or stored.rule.id in only]
    runs = tuple(
        guarded(engine.database, stored.rule.id, timeline, partial(_run, engine, stored, look, marks, in_between))
        for stored in chosen
    )
    watch = Watch(engine.database, engine.vertical, engine.announce, at, timeline)
    # Whether data is too old is asked for all rules, though a few are looked at: each has a promise of its own.
    needs = {stored.rule.id: _needs(engine, stored) for stored in evaluated}
    held = {rule_id: old for rule_id, needed in needs.items() if (old := stale(marks, needed, at))}
    checked = {name for needed in needs.values() for name in needed}
    # A full run also answers for what no rule rests on any more, and for rules that are no longer evaluated.
    others = set() if only else {name for name in marks if not is_collection(name)}
    note_stale(watch, held, checked | others)
    owners = {stored.rule.id: stored.rule.owner for stored in (chosen if only else book)}
    note_failing(watch, owners, {stored.rule.id for stored in chosen})
    return RuleReport(runs)


def _needs(engine: Engine, stored: StoredRule) -> Mapping[str, int]:
    try:
        return engine.needs(engine.compiled(stored))
    except PlumblineError:
        return {}


def guarded(database: Database, rule_id: str, timeline: str, work: Callable[[], RuleRun]) -> RuleRun:
    """Do the work of one rule; if it fails, note that and let the other rules go on."""
    started = perf_counter()
    try:
        run = work()
    except (PlumblineError, SQLAlchemyError) as error:
        said = _safe(error)
        with database.write() as connection:
            went_wrong(connection, rule_id, timeline, said)
        run = RuleRun(rule_id, Outcome(), error=said)
    return replace(run, seconds=perf_counter() - started)


def guarded_within(connection: Connection, rule_id: str, work: Callable[[], RuleRun]) -> RuleRun:
    """Do the work of one rule in the caller's transaction; if it fails, what it wrote is undone and the failure noted.

    Raises:
        DBAPIError: the database itself is in trouble, so that nothing can be said of the rule.
    """
    started = perf_counter()
    try:
        with connection.begin_nested():
            run = work()
    except (PlumblineError, SQLAlchemyError) as error:
        if isinstance(error, DBAPIError) and outage(error, "") is not None:
            raise
        said = _safe(error)
        went_wrong(connection, rule_id, LIVE, said)
        run = RuleRun(rule_id, Outcome(), error=said)
    return replace(run, seconds=perf_counter() - started)


def _run(engine: Engine, stored: StoredRule, look: Look, marks: Mapping[str, int], in_between: bool) -> RuleRun:
    rule = engine.compiled(stored)
    old = tuple(stale(marks, engine.needs(rule), look.at))
    if old:
        return RuleRun(rule.rule.id, Outcome(), stale=old)
    task = Task(rule, look, stored.lifecycle is Lifecycle.ACTIVE, engine.announce, marks)
    outcome, missed = evaluate_rule(engine.database, task, in_between=in_between)
    return RuleRun(rule.rule.id, outcome, lapsed=missed)


def evaluate_rule(database: Database, task: Task, *, in_between: bool = False) -> tuple[Outcome, int]:
    """Evaluate one rule in one transaction; also says how many reminders came due too long ago to be told."""
    rule_id, timeline = task.rule.rule.id, task.look.timeline
    with database.read() as connection:
        seen = look_at(connection, task)
        before = progress_of(connection, rule_id, timeline)
        missed = lapsed(connection, task.rule, task.look, before.reminded_until)
    with database.write() as connection:
        outcome = decide(connection, task, seen, lambda held: look_at(held, task))
        went_well(connection, rule_id, timeline, task.look.at, in_between=in_between)
        if missed:
            _note_lapsed(connection, task, missed)
    return outcome, missed


def _note_lapsed(connection: Connection, task: Task, missed: int) -> None:
    detail = {"count": missed, "timeline": task.look.timeline}
    event = AuditEvent(task.look.at, "plumbline", "reminders_lapsed", "rule", task.rule.rule.id, detail)
    record_event(connection, event)


def _safe(error: PlumblineError | SQLAlchemyError) -> str:
    # A database error repeats the statement's values, which may be protected; its class says enough.
    return error.message if isinstance(error, PlumblineError) else f"database error {type(error).__name__}"
