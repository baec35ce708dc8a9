"""Which files of a folder are ready to be read, of what kind they are, and why the others are left."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from substrate.clock import MICROS
from substrate.sources.ignored import Ignored, Why

FORMS: Mapping[str, str] = {".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json", ".csv": "csv", ".tsv": "csv"}
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart", "~")
_LEFTOVERS = {"log.ndjson", "manifest.json", "planted.json"}
_FOLDER_MARKS = ("_SUCCESS", ".done")
_SUFFIX = re.compile(r"(?:[\s._-]+(?:part|chunk)?[\s._-]*\(?\d+\)?|[._-]part)$", re.IGNORECASE)
_PREFIX = re.compile(r"^\d+[\s._-]+")


@dataclass(frozen=True, slots=True)
class Picked:
    """A file that is ready to be read, and how it looked when it was picked."""

    place: str
    path: Path
    kind: str
    form: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class PickRule:
    """How a folder's files are chosen."""

    settle_micros: int = 0
    require_done: bool = False
    recursive: bool = True
    kind_names: Mapping[str, str] | None = None
    forms: Mapping[str, str] = field(default_factory=lambda: FORMS)
    """The formats that are read, by the suffix of their files."""


def pick_up(folder: Path, rule: PickRule, now: int) -> tuple[list[Picked], list[Ignored]]:
    """The files that are ready at instant `now`, and the others with their reasons; both in order of name."""
    ready: list[Picked] = []
    left: list[Ignored] = []
    for path in _walk(folder, recursive=rule.recursive):
        found = _judge(folder, path, rule, now)
        if isinstance(found, Picked):
            ready.append(found)
        elif found is not None:
            left.append(found)
    return ready, left


def kind_of_name(name: str, kind_names: Mapping[str, str] | None = None) -> str:
    """The kind that a file's name says: `2.Patient.000.ndjson.gz` and `Patient_part-3.csv` both say Patient."""
    stem = _without_suffixes(name)[0]
    before = None
    while before != stem:
        before, stem = stem, _SUFFIX.sub("", stem)
    stem = _PREFIX.sub("", stem)
    kind = "" if stem.isdigit() else stem
    return (kind_names or {}).get(kind, kind)


def in_order(files: list[Picked], order: Collection[str]) -> list[Picked]:
    """The files with the kinds of `order` first, in its order; then the other kinds, each by name."""
    rank = {kind: position for position, kind in enumerate(order)}
    return sorted(files, key=lambda file: (rank.get(file.kind, len(rank)), file.kind, file.place))


def _walk(folder: Path, *, recursive: bool) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if recursive else []
        yield from (Path(root, name) for name in sorted(names))


def _judge(folder: Path, path: Path, rule: PickRule, now: int) -> Picked | Ignored | None:
    """One file's verdict; None for a mark, which is no data."""
    name, place = path.name, path.relative_to(folder).as_posix()
    if name in _FOLDER_MARKS or name.endswith(".done"):
        return None
    if why := _why_by_name(name, rule.forms):
        finished = re.sub(r"(\.[a-z]+|~)$", "", name)
        return Ignored(place, why, kind_of_name(finished, rule.kind_names) if why is Why.UNFINISHED else "")
    kind = kind_of_name(name, rule.kind_names)
    try:
        stat = path.stat()
    except OSError as error:
        return Ignored(place, Why.UNREADABLE, kind, error.strerror or "")
    if rule.settle_micros and now - stat.st_mtime_ns // 1_000 < rule.settle_micros:
        return Ignored(place, Why.SETTLING, kind, f"younger than {rule.settle_micros / MICROS:g} s")
    if rule.require_done and not _is_done(folder, path):
        return Ignored(place, Why.NO_DONE_MARK, kind, f"waits for {name}.done or _SUCCESS")
    return Picked(place, path, kind, rule.forms[_without_suffixes(name)[1]], stat.st_size, stat.st_mtime_ns)


def _why_by_name(name: str, forms: Mapping[str, str]) -> Why | None:
    if name.startswith("."):
        return Why.HIDDEN
    if name.lower().endswith(_UNFINISHED):
        return Why.UNFINISHED
    if name.removesuffix(".gz") in _LEFTOVERS:
        return Why.EXPORT_LEFTOVER
    return None if _without_suffixes(name)[1] in forms else Why.NOT_A_FORMAT


def _without_suffixes(name: str) -> tuple[str, str]:
    """The stem and the format's suffix, with `.gz` taken off."""
    stem, _, suffix = name.removesuffix(".gz").rpartition(".")
    return (stem, f".{suffix.lower()}") if stem else (name, "")


def _is_done(folder: Path, path: Path) -> bool:
    marks = [path.with_name(f"{path.name}.done")]
    marks += [place / mark for place in (folder, path.parent) for mark in _FOLDER_MARKS]
    return any(mark.exists() for mark in marks)
