"""`plumbline eval`: golden questions put to a copilot, runs kept and compared, so that nobody has to guess."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from console.answers import JSON, app
from console.eval_asking import Examined, examined, opened
from console.eval_questions import commands as questions
from console.eval_shown import (
    comparison_facts,
    print_comparison,
    print_run,
    print_runs,
    run_facts,
)
from console.terminal import print_json, screen
from console.workspace import Workspace, workspace
from rag.evals.charts import difference_chart, history_chart
from rag.evals.comparing import compare
from rag.evals.golden import Golden, load_golden
from rag.evals.judging import Judged, Summary, summary
from rag.evals.runs import Run, keep_run, list_runs, run_of
from rag.evals.sets import GoldenSet, frozen_set, keep_set
from rag.evals.trial import try_out
from substrate.access import Caller
from substrate.errors import ConfigurationError
from substrate.keyring import LOCAL

commands = app("Evals: how well a copilot finds what it should, measured by golden questions.")
commands.add_typer(questions, name="questions")

ROLE = Annotated[str | None, typer.Option(help="As somebody with this role; documents may be for some roles only.")]
CHART = Annotated[Path | None, typer.Option(help="Also draw it into this SVG file.")]


@commands.command("run")
def run_golden(
    copilot: Annotated[str, typer.Argument(help="The copilot's name.")],
    golden: Annotated[
        Path | None, typer.Option(help="A YAML file of golden questions; none: the newest frozen ones.")
    ] = None,
    role: ROLE = None,
    as_json: JSON = False,
) -> None:
    """Put golden questions to a copilot, and keep what came of it.

    Example: plumbline eval run hospital --golden golden/hospital.yaml
    """
    written = None if golden is None else load_golden(golden)
    with workspace() as ws:
        of = examined(ws, copilot)
        with opened(ws, of, role) as (caller, ask):
            kept = _kept_set(ws, of, caller, written, golden)
            began = ws.clock.now()
            with ws.database.read() as connection:
                trial = try_out(connection, kept.golden, ask, of.generation, of.copilot)
        with ws.database.write() as connection:
            number = keep_run(connection, kept, trial, caller, began)
            run, judged, _ = run_of(connection, number, caller)
    found = summary(judged)
    if as_json:
        print_json({**run_facts(run, found), "results": [_result(one) for one in judged]})
    else:
        print_run(run, found, judged)


@commands.command("runs")
def show_runs(
    copilot: Annotated[str | None, typer.Argument(help="Only this copilot's.")] = None,
    chart: CHART = None,
    role: ROLE = None,
    as_json: JSON = False,
) -> None:
    """List the newest runs; with --chart, draw how a copilot's measures went from run to run.

    Example: plumbline eval runs hospital --chart runs.svg
    """
    if chart is not None and copilot is None:
        raise ConfigurationError("a chart is of one copilot", hint="Name it: plumbline eval runs COPILOT --chart FILE.")
    with workspace() as ws, ws.database.read() as connection:
        caller = reader(ws, role)
        runs = [_with_summary(*run_of(connection, run.id, caller)) for run in list_runs(connection, caller, copilot)]
    if chart is not None and copilot is not None:
        _write(chart, history_chart(copilot, list(reversed(runs))))
    if as_json:
        print_json([run_facts(run, found) for run, found in runs])
    else:
        print_runs(runs)
        _say_drawn(chart)


@commands.command("compare")
def compare_runs(
    before: Annotated[int, typer.Argument(help="The number of one run.")],
    after: Annotated[int, typer.Argument(help="The number of another.")],
    chart: CHART = None,
    role: ROLE = None,
    as_json: JSON = False,
) -> None:
    """Compare two runs over the questions that both asked: how each measure moved, and whether that may be luck.

    Example: plumbline eval compare 3 7 --chart 3-7.svg
    """
    with workspace() as ws, ws.database.read() as connection:
        caller = reader(ws, role)
        first, judged_first, _ = run_of(connection, before, caller)
        second, judged_second, _ = run_of(connection, after, caller)
    if first.copilot != second.copilot:
        said = f"run {before} asked {first.copilot!r}, and run {after} asked {second.copilot!r}"
        raise ConfigurationError(said, hint="Compare runs of one copilot.")
    compared = compare(judged_first, judged_second)
    if chart is not None:
        _write(chart, difference_chart(f"{first.copilot}: run {before} and run {after}", compared))
    if as_json:
        print_json(comparison_facts(first, second, compared))
    else:
        print_comparison(first, second, compared)
        _say_drawn(chart)


def reader(ws: Workspace, role: str | None) -> Caller:
    """Whoever is at the keyboard, and so may read the database itself."""
    return replace(LOCAL, name=ws.actor, role=role or LOCAL.role)


def _kept_set(ws: Workspace, of: Examined, caller: Caller, written: Golden | None, file: Path | None) -> GoldenSet:
    """The questions as they are kept: a file's, or the newest frozen ones."""
    name = of.copilot.name
    with ws.database.write() as connection:
        if written is None or file is None:
            return frozen_set(connection, name, caller)
        if written.copilot != name:
            said = f"{file.name} holds questions to {written.copilot!r}, not to {name!r}"
            raise ConfigurationError(said, hint="Name the copilot that they are for, or correct the file.")
        return keep_set(connection, written, file.name, of.survey.label, caller, ws.clock.now())


def _with_summary(run: Run, judged: list[Judged], _golden: GoldenSet) -> tuple[Run, Summary]:
    return run, summary(judged)


def _result(one: Judged) -> dict[str, object]:
    return {
        "question": one.question, "slices": list(one.slices), "ranks": list(one.ranks),
        "unanswerable": one.unanswerable, "declined": one.declined, "lost": [str(reason) for reason in one.lost],
        "ms": one.took / 1_000,
    }  # fmt: skip


def _write(path: Path, picture: str) -> None:
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        hint = "Name a file in a folder that you may write to."
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}", hint=hint) from error


def _say_drawn(chart: Path | None) -> None:
    if chart is not None:
        screen.print(f"[dim]drawn into {chart}[/]", soft_wrap=True)
