"""Sample hospital feeds in FHIR R4 NDJSON: deterministic, with planted incidents and defects written down.

`generate(out, plan)` writes one file a resource type into a folder, and `planted.json` beside them: under `incidents`
each case that a rule must fire for at the feed's "now" (`expect: fires`) or must stay quiet about (`quiet`), under
`defects` each spoilt or repeated row with its file, its line (from 1), and what becomes of it (`quarantined`,
`accepted`, `unchanged`). Everything else in the feed fires nothing: the cases listed are all there are. Defects are
further rows, so the good rows are complete and every reference among them resolves.

FHIR has no field for some things that operations need. They are carried by extensions, always at
`$.extension[?url == ...]`, each a single value; the urls begin with `http://plumbline.example/fhir/`:

| resource | url ends in | value | meaning |
|---|---|---|---|
| Encounter | expected-discharge | valueDateTime | when the patient is expected to leave |
| Encounter | discharge-ordered | valueDateTime | when the discharge was ordered |
| Observation | acknowledged | valueDateTime | when somebody took note of a critical result |
| Observation | acknowledged-by | valueReference.reference | who: `Practitioner/...` |
| ServiceRequest | billed | valueBoolean | whether the service is on a bill |
| MedicationAdministration | scheduled | valueDateTime | when the dose was due |
| Appointment | arrived | valueDateTime | when the patient arrived |
| Patient | transferred-out | valueDateTime | when another hospital took over |

A dose that is not given has no `effectiveDateTime` but `_effectiveDateTime.extension[0]` with the standard
`data-absent-reason`. The early warning score is an Observation with SNOMED CT 1104051000000101 (NEWS2 total score) in
`valueQuantity` with unit `{score}`. An antibiotic is a medication with a coding of the system
`http://www.whocc.no/atc` whose code begins with `J01`. A merged patient has `active: false` and a `link` of type
`replaced-by`. A follow-up visit is an Appointment with `appointmentType.coding[0].code` `FOLLOWUP`. The MRN is the
identifier of the system `http://plumbline.example/fhir/mrn`.

Read `plan`, `words`, `wing`, then `people`, `visits`, `results`, `medicines`, `notes`; `wards` and `clinics` play the
days, `ward_cases` and `clinic_cases` plant the incidents, `defects` spoils, `feed` writes, `hospital` puts it in order.
"""

from verticals.hospital.sample.hospital import generate
from verticals.hospital.sample.plan import SamplePlan, SampleReport

__all__ = ["SamplePlan", "SampleReport", "generate"]
