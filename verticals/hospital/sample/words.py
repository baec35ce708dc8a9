"""The codes, names and ranges that the sample feed speaks in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CVX = "http://hl7.org/fhir/sid/cvx"
TERMS = "http://terminology.hl7.org/CodeSystem"
EXTENSION = "http://plumbline.example/fhir"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def coded(system: str, code: str, display: str) -> dict[str, Any]:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


@dataclass(frozen=True, slots=True)
class Analyte:
    """One thing measured: its code, unit, what is normal, and what must be told at once."""

    code: str
    name: str
    unit: str
    low: float
    high: float
    mean: float
    spread: float
    digits: int = 0
    critical_low: float = float("-inf")
    critical_high: float = float("inf")
    system: str = LOINC


PULSE = Analyte("8867-4", "Heart rate", "/min", 51, 90, 74, 7)
BREATHS = Analyte("9279-1", "Respiratory rate", "/min", 12, 20, 16, 1.6)
SATURATION = Analyte("59408-5", "Oxygen saturation by pulse oximetry", "%", 95, 100, 97, 1)
TEMPERATURE = Analyte("8310-5", "Body temperature", "Cel", 36.1, 38.0, 36.9, 0.35, 1)
SYSTOLIC = Analyte("8480-6", "Systolic blood pressure", "mm[Hg]", 101, 149, 126, 10)
DIASTOLIC = Analyte("8462-4", "Diastolic blood pressure", "mm[Hg]", 60, 95, 78, 7)
WEIGHT = Analyte("29463-7", "Body weight", "kg", 45, 120, 74, 12, 1)
NEWS2 = Analyte("1104051000000101", "NEWS2 total score", "{score}", 0, 4, 1, 1, system=SNOMED)

SODIUM = Analyte("2951-2", "Sodium", "mmol/L", 135, 145, 140, 2.5, 0, 120, 160)
POTASSIUM = Analyte("2823-3", "Potassium", "mmol/L", 3.5, 5.1, 4.2, 0.45, 1, 2.8, 6.2)
CREATININE = Analyte("2160-0", "Creatinine", "mg/dL", 0.6, 1.3, 0.95, 0.2, 2, critical_high=5.0)
GLUCOSE = Analyte("2345-7", "Glucose", "mg/dL", 70, 110, 98, 17, 0, 45, 400)
HEMOGLOBIN = Analyte("718-7", "Hemoglobin", "g/dL", 12.0, 17.0, 13.8, 1.4, 1, 7.0, 20.0)
LEUKOCYTES = Analyte("6690-2", "Leukocytes", "10*3/uL", 4.0, 11.0, 7.4, 2.0, 1, 1.0, 30.0)
PLATELETS = Analyte("777-3", "Platelets", "10*3/uL", 150, 400, 250, 55, 0, 30, 1000)
CRP = Analyte("1988-5", "C reactive protein", "mg/L", 0, 10, 7, 4, 1)
LACTATE = Analyte("2524-7", "Lactate", "mmol/L", 0.5, 2.0, 1.3, 0.35, 1, critical_high=4.0)


@dataclass(frozen=True, slots=True)
class Panel:
    """A laboratory order and the results that it brings."""

    code: str
    name: str
    analytes: tuple[Analyte, ...]


METABOLIC = Panel("24321-2", "Basic metabolic panel", (SODIUM, POTASSIUM, CREATININE, GLUCOSE))
BLOOD_COUNT = Panel("58410-2", "Complete blood count panel", (HEMOGLOBIN, LEUKOCYTES, PLATELETS))
INFLAMMATION = Panel("1988-5", "C reactive protein", (CRP,))
SEPSIS = Panel("2524-7", "Lactate", (LACTATE,))
PANELS = (METABOLIC, BLOOD_COUNT, INFLAMMATION, SEPSIS)


@dataclass(frozen=True, slots=True)
class Drug:
    """A medicine: RxNorm and ATC codes, dose, and hours between doses."""

    rxnorm: str
    atc: str
    name: str
    dose: float
    unit: str
    hours: int


DRUGS = (
    Drug("161", "N02BE01", "Paracetamol", 1000, "mg", 8),
    Drug("67108", "B01AB05", "Enoxaparin", 40, "mg", 24),
    Drug("6918", "C07AB02", "Metoprolol", 50, "mg", 12),
    Drug("7646", "A02BC01", "Omeprazole", 20, "mg", 24),
    Drug("4603", "C03CA01", "Furosemide", 40, "mg", 12),
)
ANTIBIOTICS = (
    Drug("2193", "J01DD04", "Ceftriaxone", 2000, "mg", 24),
    Drug("74169", "J01CR05", "Piperacillin and tazobactam", 4500, "mg", 8),
)
HOME_DRUGS = (Drug("29046", "C09AA03", "Lisinopril", 10, "mg", 24), Drug("6809", "A10BA02", "Metformin", 500, "mg", 12))

CONDITIONS = (
    ("38341003", "Hypertensive disorder"),
    ("44054006", "Diabetes mellitus type 2"),
    ("233604007", "Pneumonia"),
    ("195967001", "Asthma"),
    ("84114007", "Heart failure"),
    ("68566005", "Urinary tract infectious disease"),
    ("13645005", "Chronic obstructive lung disease"),
)
PROCEDURES = (
    ("399208008", "Plain X-ray of chest"),
    ("29303009", "Electrocardiographic procedure"),
    ("40701008", "Echocardiography"),
    ("77477000", "Computed tomography"),
)
VACCINES = (
    ("140", "Influenza, seasonal, injectable, preservative free"),
    ("115", "Tdap"),
    ("133", "Pneumococcal conjugate PCV 13"),
)
CLINICS = (("394579002", "Cardiology"), ("394583002", "Endocrinology"), ("394802001", "General medicine"))
WARDS = (("Medical ward", "MED"), ("Surgical ward", "SUR"))

GIVEN = {
    "female": ("Ada", "Amara", "Clara", "Elena", "Fatima", "Grace", "Hana", "Ines", "Júlia", "Leila", "Mei", "Zoë"),
    "male": ("Adam", "Bilal", "Daniel", "Emeka", "Felix", "George", "Hugo", "Ivan", "José", "Liam", "Noah", "Søren"),
}
FAMILY = (
    "Abbott",
    "Almeida",
    "Becker",
    "Castro",
    "Diallo",
    "Eriksen",
    "Fischer",
    "Gupta",
    "Haddad",
    "Ivanova",
    "Jensen",
    "Kowalski",
    "Lindqvist",
    "Müller",
    "Nakamura",
    "O'Neill",
    "Okafor",
    "Petrov",
    "Quinn",
    "Rossi",
    "Sato",
    "Tanaka",
    "Varga",
    "Weiss",
    "Yilmaz",
    "Zhang",
)
STREETS = ("Mill Lane", "High Street", "Station Road", "Orchard Way", "Bridge Street")
CITIES = (("Northfield", "01001"), ("Eastbrook", "01002"), ("Harbour Town", "01003"))

HOURS_EMERGENCY = (3, 2, 2, 1.5, 1.5, 2, 3, 4, 6, 8, 9, 9, 8.5, 8, 8, 8, 8.5, 9, 9, 8.5, 8, 7, 5, 4)
"""Relative arrivals at the emergency department by hour of day."""
DAYS_EMERGENCY = (1.15, 1.0, 0.97, 0.97, 1.0, 0.98, 1.02)
"""Relative arrivals by weekday, Monday first."""
HOURS_CLINIC = (0, 0, 0, 0, 0, 0, 0, 0, 8, 12, 12, 10, 4, 8, 9, 8, 5, 0, 0, 0, 0, 0, 0, 0)
DAYS_CLINIC = (1.1, 1.0, 1.0, 1.0, 0.85, 0.0, 0.0)
HOURS_ELECTIVE = (0, 0, 0, 0, 0, 0, 3, 8, 9, 6, 4, 3, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
