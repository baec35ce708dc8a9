"""What is said while the installation starts and stops: to people at once, to programs when all is ready."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from console.greeter import Echo, Greeter, sentence
from console.layout import Part
from console.supervisor import News, Turn
from substrate.settings import Settings


def ready(name: str) -> News:
    return News(name, Turn.READY, 7, 1.25)


@pytest.fixture
def greeter(tmp_path: Path) -> Any:
    settings = Settings(home=tmp_path)
    return lambda *, as_json: Greeter(settings, tuple(Part), time.monotonic(), as_json=as_json)


def test_people_need_not_wait_for_prefect(greeter: Any, capsys: pytest.CaptureFixture[str]) -> None:
    said = greeter(as_json=False)
    said.tell(ready("prefect"))
    assert capsys.readouterr().out == ""
    said.tell(ready("web"))
    out = capsys.readouterr().out
    assert "http://127.0.0.1:8420/healthz" in out
    assert "still starting: flows" in out
    said.tell(ready("flows"))
    assert capsys.readouterr().out == ""


def test_a_program_reads_one_line_when_all_is_ready(greeter: Any, capsys: pytest.CaptureFixture[str]) -> None:
    said = greeter(as_json=True)
    for name in ("web", "prefect"):
        said.tell(ready(name))
    assert capsys.readouterr().out == ""
    said.tell(ready("flows"))
    (line,) = capsys.readouterr().out.splitlines()
    facts = json.loads(line)
    assert (facts["ready"], facts["starting"]) == (["flows", "prefect", "web"], [])
    assert (facts["web"], facts["prefect"]) == ("http://127.0.0.1:8420", "http://127.0.0.1:4200/api")


def test_a_program_is_told_what_there_is_when_something_does_not_come(
    greeter: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.greeter._PATIENCE_SECONDS", 0.0)
    said = greeter(as_json=True)
    said.tell(ready("web"))
    said.wait()
    facts = json.loads(capsys.readouterr().out)
    assert (facts["ready"], facts["starting"]) == (["web"], ["flows", "prefect"])


@pytest.mark.parametrize(
    ("news", "words"),
    [
        (News("web", Turn.ENDED, 7, 2.0, 3, 0.5), "web ended with code 3 after 2.0 s, and is started again in 0.5 s"),
        (
            News("web", Turn.ENDED, 7, 2.0, -9, 1.0),
            "web was ended by signal 9 after 2.0 s, and is started again in 1 s",
        ),
        (News("web", Turn.KILLED, 7, 2.0, -9), "web did not stop in time, and was killed"),
    ],
)
def test_a_turn_is_told_in_words(news: News, words: str) -> None:
    assert sentence(news) == words


def test_our_own_lines_pass_and_a_strangers_drawing_does_not(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    echo = Echo("json")
    echo("web", '{"message":"hello"}')
    echo("prefect", r" ___ ___ |_ \_\ ")
    echo("prefect", "Uvicorn running")
    assert capsys.readouterr().err == '{"message":"hello"}\n'
    assert [(record.getMessage(), vars(record)["program"]) for record in caplog.records] == [
        ("Uvicorn running", "prefect")
    ]
