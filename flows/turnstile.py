"""One at a time: a named limit at the Prefect server that only one run passes, and that lets go of the dead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists

_LEASE_SECONDS = 60
"""A run that was killed holds up the next for so long at most."""


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Wait until no other run holds the name, and hold it until the block ends.

    It keeps runs from standing in each other's way, no more: two that pass at once, because the server was away, come
    to the same end as one after the other.
    """
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):
        client.upsert_global_concurrency_limit_by_name(name, 1)
    with concurrency(name, lease_duration=_LEASE_SECONDS, raise_on_lease_renewal_failure=False):
        yield
