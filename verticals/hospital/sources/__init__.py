"""From FHIR R4 to the hospital's records: one mapper a resource, in the order in which they are best read."""

from __future__ import annotations

from substrate.mapping import Mapper
from verticals.hospital import records
from verticals.hospital.sources import chart, orders, people, results, visits

MAPPERS: tuple[Mapper, ...] = (
    Mapper("Organization", records.Organization, people.organization),
    Mapper("Location", records.Location, people.location),
    Mapper("Practitioner", records.Practitioner, people.practitioner),
    Mapper("PractitionerRole", records.PractitionerRole, people.practitioner_role),
    Mapper("Patient", records.Patient, people.patient),
    Mapper("Appointment", records.Appointment, visits.appointment),
    Mapper("Encounter", records.Encounter, visits.encounter, parts={records.LocationStay: "encounter_id"}),
    Mapper("Condition", records.Condition, chart.condition),
    Mapper("ServiceRequest", records.Order, orders.service_request, prefix=orders.REQUESTED),
    Mapper("MedicationRequest", records.Order, orders.medication_request, prefix=orders.PRESCRIBED),
    Mapper("MedicationAdministration", records.MedicationDose, orders.medication_administration),
    Mapper("Observation", records.Result, results.observation, parts={records.Result: "panel_id"}),
    Mapper("DiagnosticReport", records.DiagnosticReport, results.diagnostic_report),
    Mapper("Procedure", records.Procedure, chart.procedure),
    Mapper("Immunization", records.Immunization, chart.immunization),
    Mapper("DocumentReference", records.Note, chart.document_reference),
)
