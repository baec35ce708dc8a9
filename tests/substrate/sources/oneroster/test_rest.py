"""A OneRoster server: credentials, paths, filters, deletions, and everything that goes wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from substrate.clock import isoformat
from substrate.errors import SourceError
from substrate.sources.ignored import Why
from substrate.sources.oneroster.flat import flat
from substrate.sources.oneroster.rest import OneRosterOptions, OneRosterSource
from substrate.sources.source import Cursor, Page, Row
from substrate.sources.web import RefusedError, UnreachableError
from tests.substrate.sources.oneroster_server import OneRosterRoutes, OneRosterWorld, serving_oneroster
from tests.substrate.sources.roster_server import Trouble


@pytest.fixture
def routes() -> Iterator[OneRosterRoutes]:
    """A server with twenty organizations and a user."""
    world = OneRosterWorld(trouble=Trouble(cap=100))
    for number in range(20):
        world.put("orgs", f"o{number:02}", name=f"School {number}")
    world.put("users", "u1", givenName="Una", roles=[{"role": "student", "org": {"sourcedId": "o00"}}])
    world.clock.move(1_000_000)
    with serving_oneroster(world) as served:
        yield served


def source(routes: OneRosterRoutes, **options: Any) -> OneRosterSource:
    """A source on the server; its waits are over at once."""
    given = {"kinds": ("orgs",), "limit": 5, "timeout_seconds": 2, **options}
    made = OneRosterOptions(base_url=routes.base, **given)
    return OneRosterSource("sis", made, sleep=lambda _: None, clock=routes.world.clock, chance=lambda: 0.5)


def read(routes: OneRosterRoutes, cursor: Cursor | None = None, **options: Any) -> tuple[list[Row], list[Page]]:
    """What one read gives."""
    with source(routes, **options) as opened:
        pages = list(opened.read(cursor, 1))
    return [row for page in pages for row in page.rows], pages


def asked(routes: OneRosterRoutes) -> list[dict[str, str]]:
    """The parameters of every request for organizations."""
    found = [urlsplit(line.split()[1]) for line in routes.asked if "/orgs" in line]
    return [{name: values[0] for name, values in parse_qs(parts.query).items()} for parts in found]


CREDENTIALS = {"kind": "client_credentials", "client_id": "plumbline", "client_secret": "s3cret"}


def test_token_is_fetched_once_with_the_scope_of_the_version(routes: OneRosterRoutes) -> None:
    routes.world.trouble.token_lasts = 3600
    read(routes, auth=CREDENTIALS | {"token_url": f"{routes.base}/oauth/token"})
    assert [form["scope"] for form in routes.forms] == [
        ["https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"]
    ]


def test_token_that_the_server_forgot_is_fetched_again_once(routes: OneRosterRoutes) -> None:
    routes.world.trouble.token_lasts = 3600
    with source(routes, auth=CREDENTIALS | {"token_url": f"{routes.base}/oauth/token"}) as opened:
        list(opened.read(None, 1))
        routes.tokens.clear()
        assert list(opened.read(None, 1))[-1].ended
    assert len(routes.forms) == 2


def test_wrong_credentials_are_told_without_them(routes: OneRosterRoutes) -> None:
    routes.world.trouble.token_lasts = 3600
    with pytest.raises(RefusedError, match="answered 401") as caught:
        read(routes, auth={"kind": "bearer", "token": "s3cret"})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("version", "path"), [("1.1", "/v1p1/orgs"), ("1.2", "/rostering/v1p2/orgs")])
def test_path_is_that_of_the_version(routes: OneRosterRoutes, version: str, path: str) -> None:
    read(routes, version=version)
    assert {urlsplit(line.split()[1]).path for line in routes.asked} == {path}


def test_gradebook_is_a_service_of_its_own(routes: OneRosterRoutes) -> None:
    read(routes, kinds=("results",))
    assert "/gradebook/v1p2/results" in routes.asked[-1]


def test_next_read_asks_for_changes_with_an_overlap(routes: OneRosterRoutes) -> None:
    routes.world.clock.move(3600_000_000)
    opened = routes.world.clock.now() - 1_000_000
    _, pages = read(routes)
    routes.world.clock.move(3600_000_000)
    routes.world.put("orgs", "o03", name="Renamed")
    rows, _ = read(routes, pages[-1].cursor)
    assert [(row.payload or {})["name"] for row in rows] == ["Renamed"]
    assert asked(routes)[-1]["filter"] == f"dateLastModified>='{isoformat(opened - 119_000_000)}'"


def test_object_to_be_deleted_is_gone(routes: OneRosterRoutes) -> None:
    _, pages = read(routes)
    routes.world.delete("orgs", "o03")
    routes.world.delete("orgs", "o04")
    rows, _ = read(routes, pages[-1].cursor, overlap_seconds=0)
    assert [row.deleted_key for row in rows] == ["o03", "o04"]


def test_inactive_object_is_kept(routes: OneRosterRoutes) -> None:
    routes.world.put("orgs", "o03", status="inactive")
    assert {row.deleted_key for row in read(routes)[0]} == {None}


def test_full_read_now_and_then_tells_what_is_whole(routes: OneRosterRoutes) -> None:
    cursor, wholes = None, []
    for _ in range(5):
        pages = read(routes, cursor, sweep_every=2)[1]
        cursor = pages[-1].cursor
        wholes.append(any(page.complete for page in pages))
    assert wholes == [True, False, True, False, True]


def test_never_a_full_read_if_none_is_wanted(routes: OneRosterRoutes) -> None:
    with source(routes, sweep_every=0) as opened:
        assert not opened.completes
        assert not any(page.complete for page in opened.read(None, 1))


@pytest.mark.parametrize(
    "trouble",
    [
        {"throttled": 0.4}, {"unavailable": 0.4}, {"resets": 0.3}, {"cut_json": 0.3}, {"stall_once": True},
        {"throttled": 0.2, "resets": 0.2, "cut_json": 0.2, "cap": 3, "duplicates": 0.2},
    ],
)  # fmt: skip
def test_everything_arrives_despite_trouble(routes: OneRosterRoutes, trouble: dict[str, Any]) -> None:
    for name, value in trouble.items():
        setattr(routes.world.trouble, name, value)
    rows, _ = read(routes, attempts=12, timeout_seconds=0.5)
    assert {(row.payload or {})["sourcedId"] for row in rows} == {f"o{number:02}" for number in range(20)}


def test_retry_after_is_obeyed_and_patience_ends(routes: OneRosterRoutes) -> None:
    routes.world.trouble.throttled = 1
    waits: list[float] = []
    options = OneRosterOptions(base_url=routes.base, kinds=("orgs",), attempts=3)
    made = OneRosterSource("sis", options, sleep=waits.append, clock=routes.world.clock, chance=lambda: 0.0)
    with made as opened, pytest.raises(UnreachableError, match="3 tries"):
        list(opened.read(None, 1))
    assert len(waits) == 2
    assert min(waits) >= 1


def test_kind_that_is_refused_is_listed_and_others_are_read(routes: OneRosterRoutes) -> None:
    routes.world.trouble.refused_kinds = ("orgs",)
    with source(routes, kinds=("orgs", "users")) as opened:
        rows = [row for page in opened.read(None, 1) for row in page.rows]
    assert [row.kind for row in rows] == ["users"]
    assert [(ignored.place, ignored.why) for ignored in opened.ignored] == [("orgs", Why.FORBIDDEN)]


def test_links_that_always_expire_are_told(routes: OneRosterRoutes) -> None:
    routes.world.trouble.own_marks, routes.world.trouble.expired_marks = True, 1
    with pytest.raises(SourceError, match="expire"):
        read(routes)


def test_data_that_change_while_they_are_read_are_all_there_in_the_end(routes: OneRosterRoutes) -> None:
    routes.world.trouble.writes, routes.world.trouble.cap = 0.5, 3
    given: dict[str, dict[str, Any]] = {}
    cursor = None
    for number in range(4):
        routes.world.trouble.writes = 0.5 if number < 2 else 0
        routes.world.clock.move(1_000_000)
        rows, pages = read(routes, cursor)
        cursor = pages[-1].cursor
        for row in rows:
            if row.deleted_key:
                given.pop(row.deleted_key, None)
            else:
                given[str((row.payload or {})["sourcedId"])] = row.payload or {}
    live = {key: flat(one) for (kind, key), one in routes.world.live().items() if kind == "orgs"}
    assert given == live


def test_json_is_flattened_to_the_names_of_csv() -> None:
    told = {
        "sourcedId": "c1", "course": {"sourcedId": "k", "type": "course"}, "school": {"sourcedId": "s"},
        "terms": [{"sourcedId": "t1"}, {"sourcedId": "t2"}], "grades": ["9", "10"], "enabledUser": True,
        "metadata": {"leftAt": None, "n": 1}, "score": 1.5, "other": {"x": 1}, "subjectCodes": [],
    }  # fmt: skip
    assert flat(told) == {
        "sourcedId": "c1", "courseSourcedId": "k", "schoolSourcedId": "s", "termSourcedIds": "t1,t2", "grades": "9,10",
        "metadata.leftAt": "", "metadata.n": "1", "enabledUser": "true", "score": "1.5", "other": {"x": 1},
        "subjectCodes": "",
    }  # fmt: skip


def test_user_of_1_2_has_the_role_and_the_schools_of_a_user_of_1_1(routes: OneRosterRoutes) -> None:
    roles = [
        {"roleType": "secondary", "role": "aide", "org": {"sourcedId": "o01"}},
        {"roleType": "primary", "role": "teacher", "org": {"sourcedId": "o02"}},
    ]
    routes.world.put("users", "u1", givenName="Una", enabledUser=True, roles=roles)
    told = read(routes, kinds=("users",))[0][0].payload or {}
    assert (told["role"], told["orgSourcedIds"], told["enabledUser"]) == ("teacher", "o02,o01", "true")


def test_answer_without_a_list_is_told(routes: OneRosterRoutes) -> None:
    with pytest.raises(SourceError, match="without a list of orgs"):
        read(routes, paths={"orgs": "oauth/token"}, attempts=1)
