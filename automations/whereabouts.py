"""What else people must know to find what an alert is about: whose result it is, and on which ward."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from substrate.columns import Sensitivity
from substrate.expressions.types import FieldPath, Operand
from substrate.facts import Facts


@dataclass(frozen=True, slots=True)
class Whereabout:
    """One thing that leads to a record.

    Attributes:
        label: what it is: patient, ward.
        name: its name.
        sensitivity: the clearance that a reader needs.
    """

    label: str
    name: str
    sensitivity: Sensitivity


def whereabouts(
    connection: Connection, facts: Facts, kind: str, ids: Iterable[int], at: int
) -> dict[int, tuple[Whereabout, ...]]:
    """What leads to some records of one kind, by id, as the kind itself declares it (`Record.about`)."""
    operands = _operands(facts, kind)
    wanted = list(ids)
    if not operands or not wanted:
        return {}
    found = facts.read(connection, kind, operands, at, ids=wanted)
    return {number: tuple(_told(operands, values)) for number, values in found.items()}


def _operands(facts: Facts, kind: str) -> dict[FieldPath, Operand]:
    record = facts.paths.records.get(kind)
    if record is None:
        return {}
    paths = [tuple(path.split(".")) for path in record.about]
    return {path: operand for path in paths if (operand := facts.paths.operand(kind, path)) is not None}


def _told(operands: Mapping[FieldPath, Operand], values: Mapping[FieldPath, object]) -> Iterable[Whereabout]:
    """Each name once; a ward is on itself, which tells nobody anything."""
    named: dict[object, Whereabout] = {}
    for path, operand in operands.items():
        value = values.get(path)
        if value is not None and value not in named:
            level = Sensitivity[operand.sensitivity] if operand.sensitivity else Sensitivity.PHI
            named[value] = Whereabout(operand.label, str(value), level)
    return named.values()
