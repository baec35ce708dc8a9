"""The flow that looks after the house: retention, the database's files, what is stuck, runs that lost their process."""

from __future__ import annotations

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client

from flows import upkeep
from flows.accounts import number_lines
from flows.guarded import TRIED, discreet
from flows.hooks import HOOKS
from flows.installation import installation, load_settings
from flows.onward import link_to_state
from flows.timetable import TIME_LIMITS, all_turns, subject_of
from flows.trouble import tell_overdue, went_wrong
from flows.turnstile import let_go
from flows.zombies import close_zombies, try_again
from substrate.clock import from_micros


@flow(
    flow_run_name="maintenance",
    timeout_seconds=TIME_LIMITS["maintenance"],
    **HOOKS,
)
def maintenance() -> dict[str, int]:
    """Forget what need not be kept, look after the database, and report what is stuck or late."""
    link_to_state(load_settings(), "maintenance-now")
    numbers = {"zombies": close(), "late": late()}
    forgotten, seen = forget(), inspect()
    for name, count in {**numbers, "stuck_messages": seen["stuck_messages"]}.items():
        if count:
            get_run_logger().warning("%s: %s", name, count)
    lines = number_lines("found", numbers) + number_lines("forgotten", forgotten) + number_lines("database", seen)
    create_table_artifact(lines, key="maintenance", description="What was found, forgotten and looked after.")
    return {**numbers, **forgotten, **seen}


@task(
    task_run_name="forget",
    **TRIED,
)
def forget() -> dict[str, int]:
    """Retention, bit by bit."""
    with discreet(), installation() as opened:
        return upkeep.forget(opened)


@task(
    task_run_name="look after the database",
    **TRIED,
)
def inspect() -> dict[str, int]:
    """Statistics and room."""
    with discreet(), installation() as opened:
        return upkeep.inspect(opened)


@task(task_run_name="close zombies", cache_policy=NO_CACHE)
def close() -> int:
    """Have runs that lost their process tried again; close those that ran too long, and tell the steward of each."""
    with discreet(), installation() as opened, get_client(sync_client=True) as client:
        now = from_micros(opened.clock.now())
        _again, lost = try_again(client, now)
        found = lost + close_zombies(client, now)
        let_go(client)
        for name, run in found:
            subject = subject_of(name, run.parameters)
            went_wrong(opened.settings, opened.database, opened.clock, subject, "crashed", "its process is gone")
    return len(found)


@task(task_run_name="look for what is late", cache_policy=NO_CACHE)
def late() -> int:
    """Tell the steward of work that has not run well for too long."""
    with discreet(), installation() as opened:
        due = all_turns(opened.settings, opened.verticals)
        return len(tell_overdue(opened.settings, opened.database, opened.clock, due))
