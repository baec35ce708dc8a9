"""What a column means: its sensitivity, unit, words for people, and when its value became known.

Every column of every vertical is declared through `column`, `instant` or `reference`; a column without a sensitivity
cannot be declared, so nothing can forget to obey it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

_KEY = "plumbline"


class Sensitivity(IntEnum):
    """How much harm a value does in the wrong eyes; a channel or role is cleared up to a level."""

    PUBLIC = 0
    INTERNAL = 1
    PII = 2
    PHI = 3


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a column's values stand for.

    Attributes:
        text: what it is, as staff would say it.
        sensitivity: the clearance that a reader needs.
        unit: UCUM code or plain unit, where the value is a quantity.
        instant: the value is an instant (microseconds since 1970 UTC), not a number.
        known_at: the column of the same row whose instant made this value known; before it, a read as of an earlier
            time sees `before`. A discharge time is not known until the discharge.
        before: what the value was until then.
        references: the kind of record that the value is the id of.
        through: the clearance that a reader of whatever is reached through this reference needs at least: the name of a
            bed is no secret, but who lies in it is.
        inherits: `(via, column)`: the value is that column of the record that `via` refers to, kept beside this one.
        own: with `inherits`, the column whose value comes first where it has one.
        label: the same in two or three words, for sentences and lists: `flag`, `released`, `discharge expected`.
        codes: words for the values that are codes, `HH`: `critically high`; of a yes or no, `true` and `false` with the
            whole sentence.
        absent: what it means that there is no value: `nobody has acknowledged it`.
    """

    text: str
    sensitivity: Sensitivity
    unit: str | None = None
    instant: bool = False
    known_at: str | None = None
    before: str | int | float | bool | None = None
    references: str | None = None
    through: Sensitivity = Sensitivity.PUBLIC
    inherits: tuple[str, str] | None = None
    own: str | None = None
    label: str = ""
    codes: Mapping[str, str] = field(default_factory=dict, hash=False)
    absent: str = ""


def column(
    text: str,
    sensitivity: Sensitivity,
    *,
    unit: str | None = None,
    known_at: str | None = None,
    before: str | int | float | bool | None = None,
    label: str = "",
    codes: Mapping[str, str] | None = None,
    absent: str = "",
    inherits: tuple[str, str] | None = None,
    own: str | None = None,
    **field: Any,
) -> Any:
    """Declare a plain column of a record; `field` goes on to `sqlmodel.Field` (`default=None`, `index=True` …)."""
    meaning = Meaning(
        text, sensitivity, unit, known_at=known_at, before=before, label=label, codes=codes or {}, absent=absent,
        inherits=inherits, own=own,
    )  # fmt: skip
    return _declare(meaning, field)


def instant(
    text: str,
    sensitivity: Sensitivity = Sensitivity.PHI,
    *,
    known_at: str | None = None,
    inherits: tuple[str, str] | None = None,
    own: str | None = None,
    label: str = "",
    absent: str = "",
    **field: Any,
) -> Any:
    """Declare a column of instants, in microseconds since 1970 UTC; `label` reads well before `3 h ago`.

    With `inherits` no mapper sets it, as with a `reference`.
    """
    meaning = Meaning(
        text, sensitivity, instant=True, known_at=known_at, inherits=inherits, own=own, label=label, absent=absent
    )
    return _declare(meaning, {"sa_type": BigInteger, **field})


def reference(
    text: str,
    kind: str,
    sensitivity: Sensitivity = Sensitivity.PHI,
    *,
    known_at: str | None = None,
    through: Sensitivity = Sensitivity.PUBLIC,
    inherits: tuple[str, str] | None = None,
    own: str | None = None,
    label: str = "",
    absent: str = "",
    **field: Any,
) -> Any:
    """Declare a column that holds the id of a record of another kind; it is indexed, and never enforced.

    A child may arrive before its parent, so the database checks no foreign key; `quality` reports orphans instead. With
    `inherits` no mapper sets it: `inherit` does, whichever of the two records comes first.
    """
    options = {"default": None, "index": True, "sa_type": BigInteger, **field}
    meaning = Meaning(
        text, sensitivity, known_at=known_at, references=kind, through=through, inherits=inherits, own=own,
        label=label, absent=absent,
    )  # fmt: skip
    return _declare(meaning, options)


def meaning_of(declared: Column[Any]) -> Meaning:
    """The declared meaning of a table's column.

    Raises:
        KeyError: the column was not declared through this module.
    """
    meaning: Meaning = declared.info[_KEY]
    return meaning


def _declare(meaning: Meaning, field: dict[str, Any]) -> Any:
    keywords = {**field.pop("sa_column_kwargs", {}), "info": {_KEY: meaning}}
    return Field(**field, sa_column_kwargs=keywords)
