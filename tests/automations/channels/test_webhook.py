"""Webhooks in particular: the signature, the wait that a receiver asks for, and where nothing is posted."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator

import httpx
import orjson
import pytest
from pydantic import SecretStr

from automations.channels.channel import Failure, Refused, Rendered, Retry, Sent
from automations.channels.webhook import Webhook, address_of, outcome_of, wire_id
from substrate.clock import DAY, SECOND, ManualClock
from tests.automations.channels.http_receiver import Receiver, serving

NOW = 1_559_397_900_000_000
KEY = SecretStr("whsec_" + base64.b64encode(b"0123456789abcdef").decode())


@pytest.fixture
def receiver() -> Receiver:
    """A receiver that takes everything."""
    return Receiver()


@pytest.fixture
def address(receiver: Receiver) -> Iterator[str]:
    """Where it listens."""
    with serving(receiver) as url:
        yield url


def send(address: str, seconds: float = 10.0) -> Sent | Retry | Refused:
    """Send one message, quickly."""
    message = Rendered("Subject", "Text", None, {"rule": "late"}, "anna", address, "high", "fired", NOW)
    return Webhook(KEY, timeout=httpx.Timeout(seconds), clock=ManualClock(NOW)).send(message, "key-1")


def test_the_signature_is_what_standard_webhooks_says(receiver: Receiver, address: str) -> None:
    send(address)
    post = receiver.posts[0]
    signed = b"key-1." + str(NOW // SECOND).encode() + b"." + post.body
    expected = base64.b64encode(hmac.new(b"0123456789abcdef", signed, hashlib.sha256).digest()).decode()
    assert post.headers["webhook-signature"] == f"v1,{expected}"
    assert (post.headers["webhook-id"], post.headers["webhook-timestamp"]) == ("key-1", "1559397900")


def test_a_message_is_json_that_a_machine_can_act_on(receiver: Receiver, address: str) -> None:
    send(address)
    told = orjson.loads(receiver.posts[0].body)
    assert (told["id"], told["type"], told["timestamp"]) == ("key-1", "alert.fired", "2019-06-01T14:05:00Z")
    assert told["data"]["alert"] == {"rule": "late"}


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        ("7", 7 * SECOND),
        ("Sat, 01 Jun 2019 14:06:00 GMT", 60 * SECOND),
        ("Sat, 01 Jun 2019 14:00:00 GMT", 0),
        ("9" * 400, DAY),
        ("soon", None),
        ("²", None),
        (None, None),
    ],
)
def test_the_wait_that_is_asked_for_is_kept(asked: str | None, after: int | None) -> None:
    assert outcome_of(429, asked, "h", NOW) == Retry(Failure.RATE_LIMITED, "h answered 429", after)


def test_the_wait_comes_from_the_answer(receiver: Receiver, address: str) -> None:
    receiver.status, receiver.answer_headers = 503, {"Retry-After": "30"}
    assert send(address) == Retry(Failure.SERVER, "127.0.0.1 answered 503", 30 * SECOND)


def test_a_redirect_is_not_followed(receiver: Receiver, address: str) -> None:
    receiver.status, receiver.answer_headers = 308, {"Location": address}
    assert isinstance(send(address), Refused)
    assert receiver.posts == []


@pytest.mark.parametrize(("status", "uncertain"), [(0, True), (-1, True), (500, False)])
def test_a_lost_answer_leaves_doubt(receiver: Receiver, address: str, status: int, uncertain: bool) -> None:
    receiver.status = status
    outcome = send(address, 0.3 if status == -1 else 10.0)
    assert isinstance(outcome, Retry)
    assert outcome.uncertain is uncertain


def test_a_receiver_that_is_not_there_leaves_no_doubt() -> None:
    with serving(Receiver()) as gone:
        pass
    assert send(gone) == Retry(Failure.NETWORK, "127.0.0.1 could not be reached (ConnectError)")


@pytest.mark.parametrize(
    "url", ["http://hook.example/x", "https://user:pa55@hook.example", "//hook.example", "https://"]
)
def test_only_encrypted_addresses_without_credentials_are_posted_to(url: str) -> None:
    outcome = address_of(url)
    assert isinstance(outcome, Refused)
    assert "pa55" not in outcome.why


@pytest.mark.parametrize("url", ["https://hook.example/x", "http://127.0.0.1:80/x", "http://[::1]/x"])
def test_other_addresses_are(url: str) -> None:
    assert isinstance(address_of(url), httpx.URL)


def test_a_deployer_may_allow_plain_addresses() -> None:
    assert isinstance(address_of("http://erp.internal/x", allow_plain=True), httpx.URL)


@pytest.mark.parametrize("key", ["plain:key-1", "with space", "é", "line\nbreak"])
def test_an_id_fits_into_a_header(key: str) -> None:
    assert wire_id(key).isascii()
    assert wire_id(key).isprintable()
    assert (wire_id(key) == key) == (key == "plain:key-1")
