"""One at a time: a named limit at the Prefect server that only one run passes, and that lets go of the dead."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists

log = logging.getLogger(__name__)

_LEASE_SECONDS = 60
"""A run that was killed holds up the next for so long at most."""

_PATIENCE_SECONDS = 600.0
"""A server that was killed may have forgotten who held a name, and then never lets go of it."""


@contextmanager
def one_at_a_time(name: str, patience_seconds: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Wait until no other run holds the name, and hold it until the block ends; go on without it after a long wait.

    It keeps runs from standing in each other's way, no more: two that pass at once come to the same end as one after
    the other.
    """
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):
        client.upsert_global_concurrency_limit_by_name(name, 1)
    with ExitStack() as stack:
        held = concurrency(
            name,
            lease_duration=_LEASE_SECONDS,
            raise_on_lease_renewal_failure=False,
            timeout_seconds=patience_seconds,
        )
        try:
            stack.enter_context(held)
        except TimeoutError:
            log.warning("%s is held for %s s; this run goes on without it", name, round(patience_seconds))
        yield
