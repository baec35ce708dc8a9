"""The numpy back-end: evaluates a checked expression over whole columns, without a Python step per row."""

from collections.abc import Mapping
from typing import Any, NamedTuple, assert_never

import numpy as np
from numpy.typing import NDArray

from substrate.expressions.expression import Expression
from substrate.expressions.overload import Array
from substrate.expressions.typed import (
    Apply,
    Choose,
    Clock,
    Connective,
    Constant,
    Fallback,
    Load,
    Member,
    Present,
    Typed,
)
from substrate.expressions.types import FieldPath, Type

Bools = NDArray[np.bool_]


class Column(NamedTuple):
    """Values, and where they are known. Strings may be an array of objects or of numpy's own strings."""

    values: Array
    valid: Bools


_DTYPES: dict[Type, Any] = {
    Type.INT: np.dtype(np.int64),
    Type.TIMESTAMP: np.dtype(np.int64),
    Type.DURATION: np.dtype(np.int64),
    Type.DOUBLE: np.dtype(np.float64),
    Type.BOOL: np.dtype(np.bool_),
    Type.STRING: np.dtypes.StringDType(),
}
_BLANKS: dict[Type, Any] = {Type.STRING: "", Type.BOOL: False, Type.DOUBLE: 0.0}


def to_arrays(expression: Expression, columns: Mapping[FieldPath, Column], now: int | NDArray[np.int64]) -> Column:
    """Evaluate `expression` for all rows at once; `now` is one time in micros or one a row.

    Values are meaningless where the result is not valid. Raises KeyError for an operand without a column.
    """
    clock = np.atleast_1d(np.asarray(now, dtype=np.int64))
    loaded = [_load(columns[operand.path], operand.type) for operand in expression.fields]
    rows = max([clock.size, *(column.values.size for column in loaded)])
    with np.errstate(all="ignore"):
        values, valid = _Evaluator(loaded, clock).column(expression.typed)
    return Column(np.broadcast_to(values, rows).copy(), np.broadcast_to(valid, rows).copy())


def _load(column: Column, type_: Type) -> Column:
    values, valid = np.asarray(column.values), np.asarray(column.valid, dtype=np.bool_)
    if values.dtype == object:
        values = np.where(valid, values, _BLANKS.get(type_, 0))
    values = values.astype(_DTYPES[type_], copy=False)
    return Column(values, valid & np.isfinite(values) if type_ is Type.DOUBLE else valid)


def _one(value: object, type_: Type) -> Array:
    return np.array([value], dtype=_DTYPES[type_])


class _Evaluator:
    """Evaluates nodes over loaded columns; results hold one row or all of them."""

    def __init__(self, loaded: list[Column], clock: Array) -> None:
        self._loaded = loaded
        self._clock = clock

    def column(self, node: Typed) -> Column:
        """Return the values of `node` and where they are known."""
        column: Column
        match node:
            case Constant():
                value = _BLANKS.get(node.type, 0) if node.value is None else node.value
                column = Column(_one(value, node.type), _one(node.value is not None, Type.BOOL))
            case Load():
                column = self._loaded[node.index]
            case Clock():
                column = Column(self._clock, _one(True, Type.BOOL))
            case Apply():
                column = self._apply(node)
            case Member():
                column = self._member(node)
            case Connective():
                column = self._connective(node)
            case Choose():
                column = self._choose(node)
            case Present():
                valid = self.column(node.field).valid
                column = Column(valid, np.ones_like(valid))
            case Fallback():
                first, second = self.column(node.first), self.column(node.second)
                column = Column(np.where(first.valid, first.values, second.values), first.valid | second.valid)
            case _:
                assert_never(node)
        return column

    def _apply(self, node: Apply) -> Column:
        args = [self.column(arg) for arg in node.args]
        valid = args[0].valid
        for arg in args[1:]:
            valid = valid & arg.valid
        result = node.overload.numpy(*(arg.values for arg in args))
        if node.overload.partial:
            result, known = result
            valid = valid & known
        return Column(result, valid)

    def _member(self, node: Member) -> Column:
        needle = self.column(node.needle)
        found = np.zeros(needle.values.shape, dtype=np.bool_)
        for item in node.items:
            found |= needle.values == _one(item.value, item.type)
        return Column(found, needle.valid)

    def _connective(self, node: Connective) -> Column:
        parts = [self.column(part) for part in node.parts]
        # One part with the deciding value decides; without one, every part must be known.
        decided, known = _decides(parts[0], node.any), parts[0].valid
        for part in parts[1:]:
            decided = decided | _decides(part, node.any)
            known = known & part.valid
        return Column(decided if node.any else ~decided, decided | known)

    def _choose(self, node: Choose) -> Column:
        test, yes, no = (self.column(part) for part in (node.test, node.yes, node.no))
        valid = test.valid & np.where(test.values, yes.valid, no.valid)
        return Column(np.where(test.values, yes.values, no.values), valid)


def _decides(part: Column, value: bool) -> Bools:
    decided: Bools = part.valid & (part.values if value else ~part.values)
    return decided
