"""The pictures of runs: well-formed, to scale, and safe whatever a slice is called."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

from rag.evals.charts import difference_chart, history_chart
from rag.evals.comparing import compare
from rag.evals.judging import Summary, summary
from rag.evals.measures import Ranks
from rag.evals.runs import Run
from tests.rag.evals.world import INTERNAL, MEASURED, NOW, judged

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def run(number: int, *ranks: Ranks, recipe: str = "recipe-1") -> tuple[Run, Summary]:
    measured = replace(MEASURED, recipe=recipe)
    return Run(number, "ward", 1, "v1", measured, INTERNAL, "cli:ana", NOW), summary(judged(*ranks))


def test_a_history_has_a_point_for_each_run_and_measure() -> None:
    picture = history_chart("ward", [run(1, (1,)), run(2, (2,)), run(3, (None,))])
    assert len(list(ElementTree.fromstring(picture).iter(f"{SVG}circle"))) == 9
    assert {"run 1", "run 3", "recall@10 0.000"} <= set(texts(picture))


def test_a_history_says_what_changed_between_runs() -> None:
    assert "recipe" in texts(history_chart("ward", [run(1, (1,)), run(2, (1,), recipe="recipe-2")]))


def test_labels_at_the_end_do_not_cover_one_another() -> None:
    tree = ElementTree.fromstring(history_chart("ward", [run(1, (1,))]))
    ends = sorted(float(each.get("y", 0)) for each in tree.iter(f"{SVG}text") if (each.text or "").endswith(" 1.000"))
    assert min(below - above for above, below in pairwise(ends)) >= 15


def test_runs_that_measured_nothing_are_left_out() -> None:
    assert "There are no runs yet." in texts(history_chart("ward", [run(1, ())]))


def test_differences_lie_on_their_side_of_zero() -> None:
    picture = difference_chart("1 and 2", compare(judged(*[(1,)] * 9, (3,)), judged(*[(4,)] * 9, (1,))))
    tree = ElementTree.fromstring(picture)
    zero = next(float(each.get("x1", 0)) for each in tree.iter(f"{SVG}line") if each.get("stroke") == "#666")
    dots = [float(each.get("cx", 0)) for each in tree.iter(f"{SVG}circle") if each.find(f"{SVG}title") is not None]
    assert dots[1] < zero
    assert "10 questions" in texts(picture)


def test_names_cannot_draw() -> None:
    slices = [("</text><script>",)]
    picture = difference_chart("<b>", compare(judged((1,), slices=slices), judged((2,), slices=slices)))
    assert "</text><script>" in texts(picture)
    assert not list(ElementTree.fromstring(picture).iter(f"{SVG}script"))


def test_nothing_in_common_is_said() -> None:
    assert "The runs have no question in common." in texts(difference_chart("1 and 2", compare([], [])))
