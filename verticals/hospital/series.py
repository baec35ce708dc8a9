"""What is counted an hour or a day, of wards and of the whole house, so that a change of pace is seen.

The same conditions as the features: an event that does not count there does not count here. Hours are the same
everywhere; days are the house's own.
"""

from __future__ import annotations

from substrate.columns import Sensitivity
from substrate.features.declare import How
from substrate.series.declare import LOCAL, Series
from verticals.hospital.features import CRITICAL, EMERGENCY, EXPECTED, INPATIENT, NOT_GIVEN, NOT_SEEN, TOOK_PLACE
from verticals.hospital.records import Appointment, Encounter, LocationStay, MedicationDose, Result

# Counts of wards and of the house tell of nobody.
_OF_NOBODY = Sensitivity.INTERNAL

SERIES: tuple[Series, ...] = (
    Series(
        "ward_arrivals_hourly", "Arrivals on the ward an hour", LocationStay, "start", "ward_id",
        sensitivity=_OF_NOBODY,
    ),
    Series(
        "arrivals_daily", "Visits and stays that begin in the house a day", Encounter, "start",
        where=TOOK_PLACE, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "emergency_arrivals_hourly", "Emergencies that arrive an hour", Encounter, "start",
        where=EMERGENCY, sensitivity=_OF_NOBODY,
    ),
    Series(
        "results_hourly", "Results released an hour, by category", Result, "issued_at", "category",
        where='!(status in ["cancelled", "entered-in-error"])', sensitivity=_OF_NOBODY,
    ),
    Series(
        "critical_results_daily", "Critical results released a day", Result, "issued_at",
        where=CRITICAL, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "no_show_share_daily", "Share of the day's appointments that were missed", Appointment, "start",
        how=How.RATIO, hit=NOT_SEEN, where=EXPECTED, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "ward_discharges_daily", "Discharges from the ward a day", Encounter, "end", "ward_id",
        where=INPATIENT, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "doses_missed_daily", "Doses that were due a day and not given", MedicationDose, "scheduled_at",
        where=NOT_GIVEN, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
)  # fmt: skip
