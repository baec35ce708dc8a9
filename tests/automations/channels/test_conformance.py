"""The conformance suite, run over every channel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from automations.channels import OPENERS, channels
from automations.channels.channel import Failure, Refused, Retry, Sent
from substrate.columns import Sensitivity
from substrate.database import open_database
from substrate.settings import Settings
from tests.automations.channels.conformance import Harness, rendered
from tests.automations.channels.harnesses import HARNESSES, TROUBLES
from tests.automations.sample_alert import PROTECTED

Make = Callable[[str], Harness]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Opens a channel with its receiver."""
    database = open_database(f"sqlite:///{tmp_path / 'test.sqlite'}")
    with ExitStack() as stack:
        stack.callback(database.close)
        yield lambda name: HARNESSES[name](tmp_path, database, stack)


@pytest.fixture(params=HARNESSES)
def harness(request: pytest.FixtureRequest, make: Make) -> Harness:
    """One channel after another."""
    return make(request.param)


def test_a_message_arrives_once(harness: Harness) -> None:
    assert isinstance(harness.channel.send(rendered(harness), "key-1"), Sent)
    assert harness.arrived() == 1


def test_two_keys_are_two_messages(harness: Harness) -> None:
    for key in ("key-1", "key-2"):
        assert isinstance(harness.channel.send(rendered(harness), key), Sent)
    assert harness.arrived() == 2


def test_one_key_twice_is_one_message(harness: Harness) -> None:
    first, second = (harness.channel.send(rendered(harness), "key-1") for _ in range(2))
    assert isinstance(first, Sent)
    assert first == second
    assert harness.arrived() == 1


@pytest.mark.parametrize("key", ["key/with:signs é", "../../etc/passwd", "k" * 190])
def test_any_key_will_do(harness: Harness, key: str) -> None:
    assert isinstance(harness.channel.send(rendered(harness), key), Sent)
    assert isinstance(harness.channel.send(rendered(harness), key), Sent)
    assert harness.arrived() == 1


def test_nothing_above_the_clearance_leaves(harness: Harness) -> None:
    assert isinstance(harness.channel.send(rendered(harness), "key-1"), Sent)
    seen = [words for words in PROTECTED if words in harness.left()]
    assert bool(seen) == (harness.channel.clearance is Sensitivity.PHI), seen


def test_what_it_is_cleared_for_arrives(harness: Harness) -> None:
    harness.channel.send(rendered(harness), "key-1")
    for words in ("Critical result that nobody acknowledged", "ge of released at 42 min", "alerts ack 00001f41"):
        assert words in harness.left()


@pytest.mark.parametrize(("name", "trouble"), TROUBLES)
def test_failures_are_classed_and_later_mended(make: Make, name: str, trouble: str) -> None:
    harness = make(name)
    harness.break_it(trouble)
    outcome = harness.channel.send(rendered(harness), "key-1")
    assert isinstance(outcome, Retry | Refused)
    assert (type(outcome), outcome.failure) == harness.troubles[trouble]
    harness.mend()
    assert isinstance(harness.channel.send(rendered(harness), "key-1"), Sent)


@pytest.mark.parametrize(("name", "trouble"), TROUBLES)
def test_why_it_failed_may_be_shown_to_anybody(make: Make, name: str, trouble: str) -> None:
    harness = make(name)
    harness.break_it(trouble)
    outcome = harness.channel.send(rendered(harness), "key-1")
    assert isinstance(outcome, Retry | Refused)
    told = [*harness.secrets, *PROTECTED, "Silva", harness.address or "Silva"]
    assert outcome.why
    assert [words for words in told if words in outcome.why] == []


def test_secrets_stay_out_of_texts_and_logs(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    outcome = harness.channel.send(rendered(harness), "key-1")
    inside = getattr(harness.channel, "__dict__", {})
    said = f"{harness.channel!r} {inside!r} {outcome!r} {caplog.text}"
    assert [secret for secret in harness.secrets if secret in said] == []


@pytest.mark.parametrize("name", ["smtp", "webhook"])
@pytest.mark.parametrize("address", [None, "", "nowhere", "a b@c", "ftp://x/y", "anna@x\r\nBcc: all@y", "http://["])
def test_an_address_that_is_none_is_refused(make: Make, name: str, address: str | None) -> None:
    harness = make(name)
    harness.address = address
    outcome = harness.channel.send(rendered(harness), "key-1")
    assert isinstance(outcome, Refused)
    assert outcome.failure is Failure.ADDRESS
    assert harness.arrived() == 0


def test_the_suite_runs_over_every_installed_channel(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, smtp_url=SecretStr("smtps://mail.example"))
    assert list(channels(settings, open_database("sqlite://"))) == list(HARNESSES)
    assert len(OPENERS) == len(HARNESSES)


def test_mail_is_left_out_without_a_server(tmp_path: Path) -> None:
    assert "smtp" not in channels(Settings(home=tmp_path), open_database("sqlite://"))
