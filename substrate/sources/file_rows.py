"""The rows of one file, whatever its format, compression and encoding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeAlias

from substrate.sources.blocks import BLOCK, TornError, blocks
from substrate.sources.csv_rows import read_csv
from substrate.sources.csv_shape import CsvShape, find_delimiter
from substrate.sources.encoding import UTF8, as_received, as_utf8, detect, sample
from substrate.sources.json_file import is_ndjson, read_json
from substrate.sources.lines import split_lines
from substrate.sources.ndjson import read_ndjson
from substrate.sources.pickup import Picked
from substrate.sources.source import Row

_TYPE = re.compile(rb'"resourceType"\s*:\s*"(\w+)"')
_JSON_ROW_BYTES = 500
_PACKED = ("json", "xml")
MIXED = "Bundle"
"""What `first_type` says of a file in which records of several types lie."""
ReadBlocks: TypeAlias = Callable[[Path], Iterator[bytes]]


class RowReader(Protocol):
    """What turns files into rows."""

    def rows(self, file: Picked) -> Iterator[Row]:
        """Every row from the first on."""

    def first_type(self, file: Picked) -> str:
        """The type of the first record, or MIXED; empty if it is not known."""


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How much of a file may be held at once."""

    line_bytes: int = 16 << 20
    json_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class FileReader:
    """Turns a file into rows; an encoding or a delimiter that is not given is found by looking."""

    limits: FileLimits = field(default_factory=FileLimits)
    encoding: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def rows(self, file: Picked, read: ReadBlocks = blocks) -> Iterator[Row]:
        """Every row from the first on; `read` gives the blocks of a file that is not simply there (a zip's member).

        Raises:
            OSError: the file cannot be opened or read.
        """
        head = sample(_until_torn(read(file.path)))
        encoding = self.encoding or detect(head, is_json=file.form != "csv")
        text = as_utf8(read(file.path), encoding)
        rows = self._parse(file, text, b"".join(as_utf8([head], encoding)))
        return rows if encoding == UTF8 else (_received(row, encoding) for row in rows)

    def first_type(self, file: Picked) -> str:
        """The first `resourceType` named in the file, found without parsing it; empty if there is none."""
        if file.form == "csv":
            return ""
        try:
            found = _TYPE.search(b"".join(islice(_until_torn(blocks(file.path)), 1)))
        except OSError:
            return ""
        return found.group(1).decode() if found else ""

    def _parse(self, file: Picked, text: Iterable[bytes], head: bytes) -> Iterator[Row]:
        if file.form == "json" and not is_ndjson(head):
            return read_json(text, file.place, file.kind, self.limits.json_bytes)
        lines = split_lines(text, self.limits.line_bytes)
        if file.form != "csv":
            return read_ndjson(lines, file.place, file.kind)
        delimiter = self.delimiter or find_delimiter(head[:BLOCK].decode(UTF8, "replace"))
        return read_csv(lines, file.place, file.kind, CsvShape(delimiter, self.columns, self.limits.line_bytes))


def guess_rows(file: Picked) -> int:
    """About how many rows the file has: its lines in the first block, scaled to its size."""
    if file.form in _PACKED:
        return max(file.size // _JSON_ROW_BYTES, 1)
    try:
        with file.path.open("rb") as opened:
            taken = len(opened.read(BLOCK))
        first = b"".join(islice(_until_torn(blocks(file.path)), 1))
    except OSError:
        return 0
    if file.path.suffix == ".gz" and first:
        taken = min(taken, len(first) // 6 or 1)  # text of this sort shrinks to about a sixth
    return first.count(b"\n") * file.size // taken if taken else 0


def _until_torn(parts: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from parts
    except TornError:
        return


def _received(row: Row, encoding: str) -> Row:
    return replace(row, raw=as_received(row.raw, encoding))
