"""`plumbline series` on an installation that has run."""

from __future__ import annotations

from tests.console.shell import Shell
from verticals.hospital import vertical


def test_every_series_is_listed(used: Shell) -> None:
    listed = used.ask("series", "list")
    assert [each["name"] for each in listed] == [series.name for series in vertical.series]
    assert all(each["age"] is not None for each in listed)


def test_a_series_is_shown_bucket_by_bucket(used: Shell) -> None:
    points = used.ask("series", "show", "arrivals_daily")["points"]
    assert [point["partial"] for point in points] == [False] * 23 + [True]
    assert sum(point["events"] for point in points) > 0


def test_a_group_is_named_by_its_key(used: Shell) -> None:
    named = {point["group"] for point in used.ask("series", "show", "ward_arrivals_hourly")["points"]}
    key = sorted(named)[0]
    one = used.ask("series", "show", "ward_arrivals_hourly", "--group", key)["points"]
    assert {point["group"] for point in one} == {key}


def test_people_see_a_table(used: Shell) -> None:
    said = used("series", "show", "results_hourly", "--group", "laboratory")
    assert (said.code, "partial" in said.out) == (0, True)


def test_an_unknown_series_names_those_that_there_are(used: Shell) -> None:
    said = used("series", "show", "arrivals", "--json")
    assert "arrivals_daily" in said.error["hint"]


def test_a_span_that_ends_before_it_begins_is_refused(used: Shell) -> None:
    said = used("series", "show", "arrivals_daily", "--from", "2019-06-02", "--to", "2019-06-01", "--json")
    assert "ends before" in said.error["message"]


def test_the_house_has_no_groups(used: Shell) -> None:
    said = used("series", "show", "arrivals_daily", "--group", "x", "--json")
    assert "no groups" in said.error["message"]


def test_a_series_that_was_never_computed_says_so(shell: Shell) -> None:
    said = shell("series", "show", "arrivals_daily", "--json")
    assert "plumbline run" in said.error["hint"]
