"""The sets of mappers for systems that speak OneRoster, School Data Sync or Ed-Fi, by name."""

from __future__ import annotations

from collections.abc import Mapping

from substrate.mapping import Mapper
from verticals.school.sources import ONEROSTER
from verticals.school.sources.edfi import EDFI
from verticals.school.sources.sds import SDS
from verticals.school.sources.sds_v1 import SDS_V1

DIALECTS: Mapping[str, tuple[Mapper, ...]] = {
    "oneroster": ONEROSTER,
    "oneroster_csv": ONEROSTER,
    "sds": SDS,
    "sds_v1": SDS_V1,
    "edfi": EDFI,
    "edfi_xml": EDFI,
}
"""A kind of source uses the set of its own name by itself."""
