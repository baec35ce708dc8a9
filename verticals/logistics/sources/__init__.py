"""From rows to logistics' records: one mapper a kind, in the order in which they are best read.

The default mappers read rows in our own words, which any firm can export to; the words of EPCIS, DCSA and ERPs are
dialects beside them.
"""

from __future__ import annotations

from functools import partial

from substrate.mapping import Draft, Mapper, Reader
from substrate.records import Record
from verticals.logistics import records
from verticals.logistics.sources import carriers, dcsa, epcis, kinds
from verticals.logistics.sources.table import Json, read_table


def plain(record: type[Record], row: Json, reader: Reader) -> Draft:
    """A kind that needs nothing beyond its cells."""
    return read_table(record, row, reader)


_READ = {
    records.Party: kinds.party,
    records.Order: kinds.order,
    records.OrderLine: kinds.order_line,
    records.Shipment: kinds.shipment,
    records.Leg: kinds.leg,
    records.TrackingEvent: kinds.tracking_event,
    records.PurchaseOrder: kinds.purchase_order,
    records.StockLevel: kinds.stock_level,
    records.StockMove: kinds.stock_move,
    records.SensorReading: kinds.sensor_reading,
}

MAPPERS: tuple[Mapper, ...] = (
    *(Mapper(record.kind, record, _READ.get(record) or partial(plain, record)) for record in records.RECORDS),
    *epcis.MAPPERS,
    *dcsa.PLAIN,
    *carriers.PLAIN,
)

DIALECTS: dict[str, tuple[Mapper, ...]] = {"epcis": epcis.MAPPERS, "dcsa": dcsa.MAPPERS, "carrier": carriers.MAPPERS}
"""The words of others, by name; a kind of source uses the dialect of its name by itself."""
