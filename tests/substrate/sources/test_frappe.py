"""A Frappe site: what it refuses, how it tells of deletions, and what it is told of us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from substrate.clock import SECOND
from substrate.sources.frappe import FrappeOptions
from substrate.sources.ignored import Why
from substrate.sources.source import Page
from substrate.sources.web import RefusedError, UnreachableError
from tests.substrate.sources.erp_harnesses import FrappeHarness
from tests.substrate.sources.fhir_server import Trouble


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def site(stack: ExitStack, trouble: Trouble | None = None, **options: Any) -> FrappeHarness:
    """A site with six patients, written a second apart."""
    made = FrappeHarness(stack, trouble or Trouble(), **options)
    for number in range(6):
        made.world.put("Patient", f"p{number}", note=number)
        made.world.clock.move(SECOND)
    made.publish()
    return made


def read(made: FrappeHarness, cursor: dict[str, Any] | None = None) -> list[Page]:
    return list(made.source(100).read(cursor, 0))


def keys(pages: list[Page]) -> list[str]:
    return [row.payload["name"] for page in pages for row in page.rows if row.payload]


def test_second_read_asks_for_what_changed_and_for_deletions_only(stack: ExitStack) -> None:
    made = site(stack, overlap_seconds=0)
    cursor = read(made)[-1].cursor
    made.publish()
    made.put("Patient", "p1", note=7)
    made.delete("Patient", "p2")
    rows = [row for page in read(made, cursor) for row in page.rows]
    assert [row.deleted_key or (row.payload or {}).get("name") for row in rows] == ["p2", "p1", "p5"]


def test_deleted_and_made_again_is_there_though_its_deletion_is_told_twice(stack: ExitStack) -> None:
    made = site(stack)
    cursor = read(made)[-1].cursor
    made.delete("Patient", "p2")
    made.put("Patient", "p2", note=9)
    for _ in range(2):
        pages = read(made, cursor)
        cursor = pages[-1].cursor
        rows = [
            row for page in pages for row in page.rows if "p2" in (row.deleted_key, (row.payload or {}).get("name"))
        ]
        assert [row.deleted_key for row in rows] == ["p2", None]


def test_overlap_reaches_back_in_the_sites_own_time(stack: ExitStack) -> None:
    made = site(stack, overlap_seconds=120)
    cursor = read(made)[-1].cursor
    assert len(keys(read(made, cursor))) == 6


def test_sweep_tells_names_not_rows(stack: ExitStack) -> None:
    made = site(stack, deletes=False, sweep_every=1, overlap_seconds=0)
    cursor = read(made)[-1].cursor
    made.publish()
    made.put("Patient", "p1", note=7)
    made.delete("Patient", "p2")
    pages = read(made, cursor)
    assert keys(pages) == ["p1", "p5"]
    assert {key for page in pages for key in page.present.get("Patient", ())} == {"p0", "p1", "p3", "p4", "p5"}
    assert "Patient" in frozenset().union(*(page.complete for page in pages))


def test_wrong_token_is_a_refusal_without_the_token(stack: ExitStack) -> None:
    made = site(stack)
    source = made.source(100)
    source._rest._headers["authorization"] = "token wrong:wrong"  # type: ignore[attr-defined]
    with pytest.raises(RefusedError, match="answered 401") as caught:
        list(source.read(None, 0))
    assert "wrong" not in str(caught.value)


def test_doctype_that_the_user_may_not_read_is_listed_and_the_others_are_read(stack: ExitStack) -> None:
    made = site(stack, Trouble(refused_kinds=("Encounter",)))
    source = made.source(100)
    assert len(keys(list(source.read(None, 0)))) == 6
    assert [(one.kind, one.why) for one in source.ignored] == [("Encounter", Why.FORBIDDEN)]  # type: ignore[attr-defined]


def test_deletions_that_the_user_may_not_read_are_listed_and_a_sweep_finds_them(stack: ExitStack) -> None:
    made = site(stack, Trouble(refused_kinds=("Deleted Document",)), sweep_every=1)
    cursor = read(made)[-1].cursor
    made.delete("Patient", "p2")
    pages = read(made, cursor)
    assert "p2" not in {key for page in pages for key in page.present.get("Patient", ())}


def test_throttled_cut_and_reset_answers_are_tried_again(stack: ExitStack) -> None:
    made = site(stack, Trouble(throttled=0.2, unavailable=0.2, resets=0.1, cut_json=0.1))
    assert sorted(keys(read(made))) == [f"p{number}" for number in range(6)]
    assert made.waits


def test_silence_ends_in_plain_words(stack: ExitStack) -> None:
    made = site(stack, Trouble(unavailable=1), attempts=2)
    with pytest.raises(UnreachableError, match="did not answer in 2 tries"):
        read(made)


def test_child_doctype_names_its_parent(stack: ExitStack) -> None:
    made = site(stack, parents={"Patient": "Practice"})
    read(made)
    assert all("parent=Practice" in asked for asked in made.routes.asked if "/Patient?" in asked)


def test_secrets_are_not_shown() -> None:
    options = FrappeOptions(base_url="http://x", api_key=SecretStr("hidden-key"), api_secret=SecretStr("hidden-word"))
    assert "hidden" not in repr(options) + options.place


def test_password_in_the_url_is_refused() -> None:
    with pytest.raises(ValidationError, match="no user, password or query"):
        FrappeOptions(base_url="http://a:b@x", api_key=SecretStr("k"), api_secret=SecretStr("s"))
