"""The hospital's records: what a patient administration system, a laboratory and a pharmacy lend us.

Names follow FHIR R4 where staff would recognise them. Values that became known later than the record say so
(`known_at`), so that a read as of an earlier day sees the day as it was. Signals rest on instants, never on a status
alone: a status is what somebody last typed.
"""

from __future__ import annotations

from typing import ClassVar

from substrate.columns import Sensitivity, column, instant, reference
from substrate.records import Record
from verticals.hospital import codes

_PUBLIC = Sensitivity.PUBLIC
_INTERNAL = Sensitivity.INTERNAL
_PII = Sensitivity.PII
_PHI = Sensitivity.PHI


class Organization(Record, table=True):
    """A house, a department or a partner."""

    __tablename__ = "hospital_organization"
    kind: ClassVar[str] = "organization"
    title: ClassVar[str] = "name"

    name: str | None = column("Name of the organization", _PUBLIC, default=None)
    active: bool | None = column("Whether it is in use", _INTERNAL, default=None)
    phone: str | None = column("Telephone of the organization", _PUBLIC, default=None)
    part_of_id: int | None = reference("The organization that it belongs to", "organization", _INTERNAL)


class Practitioner(Record, table=True):
    """Somebody who treats patients."""

    __tablename__ = "hospital_practitioner"
    kind: ClassVar[str] = "practitioner"
    title: ClassVar[str] = "name"

    name: str | None = column("Name of the practitioner", _PII, default=None)
    active: bool | None = column("Whether they work here", _INTERNAL, default=None)
    sex: str | None = column("Administrative sex", _PII, default=None)
    phone: str | None = column("Telephone of the practitioner", _PII, default=None)
    email: str | None = column("E-mail address of the practitioner", _PII, default=None)


class Location(Record, table=True):
    """A ward, a room, a bed or any other place."""

    __tablename__ = "hospital_location"
    kind: ClassVar[str] = "location"
    title: ClassVar[str] = "name"
    about: ClassVar[tuple[str, ...]] = ("ward.name",)

    name: str | None = column("Name of the place", _INTERNAL, label="place", default=None)
    since: int = instant("From when on the place is known to exist; FHIR does not say, so 1970", _INTERNAL)
    form: str | None = column(
        "What it is: ward, room, bed, building …", _INTERNAL, label="kind of place", default=None, index=True
    )
    status: str | None = column(
        "active, suspended or inactive, as the house says", _INTERNAL, label="state of the place", default=None
    )
    bed_status: str | None = column(
        "What the house says of the bed: occupied, free, closed …", _INTERNAL, label="state of the bed", default=None
    )
    part_of_id: int | None = reference("The place that it is part of", "location", _INTERNAL)
    own_ward_id: int | None = reference("The place itself, if it is a ward", "location", _INTERNAL)
    ward_id: int | None = reference(
        "The nearest ward around it; a ward's own", "location", _INTERNAL, inherits=("part_of_id", "ward_id"),
        own="own_ward_id",
    )  # fmt: skip
    organization_id: int | None = reference("The organization that runs it", "organization", _INTERNAL)


class PractitionerRole(Record, table=True):
    """What a practitioner does, for whom and where: who can be responsible."""

    __tablename__ = "hospital_practitioner_role"
    kind: ClassVar[str] = "practitioner_role"
    title: ClassVar[str] = "role"

    practitioner_id: int | None = reference("The practitioner", "practitioner", _INTERNAL)
    organization_id: int | None = reference("The organization that they work for", "organization", _INTERNAL)
    location_id: int | None = reference("The place where they work", "location", _INTERNAL)
    active: bool | None = column("Whether the role is in use", _INTERNAL, default=None)
    role: str | None = column("What they do", _INTERNAL, default=None)
    specialty: str | None = column("Their specialty", _INTERNAL, default=None)


class Patient(Record, table=True):
    """A person whom the hospital treats."""

    __tablename__ = "hospital_patient"
    kind: ClassVar[str] = "patient"
    title: ClassVar[str] = "name"

    mrn: str | None = column("Medical record number", _PII, default=None, index=True)
    name: str | None = column("Name of the patient", _PII, default=None)
    birth_date: int | None = instant("Date of birth", _PII, default=None)
    sex: str | None = column("Administrative sex", _PII, default=None)
    phone: str | None = column("Telephone of the patient", _PII, default=None)
    active: bool | None = column(
        "Whether the record is in use", _INTERNAL, label="record in use", codes=codes.IN_USE, default=None
    )
    deceased: bool = column(
        "Whether the patient is dead", _PHI, label="dead", codes=codes.DEAD, known_at="deceased_from", before=False,
        default=False,
    )  # fmt: skip
    deceased_at: int | None = instant("Time of death", known_at="deceased_at", default=None)
    deceased_from: int | None = instant(
        "From when on the patient counts as dead: the death, or always where nobody wrote down when",
        known_at="deceased_from",
        default=None,
    )
    transferred_at: int | None = instant(
        "When the patient's care moved to another house", label="moved to another house",
        absent="no move to another house", known_at="transferred_at", default=None,
    )  # fmt: skip
    merged_into_id: int | None = reference(
        "The record that replaces this one after a merge", "patient", label="replaced by another record",
        absent="no other record replaces this one",
    )  # fmt: skip
    practitioner_id: int | None = reference("General practitioner", "practitioner")
    organization_id: int | None = reference("The organization that keeps the record", "organization", _INTERNAL)


class Appointment(Record, table=True):
    """A time at which a patient is expected."""

    __tablename__ = "hospital_appointment"
    kind: ClassVar[str] = "appointment"
    occurs: ClassVar[str | None] = "since"
    title: ClassVar[str] = "service"
    about: ClassVar[tuple[str, ...]] = ("patient.name", "location.name")

    patient_id: int | None = reference("The patient who is expected", "patient")
    practitioner_id: int | None = reference("The practitioner who expects them", "practitioner")
    location_id: int | None = reference("Where they are expected", "location", label="place")
    service: str | None = column("The clinic or service", _PHI, label="clinic", default=None)
    reason: str | None = column(
        "Kind of appointment: ROUTINE, FOLLOWUP, WALKIN …", _PHI, codes=codes.REASONS, default=None
    )
    since: int = instant("From when on the appointment is on the books; 1970 where nobody wrote down when")
    booked_at: int | None = instant("When it was booked", default=None)
    start: int | None = instant(
        "When the appointment starts", label="start of the appointment", default=None, index=True
    )
    end: int | None = instant("When the appointment ends", default=None)
    status: str = column("State of the appointment", _PHI, codes=codes.STATES, known_at="status_at", before="booked")
    status_at: int = instant("From when on the state is taken to hold", known_at="status_at")
    arrived_at: int | None = instant(
        "When the patient arrived", label="arrived", absent="nobody has arrived", known_at="arrived_at", default=None
    )
    cancel_reason: str | None = column("Why it was cancelled", _PHI, known_at="status_at", default=None)


class Encounter(Record, table=True):
    """A visit, an emergency or a stay."""

    __tablename__ = "hospital_encounter"
    kind: ClassVar[str] = "encounter"
    occurs: ClassVar[str | None] = "start"
    title: ClassVar[str] = "type"
    about: ClassVar[tuple[str, ...]] = ("patient.name", "ward.name", "location.name")

    patient_id: int | None = reference("The patient", "patient")
    class_code: str = column(
        "AMB outpatient, EMER emergency, IMP inpatient …", _PHI, label="kind of stay", codes=codes.CLASSES, index=True
    )
    type: str | None = column("What kind of visit or stay", _PHI, default=None)
    reason: str | None = column("Why the patient came", _PHI, default=None)
    status: str = column("State of the stay", _PHI, codes=codes.STATES, known_at="status_at", before="in-progress")
    status_at: int = instant("From when on the state is taken to hold", known_at="status_at")
    start: int = instant("Admission, or start of the visit", label="admitted", index=True)
    end: int | None = instant(
        "Discharge, or end of the visit", label="left", absent="the patient has not left", known_at="end",
        default=None, index=True,
    )  # fmt: skip
    expected_end: int | None = instant(
        "When the patient is expected to leave", label="discharge expected",
        absent="nobody has said when the patient is to leave", default=None, index=True,
    )  # fmt: skip
    discharge_ordered_at: int | None = instant(
        "When the discharge was ordered", label="discharge ordered", absent="no discharge is ordered",
        known_at="discharge_ordered_at", default=None, index=True,
    )  # fmt: skip
    admit_source: str | None = column(
        "From where the patient was admitted", _PHI, label="admitted from", codes=codes.ADMITTED_FROM, default=None
    )
    hours: float | None = column("Length of the stay", _PHI, unit="h", known_at="end", default=None)
    discharge_disposition: str | None = column("Where the patient went", _PHI, known_at="end", default=None)
    location_id: int | None = reference("Where the patient is, or was last", "location", through=_PHI, label="place")
    ward_id: int | None = reference(
        "The ward where the patient is, or was last", "location", inherits=("location_id", "ward_id")
    )
    practitioner_id: int | None = reference("The practitioner in charge", "practitioner")
    organization_id: int | None = reference("The house", "organization", _INTERNAL)
    appointment_id: int | None = reference("The appointment that led to the visit", "appointment")


class LocationStay(Record, table=True):
    """The time that a patient spends in one place; part of an encounter."""

    __tablename__ = "hospital_location_stay"
    kind: ClassVar[str] = "location_stay"
    occurs: ClassVar[str | None] = "start"
    about: ClassVar[tuple[str, ...]] = ("patient.name", "ward.name", "location.name")

    encounter_id: int | None = reference("The stay that it is part of", "encounter", label="stay")
    patient_id: int | None = reference("The patient", "patient")
    location_id: int | None = reference("The place", "location", through=_PHI, label="place")
    ward_id: int | None = reference("The ward around the place", "location", inherits=("location_id", "ward_id"))
    start: int = instant("When the patient came to the place", index=True)
    end: int | None = instant("When the patient left the place", known_at="end", default=None, index=True)


class Order(Record, table=True):
    """Something ordered for a patient: laboratory work, imaging, a procedure or a medicine."""

    __tablename__ = "hospital_order"
    kind: ClassVar[str] = "order"
    occurs: ClassVar[str | None] = "ordered_at"
    title: ClassVar[str] = "text"
    about: ClassVar[tuple[str, ...]] = ("patient.name", "encounter.ward.name", "encounter.location.name")

    category: str = column(
        "lab, imaging, medication or procedure", _PHI, label="kind of order", codes=codes.CATEGORIES, index=True
    )
    code: str | None = column("Code of what is ordered: LOINC, SNOMED CT, RxNorm", _PHI, label="code", default=None)
    atc: str | None = column("ATC class of the medicine", _PHI, default=None)
    text: str | None = column("What is ordered", _PHI, label="ordered", default=None)
    intent: str | None = column("order, plan, proposal …", _INTERNAL, label="intent", codes=codes.STATES, default=None)
    status: str = column(
        "State of the order, as last typed: active, completed, revoked …",
        _PHI,
        label="state of the order",
        codes=codes.STATES,
    )
    priority: str | None = column(
        "routine, urgent, asap or stat", _PHI, label="priority", codes=codes.STATES, default=None
    )
    patient_id: int | None = reference("The patient", "patient")
    encounter_id: int | None = reference("The stay", "encounter", label="stay")
    practitioner_id: int | None = reference("Who ordered it", "practitioner", label="ordered by")
    ordered_at: int = instant("When it was ordered", label="ordered", index=True)
    due_at: int | None = instant("When it should be done", label="due", absent="the order names no time", default=None)
    billed: bool | None = column("Whether it is billed", _INTERNAL, label="billed", codes=codes.BILLED, default=None)


class Result(Record, table=True):
    """One measured value; a panel such as a blood pressure is a result without a value, with one part a component."""

    __tablename__ = "hospital_result"
    kind: ClassVar[str] = "result"
    occurs: ClassVar[str | None] = "issued_at"
    title: ClassVar[str] = "text"
    about: ClassVar[tuple[str, ...]] = ("patient.name", "encounter.ward.name", "encounter.location.name")

    order_id: int | None = reference("The order that it answers", "order")
    panel_id: int | None = reference("The panel that it is a component of", "result")
    patient_id: int | None = reference("The patient", "patient")
    encounter_id: int | None = reference("The stay", "encounter", label="stay")
    practitioner_id: int | None = reference("Who measured or released it", "practitioner", label="released by")
    category: str | None = column(
        "vital-signs, laboratory, survey …", _PHI, label="kind of result", codes=codes.CATEGORIES, default=None
    )
    code: str | None = column(
        "What was measured: LOINC or SNOMED CT", _PHI, label="measured", codes=codes.MEASURED, default=None, index=True
    )
    text: str | None = column("What was measured, in words", _PHI, label="measured", default=None)
    value: float | None = column(
        "Measured value, in the unit beside it", _PHI, label="value", absent="no value is recorded", default=None
    )
    comparator: str | None = column("The value is only known to be <, <=, >= or > this", _PHI, default=None)
    value_text: str | None = column("Result in words", _PHI, default=None)
    unit: str | None = column("UCUM code of the unit, else the unit as written", _PHI, label="unit", default=None)
    ref_low: float | None = column("Lower end of normal", _PHI, label="normal from", default=None)
    ref_high: float | None = column("Upper end of normal", _PHI, label="normal up to", default=None)
    flag: str | None = column(
        "N normal, L low, H high, LL critically low, HH critically high …", _PHI, label="flag", codes=codes.FLAGS,
        absent="the laboratory gave no flag", default=None,
    )  # fmt: skip
    status: str = column("preliminary, final, corrected …", _PHI, label="state of the result", codes=codes.STATES)
    effective_at: int | None = instant("When the sample was taken or the value measured", label="taken", default=None)
    issued_at: int = instant(
        "When the result was released; where nobody wrote that down, when it was taken", label="released", index=True
    )
    ack_at: int | None = instant(
        "When somebody acknowledged the result", label="acknowledged", absent="nobody has acknowledged it",
        known_at="ack_at", default=None,
    )  # fmt: skip
    ack_by_id: int | None = reference("Who acknowledged it", "practitioner", label="acknowledged by", known_at="ack_at")


class MedicationDose(Record, table=True):
    """One dose of a medicine: when it is due, and when it was given."""

    __tablename__ = "hospital_medication_dose"
    kind: ClassVar[str] = "medication_dose"
    occurs: ClassVar[str | None] = "scheduled_at"
    title: ClassVar[str] = "text"
    about: ClassVar[tuple[str, ...]] = ("patient.name", "encounter.ward.name", "encounter.location.name")

    order_id: int | None = reference("The order", "order")
    patient_id: int | None = reference("The patient", "patient")
    encounter_id: int | None = reference("The stay", "encounter", label="stay")
    practitioner_id: int | None = reference("Who gave it", "practitioner", label="given by")
    code: str | None = column("RxNorm or other code of the medicine", _PHI, default=None)
    atc: str | None = column("ATC class of the medicine", _PHI, default=None)
    text: str | None = column("The medicine", _PHI, label="medicine", default=None)
    scheduled_at: int = instant(
        "When the dose is due; where nobody wrote that down, when it was given", label="due", index=True
    )
    given_at: int | None = instant(
        "When the dose was given", label="given", absent="the dose was not given", known_at="given_at", default=None
    )
    status: str = column("State of the dose", _PHI, codes=codes.DOSES, known_at="status_at", before="in-progress")
    status_at: int = instant("From when on the state is taken to hold", known_at="status_at")


class Note(Record, table=True):
    """A written document about a patient."""

    __tablename__ = "hospital_note"
    kind: ClassVar[str] = "note"
    occurs: ClassVar[str | None] = "date"

    title: ClassVar[str] = "heading"
    about: ClassVar[tuple[str, ...]] = ("patient.name",)
    heading: str | None = column("Title of the document", _PHI, label="document", default=None)
    type: str | None = column("Kind of document", _PHI, default=None)
    type_code: str | None = column("LOINC code of the kind of document", _PHI, default=None)
    status: str = column(
        "current, superseded or entered-in-error", _INTERNAL, label="state of the document", codes=codes.STATES
    )
    date: int = instant("When it was written", label="written", index=True)
    text: str | None = column("The text", _PHI, default=None)
    content_type: str | None = column("Media type of the document", _INTERNAL, default=None)
    url: str | None = column("Where the document lies, if it is not in the record", _PHI, default=None)
    replaces_id: int | None = reference("The document that it replaces", "note")
    patient_id: int | None = reference("The patient", "patient")
    encounter_id: int | None = reference("The stay", "encounter", label="stay")
    practitioner_id: int | None = reference("Who wrote it", "practitioner", label="written by")


class Condition(Record, table=True):
    """A diagnosis or complaint."""

    __tablename__ = "hospital_condition"
    kind: ClassVar[str] = "condition"
    occurs: ClassVar[str | None] = "since"
    title: ClassVar[str] = "text"
    about: ClassVar[tuple[str, ...]] = ("patient.name",)

    patient_id: int | None = reference("The patient", "patient")
    encounter_id: int | None = reference("The stay in which it was found", "encounter", label="stay")
    code: str | None = column("SNOMED CT or ICD-10 code", _PHI, default=None, index=True)
    text: str | None = column("The diagnosis", _PHI, label="diagnosis", default=None)
    status: str | None = column(
        "active, recurrence, relapse, inactive, remission or resolved", _PHI, label="state of the diagnosis",
        codes=codes.STATES,
        known_at="status_at", before="active", default=None,
    )  # fmt: skip
    status_at: int = instant("From when on the state is taken to hold", known_at="status_at")
    verification: str | None = column("confirmed, provisional, refuted …", _PHI, codes=codes.STATES, default=None)
    since: int = instant("From when on it is on record: its onset, else when it was noted, else 1970")
    onset_at: int | None = instant("When it began", default=None)
    noted_at: int | None = instant("When it was written down", default=None)
    abated_at: int | None = instant("When it ended", known_at="abated_at", default=None)


class Procedure(Record, table=True):
    """Something that was done to a patient."""

    __tablename__ = "hospital_procedure"
    kind: ClassVar[str] = "procedure"
    occurs: ClassVar[str | None] = "start"
    title: ClassVar[str] = "text"
    about: ClassVar[tuple[str, ...]] = ("patient.name", "encounter.ward.name")

    patient_id: int | None = reference("The patient", "patient")
    encounter_id: int | None = reference("The stay", "encounter", label="stay")
    practitioner_id: int | None = reference("Who did it", "practitioner", label="done by")
    order_id: int | None = reference("The order that it carries out", "order")
    code: str | None = column("SNOMED CT or other code", _PHI, default=None)
    text: str | None = column("What was done", _PHI, default=None)
    status: str = column("State of the procedure", _PHI, codes=codes.STATES, known_at="status_at", before="in-progress")
    status_at: int = instant("From when on the state is taken to hold", known_at="status_at")
    start: int = instant("When it began", index=True)
    end: int | None = instant("When it ended", known_at="end", default=None)
    billed: bool | None = column("Whether it is billed", _INTERNAL, codes=codes.BILLED, default=None)


class Immunization(Record, table=True):
    """A vaccine given, or knowingly not given."""

    __tablename__ = "hospital_immunization"
    kind: ClassVar[str] = "immunization"
    occurs: ClassVar[str | None] = "given_at"
    title: ClassVar[str] = "text"
    about: ClassVar[tuple[str, ...]] = ("patient.name",)

    patient_id: int | None = reference("The patient", "patient")
    encounter_id: int | None = reference("The visit", "encounter", label="visit")
    practitioner_id: int | None = reference("Who gave it", "practitioner", label="given by")
    location_id: int | None = reference("Where it was given", "location", label="place")
    code: str | None = column("CVX or other code of the vaccine", _PHI, default=None)
    text: str | None = column("The vaccine", _PHI, label="vaccine", default=None)
    status: str = column(
        "completed, not-done or entered-in-error", _PHI, label="state of the vaccination", codes=codes.STATES
    )
    given_at: int = instant("When it was given", label="vaccine given", index=True)


class DiagnosticReport(Record, table=True):
    """The report on an examination: it says that its results are complete."""

    __tablename__ = "hospital_diagnostic_report"
    kind: ClassVar[str] = "diagnostic_report"
    occurs: ClassVar[str | None] = "issued_at"
    title: ClassVar[str] = "text"
    about: ClassVar[tuple[str, ...]] = ("patient.name", "encounter.ward.name")

    order_id: int | None = reference("The order that it answers", "order")
    patient_id: int | None = reference("The patient", "patient")
    encounter_id: int | None = reference("The stay", "encounter", label="stay")
    practitioner_id: int | None = reference("Who released it", "practitioner", label="released by")
    category: str | None = column("Department: LAB, RAD …", _PHI, codes=codes.DEPARTMENTS, default=None)
    code: str | None = column("LOINC code of the examination", _PHI, default=None)
    text: str | None = column("The examination", _PHI, label="examination", default=None)
    status: str = column("preliminary, final, amended …", _PHI, label="state of the report", codes=codes.STATES)
    effective_at: int | None = instant("When the sample was taken", default=None)
    issued_at: int = instant(
        "When it was released; where nobody wrote that down, when the sample was taken", label="released", index=True
    )
    conclusion: str | None = column("What the report concludes", _PHI, default=None)


RECORDS: tuple[type[Record], ...] = (
    Organization, Practitioner, Location, PractitionerRole, Patient, Appointment, Encounter, LocationStay, Order,
    Result, MedicationDose, Note, Condition, Procedure, Immunization, DiagnosticReport,
)  # fmt: skip
"""Parents before children."""
