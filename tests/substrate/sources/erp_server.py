"""The world of `fhir_server` behind the interfaces of Frappe and Odoo, with the same troubles."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from substrate.clock import from_micros
from tests.substrate.sources.fhir_server import Reply, Resource, Routes, World, micros

TOKEN = "token key-of-plumbline:secret-of-plumbline"
KEY = "key-of-plumbline"
DATABASE = "erp"
LOGIN = "reader@example.org"
SITE_AHEAD = timedelta(hours=5, minutes=30)
"""A Frappe site writes its own local time, and says nowhere which."""


def stamp(resource: Resource) -> datetime:
    """When a record changed, in UTC without saying so."""
    return from_micros(micros(resource)).replace(tzinfo=None)


class FrappeRoutes(Routes):
    """`/api/resource` and `get_count`, as `frappe/api/v1.py` and `frappe/client.py` answer them."""

    def answer(self, method: str, target: str, headers: Any, form: bytes) -> Reply:
        """Nobody reads without the token."""
        if headers.get("authorization") != TOKEN:
            return Reply(401, {"exc_type": "AuthenticationError"})
        return super().answer(method, target, headers, form)

    def page(self, method: str, path: str, params: dict[str, str]) -> Reply:
        """A list of documents, or their number."""
        if path == "api/method/frappe.client.get_count":
            return Reply(200, {"message": len(self.world.of(params["doctype"]))})
        kind = unquote(path.removeprefix("api/resource/"))
        if kind in self.world.trouble.refused_kinds:
            return Reply(403, {"exc_type": "PermissionError"})
        if self.world.happens(self.world.trouble.writes):
            self.world.somebody_writes()
        return Reply(200, {"data": self.listed(kind, params)})

    def listed(self, kind: str, params: dict[str, str]) -> list[Resource]:
        """`frappe.client.get_list`: filters that all must hold, an order and a limit."""
        found = self.dropped() if kind == "Deleted Document" else [self.told(one) for one in self.world.of(kind)]
        for name, operator, value in json.loads(params["filters"]):
            found = [one for one in found if _holds(one[name], operator, value)]
        name, direction = params["order_by"].split()
        found = sorted(found, key=lambda one: one[name], reverse=direction == "desc")
        fields = json.loads(params["fields"])
        found = found[:-1] if self.world.trouble.truncated and direction == "asc" else found
        part = found[: int(params["limit_page_length"])]
        self.bump([str(one["name"]) for one in part] if fields == ["*"] else [])
        return part if fields == ["*"] else [{field: one[field] for field in fields} for one in part]

    def told(self, resource: Resource) -> Resource:
        """A document as Frappe writes it."""
        fields = {name: value for name, value in resource.items() if name not in ("resourceType", "meta")}
        return {"name": resource["id"], "modified": local(stamp(resource)), **fields}

    def dropped(self) -> list[Resource]:
        """The documents that were deleted, one entry each time."""
        return [
            {
                "name": f"d{number:06}",
                "deleted_doctype": kind,
                "deleted_name": key,
                "restored": 0,
                "creation": local(from_micros(at).replace(tzinfo=None)),
            }
            for number, (at, kind, key, resource, _) in enumerate(self.world.history)
            if resource is None
        ]

    def bump(self, keys: list[str]) -> None:
        """Reading changes the stamp, where that trouble is on."""
        if self.world.trouble.bump_on_read:
            for resource in (one for one in self.world.records.values() if one["id"] in keys):
                self.world.clock.move(1)
                resource["meta"] = resource["meta"] | {"lastUpdated": self.world.stamp()}


class OdooRoutes(Routes):
    """`/json/2` and `/jsonrpc`. Ids are numbers; times have no microseconds, though records are kept with them."""

    speaks_json2 = True

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.ids: dict[tuple[str, str], int] = {}

    def answer(self, method: str, target: str, headers: Any, form: bytes) -> Reply:
        """Remember the body: the page wants it."""
        self.body = json.loads(form)
        self.bearer = headers.get("authorization")
        return super().answer(method, target, headers, form)

    def page(self, method: str, path: str, params: dict[str, str]) -> Reply:
        """A method of a model, by either protocol."""
        path = path.removeprefix("/")
        if path == "jsonrpc":
            return self.old(self.body["params"])
        if not self.speaks_json2:
            return Reply(404, b"<html>not found</html>")
        if self.bearer != f"bearer {KEY}":
            return Reply(401, {"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"})
        _, _, model, name = path.split("/")
        if model in self.world.trouble.refused_kinds:
            return Reply(403, {"name": "odoo.exceptions.AccessError", "message": "no"})
        return Reply(200, json.dumps(self.method(model, name, self.body)).encode())

    def old(self, params: dict[str, Any]) -> Reply:
        """JSON-RPC: always 200, errors by the name of an exception."""
        arguments = params["args"]
        if params["service"] == "common":
            return Reply(200, {"jsonrpc": "2.0", "result": 7 if arguments[:3] == [DATABASE, LOGIN, KEY] else False})
        database, user, key, model, name, _, keywords = arguments
        if (database, user, key) != (DATABASE, 7, KEY):
            return Reply(200, {"error": {"data": {"name": "odoo.exceptions.AccessDenied"}}})
        if model in self.world.trouble.refused_kinds:
            return Reply(200, {"error": {"data": {"name": "odoo.exceptions.AccessError", "message": "secret"}}})
        return Reply(200, {"jsonrpc": "2.0", "result": self.method(model, name, keywords)})

    def method(self, model: str, name: str, asked: dict[str, Any]) -> Any:
        """What a method answers."""
        if name == "fields_get":
            return self.fields(model)
        found = [self.told(model, one) for one in self.world.of(model)]
        if name == "search_count":
            return len(found)
        if self.world.happens(self.world.trouble.writes):
            self.world.somebody_writes()
        found = [one for one in found if _matches(one, asked["domain"])]
        newest = asked["order"].startswith("write_date desc")
        found = sorted(found, key=lambda one: one["exact"] if newest else one["id"], reverse=newest)
        found = found[:-1] if self.world.trouble.truncated and not newest else found
        return [{field: one.get(field, False) for field in asked["fields"]} for one in found[: asked["limit"]]]

    def fields(self, model: str) -> Resource:
        """Every field that any record of the model has, with its type."""
        types: Resource = {"id": {"type": "integer"}, "write_date": {"type": "datetime"}, "key": {"type": "char"}}
        for resource in self.world.of(model):
            for name, value in resource.items():
                types.setdefault(name, {"type": "boolean" if isinstance(value, bool) else "char", "store": True})
        return {name: one for name, one in types.items() if name not in ("resourceType", "meta")}

    def told(self, model: str, resource: Resource) -> Resource:
        """A record as Odoo writes it: nothing is null, and an id is a number that is never used again."""
        number = self.ids.setdefault((model, resource["id"]), len(self.ids) + 1)
        exact = stamp(resource)
        fields = {name: False if value is None else value for name, value in resource.items()}
        return {
            **fields,
            "id": number,
            "key": resource["id"],
            "exact": exact,
            "write_date": f"{exact:%Y-%m-%d %H:%M:%S}",
        }


def local(moment: datetime) -> str:
    """A time as a Frappe site writes it."""
    return f"{moment + SITE_AHEAD:%Y-%m-%d %H:%M:%S.%f}"


def _matches(one: Resource, domain: list[Any]) -> bool:
    """The domains that we send: an `id` to come after, and an `or` about the stamp."""
    terms = [term for term in domain if isinstance(term, list)]
    after = [value for name, operator, value in terms if (name, operator) == ("id", ">")]
    since = [value for name, operator, value in terms if (name, operator) == ("write_date", ">=")]
    if ("|" in domain) != bool(since) or len(terms) != len(after) + 2 * len(since):
        raise AssertionError(domain)
    return all(one["id"] > value for value in after) and all(
        one["exact"] >= datetime.fromisoformat(value) for value in since
    )


def _holds(value: Any, operator: str, other: Any) -> bool:
    return bool({">": value > other, ">=": value >= other, "=": value == other}[operator])
