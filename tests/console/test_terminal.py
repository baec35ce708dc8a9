"""How things look: numbers keep their words, words are not broken, and a narrow screen says what it leaves out."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console import terminal
from console.terminal import Parts, Screen, print_table

COLUMNS = ("rule", "severity", "owner", "what")
ROWS = [("critical-result-unacknowledged", "critical", "medical-director", "A critical result that nobody saw")]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "screen", Console(width=70, highlight=False))


def test_a_line_ends_only_between_two_parts(capsys: pytest.CaptureFixture[str]) -> None:
    Console(width=24).print(Parts(["result 1,603", "dose 195", "order 163", "bed 9"]))
    assert capsys.readouterr().out.splitlines() == ["result 1,603, dose 195,", "order 163, bed 9"]


def test_a_wide_screen_shows_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Rules", COLUMNS, [("no-show", "low", "clinic", "Nobody came")], empty="", spare=("owner",))
    assert "clinic" in capsys.readouterr().out


@pytest.mark.usefixtures("narrow")
def test_a_narrow_screen_leaves_columns_out_before_it_breaks_words(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Rules", COLUMNS, ROWS, empty="", spare=("owner",))
    out = capsys.readouterr().out
    assert "critical-result-unacknowledged   critical" in out
    assert "medical-director" not in out
    assert "A wider screen also shows: owner." in out
    assert max(map(len, out.splitlines())) <= 70


def test_an_empty_table_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Rules", COLUMNS, [], empty="No rules.")
    assert capsys.readouterr().out == "No rules.\n"


def test_what_is_printed_commands_no_terminal() -> None:
    said = io.StringIO()
    screen = Screen(file=said, force_terminal=True, width=80, highlight=False)
    grid = Table.grid()
    grid.add_row("", Text("evil \x1b]52;c;cm0=\x07\x9b2J\u202e text", style="bold"))
    screen.print(grid)
    assert said.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "").strip() == "evil ]52;c;cm0=2J text"
