"""Logistics: records of orders, shipments, stock and the cold chain, their features, and the rules over them.

Read `records`, `sources`, `quality`, `features`, `series`, then the rules; `sample` makes a feed to try them on.
"""

from __future__ import annotations

from importlib.resources import files

from substrate.catalog import Vertical
from verticals.logistics.features import VIEWS
from verticals.logistics.quality import CHECKS
from verticals.logistics.records import RECORDS
from verticals.logistics.sample.order import sample
from verticals.logistics.series import SERIES
from verticals.logistics.sources import DIALECTS, MAPPERS

vertical = Vertical(
    name="logistics",
    title="Logistics",
    records=RECORDS,
    mappers=MAPPERS,
    dialects=DIALECTS,
    checks=CHECKS,
    views=VIEWS,
    series=SERIES,
    rules=files(__package__) / "rules",
    templates=files(__package__) / "templates",
    mappings=files(__package__) / "mappings",
    documents=files(__package__) / "documents",
    copilots=files(__package__) / "copilots",
    sample=sample,
    stale_after={
        "shipment": "24h",
        "order_line": "24h",
        "leg": "24h",
        "tracking_event": "24h",
        "stock_level": "48h",
        "stock_move": "48h",
        "purchase_order": "48h",
        "sensor_reading": "6h",
    },
)
