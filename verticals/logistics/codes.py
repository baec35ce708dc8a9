"""What the codes of logistics mean, in the words of staff; a code that is missing here is shown as it is."""

EVENT_TYPES = {
    "created": "announced to the carrier", "picked_up": "picked up", "in_transit": "in transit",
    "out_for_delivery": "out for delivery", "delivery_attempt_failed": "delivery attempt failed",
    "available_for_pickup": "waits to be collected", "delivered": "delivered", "exception": "something went wrong",
    "returned": "returned to the sender", "unknown": "the carrier said nothing that we understand",
}  # fmt: skip
"""The one list to which every carrier's words are brought."""

CLASSIFIERS = {"PLN": "planned", "EST": "estimated", "ACT": "actual"}
"""DCSA's eventClassifierCode."""

BIZ_STEPS = {
    "accepting": "accepted", "arriving": "arrived", "departing": "departed", "loading": "loaded",
    "unloading": "unloaded", "packing": "packed", "picking": "picked", "receiving": "received", "shipping": "shipped",
    "storing": "put into store", "staging_outbound": "ready to be loaded", "transporting": "on its way",
    "inspecting": "inspected", "cycle_counting": "counted", "holding": "held",
}  # fmt: skip
"""The short names of GS1's Core Business Vocabulary."""

DISPOSITIONS = {
    "in_transit": "in transit", "in_progress": "in progress", "active": "active", "expired": "expired",
    "damaged": "damaged", "recalled": "recalled", "returned": "returned", "destroyed": "destroyed",
    "container_closed": "container closed", "sellable_accessible": "ready for sale", "unknown": "unknown",
}  # fmt: skip

ORDER_STATES = {
    "open": "open", "on_hold": "on hold", "packed": "packed", "shipped": "shipped", "delivered": "delivered",
    "closed": "closed", "cancelled": "cancelled",
}  # fmt: skip
SHIPMENT_STATES = {
    "draft": "not yet confirmed", "created": "confirmed", "in_transit": "on its way", "on_hold": "on hold",
    "delivered": "delivered", "returned": "returned", "lost": "lost", "cancelled": "cancelled",
}  # fmt: skip
LEG_STATES = {
    "planned": "planned", "departed": "on its way", "arrived": "arrived", "diverted": "diverted",
    "cancelled": "cancelled",
}  # fmt: skip
PURCHASE_STATES = {
    "draft": "not yet sent", "ordered": "ordered", "confirmed": "confirmed by the vendor", "received": "received",
    "closed": "closed", "cancelled": "cancelled",
}  # fmt: skip
MODES = {
    "road": "by road", "air": "by air", "ocean": "by sea", "rail": "by rail", "parcel": "as a parcel",
    "charter": "by chartered aircraft",
}  # fmt: skip
PRIORITIES = {"normal": "normal", "high": "high", "urgent": "urgent"}
PARTIES = {"customer": "customer", "vendor": "vendor", "carrier": "carrier", "own": "our own firm"}
PLACES = {
    "site": "site", "warehouse": "warehouse", "depot": "depot", "store": "store", "port": "port",
    "airport": "airport", "cold_room": "cold room", "customer": "customer's place",
}  # fmt: skip
VEHICLES = {
    "truck": "truck", "van": "van", "trailer": "trailer", "aircraft": "aircraft", "vessel": "vessel",
    "train": "train", "container": "container",
}  # fmt: skip
DOCUMENTS = {
    "driving_licence": "driving licence", "medical": "medical certificate", "qualification": "driver qualification",
    "insurance": "insurance", "registration": "registration", "inspection": "technical inspection",
    "tachograph": "tachograph check", "service": "service",
}  # fmt: skip
CANCEL_REASONS = {
    "carrier": "the carrier",
    "weather": "weather",
    "network": "the traffic network",
    "security": "security",
}
MOVES = {
    "sale": "sold or shipped", "receipt": "received", "transfer": "moved to another place", "count": "counted",
    "scrap": "scrapped", "return": "returned", "adjustment": "corrected",
}  # fmt: skip
MEASURES = {"temperature": "temperature", "humidity": "relative humidity", "shock": "shock", "door": "door open"}
UNITS = {"Cel": "°C", "[degF]": "°F", "K": "K", "%": "%"}
ACTIVE = {"true": "it is in use", "false": "it is no longer in use"}
CANCELLED = {"true": "it is cancelled", "false": "it is not cancelled"}
WEEKENDS = {"true": "it works at weekends", "false": "it rests at weekends"}
