"""FHIR R4's datatypes, read strictly: a wrong type refuses the row and names the field, never its value.

Unknown fields are passed over, so a feed may grow. A missing field is None; whoever needs it says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from substrate.clock import DAY, SECOND, from_micros, to_micros
from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import Record

Json = dict[str, Any]

_YEAR, _DATE = len("2011"), len("2011-10-14")
_PARTIAL = re.compile(r"\d{4}(-\d{2})?")
_PATH = re.compile(r"(?:https?://\S+/)?([A-Z][A-Za-z]+)/([^/\s?#]+)(?:/_history/[^/\s]+)?")
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?identifier=([^&\s]+)")


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference may point at: the kind of record, and the resource types that become such records."""

    kind: str
    types: tuple[str, ...]
    prefixed: bool = False
    """Several types share the kind, so its keys begin with the type: `ServiceRequest/1`."""


ORGANIZATION = Target("organization", ("Organization",))
PRACTITIONER = Target("practitioner", ("Practitioner",))
LOCATION = Target("location", ("Location",))
PATIENT = Target("patient", ("Patient",))
APPOINTMENT = Target("appointment", ("Appointment",))
ENCOUNTER = Target("encounter", ("Encounter",))
ORDER = Target("order", ("ServiceRequest", "MedicationRequest"), prefixed=True)
MEDICATION_ORDER = Target("order", ("MedicationRequest",), prefixed=True)
NOTE = Target("note", ("DocumentReference",))


class Coded(NamedTuple):
    """A CodeableConcept: its first code, and what to call it."""

    code: str | None
    text: str | None


NOT_CODED = Coded(None, None)


def wrong(what: str, expected: str) -> RowRefused:
    """The refusal of a field that is not of the type that FHIR gives it."""
    return RowRefused(Reason.WRONG_TYPE, f"{what} is not {expected}")


def missing(what: str) -> RowRefused:
    """The refusal of a row that lacks what a record cannot do without."""
    return RowRefused(Reason.MISSING_VALUE, f"{what} is missing")


def text(row: Json, name: str) -> str | None:
    """A text field; an empty one counts as missing."""
    value = row.get(name)
    if value is None or type(value) is str:
        return value or None
    raise wrong(name, "text")


def flag(row: Json, name: str) -> bool | None:
    """A true-or-false field."""
    value = row.get(name)
    if value is None or type(value) is bool:
        return value
    raise wrong(name, "true or false")


def number(row: Json, name: str, what: str) -> float | None:
    """A number field as a float; `what` names it in a refusal."""
    value = row.get(name)
    if value is None or type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    raise wrong(what, "a number")


def code(row: Json, name: str, known: Collection[str]) -> str:
    """A required field of a closed set of codes."""
    value = row.get(name)
    if type(value) is str and value in known:
        return value
    if value is None:
        raise missing(name)
    if type(value) is not str:
        raise wrong(name, "text")
    raise RowRefused(Reason.UNKNOWN_CODE, f"{name} is none of {', '.join(sorted(known))}")


def part(row: Json, name: str) -> Json | None:
    """A nested object."""
    value = row.get(name)
    if value is None or type(value) is dict:
        return value
    raise wrong(name, "an object")


def many(row: Json, name: str) -> list[Json]:
    """A list of nested objects; missing is empty."""
    value = row.get(name)
    if value is None:
        return []
    if type(value) is not list:
        raise wrong(name, "a list")
    for item in value:
        if type(item) is not dict:
            raise wrong(f"{name}[]", "an object")
    return value


def first(row: Json, name: str) -> Json | None:
    """The first of a list of nested objects."""
    found = many(row, name)
    return found[0] if found else None


def instant(reader: Reader, row: Json, name: str, what: str = "") -> int | None:
    """A date or time; of a partial date (`2011`, `2011-10`) its first day."""
    value = row.get(name)
    if value is None:
        return None
    if type(value) is str and len(value) <= 7 and _PARTIAL.fullmatch(value):
        value = f"{value}-01-01"[:10]
    return reader.instant(value, what or name)


def period(reader: Reader, row: Json, name: str) -> tuple[int | None, int | None]:
    """A Period: its start and its end; an end that names a day, a month or a year is the last moment of it."""
    span = part(row, name)
    if span is None:
        return None, None
    end = instant(reader, span, "end", f"{name}.end")
    if end is not None and len(span["end"]) <= _DATE:
        end = _last_moment(end, len(span["end"]))
    return instant(reader, span, "start", f"{name}.start"), end


def _last_moment(first: int, precision: int) -> int:
    if precision == _DATE:
        return first + DAY - SECOND
    day = from_micros(first)
    after = day.replace(year=day.year + 1) if precision == _YEAR else (day + timedelta(days=31)).replace(day=1)
    return to_micros(after) - SECOND


def when(reader: Reader, row: Json, name: str) -> tuple[int | None, int | None]:
    """A choice of `nameDateTime` and `namePeriod`: its start, and its end if it says one."""
    at = instant(reader, row, f"{name}DateTime")
    return (at, None) if at is not None else period(reader, row, f"{name}Period")


def concept(value: Any, what: str) -> Coded:
    """A CodeableConcept, or NOT_CODED where there is none."""
    if value is None:
        return NOT_CODED
    if type(value) is not dict:
        raise wrong(what, "an object")
    said = text(value, "text")
    for coding in many(value, "coding"):
        if coding.get("code") is not None:
            return Coded(text(coding, "code"), said or text(coding, "display"))
    return Coded(None, said)


def code_in(value: Any, system: str) -> str | None:
    """The code that a CodeableConcept gives in one system (a part of its URL), if any."""
    if type(value) is not dict:
        return None
    for coding in many(value, "coding"):
        if system in (text(coding, "system") or ""):
            return text(coding, "code")
    return None


def first_code(row: Json, name: str) -> str | None:
    """The code of the first of a list of CodeableConcepts."""
    found = row.get(name)
    if not found:
        return None
    if type(found) is not list:
        raise wrong(name, "a list")
    return concept(found[0], f"{name}[]").code


def extension(row: Json, name: str) -> Json:
    """The extension whose URL ends in this name, whoever defined it; empty where there is none."""
    for found in many(row, "extension"):
        url = found.get("url")
        if type(url) is str and url.rpartition("/")[2] == name:
            return found
    return {}


def refer(reader: Reader, value: Any, target: Target, what: str) -> int | None:
    """The id of the record that a Reference points at.

    Literal references are read as `Type/id`, as a URL that ends so, as `urn:uuid:id`, or as the conditional
    `Type?identifier=system|value`; logical ones by their identifier. None: there is no reference, it points into the
    row itself (`#…`), or at another type of resource.

    Raises:
        RowRefused: the reference is none of these.
    """
    if value is None:
        return None
    if type(value) is not dict:
        raise wrong(what, "an object")
    literal = value.get("reference")
    if literal is None:
        alias = alias_of(value.get("identifier"), f"{what}.identifier")
        return None if alias is None else reader.id_of_alias(target.kind, alias)
    if type(literal) is not str:
        raise wrong(f"{what}.reference", "text")
    if literal.startswith("urn:uuid:"):
        return _id(reader, target, target.types[0], literal[9:])
    head, _, tail = literal.partition("/")
    if head in target.types and tail and "/" not in tail:
        return _id(reader, target, head, tail)
    return _refer_otherwise(reader, literal, target, what)


def _refer_otherwise(reader: Reader, literal: str, target: Target, what: str) -> int | None:
    if literal.startswith("#"):
        return None
    if path := _PATH.fullmatch(literal):
        return _id(reader, target, path[1], path[2]) if path[1] in target.types else None
    if conditional := _CONDITIONAL.fullmatch(literal):
        return reader.id_of_alias(target.kind, conditional[2]) if conditional[1] in target.types else None
    raise RowRefused(Reason.BAD_REFERENCE, f"{what}.reference is no reference that FHIR knows")


def _id(reader: Reader, target: Target, kind: str, key: str) -> int:
    return reader.id_of(target.kind, f"{kind}/{key}" if target.prefixed else key)


def alias_of(identifier: Any, what: str) -> str | None:
    """An Identifier as `system|value`; None without a value."""
    if identifier is None:
        return None
    if type(identifier) is not dict:
        raise wrong(what, "an object")
    value = text(identifier, "value")
    return None if value is None else f"{text(identifier, 'system') or ''}|{value}"


def site_of(value: Any) -> str | None:
    """The organization's key in a reference to it: what we call the site."""
    literal = value.get("reference") if type(value) is dict else None
    return re.split(r"[/|:]", literal)[-1] if type(literal) is str and not literal.startswith("#") else None


def draft(
    reader: Reader, record: type[Record], row: Json, values: Json, *, prefix: str = "", named: bool = False
) -> Draft:
    """The draft of a resource: its key, its change time, and (`named`) its identifiers as aliases."""
    key = row.get("id")
    if type(key) is not str or not key:
        raise RowRefused(Reason.MISSING_KEY, "id is missing") if key in (None, "") else wrong("id", "text")
    meta = part(row, "meta")
    changed = instant(reader, meta, "lastUpdated", "meta.lastUpdated") if meta else None
    aliases: tuple[str, ...] = ()
    if named and "identifier" in row:
        told = (alias_of(each, "identifier[]") for each in many(row, "identifier"))
        aliases = tuple(alias for alias in told if alias is not None)
    return Draft(record, prefix + key, values, changed_at=changed, aliases=aliases)
