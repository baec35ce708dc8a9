"""What a log line holds, and what it never does."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from substrate.correlation import correlated
from substrate.errors import ConfigurationError
from substrate.logs import Blotter, LogFormat, configure_logging, is_json
from substrate.settings import Settings

SECRET = "s3cret-of-all"
PATIENT = "Adelheid Zimmermann"

Lines = Callable[[], list[Any]]
log = logging.getLogger("tests.logs")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """The test's own logging is what it was before."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    sys.excepthook, threading.excepthook = hooks
    logging.getLogger("httpx").setLevel(logging.NOTSET)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    """What was logged as JSON."""
    configure_logging("web", shape="json", secrets=[SECRET], stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_when_how_bad_who_and_what(lines: Lines) -> None:
    log.info("%d rows came", 3, extra={"source": "ward"})
    (line,) = lines()
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info", "logger": "tests.logs", "process": "web", "message": "3 rows came", "source": "ward",
    }  # fmt: skip


def test_a_line_says_what_it_is_part_of(lines: Lines) -> None:
    with correlated("c0ffee"):
        log.info("in")
    log.info("out")
    assert [line.get("correlation") for line in lines()] == ["c0ffee", None]


@pytest.mark.parametrize(
    "said",
    [
        SECRET, f'quoted "{SECRET}"', "postgresql://u:p4ssword@db/x", "Authorization: Bearer p4ssword.x",
        "{'authorization': 'Basic cDRzc3dvcmQ='}",
    ],
)  # fmt: skip
def test_no_secret_is_logged(lines: Lines, stream: io.StringIO, said: str) -> None:
    log.warning("it was %s", said, extra={"again": said})
    assert len(lines()) == 1
    assert not any(word in stream.getvalue() for word in (SECRET, "p4ssword", "cDRzc3dvcmQ"))


@pytest.mark.parametrize("shape", ["json", "plain"])
def test_the_words_of_a_strangers_error_are_not_logged(stream: io.StringIO, shape: LogFormat) -> None:
    configure_logging("web", shape=shape, stream=stream)
    try:
        int(PATIENT)
    except ValueError:
        log.exception("a row failed")
    assert PATIENT not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert "test_logs.py" in stream.getvalue()


def test_the_words_of_our_own_errors_are(lines: Lines) -> None:
    log.error("no", exc_info=ConfigurationError("port 1 is taken"))
    assert lines()[0]["error"].startswith("ConfigurationError: port 1 is taken")


def test_what_nobody_caught_is_one_line_without_its_words(lines: Lines, stream: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError(PATIENT)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    (line,) = lines()
    assert (line["level"], PATIENT in stream.getvalue()) == ("critical", False)


def test_people_read_one_plain_line(stream: io.StringIO) -> None:
    configure_logging("clock", shape="plain", stream=stream)
    log.info("tick", extra={"due": 3})
    assert stream.getvalue().split()[1:] == ["info", "clock", "tick", "due=3"]


def test_the_least_that_is_told_can_be_set(stream: io.StringIO) -> None:
    configure_logging("web", level="warning", stream=stream)
    log.info("no")
    assert stream.getvalue() == ""


def test_a_library_that_logs_whole_addresses_is_quiet(lines: Lines) -> None:
    logging.getLogger("httpx").info("GET https://hooks.example/T0/s3cr3t")
    assert lines() == []


@pytest.mark.parametrize(("shape", "expected"), [("auto", True), ("json", True), ("plain", False)])
def test_machines_read_json_unless_people_ask_otherwise(shape: LogFormat, expected: bool) -> None:
    assert is_json(shape, io.StringIO()) is expected


def test_a_short_word_is_no_secret() -> None:
    assert Blotter(["", "in"])("in the morning") == "in the morning"


def test_every_secret_setting_and_the_password_in_an_address_is_known() -> None:
    url: Any = "postgresql+psycopg://u:p%40ss-word@db/x"
    key: Any = "whsec_abcdefgh"
    assert Settings(database_url=url, signing_key=key).secret_values() == {url, "p%40ss-word", "p@ss-word", key}
