"""The quality gate: every check of a kind, compiled once, applied to each draft."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from substrate.expressions.checker import check_condition
from substrate.expressions.closures import Closure, to_closure
from substrate.expressions.expression import Expression
from substrate.expressions.tree import Logic
from substrate.mapping import Draft
from substrate.operands import column_fields
from substrate.quality import Check, OnFailure, Reason, RowRefused
from substrate.records import Record

# What a check may say of a draft that is no content of it.
_OF_THE_DRAFT = ("site", "changed_at")


@dataclass(frozen=True, slots=True)
class _Condition:
    holds: Closure
    columns: tuple[str, ...]
    of_the_draft: tuple[tuple[int, str], ...]

    def fails(self, draft: Draft, now: int) -> bool:
        """Whether it is plainly False; UNKNOWN means that a value is missing, which is another check's business."""
        values = [*map(draft.values.get, self.columns)]
        for index, name in self.of_the_draft:
            values[index] = getattr(draft, name)
        return self.holds(values, now) is False


@dataclass(frozen=True, slots=True)
class _Kind:
    """The checks of one kind of record: all in one, and each alone to find out which fails."""

    all: _Condition
    each: tuple[tuple[Check, _Condition], ...]


class Gate:
    """All checks of one vertical.

    Args:
        checks: what rows must satisfy.

    Attributes:
        discarded: how often each check had values dropped.

    Raises:
        ExpressionError: a check does not fit its record.
    """

    def __init__(self, checks: Iterable[Check]) -> None:
        self.discarded: Counter[str] = Counter()
        by_record: dict[type[Record], list[Check]] = {}
        for declared in checks:
            by_record.setdefault(declared.record, []).append(declared)
        self._kinds = {record.kind: _compiled(record, found) for record, found in by_record.items()}

    def pass_through(self, draft: Draft, now: int) -> None:
        """Let a draft and its parts through, dropping the values that a check says to drop.

        Raises:
            RowRefused: a check says that the row must not become a record.
        """
        for member in draft.family():
            kind = self._kinds.get(member.record.kind)
            if kind is not None and kind.all.fails(member, now):
                self._find_failing(kind, member, now)

    def _find_failing(self, kind: _Kind, draft: Draft, now: int) -> None:
        for check, condition in kind.each:
            if condition.fails(draft, now):
                self._fail(check, draft)

    def _fail(self, check: Check, draft: Draft) -> None:
        if check.on_failure is OnFailure.QUARANTINE:
            raise RowRefused(Reason.FAILED_CHECK, f"{check.name}: {check.text}")
        self.discarded[check.name] += 1
        for name in check.values:
            draft.values[name] = None


def _compiled(record: type[Record], checks: list[Check]) -> _Kind:
    fields = column_fields(record)
    alone = [check_condition(check.condition, fields) for check in checks]
    together = check_condition(Logic("&&", tuple(each.node for each in alone)), fields) if alone[1:] else alone[0]
    return _Kind(_condition(together), tuple(zip(checks, map(_condition, alone), strict=True)))


def _condition(expression: Expression) -> _Condition:
    columns = tuple(path[0] for path in expression.operands)
    own = tuple((index, name) for index, name in enumerate(columns) if name in _OF_THE_DRAFT)
    return _Condition(to_closure(expression), columns, own)
