"""An Ed-Fi element of XML, as the object that an ODS/API would give for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from substrate.sources.edfi.elements import Tree

Json = dict[str, Any]

_HOISTED = frozenset({"Name", "BirthData", "AttendanceEvent"})
"""Groups of fields that an object of the API holds itself."""
_LISTS = {
    "Address": "addresses", "CalendarEvent": "calendarEvents", "ClassPeriodReference": "classPeriods",
    "ElectronicMail": "electronicMails", "EducationOrganizationIdentificationCode": "identificationCodes",
    "GradeLevel": "gradeLevels", "GradingPeriodReference": "gradingPeriods", "InstitutionTelephone":
    "institutionTelephones", "MeetingTime": "meetingTimes", "Telephone": "telephones",
}  # fmt: skip
"""What may come several times, as the API calls the list of it."""
_RENAMED = {"PersonalTitlePrefix": "personalTitlePrefix", "CourseLevelCharacteristic": "levelCharacteristics"}
_PLURALS = {"Person": "people"}


def resource_of(element: str) -> str:
    """What the API calls the elements of a name: `LocalEducationAgency` are `localEducationAgencies`."""
    if element in _PLURALS:
        return _PLURALS[element]
    name = _camel(element)
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def plain_json(tree: Tree) -> Json:
    """The object of an element: names in camel case, references flat, descriptors named as such; values are text."""
    told: Json = {}
    for child in tree.children:
        if child.name in _HOISTED:
            told |= plain_json(child)
        elif child.name in _LISTS:
            told.setdefault(_LISTS[child.name], []).append(_listed(child))
        else:
            _put(told, _named(child), _value(child))
    return told


def references(told: Json) -> Iterator[tuple[str, Json]]:
    """The references in an object that point at an element by its id, with their names."""
    for name, value in told.items():
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, dict) and "ref" in item:
                yield name, item
            elif isinstance(item, dict):
                yield from references(item)


def _put(told: Json, name: str, value: Any) -> None:
    """Set a field; one that comes again becomes a list."""
    if name not in told:
        told[name] = value
    elif isinstance(told[name], list):
        told[name].append(value)
    else:
        told[name] = [told[name], value]


def _listed(tree: Tree) -> Any:
    return {_named(tree): _value(tree)} if not tree.children or tree.name.endswith("Reference") else plain_json(tree)


def _value(tree: Tree) -> Any:
    if tree.ref:
        return {"ref": tree.ref}
    if tree.name.endswith("Reference"):
        return dict(_leaves(tree))
    return plain_json(tree) if tree.children else tree.text.strip()


def _leaves(tree: Tree) -> Iterator[tuple[str, str]]:
    """The plain fields of a reference, however deep its identity lies."""
    for child in tree.children:
        if child.children:
            yield from _leaves(child)
        elif not child.ref:
            yield _named(child), child.text.strip()


def _named(tree: Tree) -> str:
    name = _RENAMED.get(tree.name) or _camel(tree.name)
    is_code = not tree.children and "Descriptor#" in tree.text
    return f"{name}Descriptor" if is_code and not name.endswith("Descriptor") else name


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
