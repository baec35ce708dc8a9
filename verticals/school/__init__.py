"""The school: records from OneRoster and plain rows, features of students and classes, and what is watched.

Read `records`, `sources`, `quality`, `features`, `series`, then the rules; `sample` makes a feed to try them on.
"""

from __future__ import annotations

from importlib.resources import files

from substrate.catalog import Vertical
from verticals.school.features import VIEWS
from verticals.school.quality import CHECKS
from verticals.school.records import RECORDS
from verticals.school.sample.order import sample
from verticals.school.series import SERIES
from verticals.school.sources import MAPPERS
from verticals.school.sources.dialects import DIALECTS

vertical = Vertical(
    name="school",
    title="School",
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
        "attendance": "24h",
        "fee_invoice": "48h",
        "incident": "48h",
        "leave_note": "24h",
        "session": "24h",
        "submission": "24h",
    },
)
