"""Rows out of delimited text, where a row of the wrong width is kept as faulty."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator

from substrate.sources.csv_shape import CsvShape, tidy_header
from substrate.sources.lines import Cut, Line
from substrate.sources.source import Fault, Row

RECORD_LINES = 2_000
"""The most lines that one quoted record may span; beyond it a quote was surely never closed."""


def read_csv(lines: Iterable[Line], place: str, kind: str, shape: CsvShape) -> Iterator[Row]:
    """A row for each record after the header, `line` being where it starts.

    A record whose quote is never closed gives up its first line only: the lines that it swallowed are read again.
    """
    csv.field_size_limit(max(csv.field_size_limit(), shape.max_bytes))  # the process's only switch for this
    feed = _Feed(lines, shape.max_bytes)
    records = _Records(feed, shape, place, kind)
    cells, error = records.next()
    while cells == []:
        feed.settle(len(feed.taken))
        cells, error = records.next()
    if cells and not error and not feed.flawed:
        records.header = tidy_header(cells, shape.columns)
        feed.settle(len(feed.taken))
        yield from records.rows()
    elif feed.taken:
        yield records.faulty(Fault.BAD_COLUMNS, "the header cannot be read", len(feed.taken))
    if feed.torn is not None:
        yield Row(kind, place, feed.line, feed.torn.raw, None, feed.torn.fault, feed.torn.detail)


class _Feed:
    """The text lines that a csv reader asks for, remembering which ones the present record took."""

    def __init__(self, lines: Iterable[Line], max_bytes: int) -> None:
        self._lines = iter(lines)
        self._again: deque[Line] = deque()
        self._max_bytes = max_bytes
        self.taken: list[Line] = []
        self.line = 1
        """Where the present record starts."""
        self.flawed = False
        """Whether a line of the present record needs a closer look: its bytes, or how it ends."""
        self.torn: Cut | None = None
        self._size = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= RECORD_LINES or self._size > self._max_bytes:
            raise csv.Error("a quote is not closed")
        line = self._again.popleft() if self._again else next(self._lines)
        if isinstance(line, Cut) and line.fault is Fault.TRUNCATED:
            self.torn = line
            raise StopIteration
        self.taken.append(line)
        return self._text(line)

    def _text(self, line: Line) -> str:
        if isinstance(line, Cut):
            self.flawed = True
            return line.raw.decode("utf-8", "surrogateescape") if line.fault is None else "\n"
        self._size += len(line)
        if b"\0" in line:
            self.flawed = True
        try:
            return line.decode() + "\n"
        except UnicodeDecodeError:
            self.flawed = True
            return line.decode("utf-8", "surrogateescape") + "\n"

    def settle(self, count: int) -> None:
        """The record was its first `count` lines; the others are read again."""
        self.line += count
        self._again.extendleft(reversed(self.taken[count:]))
        self.taken, self.flawed, self._size = [], False, 0


class _Records:
    """The records after a header, each as a row."""

    def __init__(self, feed: _Feed, shape: CsvShape, place: str, kind: str) -> None:
        self.feed, self.delimiter, self.place, self.kind = feed, shape.delimiter, place, kind
        self.reader = csv.reader(feed, delimiter=shape.delimiter, strict=True)
        self.header: list[str] = []

    def next(self) -> tuple[list[str] | None, str]:
        """The next record's cells, or None and why there are none (an empty reason: the end)."""
        try:
            return next(self.reader), ""
        except StopIteration:
            return None, ""
        except csv.Error as error:
            return None, str(error)

    def rows(self) -> Iterator[Row]:
        """A row for every record that is not blank."""
        feed, width = self.feed, len(self.header)
        while True:
            cells, error = self.next()
            if cells is not None and len(cells) == width and not feed.flawed:
                yield self.good(cells)
            elif cells is None and not error:
                return
            elif cells or error or feed.flawed:
                yield self._judge(cells, error)
            else:
                feed.settle(len(feed.taken))

    def _judge(self, cells: list[str] | None, error: str) -> Row:
        """The row of a record that did not read straight through."""
        taken, width = self.feed.taken, len(self.header)
        fits = cells is not None and len(cells) == width
        if fault := _flaw(taken):
            return self.faulty(*fault, len(taken) if fits else 1)
        if cells is not None and fits:
            return self.good(cells)
        unended = isinstance(taken[-1], Cut) and (cells is None or len(cells) < width)
        if unended and len(taken) == 1:
            return self.faulty(Fault.TRUNCATED, "the file ends in the middle of a record", 1)
        if cells is None:
            return self.faulty(Fault.BAD_COLUMNS, error, 1)
        alone = any(self._reads_alone(line) for line in taken[1:])
        detail = f"{len(cells)} columns where the header has {width}"
        return self.faulty(Fault.BAD_COLUMNS, detail, 1 if alone else len(taken))

    def good(self, cells: list[str]) -> Row:
        """The row of a record that reads well."""
        feed = self.feed
        payload = dict(zip(self.header, cells, strict=True))
        row = Row(self.kind, self.place, feed.line, _raw(feed.taken), payload)
        feed.settle(len(feed.taken))
        return row

    def faulty(self, fault: Fault, detail: str, count: int) -> Row:
        """A faulty row made of the first `count` lines taken."""
        row = Row(self.kind, self.place, self.feed.line, _raw(self.feed.taken[:count]), None, fault, detail)
        self.feed.settle(count)
        return row

    def _reads_alone(self, line: Line) -> bool:
        """Whether a line inside a multi-line record is a whole record itself, so that a stray quote took it."""
        raw = line.raw if isinstance(line, Cut) else line
        text = [raw.decode("utf-8", "replace")]
        try:
            cells = next(csv.reader(text, delimiter=self.delimiter, strict=True), [])
        except csv.Error:
            return False
        return len(cells) == len(self.header)


def _raw(lines: list[Line]) -> bytes:
    return b"\n".join(line.raw if isinstance(line, Cut) else line for line in lines).removesuffix(b"\r")


def _flaw(lines: list[Line]) -> tuple[Fault, str] | None:
    """What is wrong with the bytes of a record's lines, if anything is."""
    for line in lines:
        if isinstance(line, Cut) and line.fault is not None:
            return line.fault, line.detail
        raw = line.raw if isinstance(line, Cut) else line
        if b"\0" in raw:
            return Fault.BAD_ENCODING, f"a NUL character at byte {raw.index(0) + 1} of the line"
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            return Fault.BAD_ENCODING, f"byte {error.start + 1} of the line does not decode"
    return None
