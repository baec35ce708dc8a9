"""A FHIR server on loopback that keeps its records in memory and misbehaves as it is told."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from substrate.clock import SECOND, ManualClock, from_micros, isoformat, to_micros
from tests import loopback

START = 1_700_000_000_000_000
Resource = dict[str, Any]


@dataclass
class Trouble:
    """How the server misbehaves; chances are per request."""

    duplicates: float = 0
    expired_links: float = 0
    throttled: float = 0
    unavailable: float = 0
    resets: float = 0
    cut_json: float = 0
    stall_once: bool = False
    writes: float = 0
    bump_on_read: bool = False
    unstamped: bool = False
    unsorted: bool = False
    refuses_sort: bool = False
    no_total: bool = False
    no_history: bool = False
    no_export: bool = False
    snapshot: bool = False
    whole_seconds: bool = False
    truncated: bool = False
    foreign_links: bool = False
    token_lasts: int = 0
    refused_kinds: tuple[str, ...] = ()
    export_polls: int = 1


@dataclass
class World:
    """The records, their history and the server's clock."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    records: dict[tuple[str, str], Resource] = field(default_factory=dict)
    history: list[tuple[int, str, str, Resource | None, int]] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def put(self, kind: str, key: str, **fields: Any) -> None:
        """Write a record, as of now."""
        version = self.version(kind, key) + 1
        meta = {"versionId": str(version)}
        if not self.trouble.unstamped:
            meta["lastUpdated"] = self.stamp()
        resource = {"resourceType": kind, "id": key, "meta": meta, **fields}
        self.records[kind, key] = resource
        self.history.append((self.clock.now(), kind, key, resource, version))

    def delete(self, kind: str, key: str) -> None:
        """Delete a record, as of now."""
        del self.records[kind, key]
        self.history.append((self.clock.now(), kind, key, None, self.version(kind, key) + 1))

    def version(self, kind: str, key: str) -> int:
        """The record's newest version, 0 if it never was."""
        return max((entry[4] for entry in self.history if entry[1:3] == (kind, key)), default=0)

    def stamp(self) -> str:
        """What the server writes into `lastUpdated` now."""
        now = self.clock.now()
        return isoformat(now - now % SECOND if self.trouble.whole_seconds else now)

    def of(self, kind: str) -> list[Resource]:
        """A kind's records in the server's own order."""
        found = [resource for (its, _), resource in self.records.items() if its == kind]
        if self.trouble.unsorted or self.trouble.unstamped:
            return found
        return sorted(found, key=lambda resource: (micros(resource), resource["id"]))

    def happens(self, chance: float) -> bool:
        """Whether something of this chance happens now."""
        return chance > 0 and self.chance.random() < chance

    def somebody_writes(self) -> None:
        """A change while we are being read: a new record, a new version or a deletion."""
        self.clock.move(self.chance.choice([0, 1000, SECOND]))
        kind, key = self.chance.choice([*self.records, ("Patient", f"new{len(self.history)}")])
        if (kind, key) in self.records and self.chance.random() < 0.4:
            self.delete(kind, key)
        else:
            self.put(kind, key, note=len(self.history))


def micros(resource: Resource) -> int:
    """A record's `lastUpdated`."""
    return to_micros(datetime.fromisoformat(resource["meta"]["lastUpdated"]))


@dataclass
class Reply:
    """What the server is about to answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Routes:
    """The server's pages, as functions from a request to a reply."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.base = ""
        self.asked: list[str] = []
        self.tokens: dict[str, int] = {}
        self.forms: list[dict[str, list[str]]] = []
        self.searches: dict[str, tuple[str, dict[str, str], list[Resource] | None]] = {}
        self.exports: dict[str, dict[str, Any]] = {}
        self.discarded = 0
        self.stopping = threading.Event()

    def answer(self, method: str, target: str, headers: Any, form: bytes) -> Reply:
        """Trouble first, then the page."""
        path, query = urlsplit(target).path.removeprefix("/fhir/"), urlsplit(target).query
        params = {name: values[0] for name, values in parse_qs(query).items()}
        self.asked.append(f"{method} {target}")
        trouble, world = self.world.trouble, self.world
        if path == "token":
            return self.token(form)
        if trouble.token_lasts and self.tokens.get(headers.get("authorization", ""), 0) <= world.clock.now():
            return Reply(401)
        if world.happens(trouble.throttled):
            return Reply(429, headers={"Retry-After": world.chance.choice(["1", self.date(3 * SECOND)])})
        if world.happens(trouble.unavailable):
            return Reply(world.chance.choice([502, 503, 504]))
        return self.page(method, path, params)

    def page(self, method: str, path: str, params: dict[str, str]) -> Reply:
        """The page at a path."""
        if path == "metadata":
            return Reply(200, self.metadata())
        if path.endswith("$export"):
            return self.kick_off(params)
        if path.startswith("job/"):
            return self.job(method, path.split("/")[1])
        if path.startswith("file/"):
            return self.file(*path.split("/")[1:3])
        if path.endswith("/_history"):
            return self.type_history(path.split("/")[0], params)
        if path in self.world.trouble.refused_kinds:
            return Reply(403)
        return self.search(path, params)

    def date(self, ahead: int = 0) -> str:
        """The server's time as an HTTP date."""
        return format_datetime(from_micros(self.world.clock.now() + ahead), usegmt=True)

    def metadata(self) -> Resource:
        """The CapabilityStatement."""
        kinds = sorted({kind for _, kind, _, _, _ in self.world.history})
        codes = ["search-type"] + ([] if self.world.trouble.no_history else ["history-type"])
        interaction = [{"code": code} for code in codes]
        rest: Resource = {"mode": "server", "resource": [{"type": kind, "interaction": interaction} for kind in kinds]}
        if not self.world.trouble.no_export:
            rest["operation"] = [{"name": "export"}]
        return {"resourceType": "CapabilityStatement", "rest": [rest]}

    def search(self, kind: str, params: dict[str, str]) -> Reply:
        """A first page, or the one that a link leads to."""
        world, trouble = self.world, self.world.trouble
        if trouble.refuses_sort and "_sort" in params:
            return Reply(400)
        if params.get("_summary") == "count":
            return Reply(200, {"resourceType": "Bundle", "type": "searchset", "total": len(world.of(kind))})
        if world.happens(trouble.writes):
            world.somebody_writes()
        offset = int(params.get("offset", 0))
        if "page" in params:
            if params["page"] not in self.searches or world.happens(trouble.expired_links):
                return Reply(world.chance.choice([410, 404, 400]))
            kind, query, found = self.searches[params["page"]]
        else:
            query, found = params, self.matches(kind, params) if trouble.snapshot else None
            params["page"] = f"p{len(self.searches)}"
            self.searches[params["page"]] = kind, query, found
        everything = self.latest_first(self.matches(kind, query) if found is None else found, query)
        return Reply(200, self.bundle(everything, offset, params["page"], int(query.get("_count", 10))))

    def matches(self, kind: str, query: dict[str, str]) -> list[Resource]:
        """The records that a query finds now."""
        found = self.world.of(kind)
        floor = query.get("_lastUpdated", "").removeprefix("ge")
        if not floor:
            return found
        start = to_micros(datetime.fromisoformat(floor))
        start -= start % SECOND if self.world.trouble.whole_seconds else 0
        return [one for one in found if "lastUpdated" in one["meta"] and micros(one) >= start]

    def latest_first(self, found: list[Resource], query: dict[str, str]) -> list[Resource]:
        """The records turned round, if that was asked for and this server sorts at all."""
        turned = query.get("_sort") == "-_lastUpdated" and not self.world.trouble.unsorted
        return found[::-1] if turned else found

    def bundle(self, found: list[Resource], offset: int, page: str, count: int) -> Resource:
        """One page of a search."""
        world, trouble = self.world, self.world.trouble
        part = found[offset : offset + count]
        if part and world.happens(trouble.duplicates):
            part = [*part, world.chance.choice(found[: offset + count])]
        entries = [{"resource": dict(resource), "search": {"mode": "match"}} for resource in part]
        bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": []}
        if not trouble.no_total:
            bundle["total"] = len(found)
        if offset + count < len(found) and not trouble.truncated:
            host = "http://elsewhere.invalid/fhir" if trouble.foreign_links else self.base
            link = f"{host}?{urlencode({'page': page, 'offset': offset + count})}"
            bundle["link"] = [{"relation": "self", "url": self.base}, {"relation": "next", "url": link}]
        if trouble.bump_on_read:
            for resource in part:
                world.clock.move(1)
                resource["meta"] = resource["meta"] | {"lastUpdated": world.stamp()}
        return bundle

    def type_history(self, kind: str, params: dict[str, str]) -> Reply:
        """A kind's history, newest first, in pages."""
        since = to_micros(datetime.fromisoformat(params["_since"]))
        found = [entry for entry in self.world.history if entry[1] == kind and entry[0] >= since][::-1]
        offset, count = int(params.get("offset", 0)), int(params["_count"])
        entries = [_history_entry(entry) for entry in found[offset : offset + count]]
        bundle: Resource = {"resourceType": "Bundle", "type": "history", "entry": entries, "link": []}
        if offset + count < len(found):
            query = urlencode(params | {"offset": str(offset + count)})
            bundle["link"] = [{"relation": "next", "url": f"{self.base}/{kind}/_history?{query}"}]
        return Reply(200, bundle)

    def token(self, form: bytes) -> Reply:
        """An OAuth2 token that lasts as long as the trouble says."""
        self.forms.append(parse_qs(form.decode()))
        lasts = self.world.trouble.token_lasts
        token = f"t{len(self.tokens)}"
        self.tokens[f"Bearer {token}"] = self.world.clock.now() + lasts * SECOND
        return Reply(200, {"access_token": token, "expires_in": lasts, "token_type": "bearer"})

    def kick_off(self, params: dict[str, str]) -> Reply:
        """Begin an export: what it will hold is fixed now."""
        if self.world.trouble.no_export:
            return Reply(404)
        since = params.get("_since")
        floor = to_micros(datetime.fromisoformat(since)) if since else 0
        changed = {entry[1:3] for entry in self.world.history if entry[0] >= floor}
        live = [one for key, one in self.world.records.items() if key in changed]
        gone = sorted(key for key in changed if key not in self.world.records) if since else []
        job = f"j{len(self.exports)}"
        kinds = sorted({one["resourceType"] for one in live})
        files = {kind: [one for one in live if one["resourceType"] == kind] for kind in kinds}
        time = self.world.stamp()
        self.exports[job] = {"time": time, "files": files, "gone": gone, "polls": self.world.trouble.export_polls}
        return Reply(202, headers={"Content-Location": f"{self.base}/job/{job}"})

    def job(self, method: str, name: str) -> Reply:
        """The state of an export; its manifest once it has been asked for often enough."""
        job = self.exports.get(name)
        if job is None:
            return Reply(404)
        if method == "DELETE":
            del self.exports[name]
            self.discarded += 1
            return Reply(202)
        if job["polls"] > 0:
            job["polls"] -= 1
            return Reply(202, headers={"Retry-After": "7"})
        url = f"{self.base}/file/{name}"
        output = [{"type": kind, "url": f"{url}/{kind}", "count": len(found)} for kind, found in job["files"].items()]
        deleted = [{"type": "Bundle", "url": f"{url}/deleted"}] if job["gone"] else []
        told = {"transactionTime": job["time"], "requiresAccessToken": True, "output": output, "deleted": deleted}
        return Reply(200, {**told, "error": []})

    def file(self, name: str, kind: str) -> Reply:
        """One file of an export."""
        job = self.exports[name]
        if kind == "deleted":
            entries = [{"request": {"method": "DELETE", "url": "/".join(key)}} for key in job["gone"]]
            return Reply(200, json.dumps({"resourceType": "Bundle", "entry": entries}).encode() + b"\n")
        found = job["files"][kind]
        found = found[:-1] if self.world.trouble.truncated else found
        return Reply(200, b"".join(json.dumps(resource).encode() + b"\n" for resource in found))


def _history_entry(entry: tuple[int, str, str, Resource | None, int]) -> Resource:
    at, kind, key, resource, version = entry
    method = "DELETE" if resource is None else "PUT"
    response = {"lastModified": isoformat(at), "etag": f'W/"{version}"'}
    told: Resource = {"request": {"method": method, "url": f"{kind}/{key}"}, "response": response}
    return told if resource is None else {**told, "resource": resource}


class _Handler(loopback.Handler):
    """Turns replies into bytes, or breaks off in the middle of them."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 20  # headers and body in one packet, or each answer waits for an acknowledgement
    routes: Any

    def do_GET(self) -> None:
        """Any page."""
        form = self.rfile.read(int(self.headers.get("content-length", 0)))
        world = self.routes.world
        reply = self.routes.answer(self.command, self.path, self.headers, form)
        body = (
            reply.body
            if isinstance(reply.body, bytes)
            else json.dumps({} if reply.body is None else reply.body).encode()
        )
        if world.trouble.stall_once:
            world.trouble.stall_once = False
            self.routes.stopping.wait(5)
        if reply.status == 200 and isinstance(reply.body, dict | list) and world.happens(world.trouble.cut_json):
            body = body[: len(body) // 2]
        resets = reply.status == 200 and world.happens(world.trouble.resets)
        self.send_response_only(reply.status)
        headers = {"Date": self.routes.date(), "Content-Length": str(len(body)), **reply.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if resets else body)
        if resets:
            self.reset()

    def do_POST(self) -> None:
        """A form for a token."""
        self.do_GET()

    def do_DELETE(self) -> None:
        """An export that is no longer needed."""
        self.do_GET()


@contextmanager
def serving(world: World, make: Callable[[World], Routes] = Routes) -> Iterator[Routes]:
    """The world on a free port of loopback, until the block ends; `make` gives it another interface."""
    routes = make(world)
    with on_loopback(routes) as address:
        routes.base = f"{address}/fhir"
        yield routes


@contextmanager
def on_loopback(routes: Any) -> Iterator[str]:
    """A server of these routes on a free port of loopback, until the block ends; its address."""
    handler = type("Handler", (_Handler,), {"routes": routes})
    with loopback.listening(loopback.server(handler)) as address:
        try:
            yield address
        finally:
            routes.stopping.set()
