"""EPCIS in XML, 1.2 and 2.0, brought to the form that EPCIS 2.0 has in JSON.

Version 1.2 hides what came later in `extension` and `baseExtension`; these are opened. An element of another namespace
is an extension, named `prefix:name`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from substrate.sources.epcis_fields import Json
from substrate.sources.xml_tree import Name, Node

_SPACES = (
    "",
    "urn:epcglobal:epcis:xsd:1",
    "urn:epcglobal:epcis:xsd:2",
    "urn:epcglobal:epcis-query:xsd:1",
    "urn:epcglobal:epcis-query:xsd:2",
)
_WRAPPERS = ("extension", "baseExtension")
_EPCS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_NUMBERS = frozenset({"value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"})
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def document(root: Node) -> Any:
    """A document as JSON would say it: EPCISDocument, EPCISQueryDocument or one event."""
    kind = root.name.local
    if kind not in ("EPCISDocument", "EPCISQueryDocument"):
        return event(root)
    said: Json = {"type": kind, "@context": {}}
    for name in ("schemaVersion", "creationDate"):
        value = root.attribute(name)
        if value is not None:
            said[name] = value
    body = root.first("EPCISBody")
    if body is not None:
        said["epcisBody"] = _document_body(body) if kind == "EPCISDocument" else _query_body(body)
    return said


def _document_body(body: Node) -> Json:
    listed = body.first("EventList")
    return {} if listed is None else {"eventList": [event(each) for each in _opened(listed)]}


def _query_body(body: Node) -> Json:
    results = body.first("QueryResults")
    if results is None:
        return {}
    listed = results.first("resultsBody", "EventList")
    found: Json = {} if listed is None else {"eventList": [event(each) for each in _opened(listed)]}
    return {"queryResults": {"resultsBody": found}}


def event(node: Node) -> Json:
    """One event element."""
    found: Json = {"type": node.name.local}
    spaces: dict[str, str] = {}
    for child in _opened(node):
        _put(found, child, spaces)
    return {**found, **({"@context": spaces} if spaces else {})}


def _opened(node: Node) -> Iterator[Node]:
    """The children, with those inside wrappers in the place of these."""
    for child in node.children:
        if child.name.local in _WRAPPERS and child.name.space in _SPACES:
            yield from _opened(child)
        else:
            yield child


def _put(found: Json, node: Node, spaces: dict[str, str]) -> None:
    name = node.name
    if name.space not in _SPACES:
        _add(found, _called(name, spaces), _extension(node, spaces))
    elif name.local in _READERS:
        found[name.local] = _READERS[name.local](node, spaces)
    elif name.local == "certificationInfo":
        found.setdefault(name.local, []).append(node.text)
    else:
        found[name.local] = node.text


def _called(name: Name, spaces: dict[str, str]) -> str:
    """An extension's name, as JSON writes it; what its prefix stands for is noted."""
    if not name.prefix:
        return f"{name.space}{'' if name.space.endswith(('/', '#', ':')) else '#'}{name.local}"
    spaces[name.prefix] = name.space
    return f"{name.prefix}:{name.local}"


def _add(found: Json, key: str, value: Any) -> None:
    """A value under its name; several of one name become a list."""
    if key not in found:
        found[key] = value
    elif isinstance(found[key], list):
        found[key].append(value)
    else:
        found[key] = [found[key], value]


def _extension(node: Node, spaces: dict[str, str]) -> Any:
    """An extension, kept as it is: its text, or its elements by name."""
    if not node.children:
        return node.text
    found: Json = {}
    for child in node.children:
        key = child.name.local if child.name.space in _SPACES else _called(child.name, spaces)
        _add(found, key, _extension(child, spaces))
    return found


def _texts(node: Node, _spaces: dict[str, str]) -> list[str]:
    return [child.text for child in node.children]


def _quantities(node: Node, _spaces: dict[str, str]) -> list[Json]:
    return [{part.name.local: _quantity(part) for part in _opened(one) if not _is_nil(part)} for one in node.children]


def _is_nil(node: Node) -> bool:
    """Whether an element says that it has no value."""
    return any(name.local == "nil" and name.space == _XSI and value == "true" for name, value in node.attributes)


def _quantity(node: Node) -> Any:
    return _number(node.text) if node.name.local == "quantity" else node.text


def _number(text: str) -> Any:
    """A number, or the text where it is none, so that the check refuses it."""
    try:
        return float(text)
    except ValueError:
        return text


def _typed(key: str) -> Callable[[Node, dict[str, str]], list[Json]]:
    """Values with a type beside each."""

    def read(node: Node, _spaces: dict[str, str]) -> list[Json]:
        return [
            {**({} if one.attribute("type") is None else {"type": one.attribute("type")}), key: one.text}
            for one in node.children
        ]

    return read


def _part(node: Node, spaces: dict[str, str]) -> Json:
    """An element whose children are fields: `readPoint`, `errorDeclaration`, `ilmd`."""
    found: Json = {}
    for child in _opened(node):
        _put(found, child, spaces)
    return found


def _disposition(node: Node, _spaces: dict[str, str]) -> Json:
    found: Json = {}
    for child in node.children:
        found.setdefault(child.name.local, []).append(child.text)
    return found


def _sensors(node: Node, spaces: dict[str, str]) -> list[Json]:
    return [_sensor(one, spaces) for one in node.children]


def _sensor(node: Node, spaces: dict[str, str]) -> Json:
    found: Json = {}
    for child in _opened(node):
        if child.name.local == "sensorReport":
            found.setdefault("sensorReport", []).append(_measured(child, spaces))
        elif child.name.local == "sensorMetadata":
            found["sensorMetadata"] = _measured(child, spaces)
        else:
            _put(found, child, spaces)
    return found


def _measured(node: Node, spaces: dict[str, str]) -> Json:
    """The attributes of a report, in the types that JSON gives them."""
    found: Json = {}
    for name, value in node.attributes:
        if name.space and name.space != _XSI:
            found[_called(name, spaces)] = value
        elif not name.space:
            found[name.local] = _attribute(name.local, value)
    return found


def _attribute(name: str, value: str) -> Any:
    if name in _NUMBERS:
        return _number(value)
    if name == "booleanValue":
        return {"true": True, "1": True, "false": False, "0": False}.get(value, value)
    return value


_READERS: dict[str, Callable[[Node, dict[str, str]], Any]] = {
    **dict.fromkeys((*_EPCS, "correctiveEventIDs"), _texts),
    **dict.fromkeys(_QUANTITIES, _quantities),
    **dict.fromkeys(("readPoint", "bizLocation", "errorDeclaration", "ilmd"), _part),
    "bizTransactionList": _typed("bizTransaction"),
    "sourceList": _typed("source"),
    "destinationList": _typed("destination"),
    "persistentDisposition": _disposition,
    "sensorElementList": _sensors,
}
