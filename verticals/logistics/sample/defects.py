"""Planted defects: further rows, each made from a good one and spoilt, so that the good rows remain complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from substrate.clock import DAY, HOUR
from substrate.quality import Reason
from verticals.logistics.sample.book import EVENTS, HEADERS, Book, Flaw, iso

Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class Defect:
    """A kind of defect, the kind of row that it befalls, how its cells are spoilt, and why it is refused."""

    kind: str
    resource: str
    spoil: Callable[[Cells, int], bytes | None]
    """Changes the cells (the feed's "now" in micros is given); bytes when the line itself is spoilt."""
    reason: Reason


def spread(book: Book, share: float, first: int) -> int:
    """Add defects to a depot until they are this share of its rows, the kinds in turn; how many were added.

    `first` is the number of defects planted so far, so that the turn goes on from depot to depot.
    """
    good = sum(len(lines) for lines in book.lines.values())
    wanted = round(good * share / (1 - share))
    for number in range(first, first + wanted):
        turn = number % (len(_SPOILT) + 1)
        if turn < len(_SPOILT):
            _spoil(book, _SPOILT[turn])
        else:
            _repeat(book)
    return wanted


def _spoil(book: Book, defect: Defect) -> None:
    lines = book.lines[defect.resource]
    cells = _read(defect.resource, _good(book, defect.resource))
    name = "eventID" if defect.resource == EVENTS else "id"
    cells[name] = f"urn:plumbline:{book.new_id('bad')}"
    raw = defect.spoil(cells, book.now) or _written(defect.resource, cells)
    flaw = Flaw(defect.kind, defect.resource, cells[name] or None, "quarantined", defect.reason)
    book.flaws[defect.resource][len(lines)] = flaw
    lines.append(raw)


def _repeat(book: Book) -> None:
    lines, line = book.lines[EVENTS], _good(book, EVENTS)
    book.flaws[EVENTS][len(lines)] = Flaw(
        "duplicate", EVENTS, orjson.loads(line)["eventID"], "unchanged", "same_content"
    )
    lines.append(line)


def _good(book: Book, resource: str) -> bytes:
    """A row that is sound: flawed ones stand after all of those."""
    lines = book.lines[resource]
    return lines[book.random.randrange(len(lines) - len(book.flaws[resource]))]


def _read(resource: str, line: bytes) -> Cells:
    if resource == EVENTS:
        found: Cells = orjson.loads(line)
        return found
    return dict(zip(HEADERS[resource], line.decode().rstrip("\n").split(","), strict=True))


def _written(resource: str, cells: Cells) -> bytes:
    if resource == EVENTS:
        return orjson.dumps(cells) + b"\n"
    return (",".join(cells.get(name, "") for name in HEADERS[resource]) + "\n").encode()


def _text_in_number(cells: Cells, _now: int) -> None:
    cells["weight_kg"] = "See DN-304 (ID#:10589)"


def _text_in_date(cells: Cells, _now: int) -> None:
    cells["ordered_at"] = "Date Not Captured"


def _no_such_day(cells: Cells, _now: int) -> None:
    cells["planned_receipt"] = "2026-02-31"


def _naive(cells: Cells, _now: int) -> None:
    cells["eventTime"] = cells["eventTime"][:19]


def _no_id(cells: Cells, _now: int) -> None:
    cells["id"] = ""


def _no_goods(cells: Cells, _now: int) -> None:
    del cells["epcList"]


def _misspelt(cells: Cells, _now: int) -> None:
    cells["epclist"] = cells.pop("epcList")


def _vague(cells: Cells, _now: int) -> None:
    cells["action"] = "UPDATE"


def _ahead(cells: Cells, now: int) -> None:
    cells["eventTime"] = cells["recordTime"] = iso(now + 3 * DAY)


def _recorded_first(cells: Cells, now: int) -> None:
    cells["eventTime"], cells["recordTime"] = iso(now - HOUR), iso(now - 3 * DAY)


def _torn(cells: Cells, _now: int) -> bytes:
    line = orjson.dumps(cells)
    return line[: len(line) * 2 // 3] + b"\n"


def _rolled_over(cells: Cells, now: int) -> None:
    cells["actual_depart"], cells["actual_arrive"] = iso(now - 2 * HOUR), iso(now - 20 * HOUR)
    cells["cancelled_at"] = cells["cancelled_reason"] = ""


def _wide(cells: Cells, _now: int) -> bytes:
    return (",".join(cells[name] for name in HEADERS["stock_move"]) + ",,surplus\n").encode()


def _unit(cells: Cells, _now: int) -> None:
    cells["unit"] = "%"


def _boiling(cells: Cells, _now: int) -> None:
    cells["value"] = "412.0"


def _state(cells: Cells, _now: int) -> None:
    cells["status"] = "Done!"


_SPOILT = (
    Defect("text_in_number", "shipment", _text_in_number, Reason.WRONG_TYPE),
    Defect("text_in_date", "order", _text_in_date, Reason.BAD_TIME),
    Defect("no_such_day", "purchase_order", _no_such_day, Reason.BAD_TIME),
    Defect("naive_time", EVENTS, _naive, Reason.BAD_TIME),
    Defect("missing_id", "sensor_reading", _no_id, Reason.MISSING_KEY),
    Defect("no_goods", EVENTS, _no_goods, Reason.MISSING_VALUE),
    Defect("misspelt_field", EVENTS, _misspelt, Reason.BAD_COLUMNS),
    Defect("unknown_action", EVENTS, _vague, Reason.UNKNOWN_CODE),
    Defect("future_event", EVENTS, _ahead, Reason.FAILED_CHECK),
    Defect("recorded_before", EVENTS, _recorded_first, Reason.FAILED_CHECK),
    Defect("bad_json", EVENTS, _torn, Reason.BAD_JSON),
    Defect("arrives_before_leaving", "leg", _rolled_over, Reason.FAILED_CHECK),
    Defect("wide_row", "stock_move", _wide, Reason.BAD_COLUMNS),
    Defect("unit_mismatch", "sensor_reading", _unit, Reason.FAILED_CHECK),
    Defect("impossible_value", "sensor_reading", _boiling, Reason.FAILED_CHECK),
    Defect("unknown_state", "order", _state, Reason.UNKNOWN_CODE),
)
DEFECT_KINDS = (*(defect.kind for defect in _SPOILT), "duplicate")
"""Every kind of defect that a feed of some size holds."""
