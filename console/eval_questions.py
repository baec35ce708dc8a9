"""`plumbline eval questions`: what people asked, on its way into the golden questions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from console.answers import JSON, app
from console.eval_asking import Examined, examined
from console.terminal import print_json, print_table, screen
from console.workspace import Workspace, workspace
from rag.embedders.chosen import open_embedder
from rag.evals.golden import Place, load_golden
from rag.evals.places import lost_reason
from rag.evals.proposing import propose
from rag.evals.questions import Approval, AskedQuestion, State, approve, freeze, list_questions, question_of, reject
from rag.evals.survey import survey
from rag.personal import named
from rag.redaction import Redaction
from substrate.access import Caller
from substrate.catalog import Vertical
from substrate.clock import isoformat
from substrate.errors import ConfigurationError, NotFoundError
from substrate.keyring import LOCAL

commands = app("Questions that people asked: propose them, approve or reject them, freeze them into a version.")

COPILOT = Annotated[str, typer.Argument(help="The copilot's name.")]
NUMBER = Annotated[int, typer.Argument(help="The question's number; `plumbline eval questions list` shows it.")]
ROLE = Annotated[str | None, typer.Option(help="As somebody with this role; documents may be for some roles only.")]


@commands.command("propose")
def propose_questions(copilot: COPILOT, as_json: JSON = False) -> None:
    """Turn the feedback that came since the last time into proposed questions: masked, and each asked once.

    Example: plumbline eval questions propose hospital
    """
    with workspace() as ws:
        of, embedder = examined(ws, copilot), open_embedder(ws.settings)
        vertical = ws.verticals.get(of.copilot.vertical or "")
        with ws.database.write() as connection:
            masked = partial(_masked, connection, vertical)
            found = propose(connection, copilot, embedder, of.survey.label, masked=masked)
    if as_json:
        print_json({"new": found.new, "repeated": found.repeated, "empty": found.empty})
        return
    screen.print(f"{found.new} new, {found.repeated} asked before, {found.empty} that say nothing.")


@commands.command("list")
def show_questions(
    copilot: Annotated[str | None, typer.Argument(help="Only this copilot's.")] = None,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    role: ROLE = None,
    as_json: JSON = False,
) -> None:
    """List questions, those asked most often first.

    Example: plumbline eval questions list hospital --state proposed
    """
    with workspace() as ws, ws.database.read() as connection:
        found = list_questions(connection, _reader(ws, role), copilot, state)
    if as_json:
        print_json([_facts(one) for one in found])
        return
    rows = [(one.id, one.copilot, one.ask, one.state, one.seen, one.unhelpful) for one in found]
    columns = ("#id", "copilot", "question", "state", "#asked", "#not helped")
    empty = "There are none. `plumbline eval questions propose COPILOT` looks at the feedback."
    print_table("Questions that people asked", columns, rows, empty=empty, spare=("copilot",))


@commands.command("approve")
def approve_question(
    number: NUMBER,
    document: Annotated[str | None, typer.Option(help="The document that answers it.")] = None,
    says: Annotated[str | None, typer.Option(help="A short phrase that stands where the answer does.")] = None,
    heading: Annotated[str | None, typer.Option(help="The heading above the answer.")] = None,
    unanswerable: Annotated[bool, typer.Option("--unanswerable", help="The documents do not answer it.")] = False,
    name: Annotated[str | None, typer.Option(help="Its id among the golden questions.")] = None,
    ask: Annotated[str | None, typer.Option(help="The question in better words.")] = None,
    slices: Annotated[list[str] | None, typer.Option("--slice", help="A group that it belongs to.")] = None,
    role: ROLE = None,
    as_json: JSON = False,
) -> None:
    """Take a question into the next frozen version. Who approves it vouches that it names nobody.

    Example: plumbline eval questions approve 12 --document hygiene.md --says "at least twenty seconds"
    """
    where = () if document is None else (_place(document, says, heading),)
    approval = Approval(name, where, tuple(slices or ()), unanswerable, ask)
    with workspace() as ws:
        caller = _reader(ws, role)
        with ws.database.read() as connection:
            before = question_of(connection, number, caller)
        _refuse_lost(ws, examined(ws, before.copilot), where)
        with ws.database.write() as connection:
            found = approve(connection, number, approval, caller, ws.clock.now())
    _print_decided(found, as_json=as_json)


@commands.command("reject")
def reject_question(
    number: NUMBER,
    why: Annotated[str, typer.Option(help="Why it is no golden question.")],
    role: ROLE = None,
    as_json: JSON = False,
) -> None:
    """Keep a question out of the next version; asked again, it is not proposed again.

    Example: plumbline eval questions reject 12 --why "about one person"
    """
    with workspace() as ws, ws.database.write() as connection:
        found = reject(connection, number, why, _reader(ws, role), ws.clock.now())
    _print_decided(found, as_json=as_json)


@commands.command("freeze")
def freeze_questions(
    copilot: COPILOT,
    golden: Annotated[
        Path | None, typer.Option(help="A YAML file of questions written by hand, to come before the approved ones.")
    ] = None,
    role: ROLE = None,
    as_json: JSON = False,
) -> None:
    """Make the approved questions the next version, which is never changed; promotion is judged by the newest.

    Example: plumbline eval questions freeze hospital --golden golden/hospital.yaml
    """
    by_hand = None if golden is None else load_golden(golden)
    if by_hand is not None and by_hand.copilot != copilot:
        hint = "Name the copilot that they are for, or correct the file."
        raise ConfigurationError(f"these are questions to {by_hand.copilot!r}, not to {copilot!r}", hint=hint)
    with workspace() as ws:
        written = None if by_hand is None else (by_hand, examined(ws, copilot).survey.label)
        with ws.database.write() as connection:
            frozen = freeze(connection, copilot, _reader(ws, role), ws.clock.now(), written)
    facts = {"copilot": copilot, "version": frozen.version, "questions": len(frozen.golden.questions)}
    if as_json:
        print_json({**facts, "fingerprint": frozen.fingerprint})
        return
    screen.print(f"Version {frozen.version} of {copilot}: {facts['questions']} questions.")


def _reader(ws: Workspace, role: str | None) -> Caller:
    return replace(LOCAL, name=ws.actor, role=role or LOCAL.role)


def _masked(connection: Connection, vertical: Vertical | None, text: str) -> str:
    """A text without what looks personal, and without any name of the vertical's records."""
    known = [] if vertical is None else named(connection, vertical, text)
    return Redaction(known).mask(text)


def _place(document: str, says: str | None, heading: str | None) -> Place:
    if says is None and heading is None:
        hint = "Copy a few words from it: --says, or name its --heading."
        raise ConfigurationError("--document alone does not say where the answer is", hint=hint)
    return Place(document=document, says=says, heading=heading)


def _refuse_lost(ws: Workspace, of: Examined, where: tuple[Place, ...]) -> None:
    """A place that the documents do not have would make the question count for nothing."""
    with ws.database.read() as connection:
        texts = survey(connection, of.generation, [place.document for place in where]).texts
    for place in where:
        reason = lost_reason(place, texts)
        if reason is not None:
            hint = "Documents are named by their path within their source; copy the phrase from the text."
            raise NotFoundError(f"the answer is not at {place.document}: {reason.replace('_', ' ')}", hint=hint)


def _facts(one: AskedQuestion) -> dict[str, Any]:
    golden = None if one.golden is None else one.golden.model_dump(mode="json", exclude_defaults=True)
    return {
        "id": one.id, "copilot": one.copilot, "ask": one.ask, "state": str(one.state), "asked": one.seen,
        "unhelpful": one.unhelpful, "passages": list(one.passages), "golden": golden,
        "first_asked_at": isoformat(one.first_asked_at), "last_asked_at": isoformat(one.last_asked_at),
        "decided_by": one.decided_by, "why": one.why,
    }  # fmt: skip


def _print_decided(one: AskedQuestion, *, as_json: bool) -> None:
    if as_json:
        print_json(_facts(one))
        return
    screen.print(f"Question {one.id} is {one.state}.")
