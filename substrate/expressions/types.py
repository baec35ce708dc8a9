"""The types a value can have, and what a field of the surrounding records looks like to the language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

MIN_INT = -(2**63)
MAX_INT = 2**63 - 1

Value = int | float | str | bool
FieldPath = tuple[str, ...]


class Type(StrEnum):
    """What a value is. TIMESTAMP is micros since 1970 UTC and DURATION is micros, both 64-bit integers."""

    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    BOOL = "bool"
    TIMESTAMP = "timestamp"
    DURATION = "duration"


NUMBERS = (Type.INT, Type.DOUBLE)
INTEGERS = (Type.INT, Type.TIMESTAMP, Type.DURATION)
ORDERED = (Type.INT, Type.DOUBLE, Type.STRING, Type.TIMESTAMP, Type.DURATION)


@dataclass(frozen=True, slots=True)
class Operand:
    """A field that an expression may read: its type, and what people call it.

    Attributes:
        meaning: what it is, at length.
        short: the same in two or three words.
        codes: words for values that are codes.
        absent: what it means that there is no value, as a sentence.
        references: the kind of record that the value is the id of.
    """

    path: FieldPath
    type: Type
    unit: str | None = None
    meaning: str = ""
    sensitivity: str | None = None
    short: str = ""
    codes: Mapping[str, str] = field(default_factory=dict, hash=False)
    absent: str = ""
    references: str | None = None

    @property
    def name(self) -> str:
        """The field as it is written in an expression, such as `patient.age`."""
        return ".".join(self.path)

    @property
    def label(self) -> str:
        """What to call the field in a sentence: in short, else its meaning, else its last name with spaces."""
        return self.short or self.meaning or self.path[-1].replace("_", " ")


class Schema(Protocol):
    """The fields in reach of an expression."""

    def resolve(self, path: FieldPath) -> Operand | None:
        """Return the field at `path`, or None where there is none."""

    def names(self) -> Iterable[str]:
        """Yield every field as it would be written, for suggestions."""


class Fields:
    """A schema held in memory: the given operands and nothing else."""

    def __init__(self, operands: Iterable[Operand]) -> None:
        self._by_path = {operand.path: operand for operand in operands}

    def resolve(self, path: FieldPath) -> Operand | None:
        """Return the operand at `path`, or None."""
        return self._by_path.get(path)

    def names(self) -> Iterable[str]:
        """Yield the dotted names of all operands."""
        return (operand.name for operand in self._by_path.values())
