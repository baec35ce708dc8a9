"""Carriers who push in their own way: from the signed body at the door to the record."""

from __future__ import annotations

import base64
import hmac
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from console.web.app import create_app
from console.web.parts import Parts
from substrate.database import Database
from substrate.records import table_of
from tests.flows.pushing import Pushed
from tests.verticals.logistics.sources.test_carriers import PARCEL, aftership, point
from tests.verticals.logistics.sources.test_dcsa import BOOKED
from verticals.logistics import vertical
from verticals.logistics.records import Shipment, TrackingEvent

SECRET = "the-secret-of-the-carrier"
SOURCES = f"""
sources:
  - {{name: parcels, vertical: logistics, push: {{secret: {SECRET}, format: aftership}}}}
  - {{name: ocean, vertical: logistics, push: {{secret: {SECRET}, format: dcsa}}}}
"""


@pytest.fixture
def pushed(tmp_path: Path, database: Database) -> Pushed:
    return Pushed(tmp_path / "home", database, SOURCES, [vertical])


def send(pushed: Pushed, source: str, body: Any) -> int:
    raw = orjson.dumps(body)
    right = hmac.digest(SECRET.encode(), raw, "sha256")
    headers = {
        "content-type": "application/json",
        "aftership-hmac-sha256": base64.b64encode(right).decode(),
        "notification-signature": f"sha256={right.hex()}",
    }
    app = create_app(pushed.settings, pushed.database, [vertical], pushed.clock, Parts(live=pushed.loop))
    with TestClient(app) as client:
        status = client.post(f"/ingest/{source}", content=raw, headers=headers).status_code
    pushed.loop.drain()
    return status


def test_a_parcels_journey_that_is_told_again_and_again_is_one(pushed: Pushed) -> None:
    first, second = point("InfoReceived", "2026-03-01T08:00:00Z"), point("InTransit", "2026-03-01T18:00:00+01:00")
    assert {send(pushed, "parcels", aftership(*told)) for told in ([first], [first, second], [first])} == {202}
    events = sorted(pushed.rows(table_of(TrackingEvent)), key=lambda row: row.event_time)
    assert [row.type for row in events] == ["created", "in_transit"]
    assert [row.tracking_no for row in pushed.rows(table_of(Shipment))] == [PARCEL]
    assert {row.shipment_id for row in events} == {row.id for row in pushed.rows(table_of(Shipment))}


def test_a_carriers_notification_becomes_an_event_of_its_booking(pushed: Pushed) -> None:
    assert send(pushed, "ocean", BOOKED) == 202
    (event,), (shipment,) = pushed.rows(table_of(TrackingEvent)), pushed.rows(table_of(Shipment))
    assert (event.type, event.shipment_id, shipment.number) == ("created", shipment.id, BOOKED["documentID"])


def test_a_bad_signature_stays_outside(pushed: Pushed) -> None:
    app = create_app(pushed.settings, pushed.database, [vertical], pushed.clock, Parts(live=pushed.loop))
    with TestClient(app) as client:
        answer = client.post("/ingest/parcels", json=aftership(), headers={"aftership-hmac-sha256": "bm8="})
    assert (answer.status_code, pushed.events()) == (401, [])
