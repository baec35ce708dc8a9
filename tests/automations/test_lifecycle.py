"""The one function that decides an alert's next state: its table, and what no sequence of verdicts can break."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automations.lifecycle import (
    Action,
    Cause,
    Condition,
    Decision,
    Policy,
    Send,
    State,
    Verdict,
    begin,
    numbered,
    resolve,
    step,
    verdict_of,
)
from automations.rules import NoData, Severity
from substrate.clock import MINUTE

AT_ONCE = Policy(wait=0, keep=0, gap=60 * MINUTE, nodata_after=30 * MINUTE, nodata=NoData.KEEP_LAST, tells=True)
PATIENT = replace(AT_ONCE, wait=10 * MINUTE, keep=10 * MINUTE)
HIGH = Severity.HIGH


def run(policy: Policy, *turns: tuple[float, Verdict]) -> list[Decision]:
    """The decisions on a sequence of (minute, verdict); a new episode begins with each TRUE that finds none open."""
    decisions: list[Decision] = []
    now: Condition | None = None
    for minute, verdict in turns:
        at = round(minute * MINUTE)
        if now is not None:
            decisions.append(numbered(step(policy, now, verdict, HIGH, at)))
        elif verdict is Verdict.TRUE:
            decisions.append(numbered(begin(policy, HIGH, at)))
        else:
            continue
        now = decisions[-1].next if decisions[-1].next.state is not State.RESOLVED else None
    return decisions


T, F, H, U, M = Verdict.TRUE, Verdict.FALSE, Verdict.HOLD, Verdict.UNKNOWN, Verdict.MISSING


@pytest.mark.parametrize(
    ("policy", "turns", "states"),
    [
        (AT_ONCE, [(0, T), (1, T), (2, F)], ["firing", "firing", "resolved"]),
        (AT_ONCE, [(0, T), (1, H), (2, F)], ["firing", "firing", "resolved"]),
        (PATIENT, [(0, T), (5, T), (10, T)], ["pending", "pending", "firing"]),
        (PATIENT, [(0, T), (5, F)], ["pending", "resolved"]),
        (PATIENT, [(60, T), (0, T), (10, T)], ["pending", "pending", "firing"]),  # the clock was set back
        (PATIENT, [(0, T), (10, T), (60, F), (20, F), (30, F)], ["pending", "firing", *2 * ["recovering"], "resolved"]),
        (PATIENT, [(0, T), (5, H)], ["pending", "resolved"]),
        (PATIENT, [(0, T), (5, U), (10, T), (20, T)], ["pending", "pending", "pending", "firing"]),
        (PATIENT, [(0, T), (90, T), (100, T)], ["pending", "pending", "firing"]),
        (PATIENT, [(0, T), (10, T), (20, F), (30, F)], ["pending", "firing", "recovering", "resolved"]),
        (PATIENT, [(0, T), (10, T), (20, F), (25, T)], ["pending", "firing", "recovering", "firing"]),
        (PATIENT, [(0, T), (10, T), (20, F), (25, H)], ["pending", "firing", "recovering", "firing"]),
        (
            PATIENT,
            [(0, T), (10, T), (20, F), (25, U), (31, F), (41, F)],
            ["pending", "firing", "recovering", "recovering", "recovering", "resolved"],
        ),
        (AT_ONCE, [(0, T), (1, M), (2, M)], ["firing", "firing", "resolved"]),
        (AT_ONCE, [(0, T), (1, M), (2, T), (3, M)], ["firing", "firing", "firing", "firing"]),
    ],
)
def test_the_states_follow_the_verdicts(policy: Policy, turns: list[tuple[float, Verdict]], states: list[str]) -> None:
    assert [str(decision.next.state) for decision in run(policy, *turns)] == states


@pytest.mark.parametrize(
    ("holds", "clears", "verdict"),
    [
        (True, None, T),
        (True, True, T),
        (False, True, F),
        (False, False, H),
        (False, None, H),
        (None, True, U),
        (None, None, U),
    ],
)
def test_an_unknown_condition_is_an_unknown_verdict(holds: bool | None, clears: bool | None, verdict: Verdict) -> None:
    assert verdict_of(holds, clears) is verdict


def test_unknown_for_long_enough_is_no_data_and_told_once() -> None:
    decisions = run(AT_ONCE, (0, T), (1, U), (31, U), (61, U), (62, T))
    assert [decision.send for decision in decisions] == [Send.FIRED, None, Send.NODATA, None, None]
    assert decisions[-1].actions == (Action.DATA_BACK,)


def test_a_snoozed_alert_without_data_leaves_people_in_peace() -> None:
    now = replace(begin(AT_ONCE, HIGH, 0).next, snoozed_until=90 * MINUTE, unknown_since=0)
    decision = step(AT_ONCE, now, U, HIGH, 30 * MINUTE)
    assert (decision.actions, decision.send) == ((Action.NODATA,), None)


def test_the_policy_ok_resolves_what_has_no_data() -> None:
    last = run(replace(AT_ONCE, nodata=NoData.OK), (0, T), (1, U), (31, U))[-1].next
    assert (last.state, last.resolve_reason) == (State.RESOLVED, Cause.NODATA)


def test_worse_breaks_a_snooze_and_is_told() -> None:
    now = replace(begin(AT_ONCE, HIGH, 0).next, snoozed_until=60 * MINUTE)
    decision = step(AT_ONCE, now, T, Severity.CRITICAL, MINUTE)
    assert decision.send is Send.WORSE
    assert decision.next.snoozed_until is None
    assert Action.SNOOZE_BROKEN in decision.actions


def test_better_is_noted_and_not_told() -> None:
    decision = step(AT_ONCE, begin(AT_ONCE, HIGH, 0).next, T, Severity.LOW, MINUTE)
    assert (decision.send, decision.actions) == (None, (Action.EASED,))


def test_a_snooze_that_ends_while_it_still_fires_is_told_once() -> None:
    now = replace(begin(AT_ONCE, HIGH, 0).next, snoozed_until=5 * MINUTE)
    first = step(AT_ONCE, now, T, HIGH, 5 * MINUTE)
    second = step(AT_ONCE, first.next, T, HIGH, 6 * MINUTE)
    assert (first.send, second.send) == (Send.SNOOZE_ENDED, None)


def test_acknowledging_stands_beside_the_state() -> None:
    now = replace(begin(AT_ONCE, HIGH, 0).next, acked_at=1)
    after = step(AT_ONCE, now, T, HIGH, MINUTE).next
    assert (after.state, after.acked_at) == (State.FIRING, 1)


def test_a_rule_that_leaves_the_shadow_tells_of_what_still_fires() -> None:
    silent = begin(replace(AT_ONCE, tells=False), HIGH, 0)
    told = step(AT_ONCE, silent.next, T, HIGH, MINUTE)
    assert (silent.send, told.send, told.next.told_at) == (None, Send.FIRED, MINUTE)


def test_an_alert_that_was_never_told_resolves_in_silence() -> None:
    silent = begin(replace(AT_ONCE, tells=False), HIGH, 0).next
    assert resolve(AT_ONCE, silent, Cause.CLEARED, MINUTE).send is None


POLICIES = st.builds(
    Policy,
    wait=st.sampled_from([0, 5 * MINUTE, 20 * MINUTE]),
    keep=st.sampled_from([0, 5 * MINUTE, 20 * MINUTE]),
    gap=st.sampled_from([10 * MINUTE, 60 * MINUTE]),
    nodata_after=st.sampled_from([0, 15 * MINUTE]),
    nodata=st.sampled_from([NoData.ALERT, NoData.KEEP_LAST]),
    tells=st.booleans(),
)
TURNS = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([T, F, H, U, M])), max_size=40)


def played(policy: Policy, gaps: list[tuple[int, Verdict]]) -> list[tuple[int, Verdict, Decision]]:
    """Decisions with their minute and verdict; the first number of a turn is the minutes since the one before."""
    minute, now, made = 0, None, []
    for gap, verdict in gaps:
        minute += gap
        if now is None and verdict is not T:
            continue
        at = minute * MINUTE
        decision = numbered(begin(policy, HIGH, at) if now is None else step(policy, now, verdict, HIGH, at))
        made.append((minute, verdict, decision))
        now = None if decision.next.state is State.RESOLVED else decision.next
    return made


@given(POLICIES, TURNS)
def test_unknown_never_changes_the_state(policy: Policy, turns: list[tuple[int, Verdict]]) -> None:
    made = played(policy, turns)
    for (_, _, before), (_, verdict, after) in pairwise(made):
        if verdict is U:
            assert after.next.state is before.next.state


@given(POLICIES, TURNS)
def test_a_resolution_is_told_only_after_a_fire_of_the_same_episode(
    policy: Policy, turns: list[tuple[int, Verdict]]
) -> None:
    told = False
    for _, _, decision in played(policy, turns):
        told = told or decision.send is Send.FIRED
        if decision.send is Send.RESOLVED:
            assert told
        if decision.next.state is State.RESOLVED:
            assert (decision.send is Send.RESOLVED) or not told or not policy.tells
            told = False


@given(POLICIES, TURNS)
def test_an_episode_is_announced_once_and_numbers_its_messages(
    policy: Policy, turns: list[tuple[int, Verdict]]
) -> None:
    sequence, fires = 0, 0
    for _, _, decision in played(policy, turns):
        if decision.send is not None:
            sequence += 1
            fires += decision.send is Send.FIRED
            assert decision.next.sequence == sequence
        assert fires <= 1
        if decision.next.state is State.RESOLVED:
            sequence, fires = 0, 0


@settings(max_examples=500)
@given(POLICIES, TURNS)
def test_nothing_fires_before_the_condition_held_long_enough(policy: Policy, turns: list[tuple[int, Verdict]]) -> None:
    since, last = None, None
    for minute, verdict, decision in played(policy, turns):
        at = minute * MINUTE
        if verdict is not T:
            since = None
        elif since is None or (last is not None and at - last > policy.gap):
            since = at
        last = at
        if Action.FIRED in decision.actions:
            assert since is not None
            assert at - since >= policy.wait


@given(POLICIES, TURNS)
def test_nothing_happens_in_shadow_that_anybody_hears(policy: Policy, turns: list[tuple[int, Verdict]]) -> None:
    assert not any(decision.send for _, _, decision in played(replace(policy, tells=False), turns))
