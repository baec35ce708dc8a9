"""The quality gate: every check of a kind, compiled once, applied to each draft."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from substrate.expressions.checker import check_condition
from substrate.expressions.closures import Closure, to_closure
from substrate.mapping import Draft
from substrate.operands import column_fields
from substrate.quality import Check, OnFailure, Reason, RowRefused


@dataclass(frozen=True, slots=True)
class _Compiled:
    check: Check
    holds: Closure
    columns: tuple[str, ...]


# What a check may say of a draft that is no content of it.
_OF_THE_DRAFT = frozenset({"site", "changed_at"})


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
        self._by_kind: dict[str, list[_Compiled]] = {}
        for declared in checks:
            condition = check_condition(declared.condition, column_fields(declared.record))
            columns = tuple(path[0] for path in condition.operands)
            compiled = _Compiled(declared, to_closure(condition), columns)
            self._by_kind.setdefault(declared.record.kind, []).append(compiled)

    def pass_through(self, draft: Draft, now: int) -> None:
        """Let a draft and its parts through, dropping the values that a check says to drop.

        Raises:
            RowRefused: a check says that the row must not become a record.
        """
        for member in draft.family():
            for compiled in self._by_kind.get(member.record.kind, ()):
                # Only a plain False fails: UNKNOWN means that a value is missing, which is another check's business.
                if compiled.holds([_value(member, name) for name in compiled.columns], now) is False:
                    self._fail(compiled.check, member)

    def _fail(self, check: Check, draft: Draft) -> None:
        if check.on_failure is OnFailure.QUARANTINE:
            raise RowRefused(Reason.FAILED_CHECK, f"{check.name}: {check.text}")
        self.discarded[check.name] += 1
        for name in check.values:
            draft.values[name] = None


def _value(draft: Draft, name: str) -> Any:
    return getattr(draft, name) if name in _OF_THE_DRAFT else draft.values.get(name)
