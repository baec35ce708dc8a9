"""A supervisor in a process of its own, for tests that kill it: `python -m tests.console.tree HOME SECONDS SCRIPT…`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from threading import Event

from console.child import Program, python
from console.locks import held
from console.supervisor import News, Supervisor

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(99)"
"""Does not listen."""

PARENT = (
    "import subprocess, sys, time\n"
    f"child = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], start_new_session=True)\n"
    "print('begot', child.pid, flush=True)\n"
    "time.sleep(99)\n"
)
"""Starts a process that does not listen, in a session of its own, as a flow's run may be."""


def main(home: Path, seconds: float, scripts: list[str]) -> None:
    """Run each script as a program, and say what becomes of it."""
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    programs = [Program(f"p{number}", python("-c", script)) for number, script in enumerate(scripts)]
    with held(home, ["tree"]) as locks:
        Supervisor(programs, home, _tell, _hear, locks, seconds).run(stop)


def _tell(news: News) -> None:
    print(news.turn, news.program, news.pid, flush=True)


def _hear(name: str, line: str) -> None:
    print("heard", name, line, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
