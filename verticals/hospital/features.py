"""What is computed of patients, places, practitioners and stays, and kept fresh for rules and copilots.

Signals come from instants: who arrived, who left, what was given. A status only takes part where it says that
something never counted, such as a cancelled visit.
"""

from __future__ import annotations

from substrate.features.declare import Derived, Events, View
from verticals.hospital.records import (
    Appointment,
    Condition,
    Encounter,
    Immunization,
    Location,
    LocationStay,
    MedicationDose,
    Order,
    Patient,
    Practitioner,
    Procedure,
    Result,
)

TOOK_PLACE = '!(status in ["planned", "cancelled", "entered-in-error"])'
INPATIENT = f'class_code in ["IMP", "ACUTE", "NONAC"] && {TOOK_PLACE}'
EMERGENCY = f'class_code == "EMER" && {TOOK_PLACE}'
EXPECTED = '!(status in ["proposed", "pending", "waitlist", "cancelled", "entered-in-error"])'
NOT_SEEN = '!has(arrived_at) && status in ["booked", "noshow"]'
CRITICAL = 'flag in ["LL", "HH", "AA"] && !(status in ["cancelled", "entered-in-error"])'
_WITHDRAWN = 'status in ["draft", "revoked", "cancelled", "stopped", "entered-in-error"]'
NOT_GIVEN = '!has(given_at) && status == "in-progress"'

_visits = Events(Encounter, by="patient_id", at="start")
_discharges = Events(Encounter, by="patient_id", at="end")
_bookings = Events(Appointment, by="patient_id", at="start")
_results = Events(Result, by="patient_id", at="issued_at")
_doses = Events(MedicationDose, by="patient_id", at="given_at")
_due_doses = Events(MedicationDose, by="patient_id", at="scheduled_at")
_conditions = Events(Condition, by="patient_id", at="since")
_vaccines = Events(Immunization, by="patient_id", at="given_at")

PATIENT = View(
    Patient,
    (
        _visits.latest("last_visit_at", "Last visit or stay began", absent="no visit is on record", where=TOOK_PLACE),
        _visits.latest("last_admission_at", "Last admission", where=INPATIENT),
        _visits.count("visits_365d", "Visits and stays in the last year", where=TOOK_PLACE, window="365d"),
        _visits.count("admissions_30d", "Admissions in the last 30 days", where=INPATIENT, window="30d"),
        _visits.count("admissions_90d", "Admissions in the last 90 days", where=INPATIENT, window="90d"),
        _visits.count("emergency_visits_90d", "Emergency visits in the last 90 days", where=EMERGENCY, window="90d"),
        _visits.count("open_stays", "Stays that have not ended", where=f"!has(end) && {INPATIENT}"),
        _visits.distinct(
            "practitioners_365d", "Practitioners in charge in the last year", "practitioner_id", window="365d"
        ),
        _discharges.latest("last_discharge_at", "Last discharge", where=INPATIENT),
        _discharges.mean(
            "stay_hours_mean_365d", "Mean stay in the last year", "hours", where=INPATIENT, window="365d", unit="h"
        ),
        _bookings.count("appointments_365d", "Appointments in the last year", where=EXPECTED, window="365d"),
        _bookings.ratio(
            "no_show_share_365d", "Share of appointments missed in the last year", NOT_SEEN,
            where=EXPECTED, window="365d",
        ),
        _bookings.streak("no_show_streak", "Appointments missed in a row", NOT_SEEN, where=EXPECTED),
        _bookings.latest(
            "missed_follow_up_at", "Last follow-up visit that was missed", label="follow-up visit missed",
            absent="no missed follow-up visit is on record",
            where=f'reason == "FOLLOWUP" && {NOT_SEEN}',
        ),
        _bookings.min(
            "next_appointment_at", "Next appointment", "start", where='status == "booked"', ahead="90d"
        ),
        _bookings.count(
            "appointments_ahead_90d", "Appointments in the next 90 days", where='status == "booked"', ahead="90d"
        ),
        _results.count("results_30d", "Results in the last 30 days", window="30d"),
        _results.count(
            "critical_unacknowledged_7d", "Critical results of the last 7 days that nobody acknowledged",
            where=f"{CRITICAL} && !has(ack_at)", window="7d",
        ),
        _results.latest("last_result_at", "Last result released"),
        _results.latest(
            "last_news_score", "Last early warning score", "value", where='code == "1104051000000101"', unit="{score}"
        ),
        _results.latest("last_systolic", "Last systolic pressure", "value", where='code == "8480-6"', unit="mm[Hg]"),
        _results.latest(
            "last_systolic_at", "Last systolic pressure was told", where='code == "8480-6"',
            label="last systolic pressure taken",
        ),
        _results.max(
            "temperature_max_24h", "Highest temperature of the last 24 hours", "value",
            where='code in ["8310-5", "8331-1"] && unit == "Cel"', window="24h", unit="Cel",
        ),
        _doses.latest(
            "last_antibiotic_at", "Last antibiotic given", where='atc.startsWith("J01")',
            absent="no antibiotic was given",
        ),
        _doses.count("doses_given_24h", "Doses given in the last 24 hours", window="24h"),
        _due_doses.count(
            "doses_missed_24h", "Doses due in the last 24 hours and not given", where=NOT_GIVEN, window="24h"
        ),
        _conditions.count(
            "active_conditions", "Conditions that have not ended",
            where='!has(abated_at) && !(verification in ["refuted", "entered-in-error"])',
        ),
        _vaccines.latest("last_immunization_at", "Last vaccine given", where='status == "completed"'),
        Derived("age_years", "Age", "years(birth_date)", unit="a"),
        Derived("days_since_last_visit", "Days since the last visit", "days_since(last_visit_at)", unit="d"),
        Derived("days_since_discharge", "Days since the last discharge", "days_since(last_discharge_at)", unit="d"),
    ),
)  # fmt: skip

_coming = Events(LocationStay, by="ward_id", at="start")
_going = Events(LocationStay, by="ward_id", at="end")
_lying = Events(LocationStay, by="location_id", at="start")
_leaving = Events(Encounter, by="ward_id", at="end")
_beds = Events(Location, by="ward_id", at="since")

LOCATION = View(
    Location,
    (
        _coming.count("ward_arrivals_24h", "Arrivals on the ward in the last 24 hours", window="24h"),
        _coming.count("ward_arrivals_7d", "Arrivals on the ward in the last 7 days", window="7d"),
        _coming.distinct("ward_patients", "Patients on the ward", "patient_id", where="!has(end)"),
        _going.count("ward_departures_24h", "Departures from the ward in the last 24 hours", window="24h"),
        _leaving.mean(
            "ward_stay_hours_mean_90d", "Mean stay on the ward, over the last 90 days", "hours",
            where=INPATIENT, window="90d", unit="h",
        ),
        _leaving.count("ward_discharges_90d", "Discharges in the last 90 days", where=INPATIENT, window="90d"),
        _beds.count(
            "ward_beds", "Beds of the ward in use",
            where='form == "bed" && coalesce(status, "active") == "active"'
            ' && !(coalesce(bed_status, "free") == "closed")',
        ),
        _lying.distinct(
            "occupants", "Different patients who lie here", "patient_id", label="patients in it", where="!has(end)"
        ),
        _lying.latest("occupied_since", "The last of them came", label="the last patient came", where="!has(end)"),
        _lying.latest(
            "newest_occupant", "Record number of the patient who came last", "patient_id",
            label="patient who came last", where="!has(end)",
        ),
        _lying.count("stays_30d", "Patients' stays here in the last 30 days", window="30d"),
        Derived("ward_occupancy", "Share of the ward's beds in use", "ward_patients * 1.0 / ward_beds"),
    ),
)  # fmt: skip

_seeing = Events(Appointment, by="practitioner_id", at="start")
_treating = Events(Encounter, by="practitioner_id", at="start")
_ordering = Events(Order, by="practitioner_id", at="ordered_at")
_acknowledging = Events(Result, by="ack_by_id", at="ack_at")

PRACTITIONER = View(
    Practitioner,
    (
        _seeing.count(
            "appointments_24h", "Appointments in the next 24 hours", where='status == "booked"', ahead="24h"
        ),
        _seeing.ratio(
            "appointments_missed_share_30d", "Share of appointments missed in the last 30 days", NOT_SEEN,
            where=EXPECTED, window="30d",
        ),
        _treating.count("visits_7d", "Visits and stays begun in the last 7 days", where=TOOK_PLACE, window="7d"),
        _treating.distinct(
            "patients_in_charge", "Patients on the wards in their charge", "patient_id",
            where=f"!has(end) && {INPATIENT}",
        ),
        _ordering.count("orders_24h", "Orders in the last 24 hours", window="24h"),
        _acknowledging.count("acknowledged_24h", "Results acknowledged in the last 24 hours", window="24h"),
        _acknowledging.latest("last_acknowledged_at", "Last result acknowledged"),
    ),
)  # fmt: skip

_ordered = Events(Order, by="encounter_id", at="ordered_at")
_found = Events(Result, by="encounter_id", at="issued_at")
_scheduled = Events(MedicationDose, by="encounter_id", at="scheduled_at")
_done = Events(Procedure, by="encounter_id", at="start")
_moves = Events(LocationStay, by="encounter_id", at="start")

ENCOUNTER = View(
    Encounter,
    (
        _ordered.count(
            "unbilled_orders", "Orders that are not billed, the withdrawn ones left out", label="orders not billed",
            where=f"!billed && !({_WITHDRAWN})",
        ),
        _done.count(
            "unbilled_procedures", "Procedures done and not billed", label="procedures not billed",
            where='!billed && !(status in ["preparation", "not-done", "entered-in-error"])',
        ),
        _ordered.count("lab_orders", "Laboratory orders of the stay", where=f'category == "lab" && !({_WITHDRAWN})'),
        _found.count("results", "Results of the stay"),
        _found.count(
            "critical_unacknowledged", "Critical results of the stay that nobody acknowledged",
            where=f"{CRITICAL} && !has(ack_at)",
        ),
        _found.latest("last_result_in_stay_at", "Last result of the stay"),
        _scheduled.count("doses_not_given_24h", "Doses due in the last 24 hours and not given",
                         where=NOT_GIVEN, window="24h"),
        _moves.count("places", "Places in which the patient has been"),
        Derived("hours_in", "Hours since the admission", "hours_since(start)", unit="h"),
    ),
)  # fmt: skip

VIEWS: tuple[View, ...] = (PATIENT, LOCATION, PRACTITIONER, ENCOUNTER)
