"""What stands around each step that Prefect runs: who may try again, and what an error may say.

Prefect keeps an error's words and shows them, and the words of a stranger's error may repeat protected values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from typing import Any, TypedDict

from prefect import Task
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from substrate.errors import DatabaseError, PlumblineError, SourceError

RETRIES = 3
WAITS = exponential_backoff(backoff_factor=10)
"""10, 20 and 40 seconds between tries, each up to as much again by chance."""

JITTER = 1.0


class Tried(TypedDict):
    """How Prefect is told to run a step: what its decorators take."""

    retries: int
    retry_delay_seconds: Callable[[int], list[float]]
    retry_jitter_factor: float
    retry_condition_fn: Callable[[Task[Any, Any], TaskRun, State[Any]], bool]
    cache_policy: CachePolicy


_OURS = Path(__file__).resolve().parents[1]


class StepFailed(PlumblineError):
    """A step tripped over what nobody foresaw; its own words are left out."""


@contextmanager
def discreet() -> Iterator[None]:
    """Let our own errors through as they are, and of all others only what kind they are and where they came up."""
    try:
        yield
    except PlumblineError:
        raise
    except Exception as error:  # noqa: BLE001 - the edge to Prefect, which stores what an error says
        hint = "Run the same step from the command line to see more; nothing was half done."
        raise StepFailed(f"{type(error).__name__}{_where(error)}", hint=hint) from None


def may_pass(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: a source or a database that is away may come back, a wrong setting may not."""
    found = state.result(raise_on_failure=False)
    return isinstance(found, SourceError | DatabaseError)


TRIED: Tried = {
    "retries": RETRIES,
    "retry_delay_seconds": WAITS,
    "retry_jitter_factor": JITTER,
    "retry_condition_fn": may_pass,
    "cache_policy": NO_CACHE,
}
"""Every step is tried again where that may help, and none is left out because it was done before."""


def _where(error: Exception) -> str:
    """The last line of our own, or else of anybody's, on which it came up."""
    lines = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    lines = [found for found in lines if found[0].is_relative_to(_OURS)] or lines
    return f" at {lines[-1][0].name}:{lines[-1][1]}" if lines else ""
