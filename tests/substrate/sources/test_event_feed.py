"""EPCIS repositories and DCSA carriers that misbehave: nothing is lost, nothing is read for ever, no key leaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from substrate.clock import SECOND, isoformat
from substrate.errors import SourceError
from substrate.sources.configured import SourceEntry
from substrate.sources.dcsa import DcsaOptions, DcsaSource
from substrate.sources.epcis_query import EpcisOptions, EpcisSource, next_link
from substrate.sources.web import Answer, RefusedError
from tests.substrate.sources.conformance import NOW, Reader
from tests.substrate.sources.fhir_server import Trouble
from tests.substrate.sources.trade_harnesses import EventHarness
from tests.substrate.sources.trade_server import EventRoutes

KEY = "key-of-plumbline"


@pytest.fixture(params=["epcis", "dcsa"])
def harness(request: pytest.FixtureRequest) -> Iterator[EventHarness]:
    """A list of twenty events, many of them recorded in the same instant."""
    with ExitStack() as stack:
        made = EventHarness(stack, Trouble(), request.param)
        for number in range(20):
            made.put("Patient", f"k{number}", note=number)
        made.publish()
        yield made


def agrees(reader: Reader) -> bool:
    told = {key: record["note"] for key, record in reader.records.items()}
    return told == {key: record["note"] for key, record in reader.harness.state().items()}


def routes(harness: EventHarness) -> EventRoutes:
    found = harness.routes
    assert isinstance(found, EventRoutes)
    return found


def test_the_next_read_asks_from_before_the_last_one_began(harness: EventHarness) -> None:
    reader = Reader(harness)
    reader.read()
    reader.read()
    first, *_, last = routes(harness).queries
    asked = routes(harness).since
    assert asked not in first
    assert last[asked] == isoformat(harness.world.clock.now() - 600 * SECOND)


def test_an_event_that_is_recorded_late_is_met_by_the_next_read(harness: EventHarness) -> None:
    reader, world = Reader(harness), harness.world
    late = world.history.pop(5)
    world.clock.move(300 * SECOND)
    reader.read()
    assert not agrees(reader)
    world.history.insert(5, late)
    reader.read()
    assert agrees(reader)


@pytest.mark.parametrize("trouble", [{"unsorted": True}, {"unsorted": True, "duplicates": 0.5}, {"writes": 0.4}])
def test_nothing_is_lost_whatever_the_order(harness: EventHarness, trouble: dict[str, Any]) -> None:
    harness.world.trouble = Trouble(**trouble)
    reader = Reader(harness)
    reader.read()
    harness.world.trouble = Trouble()
    reader.read()
    reader.read()
    assert set(harness.state()) <= set(reader.records)


def test_links_that_always_expire_end_in_an_error(harness: EventHarness) -> None:
    harness.world.trouble = Trouble(expired_links=1, unsorted=True)
    with pytest.raises(SourceError, match="expire"):
        Reader(harness).read()


def test_a_circle_of_links_ends_in_an_error(harness: EventHarness) -> None:
    routes(harness).circles = True
    with pytest.raises(SourceError, match="circle"):
        Reader(harness).read()


def test_links_to_elsewhere_are_not_followed(harness: EventHarness) -> None:
    harness.world.trouble = Trouble(foreign_links=True)
    with pytest.raises(SourceError, match="another origin"):
        Reader(harness).read()


def test_a_refusal_is_told_without_the_key(harness: EventHarness) -> None:
    options = {"base_url": f"{harness.routes.base}/nowhere", "headers": {"Consumer-Key": SecretStr(KEY)}}
    epcis = harness.speaks == "epcis"
    source = EpcisSource("x", EpcisOptions(**options)) if epcis else DcsaSource("x", DcsaOptions(**options))
    with source, pytest.raises(RefusedError, match="404") as refused:
        list(source.read(None, NOW))
    assert KEY not in str(refused.value) + repr(source.options)


@pytest.mark.parametrize(
    ("kinds", "asked"), [(("ObjectEvent", "patient"), "ObjectEvent"), (None, None), (("AggregationEvent",), "")]
)
def test_only_the_wanted_types_are_asked_for_and_taken(kinds: Any, asked: str | None) -> None:
    with ExitStack() as stack:
        made = EventHarness(stack, Trouble(), "epcis")
        made.put("Patient", "k1", note=1)
        source = EpcisSource("x", EpcisOptions(base_url=made.routes.base, kinds=kinds), clock=made.world.clock)
        rows = [row for page in stack.enter_context(source).read(None, NOW) for row in page.rows]
        query = routes(made).queries[0]
    assert query.get("eventType") == (asked if asked != "" else "AggregationEvent")
    assert len(rows) == (0 if asked == "" else 1)


@pytest.mark.parametrize(
    ("header", "link"),
    [
        ('<https://x/events?nextPageToken=1,2>; rel="next"', "https://x/events?nextPageToken=1,2"),
        ("</a>; rel=prev, </b>; title=x; rel=next", "/b"),
        ('<a>; rel="nextish"', None),
        ("", None),
    ],
)
def test_the_next_page_is_found_among_links(header: str, link: str | None) -> None:
    assert next_link(Answer(200, {"link": header}, b"", "x")) == link


@pytest.mark.parametrize("wrong", [{"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}, {"base_url": "ftp://x"}])
@pytest.mark.parametrize("kind", ["epcis", "dcsa"])
def test_wrong_options_are_refused(kind: str, wrong: dict[str, str]) -> None:
    said = {"name": "x", "vertical": "y", kind: {"base_url": "https://x", **wrong}}
    with pytest.raises(ValidationError):
        SourceEntry.model_validate(said)
