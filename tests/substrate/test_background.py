"""What goes last lets others go first, and only that."""

from __future__ import annotations

import subprocess
import sys

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


def test_a_thread_goes_last_with_those_that_it_starts_and_nobody_else_does() -> None:
    told = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True).stdout
    before, thread, inner, main = (int(word) for word in told.split())
    behind = max(10 - before, 0) if sys.platform == "linux" else 0
    assert (thread, inner, main) == (behind, behind, 0)
