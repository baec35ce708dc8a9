"""An Ed-Fi ODS/API on loopback that keeps its items in memory, counts their changes, and misbehaves as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.substrate.sources.fhir_server import Reply, on_loopback
from tests.substrate.sources.roster_server import Json, RosterRoutes, RosterWorld


@dataclass
class Item:
    """An item, its place in the server's order, and the version of its last change."""

    item: Json
    number: int
    version: int


@dataclass
class EdfiWorld(RosterWorld):
    """Items by resource and id, and what became of others."""

    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    deletes: dict[str, list[Json]] = field(default_factory=dict)
    key_changes: dict[str, list[Json]] = field(default_factory=dict)
    version: int = 0
    oldest: int = 0
    made: int = 0

    def put(self, kind: str, key: str, **fields: Any) -> None:
        """Write an item; one that is there keeps its place."""
        self.version += 1
        self.made += 1
        number = self.items[kind, key].number if (kind, key) in self.items else self.made
        self.items[kind, key] = Item({"id": key, **fields}, number, self.version)

    def delete(self, kind: str, key: str, **key_values: Any) -> None:
        """Delete an item, and keep account of it."""
        del self.items[kind, key]
        self.version += 1
        told = {"id": key, "changeVersion": self.version, "keyValues": key_values}
        self.deletes.setdefault(kind, []).append(told)

    def change_key(self, kind: str, key: str, old: Json, new: Json, **fields: Any) -> None:
        """Give an item another natural key."""
        self.put(kind, key, **fields)
        told = {"id": key, "changeVersion": self.version, "oldKeyValues": old, "newKeyValues": new}
        self.key_changes.setdefault(kind, []).append(told)

    def somebody_writes(self) -> None:
        """A change while we are being read."""
        kind, key = self.chance.choice([*self.items, ("Patient", f"new{self.version}")])
        if (kind, key) in self.items and self.chance.random() < 0.4:
            self.delete(kind, key)
        else:
            self.put(kind, key, note=self.version)


class EdfiRoutes(RosterRoutes):
    """The resources of an ODS/API."""

    world: EdfiWorld

    def page(self, path: str, params: dict[str, str]) -> Reply:
        """A resource, its deletions, its new keys, or the change versions."""
        world, trouble = self.world, self.world.trouble
        if path.endswith("availableChangeVersions"):
            told = {"oldestChangeVersion": world.oldest, "newestChangeVersion": world.version}
            return Reply(404) if trouble.refuses_filter else Reply(200, told)
        kind, _, what = path.removeprefix("data/v3/ed-fi/").partition("/")
        if kind in trouble.refused_kinds:
            return Reply(403)
        if what and trouble.forgets:
            return Reply(404)
        if what:
            gone = (world.deletes if what == "deletes" else world.key_changes).get(kind, [])
            return self.listed([one for one in gone if _within(one["changeVersion"], params)], params)
        if world.happens(trouble.writes):
            world.somebody_writes()
        found = sorted((one for (its, _), one in world.items.items() if its == kind), key=lambda one: one.number)
        return self.listed([one.item for one in found if _within(one.version, params)], params, self.after(found))

    def after(self, found: list[Item]) -> dict[str, int]:
        """The numbers of items by id, by which tokens go on."""
        return {one.item["id"]: one.number for one in found}

    def listed(self, found: list[Json], params: dict[str, str], numbers: dict[str, int] | None = None) -> Reply:
        """One page, by offset or by token."""
        trouble = self.world.trouble
        headers = {}
        if "pageToken" in params:
            if params["pageToken"] not in self.marks or self.world.happens(trouble.expired_marks):
                return Reply(400)
            last = self.marks[params["pageToken"]]["after"]
            found = [one for one in found if (numbers or {})[one["id"]] > last]
        elif params.get("totalCount") == "true" and not trouble.no_total:
            headers["Total-Count"] = str(len(found))
        part, _, more = self.window(found, params)
        if trouble.truncated and (int(params.get("offset", 0)) or "pageToken" in params):
            part = []
        if trouble.own_marks and numbers and part and (more or "pageToken" in params):
            headers["Next-Page-Token"] = self.remember({"after": numbers[part[-1]["id"]]})
        return Reply(200, part, headers)


def _within(version: int, params: dict[str, str]) -> bool:
    return int(params.get("minChangeVersion", 0)) <= version <= int(params.get("maxChangeVersion", 1 << 60))


@contextmanager
def serving_edfi(world: EdfiWorld) -> Iterator[EdfiRoutes]:
    """The world on a free port of loopback, until the block ends."""
    routes = EdfiRoutes(world)
    with on_loopback(routes) as address:
        routes.base = address
        yield routes
