"""What else the chart holds: Condition, Procedure, Immunization and DocumentReference."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64

from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from verticals.hospital.records import Condition, Immunization, Note, Procedure
from verticals.hospital.sources.fhir import (
    ENCOUNTER,
    LOCATION,
    NOTE,
    ORDER,
    PATIENT,
    PRACTITIONER,
    Json,
    code,
    concept,
    draft,
    extension,
    first,
    flag,
    instant,
    many,
    missing,
    part,
    period,
    refer,
    text,
    when,
    wrong,
)

_CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
_DONE = (
    "preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown",
)  # fmt: skip
_VACCINATED = ("completed", "entered-in-error", "not-done")
_WRITTEN = ("current", "superseded", "entered-in-error")


def condition(row: Json, reader: Reader) -> Draft:
    """A Condition. FHIR dates no change of its state, so what is over without an end always was."""
    coded = concept(row.get("code"), "code")
    onset, _ = when(reader, row, "onset")
    ended, _ = when(reader, row, "abatement")
    noted = instant(reader, row, "recordedDate")
    since = next((at for at in (onset, noted) if at is not None), 0)
    state = concept(row.get("clinicalStatus"), "clinicalStatus").code
    if state is not None and state not in _CLINICAL:
        raise RowRefused(Reason.UNKNOWN_CODE, f"clinicalStatus is none of {', '.join(_CLINICAL)}")
    values = {
        **_about(row, reader),
        "code": coded.code,
        "text": coded.text,
        "status": state,
        "status_at": since if ended is None else ended,
        "verification": concept(row.get("verificationStatus"), "verificationStatus").code,
        "since": since,
        "onset_at": onset,
        "noted_at": noted,
        "abated_at": ended,
    }
    return draft(reader, Condition, row, values)


def procedure(row: Json, reader: Reader) -> Draft:
    """A Procedure."""
    status = code(row, "status", _DONE)
    start, end = when(reader, row, "performed")
    if start is None:
        raise missing("performedDateTime and performedPeriod.start")
    coded = concept(row.get("code"), "code")
    values = {
        **_about(row, reader),
        "practitioner_id": _performer(row, reader),
        "order_id": refer(reader, first(row, "basedOn"), ORDER, "basedOn[]"),
        "code": coded.code,
        "text": coded.text,
        "status": status,
        "status_at": end if end is not None and status != "in-progress" else start,
        "start": start,
        "end": end,
        "billed": flag(extension(row, "billed"), "valueBoolean"),
    }
    return draft(reader, Procedure, row, values)


def immunization(row: Json, reader: Reader) -> Draft:
    """An Immunization."""
    status = code(row, "status", _VACCINATED)
    given = instant(reader, row, "occurrenceDateTime")
    if given is None:
        raise missing("occurrenceDateTime")
    coded = concept(row.get("vaccineCode"), "vaccineCode")
    values = {
        **_about(row, reader, subject="patient"),
        "practitioner_id": _performer(row, reader),
        "location_id": refer(reader, row.get("location"), LOCATION, "location"),
        "code": coded.code,
        "text": coded.text,
        "status": status,
        "given_at": given,
    }
    return draft(reader, Immunization, row, values)


def document_reference(row: Json, reader: Reader) -> Draft:
    """A DocumentReference; text that comes with it is decoded, other media are left where they lie."""
    status = code(row, "status", _WRITTEN)
    context = part(row, "context") or {}
    date = instant(reader, row, "date")
    if date is None:
        date, _ = period(reader, context, "period")
    if date is None:
        raise missing("date and context.period.start")
    attachment = part(first(row, "content") or {}, "attachment") or {}
    kind = concept(row.get("type"), "type")
    values = {
        "heading": text(attachment, "title") or text(row, "description") or kind.text,
        "type": kind.text,
        "type_code": kind.code,
        "status": status,
        "date": date,
        "text": _decoded(attachment),
        "content_type": text(attachment, "contentType"),
        "url": text(attachment, "url"),
        "replaces_id": _replaced(row, reader),
        "patient_id": refer(reader, row.get("subject"), PATIENT, "subject"),
        "encounter_id": refer(reader, first(context, "encounter"), ENCOUNTER, "context.encounter[]"),
        "practitioner_id": refer(reader, first(row, "author"), PRACTITIONER, "author[]"),
    }
    return draft(reader, Note, row, values)


def _about(row: Json, reader: Reader, subject: str = "subject") -> Json:
    patient = refer(reader, row.get(subject), PATIENT, subject)
    if patient is None:
        raise missing(subject)
    return {
        "patient_id": patient,
        "encounter_id": refer(reader, row.get("encounter"), ENCOUNTER, "encounter"),
    }


def _performer(row: Json, reader: Reader) -> int | None:
    performer = first(row, "performer") or {}
    return refer(reader, performer.get("actor"), PRACTITIONER, "performer[].actor")


def _replaced(row: Json, reader: Reader) -> int | None:
    for relation in many(row, "relatesTo"):
        if relation.get("code") == "replaces":
            return refer(reader, relation.get("target"), NOTE, "relatesTo[].target")
    return None


def _decoded(attachment: Json) -> str | None:
    """The text of an attachment, or None where there is none or it is no text."""
    data = text(attachment, "data")
    media, _, parameters = (text(attachment, "contentType") or "text/plain").partition(";")
    if data is None or not media.strip().startswith("text/"):
        return None
    charset = parameters.partition("charset=")[2].strip(' "') or "utf-8"
    try:
        return b64decode(data, validate=True).decode(charset)
    except NotBase64:
        raise wrong("content[].attachment.data", "base64") from None
    except (UnicodeDecodeError, LookupError):
        detail = "content[].attachment.data is not text in the charset that it names"
        raise RowRefused(Reason.BAD_ENCODING, detail) from None
