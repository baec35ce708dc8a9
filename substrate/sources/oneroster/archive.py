"""The exports in a drop folder: a zip, or a folder of CSV files, with what its manifest says of each file."""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from substrate.errors import SourceError
from substrate.sources.blocks import BLOCK, TornError, blocks, digest, ends_with_newline
from substrate.sources.file_rows import FileReader
from substrate.sources.oneroster import names
from substrate.sources.pickup import Picked, kind_of_name

Mode = Literal["bulk", "delta", "absent"]
MOST_MEMBERS = 1_000


class RefusedArchiveError(SourceError):
    """An archive that is not opened: it is not what an export looks like, and may be meant to harm."""


class IncompleteArchiveError(SourceError):
    """An archive of which a part is not there, or not yet."""


@dataclass(frozen=True, slots=True)
class Member:
    """One CSV file of an archive."""

    place: str
    path: Path
    name: str
    """The member's name in its zip; empty in a folder."""
    kind: str
    size: int

    def blocks(self, _path: Path | None = None) -> Iterator[bytes]:
        """Its bytes.

        Raises:
            TornError: they are damaged.
        """
        if not self.name:
            yield from blocks(self.path)
            return
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.name) as opened:
                yield from iter(lambda: opened.read(BLOCK), b"")
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise TornError("the member of the zip is damaged") from error

    @property
    def picked(self) -> Picked:
        """The member as a reader of files likes it."""
        return Picked(self.place, self.path, self.kind, "csv", self.size, 0)

    @property
    def ends_well(self) -> bool:
        """Whether it is surely not cut short; in a zip its checksum tells that."""
        return bool(self.name) or ends_with_newline(self.path)


@dataclass(frozen=True, slots=True)
class Archive:
    """One export."""

    place: str
    members: Mapping[str, Member]
    modes: Mapping[str, Mode]
    version: str = ""
    sha256: str = ""
    unlisted: tuple[str, ...] = field(default=())
    """Files that are there although the manifest says that they are absent."""

    def is_bulk(self, kind: str) -> bool:
        """Whether its file of a kind holds everything there is of it."""
        return self.modes.get(kind) == "bulk"


def open_zip(place: str, path: Path, max_bytes: int, kind_names: Mapping[str, str]) -> dict[str, Member]:
    """The CSV members of a zip by their kind. Nothing is written anywhere, and no member's name is used as a path.

    Raises:
        RefusedArchiveError: it is encrypted, holds links or names that lead elsewhere, or is too large.
        IncompleteArchiveError: it is no whole zip.
        OSError: it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, EOFError, ValueError):
        raise IncompleteArchiveError(f"{place} is no whole zip") from None
    _judge(place, infos, max_bytes)
    members: dict[str, Member] = {}
    for info in infos:
        kind = _kind(info.filename, kind_names)
        if kind and kind in members:
            raise RefusedArchiveError(f"{place} holds two files of {kind}")
        if kind:
            members[kind] = Member(f"{place}/{info.filename}", path, info.filename, kind, info.file_size)
    return members


def read_modes(members: Mapping[str, Member], place: str, unsaid: Mode | None) -> tuple[dict[str, Mode], str]:
    """What the manifest says of each file, and of the version; `unsaid` overrules it, or stands in for it.

    Raises:
        IncompleteArchiveError: the manifest names a file that is not there, or cannot be read.
    """
    told = _manifest(members.get("manifest"), place)
    modes: dict[str, Mode] = {}
    for name, value in told.items():
        prefix, _, stem = name.partition(".")
        if prefix == "file" and stem:
            modes[names.file(stem)] = _mode(value, name, place)
    missing = sorted(kind for kind, mode in modes.items() if mode != "absent" and kind not in members)
    if missing:
        raise IncompleteArchiveError(f"{place} lacks {', '.join(missing)}, which its manifest names")
    stated: dict[str, Mode] = {kind: modes.get(kind, unsaid or "delta") for kind in members if kind != "manifest"}
    if unsaid is not None:
        stated = {kind: "absent" if mode == "absent" else unsaid for kind, mode in stated.items()}
    return stated, told.get("oneroster.version", "")


def fingerprint(members: Mapping[str, Member]) -> str:
    """The SHA-256 of an archive's content."""
    paths = sorted({(member.path, member.place if not member.name else "") for member in members.values()})
    return hashlib.sha256("".join(f"{place} {digest(path)}\n" for path, place in paths).encode()).hexdigest()


def _judge(place: str, infos: list[zipfile.ZipInfo], max_bytes: int) -> None:
    """Refuse what no export looks like. A member gives no more bytes than its entry says, so their sum is the bound."""
    size = sum(info.file_size for info in infos)
    if len(infos) > MOST_MEMBERS or size > max_bytes:
        raise RefusedArchiveError(f"{place} would unpack to {len(infos)} files of {size} bytes")
    for info in infos:
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts
        if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0]:
            raise RefusedArchiveError(f"{place} holds a file whose name leads out of it")
        if info.flag_bits & 1:
            raise RefusedArchiveError(f"{place} is encrypted")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise RefusedArchiveError(f"{place} holds a link")


def _kind(name: str, kind_names: Mapping[str, str]) -> str:
    """The kind of a member; empty for what is no CSV file, lies deeper than one folder, or is hidden."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith((".", "__")) for part in parts)
    if hidden or len(parts) > 2 or not name.lower().endswith(".csv"):
        return ""
    return names.file(kind_of_name(parts[-1], kind_names))


def _manifest(member: Member | None, place: str) -> dict[str, str]:
    if member is None:
        return {}
    told: dict[str, str] = {}
    for row in FileReader().rows(member.picked, member.blocks):
        if row.payload is None:
            raise IncompleteArchiveError(f"{member.place} cannot be read: {row.fault}")
        cells = dict(zip(names.columns(row.payload), row.payload.values(), strict=True))
        if "propertyName" not in cells or "value" not in cells:
            raise IncompleteArchiveError(f"{member.place} has no columns propertyName and value")
        told[cells["propertyName"].strip()] = cells["value"].strip()
    if not told:
        raise IncompleteArchiveError(f"{place} has an empty manifest")
    return told


def _mode(value: str, name: str, place: str) -> Mode:
    for mode in ("bulk", "delta", "absent"):
        if value.lower() == mode:
            return mode
    raise RefusedArchiveError(f"{place}: the manifest's {name} is none of bulk, delta and absent")
