"""A Frappe site (ERPNext, Frappe Health, Frappe Education) as a source: its doctypes over the REST interface, v1.

Facts about the interface are from frappe/frappe: `frappe/api/v1.py` (lists), `frappe/core/doctype/deleted_document`
(deletions, which only a System Manager may read), `frappe/client.py` (counts).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson
from pydantic import Field, SecretStr

from substrate.sources.keywalk import Json, Key, Tables
from substrate.sources.rest import Rest
from substrate.sources.walked import WalkedOptions, WalkedSource
from substrate.sources.web import BadAnswerError

_STAMP = "%Y-%m-%d %H:%M:%S.%f"


class FrappeOptions(WalkedOptions):
    """How to read a Frappe site. Every option but `base_url`, `api_key` and `api_secret` has a default."""

    base_url: str = Field(description="The site, such as https://erp.example.org.")
    api_key: SecretStr = Field(description="The API key of a user who may read the doctypes.")
    api_secret: SecretStr = Field(description="The secret that belongs to the key.")
    kinds: tuple[str, ...] | None = Field(None, description="Doctypes to read; None: those that the mapping reads.")
    order: tuple[str, ...] = Field((), description="Doctypes to read first, parents before children.")
    parents: dict[str, str] = Field(
        {}, description="For a child doctype, its parent: Purchase Order Item: Purchase Order."
    )
    deletes: bool = Field(True, description="Ask the list of deleted documents, where the user may read it.")


class FrappeSource(WalkedSource[FrappeOptions]):
    """Reads a Frappe site; `ignored` says after each read what was left, and why. Close it when done."""

    def headers(self, options: FrappeOptions) -> dict[str, str]:
        """The token that Frappe wants."""
        return {"authorization": f"token {options.api_key.get_secret_value()}:{options.api_secret.get_secret_value()}"}

    def tables(self, rest: Rest, options: FrappeOptions) -> Tables:
        """The site's doctypes."""
        return _Site(rest, options)


class _Site:
    """What the REST interface answers, as tables. A stamp is `modified`, in the site's own local time."""

    def __init__(self, rest: Rest, options: FrappeOptions) -> None:
        self._rest = rest
        self._options = options

    def newest(self, kind: str) -> str | None:
        found = self._list(kind, ["modified"], [], "modified desc", 1)
        return str(found[0]["modified"]) if found and found[0].get("modified") else None

    def rows(self, kind: str, since: str | None, after: Key | None, limit: int) -> list[Json]:
        filters = _after(after) + ([["modified", ">=", since]] if since else [])
        return self._list(kind, ["*"], filters, "name asc", limit)

    def keys(self, kind: str, after: Key | None, limit: int) -> list[Key]:
        return [str(one["name"]) for one in self._list(kind, ["name"], _after(after), "name asc", limit)]

    def count(self, kind: str) -> int:
        params = {"doctype": kind, **self._parent(kind)}
        answer = self._rest.get("api/method/frappe.client.get_count", params)
        counted = answer.get("message")
        if not isinstance(counted, int):
            raise BadAnswerError(f"{self.place(kind)} gave no count", hint="Check that base_url is a Frappe site.")
        return counted

    def deleted(self, kind: str, since: str) -> list[Key] | None:
        if not self._options.deletes:
            return None
        gone: list[Key] = []
        after: Key | None = None
        wanted = [["deleted_doctype", "=", kind], ["restored", "=", 0], ["creation", ">=", since]]
        while found := self._list(
            "Deleted Document", ["name", "deleted_name"], wanted + _after(after), "name asc", self._options.count
        ):
            gone += [str(one["deleted_name"]) for one in found]
            after = str(found[-1]["name"])
        return gone

    def key(self, payload: Json) -> Key:
        return str(payload["name"])

    def place(self, kind: str) -> str:
        return f"{self._options.base_url}/api/resource/{quote(kind)}"

    def back(self, stamp: str, micros: int) -> str:
        return (_moment(stamp) - timedelta(microseconds=micros)).strftime(_STAMP)

    def _list(self, kind: str, fields: list[str], filters: list[Any], order: str, limit: int) -> list[Json]:
        params = {
            "fields": orjson.dumps(fields).decode(),
            "filters": orjson.dumps(filters).decode(),
            "order_by": order,
            "limit_start": "0",
            "limit_page_length": str(limit),
            **self._parent(kind),
        }
        found = self._rest.get(f"api/resource/{quote(kind)}", params).get("data")
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise BadAnswerError(f"{self.place(kind)} gave no list", hint="Check that base_url is a Frappe site.")
        return found

    def _parent(self, kind: str) -> dict[str, str]:
        parent = self._options.parents.get(kind)
        return {"parent": parent} if parent else {}


def _after(key: Key | None) -> list[Any]:
    return [["name", ">", key]] if key is not None else []


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)
