"""Explains a result: the condition's tree with each leaf's values, and which leaves decided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from substrate.expressions.closures import compile_steps
from substrate.expressions.expression import Expression
from substrate.expressions.guards import guards
from substrate.expressions.printer import print_node
from substrate.expressions.typed import Apply, Choose, Connective, Load, Typed, loads_of, parts_of
from substrate.expressions.types import Operand, Type, Value
from substrate.expressions.words import say


@dataclass(frozen=True, slots=True)
class Seen:
    """A field that a leaf read, and what it held; `sensitivity` lets a reader mask the value."""

    operand: Operand
    value: Value | None

    def as_json(self) -> dict[str, Any]:
        """The field's name, words and value."""
        operand = self.operand
        return {
            "name": operand.name,
            "label": operand.label,
            "meaning": operand.meaning,
            "type": str(operand.type),
            "unit": operand.unit,
            "sensitivity": operand.sensitivity,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """One part of an expression with its result; None is UNKNOWN.

    `decisive` parts are those that the result of the whole rests on. A leaf has no parts, but `seen` fields and a
    `sentence` in plain words with the instants that it tells, `times`; `threshold` is what a comparison's left side
    was held against. A `guard` only kept cases out: it holds, but it is not the point.
    """

    text: str
    kind: str
    result: Value | None
    decisive: bool
    parts: tuple["Explanation", ...] = ()
    seen: tuple[Seen, ...] = ()
    threshold: Value | None = None
    sentence: str = ""
    times: tuple[int, ...] = ()
    guard: bool = False

    def as_json(self) -> dict[str, Any]:
        """The tree as plain dictionaries and lists."""
        return {
            "text": self.text,
            "kind": self.kind,
            "result": "unknown" if self.result is None else self.result,
            "decisive": self.decisive,
            "guard": self.guard,
            "sentence": self.sentence,
            "threshold": self.threshold,
            "operands": [seen.as_json() for seen in self.seen],
            "parts": [part.as_json() for part in self.parts],
        }


def explain(expression: Expression, values: Sequence[Value | None], now: int) -> Explanation:
    """Explain the result for `values`, in the order of `expression.operands`, at `now` in micros."""
    return explainer(expression)(values, now)


Explainer = Callable[[Sequence[Value | None], int], Explanation]


def explainer(expression: Expression) -> Explainer:
    """Return `explain` for one expression, compiled once for many values."""
    nodes = list(_below(expression.typed))
    steps = compile_steps(nodes)
    shapes = {id(node): _shape(node) for node in _told(expression.typed)}
    apart = guards(expression.typed)

    def explained(values: Sequence[Value | None], now: int) -> Explanation:
        known = {id(node): result for node, result in zip(nodes, steps(values, now), strict=True)}
        whole = known[id(expression.typed)]
        return _Explainer(known, shapes, apart if whole is True else frozenset()).part(expression.typed, decisive=True)

    return explained


def plain(explanation: Explanation) -> list[str]:
    """Return what decided the result, a sentence each, in the order of the text, the guards last."""
    told = [leaf for leaf in leaves(explanation) if leaf.decisive]
    return [leaf.sentence for leaf in sorted(told, key=lambda leaf: leaf.guard)]


def leaves(explanation: Explanation) -> list[Explanation]:
    """Return the leaves below an explanation, in the order of the text."""
    return [leaf for part in explanation.parts for leaf in leaves(part)] if explanation.parts else [explanation]


def _below(node: Typed) -> list[Typed]:
    """`node` and everything below it."""
    return [node, *(below for part in parts_of(node) for below in _below(part))]


def _told(node: Typed) -> list[Typed]:
    """The nodes that an explanation has parts for."""
    return [node, *(told for inner in _conditions(node) for told in _told(inner))]


def _conditions(node: Typed) -> tuple[Typed, ...]:
    """The conditions that `node` joins, where it is itself made of conditions."""
    match node:
        case Connective(parts=parts):
            return parts
        case Choose(test=test, yes=yes, no=no):
            return (test, yes, no)
        case Apply(overload=overload, args=args) if overload.name == "!":
            return args
    return ()


@dataclass(frozen=True, slots=True)
class _Shape:
    """What of a node's explanation does not depend on values."""

    text: str
    kind: str
    loads: tuple[Load, ...]
    instants: tuple[Typed, ...]


def _shape(node: Typed) -> _Shape:
    instants = tuple(below for below in _below(node) if below.type is Type.TIMESTAMP)
    return _Shape(print_node(node.source), _kind(node), loads_of(node), instants)


class _Explainer:
    """Builds explanations from the results of all nodes, by identity."""

    def __init__(self, results: dict[int, Value | None], shapes: dict[int, _Shape], apart: frozenset[int]) -> None:
        self._results = results
        self._shapes = shapes
        self._guards = apart

    def part(self, node: Typed, decisive: bool) -> Explanation:
        """Explain `node`; its parts are decisive only if it is."""
        inner = _conditions(node)
        if not inner:
            return self._leaf(node, decisive)
        deciding = self._deciding(node)
        parts = tuple(self.part(part, decisive and index in deciding) for index, part in enumerate(inner))
        shape = self._shapes[id(node)]
        return Explanation(shape.text, shape.kind, self._results[id(node)], decisive, parts)

    def _deciding(self, node: Typed) -> set[int]:
        """The places of the parts that gave `node` its result."""
        results = [self._results[id(part)] for part in _conditions(node)]
        if isinstance(node, Choose):
            chosen = {True: {0, 1}, False: {0, 2}}
            return {0} if results[0] is None else chosen[bool(results[0])]
        mine = self._results[id(node)]
        if isinstance(node, Apply):
            return {0}
        # The parts that agree with the whole: the false ones of a false "and", all of a true one, the unknown ones.
        return {place for place, result in enumerate(results) if result == mine}

    def _leaf(self, node: Typed, decisive: bool) -> Explanation:
        shape = self._shapes[id(node)]
        seen = tuple(Seen(load.operand, self._results[id(load)]) for load in shape.loads)
        compared = isinstance(node, Apply) and node.type is Type.BOOL and len(node.args) == 2
        threshold = self._results[id(node.args[1])] if compared and isinstance(node, Apply) else None
        return Explanation(
            shape.text,
            shape.kind,
            self._results[id(node)],
            decisive,
            seen=seen,
            threshold=threshold,
            sentence=say(node, lambda part: self._results.get(id(part))),
            times=self._times(shape.instants),
            guard=id(node) in self._guards,
        )

    def _times(self, instants: tuple[Typed, ...]) -> tuple[int, ...]:
        """What some nodes give, each instant once."""
        found = [self._results[id(instant)] for instant in instants]
        return tuple(dict.fromkeys(int(instant) for instant in found if instant is not None))


def _kind(node: Typed) -> str:
    match node:
        case Connective():
            return "any" if node.any else "all"
        case Choose():
            return "choice"
        case Load():
            return "field"
        case Apply(overload=overload):
            return "not" if overload.name == "!" else "comparison" if node.type is Type.BOOL else "value"
    return type(node).__name__.lower()
