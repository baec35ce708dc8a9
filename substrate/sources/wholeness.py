"""Of a folder that always holds everything: what must be read again together, and which kinds were seen whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class FileMark:
    """What is remembered of a file: what it was, how far it was read, and what was in it."""

    sha256: str
    size: int
    mtime_ns: int
    rows: int = 0
    done: bool = False
    faults: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The mark as it stands in a cursor."""
        names = ("sha256", "size", "mtime_ns", "rows", "done", "faults")
        return {name: getattr(self, name) for name in names} | {"kinds": dict(self.kinds)}

    @property
    def is_clean(self) -> bool:
        """Whether the file was read to its end and every one of its rows could be read."""
        return self.done and self.rows > 0 and self.faults == 0


@dataclass(frozen=True, slots=True)
class Told:
    """A file's part in a read: the kind that its name says, and the kinds that were found in it."""

    kind: str
    found: frozenset[str]
    clean: bool

    def may_hide(self, kind: str) -> bool:
        """Whether rows of `kind` may be in the unreadable part of this file."""
        mixed = bool(self.found) and self.found != {self.kind}
        return not self.clean and (mixed or kind == self.kind or kind in self.found)


def kinds_to_reread(changed: Iterable[str], held: Mapping[str, Collection[str]]) -> set[str]:
    """The kinds to read again when `changed` kinds changed: any file holding one brings its other kinds along."""
    dirty = set(changed)
    grown = True
    while grown:
        grown = False
        for kinds in held.values():
            if dirty.intersection(kinds) and not dirty.issuperset(kinds):
                dirty.update(kinds)
                grown = True
    return dirty


def whole_kinds(told: Collection[Told], skipped: Collection[str]) -> frozenset[str]:
    """The kinds of which every row was seen: none may hide in an unreadable file or lie in one that was skipped."""
    seen = frozenset(kind for file in told for kind in file.found)
    return frozenset(kind for kind in seen if kind not in skipped and not any(file.may_hide(kind) for file in told))
