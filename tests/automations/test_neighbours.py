"""Several messages leave at once, never two of one story, and never many to a server that may hang."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from automations.alerts import alert
from automations.channels.channel import Rendered, Sent
from automations.leases import Leased
from automations.neighbours import AT_ONCE, together
from automations.outbox import Delivery, Route
from automations.resting import PATIENCE
from automations.rules import Severity
from tests.automations.post import NOW, Answer, Office, Spoken, message

PLACES = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["anna", "ben"]), st.sampled_from(["smtp", "webhook"]))


def leased(number: int, mark: str, recipient: str, channel: str) -> Leased:
    return Leased(
        number, str(number), "live", None, mark, 1, 1, recipient, recipient, None, "fired", Severity.LOW, None, 0, None,
        False, False, NOW, None, Route(channel), (), {}, "token", NOW,
    )  # fmt: skip


@given(st.lists(PLACES, max_size=60))
def test_groups_keep_the_order_and_hold_no_two_of_one_story(places: list[tuple[str, str, str]]) -> None:
    held = [leased(number, *place) for number, place in enumerate(places)]
    groups = list(together(held, lambda _one: PATIENCE))
    assert [one for group in groups for one in group] == held
    for group in groups:
        assert len(group) <= AT_ONCE
        assert len({(one.fingerprint, one.recipient, one.channel) for one in group}) == len(group)
        assert max(Counter(one.channel for one in group).values()) <= PATIENCE


class Meeting(Spoken):
    """A channel that answers only when as many messages are there as may be on their way at once."""

    barrier = Barrier(PATIENCE, timeout=30)

    def send(self, _message: object, key: str) -> Sent:
        self.barrier.wait()
        return Sent(key)


def test_messages_to_one_server_are_on_their_way_together(office: Office) -> None:
    office.channels = {"spoken": Meeting()}
    office.put(*(message(one, fingerprint=str(one), alert_id=None) for one in range(PATIENCE * 2)))
    assert office.deliver().sent == PATIENCE * 2


class Crowd(Spoken):
    """A server that answers, and from then on waits until as many messages are there as may be at most."""

    barrier = Barrier(AT_ONCE, timeout=30)

    def send(self, message: Rendered, key: str) -> Answer:
        self.got.append((key, message))
        if len(self.got) > PATIENCE:
            self.barrier.wait()
        return Sent(key)


def test_a_server_that_answers_is_asked_for_more_at_once(office: Office) -> None:
    office.channels = {"spoken": Crowd()}
    count = PATIENCE + AT_ONCE
    office.put(*(message(one, fingerprint=str(one), alert_id=None) for one in range(count)))
    assert office.deliver().sent == count


def test_ctrl_c_in_one_leaves_the_others_settled(office: Office) -> None:
    office.channels = {"well": Spoken("well"), "spoken": Spoken(answers=[KeyboardInterrupt()])}
    ways = (Route("well"), Route("spoken"), Route("spoken"))
    office.put(*(message(one, alert_id=None, fingerprint=str(one), route=way) for one, way in enumerate(ways)))
    with pytest.raises(KeyboardInterrupt):
        office.deliver()
    assert sorted(office.states()).count(Delivery.SENT) == 2
    assert office.deliver().sent == 0


def test_an_alert_that_somebody_is_changing_holds_up_its_own_message_alone(office: Office) -> None:
    if office.database.is_sqlite:  # nobody else can be writing there
        return
    busy, free = office.alert(1), office.alert(2)
    office.put(message(1, alert_id=busy, fingerprint="a"), message(2, alert_id=free, fingerprint="b"))
    with office.database.write() as connection, ThreadPoolExecutor() as pool:
        connection.execute(update(alert).where(alert.c.id == busy).values(count=2))
        run = pool.submit(office.deliver)
        while not office.channels["spoken"].got:
            assert not wait([run], timeout=0.01).done
        connection.commit()
    assert run.result().sent == 2
    assert [row.provider_id for row in office.rows()] == ["p-2", "p-1"]
