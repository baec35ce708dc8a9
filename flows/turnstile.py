"""One at a time: a named limit at the Prefect server that only one run passes, and that lets go of the dead."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists

TAG = "plumbline"
"""The tag of all our deployments."""

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


def let_go(client: SyncPrefectClient) -> list[str]:
    """Free deployments that nobody runs and whose limit is taken all the same, and name them.

    A server that was killed with a run may have forgotten whose turn it was; every later run would be left out.

    Args:
        client: of the Prefect server.
    """
    ours = client.read_deployments(deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])))
    freed = []
    for one in ours:
        limit = one.global_concurrency_limit
        if limit is not None and limit.active_slots and not _runs(client, one.id):
            client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(active_slots=0))
            freed.append(one.name)
    return freed


def _runs(client: SyncPrefectClient, deployment: UUID) -> bool:
    under_way = FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING])
    return bool(
        client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=under_way)),
            limit=1,
        )
    )
