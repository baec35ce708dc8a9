"""The rows of an export's files under the standard's names, with users made whole from the files that tell of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from substrate.sources.file_rows import FileReader
from substrate.sources.ignored import Ignored, Why
from substrate.sources.oneroster import names
from substrate.sources.oneroster.archive import Archive, Member
from substrate.sources.oneroster.people import FOLDED, People, user_of
from substrate.sources.source import Fault, Row

_NOBODY = "it tells of a user whom no file holds"


@dataclass(slots=True)
class Reading:
    """Reads files; `faults` and `doubles` tell of the last one."""

    files: FileReader
    faults: int = 0
    dangling: Counter[str] = field(default_factory=Counter)
    """Rows of folded files that were given as faulty, by file."""
    _keys: set[int] = field(default_factory=set)
    _doubles: int = 0

    def rows(self, member: Member) -> Iterator[Row]:
        """Every row of a file, under the standard's names; one that is to be deleted says so."""
        header: tuple[str, ...] = ()
        for row in self.files.rows(member.picked, member.blocks):
            if row.payload is None:
                yield row
                continue
            header = header or names.columns(row.payload)
            yield replace(row, payload=dict(zip(header, row.payload.values(), strict=True)))

    def counted(self, member: Member, counts: dict[str, int]) -> Iterator[Row]:
        """The same, counted, with rows that are to be deleted as such."""
        self.faults, self._doubles = 0, 0
        self._keys.clear()
        for row in self.rows(member):
            self.faults += row.fault is not None
            counts[member.kind] = counts.get(member.kind, 0) + 1
            payload = row.payload or {}
            self._note_key(payload.get("sourcedId", ""))
            gone = payload.get("status", "").strip().lower() in names.DELETED
            if gone and payload.get("sourcedId") and member.kind not in FOLDED:
                yield replace(row, payload=None, deleted_key=payload["sourcedId"].strip())
            else:
                yield row

    def doubles(self, member: Member) -> list[Ignored]:
        """What is to be said of keys that the last file gave more than once."""
        if not self._doubles:
            return []
        detail = f"{self._doubles} rows repeat a sourcedId; the last row counts"
        return [Ignored(member.place, Why.DUPLICATE_KEYS, member.kind, detail)]

    def with_people(self, rows: Iterator[Row], people: People, shown: set[str]) -> Iterator[Row]:
        """Users made whole; `shown` gathers whom the file tells of."""
        for row in rows:
            if row.payload is not None:
                shown.add(row.payload.get("sourcedId", "").strip())
                yield replace(row, payload=people.joined(row.payload))
            else:
                shown.add(row.deleted_key or "")
                yield row

    def others(self, archive: Archive, so_far: Sequence[Archive], people: People, shown: set[str]) -> Iterator[Row]:
        """The users of whom an export tells something new without giving their rows: as they were last given.

        What is told of a user whom no file holds is a faulty row.
        """
        folded = [archive.members[kind] for kind in sorted(FOLDED.intersection(archive.members))]
        wanted = {user for member in folded for _, user in self._told(member)} - shown
        found = self._last(wanted, so_far) if wanted else {}
        for row in found.values():
            if row.payload is not None:
                yield replace(row, payload=people.joined(row.payload))
        unknown = wanted - found.keys()
        for member in folded if unknown else ():
            for row, user in self._told(member):
                if user in unknown:
                    self.dangling[member.kind] += 1
                    yield replace(row, payload=None, fault=Fault.BAD_REFERENCE, detail=_NOBODY)

    def _told(self, member: Member) -> Iterator[tuple[Row, str]]:
        for row in self.rows(member):
            if row.payload is not None:
                yield row, user_of(member.kind, row.payload)

    def _last(self, wanted: set[str], archives: Sequence[Archive]) -> dict[str, Row]:
        """The last row of each of some users; without payload if it says that the user is gone."""
        found: dict[str, Row] = {}
        for member in (one.members["users"] for one in archives if "users" in one.members):
            for row in self.counted(member, {}):
                key = row.deleted_key or (row.payload or {}).get("sourcedId", "").strip()
                if key in wanted:
                    found[key] = row
        return found

    def _note_key(self, key: str) -> None:
        if key:
            number = hash(key)
            self._doubles += number in self._keys
            self._keys.add(number)
