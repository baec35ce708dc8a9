"""A checked expression, ready for every back-end."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from substrate.expressions.printer import print_node
from substrate.expressions.tree import Node
from substrate.expressions.typed import Clock, Typed, parts_of
from substrate.expressions.types import FieldPath, Operand, Type


@dataclass(frozen=True)
class Expression:
    """An expression whose names and types have been checked against a schema.

    `fields` are the operands in the order of the text, each once; a closure takes their values in this order.
    """

    text: str
    node: Node
    typed: Typed
    fields: tuple[Operand, ...]

    @property
    def type(self) -> Type:
        """The type of the result."""
        return self.typed.type

    @property
    def operands(self) -> tuple[FieldPath, ...]:
        """The paths of the fields that are read, each once, in the order of the text."""
        return tuple(operand.path for operand in self.fields)

    @cached_property
    def uses_now(self) -> bool:
        """Whether the result can change by the mere passing of time."""
        return _reads_clock(self.typed)

    @cached_property
    def canonical(self) -> str:
        """The text in its one normal spacing."""
        return print_node(self.node)

    @cached_property
    def digest(self) -> str:
        """A hash of the canonical text, the same on every machine and in every release."""
        return sha256(self.canonical.encode()).hexdigest()[:32]


def _reads_clock(node: Typed) -> bool:
    return isinstance(node, Clock) or any(_reads_clock(part) for part in parts_of(node))
