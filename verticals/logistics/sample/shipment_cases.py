"""Planted incidents on the road, each with near misses at which a rule must stay quiet."""

from __future__ import annotations

from typing import Any

from substrate.clock import DAY, HOUR, MINUTE
from verticals.logistics.sample.book import iso
from verticals.logistics.sample.depot import Depot, truck
from verticals.logistics.sample.traffic import Journey, begin, line, tell, tour

_THURSDAY = 3
"""The weekday of 1 January 1970, Monday being 0."""


def plant_shipment_cases(depot: Depot) -> None:
    """One case of each kind and its near misses."""
    for plant in (_late, _departure, _predicted, _silent, _exception, _attempts, _container, _lines, _legs):
        plant(depot)


def _on_the_road(depot: Depot, ordered: int, promised: int, arrives: int, **cells: Any) -> Journey:
    """A shipment of the first lane, whose carrier works at weekends, with a promise and arrival of its own."""
    journey = begin(depot, ordered, 0)
    journey.promised, journey.arrives, journey.cells = promised, arrives, cells
    return journey


def _late(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    ordered, promised = now - 6 * DAY, now - 2 * DAY
    case = _on_the_road(depot, ordered, promised, now + DAY)
    tell(depot, case, lines=0)
    book.plant("late_shipment", True, "shipment", case.shipment, promised, "promised two days ago, on its way")
    case = _on_the_road(depot, ordered, promised, now - DAY)
    tell(depot, case)
    book.plant("late_shipment", False, "shipment", case.shipment, promised, "it arrived, late")
    case = _on_the_road(depot, ordered, promised, now - DAY, actual_arrive=None, status="in_transit")
    tell(depot, case)
    book.plant("late_shipment", False, "shipment", case.shipment, promised, "scanned as delivered, the state lags")
    case = _on_the_road(depot, ordered, promised, now + DAY)
    case.order_cells = {"status": "cancelled"}
    tell(depot, case, lines=0)
    book.plant("late_shipment", False, "shipment", case.shipment, promised, "the order was cancelled")
    case = _on_the_road(depot, ordered, promised, now + DAY, promised_at=now + 2 * DAY)
    tell(depot, case, lines=0)
    book.plant("late_shipment", False, "shipment", case.shipment, promised, "its own date was moved on")


def _departure(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    for fires, why, departs, cells in (
        (True, "should have left four hours ago", now + 2 * HOUR, {}),
        (False, "it left an hour ago", now - HOUR, {}),
        (False, "it is on hold", now + 2 * HOUR, {"status": "on_hold"}),
    ):
        case = _on_the_road(depot, now - 14 * HOUR, now + 3 * DAY, now + DAY, **cells)
        case.departs = departs
        tell(depot, case)
        book.plant("late_departure", fires, "shipment", case.shipment, now - 4 * HOUR, why)


def _predicted(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    promised = now + 20 * HOUR
    for fires, why, hours in ((True, "expected five hours after the promise", 5), (False, "expected in time", -2)):
        eta = promised + hours * HOUR
        case = _on_the_road(depot, now - DAY, promised, eta, eta=eta, eta_at=now - 2 * HOUR)
        tell(depot, case)
        book.plant("predicted_late", fires, "shipment", case.shipment, now - 2 * HOUR, why)


def _silent(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    for fires, why, since in (
        (True, "no scan for six days", now - 6 * DAY),
        (False, "no scan for less than a day", now - 17 * HOUR),
    ):
        case = _on_the_road(depot, now - 8 * DAY, now + 5 * DAY, now + 3 * DAY)
        tell(depot, case, scans_until=since)
        book.plant("no_scan", fires, "shipment", case.shipment, since, why)
    if (now // DAY + _THURSDAY) % 7 == 0:
        friday = now // DAY * DAY - 3 * DAY + 20 * HOUR
        case = begin(depot, now - 8 * DAY, 1)
        case.promised, case.arrives = now + 5 * DAY, now + 3 * DAY
        tell(depot, case, scans_until=friday)
        book.plant("no_scan", False, "shipment", case.shipment, friday, "its carrier rests at the weekend")


def _exception(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    for fires, why, goes_on in ((True, "the last scan is an exception", False), (False, "on its way again", True)):
        case = _on_the_road(depot, now - 3 * DAY, now + 3 * DAY, now + 2 * DAY)
        tell(depot, case, scans_until=now - 4 * HOUR)
        at = now - 3 * HOUR
        book.event(case.shipment, "exception", at, case.lane[2], at)
        if goes_on:
            book.event(case.shipment, "in_transit", now - HOUR, case.lane[2], now - HOUR)
        book.plant("exception", fires, "shipment", case.shipment, at, why)


def _attempts(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    told: tuple[tuple[bool, str, tuple[int, ...], str | None, dict[str, Any]], ...] = (
        (True, "two attempts failed", (26, 3), None, {}),
        (False, "returned to the sender", (50, 26), "returned", {}),
        (False, "delivered at the second attempt", (26,), "delivered", {}),
        (False, "the carrier took the scan back", (3,), None, {"retracted": True}),
    )
    for fires, why, hours, then, more in told:
        case = _on_the_road(depot, now - 4 * DAY, now + 3 * DAY, now + 2 * DAY)
        tell(depot, case, scans_until=now - 51 * HOUR)
        book.event(case.shipment, "in_transit", now - 5 * HOUR, case.lane[2], now - 5 * HOUR)
        for ago in hours:
            at = now - ago * HOUR
            back = {"errorDeclaration": {"declarationTime": iso(at + HOUR), "reason": "incorrect_data"}} if more else {}
            book.event(case.shipment, "delivery_attempt_failed", at, case.lane[2], at, **back)
        if then:
            book.event(case.shipment, then, now - HOUR, case.lane[2], now - HOUR)
        book.plant("failed_delivery", fires, "shipment", case.shipment, now - hours[-1] * HOUR, why)


def _container(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    for fires, why, cutoff, gate in (
        (True, "cut-off tonight, not at the terminal", 10, None),
        (False, "at the terminal", 10, now - 2 * HOUR),
        (False, "cut-off in three days", 72, None),
    ):
        cells = {"container_no": f"PLBU{book.random.randrange(10**7):07}", "mode": "ocean", "gate_in_at": gate}
        case = _on_the_road(depot, now - 5 * HOUR, now + 20 * DAY, now + 15 * DAY, cutoff_at=now + cutoff * HOUR,
                            **cells)  # fmt: skip
        tell(depot, case)
        book.plant("container_cutoff", fires, "shipment", case.shipment, now + cutoff * HOUR, why)


def _lines(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    case = _on_the_road(depot, now - 3 * DAY, now + 2 * DAY, now + DAY)
    tell(depot, case, lines=1)
    for fires, why, delivered, cells in (
        (True, "the order is in time, this line is not", None, {}),
        (False, "the line came ahead of the rest", now - 20 * HOUR, {}),
        (False, "the line was cancelled", None, {"cancelled_at": now - 30 * HOUR}),
    ):
        found = line(depot, case, delivered, promised_at=now - DAY, **cells)
        book.plant("late_order_line", fires, "order_line", found, now - DAY, why)


def _legs(depot: Depot) -> None:
    book, now = depot.book, depot.book.now
    leaves = now + 5 * MINUTE
    for fires, why, came, cells in (
        (True, "the vehicle is still on its previous leg", None, {}),
        (False, "the vehicle is there", now - HOUR, {}),
        (False, "the leg is cancelled", None, {"cancelled_at": now - HOUR, "cancelled_reason": "carrier"}),
    ):
        wheels = truck(depot)
        before = tour(depot, wheels, now - 5 * HOUR, now - HOUR, actual_depart=now - 5 * HOUR, actual_arrive=came)
        found = tour(depot, wheels, leaves, leaves + 4 * HOUR, previous=before, **cells)
        book.plant("predicted_late_leg", fires, "leg", found, now - 25 * MINUTE, why)
        book.plant("late_leg", came is None, "leg", before, now - HOUR, "it should have arrived an hour ago")
