"""What is forgotten: settled messages of alerts that are over. What stays: everything else, and every alert."""

from __future__ import annotations

from sqlalchemy import func, select, update

from automations.alerts import alert, alert_event
from automations.outbox import Delivery, outbox
from automations.retention import forget_messages, stuck_messages
from substrate.clock import DAY, MINUTE
from substrate.retention import bit_by_bit
from tests.automations.post import NOW, Office, message


def settle(office: Office, state: Delivery) -> None:
    """Let all messages come to a state now."""
    with office.database.write() as connection:
        connection.execute(update(outbox).values(state=state.value, changed_at=NOW, lease_until=NOW))


def forgotten(office: Office, before: int = NOW + 1) -> int:
    """How many messages are forgotten."""
    return bit_by_bit(office.database, forget_messages(before))


def test_only_settled_messages_are_forgotten(office: Office) -> None:
    office.put(message(1))
    for state in (Delivery.WAITING, Delivery.SENDING, Delivery.DEAD):
        settle(office, state)
        assert forgotten(office) == 0
    settle(office, Delivery.SUPPRESSED)
    assert forgotten(office) == 1


def test_a_message_is_kept_as_long_as_was_asked(office: Office) -> None:
    office.put(message(1), message(2))
    settle(office, Delivery.SENT)
    assert (forgotten(office, NOW), forgotten(office, NOW + 1)) == (0, 2)


def test_messages_of_an_open_alert_stay_and_no_alert_is_ever_forgotten(office: Office) -> None:
    number = office.alert()
    office.put(message(1, alert_id=number))
    settle(office, Delivery.SENT)
    assert forgotten(office, NOW + 9_999 * DAY) == 0
    office.change(number, state="resolved")
    assert forgotten(office, NOW + 9_999 * DAY) == 1
    with office.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(alert)) == 1
        assert connection.scalar(select(func.count()).select_from(alert_event)) == 0


def test_more_than_one_bite_is_forgotten_in_bites(office: Office) -> None:
    office.put(*(message(one) for one in range(5_001)))
    settle(office, Delivery.SENT)
    assert forgotten(office) == 5_001


def test_messages_that_a_worker_did_not_let_go_of_are_counted(office: Office) -> None:
    office.put(message(1))
    settle(office, Delivery.SENDING)
    with office.database.read() as connection:
        assert [stuck_messages(connection, at) for at in (NOW, NOW + MINUTE)] == [0, 1]
