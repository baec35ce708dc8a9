"""Long work and short answers on one machine: what can wait goes last, and what is asked is not kept waiting."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from threading import get_native_id

_STEPS = 10
_ALLOCATIONS = 50_000
"""Between two looks for garbage cycles; a hundred pushed events make about as many objects, and no cycles."""

_TURN_SECONDS = 0.000_5
"""After so long a thread that computes lets another one run. At Python's 5 ms, a search that reads, computes and reads
again would wait for that at each of its steps while the index is followed."""


def go_last() -> None:
    """From now on, let other threads and processes go before this thread, and before those that it starts.

    Ten steps of `nice` leave it a tenth of a core that somebody else wants, and all of one that nobody does; as batch
    work it interrupts nobody when it wakes. There is no way back without privileges. Elsewhere than on Linux, where a
    thread has no priority of its own, nothing happens.
    """
    this = get_native_id()
    if sys.platform == "linux":
        # It is a wish: a container may not allow it.
        with suppress(PermissionError):
            os.sched_setscheduler(this, os.SCHED_BATCH, os.sched_param(0))
            if os.getpriority(os.PRIO_PROCESS, this) < _STEPS:
                os.setpriority(os.PRIO_PROCESS, this, _STEPS)


def answer_promptly() -> None:
    """Let this process answer while it does other work; to be called again when much was loaded that stays.

    Garbage cycles are looked for rarely, and never again among what is loaded by now: with an index of 100,000 chunks
    and all libraries one look kept everything waiting for 160 ms (measured). Threads take turns ten times as often.
    """
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, *gc.get_threshold()[1:])
    sys.setswitchinterval(_TURN_SECONDS)
