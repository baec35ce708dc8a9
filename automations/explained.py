"""An explanation as a value: what decided, what was looked at, and from which records it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automations.lifecycle import Verdict
from automations.rules import Lifecycle, Rule
from automations.whereabouts import Whereabout
from substrate.columns import Sensitivity


@dataclass(frozen=True, slots=True)
class Origin:
    """A record that values came from.

    Attributes:
        hops: the references that lead to it from the entity, in order; empty: it is the entity itself.
        name: what people call it; None: it has no name.
        sensitivity: the clearance that a reader of the name needs.
        occurred_at: the record's own time, as the source gave it; None: its kind has none.
    """

    kind: str
    source: str
    source_key: str
    hops: tuple[str, ...] = ()
    name: str | None = None
    sensitivity: Sensitivity = Sensitivity.PHI
    occurred_at: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One entry of an alert's trail."""

    at: int
    actor: str
    action: str
    state: str
    reason: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """One message that was made of an alert.

    Attributes:
        reason: why it was made.
        state: where it stands: waiting, sent, dead, suppressed …
        at: when it was sent; None: it was not.
    """

    recipient: str
    channel: str
    reason: str
    state: str
    at: int | None


@dataclass(frozen=True)
class Explained:
    """Why a rule says what it says of one entity.

    Attributes:
        rule: the rule, in the version that decided.
        version: its number.
        at: the instant that the evidence is true for.
        verdict: what the rule said.
        evidence: as stored: subject, values with ages, sentences, tree.
        origins: the records that the values came from.
        about: what leads people to the entity: whose it is, and where.
        names: what records are called that a value is the id of, by the value's path.
        lifecycle: where the rule stands.
    """

    rule: Rule
    version: int
    at: int
    verdict: Verdict
    evidence: Mapping[str, Any]
    origins: tuple[Origin, ...]
    about: tuple[Whereabout, ...] = field(default=(), kw_only=True)
    names: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    lifecycle: Lifecycle = field(default=Lifecycle.ACTIVE, kw_only=True)

    @property
    def because(self) -> list[str]:
        """What decided, a sentence each."""
        return [part["text"] for part in self.evidence.get("because", ())]

    @property
    def also_checked(self) -> list[str]:
        """What was looked at too, and was not the point, a sentence each."""
        return [part["text"] for part in self.evidence.get("also_checked", ())]


@dataclass(frozen=True)
class ExplainedAlert(Explained):
    """Why an alert is what it is.

    Attributes:
        alert_id: which alert.
        state, severity: as they are now.
        clocks: the alert's instants that are set, by name.
        resolve_reason: why it ended; None: it has not.
        trail: everything that happened to it, oldest first.
        told: who was told, in the order in which it was decided.
    """

    alert_id: int
    state: str
    severity: str
    clocks: Mapping[str, int]
    acked_by: str | None
    resolve_reason: str | None
    trail: tuple[Turn, ...]
    told: tuple[Told, ...]
