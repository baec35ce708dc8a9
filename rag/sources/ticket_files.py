"""The files of an export of tickets, and their rows, one after the other and as often as they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rag.globs import matches
from rag.sources.json_stream import BrokenError, read_document
from substrate.errors import SourceError
from substrate.sources.blocks import TornError, blocks
from substrate.sources.encoding import as_utf8, detect, sample
from substrate.sources.file_rows import FileReader
from substrate.sources.json_file import is_ndjson
from substrate.sources.pickup import Picked, PickRule, pick_up
from substrate.sources.source import Fault, Row

_WILD = "*?"
_EVERYTHING = "**"


@dataclass(frozen=True, slots=True)
class TicketFiles:
    """The files of a path: one file, those of a folder, or those that fit a pattern.

    Attributes:
        source: the source's name, for complaints.
        path: as it is declared, made whole.
        lists: the keys under which a JSON document may have its list.
        without: the path of files that are none of these.
    """

    source: str
    path: Path
    lists: Collection[str]
    without: Path | None = None
    _reader: FileReader = field(default_factory=FileReader)

    def listed(self) -> list[Picked]:
        """The files that are there now, in the order of their names.

        Raises:
            SourceError: there are none that could be read.
        """
        others = {file.path for file in _found(self.without)} if self.without is not None else set()
        found = [file for file in _found(self.path) if file.path not in others]
        if found:
            return found
        fault = f"source {self.source!r}: {self.path} holds no file of tickets that could be read"
        raise SourceError(fault, hint="Its files end in .csv, .tsv, .json, .ndjson or .jsonl, also with .gz behind.")

    def rows(self) -> Iterator[Row]:
        """Every row of every file; one that cannot be read says so itself.

        Raises:
            SourceError: a file cannot be opened, or ends in the middle: what else stood in it nobody can tell.
        """
        for file in self.listed():
            try:
                yield from self._whole(file)
            except OSError as error:
                fault = f"source {self.source!r}: {file.path} cannot be read ({error.strerror})"
                raise SourceError(fault, hint="Make it readable for the user that Plumbline runs as.") from None
            except BrokenError as error:
                raise self._torn(file, error.args[0]) from None

    def _whole(self, file: Picked) -> Iterator[Row]:
        rows = self._document(file) if file.form == "json" else self._reader.rows(file)
        for row in rows:
            if row.fault is Fault.TRUNCATED:
                raise self._torn(file, row.detail)
            yield row

    def _document(self, file: Picked) -> Iterator[Row]:
        head = sample(_until_torn(blocks(file.path)))
        if is_ndjson(head):
            return self._reader.rows(file)
        encoding = detect(head, is_json=True)
        return read_document(as_utf8(blocks(file.path), encoding), file.place, self.lists)

    def _torn(self, file: Picked, detail: str) -> SourceError:
        fault = f"source {self.source!r}: {file.path} is not whole: {detail}"
        return SourceError(fault, hint="Export it again; until then nothing of this source is touched.")


def _found(path: Path) -> list[Picked]:
    """The files of a path, a pattern being looked for below its last folder without a wildcard."""
    steps = path.parts
    wild = next((at for at, step in enumerate(steps) if any(sign in step for sign in _WILD)), None)
    if wild is not None:
        return _picked(Path(*steps[:wild]), "/".join(steps[wild:]))
    if path.is_dir():
        return _picked(path, _EVERYTHING)
    return _picked(path.parent, path.name) if path.is_file() else []


def _picked(folder: Path, pattern: str) -> list[Picked]:
    if not folder.is_dir():
        return []
    deep = _EVERYTHING in pattern or "/" in pattern
    files, _ = pick_up(folder, PickRule(recursive=deep), 0)
    return sorted((file for file in files if matches(file.place, pattern)), key=lambda file: file.place)


def _until_torn(parts: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from parts
    except TornError:
        return
