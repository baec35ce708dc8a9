"""How a long-running process logs: one line a record, JSON for machines or plain for people, on standard error.

No secret leaves by a log: what the settings keep secret is blotted out of every line, and so is a password in any
address. No protected value does: of an error that is not ours only its kind and its place are told, since its words
may repeat a row's values (a driver's do).
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, TextIO

import orjson

from substrate.clock import MICROS, isoformat
from substrate.correlation import correlation
from substrate.errors import PlumblineError

LogFormat = Literal["auto", "json", "plain"]
LogLevel = Literal["debug", "info", "warning", "error"]

_ADDRESS = re.compile(r"(://[^\s/:@]*):[^\s/@]+@")
_CREDENTIALS = re.compile(r"(?i)\b(authorization\W{1,4})((?:basic|bearer)\s+)?[\w+/=.~-]{6,}")
_SHORTEST_SECRET = 6
_BLOT = "***"
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_PLAIN = (str, int, float, bool, type(None))
_QUIET = (
    "alembic", "apscheduler", "chromadb", "httpcore", "httpx", "httpx2", "mcp", "sqlalchemy", "uvicorn.access",
    "urllib3",
)  # fmt: skip
"""Libraries that say too much; httpx logs whole addresses, which may hold a secret."""


class Blotter:
    """Blots out secrets.

    Args:
        secrets: what must never be read; too short a word is no secret, and would blot out half of a log.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({one for one in secrets if len(one) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """The text without its secrets."""
        blotted = self._known.sub(_BLOT, text) if self._known else text
        return _CREDENTIALS.sub(rf"\1{_BLOT}", _ADDRESS.sub(rf"\1:{_BLOT}@", blotted))


class JsonLines(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `process`, `message`, and what was added."""

    def __init__(self, process: str, blot: Blotter) -> None:
        super().__init__()
        self._process = process
        self._blot = blot

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": isoformat(int(record.created * MICROS)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": self._process,
            "message": record.getMessage(),
            **_added(record),
        }
        if record.exc_info:
            line["error"] = error_text(record.exc_info[1])
        # Blotted before it is written as JSON: what is escaped would no longer be found.
        return orjson.dumps({key: self._clean(value) for key, value in line.items()}).decode()

    def _clean(self, value: Any) -> Any:
        return self._blot(value) if isinstance(value, str) else value


class PlainLines(logging.Formatter):
    """A line for people: when, how bad, who, what, and what was added."""

    def __init__(self, process: str, blot: Blotter) -> None:
        super().__init__(datefmt="%H:%M:%S")
        self._process = process
        self._blot = blot

    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it where an error came from."""
        added = " ".join(f"{key}={value}" for key, value in _added(record).items())
        head = f"{self.formatTime(record, self.datefmt)} {record.levelname.lower():<7} {self._process:<9}"
        line = f"{head} {record.getMessage()}{'  ' if added else ''}{added}"
        return self._blot(line + (f"\n{error_text(record.exc_info[1])}" if record.exc_info else ""))


def configure_logging(
    process: str,
    *,
    shape: LogFormat = "auto",
    level: LogLevel = "info",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Set how this process logs; a door calls it once, before anything else logs.

    Args:
        process: which of our processes this is.
        shape: auto is plain in a terminal, and JSON elsewhere.
        level: the least that is told.
        secrets: what is blotted out.
        stream: where to; None: standard error.
    """
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(formatter(process, Blotter(secrets), as_json=is_json(shape, target)))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # What nobody caught is logged like all else: Python's own way of telling it repeats the error's words.
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)


def formatter(process: str, blot: Blotter, *, as_json: bool) -> logging.Formatter:
    """What makes the lines of a process."""
    return JsonLines(process, blot) if as_json else PlainLines(process, blot)


def is_json(shape: LogFormat, stream: TextIO) -> bool:
    """Whether lines are for machines."""
    return shape == "json" or (shape == "auto" and not stream.isatty())


def error_text(error: BaseException | None) -> str:
    """An error's kind, its place, and its words where they are safe: ours never hold a protected value."""
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    said = f": {_safe_words(error)}" if _safe_words(error) else ""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    after = ["because of " + error_text(cause)] if cause is not None else []
    return "\n".join([f"{type(error).__name__}{said}", *places, *after])


def _uncaught(kind: type[BaseException], error: BaseException | None, place: TracebackType | None) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt):
        logging.getLogger(__name__).critical("ended by an error", exc_info=(kind, error, place))


def _safe_words(error: BaseException) -> str | None:
    if isinstance(error, PlumblineError):
        return error.message
    return error.strerror if isinstance(error, OSError) else None


def _added(record: logging.LogRecord) -> Mapping[str, Any]:
    facts = {key: value for key, value in vars(record).items() if key not in _KNOWN and isinstance(value, _PLAIN)}
    word = correlation()
    return facts if word is None else {"correlation": word, **facts}
