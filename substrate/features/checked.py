"""A declared view, checked: every expression read against its fields, every feature given its type.

Checking needs no database. What is found wrong here is wrong for good, so it is told when the view is first used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from substrate.columns import Sensitivity, meaning_of
from substrate.errors import DeclarationError
from substrate.expressions.checker import check, check_condition
from substrate.expressions.expression import Expression
from substrate.expressions.typed import Load
from substrate.expressions.types import ORDERED, FieldPath, Operand, Type
from substrate.features.declare import Aggregate, Derived, How, View
from substrate.operands import column_fields, column_operands
from substrate.records import Record, references, table_of

RESERVED = ("id", "as_of", "gone")

_COUNTED = (How.COUNT, How.DISTINCT, How.STREAK)
_VALUED = (How.LATEST, How.SUM, How.MEAN, How.MIN, How.MAX, How.DISTINCT)
_HITTING = (How.RATIO, How.STREAK)
_TAKES = {
    How.SUM: (Type.INT, Type.DOUBLE, Type.DURATION),
    How.MEAN: (Type.INT, Type.DOUBLE),
    How.MIN: ORDERED,
    How.MAX: ORDERED,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """An aggregate whose expressions have been checked.

    Attributes:
        aggregate: the declaration.
        yields: the type of the feature.
        value, hit, where: its expressions, where it has them.
    """

    aggregate: Aggregate
    yields: Type
    value: Expression | None
    hit: Expression | None
    where: Expression | None

    @property
    def record(self) -> type[Record]:
        """The kind of record that the events are."""
        return self.aggregate.of

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the event that its part in the feature depends on, the event's time included."""
        paths = [path for part in (self.value, self.hit, self.where) if part for path in part.operands]
        per = [self.aggregate.per] if self.aggregate.per else []
        return tuple(dict.fromkeys([self.aggregate.at, *per, *(path[0] for path in paths)]))


@cache
def plan(aggregate: Aggregate) -> Plan:
    """Check an aggregate about one kind of entity.

    Raises:
        DeclarationError: a column is missing or of the wrong sort, or the parts do not fit the aggregate.
        ExpressionError: an expression cannot be read.
    """
    _check_link(aggregate)
    return plan_events(aggregate)


def plan_events(aggregate: Aggregate) -> Plan:
    """Check an aggregate, whatever its events are grouped by.

    Raises:
        DeclarationError: a column is missing or of the wrong sort, or the parts do not fit the aggregate.
        ExpressionError: an expression cannot be read.
    """
    _check_shape(aggregate)
    fields = column_fields(aggregate.of)
    value = check(aggregate.value, fields) if aggregate.value else None
    hit = check_condition(aggregate.hit, fields) if aggregate.hit else None
    where = check_condition(aggregate.where, fields) if aggregate.where else None
    if any(part is not None and part.uses_now for part in (value, hit, where)):
        raise wrong(aggregate, "reads `now`", "Use a window, or a derived feature: those may read `now`.")
    kind = _type_of(aggregate, value)
    return Plan(aggregate, kind, value, hit, where)


@cache
def plans(view: View) -> tuple[Plan, ...]:
    """The view's stored features, checked, in the order of their columns.

    Raises:
        DeclarationError: an aggregate is wrong, or counts by a reference to another kind than the view's.
    """
    for aggregate in view.aggregates:
        meant = references(aggregate.of).get(aggregate.by, view.entity.kind)
        if meant != view.entity.kind:
            raise wrong(aggregate, f"is about a {meant}, in a view of {view.entity.kind}", "Move it to that view.")
    return tuple(plan(aggregate) for aggregate in view.aggregates)


@cache
def feature_operands(view: View) -> dict[str, Operand]:
    """What expressions may read of a view, stored and derived, by name.

    Raises:
        DeclarationError: names clash, or derived features go round in a circle.
    """
    _check_names(view)
    own = _Own(view)
    found = {feature.name: own.resolve((feature.name,)) for feature in view.features}
    return {name: operand for name, operand in found.items() if operand is not None}


@cache
def derivations(view: View) -> dict[str, Expression]:
    """The view's derived features as checked expressions, by name."""
    own = _Own(view)
    return {derived.name: own.expression(derived) for derived in view.derived}


class _Own:
    """The schema of one entity: its columns and features, where derived features may read one another."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._operands = dict(column_operands(view.entity))
        for found in plans(view):
            feature = found.aggregate
            self._operands[feature.name] = _operand(feature, found.yields, _referred(found))
        self._derived = {derived.name: derived for derived in view.derived}
        self._open: list[str] = []

    def resolve(self, path: FieldPath) -> Operand | None:
        """The operand at `path`, derived features included."""
        name = path[0]
        if len(path) == 1 and name in self._derived and name not in self._operands:
            derived = self._derived[name]
            self._operands[name] = _operand(derived, self.expression(derived).type)
        return self._operands.get(name) if len(path) == 1 else None

    def names(self) -> Iterable[str]:
        """Every name in reach."""
        return dict.fromkeys([*self._operands, *self._derived])

    def expression(self, derived: Derived) -> Expression:
        """Check a derived feature, and those that it reads before it."""
        if derived.name in self._open:
            circle = " -> ".join([*self._open, derived.name])
            raise DeclarationError(f"derived features read one another in a circle: {circle}", hint="Break the circle.")
        self._open.append(derived.name)
        found = check(derived.expression, self)
        self._open.pop()
        return found


def _operand(feature: Aggregate | Derived, kind: Type, references: str | None = None) -> Operand:
    return Operand(
        (feature.name,),
        kind,
        feature.unit,
        feature.text,
        feature.sensitivity.name,
        short=feature.label,
        absent=feature.absent,
        references=references,
    )


def _referred(found: Plan) -> str | None:
    """The kind of record that a stored feature holds the id of, where it hands on a reference."""
    value = found.value.typed if found.value and found.aggregate.how is How.LATEST else None
    return value.operand.references if isinstance(value, Load) else None


def _check_names(view: View) -> None:
    taken = {*column_operands(view.entity), *RESERVED, "now"}
    for feature in view.features:
        if feature.name in taken:
            hint = "Give the feature a name of its own."
            raise DeclarationError(f"{view.entity.kind} has the name {feature.name!r} twice", hint=hint)
        taken.add(feature.name)


def _check_link(aggregate: Aggregate) -> None:
    check_column(aggregate, aggregate.by)
    if aggregate.by not in references(aggregate.of):
        raise wrong(aggregate, f"is grouped by {aggregate.by!r}, no reference", "Declare it with `reference`.")


def check_column(aggregate: Aggregate, name: str) -> None:
    """Raise `DeclarationError` where the events have no such column."""
    if name not in table_of(aggregate.of).c:
        raise wrong(aggregate, f"names no column of {aggregate.of.kind}: {name!r}", "Check the spelling.")


def _check_shape(aggregate: Aggregate) -> None:
    table = table_of(aggregate.of)
    check_column(aggregate, aggregate.at)
    if not meaning_of(table.c[aggregate.at]).instant:
        raise wrong(aggregate, f"takes its time from {aggregate.at!r}, no instant", "Declare it with `instant`.")
    if aggregate.per is not None:
        check_column(aggregate, aggregate.per)
        if meaning_of(table.c[aggregate.per]).known_at is not None:
            raise wrong(aggregate, f"follows {aggregate.per!r}, which became known later", "Follow another column.")
    if aggregate.how is How.INTERVAL and not 0 < (aggregate.share or 0) <= 1:
        raise wrong(aggregate, f"asks for a share of {aggregate.share}", "Give one above 0 and up to 1, such as 0.95.")
    if aggregate.window and aggregate.ahead:
        raise wrong(aggregate, "looks both back and ahead", "Make it two features.")
    for part, given, needed in (
        ("value", aggregate.value, aggregate.how in _VALUED),
        ("hit", aggregate.hit, aggregate.how in _HITTING),
    ):
        if (given is not None) != needed:
            raise wrong(aggregate, f"{'needs a' if needed else 'takes no'} `{part}`", f"It is a {aggregate.how}.")


def _type_of(aggregate: Aggregate, value: Expression | None) -> Type:
    if value is not None and value.type not in _TAKES.get(aggregate.how, tuple(Type)):
        hint = "Divide a duration by duration('1h'), or choose another aggregate."
        raise wrong(aggregate, f"cannot take the {aggregate.how} of a {value.type}", hint)
    if aggregate.how in _COUNTED:
        return Type.INT
    if aggregate.how is How.INTERVAL:
        return Type.DURATION
    return Type.DOUBLE if value is None or aggregate.how is How.MEAN else value.type


def wrong(aggregate: Aggregate, problem: str, hint: str) -> DeclarationError:
    """The error that says what is wrong with a declaration."""
    return DeclarationError(f"{aggregate.name!r} {problem}", hint=hint)


def sensitivity_of(operand: Operand) -> Sensitivity:
    """The clearance that a reader of an operand needs."""
    return Sensitivity[operand.sensitivity] if operand.sensitivity else Sensitivity.PUBLIC
