"""An Odoo server as a source: its models over JSON-2 (Odoo 19 on), or over JSON-RPC where that is not offered.

Facts about the interfaces are from odoo/odoo: `addons/rpc/controllers/{json2,jsonrpc}.py`. Times are in UTC without a
zone; an empty value is `false`, which only the field's type tells from a no.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator

from substrate.sources.keywalk import Json, Key, Tables
from substrate.sources.odoo_rpc import Caller
from substrate.sources.rest import Rest
from substrate.sources.walked import WalkedOptions, WalkedSource
from substrate.sources.web import BadAnswerError

_STAMP = "%Y-%m-%d %H:%M:%S"
_HEAVY = frozenset({"binary", "one2many", "html", "properties", "properties_definition", "reference"})
"""Types of field that are left out unless asked for: they are large, or another model's business."""


class OdooOptions(WalkedOptions):
    """How to read an Odoo server. Every option but `base_url`, `database` and `api_key` has a default."""

    base_url: str = Field(description="The server, such as https://erp.example.org.")
    database: str = Field(description="The database's name.")
    api_key: SecretStr = Field(description="A user's API key. Odoo lets it expire after three months at most.")
    login: str | None = Field(None, description="The user's login; JSON-RPC asks for it.")
    protocol: Literal["auto", "json2", "jsonrpc"] = Field("auto", description="auto: JSON-2 where offered.")
    kinds: tuple[str, ...] | None = Field(None, description="Models to read; None: those that the mapping reads.")
    order: tuple[str, ...] = Field((), description="Models to read first, parents before children.")
    fields: dict[str, tuple[str, ...]] = Field({}, description="Fields to read of a model; else all that are small.")

    @model_validator(mode="after")
    def _has_login(self) -> OdooOptions:
        if self.protocol == "jsonrpc" and self.login is None:
            raise ValueError("JSON-RPC needs the user's `login` beside the key")
        return self


class OdooSource(WalkedSource[OdooOptions]):
    """Reads an Odoo server; `ignored` says after each read what was left, and why. Close it when done."""

    def headers(self, options: OdooOptions) -> dict[str, str]:
        """The key, and whose database is meant."""
        key = options.api_key.get_secret_value()
        return {"authorization": f"bearer {key}", "x-odoo-database": options.database}

    def tables(self, rest: Rest, options: OdooOptions) -> Tables:
        """The server's models."""
        return _Models(Caller(rest, options.database, options.login, options.api_key, options.protocol), options)


class _Models:
    """What the models answer, as tables. A stamp is `write_date`, cut to the second as the interface cuts it."""

    def __init__(self, caller: Caller, options: OdooOptions) -> None:
        self._caller = caller
        self._options = options
        self._types: dict[str, dict[str, str]] = {}

    def newest(self, kind: str) -> str | None:
        found = self._search(kind, [], ["write_date"], 1, order="write_date desc, id desc")
        return str(found[0]["write_date"]) if found and found[0].get("write_date") else None

    def rows(self, kind: str, since: str | None, after: Key | None, limit: int) -> list[Json]:
        domain = _after(after)
        if since is not None:
            # What bears no stamp may have changed at any time.
            domain = [*domain, "|", ["write_date", ">=", since], ["write_date", "=", False]]
        types = self._fields(kind)
        return [_plain(one, types) for one in self._search(kind, domain, list(types), limit)]

    def keys(self, kind: str, after: Key | None, limit: int) -> list[Key]:
        return [int(one["id"]) for one in self._search(kind, _after(after), ["id"], limit)]

    def count(self, kind: str) -> int:
        counted = self._caller.call(kind, "search_count", {"domain": [], "context": _ALL})
        if not isinstance(counted, int):
            raise BadAnswerError(f"{self.place(kind)} gave no count", hint="Check that base_url is an Odoo server.")
        return counted

    def deleted(self, kind: str, since: str) -> list[Key] | None:
        return None

    def key(self, payload: Json) -> Key:
        return int(payload["id"])

    def place(self, kind: str) -> str:
        return f"{self._options.base_url}/{kind}"

    def back(self, stamp: str, micros: int) -> str:
        moment = datetime.strptime(stamp[:19], _STAMP).replace(tzinfo=UTC) - timedelta(microseconds=micros)
        return moment.strftime(_STAMP)

    def _search(self, kind: str, domain: list[Any], fields: list[str], limit: int, order: str = "id asc") -> list[Json]:
        asked = {"domain": domain, "fields": fields, "limit": limit, "order": order, "context": _ALL}
        found = self._caller.call(kind, "search_read", asked)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise BadAnswerError(f"{self.place(kind)} gave no list", hint="Check that base_url is an Odoo server.")
        return found

    def _fields(self, kind: str) -> dict[str, str]:
        """The type of each field to read."""
        if kind not in self._types:
            told = self._caller.call(kind, "fields_get", {"attributes": ["type", "store"]})
            if not isinstance(told, dict):
                raise BadAnswerError(f"{self.place(kind)} does not tell its fields", hint="Check the user's rights.")
            self._types[kind] = _wanted(told, self._options.fields.get(kind))
        return self._types[kind]


_ALL = {"active_test": False}
"""Records that somebody archived are still there."""


def _wanted(told: dict[str, Any], asked: tuple[str, ...] | None) -> dict[str, str]:
    types = {name: str(one.get("type")) for name, one in told.items() if one.get("store", True) or asked}
    if asked is not None:
        return {name: types.get(name, "char") for name in dict.fromkeys(("id", "write_date", *asked))}
    return {name: kind for name, kind in types.items() if kind not in _HEAVY}


def _after(key: Key | None) -> list[Any]:
    return [["id", ">", key]] if key is not None else []


def _plain(row: Json, types: dict[str, str]) -> Json:
    """A row in which nothing is null, and a reference is the other record's id."""
    return {name: _value(value, types.get(name, "char")) for name, value in row.items()}


def _value(value: Any, kind: str) -> Any:
    if value is False and kind != "boolean":
        return None
    if kind == "many2one" and isinstance(value, list) and value:
        return value[0]
    return value
