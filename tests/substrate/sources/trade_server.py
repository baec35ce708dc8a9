"""The world of `fhir_server` as lists of events: an EPCIS repository and a carrier, with the same troubles.

Each write is an event of its own, and the list only grows. What an event is about stands in an extension, so that the
conformance suite finds its records again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from substrate.clock import isoformat, to_micros
from tests.substrate.sources.epcis_samples import EPC, query_document
from tests.substrate.sources.fhir_server import Reply, Resource, Routes, World

Entry = tuple[int, str, str, Resource | None, int]


class EventRoutes(Routes):
    """A list of events in pages; how it is asked and answers is a subclass's business."""

    path, since, size = "", "", ""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.queries: list[dict[str, str]] = []
        self.circles = False

    def page(self, method: str, path: str, params: dict[str, str]) -> Reply:
        """The first page of a query, or the one behind a token."""
        world, trouble = self.world, self.world.trouble
        if path != self.path:
            return Reply(404)
        if world.happens(trouble.writes):
            world.somebody_writes()
        offset = 0
        if "token" in params:
            if world.happens(trouble.expired_links):
                return Reply(world.chance.choice([410, 404, 400]))
            query, offset = self.queries[int(params["token"])], int(params["offset"])
        else:
            query = params
            self.queries.append(params)
        return self.sheet(self.found(query), offset, int(query[self.size]), len(self.queries) - 1)

    def found(self, query: dict[str, str]) -> list[Entry]:
        """The events that a query asks for, in this server's order."""
        floor = query.get(self.since)
        start = to_micros(datetime.fromisoformat(floor)) if floor else 0
        found = [entry for entry in self.world.history if entry[0] >= start]
        return found[::-1] if self.world.trouble.unsorted else found

    def sheet(self, found: list[Entry], offset: int, size: int, token: int) -> Reply:
        """One page; it may begin with what the page before ended with."""
        trouble, start = self.world.trouble, offset
        if offset and self.world.happens(trouble.duplicates):
            start = offset - 1
        part = [self.event(entry) for entry in found[start : offset + size]]
        reply = self.told(part)
        if offset + size < len(found) and not trouble.truncated:
            host = "http://elsewhere.invalid/fhir" if trouble.foreign_links else self.base
            link = (
                f"{host}/{self.path}?{urlencode({'token': token, 'offset': size if self.circles else offset + size})}"
            )
            reply.headers |= self.link(link)
        return reply

    def event(self, entry: Entry) -> Resource:
        """A write as an event."""
        raise NotImplementedError

    def told(self, events: list[Resource]) -> Reply:
        """An answer with events."""
        raise NotImplementedError

    def link(self, url: str) -> dict[str, str]:
        """How the next page is named."""
        raise NotImplementedError


class EpcisRoutes(EventRoutes):
    """`GET /events` of an EPCIS 2.0 repository."""

    path, since, size = "events", "GE_recordTime", "perPage"

    def event(self, entry: Entry) -> Resource:
        """An event; one that deletes is the event again, declared wrong."""
        at, kind, key, resource, version = entry
        event: Resource = {
            "type": "ObjectEvent",
            "eventID": f"urn:suite:{kind}:{key}",
            "eventTime": isoformat(at),
            "eventTimeZoneOffset": "+00:00",
            "recordTime": isoformat(at),
            "action": "OBSERVE",
            "epcList": [EPC],
            "suite:of": [kind, key, version],
            "suite:record": resource,
        }
        if self.world.trouble.unstamped:
            del event["recordTime"]
        return event if resource else {**event, "errorDeclaration": {"declarationTime": isoformat(at)}}

    def told(self, events: list[Resource]) -> Reply:
        """A query document."""
        return Reply(200, query_document(*events))

    def link(self, url: str) -> dict[str, str]:
        """By `Link`, among others."""
        return {"Link": f'<{self.base}>; rel="first", <{url}>; rel="next"'}


class DcsaRoutes(EventRoutes):
    """`GET /v2/events` of a carrier."""

    path, since, size = "v2/events", "eventCreatedDateTime:gte", "limit"

    def event(self, entry: Entry) -> Resource:
        """An event about a document."""
        at, kind, key, resource, version = entry
        return {
            "eventID": f"{kind}:{key}:{version}",
            "eventType": "SHIPMENT",
            "eventClassifierCode": "ACT",
            "shipmentEventTypeCode": "VOID" if resource is None else "CONF",
            "documentTypeCode": "BKG",
            "documentID": key,
            "eventDateTime": isoformat(at),
            "eventCreatedDateTime": isoformat(at),
            "of": [kind, key, version],
            "record": resource,
        }

    def told(self, events: list[Resource]) -> Reply:
        """A list."""
        return Reply(200, events)

    def link(self, url: str) -> dict[str, str]:
        """By `Next-Page`."""
        return {"Next-Page": url, "Current-Page": self.base}


def record_of(payload: dict[str, Any], prefix: str) -> tuple[str, str, dict[str, Any] | None]:
    """The kind, the key and the record that an event tells of; None: it is gone."""
    kind, key, version = payload[f"{prefix}of"]
    record = payload[f"{prefix}record"]
    return kind, key, None if record is None else {**record, "meta": {"versionId": str(version)}}
