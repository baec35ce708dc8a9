"""Which table may hold which kind of record, and which column which value: guesses, each with how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from substrate.catalog import Vertical
from substrate.columns import Meaning
from substrate.expressions.types import Type
from substrate.mappings.words import Words, likeness, words
from substrate.operands import column_operands
from substrate.records import Record, mapped_columns, meanings
from substrate.seen_tables import SeenColumn, SeenTable

SURE, PERHAPS = 0.6, 0.34
"""From here on a guess is written into the file; from there on it is written as a question."""

_FITS = {
    Type.STRING: ("text", "integer"),
    Type.INT: ("integer",),
    Type.DOUBLE: ("number", "integer"),
    Type.BOOL: ("yesno",),
    Type.TIMESTAMP: ("instant", "date"),
}
_WEAK = 0.45
"""What a table must be worth to be held for a kind of record at all."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A column for a field, and how sure that is, 0 to 1."""

    column: str
    sure: float


def tables_of(vertical: Vertical, tables: Sequence[SeenTable]) -> dict[str, SeenTable]:
    """The table that each kind of record most likely lies in; kinds for which there is none are left out."""
    scored = [
        (_kinship(record, table), -len(table.name), record.kind, table)
        for record in vertical.records
        for table in tables
    ]
    found: dict[str, SeenTable] = {}
    taken: set[str] = set()
    for score, _, kind, table in sorted(scored, key=lambda each: each[:3], reverse=True):
        if score >= _WEAK and kind not in found and table.name not in taken:
            found[kind] = table
            taken.add(table.name)
    return found


def columns_of(record: type[Record], table: SeenTable, kinds: Mapping[str, str]) -> dict[str, Guess]:
    """The likeliest column for each field of a record, each column for one field alone.

    Args:
        record: the kind of record.
        table: where it lies.
        kinds: the kind of record that each table holds, where that is known.
    """
    types = {name: operand.type for name, operand in column_operands(record).items()}
    known = meanings(record)
    scored = [
        (_fit(name, known[name], types.get(name), column, table, kinds), -len(column.name), name, column.name)
        for name in mapped_columns(record)
        for column in table.columns.values()
    ]
    found: dict[str, Guess] = {}
    taken: set[str] = set()
    for score, _, name, column in sorted(scored, reverse=True):
        if score >= PERHAPS and name not in found and column not in taken:
            found[name] = Guess(column, score)
            taken.add(column)
    return found


def code_for(text: str, meaning: Meaning) -> str | None:
    """Our code for one of the ERP's, where both say the same; None: somebody must tell."""
    for code, said in meaning.codes.items():
        if text.lower() in (code.lower(), said.lower()) or (words(text) and words(text) == words(code)):
            return code
    begins = [code for code in meaning.codes if len(text) > 3 and code.lower().startswith(text.lower())]
    return begins[0] if len(begins) == 1 else None


def _kinship(record: type[Record], table: SeenTable) -> float:
    """How likely a table holds a kind of record: by its name, and by how many of the record's columns it may fill."""
    own, theirs = words(record.kind), words(table.name.rpartition(".")[2])
    told = words((record.__doc__ or "").partition("\n")[0])
    if not theirs or (not own & theirs and not told & theirs):
        return 0.0
    whole = len(own & theirs) / len(own)
    named = max(0.6 * whole + 0.4 * likeness(own, theirs), 0.5 * len(told & theirs) / len(theirs))
    filled = columns_of(record, table, {})
    names = mapped_columns(record)
    share = sum(guess.sure for guess in filled.values()) / min(len(names), max(len(table.columns), 1))
    return 0.75 * named + 0.5 * min(share, 0.5)


def _fit(
    name: str, meaning: Meaning, kind: Type | None, column: SeenColumn, table: SeenTable, kinds: Mapping[str, str]
) -> float:
    """How well a column fits a field: by what both are called, and by what it holds."""
    if meaning.references is not None:
        return _refers(name, meaning, column, table, kinds)
    if column.name in table.references or (kind is not None and column.form not in _FITS[kind]):
        return 0.0
    return _called(name.removesuffix("_at"), meaning, words(column.name), words(table.name))


def _refers(name: str, meaning: Meaning, column: SeenColumn, table: SeenTable, kinds: Mapping[str, str]) -> float:
    if column.form not in ("integer", "text") or (column.name,) == table.key:
        return 0.0
    called = _called(name.removesuffix("_id"), meaning, words(column.name.removesuffix("_id")), words(table.name))
    target = table.references.get(column.name)
    if target is None:
        same = words(column.name.removesuffix("_id")) == words(meaning.references or "")
        return max(called, 0.7 if same else 0.0) if column.name.lower().endswith("id") or called >= SURE else 0.0
    if kinds.get(target) == meaning.references:
        return 0.5 + 0.5 * called
    return 0.0


def _called(name: str, meaning: Meaning, theirs: Words, around: Words) -> float:
    """How much alike a field and a column are called; the table's own name in the column's says nothing."""
    bare = theirs - around or theirs
    ways: Iterable[tuple[float, Words]] = (
        (1.0, words(name)), (0.95, words(meaning.label)), (0.7, words(meaning.text.partition(",")[0])),
    )  # fmt: skip
    return max(weight * max(likeness(ours, theirs), likeness(ours, bare)) for weight, ours in ways)
