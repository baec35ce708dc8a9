"""A mapping file reads a real export of 10,324 lines as a mapper written in Python does."""

from __future__ import annotations

from pathlib import Path

from substrate.mapping import Draft, Reader
from substrate.mappings.mapping_file import read_mapping
from substrate.quality import RowRefused
from substrate.sources.folder import FolderOptions, FolderSource
from tests.verticals.logistics.dialects import scms
from verticals.logistics import vertical

SCMS = """
mapping: scms
vertical: logistics
blank: [Pre-PQ Process, N/A - From RDC, Date Not Captured]
resources:
  supply_chain_shipment:
    record: order_line
    key: id
    columns:
      sent: {from: po sent to vendor date, as: date, format: ["%d-%b-%y", "%m/%d/%Y", "%m/%d/%y"]}
      promised: {from: scheduled delivery date, as: date, format: ["%d-%b-%y", "%m/%d/%Y", "%m/%d/%y"]}
      delivered: {from: delivered to client date, as: date, format: ["%d-%b-%y", "%m/%d/%Y", "%m/%d/%y"]}
      recorded: {from: delivery recorded date, as: date, format: ["%d-%b-%y", "%m/%d/%Y", "%m/%d/%y"]}
    fields:
      number: id
      order_id: "po / so #"
      shipment_id: "asn/dn #"
      item_id: item description
      vendor_id: vendor
      place_id: country
      since: {expr: 'coalesce(sent, timestamp("1970-01-01T00:00:00Z"))'}
      quantity: line item quantity
      value: line item value
      promised_at: {expr: 'promised + duration("23h59m59s")'}
      delivered_at: delivered
    also:
      - record: order
        key: "{po / so #}"
        fields:
          number: "po / so #"
          status: {value: open}
          status_at: {value: "1970-01-01"}
          ordered_at: {value: "1970-01-01"}
      - record: party
        key: vendor
        fields: {name: vendor, firm: vendor, form: {value: vendor}}
      - record: place
        key: country
        fields: {name: country, form: {value: site}, country: country}
      - record: item
        key: item description
        fields: {name: item description, category: product group}
"""


def test_every_line_reads_the_same(shared_data: Path) -> None:
    (mapper,) = read_mapping(SCMS, "scms.yaml", vertical).mappers
    reader, options = Reader("scms"), FolderOptions(path=shared_data / "logistics/scms", kinds=(scms.RESOURCE,))
    rows = [row.payload for page in FolderSource("scms", options).read(None, 0) for row in page.rows if row.payload]
    different = [row["id"] for row in rows if read(mapper.read, row, reader) != read(scms.line, row, reader)]
    assert (len(rows), different) == (10_324, [])


def read(how: object, row: dict[str, object], reader: Reader) -> object:
    """What a row tells, but for when its delivery was recorded; None: it is refused."""
    assert callable(how)
    try:
        draft = how(row, reader)
    except RowRefused:
        return None
    assert isinstance(draft, Draft)
    return [(each.record, each.key, _content(each)) for each in draft.told()]


def _content(draft: Draft) -> dict[str, object]:
    known = ((name, value) for name, value in draft.values.items() if name != "delivered_known_at")
    return {name: value for name, value in known if value not in (None, "")}
