"""A kind's table of superseded versions is declared once, whoever asks for it first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from substrate.records import history_of
from tests.substrate.features.house import Ward


def test_threads_that_ask_together_get_one_table() -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(history_of.__wrapped__, [Ward] * 50))
    assert set(found) == {history_of(Ward)}
