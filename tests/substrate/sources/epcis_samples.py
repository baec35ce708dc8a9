"""EPCIS events and documents to test with: sound ones of each type, in JSON and in XML."""

from __future__ import annotations

from typing import Any

CONTEXT = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
EPC = "urn:epc:id:sgtin:9521141.012345.2017"
WHEN = {"eventTime": "2026-07-22T06:45:00+02:00", "eventTimeZoneOffset": "+02:00"}

OBJECT: dict[str, Any] = {
    "type": "ObjectEvent",
    **WHEN,
    "eventID": "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
    "action": "OBSERVE",
    "epcList": [EPC],
    "bizStep": "shipping",
    "disposition": "in_transit",
    "readPoint": {"id": "urn:epc:id:sgln:9521141.12345.0"},
}
AGGREGATION = {
    "type": "AggregationEvent",
    **WHEN,
    "action": "ADD",
    "parentID": "urn:epc:id:sscc:9521141.0123456789",
    "childEPCs": [EPC],
}
ASSOCIATION = {**AGGREGATION, "type": "AssociationEvent"}
ORDER = {"type": "po", "bizTransaction": "http://transaction.acme.com/po/12345678"}
TRANSACTION = {"type": "TransactionEvent", **WHEN, "action": "ADD", "bizTransactionList": [ORDER], "epcList": [EPC]}
TRANSFORMATION = {"type": "TransformationEvent", **WHEN, "inputEPCList": [EPC], "outputEPCList": [EPC + "8"]}
EVENTS = (OBJECT, AGGREGATION, ASSOCIATION, TRANSACTION, TRANSFORMATION)


def document(*events: Any, **fields: Any) -> dict[str, Any]:
    """An EPCIS document of these events."""
    head = {"@context": [CONTEXT], "type": "EPCISDocument", "schemaVersion": "2.0"}
    return {**head, "creationDate": "2026-07-22T10:30:00Z", "epcisBody": {"eventList": list(events)}, **fields}


def query_document(*events: Any) -> dict[str, Any]:
    """The answer to a query."""
    results = {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": list(events)}}
    return {"@context": [CONTEXT], "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}


XML_OBJECT = f"""<ObjectEvent>
  <eventTime>{WHEN["eventTime"]}</eventTime>
  <eventTimeZoneOffset>+02:00</eventTimeZoneOffset>
  <eventID>{OBJECT["eventID"]}</eventID>
  <epcList><epc>{EPC}</epc></epcList>
  <action>OBSERVE</action>
  <bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>
  <disposition>https://ref.gs1.org/cbv/Disp-in_transit</disposition>
  <readPoint><id>urn:epc:id:sgln:9521141.12345.0</id></readPoint>
</ObjectEvent>"""


def xml_document(*events: str, version: str = "2") -> bytes:
    """An EPCIS document of these events in XML."""
    head = f'<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:{version}" schemaVersion="{version}.0"'
    body = f"<EPCISBody><EventList>{''.join(events)}</EventList></EPCISBody>"
    return f'{head} creationDate="2026-07-22T10:30:00Z">{body}</epcis:EPCISDocument>'.encode()
