"""References by another name: `Practitioner?identifier=system|value`, resolved whichever side arrives first.

A reference to a name that nobody bears yet is stored under the name's own id. The record that arrives with that name
takes the reference over. A record's content hash covers the name's id in either case, so resolving is no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, select, update

from substrate.batches import Stamp
from substrate.bulk import append, upsert
from substrate.catalog import Vertical
from substrate.idset import among
from substrate.mapping import Draft, stand_in_id
from substrate.records import record_id, references, table_of
from substrate.schema import SYSTEM

record_alias = Table(
    "record_alias",
    SYSTEM,
    Column("stand_in", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, nullable=False),
)
alias_wanted = Table(
    "alias_wanted",
    SYSTEM,
    Column("stand_in", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(60), nullable=False),
)


def resolve(connection: Connection, handed: Mapping[int, str], drafts: Sequence[Draft]) -> None:
    """Put the real ids where drafts refer by a name that is known, and note the names that are still wanted.

    Args:
        connection: a write transaction.
        handed: the stand-ins that a reader handed out for these drafts, with the kind that each stands for.
        drafts: what was read.
    """
    if not handed:
        return
    chosen = select(record_alias.c.stand_in, record_alias.c.record_id).where(among(record_alias.c.stand_in, handed))
    known = dict(connection.execute(chosen).tuples().all())
    wanted = [(stand_in, kind) for stand_in, kind in handed.items() if stand_in not in known]
    append(connection, alias_wanted, ("stand_in", "kind"), wanted, new_only=True)
    if known:
        for draft in drafts:
            _replace(draft, known)


def adopt(connection: Connection, vertical: Vertical, source: str, drafts: Iterable[Draft], stamp: Stamp) -> None:
    """Let newly written records take over the references that wait for one of their names."""
    borne = {
        stand_in_id(source, draft.record.kind, alias): record_id(source, draft.record.kind, draft.key)
        for draft in drafts
        for alias in draft.aliases
    }
    if not borne:
        return
    upsert(connection, record_alias, ("stand_in", "record_id"), list(borne.items()), ("stand_in",))
    waiting = connection.execute(select(alias_wanted).where(among(alias_wanted.c.stand_in, borne))).all()
    for stand_in, kind in waiting:
        _take_over(connection, vertical, kind, (stand_in, borne[stand_in]), stamp)
    done = [stand_in for stand_in, _ in waiting]
    connection.execute(delete(alias_wanted).where(among(alias_wanted.c.stand_in, done)))


def _replace(draft: Draft, known: dict[int, int]) -> None:
    for member in draft.family():
        for name in references(member.record):
            value = member.values.get(name)
            if value in known:
                member.values[name] = known[value]


def _take_over(connection: Connection, vertical: Vertical, kind: str, ids: tuple[int, int], stamp: Stamp) -> None:
    stand_in, number = ids
    for record in vertical.records:
        table = table_of(record)
        for name, referred in references(record).items():
            if referred == kind:
                column = table.c[name]
                moved = update(table).where(column == stand_in).values({name: number, "batch": stamp.batch})
                connection.execute(moved)
