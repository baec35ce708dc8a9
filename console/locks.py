"""One tree of processes a home folder: a lock that the operating system takes back from the dead."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from substrate.errors import ConflictError

_PATIENCE_SECONDS = 12.0
"""How long a killed tree may take to be cleared away before somebody else may begin."""

_GLANCE_SECONDS = 0.1


@contextmanager
def held(home: Path, parts: Sequence[str], patience_seconds: float = _PATIENCE_SECONDS) -> Iterator[list[int]]:
    """Hold the locks of some parts; gives their file descriptors, for a warden that must hold them too.

    A lock whose holder was killed is free as soon as what the holder had started is gone.

    Raises:
        ConflictError: a living process holds one of them.
    """
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        yield [stack.enter_context(_locked(folder / f"{part}.lock", home, patience_seconds)) for part in sorted(parts)]


@contextmanager
def _locked(path: Path, home: Path, patience_seconds: float) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + patience_seconds
        while not _taken(handle):
            holder = _holder(handle)
            if _lives(holder) or time.monotonic() >= until:
                raise _busy(path.stem, home, holder)
            time.sleep(_GLANCE_SECONDS)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield handle
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(handle: int) -> int | None:
    text = os.pread(handle, 20, 0).decode("ascii", "replace")
    return int(text) if text.isdigit() else None


def _lives(pid: int | None) -> bool:
    if pid is None:  # whoever took it has not said so yet
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's, and alive
        return True
    return True


def _busy(part: str, home: Path, holder: int | None) -> ConflictError:
    who = f"process {holder}" if holder else "another process"
    hint = f"Stop it first (kill {holder}), or set PLUMBLINE_HOME to another folder." if holder else "Try again."
    return ConflictError(f"Plumbline is up already on {home}: {who} runs its {part}", hint=hint)
