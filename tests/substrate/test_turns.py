"""A turn is held until the transaction ends, and whoever wants it waits."""

from __future__ import annotations

from threading import Thread

from substrate.database import Database
from substrate.turns import hold_turn, take_turn


def test_who_comes_second_waits_for_the_first_to_end(database: Database) -> None:
    order = []

    def second() -> None:
        with database.write() as connection:
            take_turn(connection, "book")
            order.append("second")

    with database.write() as connection:
        take_turn(connection, "book")
        waiting = Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_a_turn_may_be_taken_twice(database: Database) -> None:
    with database.write() as connection:
        take_turn(connection, "book")
        take_turn(connection, "book")


def test_a_long_turn_is_held_over_many_transactions(database: Database) -> None:
    order = []

    def second() -> None:
        with hold_turn(database, "book"):
            order.append("second")

    with hold_turn(database, "book"), hold_turn(database, "another"):
        waiting = Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
