"""Planted incidents in the store, the cold room and the yard, each with near misses at which a rule must stay quiet."""

from __future__ import annotations

from typing import Any

from substrate.clock import DAY, HOUR, MINUTE
from verticals.logistics.sample.depot import Depot, driver, item, paper, truck
from verticals.logistics.sample.store import add_sensor, level, lot, move, purchase, reading, readings

_IN, _OUT = 5.0, 11.0
Moves = tuple[tuple[int, int, int], ...]
"""Days ago, quantity, balance."""


def plant_store_cases(depot: Depot) -> None:
    """One case of each kind and its near misses."""
    for plant in (_reorder, _cover, _expiry, _receipts, _excursion, _breach, _silence, _papers, _service, _counts):
        plant(depot)


def _stock(depot: Depot, moves: Moves, *, active: bool = True, **cells: Any) -> str:
    """A stock level with its moves."""
    book = depot.book
    what, ident = item(depot, "Vaccine", active=active), book.new_id("stock")
    for days, quantity, balance in moves:
        move(depot, (ident, what), book.now - days * DAY, quantity, balance)
    return level(depot, what, moves[-1][2], id=ident, **cells)


def _reorder(depot: Depot) -> None:
    book = depot.book
    crossing: Moves = ((6, 150, 150), (2, -60, 90))
    told: tuple[tuple[bool, str, Moves, dict[str, Any]], ...] = (
        (True, "fell from 150 to 90", crossing, {}),
        (True, "moves seldom, and has just crossed", ((100, 110, 110), (1, -20, 90)), {}),
        (False, "enough is on order", crossing, {"incoming": 200}),
        (False, "it has always lain below", ((40, 60, 60), (3, -5, 55)), {}),
    )
    for fires, why, moves, cells in told:
        found = _stock(depot, moves, **cells)
        book.plant("stock_crossed", fires, "stock_level", found, book.now - 2 * DAY, why)


def _cover(depot: Depot) -> None:
    book = depot.book
    pace: Moves = ((30, 340, 340), *((27 - 2 * turn, -20, 320 - 20 * turn) for turn in range(14)))
    for fires, why, active in ((True, "lasts six days, and takes seven", True), (False, "no longer kept", False)):
        found = _stock(depot, pace, active=active, reorder_point=50)
        book.plant("cover_low", fires, "stock_level", found, book.now - DAY, why)


def _expiry(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    for fires, why, days, left, cells in (
        (True, "expires in twenty days, forty boxes left", 20, 40, {}),
        (True, "expired a week ago, and still there", -7, 5, {}),
        (False, "used up", 20, 0, {}),
        (False, "to be warned of in ten days", 30, 40, {"alert_at": now + 10 * DAY}),
    ):
        what = item(depot, "Serum")
        found = lot(depot, what, now + days * DAY, **cells)
        level(depot, what, left, lot=found, reorder_point=None)
        book.plant("lot_expiry", fires, "lot", found, now + (days - 60) * DAY, why)


def _receipts(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    due = now - 3 * DAY
    for fires, why, cells in (
        (True, "due three days ago", {}),
        (True, "half of it came", {"received_share": 0.5, "updated_at": now - 2 * DAY}),
        (False, "it came, late", {"received_at": now - DAY, "received_share": 1.0}),
        (False, "it was closed", {"status": "closed", "status_at": now - DAY}),
    ):
        found = purchase(depot, now - 20 * DAY, due, **cells)
        book.plant("receipt_overdue", fires, "purchase_order", found, due, why)


def _told(depot: Depot, sensor: str, minutes: tuple[int, ...], value: float) -> None:
    for ago in minutes:
        reading(depot, sensor, depot.book.now - ago * MINUTE, value)


def _excursion(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    for fires, why, out in ((True, "two readings in a row", (20, 5)), (False, "a door was open for a moment", (5,))):
        sensor = add_sensor(depot, "Fridge", interval_minutes=15)
        readings(depot, sensor, now - 5 * HOUR, now - 40 * MINUTE)
        _told(depot, sensor, (20,) if len(out) == 1 else (), _IN)
        _told(depot, sensor, out, _OUT)
        book.plant("excursion", fires, "sensor", sensor, now - 20 * MINUTE, why)


def _breach(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    for fires, why, hours in ((True, "90 minutes last night", 10), (False, "90 minutes three days ago", 72)):
        sensor = add_sensor(depot, "Freezer")
        readings(depot, sensor, now - (hours + 3) * HOUR, now - hours * HOUR)
        _told(depot, sensor, tuple(hours * 60 - step for step in (0, 30, 60)), _OUT)
        readings(depot, sensor, now - hours * HOUR + 90 * MINUTE, now)
        book.plant("breach", fires, "sensor", sensor, now - hours * HOUR, why)


def _silence(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    for fires, why, active in ((True, "no reading for five hours", True), (False, "taken out of use", False)):
        sensor = add_sensor(depot, "Van", active=active)
        readings(depot, sensor, now - 2 * DAY, now - 5 * HOUR)
        book.plant("sensor_silent", fires, "sensor", sensor, now - 4 * HOUR, why)


def _papers(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    kept, sold, gone = truck(depot), truck(depot, active=False), driver(depot, active=False)
    for kind, days in (("paper_due_30", 30), ("paper_due_14", 14), ("paper_due_7", 7), ("paper_expired", -5)):
        expires = now + days * DAY - 2 * HOUR
        for fires, why, cells in (
            (True, "nobody has renewed it", {"vehicle": kept}),
            (False, "a new one is there", {"vehicle": kept, "replaced": now - 9 * DAY}),
            (False, "the vehicle is sold", {"vehicle": sold}),
            (False, "the driver has left", {"driver": gone}),
        ):
            found = paper(depot, "inspection", expires, **cells)
            book.plant(kind, fires, "document", found, now - 2 * HOUR, why)


def _service(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    for fires, why, days, km, active in (
        (True, "due in five days", 5.0, 9_000, True),
        (True, "due in 800 km", 90.0, 800, True),
        (False, "sold", 5.0, 9_000, False),
    ):
        found = truck(depot, service_in=days, spare_km=km, active=active)
        book.plant("service_due", fires, "vehicle", found, now, why)


def _counts(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    for fires, why, missing in ((True, "a tenth is missing", 20), (False, "one box is missing", 1)):
        what, ident = item(depot, "Gauze"), book.new_id("stock")
        move(depot, (ident, what), now - 9 * DAY, 200, 200)
        move(depot, (ident, what), now - DAY, -missing, 200 - missing, reason="count", expected=200)
        level(depot, what, 200 - missing, id=ident)
        book.plant("count_variance", fires, "stock_level", ident, now - DAY, why)
