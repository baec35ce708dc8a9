"""What a decision has to tell, and to whom: the words that go to the outbox in the transaction of the decision.

Which reason, which number in the episode and which roles is decided here; who stands behind a role, and how a
message reaches them, is the outbox's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from automations.alerts import alert_code
from automations.episodes import Change, Stamp
from automations.lifecycle import Send
from automations.outbox import SendReason
from automations.rules import Moment, NoData, Notify, Rule, Severity
from substrate.correlation import correlation_about

_TURN = {
    Send.FIRED: Moment.FIRED,
    Send.SNOOZE_ENDED: Moment.FIRED,
    Send.WORSE: Moment.WORSE,
    Send.NODATA: Moment.NODATA,
    Send.RESOLVED: Moment.RESOLVED,
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing to tell about one alert.

    Attributes:
        sequence: its number within the episode, from 1.
        send: which turn of the alert is told.
        reason: why people are told, and why now.
        targets: roles, each with the channel that the rule asks for, if any.
        context: what templates may use.
        expires_at: from when on it is no longer worth sending; None: always.
    """

    timeline: str
    alert_id: int
    fingerprint: str
    episode: int
    sequence: int
    send: Send
    reason: SendReason
    targets: tuple[Notify, ...]
    severity: Severity
    site: str | None
    context: dict[str, Any]
    created_at: int
    expires_at: int | None


CORRELATION = "correlation"
"""Where a message keeps the word that goes with the event behind it."""

Announce = Callable[[Connection, Sequence[Announcement]], int]
"""Puts announcements into the outbox in the caller's transaction; says how many messages that made."""


def silence(_connection: Connection, _announcements: Sequence[Announcement]) -> int:
    """Tell nobody; for replays and tests."""
    return 0


def targets_of(rule: Rule, send: Send) -> tuple[Notify, ...]:
    """Who is told of a turn; the data of a rule that keeps its last state concerns its owner alone."""
    if send is Send.NODATA and rule.nodata is NoData.KEEP_LAST:
        return (Notify(role=rule.owner),)
    return tuple(notify for notify in rule.notify if _TURN[send] in notify.when)


def reason_of(rule: Rule, send: Send, account: Mapping[str, Any]) -> SendReason:
    """Why people are told of a turn: a reminder that fires is no news of something that came to be."""
    if send is Send.FIRED and rule.remind is not None:
        return SendReason.LATE_REMINDER if account.get("reminder", {}).get("late") else SendReason.REMINDER
    return SendReason(str(send))


def announcement(rule: Rule, stamp: Stamp, change: Change, account: Mapping[str, Any]) -> Announcement | None:
    """What a change has to tell; None: nothing, or nobody asked to hear of it.

    Args:
        rule: the rule.
        stamp: the evaluation.
        change: what it made of the episode.
        account: the evidence; empty where the entity is gone.
    """
    send = change.decision.send
    targets = targets_of(rule, send) if send else ()
    if send is None or not targets:
        return None
    episode, after = change.episode, change.decision.next
    expires = episode.lapses_at if send is Send.FIRED else None
    if expires is not None and expires <= stamp.at:
        expires = None  # a late reminder is still told, once
    return Announcement(
        stamp.timeline, episode.id, episode.fingerprint, episode.number, after.sequence, send,
        reason_of(rule, send, account), targets, after.severity, episode.site,
        context_of(rule, stamp, change, account), stamp.at, expires,
    )  # fmt: skip


def context_of(rule: Rule, stamp: Stamp, change: Change, account: Mapping[str, Any]) -> dict[str, Any]:
    """What a message's template may use: the rule's words, the alert's clocks, and the evidence."""
    said, after = rule, change.decision.next
    return {
        "vertical": stamp.vertical,
        "timeline": stamp.timeline,
        "rule": said.id,
        "rule_version": stamp.rule_version,
        "title": said.title,
        "description": said.description,
        "cost_of_delay": said.cost_of_delay,
        "owner": said.owner,
        "labels": dict(said.labels),
        "title_template": said.title_template,
        "template": said.template,
        "send": str(change.decision.send),
        "alert_id": change.episode.id,
        "alert_code": alert_code(change.episode.id),
        "episode": change.episode.number,
        "state": str(after.state),
        "severity": str(after.severity),
        "site": change.episode.site,
        "pending_since": after.pending_since,
        "fired_at": after.fired_at,
        "resolved_at": after.resolved_at,
        "resolve_reason": str(after.resolve_reason) if after.resolve_reason else None,
        "subject": account.get("subject") or {"kind": stamp.entity_kind, "id": change.episode.entity_id},
        **{key: account[key] for key in ("values", "because", "reminder", "missing") if key in account},
        **_pushed_by(change.episode.entity_id),
    }


def _pushed_by(entity_id: int) -> dict[str, str]:
    """What leads from the message back to the pushed event that set it off."""
    word = correlation_about(entity_id)
    return {} if word is None else {CORRELATION: word}
