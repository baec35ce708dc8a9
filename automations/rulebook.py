"""The rules in the database: versions that never change, and where each rule stands between draft and archive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from automations.actions import close_rule
from automations.rule_files import rule_from, specification, write_rule
from automations.rules import Lifecycle, Rule
from substrate.audit import AuditEvent, record_event
from substrate.errors import ConflictError, NotFoundError
from substrate.schema import SYSTEM
from substrate.turns import take_turn

rule_table = Table(
    "rule",
    SYSTEM,
    Column("id", String(80), primary_key=True),
    Column("vertical", String(80), nullable=False),
    Column("lifecycle", String(12), nullable=False),
    Column("active_version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

rule_version = Table(
    "rule_version",
    SYSTEM,
    Column("rule_id", String(80), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("spec", Text, nullable=False),
    Column("digest", String(32), nullable=False),
    Column("author", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)

# From where a rule may be moved to each place.
_MOVES = {
    Lifecycle.SHADOW: (Lifecycle.DRAFT, Lifecycle.ACTIVE, Lifecycle.PAUSED),
    Lifecycle.ACTIVE: (Lifecycle.DRAFT, Lifecycle.SHADOW, Lifecycle.PAUSED),
    Lifecycle.PAUSED: (Lifecycle.SHADOW, Lifecycle.ACTIVE),
    Lifecycle.ARCHIVED: (Lifecycle.DRAFT, Lifecycle.SHADOW, Lifecycle.ACTIVE, Lifecycle.PAUSED),
}
EVALUATED = (Lifecycle.SHADOW, Lifecycle.ACTIVE)
"""Rules here are evaluated."""


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule with its place in the book.

    Attributes:
        rule: what its version in force says.
        vertical: whose it is.
        lifecycle: where it stands; it may have moved on from where its file wanted it to begin.
        version: the version in force.
        author: who wrote that version.
        at: when, in microseconds since 1970 UTC.
    """

    rule: Rule
    vertical: str
    lifecycle: Lifecycle
    version: int
    author: str
    at: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, as ids in order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


def digest_of(rule: Rule) -> str:
    """A digest of all that a rule says, save where it wants to begin."""
    said = {key: value for key, value in specification(rule).items() if key != "lifecycle"}
    return blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def hold_book(connection: Connection) -> None:
    """Let nobody else bring rules in until the transaction ends."""
    take_turn(connection, "rulebook")


def import_rules(connection: Connection, vertical: str, specs: Iterable[Rule], author: str, at: int) -> Imported:
    """Bring rules into the book: new ones begin, changed ones get a new version, equal ones are left alone.

    Raises:
        ConflictError: the id belongs to another vertical's rule, or to an archived one.
    """
    hold_book(connection)
    added, changed, unchanged = [], [], []
    for spec in specs:
        known = _find(connection, spec.id)
        if known is None:
            _begin(connection, vertical, spec, author, at)
            added.append(spec.id)
        elif _refresh(connection, known, vertical, spec, author, at):
            changed.append(spec.id)
        else:
            unchanged.append(spec.id)
    return Imported(tuple(added), tuple(changed), tuple(unchanged))


def rules(connection: Connection, vertical: str | None = None) -> list[StoredRule]:
    """All rules with the version in force, in the order of their ids."""
    statement = _in_force().order_by(rule_table.c.id)
    if vertical is not None:
        statement = statement.where(rule_table.c.vertical == vertical)
    return [_stored(row) for row in connection.execute(statement)]


def edition(connection: Connection, vertical: str) -> tuple[tuple[str, str, int], ...]:
    """What tells whether the book changed: the id, the place and the version in force of every rule."""
    return tuple((row[0], row[1], row[2]) for row in connection.execute(_EDITION, {"of_vertical": vertical}).all())


_EDITION = (
    select(rule_table.c.id, rule_table.c.lifecycle, rule_table.c.active_version)
    .where(rule_table.c.vertical == bindparam("of_vertical"))
    .order_by(rule_table.c.id)
)


def rule(connection: Connection, rule_id: str) -> StoredRule:
    """One rule with the version in force.

    Raises:
        NotFoundError: there is none.
    """
    found = _find(connection, rule_id)
    if found is None:
        raise NotFoundError(f"there is no rule {rule_id!r}", hint="`plumbline rules list` shows all.")
    return found


def version(connection: Connection, rule_id: str, number: int) -> Rule:
    """What one version of a rule says.

    Raises:
        NotFoundError: there is none.
    """
    where = (rule_version.c.rule_id == rule_id, rule_version.c.version == number)
    spec = connection.scalar(select(rule_version.c.spec).where(*where))
    if spec is None:
        raise NotFoundError(f"rule {rule_id!r} has no version {number}", hint="`plumbline rules show` lists them.")
    return _read(spec, rule_id, number)


@dataclass(frozen=True, slots=True)
class Version:
    """Who wrote which version of a rule, and when."""

    version: int
    author: str
    at: int


def versions(connection: Connection, rule_id: str) -> list[Version]:
    """All versions of a rule, oldest first."""
    table = rule_version.c
    chosen = select(table.version, table.author, table.at).where(table.rule_id == rule_id).order_by(table.version)
    return [Version(*row) for row in connection.execute(chosen)]


def export_rule(connection: Connection, rule_id: str) -> str:
    """The rule's version in force as a YAML file, to begin where the rule stands now.

    Raises:
        NotFoundError: there is none.
    """
    found = rule(connection, rule_id)
    start = found.lifecycle if found.lifecycle in (*EVALUATED, Lifecycle.DRAFT) else Lifecycle.DRAFT
    return write_rule(found.rule.model_copy(update={"lifecycle": start}))


def activate(connection: Connection, rule_id: str, by: str, at: int, *, shadow: bool = False) -> None:
    """Evaluate a rule from now on; in shadow nobody is told.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is archived, or already there.
    """
    _move(connection, rule_id, Lifecycle.SHADOW if shadow else Lifecycle.ACTIVE, by, at)


def pause(connection: Connection, rule_id: str, by: str, at: int) -> None:
    """Stop evaluating a rule; its open alerts stay as they are.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is not being evaluated.
    """
    _move(connection, rule_id, Lifecycle.PAUSED, by, at)


def archive(connection: Connection, rule_id: str, by: str, at: int) -> int:
    """Put a rule away for good, end its open alerts, and say how many those were.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is archived already.
    """
    _move(connection, rule_id, Lifecycle.ARCHIVED, by, at)
    return close_rule(connection, rule_id, by, at)


def _begin(connection: Connection, vertical: str, spec: Rule, author: str, at: int) -> None:
    place = {"id": spec.id, "vertical": vertical, "lifecycle": spec.lifecycle.value, "active_version": 1}
    connection.execute(insert(rule_table).values(**place, created_at=at, changed_at=at))
    _add_version(connection, spec, 1, author, at)
    detail = {"version": 1, "lifecycle": spec.lifecycle.value}
    record_event(connection, AuditEvent(at, author, "import", "rule", spec.id, detail))


def _refresh(connection: Connection, known: StoredRule, vertical: str, spec: Rule, author: str, at: int) -> bool:
    if known.vertical != vertical:
        hint = "Give one of the two another id."
        raise ConflictError(f"rule {spec.id!r} of {vertical} has the id of a rule of {known.vertical}", hint=hint)
    if digest_of(known.rule) == digest_of(spec):
        return False
    if known.lifecycle is Lifecycle.ARCHIVED:
        raise ConflictError(f"rule {spec.id!r} is archived and cannot change", hint="Give the new rule another id.")
    number = known.version + 1
    _add_version(connection, spec, number, author, at)
    moved = connection.execute(
        update(rule_table)
        .where(rule_table.c.id == spec.id, rule_table.c.active_version == known.version)
        .values(active_version=number, changed_at=at)
    )
    if moved.rowcount != 1:
        raise ConflictError(f"rule {spec.id!r} was changed by somebody else just now", hint="Import again.")
    detail = {"version": number, "before": known.version}
    record_event(connection, AuditEvent(at, author, "change", "rule", spec.id, detail))
    return True


def _add_version(connection: Connection, spec: Rule, number: int, author: str, at: int) -> None:
    text = orjson.dumps(specification(spec)).decode()
    row = {"rule_id": spec.id, "version": number, "spec": text, "digest": digest_of(spec)}
    connection.execute(insert(rule_version).values(**row, author=author, at=at))


def _move(connection: Connection, rule_id: str, to: Lifecycle, by: str, at: int) -> None:
    before = rule(connection, rule_id).lifecycle
    moved = connection.execute(
        update(rule_table)
        .where(rule_table.c.id == rule_id, rule_table.c.lifecycle.in_([place.value for place in _MOVES[to]]))
        .values(lifecycle=to.value, changed_at=at)
    )
    if moved.rowcount != 1:
        hint = f"Only a rule that is {' or '.join(_MOVES[to])} can become {to}."
        raise ConflictError(f"rule {rule_id!r} is {before}", hint=hint)
    detail = {"from": before.value, "to": to.value}
    record_event(connection, AuditEvent(at, by, to.value, "rule", rule_id, detail))


def _find(connection: Connection, rule_id: str) -> StoredRule | None:
    row = connection.execute(_in_force().where(rule_table.c.id == rule_id)).one_or_none()
    return None if row is None else _stored(row)


def _in_force() -> Any:
    of_version = (rule_version.c.rule_id == rule_table.c.id) & (rule_version.c.version == rule_table.c.active_version)
    columns = (rule_table.c.id, rule_table.c.vertical, rule_table.c.lifecycle, rule_table.c.active_version)
    told = (rule_version.c.spec, rule_version.c.author, rule_version.c.at)
    return select(*columns, *told).join(rule_version, of_version)


def _stored(row: Row[Any]) -> StoredRule:
    spec = _read(row.spec, row.id, row.active_version)
    return StoredRule(spec, row.vertical, Lifecycle(row.lifecycle), row.active_version, row.author, row.at)


def _read(spec: str, rule_id: str, number: int) -> Rule:
    return rule_from(orjson.loads(spec), f"rule {rule_id} version {number}")
