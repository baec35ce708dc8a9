"""A source that comes to us: who may push, what a body may be, and how it becomes rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from substrate.sources.carrier_rows import aftership_rows, easypost_rows, shippo_rows
from substrate.sources.dcsa_rows import dcsa_rows
from substrate.sources.epcis_rows import capture_rows
from substrate.sources.frappe_rows import frappe_rows
from substrate.sources.ignored import Ignored
from substrate.sources.json_file import bundle_rows
from substrate.sources.lines import split_lines
from substrate.sources.ndjson import bad_json, read_ndjson, row_of
from substrate.sources.source import Cursor, Fault, Page, Row

Form = Literal["json", "ndjson", "xml"]

Speak = Callable[[bytes, str, str], list[Row]]
"""How a body, its Content-Type and its place become rows."""

_SPEECHES: dict[str, Speak] = {
    "epcis": capture_rows,
    "dcsa": dcsa_rows,
    "aftership": aftership_rows,
    "easypost": easypost_rows,
    "shippo": shippo_rows,
    "frappe": frappe_rows,
}
"""Those who do not send rows as they are."""

_TRACKERS = ("aftership", "easypost", "shippo")
"""Those whose scans come in one form."""

_XML = ("application/xml", "text/xml")

_NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/fhir+ndjson")
_JSON = ("application/json", "text/json")
_ABOUT_ITSELF = ("SubscriptionStatus", "Parameters")
"""What a FHIR server says of the subscription, not of a record."""

_KEPT_RAW = 1_024


class PushOptions(BaseModel):
    """Who may push, and what. At least one of `secret` and `api_key` is given; several of each may be in force."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: tuple[SecretStr, ...] = Field((), description="Keys of signatures in the Standard Webhooks form.")
    api_key: tuple[SecretStr, ...] = Field((), description="Keys that are sent as they are.")
    format: Literal["auto", "json", "ndjson", "epcis", "dcsa", "aftership", "easypost", "shippo", "frappe"] = Field(
        "auto", description="What the sender speaks; auto: rows as they are, in the form that the Content-Type says."
    )
    kind: str = Field("", description="Kind of rows that do not name their own `resourceType`.")
    kinds: tuple[str, ...] | None = Field(None, description="What is pushed; None: all. It keeps fresh only that.")
    max_bytes: int = Field(1 << 20, gt=0, description="A larger body is refused.")

    @property
    def language(self) -> str:
        """The name of the mapping that understands what is pushed; empty: rows as they are."""
        return "carrier" if self.format in _TRACKERS else self.format if self.format in _SPEECHES else ""

    @field_validator("secret", "api_key", mode="before")
    @classmethod
    def _as_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _is_guarded(self) -> PushOptions:
        keys = (*self.secret, *self.api_key)
        if not keys:
            raise ValueError("give a `secret` or an `api_key`: nobody may push without either")
        if any(len(key.get_secret_value()) < _SHORTEST_KEY for key in keys):
            raise ValueError(f"a key of fewer than {_SHORTEST_KEY} characters can be guessed")
        return self


_SHORTEST_KEY = 16


class PushedSource:
    """What a poll finds at a source that is only pushed: nothing, and so it confirms nothing."""

    completes = False
    kinds: tuple[str, ...] | None = ()

    def __init__(self, name: str) -> None:
        self.name = name
        self.ignored: list[Ignored] = []

    def estimate(self, cursor: Cursor | None) -> int | None:
        """Nothing is to come."""
        return 0

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """No page."""
        return iter(())


def form_of(options: PushOptions, content_type: str) -> Form | None:
    """How a body is to be read; None: in no way that we know."""
    if options.format in ("json", "ndjson"):
        return "json" if options.format == "json" else "ndjson"
    said = content_type.partition(";")[0].strip().lower()
    if options.format == "epcis" and (said in _XML or said.endswith("+xml")):
        return "xml"
    if options.format in _SPEECHES:
        return "json" if not said or said in _JSON or said.endswith("+json") else None
    if said in _NDJSON:
        return "ndjson"
    return "json" if said in _JSON or said.endswith("+json") else None


def rows_of(options: PushOptions, content_type: str, body: bytes, place: str) -> list[Row]:
    """A row for each record that a body tells of; what cannot be read is a faulty row.

    A FHIR notification also tells of itself, and may name records that it does not carry: neither is a row, as the
    next poll reads what was only named.

    Args:
        options: the source's.
        content_type: as the sender said it.
        body: as it came.
        place: where the rows are said to come from.
    """
    if options.format in _SPEECHES:
        return _SPEECHES[options.format](body, content_type, place) if body.strip() else []
    if form_of(options, content_type) == "ndjson":
        return list(read_ndjson(split_lines([body], len(body)), place, options.kind))
    if not body.strip():
        return []
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return [replace(bad_json(body, place, options.kind, 1), raw=body[:_KEPT_RAW])]
    return _rows(document, body, place, options.kind)


def _rows(document: Any, body: bytes, place: str, kind: str) -> list[Row]:
    if isinstance(document, list):
        return [row_of(one, orjson.dumps(one), place, kind, number) for number, one in enumerate(document, 1)]
    if _type(document) == "Bundle":
        found = bundle_rows({**document, "entry": _carried(document.get("entry"))}, place, kind)
        return [row for row in found if row.fault is not Fault.NOT_AN_OBJECT or row.raw != _NOTHING]
    return [] if _type(document) in _ABOUT_ITSELF else [row_of(document, body, place, kind, 1)]


_NOTHING = b"{}"


def _carried(entries: Any) -> Any:
    """The entries of a Bundle with those emptied that carry no record, so that the others keep their numbers."""
    if not isinstance(entries, list):
        return entries
    return [{} if _is_only_named(entry) else entry for entry in entries]


def _is_only_named(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    request = entry.get("request")
    if isinstance(request, dict) and request.get("method") == "DELETE":
        return False
    resource = entry.get("resource")
    return resource is None or _type(resource) in _ABOUT_ITSELF


def _type(document: Any) -> Any:
    return document.get("resourceType") if isinstance(document, dict) else None
