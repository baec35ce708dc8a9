"""The mapping files that ship with logistics, on rows as ERPNext and Odoo write them."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import parse_instant
from substrate.mapping import Draft, Gone, Reader
from substrate.mappings.choice import mapping_file
from substrate.quality import RowRefused
from substrate.records import record_id
from verticals.logistics import vertical

MODIFIED = "2026-03-02 09:15:30.123456"
SALE: dict[str, Any] = {
    "name": "row1", "parent": "SAL-ORD-2026-00007", "idx": 2, "item_code": "GLOVE", "qty": 10.0, "delivered_qty": 0.0,
    "amount": 50.0, "delivery_date": "2026-03-01", "docstatus": 1, "creation": MODIFIED, "modified": MODIFIED,
}  # fmt: skip
PURCHASE: dict[str, Any] = {
    "name": "PUR-ORD-2026-00001", "supplier": "ACME", "transaction_date": "2026-02-01", "schedule_date": "2026-03-01",
    "per_received": 40.0, "status": "To Receive and Bill", "modified": MODIFIED, "grand_total": 12.5, "currency": "EUR",
}  # fmt: skip
PICKING: dict[str, Any] = {
    "id": 9, "name": "WH/OUT/00009", "state": "assigned", "scheduled_date": "2026-03-01 08:00:00", "date_done": None,
    "date_deadline": "2026-03-02 08:00:00", "location_id": 8, "location_dest_id": 5, "carrier_tracking_ref": None,
    "create_date": "2026-02-20 10:00:00", "write_date": "2026-03-02 09:15:30",
}  # fmt: skip


def read(mapping: str, resource: str, row: dict[str, Any]) -> Draft | Gone:
    """What a mapping file makes of a row."""
    mappers = {mapper.resource: mapper for mapper in mapping_file(vertical, mapping).mappers}
    return mappers[resource].read(row, Reader("erp", "Europe/Berlin"))


def values(mapping: str, resource: str, row: dict[str, Any]) -> dict[str, Any]:
    draft = read(mapping, resource, row)
    assert isinstance(draft, Draft)
    return draft.values


def test_a_part_receipt_is_a_share_and_no_receipt() -> None:
    found = values("erpnext", "Purchase Order", PURCHASE)
    assert (found["received_share"], found["received_at"], found["status"]) == (0.4, None, "ordered")
    assert found["planned_receipt"] == parse_instant("2026-03-01T22:59:00Z")
    assert found["vendor_id"] == record_id("erp", "party", "Supplier/ACME")


def test_a_full_receipt_is_dated_by_the_documents_last_change() -> None:
    found = values("erpnext", "Purchase Order", {**PURCHASE, "per_received": 100.0, "status": "To Bill"})
    assert (found["received_share"], found["status"]) == (1.0, "received")
    assert found["received_at"] == parse_instant("2026-03-02T08:15:30.123456Z")


def test_a_supplier_and_a_customer_of_one_name_are_two_parties() -> None:
    supplier = read("erpnext", "Supplier", {"name": "ACME", "supplier_name": "ACME", "disabled": 0})
    customer = read("erpnext", "Customer", {"name": "ACME", "customer_name": "ACME", "disabled": 1})
    assert isinstance(supplier, Draft)
    assert isinstance(customer, Draft)
    assert (supplier.key, customer.key) == ("Supplier/ACME", "Customer/ACME")
    assert (supplier.values["active"], customer.values["active"]) == (True, False)


def test_a_person_who_buys_is_no_firm() -> None:
    found = values("erpnext", "Customer", {"name": "C1", "customer_name": "Ada", "customer_type": "Individual"})
    assert (found["name"], found["firm"]) == ("Ada", None)


def test_a_line_is_late_from_the_end_of_its_day_and_delivered_when_all_of_it_is() -> None:
    assert values("erpnext", "Sales Order Item", SALE)["promised_at"] == parse_instant("2026-03-01T22:59:00Z")
    assert values("erpnext", "Sales Order Item", {**SALE, "delivered_qty": 9.0})["delivered_at"] is None
    assert values("erpnext", "Sales Order Item", {**SALE, "delivered_qty": 10.0})["delivered_at"] is not None
    assert values("erpnext", "Sales Order Item", {**SALE, "docstatus": 2})["cancelled_at"] is not None


def test_a_ledger_entry_has_its_date_and_time_in_two_columns() -> None:
    entry = {
        "name": "SLE1", "item_code": "GLOVE", "warehouse": "W", "posting_date": "2026-03-02", "is_cancelled": 0,
        "posting_time": "9:05:12.123456", "actual_qty": -3.0, "voucher_type": "Delivery Note", "modified": MODIFIED,
    }  # fmt: skip
    found = values("erpnext", "Stock Ledger Entry", entry)
    assert (found["at"], found["quantity"]) == (parse_instant("2026-03-02T08:05:12Z"), -3.0)
    assert isinstance(read("erpnext", "Stock Ledger Entry", {**entry, "is_cancelled": 1}), Gone)


def test_an_unknown_state_is_refused_by_name() -> None:
    with pytest.raises(RowRefused, match="status"):
        read("erpnext", "Purchase Order", {**PURCHASE, "status": "Verloren"})


def test_a_transfer_of_odoo_is_a_shipment_with_its_deadline() -> None:
    found = values("odoo", "stock.picking", PICKING)
    assert (found["status"], found["actual_arrive"]) == ("created", None)
    assert found["own_promised_at"] == parse_instant("2026-03-02T08:00:00Z")
    assert found["origin_id"] == record_id("erp", "place", "8")


@pytest.mark.parametrize(
    ("state", "share", "came"), [("pending", 0.0, False), ("partial", None, False), ("full", 1.0, True)]
)
def test_what_odoo_says_of_a_receipt(state: str, share: float | None, came: bool) -> None:
    order = {
        "id": 4, "name": "P00004", "partner_id": 7, "state": "purchase", "date_order": "2026-02-01 10:00:00",
        "date_planned": "2026-03-01 10:00:00", "receipt_status": state, "write_date": "2026-03-02 09:15:30",
    }  # fmt: skip
    found = values("odoo", "purchase.order", order)
    assert (found["received_share"], found["received_at"] is not None) == (share, came)
