"""What a hospital's row must satisfy before it counts: what cannot be true is kept out, and says why.

A value that is only unlikely passes; staff, not a gate, decide what to make of it. Bounds leave a day's slack where a
source may write a bare date, and a year's where it may write a bare year.
"""

from __future__ import annotations

from substrate.quality import Check, OnFailure
from verticals.hospital.records import (
    Appointment,
    Condition,
    Encounter,
    Immunization,
    LocationStay,
    MedicationDose,
    Note,
    Order,
    Patient,
    Procedure,
    Result,
)

UNITS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("8867-4", "9279-1"), ("/min", "{beats}/min", "{breaths}/min", "bpm")),
    (
        ("59408-5", "2708-6", "4548-4", "4544-3", "20570-8", "30385-9", "19926-5", "10230-1"),
        ("%", "1", "mmol/mol", "L/L"),
    ),
    (("8310-5", "8331-1", "8332-9"), ("Cel", "[degF]", "K")),
    (("8480-6", "8462-4", "8478-0"), ("mm[Hg]", "mmHg", "kPa")),
    (("29463-7", "3141-9"), ("kg", "g", "[lb_av]")),
    (("8302-2", "3137-7", "8306-3", "9843-4"), ("cm", "m", "mm", "[in_i]", "[ft_i]")),
    (("39156-5",), ("kg/m2",)),
    (("1104051000000101", "72514-3"), ("{score}", "1", "{NEWS2}", "score")),
    (
        ("2951-2", "2947-0", "2823-3", "6298-4", "2069-3", "2075-0", "20565-8", "2028-9", "33037-3"),
        ("mmol/L", "meq/L", "mEq/L"),
    ),
    (
        ("2160-0", "38483-4", "2345-7", "2339-0", "49765-1", "17861-6", "6299-2", "3094-0", "1975-2", "42719-5",
         "2093-3", "2571-8", "18262-6", "13457-7", "2085-9"),
        ("mg/dL", "mmol/L", "umol/L", "g/L", "mg/L"),
    ),
    (("718-7", "786-4", "2885-2", "1751-7", "10834-0"), ("g/dL", "g/L", "mmol/L")),
    (("785-6",), ("pg", "fmol")),
    (
        ("6690-2", "26464-8", "777-3", "26515-7", "789-8", "26453-1"),
        ("10*3/uL", "10*6/uL", "10*9/L", "10*12/L", "/uL", "K/uL", "M/uL"),
    ),
    (("1988-5",), ("mg/L", "mg/dL", "nmol/L")),
    (("2524-7", "32693-4"), ("mmol/L", "mg/dL", "meq/L")),
    (("6768-6", "1742-6", "1920-8"), ("U/L", "[IU]/L", "IU/L", "ukat/L", "nkat/L")),
    (("33914-3", "62238-1"), ("mL/min/{1.73_m2}", "mL/min", "mL/s/{1.73_m2}")),
)  # fmt: skip
"""Codes of what is measured (LOINC, and NEWS2 in SNOMED CT), and the units in which it can be told."""

TEMPERATURE = ("8310-5", "8331-1", "8332-9")


def _listed(texts: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"


def _units() -> str:
    known = "".join(f"code in {_listed(codes)} ? unit in {_listed(units)} : " for codes, units in UNITS)
    return f"{known}true"


def _refuse(name: str, condition: str, text: str, *records: type) -> tuple[Check, ...]:
    return tuple(Check(name, record, condition, text) for record in records)


CHECKS: tuple[Check, ...] = (
    *_refuse("patient_birth_in_past", 'birth_date <= now + duration("1d")', "The birth lies in the future", Patient),
    *_refuse(
        "patient_age_possible",
        'birth_date >= coalesce(deceased_at, now) - duration("47500d")',
        "The patient would be more than 130 years old",
        Patient,
    ),
    *_refuse(
        "patient_death_after_birth",
        'deceased_at >= birth_date - duration("366d")',
        "The death lies before the birth",
        Patient,
    ),
    *_refuse("patient_death_in_past", 'deceased_at <= now + duration("1d")', "The death lies in the future", Patient),
    *_refuse("appointment_ends_after_start", "end >= start", "The appointment ends before it starts", Appointment),
    *_refuse(
        "appointment_arrival_in_past",
        'arrived_at <= now + duration("1d")',
        "The arrival lies in the future",
        Appointment,
    ),
    *_refuse("encounter_ends_after_start", "end >= start", "The stay ends before it starts", Encounter),
    *_refuse(
        "encounter_finished_in_past",
        'status != "finished" || end <= now + duration("1d")',
        "The stay is called finished, and its end lies in the future",
        Encounter,
    ),
    Check(
        "encounter_expected_end_after_start",
        Encounter,
        'expected_end >= start - duration("1d")',
        "The patient is expected to leave before the admission",
        OnFailure.DISCARD,
        ("expected_end",),
    ),
    Check(
        "encounter_discharge_ordered_after_start",
        Encounter,
        'discharge_ordered_at >= start - duration("1d")',
        "The discharge was ordered before the admission",
        OnFailure.DISCARD,
        ("discharge_ordered_at",),
    ),
    *_refuse("stay_ends_after_start", "end >= start", "The patient leaves the place before coming to it", LocationStay),
    *_refuse("order_in_past", 'ordered_at <= now + duration("1d")', "It was ordered in the future", Order),
    *_refuse(
        "result_in_past",
        'issued_at <= now + duration("1d") && effective_at <= now + duration("1d")',
        "The result lies in the future",
        Result,
    ),
    *_refuse(
        "result_taken_before_released",
        'effective_at <= issued_at + duration("1d")',
        "The result was released before its sample was taken",
        Result,
    ),
    *_refuse("result_unit_fits", _units(), "The unit does not fit what was measured", Result),
    *_refuse(
        "result_temperature_possible",
        f'!(code in {_listed(TEMPERATURE)}) || (unit == "Cel" ? value >= 10.0 && value <= 47.0'
        ' : unit == "[degF]" ? value >= 50.0 && value <= 117.0 : true)',
        "No body has this temperature in this unit",
        Result,
    ),
    *_refuse(
        "result_saturation_possible",
        '!(code in ["59408-5", "2708-6"] && unit == "%") || (value >= 0.0 && value <= 100.0)',
        "A saturation lies between 0 and 100 percent",
        Result,
    ),
    *_refuse(
        "result_vital_sign_possible",
        '!(code in ["8867-4", "9279-1", "8480-6", "8462-4"]) || (value >= 0.0 && value <= 500.0)',
        "No heart, breath or blood pressure is like this",
        Result,
    ),
    Check(
        "result_range_in_order",
        Result,
        "ref_low <= ref_high",
        "The normal range ends below its beginning",
        OnFailure.DISCARD,
        ("ref_low", "ref_high"),
    ),
    *_refuse(
        "dose_given_near_schedule",
        'given_at >= scheduled_at - duration("1d")',
        "The dose was given more than a day before it was due",
        MedicationDose,
    ),
    *_refuse(
        "dose_given_in_past", 'given_at <= now + duration("1d")', "The dose was given in the future", MedicationDose
    ),
    *_refuse("procedure_ends_after_start", "end >= start", "The procedure ends before it begins", Procedure),
    *_refuse(
        "condition_ends_after_onset",
        'abated_at >= onset_at - duration("366d")',
        "The condition ends before it begins",
        Condition,
    ),
    *_refuse(
        "immunization_in_past",
        'status != "completed" || given_at <= now + duration("1d")',
        "The vaccine was given in the future",
        Immunization,
    ),
    *_refuse("note_in_past", 'date <= now + duration("1d")', "The document was written in the future", Note),
)
