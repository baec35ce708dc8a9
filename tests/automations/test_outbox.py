"""What is enqueued is there once, in the caller's transaction, and counted."""

from __future__ import annotations

from typing import Any

import pytest

from automations.outbox import Delivery, Route, count_outbox, enqueue, list_outbox
from substrate.columns import Sensitivity
from tests.automations.post import NOW, Office, message


def test_the_same_message_twice_is_there_once(office: Office) -> None:
    assert office.put(message(1), message(1), message(2)) == 2
    assert office.put(message(1), message(3)) == 1


@pytest.mark.parametrize("count", [3, 500])
def test_only_new_ones_are_counted_in_small_and_large_batches(office: Office, count: int) -> None:
    assert office.put(*(message(one) for one in range(count))) == count
    assert office.put(*(message(one) for one in range(1, count + 1))) == 1


@pytest.mark.parametrize(
    "other",
    [{"timeline": "t"}, {"fingerprint": "0"}, {"episode": 2}, {"sequence": 2}, {"recipient": "ben"},
     {"route": Route("mail")}],
)  # fmt: skip
def test_whatever_tells_messages_apart_is_in_the_key(other: dict[str, Any]) -> None:
    assert message(**other).key != message().key


def test_neither_severity_nor_address_nor_words_are_in_the_key() -> None:
    assert message(context={}, route=Route("spoken", "elsewhere")).key == message().key


def test_a_transaction_that_fails_leaves_no_message(office: Office) -> None:
    with pytest.raises(ZeroDivisionError):
        _enqueue_and_fail(office)
    assert office.rows() == []


def _enqueue_and_fail(office: Office) -> None:
    with office.database.write() as connection:
        raise ZeroDivisionError(enqueue(connection, [message()], NOW))


def test_a_list_shows_the_newest_first_and_nothing_of_what_is_said(office: Office) -> None:
    office.put(message(1), message(2), message(3))
    with office.database.read() as connection:
        listed = list_outbox(connection, Delivery.WAITING, 2)
        assert count_outbox(connection)[Delivery.WAITING] == 3
    assert [one.state for one in listed] == [Delivery.WAITING] * 2
    assert listed[0].id > listed[1].id
    assert "Bay 1" not in repr(listed)


def test_what_was_enqueued_comes_back_whole(office: Office) -> None:
    office.put(message(route=Route("spoken", "env:ADDRESS", Sensitivity.PII), fallbacks=(Route("inbox"),)))
    row = office.rows()[0]
    assert (row.address, row.clearance, row.fallbacks) == ("env:ADDRESS", 2, '[["inbox",null,null]]')
