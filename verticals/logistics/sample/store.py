"""The days of a depot's store: stock that goes out and comes in, lots, purchase orders, and sensors that report."""

from __future__ import annotations

from typing import Any

from substrate.clock import DAY, HOUR, MINUTE
from verticals.logistics.sample.depot import HIGH, LOW, SENSORS, Depot

INTERVAL = 30
REORDER, SAFETY = 100, 30
_FULL, _REFILL, _AT = 500, 250, 250


def run_store(depot: Depot) -> None:
    """All ordinary stock, purchases and readings."""
    for item in depot.items:
        _stock(depot, item)
    for day in range(depot.book.start, depot.book.now, 7 * DAY):
        _purchase(depot, day + 9 * HOUR)
    for number in range(SENSORS):
        sensor = add_sensor(depot, f"Cold room {number}")
        readings(depot, sensor, depot.book.start, depot.book.now)


def lot(depot: Depot, item: str, expires: int, **cells: Any) -> str:
    """Write a lot."""
    book = depot.book
    ident = book.new_id("lot")
    return book.add("lot", id=ident, number=ident.upper(), item=item, expires_at=expires, **cells)


def level(depot: Depot, item: str, on_hand: float, **cells: Any) -> str:
    """Write a stock level."""
    book = depot.book
    usual = {
        "id": cells.get("id") or book.new_id("stock"), "item": item, "place": depot.place, "on_hand": on_hand,
        "reserved": 0, "incoming": 0, "reorder_point": REORDER, "safety": SAFETY, "as_of": book.now - HOUR,
        "updated_at": book.now - HOUR,
    }  # fmt: skip
    return book.add("stock_level", **(usual | cells))


def move(depot: Depot, stock: tuple[str, str], at: int, quantity: int, balance: int, **cells: Any) -> None:
    """Write a stock move of a stock level and its item."""
    book = depot.book
    level_id, item = stock
    usual = {
        "id": book.new_id("move"), "item": item, "place": depot.place, "stock_level": level_id,
        "reason": "sale" if quantity < 0 else "receipt", "quantity": quantity, "balance": balance, "at": at,
    }  # fmt: skip
    book.add("stock_move", **(usual | cells))


def add_sensor(depot: Depot, name: str, **cells: Any) -> str:
    """Write a sensor of a cold room."""
    book = depot.book
    usual = {
        "id": book.new_id("sensor"), "name": f"{name} of depot {book.number}", "place": depot.place,
        "measure": "temperature", "unit": "Cel", "low": LOW, "high": HIGH, "interval_minutes": INTERVAL, "active": True,
    }  # fmt: skip
    return book.add("sensor", **(usual | cells))


def readings(depot: Depot, sensor: str, start: int, end: int) -> None:
    """A reading every half hour that stays in bounds, but for a door that is open for a moment now and then."""
    book = depot.book
    quiet = book.now - 26 * HOUR
    for at in range(start + book.random.randrange(INTERVAL) * MINUTE, end, INTERVAL * MINUTE):
        value = 5.0 + 2.0 * (book.random.random() - 0.5)
        if at < quiet and book.random.random() < 0.002:
            value = 9.5
        reading(depot, sensor, at, value)


def reading(depot: Depot, sensor: str, at: int, value: float) -> None:
    """Write one reading."""
    book = depot.book
    book.add(
        "sensor_reading", id=book.new_id("rd"), sensor=sensor, place=depot.place, measure="temperature",
        value=f"{value:.2f}", unit="Cel", at=at,
    )  # fmt: skip


def _stock(depot: Depot, item: str) -> None:
    book = depot.book
    balance, level_id = _FULL, book.new_id("stock")
    held = lot(depot, item, book.now + (400 + book.random.randrange(200)) * DAY)
    for day in range(book.start, book.now - 12 * HOUR, DAY):
        balance -= (sold := book.random.randrange(4, 14))
        move(depot, (level_id, item), day + 15 * HOUR - 12 * HOUR, -sold, balance, lot=held)
        if balance < _AT:
            balance += _REFILL
            move(depot, (level_id, item), day + 4 * HOUR, _REFILL, balance, lot=held)
    counted = book.now - 3 * DAY
    if counted > book.start:
        move(depot, (level_id, item), book.now - 11 * HOUR, 0, balance, reason="count", expected=balance, lot=held)
    level(depot, item, balance, id=level_id, lot=held, reserved=book.random.randrange(10))


def _purchase(depot: Depot, ordered: int) -> None:
    book = depot.book
    planned = ordered + 7 * DAY
    came = planned - book.random.randrange(1, 30) * HOUR
    there = came <= book.now
    purchase(depot, ordered, planned, received_at=came if there else None, received_share=1.0 if there else None)


def purchase(depot: Depot, ordered: int, planned: int, **cells: Any) -> str:
    """Write a purchase order."""
    book = depot.book
    ident = book.new_id("po")
    usual = {
        "id": ident, "number": ident.upper(), "vendor": book.random.choice(depot.vendors), "place": depot.place,
        "item": depot.items[0], "ordered_at": ordered, "planned_receipt": planned,
        "updated_at": cells.get("received_at") or ordered,
    }  # fmt: skip
    return book.add("purchase_order", **(usual | cells))
