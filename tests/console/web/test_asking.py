"""Whoever asks is let in or turned away, however many others wait for something slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

import pytest
from starlette.requests import Request

from console.web.asking import Reception, Refused
from console.web.pace import Pace
from substrate.clock import SystemClock
from substrate.database import Database, open_database
from substrate.keyring import Keyring
from substrate.migrate import upgrade


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A database without any key."""
    found = open_database(f"sqlite:///{tmp_path / 'keys.sqlite'}")
    upgrade(found, [])
    return found


def request(key: str = "") -> Request:
    """A request from elsewhere."""
    shown = [(b"authorization", f"Bearer {key}".encode())]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": shown, "client": ("10.0.0.9", 1)})


@asynccontextmanager
async def besieged(database: Database, count: int, *, slow: bool) -> AsyncIterator[Reception]:
    """A reception where so many wait for what does not come."""
    reception = Reception(Keyring(database), SystemClock(), Pace(60))
    over = Event()
    waiting = [asyncio.ensure_future(reception.done(lambda: over.wait(30), slow=slow)) for _ in range(count)]
    await asyncio.sleep(0)
    try:
        yield reception
    finally:
        over.set()
        await asyncio.gather(*waiting, return_exceptions=True)
        reception.close()
        database.close()


async def _turned_away(database: Database, slow: bool) -> int:
    async with besieged(database, 200, slow=slow) as reception:
        with pytest.raises(Refused) as refused:
            await asyncio.wait_for(reception.caller(request("pl_0123456789ab_" + "x" * 43)), 5)
        return refused.value.status


@pytest.mark.parametrize("slow", [True, False], ids=["answers", "searches"])
def test_strangers_are_turned_away_whatever_others_wait_for(database: Database, slow: bool) -> None:
    assert asyncio.run(_turned_away(database, slow)) == 401


def test_searches_go_on_while_answers_wait_for_a_model(database: Database) -> None:
    async def tried() -> int:
        async with besieged(database, 200, slow=True) as reception:
            return await asyncio.wait_for(reception.done(lambda: 7), 5)

    assert asyncio.run(tried()) == 7


def test_what_waits_is_bounded_and_the_next_is_told_when_to_come_again(database: Database) -> None:
    async def tried() -> Refused:
        async with besieged(database, 64, slow=True) as reception:
            with pytest.raises(Refused) as refused:
                await reception.done(lambda: 7, slow=True)
            return refused.value

    refused = asyncio.run(tried())
    assert (refused.status, refused.answer().headers["retry-after"]) == (503, "2")
