"""What stored values hold: true as of when, of which records. One row a view or series, on each timeline."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from substrate.bulk import upsert
from substrate.features.tables import feature_state
from substrate.turns import take_turn


@dataclass(frozen=True, slots=True)
class State:
    """What is stored.

    Attributes:
        as_of: the instant that it is true for.
        batch: the newest batch of records that it knows.
        digest: of the declaration that it was computed from.
        rows: how many rows there are.
    """

    as_of: int
    batch: int
    digest: str
    rows: int


def read_state(connection: Connection, name: str, timeline: str, *, lock: bool = False) -> State | None:
    """What is stored under a name; None: it was never refreshed. With `lock`, others wait until we have finished."""
    if lock:
        take_turn(connection, f"refresh {name} {timeline}")
    columns = feature_state.c
    wanted = select(columns.as_of, columns.batch, columns.digest, columns.rows).where(
        columns.view == name, columns.timeline == timeline
    )
    found = connection.execute(wanted.with_for_update() if lock else wanted).first()
    return State(*found) if found else None


def read_digest(connection: Connection, name: str, timeline: str, *, own: bool) -> str | None:
    """The digest that is stored; until the transaction ends nobody changes it, or with `own` even reads it so."""
    columns = feature_state.c
    wanted = select(columns.digest).where(columns.view == name, columns.timeline == timeline)
    return connection.execute(wanted.with_for_update(read=not own)).scalar()


def keep_state(connection: Connection, name: str, timeline: str, state: State, seconds: float) -> None:
    """Say what is stored now, and how long it took."""
    columns = ("view", "timeline", "as_of", "batch", "digest", "rows", "seconds")
    row = (name, timeline, state.as_of, state.batch, state.digest, state.rows, seconds)
    upsert(connection, feature_state, columns, [row], ("view", "timeline"))
