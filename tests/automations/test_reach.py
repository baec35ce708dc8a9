"""Which entities a change leads to: those whose rules follow a reference to it, or wait for it, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from automations.announcing import Announcement
from automations.live import evaluate_within
from automations.reach import MOST, reached, ways
from automations.reflexes import prepare
from automations.rulebook import rules
from substrate.errors import ConfigurationError
from substrate.records import record_id
from tests.automations.world import T0, Bay, Dose, Line, World


def led(world: World, **changed: set[int]) -> list[tuple[str, int, int]]:
    with world.database.read() as connection:
        known = ways(world.engine.facts, prepare(world.engine, rules(connection)))
        return sorted(reached(connection, known, changed))


def test_a_reference_in_a_condition_leads_back(world: World) -> None:
    world.rule(entity="line", when='bay.occupied > 3 && state == "active"')
    bay = world.put(Bay, "b1", name="B1", beds=2, occupied=9)
    line = world.put(Line, "l1", bay_id=bay, ordered=T0, state="active")
    world.put(Line, "l2", bay_id=record_id("erp", "bay", "b2"), ordered=T0, state="active")
    assert led(world, bay={bay}) == [("line", line, bay)]
    assert led(world, line={line}) == []


def test_what_is_only_shown_leads_nowhere(world: World) -> None:
    world.rule(entity="line", when='state == "active"', values=["bay.name"])
    bay = world.put(Bay, "b1", name="B1", beds=2, occupied=9)
    world.put(Line, "l1", bay_id=bay, ordered=T0, state="active")
    assert led(world, bay={bay}) == []


def test_an_awaited_record_leads_to_whoever_waits(world: World) -> None:
    missing = {"expect": "dose", "by": "line_id", "from": "ordered", "within": "1h"}
    world.rule(entity="line", when=None, missing=missing)
    line = world.put(Line, "l1", bay_id=None, ordered=T0, state="active")
    dose = world.put(Dose, "d1", line_id=line, given=T0, result="given")
    assert led(world, dose={dose}) == [("line", line, dose)]


def test_a_change_leads_to_so_many_and_no_more(world: World) -> None:
    world.rule(entity="line", when="bay.occupied > 3")
    bay = world.put(Bay, "b1", name="B1", beds=2, occupied=9)
    rows = {f"l{number}": {"bay_id": bay, "ordered": T0, "state": "x"} for number in range(MOST + 5)}
    world.put_many(Line, rows)
    assert len(led(world, bay={bay})) == MOST


def test_a_rule_that_fails_undoes_its_own_work_and_no_other(world: World) -> None:
    world.rule()
    world.rule(rule="unlucky", title="Unlucky")
    number = world.put(Bay, "b1", name="B1", beds=2, occupied=3)

    def tell(_connection: Connection, announcements: Sequence[Announcement]) -> int:
        if announcements[0].context["rule"] == "unlucky":
            raise ConfigurationError("no")
        return 1

    engine = replace(world.engine, announce=tell)
    with world.database.write() as connection:
        reflexes = prepare(engine, rules(connection))["bay"]
        report = evaluate_within(connection, engine, reflexes, [number], T0)
    assert (report.errors, report.opened) == ({"unlucky": "no"}, {"high": 1})
    assert [row.rule_id for row in world.alerts()] == ["bay-full"]
