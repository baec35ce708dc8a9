"""What was refused: each row kept whole, with its coded reason, until it is replayed after a fix or discarded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    case,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from substrate.columns import Sensitivity
from substrate.database import BigKey
from substrate.errors import NotFoundError
from substrate.quality import Reason
from substrate.records import content_hash
from substrate.schema import SYSTEM
from substrate.sources.source import Row


class QuarantineState(StrEnum):
    """What became of a refused row."""

    HELD = "held"
    RELEASED = "released"  # replayed after a fix, and accepted
    SUPERSEDED = "superseded"  # the source sent a sound version since
    DISCARDED = "discarded"  # a person decided that it is not wanted


quarantine = Table(
    "quarantine",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("vertical", String(60), nullable=False),
    Column("source", String(120), nullable=False),
    Column("resource", String(120), nullable=False),
    Column("source_key", String(300)),
    Column("place", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("payload", LargeBinary),
    Column("digest", BigInteger, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    UniqueConstraint("source", "digest"),
    Index("ix_quarantine_place", "source", "place", "state"),
    Index("ix_quarantine_source_key", "source", "resource", "source_key"),
)

# Characters. An index of PostgreSQL holds 2,704 bytes an entry, and a character may take four.
_KEY, _PLACE, _DETAIL = 300, 400, 2_000

RAW_SENSITIVITY = Sensitivity.PHI
"""A raw row may hold anything, so only a reader cleared for everything sees it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row on its way into quarantine."""

    row: Row
    reason: Reason
    detail: str
    source_key: str | None = None


def keep(connection: Connection, vertical: str, source: str, refusals: Sequence[Refusal], now: int) -> None:
    """Keep refused rows; a row that was refused before is counted again, not kept twice."""
    if not refusals:
        return
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(quarantine)
    discarded = quarantine.c.state == QuarantineState.DISCARDED
    # A person's word about these very bytes stands; whatever else became of them, they are held again.
    state = case((discarded, quarantine.c.state), else_=QuarantineState.HELD.value)
    again = {"last_seen": now, "seen": quarantine.c.seen + 1, "state": state}
    fresh = {name: statement.excluded[name] for name in ("reason", "detail", "place", "line")}
    statement = statement.on_conflict_do_update(index_elements=["source", "digest"], set_={**again, **fresh})
    connection.execute(statement, [_values(vertical, source, refusal, now) for refusal in _distinct(refusals)])


def supersede(connection: Connection, source: str, resource: str, keys: Iterable[str]) -> None:
    """Close the refusals of records of which a sound version has arrived."""
    lying = connection.execute(_HELD_OF, {"of_source": source, "of_resource": resource}).all()
    arrived = {_fitting(key, _KEY) for key in keys} if lying else ()
    for number in [row.id for row in lying if row.source_key in arrived]:
        close(connection, number, QuarantineState.SUPERSEDED)


_HELD_OF = select(quarantine.c.id, quarantine.c.source_key).where(
    quarantine.c.source == bindparam("of_source"),
    quarantine.c.resource == bindparam("of_resource"),
    quarantine.c.state == QuarantineState.HELD,
    quarantine.c.source_key.is_not(None),
)


def held_in(connection: Connection, source: str, place: str) -> int:
    """How many rows of one file lie in quarantine."""
    table = quarantine
    here = table.c.place == _fitting(place, _PLACE)
    held = (table.c.source == source, here, table.c.state == QuarantineState.HELD)
    return connection.execute(select(func.count()).select_from(table).where(*held)).scalar_one()


def close(connection: Connection, number: int, state: QuarantineState) -> bool:
    """Move a held row on; False if somebody else has done so already."""
    table = quarantine
    moved = connection.execute(
        update(table).where(table.c.id == number, table.c.state == QuarantineState.HELD).values(state=state.value)
    )
    return moved.rowcount == 1


@dataclass(frozen=True, slots=True)
class Held:
    """A row in quarantine, as people list it. `raw` and `payload` are PHI."""

    id: int
    vertical: str
    source: str
    resource: str
    source_key: str | None
    place: str
    line: int
    reason: str
    detail: str
    raw: bytes
    payload: bytes | None
    first_seen: int
    last_seen: int
    seen: int
    state: str

    def row(self) -> Row:
        """The row as its source gave it, to go through the pipeline again."""
        body = self.payload if self.payload is not None else self.raw
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError:
            parsed = None
        payload = parsed if isinstance(parsed, dict) else None
        return Row(self.resource, self.place, self.line, self.raw, payload)


def held_rows(
    connection: Connection,
    *,
    state: QuarantineState | None = QuarantineState.HELD,
    reason: str | None = None,
    resource: str | None = None,
    limit: int | None = None,
) -> list[Held]:
    """Rows in quarantine, oldest first; state None: whatever became of them."""
    table = quarantine
    chosen = select(*(table.c[name] for name in Held.__dataclass_fields__)).order_by(table.c.id).limit(limit)
    for column, value in ((table.c.state, state), (table.c.reason, reason), (table.c.resource, resource)):
        chosen = chosen if value is None else chosen.where(column == value)
    return [Held(*row) for row in connection.execute(chosen)]


def held_row(connection: Connection, number: int, *, hold: bool = False) -> Held:
    """One row by its number.

    Args:
        hold: whoever else wants to decide about it waits until the transaction ends.

    Raises:
        NotFoundError: there is none.
    """
    table = quarantine
    chosen = select(*(table.c[name] for name in Held.__dataclass_fields__)).where(table.c.id == number)
    row = connection.execute(chosen.with_for_update() if hold else chosen).first()
    if row is None:
        hint = "`plumbline quarantine list` shows the rows that lie there."
        raise NotFoundError(f"no row {number} in quarantine", hint=hint)
    return Held(*row)


@dataclass(frozen=True, slots=True)
class Lying:
    """How many rows of one kind are held for one reason.

    Attributes:
        resource: what they are; a name that the vertical does not know is not repeated.
        held: how many.
        fresh: how many of them were first seen since the time that was asked for.
    """

    source: str
    resource: str
    reason: str
    held: int
    fresh: int


def lying(connection: Connection, vertical: str, known: Collection[str], since: int) -> list[Lying]:
    """What of a vertical is held, in numbers fit for everybody's eyes, most first.

    Args:
        known: the resources that the vertical reads.
        since: the instant from which on a row is fresh.
    """
    table = quarantine
    named = case((table.c.resource.in_(known), table.c.resource), else_="(not known)")
    fresh = func.sum(case((table.c.first_seen >= since, 1), else_=0))
    chosen = select(table.c.source, named.label("named"), table.c.reason, func.count(), fresh).where(
        table.c.vertical == vertical, table.c.state == QuarantineState.HELD
    )
    rows = connection.execute(chosen.group_by(table.c.source, "named", table.c.reason)).all()
    return sorted((Lying(*row) for row in rows), key=lambda one: (-one.held, one.source, one.resource, one.reason))


def _distinct(refusals: Sequence[Refusal]) -> Iterable[Refusal]:
    return {(refusal.row.kind, refusal.row.raw): refusal for refusal in refusals}.values()


def _values(vertical: str, source: str, refusal: Refusal, now: int) -> dict[str, object]:
    row = refusal.row
    return {
        "vertical": vertical,
        "source": source,
        "resource": _fitting(row.kind, 120),
        "source_key": None if refusal.source_key is None else _fitting(refusal.source_key, _KEY),
        "place": _fitting(row.place, _PLACE),
        "line": row.line,
        "reason": refusal.reason.value,
        "detail": _fitting(refusal.detail, _DETAIL),
        "raw": row.raw,
        "payload": None if row.payload is None else _kept(row.payload),
        "digest": content_hash(row.kind.encode(errors="replace") + b"\x1f" + row.raw),
        "first_seen": now,
        "last_seen": now,
        "seen": 1,
        "state": QuarantineState.HELD.value,
    }


def _kept(payload: dict[str, object]) -> bytes | None:
    """The parsed row as JSON; None where JSON cannot say it, so that the raw row must do."""
    try:
        return orjson.dumps(payload)
    except orjson.JSONEncodeError:  # nested deeper than it writes, a number of more than 64 bits, half a character
        return None


def _fitting(text: str, length: int) -> str:
    """Text as both databases can keep it: PostgreSQL takes no NUL, no half a character, and minds lengths."""
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()[:length]
