"""One word leads from the event that was pushed to the message that was delivered: in rows, in logs and in traces."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from substrate.correlation import correlated, correlated_each, correlation
from substrate.records import record_id
from tests.automations.post import CONTEXT, Office, Spoken, message
from tests.automations.test_live import react
from tests.automations.world import Bay, World

WORD, OTHER = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"


def put_two(world: World) -> list[int]:
    world.rule()
    world.put_many(Bay, {key: {"name": key, "beds": 2, "occupied": 3} for key in ("b1", "b2")})
    return [record_id("erp", "bay", key) for key in ("b1", "b2")]


def words(world: World) -> dict[int, str | None]:
    return {one.context["subject"]["id"]: one.context.get("correlation") for one in world.told}


def test_what_is_told_carries_the_word_of_its_event(world: World) -> None:
    first, second = put_two(world)
    with correlated(WORD):
        react(world, "bay", "b1")
    react(world, "bay", "b2")
    assert words(world) == {first: WORD, second: None}


def test_within_a_batch_each_entity_has_the_word_of_its_own_event(world: World) -> None:
    first, second = put_two(world)
    with correlated_each({first: WORD, second: OTHER}):
        react(world, "bay", "b1", "b2")
    assert words(world) == {first: WORD, second: OTHER}


class Listens(Spoken):
    """A channel that notes under which word it is asked to send."""

    heard: str | None = None

    def send(self, message: Any, key: str) -> Any:
        self.heard = correlation()
        return super().send(message, key)


def test_a_message_is_delivered_and_logged_under_its_word(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    office.channels["spoken"] = channel = Listens()
    office.put(message(context={**CONTEXT, "correlation": WORD}))
    office.deliver()
    (record,) = [one for one in caplog.records if one.name == "automations.delivery"]
    assert (channel.heard, correlation()) == (WORD, None)
    assert (record.getMessage(), vars(record)["channel"]) == ("message sent", "spoken")


def test_the_log_of_a_delivery_says_nothing_of_whom_it_is_about(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    office.put(message())
    office.deliver()
    logged = "".join(str(vars(one)) for one in caplog.records)
    assert "message sent" in logged
    assert not any(word in logged for word in ("Bay 1", "anna", "example.org"))
