"""An Ed-Fi ODS/API: windows of change versions, deletions, new keys, and servers that forget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from substrate.sources.edfi.ods import EdfiOptions, EdfiSource
from substrate.sources.ignored import Why
from substrate.sources.source import Cursor, Page, Row
from tests.substrate.sources.edfi_server import EdfiRoutes, EdfiWorld, serving_edfi
from tests.substrate.sources.roster_server import Trouble


def session(name: str, **more: Any) -> dict[str, Any]:
    """A session as the API gives it."""
    return {
        "sessionName": name, "schoolReference": {"schoolId": 255901001, "link": {"href": "/ed-fi/schools/1"}},
        "schoolYearTypeReference": {"schoolYear": 2022}, "totalInstructionalDays": 81, **more,
    }  # fmt: skip


def keys(name: str) -> dict[str, Any]:
    """The natural key of a session as deletions give it."""
    return {"schoolId": 255901001, "schoolYear": 2022, "sessionName": name}


@pytest.fixture
def routes() -> Iterator[EdfiRoutes]:
    """A server with twelve sessions."""
    world = EdfiWorld(trouble=Trouble(cap=100))
    for number in range(12):
        world.put("sessions", f"guid{number}", **session(f"S{number:02}"))
    with serving_edfi(world) as served:
        yield served


def read(routes: EdfiRoutes, cursor: Cursor | None = None, **options: Any) -> tuple[list[Row], list[Page], EdfiSource]:
    """What one read gives."""
    given = {"kinds": ("sessions",), "limit": 5, "timeout_seconds": 2, **options}
    made = EdfiOptions(base_url=routes.base, **given)
    with EdfiSource("ods", made, sleep=lambda _: None, clock=routes.world.clock, chance=lambda: 0.5) as source:
        pages = list(source.read(cursor, 1))
    return [row for page in pages for row in page.rows], pages, source


def asked(routes: EdfiRoutes, start: int) -> list[str]:
    """The requests from a number on, without the host."""
    return [line.removeprefix("GET /").replace("data/v3/ed-fi/", "") for line in routes.asked[start:]]


def gone(rows: list[Row]) -> list[str]:
    """The keys that rows say are gone."""
    return [row.deleted_key for row in rows if row.deleted_key]


def test_only_what_changed_since_is_asked_for(routes: EdfiRoutes) -> None:
    cursor = read(routes)[1][-1].cursor
    routes.world.put("sessions", "guid3", **session("S03", totalInstructionalDays=80))
    before = len(routes.asked)
    rows, _, _ = read(routes, cursor)
    assert [(row.payload or {})["totalInstructionalDays"] for row in rows] == [80]
    assert all("minChangeVersion=13&maxChangeVersion=13" in line for line in asked(routes, before)[1:])


def test_nothing_new_costs_one_request(routes: EdfiRoutes) -> None:
    cursor = read(routes)[1][-1].cursor
    before = len(routes.asked)
    assert read(routes, cursor)[0] == []
    assert asked(routes, before) == ["changeQueries/v1/availableChangeVersions"]


def test_deletion_is_told_by_natural_key(routes: EdfiRoutes) -> None:
    cursor = read(routes)[1][-1].cursor
    routes.world.delete("sessions", "guid3", **keys("S03"))
    assert gone(read(routes, cursor)[0]) == ["255901001|2022|S03"]


def test_key_that_is_given_anew_is_there_after_its_deletion(routes: EdfiRoutes) -> None:
    cursor = read(routes)[1][-1].cursor
    routes.world.delete("sessions", "guid3", **keys("S03"))
    routes.world.put("sessions", "another", **session("S03"))
    rows, _, _ = read(routes, cursor)
    assert [bool(row.deleted_key) for row in rows] == [True, False]


def test_item_that_changes_its_key_leaves_the_old_one(routes: EdfiRoutes) -> None:
    cursor = read(routes)[1][-1].cursor
    routes.world.change_key("sessions", "guid3", keys("S03"), keys("Fall"), **session("Fall"))
    rows, _, _ = read(routes, cursor)
    assert gone(rows) == ["255901001|2022|S03"]
    assert (rows[-1].payload or {})["sessionName"] == "Fall"


def test_deletion_that_names_no_key_is_a_faulty_row(routes: EdfiRoutes) -> None:
    cursor = read(routes)[1][-1].cursor
    routes.world.delete("sessions", "guid3", schoolId=1)
    assert [row.detail for row in read(routes, cursor)[0]] == ["it names no key that is gone"]


def test_deletions_in_many_pages_are_all_told(routes: EdfiRoutes) -> None:
    cursor = read(routes)[1][-1].cursor
    routes.world.trouble.cap = 2
    for number in range(9):
        routes.world.delete("sessions", f"guid{number}", **keys(f"S{number:02}"))
    assert len(set(gone(read(routes, cursor)[0]))) == 9


def test_server_that_was_set_back_is_read_in_full(routes: EdfiRoutes) -> None:
    cursor = read(routes)[1][-1].cursor
    routes.world.version = 4
    rows, pages, _ = read(routes, cursor)
    assert len(rows) == 12
    assert any("sessions" in page.complete for page in pages)


def test_server_that_forgot_changes_is_read_in_full(routes: EdfiRoutes) -> None:
    cursor = read(routes)[1][-1].cursor
    routes.world.put("sessions", "guid3", **session("S03"))
    routes.world.version = routes.world.oldest = 50
    rows, pages, _ = read(routes, cursor)
    assert len(rows) == 12
    assert any("sessions" in page.complete for page in pages)


def test_full_read_has_no_upper_version_so_that_a_change_hides_nothing(routes: EdfiRoutes) -> None:
    before = len(routes.asked)
    read(routes)
    assert not any("ChangeVersion=" in line for line in asked(routes, before))


def test_changes_while_pages_are_read_by_token_and_by_offset(routes: EdfiRoutes) -> None:
    for tokens in (False, True):
        routes.world.trouble.own_marks, routes.world.trouble.cap = tokens, 3
        routes.world.trouble.writes = 0.5
        always = {key for kind, key in routes.world.items if kind == "sessions"}
        cursor, seen = None, set[str]()
        for _ in range(2):
            rows, pages, _ = read(routes, cursor)
            cursor, routes.world.trouble.writes = pages[-1].cursor, 0
            seen |= {str((row.payload or {}).get("id")) for row in rows}
        assert always & {key for _, key in routes.world.items} <= seen


def test_tokens_are_followed(routes: EdfiRoutes) -> None:
    routes.world.trouble.own_marks = True
    rows, pages, _ = read(routes)
    assert len(rows) == 12
    assert sum("pageToken=" in line for line in routes.asked) == 3
    assert any(page.complete for page in pages)


def test_expired_token_begins_again_by_offset(routes: EdfiRoutes) -> None:
    routes.world.trouble.own_marks, routes.world.trouble.expired_marks = True, 1
    rows, _, _ = read(routes)
    assert {(row.payload or {})["id"] for row in rows} == {f"guid{number}" for number in range(12)}


def test_server_without_change_queries_says_so(routes: EdfiRoutes) -> None:
    routes.world.trouble.refuses_filter = True
    rows, _, source = read(routes)
    assert len(rows) == 12
    assert [ignored.why for ignored in source.ignored] == [Why.NOT_SUPPORTED]


def test_server_without_deletions_says_so(routes: EdfiRoutes) -> None:
    cursor = read(routes)[1][-1].cursor
    routes.world.trouble.forgets = True
    routes.world.put("sessions", "new", **session("New"))
    assert [ignored.place for ignored in read(routes, cursor)[2].ignored] == ["sessions/deletes", "sessions/keyChanges"]


def test_resource_of_an_extension_has_its_own_path(routes: EdfiRoutes) -> None:
    read(routes, kinds=("tpdm/candidates",), data_path="data/v3/2022")
    assert "GET /data/v3/2022/tpdm/candidates?" in routes.asked[-1]


def test_token_is_asked_for_without_a_scope(routes: EdfiRoutes) -> None:
    routes.world.trouble.token_lasts = 600
    auth = {
        "kind": "client_credentials",
        "token_url": f"{routes.base}/oauth/token",
        "client_id": "k",
        "client_secret": "s",
    }
    read(routes, auth=auth)
    assert routes.forms == [{"grant_type": ["client_credentials"]}]
