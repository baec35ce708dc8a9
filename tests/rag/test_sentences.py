"""Sentences of passages and of answers."""

from __future__ import annotations

import pytest

from rag.sentences import sentences, split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One is here. Two is there.", ["One is here.", "Two is there."]),
        ("One is here [1]. Two is there. [2] Three.", ["One is here [1].", "Two is there. [2]", "Three."]),
        ("See Dr. Roth, e.g. on 2.40.3, etc. for it.", ["See Dr. Roth, e.g. on 2.40.3, etc. for it."]),
        ("- One [1]\n- Two [2]", ["- One [1]", "- Two [2]"]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ("", []),
    ],
)
def test_a_text_is_cut_after_its_sentences(text: str, parts: list[str]) -> None:
    assert split(text) == parts


def test_a_passage_is_read_without_its_marks() -> None:
    markdown = (
        "## Booking a bed\n\nBeds are **booked** by the\nbed manager. Call [her](http://x) first.\n\n"
        "* ask the `ward clerk`\n\n| Day | Opening hours |\n|---|---|\n| Monday | from eight to ten |\n\n![plan](x.png)"
    )
    assert sentences(markdown) == [
        "Beds are booked by the bed manager.", "Call her first.", "ask the ward clerk",
        "Day, Opening hours", "Monday, from eight to ten",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("markdown", "parts"),
    [
        ("Users:\n\n   > - edit their names\n   > - sign in without it", ["edit their names", "sign in without it"]),
        ("Beds are booked\nby the **bed manager** alone.", ["Beds are booked by the bed manager alone."]),
        ("Run this command:\n\n```sh\nplumbline index sync\nplumbline index verify\n```\nThen wait a minute.",
         ["Run this command:", "plumbline index sync", "plumbline index verify", "Then wait a minute."]),
        ("-  :material-truck: __Tracking of stock__\n\n    ---\n    Record all movements.{ .lg }",
         ["Tracking of stock", "Record all movements."]),
        ("Lead time\n: From order to arrival.\n\n: Both count.", ["Lead time : From order to arrival."]),
        (": Syncing keeps both alike.\n\n> ```\n> ./start --now please\n> ```",
         ["Syncing keeps both alike.", "./start --now please"]),
        ("Reach it over the network (eg. Wi-Fi).", ["Reach it over the network (eg. Wi-Fi)."]),
        ("Get it with `{.items}` or {{ .Values.name }}.", ["Get it with {.items} or {{ .Values.name }}."]),
    ],
)  # fmt: skip
def test_a_sentence_is_neither_cut_nor_run_into_the_next(markdown: str, parts: list[str]) -> None:
    assert sentences(markdown) == parts
