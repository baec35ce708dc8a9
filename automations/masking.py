"""What a reader is cleared for: the context of a message with everything above a clearance taken out of it.

Masking comes before rendering, so that no template can reach what its channel may not carry. What carries no label and
is not known to be harmless counts as PHI.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from substrate.columns import Sensitivity

HIDDEN = "[hidden]"
"""What stands where a reader is not cleared."""

_KEYS = {
    **dict.fromkeys(("send", "state", "severity", "timeline", "vertical", "maybe_duplicate"), Sensitivity.PUBLIC),
    **dict.fromkeys(("rule", "rule_version", "title", "description", "cost_of_delay", "owner"), Sensitivity.INTERNAL),
    **dict.fromkeys(("labels", "title_template", "template", "episode", "site"), Sensitivity.INTERNAL),
    **dict.fromkeys(("pending_since", "fired_at", "resolved_at", "resolve_reason", "unresolved"), Sensitivity.INTERNAL),
    **dict.fromkeys(("alert_id", "alert_code", "correlation"), Sensitivity.INTERNAL),
}
"""What the context of every announcement holds beside the evidence: a rule's words and an alert's clocks."""

_LEAF = dict.fromkeys(("path", "label", "type", "unit", "as_of", "watermarks", "sensitivity"), Sensitivity.INTERNAL)
_PARTS = {
    "reminder": {"late": Sensitivity.INTERNAL},
    "missing": {"kind": Sensitivity.INTERNAL},
    "to": dict.fromkeys(("role", "recipient", "language"), Sensitivity.INTERNAL),
}
_ABOUT = {
    "kind": Sensitivity.PUBLIC,
    "sensitivity": Sensitivity.PUBLIC,
    "source": Sensitivity.INTERNAL,
    "site": Sensitivity.INTERNAL,
}


def masked(context: Mapping[str, Any], clearance: Sensitivity) -> dict[str, Any]:
    """The context as a reader of that clearance may see it.

    Args:
        context: an announcement's.
        clearance: what the reader may see at most.
    """
    return {key: _masked(key, value, clearance) for key, value in context.items()}


def level_of(label: Any) -> Sensitivity:
    """The sensitivity that a label names; an unknown or missing label is PHI."""
    return Sensitivity.__members__.get(label, Sensitivity.PHI) if isinstance(label, str) else Sensitivity.PHI


def generic_name(kind: str) -> str:
    """What to call a record whose name is not for the reader: `a patient`, `an order`."""
    words = kind.replace("_", " ")
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def _masked(key: str, value: Any, clearance: Sensitivity) -> Any:
    if key == "subject" and isinstance(value, Mapping):
        return _subject(value, clearance)
    if key == "values" and isinstance(value, list):
        return [_labelled(leaf, _LEAF, clearance) for leaf in value]
    if key == "because" and isinstance(value, list):
        return [_labelled(sentence, {"sensitivity": Sensitivity.PUBLIC}, clearance) for sentence in value]
    if key in _PARTS and isinstance(value, Mapping):
        return _part(value, _PARTS[key], Sensitivity.PHI, clearance)
    return _open(value, _KEYS.get(key, Sensitivity.PHI), clearance)


def _subject(about: Mapping[str, Any], clearance: Sensitivity) -> dict[str, Any]:
    """The record that an alert is about; an id leads to a person as surely as a name does."""
    own = level_of(about.get("sensitivity"))
    seen = _part(about, _ABOUT, max(own, Sensitivity.PII), clearance)
    cleared = own <= clearance and about.get("name") is not None
    return {**seen, "name": about["name"] if cleared else generic_name(str(about.get("kind", "record")))}


def _labelled(part: Any, levels: Mapping[str, Sensitivity], clearance: Sensitivity) -> Any:
    """A part that says itself how sensitive it is."""
    if not isinstance(part, Mapping):
        return _open(part, Sensitivity.PHI, clearance)
    return _part(part, levels, level_of(part.get("sensitivity")), clearance, absent=HIDDEN)


def _part(
    part: Mapping[str, Any],
    levels: Mapping[str, Sensitivity],
    otherwise: Sensitivity,
    clearance: Sensitivity,
    absent: str | None = None,
) -> dict[str, Any]:
    return {key: _open(value, levels.get(key, otherwise), clearance, absent) for key, value in part.items()}


def _open(value: Any, level: Sensitivity, clearance: Sensitivity, absent: str | None = None) -> Any:
    """The value, or that it is hidden; `absent` hides even that there is none."""
    if level <= clearance:
        return value
    return absent if value is None else HIDDEN
