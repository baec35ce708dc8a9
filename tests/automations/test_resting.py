"""A server that does not answer holds up neither the run nor anybody else's messages."""

from __future__ import annotations

import pytest

from automations.channels.channel import Failure, Refused, Retry, Sent
from automations.outbox import Route
from automations.resting import PATIENCE, Resting
from substrate.clock import HOUR, MINUTE, SECOND
from substrate.database import Database
from tests.automations.post import Office, Spoken, message

SILENT = Retry(Failure.TIMEOUT, "no answer in 15 s")


@pytest.fixture
def office(database: Database) -> Office:
    """An office with a channel whose server is down, and one that is well."""
    made = Office(database)
    made.channels = {"down": Spoken("down", [SILENT] * 500), "well": Spoken("well")}
    return made


@pytest.mark.parametrize("said", [Sent(None), Refused(Failure.ADDRESS, "550"), Retry(Failure.SERVER, "503")])
def test_any_answer_shows_that_the_server_is_there(said: Sent | Retry | Refused) -> None:
    resting = Resting()
    for answer in [SILENT] * (PATIENCE - 1) + [said] + [SILENT] * (PATIENCE - 1):
        resting.note("smtp", "", answer)
    assert not resting.rests("smtp", "")
    resting.note("smtp", "", SILENT)
    assert (resting.rests("smtp", ""), resting.rests("webhook", "anna")) == (True, False)


def test_after_three_silences_the_others_wait_without_an_attempt(office: Office) -> None:
    office.put(*(message(one, route=Route("down")) for one in range(10)), message(11, route=Route("well")))
    report = office.deliver()
    assert (report.sent, report.retried, report.postponed) == (1, PATIENCE, 10 - PATIENCE)
    assert sorted(row.attempts for row in office.rows()) == [0] * 7 + [1] * 4


def test_the_next_run_asks_again_and_what_waited_arrives(office: Office) -> None:
    office.put(*(message(one, route=Route("down")) for one in range(10)))
    office.deliver()
    office.channels["down"].answers.clear()
    office.clock.move(MINUTE)
    assert office.deliver().sent == 10


def test_a_run_ends_however_long_its_attempts_take(office: Office) -> None:
    office.channels["down"].answers = [Retry(Failure.SERVER, "503")] * 500
    office.put(*(message(one, route=Route("down")) for one in range(30)))
    report = office.deliver(progress=lambda _: office.clock.move(20 * SECOND))
    assert report.retried in (30, 31)  # the first ends in the very instant at which the run began


def test_a_clock_that_is_set_back_does_not_hold_up_what_failed(office: Office) -> None:
    office.put(message(route=Route("down")))
    office.deliver()
    office.channels["down"].answers.clear()
    office.clock.move(-HOUR)
    assert office.deliver().sent == 1
