"""Nothing of what was planted reaches anybody who may not see it, by any door; and those who may do see it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest

from rag.copilot import Copilot
from rag.copilot_files import load_copilots
from rag.evals.golden import Golden, Place, Question
from rag.evals.runs import keep_run, list_runs, run_of
from rag.evals.sets import keep_set
from rag.evals.trial import asking, try_out
from substrate.access import Caller
from substrate.clock import SystemClock
from substrate.errors import NotFoundError
from tests.console.leaks.doors import QUESTIONS, over_http, over_mcp, over_stdio, statuses
from tests.console.leaks.planted import (
    CHIEF,
    CLERK,
    NORTH,
    OPEN,
    SOUTH,
    SOUTHERN,
    TEACHER,
    TICKET,
    VISITOR,
    WORDS,
    House,
    house,
)
from tests.console.shell import Shell
from verticals.hospital import vertical

OUTSIDERS = [CLERK, VISITOR, TEACHER]
OF_NORTH = (*NORTH, "Quillfeather", "Zebedee", "walnut", "p-zeb")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One hospital for all doors: asking changes nothing."""
    with house(tmp_path_factory.mktemp("planted") / "home") as made:
        yield made


def leaked(told: str, words: tuple[str, ...] = WORDS) -> list[str]:
    """The planted words that stand in a text, however they are written."""
    return [word for word in words if word.lower() in told.lower()]


def test_who_may_see_it_sees_it_by_each_door(planted: House) -> None:
    http, mcp = over_http(planted, CHIEF), over_mcp(planted, CHIEF)
    assert leaked(http, (TICKET, *NORTH, *SOUTH)) == [TICKET, *NORTH, *SOUTH]
    assert leaked(mcp, (TICKET, *NORTH, *SOUTH)) == [TICKET, *NORTH, *SOUTH]


@pytest.mark.parametrize("caller", OUTSIDERS, ids=lambda caller: caller.name)
def test_who_may_not_gets_none_of_it_over_http(planted: House, caller: Caller) -> None:
    assert leaked(over_http(planted, caller)) == []


@pytest.mark.parametrize("caller", OUTSIDERS, ids=lambda caller: caller.name)
def test_who_may_not_gets_none_of_it_from_the_tools(planted: House, caller: Caller) -> None:
    assert leaked(over_mcp(planted, caller)) == []


@pytest.mark.slow
def test_the_tools_of_a_process_of_ones_own_tell_the_same(planted: House) -> None:
    assert leaked(over_stdio(planted, CHIEF), (*NORTH, *SOUTH)) == [*NORTH, *SOUTH]
    assert leaked(over_stdio(planted, CLERK)) == []


def test_a_clerk_still_gets_what_is_open(planted: House) -> None:
    assert OPEN in over_http(planted, CLERK)


def test_another_site_gets_its_own_and_nothing_of_this_one(planted: House) -> None:
    told = over_http(planted, SOUTHERN) + over_mcp(planted, SOUTHERN)
    assert leaked(told, SOUTH) == list(SOUTH)
    assert leaked(told, OF_NORTH) == []


@pytest.mark.parametrize("caller", [*OUTSIDERS, SOUTHERN], ids=lambda caller: caller.name)
def test_a_patient_who_is_there_is_refused_like_one_who_is_not(planted: House, caller: Caller) -> None:
    assert statuses(planted, caller, "p-zeb") == statuses(planted, caller, "p-nobody")


def test_without_a_key_everything_is_refused_alike(planted: House) -> None:
    with httpx.Client(base_url=planted.address, trust_env=False) as client:
        paths = ("/copilots/house/search", "/copilots/none/search", "/mcp", "/index/verify")
        answers = {(answer.status_code, answer.text) for answer in (client.post(path, json={}) for path in paths)}
    assert len(answers) == 1
    assert leaked(str(answers)) == []


def test_logs_and_metrics_tell_nothing_even_of_those_who_may_see(
    planted: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    over_http(planted, CHIEF)
    over_mcp(planted, CHIEF)
    with planted.client(CHIEF) as client:
        client.post("/copilots/house/search", json={"question": f"Where is {NORTH[0]}, {NORTH[1]}?"})
    lines = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    token = (planted.settings.home / "metrics.token").read_text().strip()
    shown = httpx.get(f"{planted.address}/metrics", headers={"authorization": f"Bearer {token}"}, trust_env=False)
    assert caplog.records
    assert leaked("\n".join(lines) + shown.text) == []


def test_what_is_said_of_an_answer_is_kept_without_what_is_personal(planted: House) -> None:
    said = {"question": f"What has {NORTH[0]}, record {NORTH[1]}?", "helpful": False, "comment": f"{NORTH[0]} is gone"}
    with planted.client(CHIEF) as client:
        answer = client.post("/copilots/house/feedback", json=said)
    with planted.database.read() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM rag_feedback").all())
    assert answer.status_code == 200
    assert leaked(answer.text + kept) == []


@pytest.mark.parametrize("narrowed", [("--clearance", "internal"), ("--site", "south"), ("--clearance", "public")])
def test_the_command_line_narrowed_shows_what_somebody_else_would_see(
    planted: House, narrowed: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLUMBLINE_HOME", str(planted.settings.home))
    monkeypatch.setenv("PLUMBLINE_WEB_PORT", str(planted.settings.web_port))
    shell = Shell(capsys)
    asked = [
        ("ask", "house", question, *narrowed, "--role", "doctor", *more)
        for question in QUESTIONS[:2]
        for more in ((), ("--json",), ("--search-only", "--k", "50"), ("--about", "patient/p-zeb"))
    ]
    told = "\n".join(f"{said.out} {said.err}" for said in (shell(*words) for words in asked))
    whole = shell("ask", "house", QUESTIONS[0], "--role", "doctor", "--search-only", "--k", "50").out
    assert leaked(told, NORTH) == []
    assert leaked(whole, (NORTH[0], SOUTH[0])) == [NORTH[0], SOUTH[0]]


def test_runs_of_golden_questions_are_for_those_who_may_see_the_documents(planted: House) -> None:
    number = _ran(planted)
    with planted.database.read() as connection:
        assert [run.id for run in list_runs(connection, CHIEF)] == [number]
        for caller in (*OUTSIDERS, SOUTHERN):
            assert list_runs(connection, caller) == []
            with pytest.raises(NotFoundError) as refused:
                run_of(connection, number, caller)
            assert leaked(str(refused.value)) == []


def _ran(planted: House) -> int:
    """A run of a question that names what was planted, by somebody who may see it."""
    question = Question(id="q1", ask=f"What has {NORTH[0]}?", where=(Place(document="north.md", says=NORTH[3]),))
    golden = Golden(copilot="house", questions=(question,))
    now, index = SystemClock().now(), planted.shelf.index
    ask = asking(index, planted.shelf.embedder, CHIEF, _copilot(planted), now)
    with planted.database.write() as connection:
        trial = try_out(connection, golden, ask, index.live("house").generation, _copilot(planted))
        kept = keep_set(connection, golden, "file", trial.label, CHIEF, now)
        return keep_run(connection, kept, trial, CHIEF, now)


def _copilot(planted: House) -> Copilot:
    return load_copilots(planted.settings, {"hospital": vertical})["house"]
