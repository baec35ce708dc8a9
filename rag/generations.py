"""Generations of a copilot's index: one answers, another may be built beside it, and one row says which it is.

A changed recipe, or a change of much at once, builds a new generation; it answers only once it is complete and has
passed the gates. Taking it back is the same flip the other way.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, insert, select, update

from rag.ledger import (
    State,
    Why,
    rag_chunk,
    rag_copilot,
    rag_document,
    rag_generation,
    rag_held,
    rag_projection,
    rag_source,
)
from substrate.bulk import append
from substrate.errors import ConflictError, NotFoundError

_BY_TABLE = (rag_chunk, rag_document, rag_held, rag_source, rag_projection)
_OPEN = (State.BUILDING, State.READY, State.FAILED)
_AWAY = (Why.REPLACED, Why.ROLLED_BACK, Why.GATES)


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation.

    Attributes:
        id: its number; a later one is larger.
        copilot: whose it is.
        token: names its collections and folders.
        recipe: fingerprint of all that turns a document into chunks and vectors.
        embedder: the embedder's fingerprint.
        dimensions: how many numbers a vector has.
        language: of its words.
        state: where it stands.
        why: why it stands there.
        gates: what the gates measured, when it was last tried.
        made_at: when it was begun, in microseconds since 1970 UTC.
        synced_at: when it was last brought up to date.
        settled_at: when it began or ceased to answer; None: it never did.
    """

    id: int
    copilot: str
    token: str
    recipe: str
    embedder: str
    dimensions: int
    language: str
    state: State
    why: Why
    gates: Mapping[str, Any]
    made_at: int
    synced_at: int | None
    settled_at: int | None


def generations(connection: Connection, copilot: str | None = None) -> list[Generation]:
    """The generations of a copilot, or of all; the newest first."""
    table, owner = rag_generation, rag_copilot
    statement = select(table, owner.c.live).join(owner, owner.c.name == table.c.copilot).order_by(table.c.id.desc())
    if copilot is not None:
        statement = statement.where(table.c.copilot == copilot)
    return [_generation(row._asdict()) for row in connection.execute(statement)]


def live_generation(connection: Connection, copilot: str) -> Generation | None:
    """The generation that answers; None: there is none yet."""
    return next((each for each in generations(connection, copilot) if each.state is State.LIVE), None)


def generation(connection: Connection, number: int) -> Generation:
    """One generation by its number.

    Raises:
        NotFoundError: there is none.
    """
    found = next((each for each in generations(connection) if each.id == number), None)
    if found is None:
        raise NotFoundError(f"there is no generation {number}", hint="See plumbline index status.")
    return found


def embedder_of(connection: Connection, number: int) -> str | None:
    """The fingerprint of the embedder that made a generation; None: there is no such generation."""
    statement = select(rag_generation.c.embedder).where(rag_generation.c.id == number)
    return connection.execute(statement).scalar_one_or_none()


def open_generation(connection: Connection, copilot: str, recipe: str) -> Generation | None:
    """The newest generation of a recipe that is being built, or has not been let answer; None: there is none."""
    found = (each for each in generations(connection, copilot) if each.state in _OPEN and each.recipe == recipe)
    return next((each for each in found if each.why is not Why.REPLACED), None)


def begin(connection: Connection, copilot: str, values: Mapping[str, Any], why: Why, now: int) -> Generation:
    """Begin a generation.

    Args:
        connection: a write transaction.
        values: its recipe, embedder, dimensions and language.
        why: what it is begun for.
    """
    append(connection, rag_copilot, ("name", "sequence"), [(copilot, 0)], new_only=True)
    row = {
        "copilot": copilot, "token": secrets.token_hex(8), "state": str(State.BUILDING), "why": str(why),
        "made_at": now, **values,
    }  # fmt: skip
    made = connection.execute(insert(rag_generation).values(row).returning(rag_generation.c.id)).scalar_one()
    return generation(connection, made)


def settle(connection: Connection, number: int, state: State, why: Why, now: int) -> None:
    """Say where a generation stands from now on."""
    values = {"state": str(state), "why": str(why), "settled_at": now}
    connection.execute(update(rag_generation).where(rag_generation.c.id == number).values(values))


def complete(connection: Connection, done: Generation, now: int, *, changed: bool) -> None:
    """A sync has brought a generation up to date: one that was being built, or that a gate held, may now be tried.

    Args:
        connection: a write transaction.
        done: the generation as it was before.
        now: as of when it is up to date.
        changed: the sync found something to do.
    """
    ready = done.state is State.BUILDING or (done.state is State.FAILED and changed)
    values: dict[str, Any] = {"synced_at": now}
    if ready:
        why = done.why if done.why is not Why.GATES else Why.LARGE_DELTA
        values |= {"state": str(State.READY), "why": str(why)}
    connection.execute(update(rag_generation).where(rag_generation.c.id == done.id).values(values))


def overtake(connection: Connection, copilot: str, target: int, now: int) -> None:
    """Retire what was begun beside and never answered, now that another generation is brought up to date."""
    for each in generations(connection, copilot):
        if each.id != target and each.state in _OPEN and each.why not in (Why.REPLACED, Why.ROLLED_BACK):
            retire(connection, each.id, Why.OVERTAKEN, now)


def keep_gates(connection: Connection, number: int, measured: Mapping[str, Any]) -> None:
    """Keep what the gates measured."""
    said = orjson.dumps(dict(measured)).decode()
    connection.execute(update(rag_generation).where(rag_generation.c.id == number).values(gates=said))


def flip(connection: Connection, chosen: Generation, now: int) -> None:
    """Let a generation answer in place of the one that answers now.

    Raises:
        ConflictError: it cannot answer: it is not complete, or was dropped.
    """
    if chosen.state in (State.BUILDING, State.LIVE, State.RETIRED):
        hint = "See plumbline index status for one that is ready."
        raise ConflictError(f"generation {chosen.id} of {chosen.copilot!r} is {chosen.state}", hint=hint)
    before = live_generation(connection, chosen.copilot)
    if not _point(connection, chosen, before, now):
        raise ConflictError(f"another generation of {chosen.copilot!r} was let answer meanwhile", hint="Look again.")
    settle(connection, chosen.id, State.READY, Why.FIRST if before is None else Why.PROMOTED, now)
    if before is not None:
        settle(connection, before.id, State.READY, Why.REPLACED, now)


def rollback(connection: Connection, copilot: str, now: int) -> Generation:
    """Let the generation answer that answered before; the one that is taken back waits for a person's word.

    Raises:
        NotFoundError: none answered before, or it is no longer kept.
    """
    row = connection.execute(select(rag_copilot).where(rag_copilot.c.name == copilot)).one_or_none()
    kept = {each.id: each for each in generations(connection, copilot) if each.state is not State.RETIRED}
    if row is None or row.live is None or row.previous not in kept:
        raise NotFoundError(f"{copilot!r} has no earlier generation to go back to", hint="See plumbline index status.")
    if not _point(connection, kept[row.previous], kept[row.live], now):
        raise ConflictError(f"another generation of {copilot!r} was let answer meanwhile", hint="Look again.")
    settle(connection, row.live, State.READY, Why.ROLLED_BACK, now)
    return generation(connection, row.previous)


def retire(connection: Connection, number: int, why: Why, now: int) -> None:
    """Say that a generation will never answer again; what it holds is dropped later, bit by bit."""
    settle(connection, number, State.RETIRED, why, now)


def retire_all(connection: Connection, copilot: str, now: int) -> int:
    """Let nothing of a copilot answer ever again; says how many generations it had."""
    found = [each for each in generations(connection, copilot) if each.state is not State.RETIRED]
    connection.execute(update(rag_copilot).where(rag_copilot.c.name == copilot).values(live=None, previous=None))
    for each in found:
        retire(connection, each.id, Why.FORGOTTEN, now)
    return len(found)


def retire_old(connection: Connection, before: int, now: int) -> int:
    """Retire generations that were replaced, or kept from answering, before an instant; says how many."""
    old = [
        each
        for each in generations(connection)
        if each.state in _OPEN and each.why in _AWAY and each.settled_at is not None and each.settled_at < before
    ]
    for each in old:
        retire(connection, each.id, each.why, now)
    return len(old)


def drop_retired(connection: Connection, limit: int = 5_000) -> int:
    """Delete at most so many rows of retired generations; says how many were deleted."""
    retired = select(rag_generation.c.id).where(rag_generation.c.state == str(State.RETIRED))
    deleted = 0
    for table in _BY_TABLE:
        key = next(iter(table.primary_key))
        mine = table.c.generation.in_(retired)
        if key.name == "id":
            chosen = select(table.c.id).where(mine).limit(max(limit - deleted, 0))
            deleted += connection.execute(delete(table).where(table.c.id.in_(chosen))).rowcount
        else:
            deleted += connection.execute(delete(table).where(mine)).rowcount
    return deleted


def next_sequence(connection: Connection, copilot: str, count: int) -> int:
    """Take so many numbers of a copilot's sequence, and say the first; its other writers wait for our commit."""
    row = rag_copilot.c.name == copilot
    connection.execute(update(rag_copilot).where(row).values(sequence=rag_copilot.c.sequence + count))
    return int(connection.execute(select(rag_copilot.c.sequence).where(row)).scalar_one()) - count + 1


def size(connection: Connection, number: int) -> tuple[int, int]:
    """How many documents and chunks a generation holds."""
    counts = []
    for table in (rag_document, rag_chunk):
        here = (table.c.generation == number, table.c.gone_at.is_(None))
        counts.append(int(connection.execute(select(func.count()).select_from(table).where(*here)).scalar_one()))
    return counts[0], counts[1]


def _point(connection: Connection, to: Generation, away: Generation | None, now: int) -> bool:
    was = rag_copilot.c.live.is_(None) if away is None else rag_copilot.c.live == away.id
    values = {"live": to.id, "previous": None if away is None else away.id, "flipped_at": now}
    flipped = connection.execute(update(rag_copilot).where(rag_copilot.c.name == to.copilot, was).values(values))
    return flipped.rowcount == 1


def _generation(row: dict[str, Any]) -> Generation:
    live = row.pop("live") == row["id"]
    row["state"] = State.LIVE if live else State(row["state"])
    row["why"], row["gates"] = Why(row["why"]), orjson.loads(row["gates"] or "{}")
    return Generation(**row)
