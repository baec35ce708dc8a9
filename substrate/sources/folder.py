"""A folder that somebody drops files into (NDJSON, JSON, CSV, plain or .gz), as a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from substrate.clock import MICROS
from substrate.errors import SourceError
from substrate.sources.blocks import digest, ends_with_newline
from substrate.sources.file_rows import MIXED, FileLimits, FileReader, RowReader, guess_rows
from substrate.sources.ignored import WILL_COME, Ignored, Why
from substrate.sources.pickup import FORMS, Picked, PickRule, in_order, pick_up
from substrate.sources.source import PAGE_ROWS, Cursor, Fault, Page, Row, Skipped
from substrate.sources.wholeness import FileMark, Told, kinds_to_reread, whole_kinds

UNCHANGED = "unchanged file"


class FolderOptions(BaseModel):
    """How to read a folder. Every option but `path` has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="The folder. It is only read, never written to.")
    mode: Literal["delta", "bulk"] = Field(
        "delta", description="bulk: the folder always holds everything, so a record that is absent is gone."
    )
    kinds: tuple[str, ...] | None = Field(None, description="Read only these kinds; None: all.")
    order: tuple[str, ...] = Field((), description="Kinds to read first, parents before children.")
    settle_seconds: float = Field(0, ge=0, description="Leave a file alone until it is this old.")
    require_done: bool = Field(
        False, description="Take a file only beside <name>.done, or in a folder with _SUCCESS or .done."
    )
    recursive: bool = Field(True, description="Read folders inside the folder too (never hidden ones).")
    kind_names: dict[str, str] = Field({}, description="Kind for a file name's stem, where they differ.")
    columns: dict[str, str] = Field({}, description="New names for CSV columns.")
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="The CSV delimiter; None: found by looking."
    )
    encoding: str | None = Field(None, description="The text's encoding; None: found by looking.")
    final_newline: bool = Field(
        True, description="Take a bulk CSV file without a newline at its end for cut short: nothing is gone."
    )
    trust_mtime: bool = Field(
        False, description="Take equal size and time for equal content, without reading the file again."
    )
    max_line_bytes: int = Field(16 << 20, gt=0, description="A longer line or CSV record is a faulty row.")
    max_json_bytes: int = Field(64 << 20, gt=0, description="A larger JSON document is a faulty row.")
    page_rows: int = Field(PAGE_ROWS, gt=0, description="Rows a page; ingest commits once a page.")
    page_bytes: int = Field(32 << 20, gt=0, description="Raw bytes a page, which bounds the memory.")

    @property
    def place(self) -> str:
        """Where it reads, for people."""
        return str(self.path)


class FolderSource:
    """Reads a folder; `ignored` says after each read what was left, and why.

    `reader` and `forms` are for files of other formats than a folder has by itself.
    """

    def __init__(
        self, name: str, options: FolderOptions, reader: RowReader | None = None, forms: Mapping[str, str] = FORMS
    ) -> None:
        self.name = name
        self.options = options
        self.ignored: list[Ignored] = []
        self._forms = forms
        limits = FileLimits(options.max_line_bytes, options.max_json_bytes)
        self._reader = reader or FileReader(limits, options.encoding, options.delimiter, options.columns)

    @property
    def completes(self) -> bool:
        """Whether the folder is a whole export, in which what is absent is gone."""
        return self.options.mode == "bulk"

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """The kinds that are asked for; None: all."""
        return self.options.kinds

    def estimate(self, cursor: Cursor | None) -> int | None:
        """About how many rows are to come, guessed from the sizes and first bytes of files not yet read."""
        marks = _marks(cursor)
        total = 0
        for file in self._wanted(self._pick_up(0)[0], note=False):
            mark = marks.get(file.place)
            same = mark is not None and (mark.size, mark.mtime_ns) == (file.size, file.mtime_ns)
            if not (same and mark is not None and mark.done):
                total += max(guess_rows(file) - (mark.rows if same and mark is not None else 0), 0)
        return total

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of the rows in new and changed files.

        Raises:
            SourceError: the folder is not there or may not be listed.
        """
        files, self.ignored = self._pick_up(now)
        files = in_order(self._wanted(files, note=True), self.options.order)
        run = _Run(self.options, _marks(cursor))
        self._plan(files, run)
        for file in files:
            yield from self._file(file, run)
        yield self._last_page(run)

    def _pick_up(self, now: int) -> tuple[list[Picked], list[Ignored]]:
        options = self.options
        if not options.path.is_dir():
            raise SourceError(
                f"source {self.name}: there is no folder {options.path}", hint="Create it, or correct its path."
            )
        settle = int(options.settle_seconds * MICROS) if now else 0
        rule = PickRule(settle, options.require_done, options.recursive, options.kind_names, self._forms)
        return pick_up(options.path, rule, now)

    def _wanted(self, files: list[Picked], *, note: bool) -> list[Picked]:
        """The files that hold wanted kinds, by their name or by their first record."""
        wanted = self.options.kinds
        if wanted is None:
            return files
        types = {*wanted, MIXED}
        kept = [file for file in files if file.kind in wanted or self._reader.first_type(file) in types]
        if note:
            left = sorted({(file.place, file.kind) for file in files} - {(file.place, file.kind) for file in kept})
            self.ignored += [Ignored(place, Why.KIND_NOT_WANTED, kind) for place, kind in left]
        return kept

    def _plan(self, files: list[Picked], run: _Run) -> None:
        """Forget files that went away; in bulk mode, decide which unchanged files must be read again."""
        known = dict(run.marks)
        present = {file.place for file in files} | {ignored.place for ignored in self.ignored}
        run.marks = {place: mark for place, mark in run.marks.items() if place in present}
        if self.options.mode == "delta":
            return
        held = {file.place: {file.kind, *known[file.place].kinds} for file in files if file.place in known}
        gone = [mark for place, mark in known.items() if place not in present]
        changed = {kind for mark in gone for kind in mark.kinds}
        for file in files:
            if not self._is_unchanged(file, run):
                changed |= held.get(file.place, {file.kind})
        run.reread = kinds_to_reread(changed, held)
        for file in files:
            mark = run.marks.get(file.place)
            if mark is not None and not run.reread.isdisjoint(held[file.place]):
                run.marks[file.place] = replace(mark, done=False, rows=0)

    def _is_unchanged(self, file: Picked, run: _Run) -> bool:
        mark = run.marks.get(file.place)
        if mark is None or not mark.done or mark.size != file.size:
            return False
        if self.options.trust_mtime and mark.mtime_ns == file.mtime_ns:
            run.digests[file.place] = mark.sha256
        try:
            return run.digest(file) == mark.sha256
        except OSError:
            return False

    def _file(self, file: Picked, run: _Run) -> Iterator[Page]:
        """The pages that fill up while this file is read; its last rows stay for the next page."""
        if self._is_unchanged(file, run):
            run.skip(file)
            return
        try:
            mark = run.begin(file)
            for row in islice(self._reader.rows(file), mark.rows, None):
                if run.add(row, mark):
                    yield run.page()
            stat = file.path.stat()
        except OSError as error:
            self._leave(file, run, Why.UNREADABLE, error.strerror or "")
            return
        if (stat.st_size, stat.st_mtime_ns) != (file.size, file.mtime_ns):
            self._leave(file, run, Why.CHANGED_WHILE_READ, "read again next time")
            return
        run.end(file, mark, whole=self._ends_well(file))

    def _ends_well(self, file: Picked) -> bool:
        """Whether the file is surely not cut short; a CSV record cut in its last value still looks like one."""
        options = self.options
        if options.mode == "delta" or file.form != "csv" or not options.final_newline or ends_with_newline(file.path):
            return True
        self.ignored.append(Ignored(file.place, Why.NO_FINAL_NEWLINE, file.kind, "read, but perhaps cut short"))
        return False

    def _leave(self, file: Picked, run: _Run, why: Why, detail: str) -> None:
        self.ignored.append(Ignored(file.place, why, file.kind, detail))
        mark = run.marks.pop(file.place, None)
        run.told.append(Told(file.kind, frozenset(mark.kinds if mark else ()), clean=False))

    def _last_page(self, run: _Run) -> Page:
        """The rest, with what a bulk folder told whole; only now do its files count as read."""
        for place, count in run.unwanted.items():
            self.ignored.append(Ignored(place, Why.KIND_NOT_WANTED, "", f"{count} rows of other kinds"))
        if self.options.mode == "delta":
            return replace(run.page(), ended=True)
        for ignored in self.ignored:
            if ignored.why in WILL_COME:
                known = run.marks.get(ignored.place)
                run.told.append(Told(ignored.kind, frozenset(known.kinds if known else ()), clean=False))
        for place in run.finished:
            run.marks[place].done = True
        whole = whole_kinds(run.told, run.skipped_kinds)
        wanted = whole if self.options.kinds is None else whole.intersection(self.options.kinds)
        return replace(run.page(), ended=True, complete=wanted)


@dataclass(slots=True)
class _Run:
    """One read in progress: what is remembered of each file, and the page that is filling up."""

    options: FolderOptions
    marks: dict[str, FileMark]
    reread: set[str] = field(default_factory=set)
    digests: dict[str, str] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    skipped_kinds: set[str] = field(default_factory=set)
    unwanted: Counter[str] = field(default_factory=Counter)
    rows: list[Row] = field(default_factory=list)
    size: int = 0
    torn: bool = False
    skipped: list[Skipped] = field(default_factory=list)

    def digest(self, file: Picked) -> str:
        """The file's SHA-256, taken once a read."""
        if file.place not in self.digests:
            self.digests[file.place] = digest(file.path)
        return self.digests[file.place]

    def skip(self, file: Picked) -> None:
        """Say that the file is byte for byte what was read before."""
        mark = self.marks[file.place]
        mark.mtime_ns = file.mtime_ns
        self.skipped_kinds.update(mark.kinds)
        wanted = self.options.kinds
        given = {kind: rows for kind, rows in mark.kinds.items() if wanted is None or kind in wanted}
        self.skipped += [Skipped(kind, file.place, rows, UNCHANGED) for kind, rows in given.items()]

    def begin(self, file: Picked) -> FileMark:
        """The mark to fill: the one of a read that was cut off, if the content is still the same, else a new one."""
        sha256 = self.digest(file)
        mark = self.marks.get(file.place)
        if mark is None or mark.sha256 != sha256 or mark.done or self.options.mode == "bulk":
            mark = FileMark(sha256, file.size, file.mtime_ns)
        self.marks[file.place] = mark
        self.torn = False
        return mark

    def add(self, row: Row, mark: FileMark) -> bool:
        """Take a row into the page; true when the page is full."""
        mark.rows += 1
        mark.kinds[row.kind] = mark.kinds.get(row.kind, 0) + 1
        mark.faults += row.fault is not None
        self.torn |= row.fault is Fault.TRUNCATED
        wanted = self.options.kinds
        if wanted is not None and row.kind not in wanted and row.fault is None:
            self.unwanted[row.place] += 1
            return False
        self.rows.append(row)
        self.size += len(row.raw)
        return len(self.rows) >= self.options.page_rows or self.size >= self.options.page_bytes

    def end(self, file: Picked, mark: FileMark, *, whole: bool) -> None:
        """The file was read to its end, or to the tear that its last row speaks of."""
        self.told.append(Told(file.kind, frozenset(mark.kinds), whole and mark.rows > 0 and not mark.faults))
        if self.torn:
            mark.rows, mark.faults, mark.kinds = 0, 0, {}
        elif self.options.mode == "delta":
            mark.done = True
        else:
            self.finished.append(file.place)

    def page(self) -> Page:
        """The page as it is, with the cursor to store with it; the next one starts empty."""
        files = {place: mark.as_json() for place, mark in self.marks.items()}
        page = Page(tuple(self.rows), {"v": 1, "files": files}, tuple(self.skipped))
        self.rows, self.size, self.skipped = [], 0, []
        return page


def _marks(cursor: Cursor | None) -> dict[str, FileMark]:
    files: dict[str, dict[str, Any]] = (cursor or {}).get("files", {})
    return {place: FileMark(**mark) for place, mark in files.items()}
