"""A folder that OneRoster or School Data Sync exports are dropped into, zipped or not, as a source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from substrate.clock import MICROS
from substrate.errors import SourceError
from substrate.sources.file_rows import FileLimits, FileReader, guess_rows
from substrate.sources.ignored import Ignored, Why
from substrate.sources.oneroster.archive import Archive, Member
from substrate.sources.oneroster.people import FOLDED, People
from substrate.sources.oneroster.reading import Reading
from substrate.sources.oneroster.shelf import FORMS, ShelfRule, on_shelf, superseded
from substrate.sources.pickup import PickRule
from substrate.sources.source import PAGE_ROWS, Cursor, Page, Row, Skipped

_ORDER = ("academicSessions", "orgs", "courses", "classes", "users", "enrollments", "lineItems", "results")
UNCHANGED = "unchanged export"
INTO_USERS = "read into users"


class OneRosterCsvOptions(BaseModel):
    """How to read a folder of exports. Every option but `path` has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="The folder. It is only read, never written to.")
    mode: Literal["manifest", "bulk", "delta"] = Field(
        "manifest", description="manifest: as each export says, delta where it does not; bulk, delta: all of them are."
    )
    kinds: tuple[str, ...] | None = Field(None, description="Read only these files; None: all.")
    order: tuple[str, ...] = Field(_ORDER, description="Files to read first, parents before children.")
    settle_seconds: float = Field(0, ge=0, description="Leave a file alone until it is this old.")
    require_done: bool = Field(
        False, description="Take a file only beside <name>.done, or in a folder with _SUCCESS or .done."
    )
    kind_names: dict[str, str] = Field({}, description="The standard's name for a file's stem, where they differ.")
    columns: dict[str, str] = Field({}, description="The standard's names for columns, where they differ.")
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="The delimiter; None: found by looking."
    )
    encoding: str | None = Field(None, description="The text's encoding; None: found by looking.")
    final_newline: bool = Field(
        True, description="Take an unzipped bulk file without a newline at its end for cut short: nothing is gone."
    )
    max_bytes: int = Field(4 << 30, gt=0, description="A zip that would unpack to more is refused.")
    max_line_bytes: int = Field(16 << 20, gt=0, description="A longer record is a faulty row.")
    page_rows: int = Field(PAGE_ROWS, gt=0, description="Rows a page; ingest commits once a page.")

    @property
    def place(self) -> str:
        """Where it reads, for people."""
        return str(self.path)


@dataclass(slots=True)
class _Plan:
    """What this read takes: the exports from the first new or changed one on."""

    archives: list[Archive]
    first: int
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def pending(self) -> list[Archive]:
        return self.archives[self.first :]

    @property
    def done(self) -> list[Archive]:
        return self.archives[: self.first]


class OneRosterCsvSource:
    """Reads exports in order of their names; `ignored` says after each read what was left, and why."""

    def __init__(self, name: str, options: OneRosterCsvOptions) -> None:
        self.name = name
        self.options = options
        self.ignored: list[Ignored] = []
        limits = FileLimits(options.max_line_bytes)
        files = FileReader(limits, options.encoding, options.delimiter, options.columns)
        self._reading = Reading(files)

    @property
    def completes(self) -> bool:
        """Whether an export may say that it holds everything."""
        return self.options.mode != "delta"

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """The files that are asked for; None: all."""
        return self.options.kinds

    def estimate(self, cursor: Cursor | None) -> int | None:
        """About how many rows are to come; zips are not looked into for a guess."""
        members = [member for one in self._plan(cursor, 0).pending for member in one.members.values()]
        return sum(member.size // 100 if member.name else guess_rows(member.picked) for member in members)

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of the rows in new and changed exports, and in those after them.

        Raises:
            SourceError: the folder is not there or may not be listed.
        """
        self.ignored = []
        plan = self._plan(cursor, now)
        marks = {one.place: plan.known[one.place] for one in plan.done}
        people = self._people(plan)
        yield Page((), _cursor(marks), tuple(self._unchanged(plan)))
        for number, archive in enumerate(plan.pending, plan.first):
            mark: dict[str, Any] = {"sha256": archive.sha256, "rows": {}}
            clean: set[str] = set()
            rows: list[Row] = []
            self._reading.dangling.clear()
            for row in self._rows(archive, plan.archives[: number + 1], people, mark["rows"], clean):
                rows.append(row)
                if len(rows) >= self.options.page_rows:
                    yield Page(tuple(rows), _cursor(marks))
                    rows = []
            marks[archive.place] = mark
            yield Page(tuple(rows), _cursor(marks), tuple(self._folded(archive, mark["rows"])), frozenset(clean))
        yield Page((), _cursor(marks), ended=True)

    def _plan(self, cursor: Cursor | None, now: int) -> _Plan:
        options = self.options
        if not options.path.is_dir():
            raise SourceError(
                f"source {self.name}: there is no folder {options.path}", hint="Create it, or correct its path."
            )
        settle = int(options.settle_seconds * MICROS) if now else 0
        pick = PickRule(settle, options.require_done, kind_names=options.kind_names, forms=FORMS)
        mode = None if options.mode == "manifest" else options.mode
        archives, left = on_shelf(options.path, ShelfRule(pick, mode, options.max_bytes), now)
        archives, replaced = superseded(archives)
        self.ignored += left + replaced
        known = (cursor or {}).get("exports", {})
        same = [known.get(one.place, {}).get("sha256") == one.sha256 for one in archives]
        return _Plan(archives, same.index(False) if False in same else len(same), known)

    def _unchanged(self, plan: _Plan) -> Iterator[Skipped]:
        for one in plan.done:
            for kind, count in plan.known[one.place]["rows"].items():
                if kind in one.members:
                    yield Skipped(kind, one.members[kind].place, count, UNCHANGED)

    def _people(self, plan: _Plan) -> People:
        """What all exports together say of users; only looked for where users are wanted and something is new."""
        people = People()
        for one in plan.archives if plan.pending and self._wants("users") else ():
            for kind, member in one.members.items():
                if kind in FOLDED and one.is_bulk(kind):
                    people.forget(kind)
                for row in self._reading.rows(member) if kind in FOLDED else ():
                    if row.payload is not None:
                        people.note(kind, row.payload)
        return people

    def _rows(
        self, archive: Archive, so_far: Sequence[Archive], people: People, counts: dict[str, int], clean: set[str]
    ) -> Iterator[Row]:
        """The rows of one export, and the users of whom only its other files speak."""
        shown: set[str] = set()
        for member in self._wanted(archive):
            told = self._reading.counted(member, counts)
            if member.kind == "users":
                told = self._reading.with_people(told, people, shown)
            yield from (row for row in told if row.kind not in FOLDED or row.fault is not None)
            if member.kind in FOLDED:
                self._reading.dangling[member.kind] += self._reading.faults
            if archive.is_bulk(member.kind) and self._is_clean(member, counts):
                clean.add(member.kind)
            self.ignored += self._reading.doubles(member)
        if self._wants("users"):
            yield from self._reading.others(archive, so_far, people, shown)

    def _folded(self, archive: Archive, counts: dict[str, int]) -> Iterator[Skipped]:
        """The rows that were read into users, so that they are accounted for too."""
        for kind in sorted(FOLDED.intersection(archive.members)):
            yield Skipped(
                kind, archive.members[kind].place, counts.get(kind, 0) - self._reading.dangling[kind], INTO_USERS
            )

    def _is_clean(self, member: Member, counts: dict[str, int]) -> bool:
        """Whether every row of a file could be read, there were some, and it is surely not cut short."""
        if self._reading.faults or not counts.get(member.kind) or member.kind in FOLDED:
            return False
        if member.ends_well or not self.options.final_newline:
            return True
        self.ignored.append(Ignored(member.place, Why.NO_FINAL_NEWLINE, member.kind, "read, but perhaps cut short"))
        return False

    def _wanted(self, archive: Archive) -> list[Member]:
        rank = {kind: position for position, kind in enumerate(self.options.order)}
        wanted = []
        for kind in sorted(archive.members, key=lambda kind: (rank.get(kind, len(rank)), kind)):
            if self._wants(kind) or (kind in FOLDED and self._wants("users")):
                wanted.append(archive.members[kind])
            else:
                self.ignored.append(Ignored(archive.members[kind].place, Why.KIND_NOT_WANTED, kind))
        return wanted

    def _wants(self, kind: str) -> bool:
        return self.options.kinds is None or kind in self.options.kinds


def _cursor(marks: dict[str, dict[str, Any]]) -> Cursor:
    return {"v": 1, "exports": {place: dict(mark) for place, mark in marks.items()}}
