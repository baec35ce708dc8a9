"""An explanation as a value, and in words that a nurse understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automations.lifecycle import Verdict
from automations.rules import Rule
from substrate.clock import duration_text, local_text
from substrate.expressions.types import Type
from substrate.expressions.said import say_value


@dataclass(frozen=True, slots=True)
class Origin:
    """A record that the values came from."""

    kind: str
    source: str
    source_key: str


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
    """

    rule: Rule
    version: int
    at: int
    verdict: Verdict
    evidence: Mapping[str, Any]
    origins: tuple[Origin, ...]

    @property
    def because(self) -> list[str]:
        """What decided, a sentence each."""
        return [part["text"] for part in self.evidence.get("because", ())]

    def plain_text(self, zone: str = "UTC") -> str:
        """The whole of it in words, times as on the wall of `zone`. It holds protected values."""
        return "\n".join(_said(self, zone))


@dataclass(frozen=True)
class ExplainedAlert(Explained):
    """Why an alert is what it is.

    Attributes:
        alert_id: which alert.
        state, severity: as they are now.
        clocks: the alert's instants that are set, by name.
        trail: everything that happened to it, oldest first.
        told: who was told, in the order in which it was decided.
    """

    alert_id: int
    state: str
    severity: str
    clocks: Mapping[str, int]
    acked_by: str | None
    trail: tuple[Turn, ...]
    told: tuple[Told, ...]

    def plain_text(self, zone: str = "UTC") -> str:
        """The whole of it in words, times as on the wall of `zone`. It holds protected values."""
        lines = [f"{self.rule.title} ({self.severity}, {self.state})", *_said(self, zone)[1:]]
        words = {name: name.replace("_", " ") for name in self.clocks}
        lines += [f"{words[name]}: {local_text(at, zone)}" for name, at in self.clocks.items()]
        lines += [f"taken on by {self.acked_by}"] if self.acked_by else []
        lines += ["What happened:", *(_turn(turn, zone) for turn in self.trail)]
        return "\n".join([*lines, "Who was told:", *(_told(told, zone) for told in self.told)])


def _said(explained: Explained, zone: str) -> list[str]:
    subject = explained.evidence.get("subject", {})
    lines = [
        f"{explained.rule.title}: {_VERDICTS[explained.verdict]} as of {local_text(explained.at, zone)}",
        f"About: {subject.get('kind', '')} {subject.get('name', '')}".rstrip(),
        f"Rule: {explained.rule.id}, version {explained.version}",
    ]
    lines += [f"Because {sentence}" for sentence in explained.because]
    lines += ["Values:", *(_value(value, explained.at, zone) for value in explained.evidence.get("values", ()))]
    return lines + [f"From: {origin.kind} {origin.source_key} of {origin.source}" for origin in explained.origins]


_VERDICTS = {
    Verdict.TRUE: "the condition holds",
    Verdict.HOLD: "the condition does not hold, but it is not clear yet",
    Verdict.FALSE: "the condition does not hold",
    Verdict.OVER: "its time is over",
    Verdict.UNKNOWN: "nobody can say, as something is not known",
    Verdict.MISSING: "the record is gone",
}


def _value(value: Mapping[str, Any], at: int, zone: str) -> str:
    kind = Type(value["type"]) if value["type"] else Type.STRING
    held = value["value"]
    told = (
        local_text(held, zone) if kind is Type.TIMESTAMP and held is not None else say_value(held, kind, value["unit"])
    )
    as_of = value.get("as_of")
    age = f", {duration_text(at - as_of)} old" if as_of is not None and as_of < at else ""
    return f"  {value['label']}: {told}{age}"


def _turn(turn: Turn, zone: str) -> str:
    reason = f" ({turn.reason})" if turn.reason else ""
    comment = f": {turn.comment}" if turn.comment else ""
    return f"  {local_text(turn.at, zone)}  {turn.action.replace('_', ' ')}{reason} by {turn.actor}{comment}"


def _told(told: Told, zone: str) -> str:
    when = f" {local_text(told.at, zone)}" if told.at is not None else ""
    return f"  {told.recipient} by {told.channel}, {told.reason.replace('_', ' ')}: {told.state}{when}"
