"""`plumbline eval` as people and programs use it, over a real index and an embedder behind a loopback API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from console.workspace import workspace
from rag.embedders.hashing import HashingEmbedder
from rag.evals.runs import eval_run
from rag.feedback import Feedback, note_feedback
from substrate.access import Caller
from tests.console.shell import Shell
from tests.rag.embedders.embedding_api import Api, serving

pytestmark = pytest.mark.usefixtures("on_each_database")

GOLDEN = """
copilot: desk
questions:
  - id: fever
    ask: Which fever is told to the doctor?
    slice: [policy]
    where: [{document: fever.md, says: above thirty nine degrees}]
  - id: lorry
    ask: Where does the lorry with blood wait?
    where: [{document: lorry.md, says: waits at the north gate}]
  - id: moved
    ask: Where is the pharmacy?
    where: [{document: house.md, says: on the second floor}]
"""
TEXTS = {
    "fever.md": "# Fever\n\nA fever above thirty nine degrees is told to the doctor at once.\n",
    "lorry.md": "# Blood\n\nThe lorry that brings blood waits at the north gate.\n",
}


def hashed(api: Api) -> dict[str, Any]:
    """What the API answers: vectors of hashed words, so that texts that share words lie close together."""
    vectors = HashingEmbedder(256).embed(api.asked[-1]["input"])
    data = [{"index": at, "embedding": vector.tolist()} for at, vector in enumerate(vectors)]
    return {"object": "list", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}


@pytest.fixture
def desk(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell where a copilot of two documents is indexed, and golden questions lie in `golden.yaml`."""
    (tmp_path / "docs").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "docs" / name).write_text(text)
    (tmp_path / "golden.yaml").write_text(GOLDEN)
    api = Api()
    api.spoil = lambda _content: hashed(api)
    with serving(api) as address:
        monkeypatch.setenv("PLUMBLINE_EMBEDDER", "hosted")
        monkeypatch.setenv("PLUMBLINE_EMBED_URL", address)
        monkeypatch.setenv("PLUMBLINE_EMBED_MODEL", "hashed")
        shell.ask("index", "sync", "--from", tmp_path / "docs", "--copilot", "desk")
        yield shell


def told(question: str, *, helpful: bool = True) -> None:
    """Somebody says of an answer whether it helped."""
    with workspace() as ws, ws.database.write() as connection:
        note_feedback(connection, Feedback("desk", question, helpful), Caller("key:x", "clerk"), ws.clock.now())


def test_a_run_is_measured_and_kept(desk: Shell) -> None:
    run = desk.ask("eval", "run", "desk", "--golden", "golden.yaml")
    assert (run["id"], run["set"], run["generation"], run["questions"], run["lost"]) == (1, "golden.yaml", 1, 3, 1)
    assert run["slices"]["all"] == {"questions": 2, **dict.fromkeys(
        ("recall@1", "recall@5", "recall@10", "mrr", "ndcg@10"), 1.0)}  # fmt: skip
    assert run["results"][2]["lost"] == ["document_gone"]
    assert [one["id"] for one in desk.ask("eval", "runs", "desk")] == [1]


def test_people_see_the_measures_and_what_was_lost(desk: Shell) -> None:
    said = desk("eval", "run", "desk", "--golden", "golden.yaml")
    assert (said.code, "recall@10" in said.out) == (0, True)
    assert "Lost (no place of theirs is in the documents any more): moved." in said.out


def test_runs_are_compared_and_drawn(desk: Shell, tmp_path: Path) -> None:
    desk.ask("eval", "run", "desk", "--golden", "golden.yaml")
    (tmp_path / "docs" / "lorry.md").write_text("# Blood\n\nAsk the porter.\n")
    desk.ask("index", "sync", "--copilot", "desk")
    second = desk.ask("eval", "run", "desk", "--golden", "golden.yaml")
    compared = desk.ask("eval", "compare", 1, 2, "--chart", "compared.svg")
    assert (compared["lost"], compared["slices"]["all"]["recall@10"]["by"]) == (["lorry"], -0.5)
    assert second["corpus"] != desk.ask("eval", "runs", "desk", "--chart", "runs.svg")[1]["corpus"]
    assert {ElementTree.parse(tmp_path / name).getroot().tag[-3:] for name in ("compared.svg", "runs.svg")} == {"svg"}
    assert "Lost in the second: lorry." in desk("eval", "compare", "1", "2").out


def test_asked_questions_are_proposed_approved_and_frozen(desk: Shell) -> None:
    for question in ("Which fever is told?", "which FEVER is told", "Does Ida (ida@berg.test) have lunch now?"):
        told(question, helpful=False)
    assert desk.ask("eval", "questions", "propose", "desk") == {"new": 2, "repeated": 1, "empty": 0}
    first, second = desk.ask("eval", "questions", "list", "desk")
    assert (first["asked"], "berg" in second["ask"]) == (2, False)
    places = ("--document", "fever.md", "--says", "above thirty nine degrees")
    assert desk.ask("eval", "questions", "approve", first["id"], *places)["state"] == "approved"
    assert desk.ask("eval", "questions", "reject", second["id"], "--why", "one person")["state"] == "rejected"
    assert desk.ask("eval", "questions", "freeze", "desk")["version"] == 1
    assert desk.ask("eval", "run", "desk")["set"] == "v1"


def test_questions_by_hand_are_frozen_with_the_approved_ones(desk: Shell) -> None:
    frozen = desk.ask("eval", "questions", "freeze", "desk", "--golden", "golden.yaml")
    assert (frozen["version"], frozen["questions"]) == (1, 3)
    assert desk("eval", "questions", "freeze", "desk", "--golden", "golden.yaml", "--json").code == 4


def test_an_answer_that_is_not_there_is_not_approved(desk: Shell) -> None:
    told("Which fever is told?")
    desk.ask("eval", "questions", "propose", "desk")
    said = desk("eval", "questions", "approve", 1, "--document", "fever.md", "--says", "above fifty degrees", "--json")
    assert (said.code, said.error["message"]) == (3, "the answer is not at fever.md: phrase gone")


def test_a_rebuilt_index_that_lost_answers_is_not_let_answer(desk: Shell, home: Path, tmp_path: Path) -> None:
    desk.ask("eval", "questions", "freeze", "desk", "--golden", "golden.yaml")
    source = f"{{name: files, folder: {{path: {tmp_path / 'docs'}}}}}"
    said = f"copilots: [{{name: desk, sources: [{source}], recipe: {{tokens: 200}}}}]"
    (home / "copilots.yaml").write_text(said)
    for name in TEXTS:
        (tmp_path / "docs" / name).write_text("# Nothing\n\nNothing is said here any more.\n")
    desk("index", "sync", "--copilot", "desk", "--json")
    refused = desk("index", "promote", "desk", "--generation", "2", "--json")
    assert (refused.code, "quality: 2 of 2 questions lost" in refused.error["message"]) == (4, True)


def test_what_cannot_be_done_is_said(desk: Shell) -> None:
    for typed, code, message in (
        ("run nobody --golden golden.yaml", 3, "nobody"),
        ("run desk", 3, "'desk' has no frozen questions"),
        ("run desk --golden none.yaml", 3, "there is no file none.yaml"),
        ("compare 1 2", 3, "there is no run 1"),
        ("runs --chart runs.svg", 2, "a chart is of one copilot"),
        ("questions approve 7", 3, "there is no question 7"),
    ):
        said = desk("eval", *typed.split(), "--json")
        assert (said.code, message in said.error["message"]) == (code, True), typed


def test_a_run_of_protected_documents_is_seen_by_those_who_may(desk: Shell) -> None:
    desk.ask("eval", "run", "desk", "--golden", "golden.yaml")
    with workspace() as ws, ws.database.write() as connection:
        connection.execute(eval_run.update().values(roles='["nurse"]'))
    assert desk.ask("eval", "runs") == []
    assert [one["id"] for one in desk.ask("eval", "runs", "--role", "nurse")] == [1]
