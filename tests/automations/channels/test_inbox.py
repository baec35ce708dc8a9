"""The inbox in particular, on both databases: unread messages, and whose they are."""

from __future__ import annotations

import pytest

from automations.channels.channel import Failure, Rendered, Retry, Sent
from automations.channels.inbox import Inbox, mark_read, unread
from automations.delivery import deliver_due
from automations.outbox import Route
from automations.templating import Templates
from substrate.clock import ManualClock
from substrate.database import Database
from substrate.schema import SYSTEM
from tests.automations.post import Office, message
from tests.counting import counted

MESSAGE = Rendered("Subject", "Text", "<p>Text</p>", {"rule": "late"}, "anna", None, "high", "fired", 1_000)


@pytest.fixture
def inbox(database: Database) -> Inbox:
    """An empty inbox."""
    SYSTEM.create_all(database.engine)
    return Inbox(database, ManualClock(2_000))


def test_newest_unread_come_first(inbox: Inbox, database: Database) -> None:
    sent = [inbox.send(MESSAGE, key) for key in ("a", "b", "a")]
    with database.read() as connection:
        found = unread(connection, "anna")
    assert sent == [Sent(f"inbox:{found[1]}"), Sent(f"inbox:{found[0]}"), Sent(f"inbox:{found[1]}")]


def test_only_its_reader_reads_a_message_and_only_once(inbox: Inbox, database: Database) -> None:
    inbox.send(MESSAGE, "a")
    with database.write() as connection:
        number = unread(connection, "anna")[0]
        turns = [mark_read(connection, number, who, 3_000) for who in ("ben", "anna", "anna")]
        assert turns == [False, True, False]
        assert unread(connection, "anna") == []


def test_a_database_that_is_not_ready_is_tried_again(database: Database) -> None:
    outcome = Inbox(database).send(MESSAGE, "a")
    assert outcome == Retry(Failure.NETWORK, "the database could not be written to")


def test_a_message_is_kept_in_the_transaction_of_its_fate(inbox: Inbox, database: Database) -> None:
    office = Office(database)
    office.put(message(route=Route("inbox"), alert_id=None))
    with counted(database) as told:
        report = deliver_due(database, {"inbox": inbox}, Templates(), office.clock)
    kept = next(place for place, said in enumerate(told) if said.startswith("INSERT INTO inbox_message"))
    settled = next(place for place, said in enumerate(told[kept:], kept) if said.startswith("UPDATE outbox"))
    assert report.sent == 1
    assert not [said for said in told[kept:settled] if said.startswith("BEGIN")]


def test_what_is_rolled_back_leaves_no_message(inbox: Inbox, database: Database) -> None:
    with database.write() as connection:
        assert isinstance(inbox.keep(connection, MESSAGE, "a"), Sent)
        connection.rollback()
    with database.read() as connection:
        assert unread(connection, "anna") == []
