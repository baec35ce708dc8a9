"""Which records a FHIR server deleted, from the history of their type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from substrate.errors import SourceError
from substrate.sources.fhir_search import instant, next_link
from substrate.sources.fhir_server import FhirServer
from substrate.sources.source import Row
from substrate.sources.web import safe_url

_MOST_PAGES = 10_000


def deleted_since(server: FhirServer, kind: str, since: str, count: int) -> list[Row]:
    """A deleted row for each record whose newest entry since then is a deletion.

    Only the newest entry counts: a record that was deleted and made again is there.
    """
    newest: dict[str, tuple[tuple[int, int], Row | None]] = {}
    place = f"{safe_url(server.base).rstrip('/')}/{kind}/_history"
    bundle = server.get(f"{kind}/_history", {"_since": since, "_count": str(count)})
    line = 0
    for _ in range(_MOST_PAGES):
        for entry in bundle.get("entry") or []:
            line += 1
            _note(newest, entry, kind, place, line)
        link = next_link(bundle)
        if link is None:
            return [row for _, row in newest.values() if row is not None]
        bundle = server.get(link)
    raise SourceError(f"{place} has no end", hint="Set deletes to sweep for this source.")


def _note(newest: dict[str, tuple[tuple[int, int], Row | None]], entry: Any, kind: str, place: str, line: int) -> None:
    """Keep an entry if it is the newest of its record so far; on a tie the first one, as history is newest first."""
    if not isinstance(entry, dict):
        return
    request = _dict(entry.get("request"))
    resource = _dict(entry.get("resource"))
    key = str(resource.get("id") or _key_in(str(request.get("url") or entry.get("fullUrl") or "")))
    age = _age(entry, resource)
    if not key or (key in newest and newest[key][0] >= age):
        return
    gone = request.get("method") == "DELETE"
    row = Row(kind, place, line, orjson.dumps(entry), None, deleted_key=key) if gone else None
    newest[key] = age, row


def _age(entry: Mapping[str, Any], resource: Mapping[str, Any]) -> tuple[int, int]:
    """The version and the time of an entry, by which two of one record are ordered."""
    response, meta = _dict(entry.get("response")), _dict(resource.get("meta"))
    version = re.sub(r"\D", "", str(meta.get("versionId") or response.get("etag") or "")) or "0"
    return int(version), instant(meta.get("lastUpdated") or response.get("lastModified")) or 0


def _key_in(url: str) -> str:
    return url.partition("?")[0].partition("/_history")[0].rstrip("/").rpartition("/")[2]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
