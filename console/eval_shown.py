"""Golden questions' runs as people and programs see them."""

from __future__ import annotations

from typing import Any

from console.terminal import print_table, screen
from rag.evals.charts import COLOURS
from rag.evals.comparing import Comparison, Moved
from rag.evals.judging import Judged, Summary
from rag.evals.measures import MEASURES
from rag.evals.runs import Run
from substrate.clock import isoformat

_MOST = 10
"""Questions that are named in a table; `--json` has all."""


def run_facts(run: Run, found: Summary) -> dict[str, Any]:
    """A run for a program."""
    return {
        "id": run.id, "copilot": run.copilot, "set": run.set_name, "asked_at": isoformat(run.asked_at),
        "asked_by": run.asked_by, "generation": run.measured.generation, "corpus": run.measured.corpus,
        "recipe": run.measured.recipe, "embedder": run.measured.embedder, "legs": list(run.measured.legs),
        "version": run.measured.code_version, "questions": found.asked, "lost": found.lost,
        "declined": found.declined, "refused": found.refused, "median_ms": found.took / 1_000,
        "slices": {one.slice: {"questions": one.questions, **one.means} for one in found.scores},
    }  # fmt: skip


def print_run(run: Run, found: Summary, judged: list[Judged]) -> None:
    """A run for people."""
    rows = [(one.slice, one.questions, *(_number(one.means[name]) for name in MEASURES)) for one in found.scores]
    title = f"Run {run.id}: {run.copilot}, questions {run.set_name}, generation {run.measured.generation}"
    columns = ("slice", "#questions", *(f"#{name}" for name in MEASURES))
    print_table(title, columns, rows, empty="No question could be measured: all places are lost.")
    missed = [one.question for one in judged if one.counts and not any(one.ranks)]
    _named("Not found among the first ten", missed)
    _named("Lost (no place of theirs is in the documents any more)", [one.question for one in judged if _is_lost(one)])
    if found.declined is not None:
        refused = "" if found.refused is None else f", and {found.refused:.0%} of those with one"
        screen.print(f"Declined: {found.declined:.0%} of the questions without an answer{refused}.")
    screen.print(f"[dim]{found.took / 1_000:.1f} ms for the middle question[/]")


def print_runs(runs: list[tuple[Run, Summary]]) -> None:
    """A list of runs for people."""
    rows = [
        (
            run.id, run.copilot, run.set_name, run.measured.generation, isoformat(run.asked_at), found.asked,
            *(_number(found.mean(name)) for name in ("recall@10", "mrr", "ndcg@10")),
        )
        for run, found in runs
    ]  # fmt: skip
    columns = ("#run", "copilot", "questions", "#generation", "when", "#asked", "#recall@10", "#mrr", "#ndcg@10")
    print_table("Runs", columns, rows, empty="There are no runs. `plumbline eval run` makes one.", spare=("when",))


def comparison_facts(before: Run, after: Run, compared: Comparison) -> dict[str, Any]:
    """A comparison for a program."""
    slices = {
        name: {
            each: {
                "before": one.before, "after": one.after, "by": one.by, "low": one.low, "high": one.high, "p": one.p,
                "questions": one.questions,
            }
            for each, one in found.items()
        }
        for name, found in compared.differences.items()
    }  # fmt: skip
    return {
        "before": before.id, "after": after.id, "slices": slices, "better": [_moved(one) for one in compared.better],
        "worse": [_moved(one) for one in compared.worse], "lost": compared.lost, "left_out": compared.apart,
    }  # fmt: skip


def print_comparison(before: Run, after: Run, compared: Comparison) -> None:
    """A comparison for people."""
    rows = [
        (
            name, one.questions, each, _number(one.before), _number(one.after), f"{one.by:+.3f}",
            f"{one.low:+.3f} … {one.high:+.3f}", f"{one.p:.3f}", _word(one.low, one.high),
        )
        for name, found in compared.differences.items()
        for each, one in found.items()
        if each in COLOURS
    ]  # fmt: skip
    columns = ("slice", "#questions", "measure", "#before", "#after", "#by", "95 % interval", "#p", "")
    title = f"{after.copilot}: run {before.id} and run {after.id}"
    print_table(title, columns, rows, empty="The runs have no question in common.", spare=("#p",))
    _named("Better", [_told(one) for one in compared.better])
    _named("Worse", [_told(one) for one in compared.worse])
    _named("Lost in the second", compared.lost)
    _named("Left out", compared.apart)


def _named(what: str, names: list[str]) -> None:
    if names:
        more = f", and {len(names) - _MOST} more" if len(names) > _MOST else ""
        screen.print(f"{what}: {', '.join(names[:_MOST])}{more}.", soft_wrap=True, markup=False)


def _is_lost(one: Judged) -> bool:
    return not one.counts and not one.unanswerable


def _moved(one: Moved) -> dict[str, Any]:
    return {"question": one.question, "before": one.before, "after": one.after}


def _told(one: Moved) -> str:
    return f"{one.question} ({one.before:.2f} -> {one.after:.2f})"


def _word(low: float, high: float) -> str:
    return "[green]better[/]" if low > 0 else "[red]worse[/]" if high < 0 else ""


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"
