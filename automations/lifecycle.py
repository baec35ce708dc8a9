"""From one verdict to the next state of an alert: a pure function, and nothing else decides.

`pending -> firing -> recovering -> resolved`, with "no data" beside it. UNKNOWN never fires and never resolves; a
missed evaluation never counts as TRUE; a resolution is announced only to those who heard of the fire.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from automations.rules import NoData, Rule, Severity

MISSING_EVALUATIONS = 2
"""How many evaluations in a row an entity must be missing before its alert is resolved."""


class State(StrEnum):
    """Where an episode stands; the absence of an episode is "ok"."""

    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


class Verdict(StrEnum):
    """What one evaluation says of one entity."""

    TRUE = "true"  # the condition holds
    HOLD = "hold"  # it does not, yet what clears the alert does not hold either, or is not known
    FALSE = "false"  # it is clear
    OVER = "over"  # what was to be reminded of has passed
    UNKNOWN = "unknown"
    MISSING = "missing"  # there is no such entity (any more)


class Action(StrEnum):
    """What happened to an alert; stored in its trail."""

    OPENED = "opened"
    FIRED = "fired"
    RESTARTED = "pending_restarted"
    RECOVERING = "recovering"
    FIRED_AGAIN = "fired_again"
    RESOLVED = "resolved"
    WORSE = "worse"
    EASED = "eased"
    NODATA = "nodata"
    DATA_BACK = "data_back"
    SNOOZE_BROKEN = "snooze_broken"
    SNOOZE_ENDED = "snooze_ended"
    ANNOUNCED = "announced"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"


class Cause(StrEnum):
    """Why an episode ended."""

    CLEARED = "cleared"
    BLIP = "blip"  # it did not last long enough to fire
    ENTITY_MISSING = "entity_missing"
    REMINDED = "reminded"
    WITHDRAWN = "withdrawn"  # the reminder's reason went away: moved, cancelled
    NODATA = "nodata"
    BY_HAND = "by_hand"
    RULE_ARCHIVED = "rule_archived"


class Send(StrEnum):
    """Why somebody is told."""

    FIRED = "fired"
    WORSE = "worse"
    NODATA = "nodata"
    RESOLVED = "resolved"
    SNOOZE_ENDED = "snooze_ended"


@dataclass(frozen=True, slots=True)
class Policy:
    """What of a rule its alerts' lives depend on.

    Attributes:
        wait: how long the condition must hold before it fires, in microseconds.
        keep: how long it must be clear before it is resolved.
        gap: evaluations further apart than this leave out too much; time between them does not count.
        nodata_after: how long unknown before "no data".
        nodata: what then happens.
        tells: whether anybody is told (a rule in shadow tells nobody).
        ending: the cause when the condition is clear.
    """

    wait: int
    keep: int
    gap: int
    nodata_after: int
    nodata: NoData
    tells: bool
    ending: Cause = Cause.CLEARED


@dataclass(frozen=True, slots=True)
class Condition:
    """An open episode's state and clocks; instants in microseconds since 1970 UTC."""

    state: State
    severity: Severity
    last_seen: int
    pending_since: int | None = None
    fired_at: int | None = None
    recovering_since: int | None = None
    resolved_at: int | None = None
    resolve_reason: Cause | None = None
    count: int = 1
    unknown_since: int | None = None
    nodata_since: int | None = None
    missing_evaluations: int = 0
    told_at: int | None = None
    acked_at: int | None = None
    snoozed_until: int | None = None
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The next state, what to write into the trail, and what to tell.

    Attributes:
        next: the state afterwards.
        actions: what happened, in order; empty when only `last_seen` and `count` moved, or nothing did.
        send: why people are told; None: they are not.
    """

    next: Condition
    actions: tuple[Action, ...] = ()
    send: Send | None = None


def policy_of(rule: Rule, gap: int, *, tells: bool) -> Policy:
    """The policy of a rule's alerts."""
    ending = Cause.WITHDRAWN if rule.remind else Cause.CLEARED
    return Policy(rule.for_, rule.keep_firing_for, gap, rule.nodata_after, rule.nodata, tells, ending)


def verdict_of(holds: bool | None, clears: bool | None) -> Verdict:
    """One verdict from the condition and what clears it, either of which may be unknown."""
    if holds is None:
        return Verdict.UNKNOWN
    if holds:
        return Verdict.TRUE
    return Verdict.FALSE if clears else Verdict.HOLD


def begin(policy: Policy, severity: Severity, at: int) -> Decision:
    """The first TRUE of an entity without an open episode."""
    fresh = Condition(State.PENDING, severity, at, pending_since=at)
    if policy.wait > 0:
        return Decision(fresh, (Action.OPENED,))
    return _fire(policy, fresh, at, (Action.OPENED,))


def step(policy: Policy, now: Condition, verdict: Verdict, severity: Severity, at: int) -> Decision:
    """What one evaluation makes of an open episode.

    Args:
        policy: the rule's.
        now: the episode, open.
        verdict: what the evaluation says.
        severity: how bad it is by this evaluation; looked at only where the verdict is TRUE.
        at: the evaluation's instant.
    """
    if verdict is Verdict.UNKNOWN:
        return _unknown(policy, now, at)
    if verdict is Verdict.MISSING:
        return _missing(policy, now, at)
    known = replace(now, unknown_since=None, nodata_since=None, missing_evaluations=0)
    back = (Action.DATA_BACK,) if now.nodata_since is not None else ()
    seen_before = now.unknown_since is None and now.missing_evaluations == 0
    whole = seen_before and at - now.last_seen <= policy.gap
    if verdict is Verdict.TRUE:
        seen = replace(known, last_seen=max(at, now.last_seen), count=now.count + 1)
        return _true(policy, seen, severity, at, back, whole)
    if verdict is Verdict.OVER:
        return Decision(_resolved(known, Cause.REMINDED, at), (*back, Action.RESOLVED))
    if now.state is State.PENDING:
        return Decision(_resolved(known, Cause.BLIP, at), (*back, Action.RESOLVED))
    seen = replace(known, last_seen=max(at, now.last_seen))
    return _clear(policy, seen, at, back, whole) if verdict is Verdict.FALSE else _hold(seen, back)


def resolve(policy: Policy, now: Condition, cause: Cause, at: int) -> Decision:
    """End an open episode, and say so where its fire was told."""
    told = now.told_at is not None and policy.tells
    return Decision(_resolved(now, cause, at), (Action.RESOLVED,), Send.RESOLVED if told else None)


def numbered(decision: Decision) -> Decision:
    """The decision with its message, if it has one, counted."""
    if decision.send is None:
        return decision
    return replace(decision, next=replace(decision.next, sequence=decision.next.sequence + 1))


def _true(
    policy: Policy, now: Condition, severity: Severity, at: int, actions: tuple[Action, ...], whole: bool
) -> Decision:
    if now.state is State.PENDING:
        return _still_pending(policy, now, severity, at, actions, whole)
    if now.state is State.RECOVERING:
        now = replace(now, state=State.FIRING, recovering_since=None)
        actions = (*actions, Action.FIRED_AGAIN)
    if severity is not now.severity:
        return _changed(policy, now, severity, at, actions)
    if now.told_at is None and policy.tells:
        return Decision(replace(now, told_at=at), (*actions, Action.ANNOUNCED), Send.FIRED)
    if now.snoozed_until is not None and now.snoozed_until <= at:
        send = Send.SNOOZE_ENDED if policy.tells and now.acked_at is None else None
        return Decision(replace(now, snoozed_until=None), (*actions, Action.SNOOZE_ENDED), send)
    return Decision(now, actions)


def _still_pending(
    policy: Policy, now: Condition, severity: Severity, at: int, actions: tuple[Action, ...], whole: bool
) -> Decision:
    now = replace(now, severity=severity)
    # A wait that began in the future began before the clock was set back; it begins anew, or it might never end.
    if not whole or now.pending_since is None or now.pending_since > at:
        now = replace(now, pending_since=at)
        actions = (*actions, Action.RESTARTED)
    since = at if now.pending_since is None else now.pending_since
    return _fire(policy, now, at, actions) if at - since >= policy.wait else Decision(now, actions)


def _changed(policy: Policy, now: Condition, severity: Severity, at: int, actions: tuple[Action, ...]) -> Decision:
    after = replace(now, severity=severity)
    if severity.rank > now.severity.rank:
        return Decision(after, (*actions, Action.EASED))
    broken = (Action.SNOOZE_BROKEN,) if now.snoozed_until is not None else ()
    after = replace(after, snoozed_until=None)
    actions = (*actions, Action.WORSE, *broken)
    if not policy.tells:
        return Decision(after, actions)
    first = now.told_at is None
    return Decision(replace(after, told_at=at) if first else after, actions, Send.FIRED if first else Send.WORSE)


def _clear(policy: Policy, now: Condition, at: int, actions: tuple[Action, ...], whole: bool) -> Decision:
    since = now.recovering_since if whole else None
    since = None if since is None or since > at else since
    if at - (at if since is None else since) >= policy.keep:
        ended = resolve(policy, now, policy.ending, at)
        return replace(ended, actions=(*actions, *ended.actions))
    if since is not None:
        return Decision(now, actions)
    return Decision(replace(now, state=State.RECOVERING, recovering_since=at), (*actions, Action.RECOVERING))


def _hold(now: Condition, actions: tuple[Action, ...]) -> Decision:
    if now.state is not State.RECOVERING:
        return Decision(now, actions)
    return Decision(replace(now, state=State.FIRING, recovering_since=None), (*actions, Action.FIRED_AGAIN))


def _unknown(policy: Policy, now: Condition, at: int) -> Decision:
    since = at if now.unknown_since is None else min(at, now.unknown_since)
    after = replace(now, unknown_since=since, missing_evaluations=0)
    if now.nodata_since is not None or at - since < policy.nodata_after:
        return Decision(after)
    if policy.nodata is NoData.OK:
        return resolve(policy, after, Cause.NODATA, at)
    quiet = now.snoozed_until is not None and now.snoozed_until > at
    told = policy.tells and now.told_at is not None and not quiet
    return Decision(replace(after, nodata_since=at), (Action.NODATA,), Send.NODATA if told else None)


def _missing(policy: Policy, now: Condition, at: int) -> Decision:
    after = replace(now, missing_evaluations=now.missing_evaluations + 1)
    if after.missing_evaluations < MISSING_EVALUATIONS:
        return Decision(after)
    return resolve(policy, after, Cause.ENTITY_MISSING, at)


def _fire(policy: Policy, now: Condition, at: int, actions: tuple[Action, ...]) -> Decision:
    fired = replace(now, state=State.FIRING, fired_at=at, told_at=at if policy.tells else None)
    return Decision(fired, (*actions, Action.FIRED), Send.FIRED if policy.tells else None)


def _resolved(now: Condition, cause: Cause, at: int) -> Condition:
    return replace(now, state=State.RESOLVED, resolved_at=at, resolve_reason=cause)
