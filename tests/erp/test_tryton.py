"""Tryton as it is: what its staff do becomes records, and raises and ends the right alerts."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr

from console.summary import merged
from substrate.mappings.draft import draft
from substrate.mappings.mapping_file import read_spec
from substrate.sources.sql.options import SqlOptions
from substrate.sources.sql.schema import look_at
from tests.erp.conftest import BOLT, CUSTOMER, VENDOR
from tests.erp.firm import Beside, Office
from verticals.logistics import vertical

WAREHOUSE = 5


def test_every_row_is_understood_and_nothing_is_written(office: Office, beside: Beside, erp: Path) -> None:
    office("ship", CUSTOMER, BOLT, 10, 3)
    office("buy", VENDOR, BOLT, 50, 4)
    before = sha256((erp / "erp.sqlite").read_bytes()).digest()
    report = merged(beside.run())
    assert (report.quarantined, report.ignored, report.held_deletes) == (0, [], {})
    assert report.records.keys() >= {
        "party",
        "place",
        "item",
        "shipment",
        "stock_level",
        "stock_move",
        "purchase_order",
    }
    again = merged(beside.run())
    assert (again.accepted, again.quarantined) == (0, 0)
    assert sha256((erp / "erp.sqlite").read_bytes()).digest() == before


def test_what_is_known_of_the_firm(office: Office, beside: Beside) -> None:
    office("buy", VENDOR, BOLT, 50, 4)
    beside.run()
    customer, vendor = beside.record("party", CUSTOMER), beside.record("party", VENDOR)
    assert (customer["name"], customer["firm"], customer["email"]) == ("Muster GmbH", None, "einkauf@muster.example")
    assert (vendor["form"], vendor["firm"]) == ("vendor", "Lieferant AG")
    assert beside.record("item", BOLT)["sku"] == "B8"
    level = beside.record("stock_level", f"{WAREHOUSE}/{BOLT}")
    assert (level["on_hand"], level["incoming"], level["projected"], level["reorder_point"]) == (100, 50, 150, 40)


def test_a_late_shipment_is_told_until_it_is_delivered(office: Office, beside: Beside) -> None:
    late, punctual = office("ship", CUSTOMER, BOLT, 10, -2), office("ship", CUSTOMER, BOLT, 10, 3)
    beside.run()
    assert beside.alerts("late-shipment", "shipment", late) == ["firing"]
    assert beside.alerts("late-shipment", "shipment", punctual) == []
    office("deliver", late)
    beside.run()
    assert beside.record("shipment", late)["status"] == "delivered"
    assert beside.alerts("late-shipment", "shipment", late) == ["resolved"]


def test_a_date_that_moves_ends_the_alert_and_arms_it_anew(office: Office, beside: Beside) -> None:
    shipment = office("ship", CUSTOMER, BOLT, 10, -2)
    beside.run()
    office("plan", shipment, 5)
    beside.run()
    assert beside.alerts("late-shipment", "shipment", shipment) == ["resolved"]
    office("plan", shipment, -1)
    beside.run()
    assert beside.alerts("late-shipment", "shipment", shipment) == ["resolved", "firing"]


def test_what_is_called_off_or_deleted_is_late_no_more(office: Office, beside: Beside) -> None:
    cancelled, deleted = office("ship", CUSTOMER, BOLT, 1, -2), office("ship", CUSTOMER, BOLT, 1, -3)
    beside.run()
    office("cancel", cancelled)
    office("cancel", deleted)
    office("delete", deleted)
    report = merged(beside.run())
    assert beside.record("shipment", cancelled)["status"] == "cancelled"
    assert beside.record("shipment", deleted)["gone_at"] is not None
    assert report.gone["shipment"] == 1
    assert beside.alerts("late-shipment", "shipment", cancelled) == ["resolved"]
    beside.run()  # what is gone must be seen to be gone twice
    assert beside.alerts("late-shipment", "shipment", deleted) == ["resolved"]


def test_goods_that_a_vendor_owes_are_told_until_they_come(office: Office, beside: Beside) -> None:
    purchase = office("buy", VENDOR, BOLT, 50, -4)
    beside.run()
    assert beside.alerts("receipt-overdue", "purchase_order", purchase) == ["firing"]
    office("receive", purchase)
    beside.run()
    found = beside.record("purchase_order", purchase)
    assert (found["status"], found["received_share"]) == ("received", 1.0)
    assert beside.alerts("receipt-overdue", "purchase_order", purchase) == ["resolved"]


def test_stock_that_falls_below_its_reorder_point_is_told_until_more_is_ordered(office: Office, beside: Beside) -> None:
    stock = f"{WAREHOUSE}/{BOLT}"
    beside.run()
    assert beside.alerts("stock-below-reorder", "stock_level", stock) == []
    office("deliver", office("ship", CUSTOMER, BOLT, 70, 0))
    beside.run()
    assert beside.record("stock_level", stock)["on_hand"] == 30
    assert beside.alerts("stock-below-reorder", "stock_level", stock) == ["firing"]
    office("buy", VENDOR, BOLT, 90, 6)
    beside.run()
    assert beside.alerts("stock-below-reorder", "stock_level", stock) == ["resolved"]


def test_a_draft_of_its_tables_can_be_read_at_once(office: Office, erp: Path) -> None:
    office("ship", CUSTOMER, BOLT, 10, 3)
    office("buy", VENDOR, BOLT, 50, 4)
    tables = look_at("tryton", SqlOptions(url=SecretStr(f"sqlite:///{erp / 'erp.sqlite'}")))
    text = draft("tryton", vertical, tables)
    found = {name: resource.record for name, resource in read_spec(text, "draft").resources.items()}
    assert (
        found.items() >= {"party_party": "party", "stock_shipment_out": "shipment", "stock_move": "stock_move"}.items()
    )
    assert "purchase_purchase" in text
    assert [name for name in ("Muster", "Lieferant", "einkauf") if name in text] == []
