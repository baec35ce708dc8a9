"""Events that are mangled at random, or nested beyond reason: refused row by row, and nothing falls over."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

import orjson
import pytest

from substrate.mapping import Read, Reader
from substrate.quality import RowRefused
from substrate.sources.carrier_rows import aftership_rows, easypost_rows, shippo_rows
from substrate.sources.dcsa_rows import dcsa_rows
from substrate.sources.epcis_rows import epcis_rows
from substrate.sources.push import Speak
from substrate.sources.source import Fault
from tests.substrate.sources.epcis_samples import EVENTS, XML_OBJECT, document, query_document, xml_document
from tests.verticals.logistics.sources.test_carriers import aftership, detail, easypost, point, scan, shippo
from tests.verticals.logistics.sources.test_dcsa import ARRIVED, BOOKED, LOADED
from verticals.logistics.sources.carriers import carrier_scan_and_shipment
from verticals.logistics.sources.dcsa import dcsa_event_and_shipment
from verticals.logistics.sources.epcis import epcis_event

JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e308,
    "",
    "x",
    "\0",
    [],
    {},
    [[]],
    {"a": 1},
    [None],
    {"id": None},
    "2026-01-01T00:00:00Z",
)
FEEDS: dict[str, tuple[Speak, Read, tuple[Any, ...]]] = {
    "epcis": (epcis_rows, epcis_event, (document(*EVENTS), query_document(*EVENTS), list(EVENTS))),
    "dcsa": (dcsa_rows, dcsa_event_and_shipment, ([LOADED, ARRIVED, BOOKED], {"metadata": LOADED, "payload": BOOKED})),
    "aftership": (aftership_rows, carrier_scan_and_shipment, (aftership(point(), point("Delivered")),)),
    "easypost": (easypost_rows, carrier_scan_and_shipment, (easypost(detail(), detail("delivered")),)),
    "shippo": (shippo_rows, carrier_scan_and_shipment, (shippo(scan(), tracking_status=scan("DELIVERED")),)),
}


def mangled(value: Any, chance: Random) -> Any:
    """The same with some of it left out, and some of it turned into something else."""
    if chance.random() < 0.04:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        return {name: mangled(inner, chance) for name, inner in value.items() if chance.random() > 0.02}
    return [mangled(inner, chance) for inner in value] if isinstance(value, list) else value


def read_all(speak: Speak, read: Read, body: bytes) -> None:
    """Every row of a body is read, or refused."""
    for row in speak(body, "", "here"):
        assert (row.payload is None) == (row.fault is not None or row.deleted_key is not None)
        if row.payload is not None:
            with suppress(RowRefused):
                read(row.payload, Reader("x"))


@pytest.mark.parametrize("feed", FEEDS)
def test_no_mangled_body_stops_the_others(feed: str) -> None:
    (speak, read, bodies), chance = FEEDS[feed], Random(11)
    for _ in range(300):
        read_all(speak, read, orjson.dumps(mangled(chance.choice(bodies), chance)))


def test_no_mangled_xml_stops_the_others() -> None:
    whole, chance = xml_document(XML_OBJECT), Random(12)
    for _ in range(500):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 5)):
            place = chance.randrange(len(body))
            body[place : place + chance.randint(0, 3)] = chance.choice([b"", b"<", b">", b"&", b'"', b"0", b"\xff"])
        read_all(epcis_rows, epcis_event, bytes(body))


@pytest.mark.parametrize("deep", [300, 5_000])
@pytest.mark.parametrize("feed", ["epcis", "dcsa"])
def test_what_is_nested_beyond_reason_is_refused(feed: str, deep: int) -> None:
    body = orjson.dumps(EVENTS[0])[:-1] + b',"e:x":' + b"[" * deep + b"]" * deep + b"}"
    assert [row.fault in (Fault.TOO_LARGE, Fault.BAD_JSON) for row in FEEDS[feed][0](body, "", "here")] == [True]
