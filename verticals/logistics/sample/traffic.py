"""The days of a depot's traffic: orders, their shipments with a scan every few hours, and the tours of its trucks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from substrate.clock import DAY, HOUR, MINUTE
from verticals.logistics.sample.book import Book
from verticals.logistics.sample.depot import Depot

ORDERS_PER_CUSTOMER_DAY = 0.01
_BEFORE_DEPARTURE = 10 * HOUR
_SCAN_EVERY = 5 * HOUR
_ROUND = ((5, 9), (11, 15), (17, 21))
"""The tours of a truck each day: hours of departure and arrival. The pauses leave room for any ordinary delay."""


@dataclass(slots=True)
class Journey:
    """One order and its shipment, before they are written; instants in micros."""

    ordered: int
    lane: tuple[str, str, str, int]
    order: str
    shipment: str
    promised: int
    departs: int
    arrives: int
    cells: dict[str, Any] = field(default_factory=dict)
    """What is written otherwise than usual into the shipment's row."""
    order_cells: dict[str, Any] = field(default_factory=dict)


def begin(depot: Depot, ordered: int, lane: int | None = None, *, slack: int = 36 * HOUR) -> Journey:
    """An order that is sent ten hours later, arrives about when its lane says, and is promised with some slack."""
    book = depot.book
    chosen = depot.lanes[book.random.randrange(len(depot.lanes)) if lane is None else lane]
    departs = ordered + _BEFORE_DEPARTURE + book.random.randrange(45) * MINUTE
    arrives = departs + int(chosen[3] * HOUR * (0.9 + 0.2 * book.random.random())) // MINUTE * MINUTE
    planned = ordered + _BEFORE_DEPARTURE + chosen[3] * HOUR
    promised = planned + slack
    return Journey(ordered, chosen, book.new_id("so"), book.new_id("sh"), promised, departs, arrives)


def tell(depot: Depot, journey: Journey, *, scans_until: int | None = None, lines: int = 2) -> None:
    """Write an order, its lines and its shipment as they are known now, with its scans.

    Args:
        scans_until: the carrier scans nothing after this, the delivery included.
        lines: how many lines the order has.
    """
    book, now = depot.book, depot.book.now
    lane, carrier, destination, hours = journey.lane
    left, arrived = journey.departs <= now, journey.arrives <= now
    status = "delivered" if arrived else "shipped" if left else "open"
    known = min(now, journey.arrives if arrived else journey.departs if left else journey.ordered)
    usual = {
        "id": journey.order, "number": f"N-{journey.order}", "customer": book.random.choice(depot.customers),
        "place": destination, "ordered_at": journey.ordered, "promised_at": journey.promised, "status": status,
        "status_at": known, "updated_at": known, "value": round(40 + 400 * book.random.random(), 2),
        "currency": "EUR",
    }  # fmt: skip
    book.add("order", **(usual | journey.order_cells))
    cells = {
        "id": journey.shipment, "number": f"D-{journey.shipment}", "tracking_no": f"T{journey.shipment}",
        "order": journey.order, "carrier": carrier, "origin": depot.place, "destination": destination, "lane": lane,
        "mode": "road", "since": journey.ordered, "planned_depart": journey.ordered + _BEFORE_DEPARTURE,
        "planned_arrive": journey.ordered + _BEFORE_DEPARTURE + hours * HOUR,
        "actual_depart": journey.departs if left else None, "actual_arrive": journey.arrives if arrived else None,
        "weight_kg": book.random.randrange(5, 900), "updated_at": known,
    }  # fmt: skip
    book.add("shipment", **(cells | journey.cells))
    for _ in range(lines):
        line(depot, journey, journey.arrives if arrived else None)
    scan(depot, journey, scans_until)


def line(depot: Depot, journey: Journey, delivered: int | None, **cells: Any) -> str:
    """Write a line of an order."""
    book = depot.book
    usual = {
        "id": book.new_id("line"), "order": journey.order, "shipment": journey.shipment,
        "item": book.random.choice(depot.items), "place": journey.lane[2], "since": journey.ordered,
        "quantity": book.random.randrange(1, 20), "promised_at": journey.promised, "delivered_at": delivered,
        "number": "1", "updated_at": delivered or journey.ordered,
    }  # fmt: skip
    return book.add("order_line", **(usual | cells))


def scan(depot: Depot, journey: Journey, until: int | None = None) -> None:
    """Write the scans of a shipment: announced, picked up, one every few hours, out for delivery, delivered."""
    book = depot.book
    _, _, destination, _ = journey.lane
    told: list[tuple[str, int, str]] = [("created", journey.ordered, depot.place)]
    told.append(("picked_up", journey.departs, depot.place))
    at = journey.departs + _SCAN_EVERY
    while at < journey.arrives - 2 * HOUR:
        told.append(("in_transit", at, destination))
        at += _SCAN_EVERY + book.random.randrange(-40, 40) * MINUTE
    told.append(("out_for_delivery", journey.arrives - HOUR, destination))
    told.append(("delivered", journey.arrives, destination))
    last = book.now if until is None else until
    for kind, when, place in told:
        if when <= last:
            recorded = when if book.random.random() < 0.7 else when + book.random.randrange(1, 20) * MINUTE
            book.event(journey.shipment, kind, when, place, recorded)


def run_traffic(depot: Depot) -> None:
    """All ordinary orders of the depot's days, and its trucks' tours."""
    book = depot.book
    rate = ORDERS_PER_CUSTOMER_DAY * len(depot.customers)
    for day in range(book.start, book.now, DAY):
        count = int(rate) + (book.random.random() < rate % 1)
        for _ in range(count):
            ordered = day + book.random.randrange(6 * 60, 18 * 60) * MINUTE
            if ordered < book.now:
                tell(depot, begin(depot, ordered, slack=_slack(depot, ordered)))
    for number, truck in enumerate(depot.trucks):
        _tours(depot, truck, depot.drivers[number])


def _slack(depot: Depot, ordered: int) -> int:
    """Of those that have long arrived, some were promised too early."""
    long_ago = ordered < depot.book.now - 6 * DAY
    return -6 * HOUR if long_ago and depot.book.random.random() < 0.06 else 36 * HOUR


def tour(depot: Depot, truck: str, departs: int, arrives: int, **cells: Any) -> str:
    """Write a leg of a truck."""
    book = depot.book
    known = cells.get("actual_arrive") or cells.get("actual_depart") or departs - DAY
    usual = {
        "id": book.new_id("leg"), "number": f"T{book.number}", "vehicle": truck, "carrier": depot.carriers[0],
        "origin": depot.place, "destination": depot.destinations[0], "since": departs - 7 * DAY,
        "planned_depart": departs, "planned_arrive": arrives, "turnaround_minutes": 30, "updated_at": known,
    }  # fmt: skip
    return book.add("leg", **(usual | cells))


def _tours(depot: Depot, truck: str, driver: str) -> None:
    book, previous = depot.book, None
    for day in range(book.start, book.now + 2 * DAY, DAY):
        for departs, arrives in _ROUND:
            previous = _tour(book, depot, (truck, driver), (day + departs * HOUR, day + arrives * HOUR), previous)


def _tour(book: Book, depot: Depot, who: tuple[str, str], planned: tuple[int, int], previous: str | None) -> str | None:
    truck, driver = who
    departs, arrives = planned
    if book.random.random() < 0.01:
        if departs < book.now:
            cancelled = departs - 3 * HOUR
            tour(depot, truck, departs, arrives, cancelled_at=cancelled, cancelled_reason="weather",
                 updated_at=cancelled)  # fmt: skip
        return previous
    left = departs + book.random.randrange(15) * MINUTE
    came = arrives + book.random.randrange(20) * MINUTE
    return tour(
        depot, truck, departs, arrives, driver=driver, previous=previous,
        actual_depart=left if left <= book.now else None, actual_arrive=came if came <= book.now else None,
    )  # fmt: skip
