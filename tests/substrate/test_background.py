"""What goes last lets others go first, and only that."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASKED = """
import os
from threading import Thread, get_native_id
from substrate.background import go_last
def mine():
    return os.getpriority(os.PRIO_PROCESS, get_native_id())
seen = []
def behind():
    go_last()
    seen.append(mine())
    inner = Thread(target=lambda: seen.append(mine()))
    inner.start()
    inner.join()
before = mine()
thread = Thread(target=behind)
thread.start()
thread.join()
print(before, seen[0] - before, seen[1] - before, mine() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority of its own")
def test_a_thread_goes_last_with_those_that_it_starts_and_nobody_else_does() -> None:
    told = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True).stdout
    before, thread, inner, main = (int(word) for word in told.split())
    # Nineteen is the last there is.
    assert (thread, inner, main) == (min(10, 19 - before),) * 2 + (0,)
