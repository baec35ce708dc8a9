"""What data makes of a mapping file: columns that nothing reads, fields that stay empty, codes that nobody listed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from substrate.mapping import Draft, Gone, Reader
from substrate.mappings.mapping_file import MappingFile
from substrate.mappings.rows import Table
from substrate.quality import RowRefused

PROTECTED = "‹protected›"
"""In place of a code whose column not everybody in the house may see."""

_Code = tuple[str, str, str]


@dataclass
class Survey:
    """Counts what some rows make of a mapping file; it stores no value but codes that anybody may see.

    Attributes:
        mapping: the mapping file.
        left_out: how many rows of each resource are none of ours, or say that a record is gone.
        codes: how often a code that is not listed stands in a row, by resource, column and code.
    """

    mapping: MappingFile
    left_out: Counter[str] = field(default_factory=Counter)
    codes: Counter[_Code] = field(default_factory=Counter)
    _columns: dict[str, dict[str, None]] = field(default_factory=dict)
    _filled: dict[str, set[str]] = field(default_factory=dict)

    def note(self, resource: str, payload: dict[str, Any], told: Draft | Gone | None) -> None:
        """Count a row of a resource, with what became of it; None: it was refused."""
        table = self.mapping.tables[resource]
        self._columns.setdefault(resource, {}).update(dict.fromkeys(payload))
        self._note_codes(resource, table, payload)
        if isinstance(told, Gone):
            self.left_out[resource] += 1
        elif told is not None:
            filled = self._filled.setdefault(resource, set())
            for each in told.told():
                filled.update(f"{each.record.kind}.{name}" for name, value in each.values.items() if value is not None)

    @property
    def unused(self) -> dict[str, list[str]]:
        """The columns of each resource that no field, key or condition reads."""
        found = {name: self._unread(name, columns) for name, columns in self._columns.items()}
        return {name: columns for name, columns in found.items() if columns}

    @property
    def unfilled(self) -> dict[str, list[str]]:
        """The fields of each resource that no row gave a value."""
        found: dict[str, list[str]] = {}
        for name, filled in self._filled.items():
            fields = self.mapping.tables[name].filled.items()
            empty = [f"{kind}.{each}" for kind, names in fields for each in names if f"{kind}.{each}" not in filled]
            found |= {name: empty} if empty else {}
        return found

    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        codes = [
            {"resource": resource, "column": column, "code": code, "rows": count}
            for (resource, column, code), count in self.codes.most_common()
        ]
        return {
            "left_out": dict(self.left_out),
            "unused_columns": self.unused,
            "unfilled_fields": self.unfilled,
            "unknown_codes": codes,
        }

    def _unread(self, resource: str, columns: dict[str, None]) -> list[str]:
        used = self.mapping.tables[resource].used
        roots = used | {name.split(".")[0] for name in used}
        return [name for name in columns if name not in roots]

    def _note_codes(self, resource: str, table: Table, payload: dict[str, Any]) -> None:
        for codes in table.codes:
            try:
                code: str | None = codes.text(payload, _NOBODY)
            except RowRefused:
                continue
            if code is not None and code not in codes.codes:
                self.codes[resource, codes.column, code if codes.open else PROTECTED] += 1


_NOBODY = Reader("")
