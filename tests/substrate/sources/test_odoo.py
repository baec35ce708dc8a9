"""An Odoo server: both protocols, its way of saying nothing, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from substrate.clock import SECOND
from substrate.errors import ConfigurationError
from substrate.sources.ignored import Why
from substrate.sources.odoo import OdooOptions, OdooSource
from substrate.sources.source import Page
from substrate.sources.web import RefusedError
from tests.substrate.sources.erp_harnesses import OdooHarness
from tests.substrate.sources.erp_server import DATABASE, KEY, LOGIN, OdooRoutes
from tests.substrate.sources.fhir_server import START, Trouble


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def server(stack: ExitStack, trouble: Trouble | None = None, **options: Any) -> OdooHarness:
    """A server with six partners, all written in one second."""
    made = OdooHarness(stack, trouble or Trouble(), **options)
    for number in range(6):
        made.world.put("Patient", f"p{number}", note="x", open=number % 2 == 0)
        made.world.clock.move(100_000)
    made.publish()
    return made


def source(made: OdooHarness, stack: ExitStack, **changes: Any) -> OdooSource:
    given = {"database": DATABASE, "api_key": SecretStr(KEY), "login": LOGIN, "kinds": ("Patient",), "count": 2}
    options = OdooOptions(base_url=made.routes.base, **{**given, **changes})
    return stack.enter_context(OdooSource("odoo", options, **made.tools()))


def rows(pages: list[Page]) -> list[dict[str, Any]]:
    return [row.payload for page in pages for row in page.rows if row.payload]


def test_records_of_one_second_are_neither_lost_nor_asked_for_without_end(stack: ExitStack) -> None:
    made = server(stack)
    found = rows(list(source(made, stack).read(None, 0)))
    assert [one["id"] for one in found] == [1, 2, 3, 4, 5, 6]


def test_change_within_the_last_second_is_given_again(stack: ExitStack) -> None:
    made = server(stack)
    first = list(source(made, stack, overlap_seconds=0).read(None, 0))
    made.world.clock.move(START + 550_000 - made.world.clock.now())
    made.world.put("Patient", "p0", note="late")
    again = rows(list(source(made, stack, overlap_seconds=0).read(first[-1].cursor, 0)))
    assert "late" in [one["note"] for one in again]


def test_false_is_nothing_unless_the_field_is_a_yes_or_no(stack: ExitStack) -> None:
    made = server(stack)
    made.world.put("Patient", "p0", note=None, open=False)
    (one,) = [one for one in rows(list(source(made, stack).read(None, 0))) if one["key"] == "p0"]
    assert (one["note"], one["open"]) == (None, False)


def test_reference_is_the_others_id(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    made = server(stack)
    made.world.put("Patient", "p0", partner=[17, "Jane Doe"])
    known = OdooRoutes.fields
    told = {"partner": {"type": "many2one", "store": True}}
    monkeypatch.setattr(OdooRoutes, "fields", lambda self, model: {**known(self, model), **told})
    found = rows(list(source(made, stack).read(None, 0)))
    assert [one["partner"] for one in found] == [None, None, None, None, None, 17]
    assert "Jane" not in str(found)


def test_without_json2_the_older_protocol_is_spoken(stack: ExitStack) -> None:
    made = server(stack, speaks_json2=False)
    assert len(rows(list(source(made, stack).read(None, 0)))) == 6
    assert len([asked for asked in made.routes.asked if "/json/2" in asked]) == 1


def test_older_protocol_without_a_login_says_what_is_missing(stack: ExitStack) -> None:
    made = server(stack, speaks_json2=False)
    with pytest.raises(ConfigurationError, match="asks for a login"):
        list(source(made, stack, login=None).read(None, 0))


@pytest.mark.parametrize("speaks_json2", [True, False])
def test_expired_key_says_how_to_mend_it(stack: ExitStack, speaks_json2: bool) -> None:
    made = server(stack, speaks_json2=speaks_json2)
    with pytest.raises(RefusedError) as caught:
        list(source(made, stack, api_key=SecretStr("expired-key")).read(None, 0))
    assert "new API key" in caught.value.hint
    assert "expired-key" not in str(caught.value)


@pytest.mark.parametrize("speaks_json2", [True, False])
def test_model_that_the_user_may_not_read_is_listed(stack: ExitStack, speaks_json2: bool) -> None:
    made = server(stack, Trouble(refused_kinds=("res.users",)), speaks_json2=speaks_json2)
    opened = source(made, stack, kinds=("res.users", "Patient"))
    assert len(rows(list(opened.read(None, 0)))) == 6
    assert [(one.kind, one.why) for one in opened.ignored] == [("res.users", Why.FORBIDDEN)]


def test_only_the_ids_are_asked_for_to_learn_what_is_gone(stack: ExitStack) -> None:
    made = server(stack)
    first = list(source(made, stack, sweep_every=1, overlap_seconds=0).read(None, 0))
    made.delete("Patient", "p3")
    made.world.clock.move(60 * SECOND)
    pages = list(source(made, stack, sweep_every=1, overlap_seconds=0).read(first[-1].cursor, 0))
    assert {key for page in pages for key in page.present.get("Patient", ())} == {"1", "2", "3", "5", "6"}
    assert frozenset({"Patient"}) in [page.complete for page in pages]


def test_count_that_says_more_than_was_given_concludes_nothing(stack: ExitStack) -> None:
    made = server(stack)
    first = list(source(made, stack, sweep_every=1).read(None, 0))
    made.world.trouble.truncated = True
    pages = list(source(made, stack, sweep_every=1).read(first[-1].cursor, 0))
    assert not frozenset().union(*(page.complete for page in pages))


def test_secrets_are_not_shown() -> None:
    options = OdooOptions(base_url="http://x", database="d", api_key=SecretStr("hidden-key"))
    assert "hidden" not in repr(options) + options.place


def test_older_protocol_asked_for_without_login_is_refused_at_once() -> None:
    with pytest.raises(ValidationError, match="needs the user's `login`"):
        OdooOptions(base_url="http://x", database="d", api_key=SecretStr("k"), protocol="jsonrpc")
