"""What a kind needs beyond its cells: the defaults that follow from other cells, and what may not be missing.

A state without a time holds from the instant that it speaks of, else from when the row changed. What was recorded
before it happened is taken as known when it happened.
"""

from __future__ import annotations

from substrate.mapping import Draft, Reader
from verticals.logistics import codes, records
from verticals.logistics.sources.table import Json, due, known, need, number, read_table

_MINUTES = 60


def party(row: Json, reader: Reader) -> Draft:
    """A party; its name is a firm's unless `person` says otherwise."""
    draft = read_table(records.Party, row, reader)
    person = str(row.get("person") or "").lower() in ("true", "yes", "1")
    if draft.values["firm"] is None and not person:
        draft.values["firm"] = draft.values["name"]
    known(draft.values, "form", codes.PARTIES)
    return draft


def order(row: Json, reader: Reader) -> Draft:
    """An order."""
    draft = read_table(records.Order, row, reader)
    values = draft.values
    values["ordered_at"] = values["ordered_at"] or 0
    _state(draft, codes.ORDER_STATES, "open", values["ordered_at"])
    return draft


def order_line(row: Json, reader: Reader) -> Draft:
    """A line of an order."""
    draft = read_table(records.OrderLine, row, reader)
    draft.values["since"] = draft.values["since"] or 0
    recorded(draft.values, "delivered_at", "delivered_known_at")
    return draft


def shipment(row: Json, reader: Reader) -> Draft:
    """A shipment; `promised_at` is its own date, beside the order's."""
    draft = read_table(records.Shipment, row, reader)
    values = draft.values
    if row.get("promised_at"):
        values["own_promised_at"] = due(row["promised_at"], "promised_at", reader)
    values["since"] = values["since"] or 0
    if values["eta"] is not None and values["eta_at"] is None:
        values["eta_at"] = draft.changed_at or values["since"]
    recorded(values, "actual_depart", "depart_known_at")
    recorded(values, "actual_arrive", "arrive_known_at")
    arrived, left = values["arrive_known_at"], values["depart_known_at"]
    usual = "delivered" if arrived is not None else "in_transit" if left is not None else "created"
    _state(draft, codes.SHIPMENT_STATES, usual, values["since"], {"delivered": arrived, "in_transit": left})
    return draft


def leg(row: Json, reader: Reader) -> Draft:
    """A leg; one that is cancelled without a time always was."""
    draft = read_table(records.Leg, row, reader)
    values = draft.values
    values["since"] = values["since"] or 0
    recorded(values, "actual_depart", "depart_known_at")
    recorded(values, "actual_arrive", "arrive_known_at")
    if values["status"] == "cancelled" and values["cancelled_at"] is None:
        values["cancelled_at"] = draft.changed_at or values["since"]
    cancelled, arrived, left = values["cancelled_at"], values["arrive_known_at"], values["depart_known_at"]
    times = {"cancelled": cancelled, "arrived": arrived, "departed": left}
    usual = next((status for status, at in times.items() if at is not None), "planned")
    _state(draft, codes.LEG_STATES, usual, values["since"], {**times, "diverted": left})
    return draft


def tracking_event(row: Json, reader: Reader) -> Draft:
    """A scan or message; without a time of its own, it was recorded when it happened."""
    draft = read_table(records.TrackingEvent, row, reader)
    values = draft.values
    need(values, "type", "event_time")
    known(values, "type", codes.EVENT_TYPES)
    values["classifier"] = values["classifier"] or "ACT"
    known(values, "classifier", codes.CLASSIFIERS)
    if values["record_time"] is None:
        values["record_time"] = values["event_time"]
    if values["zone_offset"] is None:
        values["zone_offset"] = offset_in(row["event_time"])
    return draft


def purchase_order(row: Json, reader: Reader) -> Draft:
    """A purchase order, or one line of it; a last receipt without a share is the whole."""
    draft = read_table(records.PurchaseOrder, row, reader)
    values = draft.values
    values["ordered_at"] = values["ordered_at"] or 0
    recorded(values, "received_at", "received_known_at")
    if values["received_at"] is not None and values["received_share"] is None:
        values["received_share"] = 1.0
    if values["received_share"] is not None and values["received_known_at"] is None:
        values["received_known_at"] = draft.changed_at or values["ordered_at"]
    done = values["received_known_at"] if values["received_at"] is not None else None
    usual = "received" if done is not None else "ordered"
    _state(draft, codes.PURCHASE_STATES, usual, values["ordered_at"], {"received": done})
    return draft


def stock_level(row: Json, reader: Reader) -> Draft:
    """A stock level; what the source does not project is on hand, less what is reserved, and what is on order."""
    draft = read_table(records.StockLevel, row, reader)
    values = draft.values
    if values["as_of"] is None:
        values["as_of"] = draft.changed_at
    need(values, "on_hand", "as_of")
    if values["projected"] is None:
        values["projected"] = values["on_hand"] - (values["reserved"] or 0) + (values["incoming"] or 0)
    return draft


def stock_move(row: Json, reader: Reader) -> Draft:
    """A stock move."""
    draft = read_table(records.StockMove, row, reader)
    need(draft.values, "quantity", "at")
    return draft


def sensor_reading(row: Json, reader: Reader) -> Draft:
    """A reading; `low` and `high` are its own bounds, beside the sensor's."""
    draft = read_table(records.SensorReading, row, reader)
    values = draft.values
    need(values, "sensor_id", "at")
    for bound in ("low", "high"):
        if row.get(bound) not in (None, ""):
            values[f"own_{bound}"] = number(row[bound], bound, reader)
    if values["record_time"] is None:
        values["record_time"] = values["at"]
    return draft


def recorded(values: Json, happened: str, known_at: str) -> None:
    """What happened was known when it was recorded, never before it happened."""
    at = values[happened]
    values[known_at] = None if at is None else max(at, values[known_at] or at)


def offset_in(said: str) -> int | None:
    """How many minutes the clock of an ISO 8601 time was ahead of UTC; None: it does not say."""
    if said.endswith("Z"):
        return 0
    sign, hours, minutes = said[-6:-5], said[-5:-3], said[-2:]
    # A bare date ends like an offset, but for the colon.
    if sign not in ("+", "-") or said[-3:-2] != ":" or not (hours + minutes).isdigit():
        return None
    found = int(hours) * _MINUTES + int(minutes)
    return -found if sign == "-" else found


def _state(
    draft: Draft, states: dict[str, str], usual: str, since: int, times: dict[str, int | None] | None = None
) -> None:
    """The state and from when on it holds: as the row says, else as its times say."""
    values = draft.values
    values["status"] = values["status"] or usual
    known(values, "status", states)
    if values["status_at"] is None:
        values["status_at"] = (times or {}).get(values["status"]) or draft.changed_at or since
