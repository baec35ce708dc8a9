"""What becomes of messages: each outcome of a channel, each reason not to send, each way on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from automations.channel_state import disabled_channels, enable_channel
from automations.channels.channel import Failure, Refused, Retry, Sent
from automations.dead_letters import redrive
from automations.outbox import Delivery, Route, SendReason, outbox
from automations.rules import Severity
from substrate.audit import audit_event
from substrate.clock import DAY, HOUR, MINUTE, SECOND
from substrate.columns import Sensitivity
from substrate.database import open_database
from substrate.errors import NotFoundError
from tests.automations.post import CONTEXT, NOW, Answer, Office, Spoken, message

LATER = Retry(Failure.SERVER, "503")
AUTH = Refused(Failure.AUTH, "401")


def answers(office: Office, *said: Answer | BaseException) -> Spoken:
    office.channels["spoken"].answers = list(said)
    return office.channels["spoken"]


def test_what_is_due_is_sent_once_with_its_key(office: Office) -> None:
    office.put(message(1), message(2))
    report = office.deliver()
    assert (report.sent, dict(report.by_channel), office.deliver().handled) == (2, {"spoken": 2}, 0)
    assert [key for key, _ in office.channels["spoken"].got] == [message(1).key, message(2).key]
    first = office.rows()[0]
    assert (first.state, first.provider_id, first.sent_at, first.attempts) == ("sent", "p-1", NOW, 1)


def test_what_the_reader_gets_is_rendered_for_them(office: Office) -> None:
    office.put(message())
    office.deliver()
    ((_, got),) = office.channels["spoken"].got
    assert (got.recipient, got.address, got.reason) == ("anna", "anna@example.org", "fired")
    assert "Bay 1" in got.text


def test_neither_the_channels_nor_the_readers_clearance_is_passed(office: Office) -> None:
    office.channels["low"] = Spoken("low", clearance=Sensitivity.INTERNAL)
    office.put(message(1, route=Route("low")), message(2, route=Route("spoken", None, Sensitivity.PUBLIC)))
    office.deliver()
    told = [*office.channels["low"].got, *office.channels["spoken"].got]
    assert len(told) == 2
    assert not any("Bay 1" in one.text + one.subject + str(one.body) for _, one in told)


def test_what_fails_for_now_is_tried_again_later(office: Office) -> None:
    answers(office, LATER)
    office.put(message())
    assert (office.deliver().retried, office.deliver().handled) == (1, 0)
    office.clock.move(5 * SECOND)
    assert office.deliver().sent == 1


def test_the_provider_says_when(office: Office) -> None:
    answers(office, Retry(Failure.RATE_LIMITED, "429", after=HOUR))
    office.put(message())
    office.deliver()
    assert HOUR <= office.rows()[0].due_at - NOW <= HOUR + 5 * SECOND


def test_after_eight_attempts_it_is_dead_with_the_last_answer(office: Office) -> None:
    answers(office, *[LATER] * 8)
    office.put(message())
    for _ in range(8):
        office.deliver()
        office.clock.move(15 * MINUTE)
    (row,) = office.rows()
    assert (row.state, row.attempts, row.last_failure) == ("dead", 8, "exhausted")
    assert row.last_response == "server: 503"


def test_what_is_refused_is_dead_at_once(office: Office) -> None:
    answers(office, Refused(Failure.ADDRESS, "no such anna@example.org here"))
    office.put(message())
    assert office.deliver().dead == 1
    (row,) = office.rows()
    assert (row.last_failure, row.last_response) == ("address", "no such [address] here")


def test_a_long_answer_is_cut(office: Office) -> None:
    answers(office, Refused(Failure.CLIENT, "x" * 9_000))
    office.put(message())
    office.deliver()
    assert len(office.rows()[0].last_response) == 500


def test_a_message_whose_time_is_over_is_not_sent(office: Office) -> None:
    office.put(message(expires_at=NOW + MINUTE, severity=Severity.CRITICAL, fallbacks=(Route("spoken"),)))
    office.clock.move(MINUTE)
    assert office.deliver().dead == 1
    assert [(row.state, row.last_failure) for row in office.rows()] == [("dead", "expired")]


def test_an_unknown_channel_is_said_so(office: Office) -> None:
    office.put(message(route=Route("pigeon")))
    office.deliver()
    (row,) = office.rows()
    assert (row.state, "'pigeon'" in row.last_response) == ("dead", True)


def test_a_context_that_no_template_can_tell_is_dead_as_such(office: Office) -> None:
    office.put(message(1, context={"title_template": 7}), message(2))
    report = office.deliver()
    assert (report.dead, report.sent, office.rows()[0].last_failure) == (1, 1, "template")


def test_a_secret_address_that_is_not_set_is_dead_and_names_the_variable(office: Office) -> None:
    office.put(message(route=Route("spoken", "env:NOT_SET_ANYWHERE")))
    office.deliver()
    (row,) = office.rows()
    assert (row.last_failure, "NOT_SET_ANYWHERE" in row.last_response) == ("address", True)


def test_a_secret_address_is_used_and_never_stored(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNAS_HOOK", "https://hook/secret")
    answers(office, Refused(Failure.CLIENT, "https://hook/secret said no"))
    office.put(message(route=Route("spoken", "env:ANNAS_HOOK")))
    office.deliver()
    assert office.channels["spoken"].got[0][1].address == "https://hook/secret"
    assert "secret" not in repr(office.rows())


def test_a_channel_that_breaks_does_not_stop_the_others_messages(office: Office) -> None:
    answers(office, ZeroDivisionError("anna@example.org"))
    office.put(message(1), message(2))
    report = office.deliver()
    assert (report.retried, report.sent) == (1, 1)
    assert office.rows()[0].last_response == "the channel failed with ZeroDivisionError"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"state": "resolved", "resolve_reason": "cleared"}, "resolved_meanwhile"),
        ({"acked_at": NOW + 1, "acked_by": "ben"}, "acknowledged"),
        ({"snoozed_until": NOW + DAY}, "snoozed"),
    ],
)
def test_what_happened_meanwhile_is_seen_before_sending(office: Office, values: dict[str, Any], why: str) -> None:
    alert = office.alert()
    office.put(message(alert_id=alert))
    office.change(alert, **values)
    assert dict(office.deliver().suppressed) == {why: 1}
    assert [(row.state, row.suppressed_why) for row in office.rows()] == [("suppressed", why)]
    assert office.channels["spoken"].got == []


def test_an_acknowledgement_between_two_attempts_ends_them(office: Office) -> None:
    alert = office.alert()
    answers(office, LATER)
    office.put(message(alert_id=alert))
    office.deliver()
    office.change(alert, acked_at=office.clock.move(MINUTE), acked_by="ben")
    assert dict(office.deliver().suppressed) == {"acknowledged": 1}


def test_a_fire_that_was_never_told_is_not_told_to_be_over(office: Office) -> None:
    alert = office.alert()
    office.put(message(1, alert_id=alert))
    office.change(alert, state="resolved", resolve_reason="cleared")
    office.put(message(2, alert_id=alert, reason=SendReason.RESOLVED))
    assert dict(office.deliver().suppressed) == {"resolved_meanwhile": 1, "never_told": 1}


def test_a_fire_that_was_told_is_told_to_be_over(office: Office) -> None:
    alert = office.alert()
    office.put(message(1, alert_id=alert))
    office.deliver()
    office.change(alert, state="resolved", resolve_reason="cleared")
    office.put(message(2, alert_id=alert, reason=SendReason.RESOLVED))
    assert office.deliver().sent == 1


def test_a_fire_that_may_have_arrived_is_told_to_be_over(office: Office) -> None:
    alert = office.alert()
    answers(office, Retry(Failure.TIMEOUT, "late", uncertain=True))
    office.put(message(1, alert_id=alert))
    office.deliver()
    office.change(alert, state="resolved", resolve_reason="cleared")
    office.put(message(2, alert_id=alert, reason=SendReason.RESOLVED))
    assert office.deliver().sent == 1


def test_what_may_arrive_twice_is_marked_and_says_so(office: Office) -> None:
    office.channels["spoken"].idempotent = False
    answers(office, Retry(Failure.TIMEOUT, "late", uncertain=True))
    office.put(message())
    office.deliver()
    office.clock.move(MINUTE)
    office.deliver()
    assert [(row.state, row.maybe_duplicate) for row in office.rows()] == [("sent", True)]
    first, second = (one.text for _, one in office.channels["spoken"].got)
    assert ("received this message before" in first, "received this message before" in second) == (False, True)


def test_a_receiver_that_honours_the_key_needs_no_mark(office: Office) -> None:
    answers(office, Retry(Failure.TIMEOUT, "late", uncertain=True))
    office.put(message())
    office.deliver()
    office.clock.move(MINUTE)
    office.deliver()
    assert [row.maybe_duplicate for row in office.rows()] == [False]


def test_a_critical_message_that_is_dead_takes_the_next_way(office: Office) -> None:
    office.channels["other"] = Spoken("other")
    answers(office, Refused(Failure.CLIENT, "400"))
    office.put(message(severity=Severity.CRITICAL, fallbacks=(Route("other", "2"), Route("third"))))
    report = office.deliver()
    first, second = office.rows()
    assert (report.dead, report.sent) == (1, 1)
    assert (second.channel, second.state, second.fallback_of) == ("other", "sent", first.id)


def test_a_way_on_which_they_are_told_anyway_is_passed_over(office: Office) -> None:
    office.channels |= {"inbox": Spoken("inbox"), "other": Spoken("other")}
    answers(office, Refused(Failure.CLIENT, "400"))
    critical: dict[str, Any] = {"severity": Severity.CRITICAL}
    office.put(
        message(fallbacks=(Route("inbox"), Route("other")), **critical), message(route=Route("inbox"), **critical)
    )
    assert dict(office.deliver().by_channel) == {"inbox": 1, "other": 1}


def test_what_is_not_critical_stays_dead(office: Office) -> None:
    answers(office, Refused(Failure.CLIENT, "400"))
    office.put(message(fallbacks=(Route("other"),)))
    office.deliver()
    assert office.states() == ["dead"]


def test_a_refused_password_switches_the_channel_off_and_its_messages_wait(office: Office) -> None:
    answers(office, AUTH)
    office.put(message(1), message(2))
    report = office.deliver()
    assert (report.postponed, len(office.channels["spoken"].got)) == (2, 1)
    with office.database.read() as connection:
        assert [(one.channel, one.endpoint, one.why) for one in disabled_channels(connection)] == [
            ("spoken", "", "401")
        ]
    assert [(row.state, row.attempts) for row in office.rows() if row.recipient == "anna"] == [("waiting", 0)] * 2


def test_a_login_that_fails_for_now_is_tried_again_and_switches_nothing_off(office: Office) -> None:
    answers(office, Retry(Failure.AUTH, "454 4.7.0"))
    office.put(message())
    assert office.deliver().retried == 1
    with office.database.read() as connection:
        assert disabled_channels(connection) == []


def test_the_admin_is_told_of_a_channel_that_is_switched_off_once(office: Office) -> None:
    office.channels["inbox"] = Spoken("inbox")
    answers(office, AUTH)
    office.put(message(1), message(2))
    office.deliver()
    ((_, told),) = office.channels["inbox"].got
    assert (told.recipient, "spoken is out of use" in told.subject) == ("admin", True)


def test_switched_on_again_the_messages_leave_at_once(office: Office) -> None:
    answers(office, AUTH)
    office.put(message(1), message(2))
    office.deliver()
    with office.database.write() as connection:
        assert enable_channel(connection, "spoken", NOW, "cli:anna") == 2
    assert office.deliver().sent == 2
    with office.database.write() as connection, pytest.raises(NotFoundError, match="not out of use"):
        enable_channel(connection, "spoken", NOW, "cli:anna")


def test_a_password_that_one_recipient_refuses_concerns_that_recipient_alone(office: Office) -> None:
    office.channels["spoken"].shared = False
    answers(office, AUTH)
    office.put(message(1), message(1, recipient="ben"), message(2))
    report = office.deliver()
    assert (report.sent, report.postponed) == (1, 2)


def test_what_is_critical_does_not_wait_for_a_channel_to_come_back(office: Office) -> None:
    office.channels["other"] = Spoken("other")
    answers(office, AUTH)
    office.put(message(severity=Severity.CRITICAL, fallbacks=(Route("other"), Route("third"))))
    assert office.deliver().sent == 1
    office.clock.move(15 * MINUTE)
    assert office.deliver().postponed == 1  # and it does not turn to the third way on every look
    assert "third" not in [row.channel for row in office.rows()]


def test_dead_messages_are_sent_off_again_by_a_person(office: Office) -> None:
    answers(office, Refused(Failure.CLIENT, "400"), Refused(Failure.ADDRESS, "404"))
    office.put(message(1), message(2, expires_at=NOW + DAY))
    office.deliver()
    office.clock.move(2 * DAY)
    first, second = (row.id for row in office.rows())
    with office.database.write() as connection:
        assert redrive(connection, office.clock.now(), "cli:anna", failure=Failure.ADDRESS) == 1
        assert redrive(connection, office.clock.now(), "cli:anna", [second]) == 0
        assert redrive(connection, office.clock.now(), "cli:anna", channel="other") == 0
        assert redrive(connection, office.clock.now(), "cli:anna", [first]) == 1
        done = connection.execute(select(audit_event.c.actor, audit_event.c.action, audit_event.c.subject_id)).all()
    assert [tuple(one) for one in done] == [("cli:anna", "redrive", str(one)) for one in (second, first)]
    assert office.deliver().sent == 2
    assert [row.redriven for row in office.rows()] == [1, 1]


def test_interrupted_between_two_messages_nothing_is_held(office: Office) -> None:
    def stop(_count: int) -> None:
        raise KeyboardInterrupt

    office.put(message(1), message(2), message(3))
    with pytest.raises(KeyboardInterrupt):
        office.deliver(progress=stop)
    assert office.states() == ["sent", "waiting", "waiting"]
    assert office.deliver().sent == 2


def test_interrupted_while_sending_that_message_alone_waits_for_its_lease(office: Office) -> None:
    answers(office, KeyboardInterrupt())
    office.put(message(1), message(2))
    with pytest.raises(KeyboardInterrupt):
        office.deliver()
    assert office.deliver().sent == 1
    office.clock.move(MINUTE)
    assert office.deliver().sent == 1


def test_a_limit_stops_and_progress_is_told_of_each(office: Office) -> None:
    seen: list[int] = []
    office.put(*(message(one) for one in range(60)))
    assert office.deliver(limit=40, progress=seen.append).handled == len(seen) == 40
    assert office.deliver().sent == 20


def test_what_is_not_due_yet_waits(office: Office) -> None:
    office.put(message(due_at=NOW + MINUTE))
    assert office.deliver().handled == 0
    office.clock.move(MINUTE)
    assert office.deliver().sent == 1


OUTCOMES = st.sampled_from(
    [Sent(None), LATER, AUTH, Refused(Failure.CLIENT, "400"), Retry(Failure.TIMEOUT, "late", uncertain=True)]
)
DEEDS = st.one_of(OUTCOMES, st.integers(-HOUR, DAY), st.sampled_from(["redrive", "enable"]))
FINAL = {Delivery.SENT, Delivery.SUPPRESSED}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(DEEDS, max_size=12))
def test_whatever_happens_each_message_has_one_fate_and_what_is_sent_stays_sent(
    recording: Recording, deeds: list[Any]
) -> None:
    office = _emptied(recording)
    office.put(*(message(one, context=CONTEXT) for one in range(3)))
    settled: dict[int, str] = {}
    for deed in deeds:
        _do(office, deed)
        now = {row.id: row.state for row in office.rows() if row.recipient == "anna"}
        assert len(now) == 3
        assert all(now[one] == state for one, state in settled.items())
        assert Delivery.SENDING not in now.values()
        settled = {one: state for one, state in now.items() if state in FINAL}
    taken = [key for (key, _), said in zip(office.channels["spoken"].got, office.said, strict=True) if said]
    assert len(taken) == len(set(taken)) == len(settled)


@dataclass
class Recording(Office):
    """An office that knows which of its answers were `Sent`."""

    said: list[bool] = field(default_factory=list)


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    database = open_database(f"sqlite:///{tmp_path / 'recording.sqlite'}")
    yield Recording(database)
    database.close()


def _emptied(office: Recording) -> Recording:
    with office.database.write() as connection:
        for table in reversed(outbox.metadata.sorted_tables):
            connection.execute(delete(table))
    office.clock.instant = NOW
    office.channels["spoken"] = Spoken()
    office.said = []
    return office


def _do(office: Recording, deed: Any) -> None:
    if isinstance(deed, int):
        office.clock.move(deed)
    elif deed == "redrive":
        with office.database.write() as connection:
            redrive(connection, office.clock.now(), "test")
    elif deed == "enable":
        with office.database.write() as connection:
            if disabled_channels(connection):
                enable_channel(connection, "spoken", office.clock.now(), "test")
    else:
        spoken = office.channels["spoken"]
        before, spoken.answers = len(spoken.got), [deed] * 30
        office.deliver()
        office.said.extend([isinstance(deed, Sent)] * (len(spoken.got) - before))
