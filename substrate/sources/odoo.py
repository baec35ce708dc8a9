"""An Odoo server as a source: its models over JSON-2 (Odoo 19 on), or over JSON-RPC where that is not offered.

Facts about the interfaces are from odoo/odoo: `addons/rpc/controllers/{json2,jsonrpc}.py`. Times are in UTC without a
zone; an empty value is `false`, which only the field's type tells from a no.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from substrate.clock import Clock
from substrate.sources.ignored import Ignored
from substrate.sources.keywalk import Json, Key, Walker
from substrate.sources.odoo_rpc import Caller
from substrate.sources.rest import Rest, plain_url
from substrate.sources.source import PAGE_ROWS, Cursor, Page
from substrate.sources.web import BadAnswerError

_STAMP = "%Y-%m-%d %H:%M:%S"
_HEAVY = frozenset({"binary", "one2many", "html", "properties", "properties_definition", "reference"})
"""Types of field that are left out unless asked for: they are large, or another model's business."""


class OdooOptions(BaseModel):
    """How to read an Odoo server. Every option but `base_url`, `database` and `api_key` has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(description="The server, such as https://erp.example.org.")
    database: str = Field(description="The database's name.")
    api_key: SecretStr = Field(description="A user's API key. Odoo lets it expire after three months at most.")
    login: str | None = Field(None, description="The user's login; JSON-RPC asks for it.")
    protocol: Literal["auto", "json2", "jsonrpc"] = Field("auto", description="auto: JSON-2 where offered.")
    kinds: tuple[str, ...] | None = Field(None, description="Models to read; None: those that the mapping reads.")
    order: tuple[str, ...] = Field((), description="Models to read first, parents before children.")
    fields: dict[str, tuple[str, ...]] = Field({}, description="Fields to read of a model; else all that are small.")
    sweep_every: int = Field(24, gt=0, description="Every so many reads learn from the ids alone what is gone.")
    overlap_seconds: float = Field(120, ge=0, description="How far a read reaches back before the last one.")
    count: int = Field(500, gt=0, description="Records a page to ask for.")
    timeout_seconds: float = Field(60, gt=0, description="The longest silence of the server.")
    attempts: int = Field(6, gt=0, description="Tries of one request before the read gives up.")
    max_backoff_seconds: float = Field(60, gt=0, description="The longest wait between two tries.")
    max_retry_after_seconds: float = Field(600, gt=0, description="The longest Retry-After that is obeyed.")
    max_page_bytes: int = Field(64 << 20, gt=0, description="A larger answer is an error.")
    ca_file: Path | None = Field(None, description="Certificates to trust instead of the usual ones.")
    page_rows: int = Field(PAGE_ROWS, gt=0, description="Rows a page; ingest commits once a page.")

    _check_url = field_validator("base_url")(plain_url)

    @model_validator(mode="after")
    def _has_login(self) -> OdooOptions:
        if self.protocol == "jsonrpc" and self.login is None:
            raise ValueError("JSON-RPC needs the user's `login` beside the key")
        return self

    @property
    def place(self) -> str:
        """Where it reads, for people."""
        return self.base_url


class OdooSource:
    """Reads an Odoo server; `ignored` says after each read what was left, and why. Close it when done."""

    completes = True

    def __init__(
        self,
        name: str,
        options: OdooOptions,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.options = options
        headers = {
            "authorization": f"bearer {options.api_key.get_secret_value()}",
            "x-odoo-database": options.database,
        }
        self._rest = Rest(options, headers, sleep=sleep, clock=clock, chance=chance)
        caller = Caller(self._rest, options.database, options.login, options.api_key, options.protocol)
        self._walker = Walker(_Models(caller, options), options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rest.close()

    @property
    def ignored(self) -> list[Ignored]:
        """What the last read left, and why."""
        return self._walker.ignored

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """The models that are asked for."""
        return self.options.kinds

    def estimate(self, cursor: Cursor | None) -> int | None:
        """Unknown."""
        return None

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of what changed since the cursor.

        Raises:
            UnreachableError: the server cannot be reached; the pages before stay good.
            RefusedError: it refuses.
        """
        return self._walker.read(cursor)


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
