"""Who and where: Organization, Practitioner, PractitionerRole, Patient and Location."""

from __future__ import annotations

from substrate.mapping import Draft, Reader
from verticals.hospital.records import Location, Organization, Patient, Practitioner, PractitionerRole
from verticals.hospital.sources.fhir import (
    LOCATION,
    ORGANIZATION,
    PATIENT,
    PRACTITIONER,
    Json,
    code_in,
    concept,
    draft,
    extension,
    first,
    flag,
    instant,
    many,
    part,
    refer,
    site_of,
    text,
    wrong,
)

_NAME_USES = ("official", "usual", None)
_FORMS = {
    "si": "site", "bu": "building", "wi": "wing", "wa": "ward", "lvl": "level", "co": "corridor", "ro": "room",
    "bd": "bed", "ve": "vehicle", "ho": "house", "ca": "cabinet", "rd": "road", "area": "area", "jdn": "jurisdiction",
}  # fmt: skip
_BED_STATUS = {
    "C": "closed",
    "H": "housekeeping",
    "I": "isolated",
    "K": "contaminated",
    "O": "occupied",
    "U": "free",
}


def organization(row: Json, reader: Reader) -> Draft:
    """An Organization."""
    values = {
        "name": text(row, "name"),
        "active": flag(row, "active"),
        "phone": _telecom(row, "phone"),
        "part_of_id": refer(reader, row.get("partOf"), ORGANIZATION, "partOf"),
    }
    return draft(reader, Organization, row, values, named=True)


def practitioner(row: Json, reader: Reader) -> Draft:
    """A Practitioner."""
    values = {
        "name": _name(row),
        "active": flag(row, "active"),
        "sex": text(row, "gender"),
        "phone": _telecom(row, "phone"),
        "email": _telecom(row, "email"),
    }
    return draft(reader, Practitioner, row, values, named=True)


def practitioner_role(row: Json, reader: Reader) -> Draft:
    """A PractitionerRole."""
    values = {
        "practitioner_id": refer(reader, row.get("practitioner"), PRACTITIONER, "practitioner"),
        "organization_id": refer(reader, row.get("organization"), ORGANIZATION, "organization"),
        "location_id": refer(reader, first(row, "location"), LOCATION, "location[]"),
        "active": flag(row, "active"),
        "role": concept(first(row, "code"), "code[]").text,
        "specialty": concept(first(row, "specialty"), "specialty[]").text,
    }
    return draft(reader, PractitionerRole, row, values)


def patient(row: Json, reader: Reader) -> Draft:
    """A Patient. A death without a date counts from always; a `replaced-by` link is a merge."""
    died = instant(reader, row, "deceasedDateTime")
    dead = died is not None or bool(flag(row, "deceasedBoolean"))
    values = {
        "mrn": _mrn(row),
        "name": _name(row),
        "birth_date": instant(reader, row, "birthDate"),
        "sex": text(row, "gender"),
        "phone": _telecom(row, "phone"),
        "active": flag(row, "active"),
        "deceased": dead,
        "deceased_at": died,
        "deceased_from": died if died is not None or not dead else 0,
        "transferred_at": instant(reader, extension(row, "transferred-out"), "valueDateTime", "transferred-out"),
        "merged_into_id": _merged_into(row, reader),
        "practitioner_id": refer(reader, first(row, "generalPractitioner"), PRACTITIONER, "generalPractitioner[]"),
        "organization_id": refer(reader, row.get("managingOrganization"), ORGANIZATION, "managingOrganization"),
    }
    made = draft(reader, Patient, row, values, named=True)
    made.site = site_of(row.get("managingOrganization"))
    return made


def location(row: Json, reader: Reader) -> Draft:
    """A Location. Which ward is around it follows from what it is part of."""
    form = concept(row.get("physicalType"), "physicalType").code
    bed_status = part(row, "operationalStatus") or {}
    values = {
        "name": text(row, "name") or text(row, "description"),
        "since": 0,
        "form": _FORMS.get(form, form) if form else None,
        "status": text(row, "status"),
        "bed_status": _BED_STATUS.get(text(bed_status, "code") or ""),
        "part_of_id": refer(reader, row.get("partOf"), LOCATION, "partOf"),
        "organization_id": refer(reader, row.get("managingOrganization"), ORGANIZATION, "managingOrganization"),
    }
    made = draft(reader, Location, row, values, named=True)
    values["own_ward_id"] = reader.id_of(LOCATION.kind, made.key) if values["form"] == "ward" else None
    made.site = site_of(row.get("managingOrganization"))
    return made


def _name(row: Json) -> str | None:
    names = many(row, "name")
    by_use = {text(name, "use"): name for name in reversed(names)}
    chosen = next((by_use[use] for use in _NAME_USES if use in by_use), None)
    if chosen is None:
        return None
    if said := text(chosen, "text"):
        return said
    given = chosen.get("given") or []
    if type(given) is not list or not all(type(each) is str for each in given):
        raise wrong("name[].given", "a list of texts")
    return " ".join([*given, text(chosen, "family") or ""]).strip() or None


def _mrn(row: Json) -> str | None:
    for identifier in many(row, "identifier"):
        if code_in(identifier.get("type"), "v2-0203") == "MR":
            return text(identifier, "value")
    return None


def _telecom(row: Json, system: str) -> str | None:
    return next((text(each, "value") for each in many(row, "telecom") if each.get("system") == system), None)


def _merged_into(row: Json, reader: Reader) -> int | None:
    for link in many(row, "link"):
        if link.get("type") == "replaced-by":
            return refer(reader, link.get("other"), PATIENT, "link[].other")
    return None
