"""The checked form of an expression: every name resolved, every type known, every meaning chosen.

All back-ends read this form; each node remembers the syntax it came from.
"""

from dataclasses import dataclass

from substrate.expressions.overload import Overload
from substrate.expressions.tree import Node
from substrate.expressions.types import Operand, Type, Value


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known beforehand; None is UNKNOWN."""

    value: Value | None
    type: Type
    source: Node


@dataclass(frozen=True, slots=True)
class Load:
    """The value of a field; `index` is its place among the expression's operands."""

    operand: Operand
    index: int
    source: Node

    @property
    def type(self) -> Type:
        """The type of the field."""
        return self.operand.type


@dataclass(frozen=True, slots=True)
class Clock:
    """`now`, the time of evaluation."""

    source: Node
    type: Type = Type.TIMESTAMP


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or function; UNKNOWN as soon as one argument is."""

    overload: Overload
    args: tuple["Typed", ...]
    source: Node

    @property
    def type(self) -> Type:
        """The type of the result."""
        return self.overload.result


@dataclass(frozen=True, slots=True)
class Member:
    """`needle in [items]`."""

    needle: "Typed"
    items: tuple[Constant, ...]
    source: Node
    type: Type = Type.BOOL


@dataclass(frozen=True, slots=True)
class Connective:
    """`&&` of all parts, or `||` where `any` is set, in Kleene's logic."""

    any: bool
    parts: tuple["Typed", ...]
    source: Node
    type: Type = Type.BOOL


@dataclass(frozen=True, slots=True)
class Choose:
    """`test ? yes : no`, UNKNOWN where the test is."""

    test: "Typed"
    yes: "Typed"
    no: "Typed"
    source: Node

    @property
    def type(self) -> Type:
        """The type of both branches."""
        return self.yes.type


@dataclass(frozen=True, slots=True)
class Present:
    """`has(field)`, never UNKNOWN."""

    field: Load
    source: Node
    type: Type = Type.BOOL


@dataclass(frozen=True, slots=True)
class Fallback:
    """`coalesce(first, second)`: the second where the first is UNKNOWN."""

    first: "Typed"
    second: "Typed"
    source: Node

    @property
    def type(self) -> Type:
        """The type of both values."""
        return self.first.type


Typed = Constant | Load | Clock | Apply | Member | Connective | Choose | Present | Fallback


def parts_of(node: Typed) -> tuple[Typed, ...]:
    """Return the nodes directly below `node`."""
    match node:
        case Apply(args=below) | Connective(parts=below):
            return below
        case Member(needle=needle):
            return (needle,)
        case Choose(test=test, yes=yes, no=no):
            return (test, yes, no)
        case Present(field=field):
            return (field,)
        case Fallback(first=first, second=second):
            return (first, second)
    return ()


def loads_of(node: Typed) -> tuple[Load, ...]:
    """Return the fields that `node` reads, each once, in the order of the text."""
    if isinstance(node, Load):
        return (node,)
    found = {load.index: load for part in parts_of(node) for load in loads_of(part)}
    return tuple(found.values())
