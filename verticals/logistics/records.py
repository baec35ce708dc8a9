"""Logistics' records: what an order system, a carrier, a warehouse and a cold chain lend us.

Two times are kept apart wherever a source tells both: when something happened (`event_time`, `actual_arrive`,
`delivered_at`) and from when on anybody could know it (`record_time`, `…_known_at`). A read as of an earlier day sees
what was known then. Signals rest on instants, never on a status alone: a status is what somebody last typed.
"""

from __future__ import annotations

from typing import ClassVar

from substrate.columns import Sensitivity, column, instant, reference
from substrate.records import Record
from verticals.logistics import codes
from verticals.logistics.store_records import (
    Item,
    Lot,
    PurchaseOrder,
    Sensor,
    SensorReading,
    StockLevel,
    StockMove,
)

__all__ = [
    "RECORDS",
    "Document",
    "Driver",
    "Item",
    "Lane",
    "Leg",
    "Lot",
    "Order",
    "OrderLine",
    "Party",
    "Place",
    "PurchaseOrder",
    "Sensor",
    "SensorReading",
    "Shipment",
    "StockLevel",
    "StockMove",
    "TrackingEvent",
    "Vehicle",
]

_INTERNAL = Sensitivity.INTERNAL
_PII = Sensitivity.PII


class Party(Record, table=True):
    """A customer, a vendor, a carrier or a house of our own."""

    __tablename__ = "logistics_party"
    kind: ClassVar[str] = "party"
    title: ClassVar[str] = "name"

    name: str | None = column("Name of the firm or person", _PII, default=None)
    firm: str | None = column("The same name, where it is no person's", _INTERNAL, label="firm", default=None)
    form: str | None = column(
        "What it is to us: customer, vendor, carrier or own", _INTERNAL, codes=codes.PARTIES, default=None, index=True
    )
    country: str | None = column("Country, ISO 3166-1 alpha-2 or as written", _INTERNAL, default=None)
    phone: str | None = column("Telephone of the party", _PII, default=None)
    email: str | None = column("E-mail address of the party", _PII, default=None)
    active: bool | None = column(
        "Whether we still deal with it", _INTERNAL, label="in use", codes=codes.ACTIVE, default=None
    )
    weekends: bool | None = column(
        "Whether it works on Saturday and Sunday", _INTERNAL, codes=codes.WEEKENDS, default=None
    )


class Place(Record, table=True):
    """A site, warehouse, depot, port, cold room, or the end of a lane."""

    __tablename__ = "logistics_place"
    kind: ClassVar[str] = "place"
    title: ClassVar[str] = "name"

    name: str | None = column("Name of the place", _INTERNAL, label="place", default=None)
    form: str | None = column(
        "What it is: warehouse, depot, port …", _INTERNAL, label="kind of place", codes=codes.PLACES, default=None,
        index=True,
    )  # fmt: skip
    code: str | None = column("GLN, UN/LOCODE, IATA or other code of the place", _INTERNAL, default=None)
    country: str | None = column("Country of the place", _INTERNAL, default=None)
    zone: str | None = column("IANA time zone of the place", _INTERNAL, default=None)
    part_of_id: int | None = reference("The place that it is part of", "place", _INTERNAL)
    party_id: int | None = reference("Who runs it", "party", _INTERNAL)


class Lane(Record, table=True):
    """A connection that is served again and again: from, to, by whom and how."""

    __tablename__ = "logistics_lane"
    kind: ClassVar[str] = "lane"
    title: ClassVar[str] = "name"
    about: ClassVar[tuple[str, ...]] = ("origin.name", "destination.name", "carrier.firm")

    name: str | None = column("Name of the lane", _INTERNAL, label="lane", default=None)
    origin_id: int | None = reference("Where it begins", "place", _INTERNAL, label="from")
    destination_id: int | None = reference("Where it ends", "place", _INTERNAL, label="to")
    carrier_id: int | None = reference("Who serves it", "party", _INTERNAL, label="carrier")
    mode: str | None = column(
        "road, air, ocean, rail, parcel …", _INTERNAL, label="mode", codes=codes.MODES, default=None
    )
    planned_hours: float | None = column("How long a passage should take", _INTERNAL, unit="h", default=None)


class Vehicle(Record, table=True):
    """A truck, van, aircraft, vessel, trailer or container."""

    __tablename__ = "logistics_vehicle"
    kind: ClassVar[str] = "vehicle"
    title: ClassVar[str] = "plate"

    plate: str | None = column("Plate, tail number, IMO or container number", _INTERNAL, label="vehicle", default=None)
    form: str | None = column("What it is", _INTERNAL, label="kind of vehicle", codes=codes.VEHICLES, default=None)
    carrier_id: int | None = reference("Who runs it", "party", _INTERNAL, label="carrier")
    home_id: int | None = reference("The depot that it belongs to", "place", _INTERNAL, label="depot")
    odometer_km: float | None = column("Last known odometer", _INTERNAL, unit="km", default=None)
    service_at: int | None = instant("When the next service is due", _INTERNAL, label="service due", default=None)
    service_km: float | None = column(
        "Odometer at which the next service is due", _INTERNAL, unit="km", label="service due at", default=None
    )
    active: bool | None = column("Whether it is in use", _INTERNAL, label="in use", codes=codes.ACTIVE, default=None)


class Driver(Record, table=True):
    """A person who drives."""

    __tablename__ = "logistics_driver"
    kind: ClassVar[str] = "driver"
    title: ClassVar[str] = "name"

    name: str | None = column("Name of the driver", _PII, label="driver", default=None)
    phone: str | None = column("Telephone of the driver", _PII, default=None)
    email: str | None = column("E-mail address of the driver", _PII, default=None)
    carrier_id: int | None = reference("Who employs the driver", "party", _INTERNAL, label="carrier")
    home_id: int | None = reference("The depot that the driver belongs to", "place", _INTERNAL, label="depot")
    active: bool | None = column("Whether the driver works here", _INTERNAL, codes=codes.ACTIVE, default=None)


class Document(Record, table=True):
    """A paper of a vehicle or driver that runs out: licence, inspection, insurance."""

    __tablename__ = "logistics_document"
    kind: ClassVar[str] = "document"
    title: ClassVar[str] = "form"
    about: ClassVar[tuple[str, ...]] = ("vehicle.plate", "driver.name")

    form: str | None = column("What paper it is", _INTERNAL, label="paper", codes=codes.DOCUMENTS, default=None)
    number: str | None = column("Number of the paper", _PII, default=None)
    vehicle_id: int | None = reference("The vehicle that it is of", "vehicle", _INTERNAL)
    driver_id: int | None = reference("The driver that it is of", "driver", _INTERNAL, through=_PII)
    issued_at: int | None = instant("When it was issued", _INTERNAL, default=None)
    expires_at: int | None = instant("When it runs out", _INTERNAL, label="runs out", default=None, index=True)
    replaced_at: int | None = instant(
        "When a new paper took its place", _INTERNAL, label="replaced", absent="no new paper has taken its place",
        known_at="replaced_at", default=None,
    )  # fmt: skip


class Order(Record, table=True):
    """What a customer ordered, and by when it was promised."""

    __tablename__ = "logistics_order"
    kind: ClassVar[str] = "order"
    occurs: ClassVar[str | None] = "ordered_at"
    title: ClassVar[str] = "number"
    about: ClassVar[tuple[str, ...]] = ("customer.name",)

    number: str | None = column("Number of the order, as the customer knows it", _INTERNAL, default=None, index=True)
    customer_id: int | None = reference("Who ordered", "party", _INTERNAL, label="customer")
    place_id: int | None = reference("Where it is to be delivered", "place", _INTERNAL, label="deliver to")
    ordered_at: int = instant("When it was ordered; 1970 where nobody wrote that down", _INTERNAL, index=True)
    promised_at: int | None = instant(
        "By when it was promised", _INTERNAL, label="promised", absent="no date was promised", default=None, index=True
    )
    status: str = column(
        "State of the order", _INTERNAL, label="state of the order", codes=codes.ORDER_STATES, known_at="status_at",
        before="open",
    )  # fmt: skip
    status_at: int = instant("From when on the state is taken to hold", _INTERNAL, known_at="status_at")
    priority: str | None = column("normal, high or urgent", _INTERNAL, codes=codes.PRIORITIES, default=None)
    value: float | None = column("Value of the order, in the currency beside it", _INTERNAL, default=None)
    currency: str | None = column("Currency of the value, ISO 4217", _INTERNAL, default=None)


class Shipment(Record, table=True):
    """Goods that travel together from one place to another."""

    __tablename__ = "logistics_shipment"
    kind: ClassVar[str] = "shipment"
    occurs: ClassVar[str | None] = "since"
    title: ClassVar[str] = "number"
    about: ClassVar[tuple[str, ...]] = ("order.number", "destination.name", "carrier.firm")

    number: str | None = column("Number of the shipment", _INTERNAL, label="shipment", default=None, index=True)
    tracking_no: str | None = column("The carrier's tracking number", _INTERNAL, label="tracking number", default=None)
    container_no: str | None = column("Number of the container", _INTERNAL, label="container", default=None)
    order_id: int | None = reference("The order that it answers", "order", _INTERNAL)
    carrier_id: int | None = reference("Who carries it", "party", _INTERNAL, label="carrier")
    origin_id: int | None = reference("Where it starts", "place", _INTERNAL, label="from")
    destination_id: int | None = reference("Where it goes", "place", _INTERNAL, label="to")
    lane_id: int | None = reference("The lane that it travels on", "lane", _INTERNAL, label="lane")
    mode: str | None = column(
        "road, air, ocean, rail, parcel …", _INTERNAL, label="mode", codes=codes.MODES, default=None
    )
    priority: str | None = column(
        "normal, high or urgent", _INTERNAL, label="priority", codes=codes.PRIORITIES, default=None
    )
    since: int = instant("From when on the shipment is on the books; 1970 where nobody wrote that down", _INTERNAL)
    own_promised_at: int | None = instant("By when this very shipment was promised", _INTERNAL, default=None)
    promised_at: int | None = instant(
        "By when it was promised: its own date, else the order's", _INTERNAL, label="promised",
        absent="no date was promised", inherits=("order_id", "promised_at"), own="own_promised_at", default=None,
        index=True,
    )  # fmt: skip
    planned_depart: int | None = instant("When it should leave", _INTERNAL, label="should leave", default=None)
    planned_arrive: int | None = instant("When it should arrive", _INTERNAL, label="should arrive", default=None)
    eta: int | None = instant(
        "When it is now expected to arrive", _INTERNAL, label="expected", absent="nobody has estimated the arrival",
        known_at="eta_at", default=None,
    )  # fmt: skip
    eta_at: int | None = instant("When that was estimated", _INTERNAL, known_at="eta_at", default=None)
    actual_depart: int | None = instant(
        "When it left", _INTERNAL, label="left", absent="it has not left", known_at="depart_known_at", default=None
    )
    depart_known_at: int | None = instant(
        "From when on the departure was known: when it was recorded, else the departure", _INTERNAL,
        known_at="depart_known_at", default=None,
    )  # fmt: skip
    actual_arrive: int | None = instant(
        "When it arrived", _INTERNAL, label="arrived", absent="it has not arrived", known_at="arrive_known_at",
        default=None, index=True,
    )  # fmt: skip
    arrive_known_at: int | None = instant(
        "From when on the arrival was known: when it was recorded, else the arrival", _INTERNAL,
        known_at="arrive_known_at", default=None,
    )  # fmt: skip
    cutoff_at: int | None = instant(
        "By when the container must be at the terminal", _INTERNAL, label="cut-off", default=None, index=True
    )
    gate_in_at: int | None = instant(
        "When the container came to the terminal", _INTERNAL, label="at the terminal",
        absent="the container is not at the terminal", known_at="gate_in_at", default=None,
    )  # fmt: skip
    status: str = column(
        "State of the shipment, as last typed", _INTERNAL, label="state of the shipment", codes=codes.SHIPMENT_STATES,
        known_at="status_at", before="created",
    )  # fmt: skip
    status_at: int = instant("From when on the state is taken to hold", _INTERNAL, known_at="status_at")
    weight_kg: float | None = column("Weight of the goods", _INTERNAL, unit="kg", default=None)
    freight_cost: float | None = column("Cost of the carriage, in the currency beside it", _INTERNAL, default=None)
    currency: str | None = column("Currency of the cost, ISO 4217", _INTERNAL, default=None)


class OrderLine(Record, table=True):
    """One line of an order: so much of one item, with a date of its own."""

    __tablename__ = "logistics_order_line"
    kind: ClassVar[str] = "order_line"
    occurs: ClassVar[str | None] = "since"
    title: ClassVar[str] = "number"
    about: ClassVar[tuple[str, ...]] = ("item.name", "order.number", "place.name")

    number: str | None = column("Number of the line", _INTERNAL, label="line", default=None)
    order_id: int | None = reference("The order that it is part of", "order", _INTERNAL)
    shipment_id: int | None = reference("The shipment that carries it", "shipment", _INTERNAL)
    item_id: int | None = reference("What is ordered", "item", _INTERNAL, label="item")
    vendor_id: int | None = reference("Who supplies it", "party", _INTERNAL, label="vendor")
    place_id: int | None = reference("Where it is to be delivered", "place", _INTERNAL, label="deliver to")
    since: int = instant("From when on the line is on the books; 1970 where nobody wrote that down", _INTERNAL)
    quantity: float | None = column("How much is ordered, in the item's unit", _INTERNAL, default=None)
    value: float | None = column("Value of the line, in the order's currency", _INTERNAL, default=None)
    promised_at: int | None = instant(
        "By when the line was promised", _INTERNAL, label="promised", absent="no date was promised", default=None,
        index=True,
    )  # fmt: skip
    delivered_at: int | None = instant(
        "When it was delivered", _INTERNAL, label="delivered", absent="it is not delivered",
        known_at="delivered_known_at", default=None, index=True,
    )  # fmt: skip
    delivered_known_at: int | None = instant(
        "From when on the delivery was known: when it was recorded, else the delivery", _INTERNAL,
        known_at="delivered_known_at", default=None, index=True,
    )  # fmt: skip
    cancelled_at: int | None = instant(
        "When it was cancelled", _INTERNAL, label="cancelled", absent="it is not cancelled", known_at="cancelled_at",
        default=None,
    )  # fmt: skip


class Leg(Record, table=True):
    """One passage of one vehicle from a place to the next; it may carry shipments, or run by a timetable."""

    __tablename__ = "logistics_leg"
    kind: ClassVar[str] = "leg"
    occurs: ClassVar[str | None] = "since"
    title: ClassVar[str] = "number"
    about: ClassVar[tuple[str, ...]] = ("origin.name", "destination.name", "vehicle.plate")

    number: str | None = column("Number of the tour, flight or voyage", _INTERNAL, label="leg", default=None)
    shipment_id: int | None = reference("The shipment that it carries", "shipment", _INTERNAL)
    seq: int | None = column("Its place among the legs of the shipment", _INTERNAL, default=None)
    vehicle_id: int | None = reference("The vehicle", "vehicle", _INTERNAL, label="vehicle")
    driver_id: int | None = reference("The driver", "driver", _INTERNAL, through=_PII)
    carrier_id: int | None = reference("Who runs it", "party", _INTERNAL, label="carrier")
    lane_id: int | None = reference("The lane that it serves", "lane", _INTERNAL, label="lane")
    origin_id: int | None = reference("Where it starts", "place", _INTERNAL, label="from")
    destination_id: int | None = reference("Where it goes", "place", _INTERNAL, label="to")
    since: int = instant("From when on the leg is planned; 1970 where nobody wrote that down", _INTERNAL)
    planned_depart: int | None = instant(
        "When it should leave", _INTERNAL, label="should leave", default=None, index=True
    )
    planned_arrive: int | None = instant("When it should arrive", _INTERNAL, label="should arrive", default=None)
    actual_depart: int | None = instant(
        "When it left", _INTERNAL, label="left", absent="it has not left", known_at="depart_known_at", default=None
    )
    depart_known_at: int | None = instant(
        "From when on the departure was known", _INTERNAL, known_at="depart_known_at", default=None
    )
    actual_arrive: int | None = instant(
        "When it arrived", _INTERNAL, label="arrived", absent="it has not arrived", known_at="arrive_known_at",
        default=None, index=True,
    )  # fmt: skip
    arrive_known_at: int | None = instant(
        "From when on the arrival was known", _INTERNAL, known_at="arrive_known_at", default=None
    )
    cancelled_at: int | None = instant(
        "When it was cancelled", _INTERNAL, label="cancelled", absent="it is not cancelled", known_at="cancelled_at",
        default=None,
    )  # fmt: skip
    cancelled_reason: str | None = column(
        "Why it was cancelled", _INTERNAL, codes=codes.CANCEL_REASONS, known_at="cancelled_at", default=None
    )
    diverted: bool | None = column(
        "Whether it ended at another place than planned", _INTERNAL, known_at="depart_known_at", default=None
    )
    status: str = column(
        "State of the leg, as last typed", _INTERNAL, label="state of the leg", codes=codes.LEG_STATES,
        known_at="status_at", before="planned",
    )  # fmt: skip
    status_at: int = instant("From when on the state is taken to hold", _INTERNAL, known_at="status_at")
    turnaround_minutes: float | None = column(
        "How long the vehicle needs at least between the end of its previous leg and this departure", _INTERNAL,
        unit="min", default=None,
    )  # fmt: skip
    previous_id: int | None = reference("The leg that the vehicle runs before this one", "leg", _INTERNAL)
    inbound_planned: int | None = instant(
        "When the vehicle's previous leg should arrive", _INTERNAL, label="vehicle should arrive",
        inherits=("previous_id", "planned_arrive"), default=None,
    )  # fmt: skip
    inbound_arrive: int | None = instant(
        "When the vehicle's previous leg arrived", _INTERNAL, label="vehicle arrived",
        absent="the vehicle has not come from its previous leg", known_at="inbound_known_at",
        inherits=("previous_id", "actual_arrive"), default=None,
    )  # fmt: skip
    inbound_known_at: int | None = instant(
        "From when on that arrival was known", _INTERNAL, known_at="inbound_known_at",
        inherits=("previous_id", "arrive_known_at"), default=None,
    )  # fmt: skip


class TrackingEvent(Record, table=True):
    """One scan, gate or status message: what happened to a shipment, leg, container or single piece."""

    __tablename__ = "logistics_tracking_event"
    kind: ClassVar[str] = "tracking_event"
    occurs: ClassVar[str | None] = "record_time"
    title: ClassVar[str] = "type"
    about: ClassVar[tuple[str, ...]] = ("shipment.number", "place.name")

    shipment_id: int | None = reference("The shipment", "shipment", _INTERNAL)
    leg_id: int | None = reference("The leg of the journey", "leg", _INTERNAL)
    order_id: int | None = reference("The order, where the event names no shipment", "order", _INTERNAL)
    vehicle_id: int | None = reference("The vehicle, vessel or container, where we know it", "vehicle", _INTERNAL)
    item_id: int | None = reference("What kind of goods it is", "item", _INTERNAL)
    lot_id: int | None = reference("The lot of the goods", "lot", _INTERNAL)
    equipment: str | None = column("Number of the container or other equipment", _INTERNAL, default=None, index=True)
    epc: str | None = column("Electronic product code, or class of it, as written", _INTERNAL, default=None, index=True)
    quantity: float | None = column("How many pieces the event is about", _INTERNAL, default=None)
    unit: str | None = column("Unit of the quantity, UN/ECE Rec 20; none: pieces", _INTERNAL, default=None)
    type: str = column(
        "What happened: created, picked_up, in_transit …", _INTERNAL, label="what happened", codes=codes.EVENT_TYPES,
        index=True,
    )  # fmt: skip
    code: str | None = column("The same in the source's own code", _INTERNAL, label="carrier's code", default=None)
    text: str | None = column("The same in the source's own words", _INTERNAL, label="carrier's words", default=None)
    action: str | None = column("EPCIS action: OBSERVE, ADD or DELETE", _INTERNAL, default=None)
    biz_step: str | None = column(
        "EPCIS business step: shipping, receiving …", _INTERNAL, label="step", codes=codes.BIZ_STEPS, default=None
    )
    disposition: str | None = column(
        "EPCIS disposition: in_transit, damaged …", _INTERNAL, codes=codes.DISPOSITIONS, default=None
    )
    classifier: str = column(
        "PLN planned, EST estimated, ACT actual", _INTERNAL, label="certainty", codes=codes.CLASSIFIERS
    )
    event_time: int = instant("When it happened, or is planned or estimated to happen", _INTERNAL, label="happened",
                              index=True)  # fmt: skip
    zone_offset: int | None = column(
        "How far the local clock was ahead of UTC, where the source says it", _INTERNAL, unit="min", default=None
    )
    record_time: int = instant(
        "When it was recorded; where nobody wrote that down, when it happened", _INTERNAL, label="recorded", index=True
    )
    place_id: int | None = reference("Where it happened", "place", _INTERNAL, label="place")
    location: str | None = column("Where it happened, as written", _INTERNAL, default=None)
    reason: str | None = column("Why: reason of a delay, exception or failed attempt", _INTERNAL, default=None)
    corrects_id: int | None = reference("The event that this one corrects", "tracking_event", _INTERNAL)
    retracted_at: int | None = instant(
        "When its source took it back", _INTERNAL, label="taken back", absent="nobody has taken it back",
        known_at="retracted_at", default=None,
    )  # fmt: skip
    retracted_reason: str | None = column(
        "Why its source took it back", _INTERNAL, known_at="retracted_at", default=None
    )
    whole_id: int | None = reference(
        "The event that this one is a part of, where one event names many pieces", "tracking_event", _INTERNAL
    )
    lane_id: int | None = reference("The lane of the shipment", "lane", _INTERNAL, inherits=("shipment_id", "lane_id"))


RECORDS: tuple[type[Record], ...] = (
    Party, Place, Lane, Item, Vehicle, Driver, Document, Order, Shipment, OrderLine, Leg, Lot, TrackingEvent,
    PurchaseOrder, StockLevel, StockMove, Sensor, SensorReading,
)  # fmt: skip
"""Parents before children."""
