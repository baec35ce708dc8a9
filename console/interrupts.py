"""Ctrl-C at the keyboard: the first lets the command close what it opened, the next one ends it at once."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from console.exits import INTERRUPTED

NOTE = "interrupted; what was committed stays, and the next run goes on from there"


def heed() -> None:
    """Heed Ctrl-C in this process from now on, unless whoever started it said that it shall be ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _first)


def deaf() -> None:
    """All is closed: whoever presses it again changes nothing any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _first(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, _again)
    raise KeyboardInterrupt


def _again(_number: int, _frame: FrameType | None) -> None:
    """Nothing is lost by it: whatever we keep may lose its process at any instant."""
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"\n{NOTE}\n".encode())
    os._exit(INTERRUPTED)
