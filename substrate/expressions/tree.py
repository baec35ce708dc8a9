"""The syntax tree of an expression: frozen nodes that know where in the text they began."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from substrate.expressions.types import FieldPath, Type, Value

MAX_TEXT = 4_000
MAX_DEPTH = 32
MAX_NODES = 500


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, string or bool as written. `type` keeps 1, 1.0 and true apart; None with value None is null."""

    value: Value | None
    type: Type | None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """`[1, 2, 3]`, the right side of `in`."""

    items: tuple["Node", ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A field path such as `patient.age`, or `now`."""

    path: FieldPath
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`!a` or `-a`."""

    operator: str
    operand: "Node"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, a comparison or `in`; `at` is the operator's place."""

    operator: str
    left: "Node"
    right: "Node"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Logic:
    """A chain of two or more parts joined by `&&`, or by `||`."""

    operator: str
    parts: tuple["Node", ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Ternary:
    """`test ? yes : no`."""

    test: "Node"
    yes: "Node"
    no: "Node"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`name(args)`, or `args[0].name(args[1:])` where `method` is set."""

    name: str
    args: tuple["Node", ...]
    method: bool = False
    at: int = field(default=0, compare=False)


Node = Literal | ListLiteral | Field | Unary | Binary | Logic | Ternary | Call


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below `node`, in the order they were written."""
    match node:
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Ternary(test=test, yes=yes, no=no):
            return (test, yes, no)
        case ListLiteral(items=below) | Logic(parts=below) | Call(args=below):
            return below
    return ()


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Yield `node` and everything below it with its depth, `node` itself being at depth 1."""
    pending = [(node, 1)]
    while pending:
        current, depth = pending.pop()
        yield current, depth
        pending += [(child, depth + 1) for child in children(current)]
