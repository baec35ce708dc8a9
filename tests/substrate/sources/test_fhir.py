"""The FHIR source against a real HTTP server that misbehaves."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from substrate.errors import SourceError
from substrate.sources.fhir import FhirOptions
from substrate.sources.ignored import Why
from substrate.sources.source import Page
from substrate.sources.web import RefusedError, UnreachableError
from tests.substrate.sources.conformance import NOW, Reader
from tests.substrate.sources.fhir_server import Trouble
from tests.substrate.sources.harnesses import FhirHarness, Mode
from tests.substrate.sources.test_conformance import agrees

SYNTHEA = Path(__file__).parents[4] / "shared/data/hospital/synthea_fhir_r4"
SECRETS = {
    "basic": {"kind": "basic", "user": "u", "password": "s3cret"},
    "bearer": {"kind": "bearer", "token": "s3cret"},
}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closes servers and clients at the test's end."""
    with ExitStack() as opened:
        yield opened


def harness(stack: ExitStack, mode: Mode = "search", records: int = 12, **more: Any) -> FhirHarness:
    """A server with some patients; `more` is its trouble, and the source's options under `options`."""
    options = more.pop("options", {})
    made = FhirHarness(stack, Trouble(**more), mode, **options)
    for number in range(records):
        made.put("Patient", f"p{number}")
    made.publish()
    return made


def read(made: FhirHarness) -> list[Page]:
    return list(made.source(100).read(None, NOW))


def keys(pages: list[Page]) -> set[str]:
    return {row.payload["id"] for page in pages for row in page.rows if row.payload}


def asked(made: FhirHarness, part: str) -> list[str]:
    return [line for line in made.routes.asked if part in line]


CHANCE = st.sampled_from([0, 0, 0.1, 0.3])
TROUBLE = st.builds(
    Trouble,
    duplicates=CHANCE,
    expired_links=st.sampled_from([0, 0.1]),
    throttled=CHANCE,
    unavailable=CHANCE,
    resets=CHANCE,
    cut_json=CHANCE,
    writes=CHANCE,
    unsorted=st.booleans(),
    no_total=st.booleans(),
    no_history=st.booleans(),
    snapshot=st.booleans(),
    whole_seconds=st.booleans(),
)


@settings(max_examples=25, deadline=None)
@given(trouble=TROUBLE, kills=st.lists(st.integers(1, 4), max_size=4), seed=st.integers(0, 999), bulk=st.booleans())
def test_whatever_goes_wrong_it_ends_with_what_the_server_has(
    trouble: Trouble, kills: list[int], seed: int, bulk: bool
) -> None:
    deletes = "sweep" if trouble.no_history else "history"
    with ExitStack() as stack:
        made = FhirHarness(stack, trouble, "bulk" if bulk else "search", sweep_every=1, deletes=deletes, attempts=40)
        made.world.chance.seed(seed)
        for number in range(25):
            made.put("Patient" if number % 3 else "Encounter", f"k{number}")
        reader = Reader(made)
        for stop_after in [*kills, None]:
            _read_despite(reader, stop_after)
        trouble.writes = 0
        made.publish()
        for _ in range(2):
            _read_despite(reader)
        assert agrees(reader)


def _read_despite(reader: Reader, stop_after: int | None = None) -> None:
    """Read, and again from the last cursor if the server was too bad to be read to the end."""
    for _ in range(100):
        try:
            reader.read(stop_after)
            return
        except SourceError:
            stop_after = None
    raise AssertionError("a hundred reads did not come to an end")


def test_no_row_is_lost_when_pages_shift_during_the_first_load(stack: ExitStack) -> None:
    made = harness(stack, records=60, writes=1)
    reader = Reader(made)
    reader.read()
    made.world.trouble.writes = 0
    made.world.clock.move(3600_000_000)
    reader.read()
    assert agrees(reader)


def test_throttling_is_obeyed_as_asked(stack: ExitStack) -> None:
    made = harness(stack, throttled=0.5, options={"attempts": 30})
    assert len(keys(read(made))) == 12
    assert made.waits
    assert min(made.waits) >= 1


def test_dead_server_is_given_up_with_its_name(stack: ExitStack) -> None:
    made = harness(stack, unavailable=1)
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:\d+/fhir/metadata did not answer in 6 tries"):
        read(made)
    assert len(made.waits) == 5


def test_stalled_answer_is_asked_for_again(stack: ExitStack) -> None:
    made = harness(stack, stall_once=True)
    source = made.source(100)
    source._client.timeout = 0.2
    assert len(keys(list(source.read(None, NOW)))) == 12


def test_refused_kind_is_listed_and_the_others_are_read(stack: ExitStack) -> None:
    made = harness(stack, refused_kinds=("Encounter",))
    made.put("Encounter", "e1")
    source = made.source(100)
    assert keys(list(source.read(None, NOW))) == {f"p{number}" for number in range(12)}
    assert [(ignored.kind, ignored.why) for ignored in source.ignored] == [("Encounter", Why.FORBIDDEN)]


def test_kind_that_is_not_offered_is_listed(stack: ExitStack) -> None:
    source = harness(stack, options={"kinds": ("Patient", "Bed")}).source(100)
    assert len(keys(list(source.read(None, NOW)))) == 12
    assert [(ignored.kind, ignored.why) for ignored in source.ignored] == [("Bed", Why.NOT_SUPPORTED)]


def test_credentials_never_go_to_another_origin(stack: ExitStack) -> None:
    made = harness(stack, foreign_links=True, unstamped=True, options={"auth": SECRETS["bearer"]})
    with pytest.raises(SourceError, match=r"another origin, http://elsewhere\.invalid/fhir"):
        read(made)


@pytest.mark.parametrize("kind", SECRETS)
def test_secret_shows_nowhere(stack: ExitStack, kind: str) -> None:
    made = harness(stack, unavailable=1, options={"auth": SECRETS[kind]})
    source = made.source(100)
    with pytest.raises(UnreachableError) as caught:
        list(source.read(None, NOW))
    assert "s3cret" not in f"{caught.value!r} {caught.value} {source.options!r} {made.routes.asked}"


def test_base_url_with_a_password_is_refused() -> None:
    with pytest.raises(ValueError, match="must carry no user, password or query"):
        FhirOptions(base_url="https://u:p@ehr.example.org/fhir")


def test_expired_token_is_fetched_again(stack: ExitStack) -> None:
    made = harness(stack, token_lasts=60)
    made.options["auth"] = _client_credentials(f"{made.routes.base}/token")
    pages = made.source(4).read(None, NOW)
    found = []
    for page in pages:
        found.append(page)
        made.world.clock.move(40_000_000)
    assert len(keys(found)) == 12
    assert len(made.routes.forms) >= 2


def test_token_that_the_server_drops_is_fetched_again_once(stack: ExitStack) -> None:
    made = harness(stack, token_lasts=600)
    made.options["auth"] = _client_credentials(f"{made.routes.base}/token")
    pages = made.source(4).read(None, NOW)
    next(pages)
    made.routes.tokens.clear()
    assert list(pages)[-1].ended
    made.world.trouble.token_lasts = -1
    with pytest.raises(RefusedError, match="answered 401"):
        read(made)


def _client_credentials(token_url: str) -> dict[str, Any]:
    return {"kind": "client_credentials", "token_url": token_url, "client_id": "c", "client_secret": "s3cret"}


def test_next_read_asks_only_for_what_changed_since_before_the_last(stack: ExitStack) -> None:
    made = harness(stack)
    made.world.clock.move(3600_000_000)
    reader = Reader(made)
    reader.read()
    made.put("Patient", "late")
    made.publish()
    made.routes.asked.clear()
    reader.read()
    assert keys(reader.pages) == {"late"}
    assert "ge2023-11-14T23%3A11" in asked(made, "/Patient?")[0]


def test_sweep_tells_what_is_gone_every_so_many_reads(stack: ExitStack) -> None:
    made = harness(stack, no_history=True, options={"sweep_every": 3})
    reader = Reader(made)
    told = []
    for _ in range(7):
        reader.read()
        told.append(any(page.complete for page in reader.pages))
    assert told == [True, False, False, True, False, False, True]


def test_export_is_polled_as_asked_and_discarded(stack: ExitStack) -> None:
    made = harness(stack, "bulk", export_polls=3)
    pages = read(made)
    assert len(keys(pages)) == 12
    assert pages[-1].complete == {"Patient"}
    assert made.waits == [7, 7, 7]
    assert made.routes.discarded == 1


def test_next_export_asks_since_the_last_transaction_time(stack: ExitStack) -> None:
    made = harness(stack, "bulk")
    reader = Reader(made)
    reader.read()
    reader.read()
    assert "_since=2023-11-14T22%3A13%3A21" in asked(made, "$export")[-1]
    assert reader.pages[-1].complete == frozenset()


def test_export_that_the_server_forgot_is_asked_for_again(stack: ExitStack) -> None:
    made = harness(stack, "bulk")
    reader = Reader(made)
    reader.read(stop_after=1)
    made.routes.exports.clear()
    reader.read()
    assert agrees(reader)


def test_export_file_that_breaks_off_is_read_on(stack: ExitStack) -> None:
    made = harness(stack, "bulk", records=200, resets=0.5, options={"attempts": 60})
    pages = read(made)
    rows = [row for page in pages for row in page.rows]
    assert [row.line for row in rows] == list(range(1, 201))


def test_synthea_arrives_whole(stack: ExitStack) -> None:
    if not SYNTHEA.is_dir():
        pytest.skip("the shared Synthea data is not here")
    made = FhirHarness(stack, Trouble(unstamped=True, duplicates=0.1, resets=0.1, throttled=0.1), attempts=20)
    for kind in ("Organization", "Practitioner", "AllergyIntolerance"):
        for line in gzip.decompress((SYNTHEA / f"{kind}.ndjson.gz").read_bytes()).splitlines():
            resource = json.loads(line)
            made.put(kind, resource.pop("id"), **resource)
    reader = Reader(made)
    reader.read()
    assert len(reader.records) > 200
    assert agrees(reader)
