"""Many requests, few transactions."""

from __future__ import annotations

import asyncio

import orjson

from console.web.letterbox import Letterbox
from substrate.arrivals import Arrival, Kept
from tests.counting import counted
from tests.flows.pushing import JSON, NOW, Pushed, patient


def test_all_that_comes_during_a_transaction_is_kept_in_the_next(pushed: Pushed) -> None:
    box = Letterbox(pushed.database, ["lab"], pushed.clock, lambda: None)

    async def many() -> list[Kept]:
        come = [Arrival("lab", f"e{number}", JSON, orjson.dumps(patient()), "w", NOW) for number in range(100)]
        with pushed.database.write() as connection:
            connection.exec_driver_sql("SELECT 1")  # nobody else writes while this transaction lasts
            tasks = [asyncio.ensure_future(box.put(one)) for one in come]
            await asyncio.sleep(0)
        return [receipt.kept for receipt in await asyncio.gather(*tasks)]

    with counted(pushed.database) as told:
        box.start()
        kept = asyncio.run(many())
        box.stop()
    assert kept == [Kept.NEW] * 100
    assert sum(statement.startswith("SELECT inbound_event.event_key") for statement in told) <= 2
