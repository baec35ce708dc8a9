"""The hospital: records from FHIR R4, features of patients, wards and staff, and the rules that watch over them.

Read `records`, `sources`, `quality`, `features`, `series`, then the rules; `sample` makes a feed to try them on.
"""

from __future__ import annotations

from importlib.resources import files

from substrate.catalog import Vertical
from verticals.hospital.features import VIEWS
from verticals.hospital.quality import CHECKS
from verticals.hospital.records import RECORDS
from verticals.hospital.sample.order import sample
from verticals.hospital.series import SERIES
from verticals.hospital.sources import MAPPERS

vertical = Vertical(
    name="hospital",
    title="Hospital",
    records=RECORDS,
    mappers=MAPPERS,
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
        "appointment": "24h",
        "encounter": "24h",
        "location_stay": "24h",
        "medication_dose": "24h",
        "order": "24h",
        "result": "24h",
    },
)
