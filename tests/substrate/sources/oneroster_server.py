"""A OneRoster server on loopback that keeps its objects in memory and misbehaves as it is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from substrate.clock import SECOND, isoformat, to_micros
from tests.substrate.sources.fhir_server import Reply, on_loopback
from tests.substrate.sources.roster_server import Json, RosterRoutes, RosterWorld

_FILTER = re.compile(r"dateLastModified>='([^']+)'")


@dataclass
class OneRosterWorld(RosterWorld):
    """Objects by collection and sourcedId."""

    objects: dict[tuple[str, str], Json] = field(default_factory=dict)

    def put(self, kind: str, key: str, **fields: Any) -> None:
        """Write an object, as of now."""
        stamp = {} if self.trouble.unstamped else {"dateLastModified": self.stamp()}
        self.objects[kind, key] = {"sourcedId": key, "status": "active", **stamp, **fields}

    def delete(self, kind: str, key: str) -> None:
        """Mark an object as deleted, or forget it."""
        if self.trouble.forgets:
            del self.objects[kind, key]
        else:
            self.put(kind, key, status="tobedeleted")

    def live(self) -> dict[tuple[str, str], Json]:
        """What is not deleted."""
        return {key: one for key, one in self.objects.items() if one["status"] != "tobedeleted"}

    def stamp(self) -> str:
        """What is written into `dateLastModified` now."""
        now = self.clock.now()
        return isoformat(now - now % (SECOND if self.trouble.whole_seconds else 1000))

    def somebody_writes(self) -> None:
        """A change while we are being read."""
        self.clock.move(self.chance.choice([0, 1000, SECOND]))
        kind, key = self.chance.choice([*self.live(), ("orgs", f"new{self.clock.now()}")])
        if (kind, key) in self.live() and self.chance.random() < 0.4:
            self.delete(kind, key)
        else:
            self.put(kind, key, name=f"{self.chance.random()}")


class OneRosterRoutes(RosterRoutes):
    """The collections of a OneRoster server."""

    world: OneRosterWorld

    def page(self, path: str, params: dict[str, str]) -> Reply:
        """One page of a collection."""
        world, trouble = self.world, self.world.trouble
        kind = path.rpartition("/")[2]
        if kind in trouble.refused_kinds:
            return Reply(403)
        if trouble.refuses_filter and ("filter" in params or "sort" in params):
            return Reply(400)
        if world.happens(trouble.writes):
            world.somebody_writes()
        if "mark" in params:
            if params["mark"] not in self.marks or world.happens(trouble.expired_marks):
                return Reply(world.chance.choice([400, 404, 410]))
            params = self.marks[params["mark"]]
        found = self.found(kind, params)
        part, after, more = self.window(found, params)
        headers = {} if trouble.no_total else {"X-Total-Count": str(len(found))}
        if more and not trouble.truncated and not trouble.no_links:
            headers["Link"] = f'<{self.base}/{path}?{self.query(params, after)}>; rel="next", <{self.base}>; rel="last"'
        if trouble.truncated and int(params.get("offset", 0)) > 0:
            part = []
        return Reply(200, {kind: part}, headers)

    def query(self, params: dict[str, str], after: int) -> str:
        """How a link goes on."""
        following = {**params, "offset": str(after)}
        return urlencode({"mark": self.remember(following)} if self.world.trouble.own_marks else following)

    def found(self, kind: str, params: dict[str, str]) -> list[Json]:
        """The objects that a query finds now, in the server's order."""
        found = [one for (its, _), one in self.world.objects.items() if its == kind]
        if not self.world.trouble.unsorted:
            found.sort(key=lambda one: str(one["sourcedId"]))
        match = _FILTER.fullmatch(params.get("filter", ""))
        if match is None or self.world.trouble.ignores_filter:
            return found
        floor = to_micros(datetime.fromisoformat(match[1]))
        return [one for one in found if _moment(one) >= floor]


def _moment(one: Json) -> int:
    told = one.get("dateLastModified")
    return to_micros(datetime.fromisoformat(told)) if told else 0


@contextmanager
def serving_oneroster(world: OneRosterWorld) -> Iterator[OneRosterRoutes]:
    """The world on a free port of loopback, until the block ends."""
    routes = OneRosterRoutes(world)
    with on_loopback(routes) as address:
        routes.base = address
        yield routes
