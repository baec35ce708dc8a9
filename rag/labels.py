"""The labels that documents carry, by the numbers under which the ledger keeps them: a partition of the index each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import orjson
from sqlalchemy import Connection, Select, select

from rag.ledger import digest, rag_label
from substrate.access import Label
from substrate.bulk import append
from substrate.columns import Sensitivity


def labels(connection: Connection) -> dict[int, Label]:
    """All labels by their numbers."""
    return _labels(connection, select(rag_label))


def labels_of(connection: Connection, numbers: Collection[int]) -> dict[int, Label]:
    """The labels of some numbers."""
    return _labels(connection, select(rag_label).where(rag_label.c.id.in_(numbers)))


def number_labels(connection: Connection, wanted: Iterable[Label]) -> dict[Label, int]:
    """The number of each label; one that is new gets one, in the caller's write transaction."""
    rows = {label: _row(label) for label in wanted}
    columns = ("digest", "sensitivity", "site", "roles")
    append(connection, rag_label, columns, list(rows.values()), new_only=True)
    found = select(rag_label.c.digest, rag_label.c.id).where(rag_label.c.digest.in_([row[0] for row in rows.values()]))
    numbers = {row.digest: row.id for row in connection.execute(found)}
    return {label: numbers[row[0]] for label, row in rows.items()}


def _labels(connection: Connection, statement: Select[Any]) -> dict[int, Label]:
    rows = connection.execute(statement)
    return {row.id: Label(Sensitivity(row.sensitivity), row.site, frozenset(orjson.loads(row.roles))) for row in rows}


def _row(label: Label) -> tuple[str, int, str | None, str]:
    roles = sorted(label.roles)
    return (digest(int(label.sensitivity), label.site, roles), int(label.sensitivity), label.site,
            orjson.dumps(roles).decode())  # fmt: skip
