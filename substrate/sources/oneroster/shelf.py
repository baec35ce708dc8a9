"""Which exports of a drop folder are ready, in their order, and why the others are left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from substrate.sources.ignored import WILL_COME, Ignored, Why
from substrate.sources.oneroster import names
from substrate.sources.oneroster.archive import (
    Archive,
    IncompleteArchiveError,
    Member,
    Mode,
    RefusedArchiveError,
    fingerprint,
    open_zip,
    read_modes,
)
from substrate.sources.pickup import Picked, PickRule, pick_up

FORMS = {".csv": "csv", ".zip": "zip"}


@dataclass(frozen=True, slots=True)
class ShelfRule:
    """How exports are found and opened."""

    pick: PickRule
    mode: Mode | None
    max_bytes: int


def on_shelf(folder: Path, rule: ShelfRule, now: int) -> tuple[list[Archive], list[Ignored]]:
    """The exports that are whole, in order of name, and what was left.

    An export that comes after one which is still to come waits for it, for it may build on it; unless it holds
    everything that is known of, whatever came before.
    """
    files, left = pick_up(folder, rule.pick, now)
    places = _places(files, left)
    ready: list[Archive] = []
    blocked = ""
    for place in sorted(places):
        found = _opened(place, places[place], rule, left)
        if isinstance(found, Archive) and blocked and not _starts_anew(found, ready):
            found = Ignored(place, Why.WAITING, "", f"for {blocked}")
        if isinstance(found, Archive):
            ready.append(found)
            blocked = ""
        else:
            left.append(found)
            blocked = blocked or (place if found.why is not Why.REFUSED else "")
    return ready, left


def _starts_anew(archive: Archive, before: list[Archive]) -> bool:
    known = {kind for one in before for kind in one.members}
    return known <= archive.members.keys() and all(archive.is_bulk(kind) for kind in archive.members)


def _places(files: list[Picked], left: list[Ignored]) -> dict[str, list[Picked]]:
    """The files by the export that they belong to: a zip is one, and so is every folder with CSV files in it."""
    places: dict[str, list[Picked]] = {}
    for file in files:
        places.setdefault(file.place if file.form == "zip" else _folder(file.place), []).append(file)
    for ignored in left:
        if ignored.why in WILL_COME:
            places.setdefault(ignored.place if ".zip" in ignored.place else _folder(ignored.place), [])
    return places


def _folder(place: str) -> str:
    return PurePosixPath(place).parent.as_posix()


def _opened(place: str, files: list[Picked], rule: ShelfRule, left: list[Ignored]) -> Archive | Ignored:
    if not files or any(ignored.why in WILL_COME and _folder(ignored.place) == place for ignored in left):
        return Ignored(place, Why.INCOMPLETE, "", "a part of it is still to come")
    try:
        members = _members(place, files, rule)
        modes, version = read_modes(members, place, rule.mode)
        members = {kind: member for kind, member in members.items() if kind != "manifest"}
        unlisted = tuple(kind for kind, mode in modes.items() if mode == "absent")
        return Archive(place, members, modes, version, fingerprint(members or _only(files)), unlisted)
    except RefusedArchiveError as error:
        return Ignored(place, Why.REFUSED, "", error.message)
    except IncompleteArchiveError as error:
        return Ignored(place, Why.INCOMPLETE, "", error.message)
    except OSError as error:
        return Ignored(place, Why.UNREADABLE, "", error.strerror or "")


def _only(files: list[Picked]) -> Mapping[str, Member]:
    return {file.place: Member(file.place, file.path, "", file.kind, file.size) for file in files}


def _members(place: str, files: list[Picked], rule: ShelfRule) -> dict[str, Member]:
    kind_names = rule.pick.kind_names or {}
    if files[0].form == "zip":
        return open_zip(place, files[0].path, rule.max_bytes, kind_names)
    members: dict[str, Member] = {}
    for file in files:
        kind = names.file(file.kind)
        if kind in members:
            raise RefusedArchiveError(f"{place} holds two files of {kind}")
        members[kind] = Member(file.place, file.path, "", kind, file.size)
    return members


def superseded(archives: list[Archive]) -> tuple[list[Archive], list[Ignored]]:
    """The exports without the files that a later one replaces: before a file that holds everything, none counts."""
    last = {kind: number for number, one in enumerate(archives) for kind in one.members if one.is_bulk(kind)}
    kept: list[Archive] = []
    left: list[Ignored] = []
    for number, one in enumerate(archives):
        counted = {
            kind: member
            for kind, member in one.members.items()
            if number >= last.get(kind, 0) and kind not in one.unlisted
        }
        left += [
            Ignored(one.members[kind].place, Why.KIND_NOT_WANTED, kind, "absent by its manifest")
            for kind in one.unlisted
        ]
        gone = sorted(one.members.keys() - counted.keys() - set(one.unlisted))
        left += [
            Ignored(one.members[kind].place, Why.SUPERSEDED, kind, "a later file holds everything") for kind in gone
        ]
        kept.append(replace(one, members=counted))
    return kept, left
