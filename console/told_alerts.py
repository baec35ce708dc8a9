"""What programs are told of alerts; the subject and values of one that are not for the caller are left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from automations.disclosure import SeenAlert
from console.told import Told
from substrate.clock import isoformat


class AlertTold(Told):
    """One alert."""

    code: str = Field(description="Names the alert.")
    title: str
    severity: str
    state: str
    rule: str
    vertical: str
    site: str | None
    kind: str = Field(description="The kind of record that it is about.")
    subject: str = Field(description="What it is about; what kind of thing it is where the name is not for the caller.")
    opened_at: str
    acked_by: str | None = Field(description="Who has taken it on.")
    withheld: bool = Field(description="Something of it is not for the caller.")

    @classmethod
    def of(cls, seen: SeenAlert) -> AlertTold:
        """An alert as it is told."""
        line = seen.line
        return cls(
            code=line.code, title=line.title, severity=line.severity, state=line.state, rule=line.rule_id,
            vertical=line.vertical, site=line.site, kind=line.entity_kind, subject=line.subject,
            opened_at=isoformat(line.opened_at), acked_by=line.acked_by, withheld=seen.withheld,
        )  # fmt: skip


class AlertsTold(Told):
    """Open alerts, worst first."""

    alerts: list[AlertTold]


class ExplanationTold(Told):
    """Why an alert is there."""

    alert: AlertTold
    because: list[str] = Field(description="What decided, a sentence each.")
    also_checked: list[str]
    values: list[dict[str, Any]] = Field(description="What was looked at, each value with its unit.")
    about: list[dict[str, Any]] = Field(description="Whose it is, and where.")
    records: list[dict[str, Any]] = Field(description="The records that the values came from.")
    clocks: dict[str, str]
    trail: list[dict[str, Any]] = Field(description="What happened to the alert, oldest first.")
    resolve_reason: str | None

    @classmethod
    def of(cls, seen: SeenAlert, why: Mapping[str, Any]) -> ExplanationTold:
        """An explanation as it is told."""
        clocks = {name: isoformat(at) for name, at in why["clocks"].items()}
        trail = [{**turn, "at": isoformat(turn["at"])} for turn in why["trail"]]
        return cls(alert=AlertTold.of(seen), **{**why, "clocks": clocks, "trail": trail})
