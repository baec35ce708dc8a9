"""Two evaluators at once, in threads and in processes: every episode, entry and message once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from automations.alerts import alert
from automations.announcing import Announcement
from automations.engine import Engine, evaluate
from automations.live import evaluate_entities
from automations.reflexes import prepare
from automations.rulebook import rules
from substrate.audit import AuditEvent, audit_event, record_event
from substrate.clock import MINUTE
from substrate.database import open_database
from substrate.facts import Facts
from substrate.records import record_id
from tests.automations.world import RECORDS, T0, Bay, World

BAYS = 60


def fill(world: World, occupied: int = 3) -> None:
    world.put_many(Bay, {f"b{n}": {"name": f"B{n}", "beds": 2, "occupied": occupied} for n in range(BAYS)})


def note(connection: Connection, announcements: Sequence[Announcement]) -> int:
    """Write what is told into the audit, in the transaction of the decision."""
    for one in announcements:
        key = f"{one.alert_id}:{one.sequence}:{one.send}"
        record_event(connection, AuditEvent(one.created_at, "test", "told", "alert", key))
    return len(announcements)


def one_evaluator(url: str, at: int) -> None:
    """Open the database anew and evaluate a few times."""
    database = open_database(url)
    engine = Engine(database, "test", Facts(RECORDS), announce=note)
    for place in range(3):
        evaluate(engine, at + place * MINUTE)
    database.close()


def told(world: World) -> tuple[int, int]:
    """How many messages were told, and how many different ones."""
    with world.database.read() as connection:
        keys = list(connection.scalars(select(audit_event.c.subject_id).where(audit_event.c.action == "told")))
    return len(keys), len(set(keys))


def test_two_threads_open_and_tell_each_alert_once(world: World) -> None:
    world.rule()
    fill(world)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one_evaluator, [_url(world)] * 2, [T0, T0]))
    assert world.states() == ["firing"] * BAYS
    assert world.actions().count("opened") == BAYS
    assert told(world) == (BAYS, BAYS)


@pytest.mark.slow
def test_two_processes_open_and_tell_each_alert_once(world: World) -> None:
    world.rule()
    fill(world)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(one_evaluator, [_url(world)] * 2, [T0, T0]))
    assert world.actions().count("opened") == BAYS
    assert told(world) == (BAYS, BAYS)


def test_an_event_and_the_regular_evaluation_at_once_double_nothing(world: World) -> None:
    world.rule()
    fill(world)
    engine = Engine(world.database, "test", Facts(RECORDS), announce=note)
    with world.database.read() as connection:
        reflexes = prepare(engine, rules(connection))["bay"]
    ids = [record_id("erp", "bay", f"b{n}") for n in range(BAYS)]
    with ThreadPoolExecutor(2) as pool:
        regular = pool.submit(lambda: evaluate(engine, T0))
        event = pool.submit(lambda: evaluate_entities(engine, reflexes, ids, T0))
    assert regular.result().errors == event.result().errors == {}
    assert told(world) == (BAYS, BAYS)


def test_the_database_itself_refuses_a_second_open_episode(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(T0)
    (row,) = world.alerts()
    copy = {**row._mapping, "id": row.id + 1, "episode": 2}
    with pytest.raises(IntegrityError), world.database.write() as connection:
        connection.execute(insert(alert).values(copy))
    with world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(alert)) == 1


def test_a_transaction_that_is_given_up_leaves_no_alert_and_no_message(world: World) -> None:
    def refuse(connection: Connection, announcements: Sequence[Announcement]) -> int:
        note(connection, announcements)
        raise IntegrityError("outbox", {}, ValueError("no room"))

    world.rule()
    fill(world)
    engine = Engine(world.database, "test", Facts(RECORDS), announce=refuse)
    assert evaluate(engine, T0).errors == {"bay-full": "database error IntegrityError"}
    assert (world.alerts(), world.actions(), told(world)) == ([], [], (0, 0))


def _url(world: World) -> str:
    return world.database.engine.url.render_as_string(hide_password=False)
