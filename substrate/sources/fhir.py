"""A FHIR R4 server as a source: search page by page, or bulk export, with deletions."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import Field

from substrate.clock import MICROS, Clock, isoformat
from substrate.sources.fhir_auth import Authorizer, FhirAuth, NoAuth
from substrate.sources.fhir_bulk import Export, Job, Manifest
from substrate.sources.fhir_history import deleted_since
from substrate.sources.fhir_search import Search, Walk
from substrate.sources.fhir_server import Capability, FhirServer
from substrate.sources.ignored import Ignored, Why
from substrate.sources.source import Cursor, Page, Row
from substrate.sources.web import RefusedError, origin
from substrate.sources.web_options import WebOptions

_NOT_FOR_US = {403: Why.FORBIDDEN, 404: Why.NOT_SUPPORTED, 405: Why.NOT_SUPPORTED, 501: Why.NOT_SUPPORTED}


class FhirOptions(WebOptions):
    """How to read a FHIR server. Every option but `base_url` has a default."""

    base_url: str = Field(description="The server's base, such as https://ehr.example.org/fhir.")
    auth: FhirAuth = Field(NoAuth(), description="Who is asking; secrets come from settings, never from here.")
    kinds: tuple[str, ...] | None = Field(None, description="Resource types to read; None: all it searches.")
    mode: Literal["auto", "search", "bulk"] = Field(
        "search", description="search: page by page; bulk: $export; auto: $export where offered, else search."
    )
    deletes: Literal["auto", "history", "sweep", "none"] = Field(
        "auto", description="How search learns of deletions; auto: history where offered, else sweep; none: not at all."
    )
    sweep_every: int = Field(24, gt=0, description="With sweep: read a kind in full every so many reads.")
    overlap_seconds: float = Field(120, ge=0, description="How far a read reaches back before the last one.")
    count: int = Field(200, gt=0, description="Records a page to ask for; a server may give fewer.")
    export_path: str = Field("$export", description="$export, Patient/$export or Group/<id>/$export.")
    poll_seconds: float = Field(5, gt=0, description="Wait between looks at an export, unless the server says.")
    export_patience_seconds: float = Field(6 * 3600, gt=0, description="The longest wait for an export.")
    trusted_origins: tuple[str, ...] = Field((), description="Other origins that may see the credentials.")


@dataclass(slots=True)
class _KindState:
    """What is remembered of a kind between reads."""

    watermark: int | None = None
    reads: int = 0
    whole_at: int | None = None
    """The number of the read that last saw it whole."""
    stamped: bool = True
    plain: bool = False
    walk: dict[str, Any] | None = None


@dataclass(slots=True)
class _State:
    """What is remembered of the server between reads: the cursor, in types."""

    kinds: dict[str, _KindState] = field(default_factory=dict)
    since: str | None = None
    """The transactionTime of the last export."""
    job: dict[str, Any] | None = None

    @classmethod
    def load(cls, cursor: Cursor | None) -> _State:
        told = cursor or {}
        kinds = {kind: _KindState(**state) for kind, state in told.get("kinds", {}).items()}
        return cls(kinds, told.get("since"), told.get("job"))

    def as_json(self) -> Cursor:
        return {"v": 1, **asdict(self)}


class FhirSource:
    """Reads a FHIR server; `ignored` says after each read what was left, and why. Close it when done."""

    def __init__(
        self,
        name: str,
        options: FhirOptions,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.options = options
        self.ignored: list[Ignored] = []
        web = options.web(sleep, clock, chance)
        self._client = web.client
        authorizer = Authorizer(options.auth, web.send, web.clock.now)
        trusted = frozenset(map(origin, options.trusted_origins))
        self._server = FhirServer(options.base_url, web, authorizer, trusted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def completes(self) -> bool:
        """Whether a read may say that a kind is complete, so that what it shows must be remembered."""
        return self.options.deletes != "none"

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """The kinds that are asked for; None: all."""
        return self.options.kinds

    def estimate(self, cursor: Cursor | None) -> int | None:
        """Unknown: counting costs some servers as much as reading."""
        return None

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of what changed since the cursor.

        Raises:
            UnreachableError: the server cannot be reached; the pages before stay good.
            RefusedError: it refuses.
        """
        self.ignored = []
        state = _State.load(cursor)
        capability = self._server.capability()
        export = self._export(capability)
        if export is not None and self._start(export, state):
            yield from self._read_export(export, state)
            return
        for kind in self._kinds(capability):
            yield from self._read_kind(kind, state, capability)
        yield Page((), state.as_json(), ended=True)

    def _kinds(self, capability: Capability) -> list[str]:
        """The kinds to search for, parents first; those that the server does not offer are listed as ignored."""
        wanted = self.options.kinds
        offered = capability.searchable
        missing = [] if wanted is None else [kind for kind in wanted if kind not in offered]
        self.ignored += [Ignored(kind, Why.NOT_SUPPORTED, kind, "not in /metadata") for kind in missing]
        kinds = sorted(offered) if wanted is None else [kind for kind in wanted if kind in offered]
        rank = {kind: position for position, kind in enumerate(self.options.order)}
        return sorted(kinds, key=lambda kind: rank.get(kind, len(rank)))

    def _read_kind(self, kind: str, state: _State, capability: Capability) -> Iterator[Page]:
        known = state.kinds.setdefault(kind, _KindState())
        if known.walk is None:
            known.reads += 1
        with_history = self._uses_history(kind, capability)
        search = self._search(kind, known, sweeps=self.options.deletes != "none" and not with_history)
        try:
            rows = self._deleted(kind, known) if with_history else []
            while not search.ended:
                rows += search.step()
                known.walk = search.walk.as_json()
                if len(rows) >= self.options.page_rows and not search.ended:
                    yield Page(tuple(rows), state.as_json())
                    rows = []
        except RefusedError as error:
            if search.has_begun or not self._note_refusal(kind, kind, error):
                raise
            return
        yield self._kind_page(kind, search, state, rows)

    def _kind_page(self, kind: str, search: Search, state: _State, rows: list[Row]) -> Page:
        """The last page of a kind: from here on its watermark is the time before this search began."""
        known, walk = state.kinds[kind], search.walk
        whole = search.is_whole()
        known.watermark = walk.opened if search.is_sure() else known.watermark
        known.walk, known.plain = None, walk.plain
        known.stamped = walk.stamped and (known.stamped or walk.since is None)
        known.whole_at = known.reads if whole else known.whole_at
        complete = frozenset({kind}) if whole and self.completes else frozenset[str]()
        return Page(tuple(rows), state.as_json(), complete=complete)

    def _search(self, kind: str, known: _KindState, *, sweeps: bool) -> Search:
        """The search that was cut off, or a new one: of what changed, or of everything."""
        count = self.options.count
        if known.walk is not None and not (walk := Walk(**known.walk)).sweep:
            return Search(self._server, kind, walk, count, fresh=False)
        is_due = known.whole_at is None or known.reads - known.whole_at >= self.options.sweep_every
        sweep = sweeps and is_due and known.watermark is not None
        full = sweep or known.watermark is None or not known.stamped or known.plain
        since = None if full or known.watermark is None else self._since(known.watermark)
        walk = Walk(self._server.time(), since, sweep=sweep, plain=known.plain, ordered=not known.plain)
        return Search(self._server, kind, walk, count)

    def _since(self, watermark: int) -> str:
        return isoformat(watermark - int(self.options.overlap_seconds * MICROS))

    def _uses_history(self, kind: str, capability: Capability) -> bool:
        if self.options.deletes == "auto":
            return kind in capability.with_history
        return self.options.deletes == "history"

    def _deleted(self, kind: str, known: _KindState) -> list[Row]:
        """Deletions, read before the search: what was made again meanwhile is then given after them."""
        if known.watermark is None:
            return []
        try:
            return deleted_since(self._server, kind, self._since(known.watermark), self.options.count)
        except RefusedError as error:
            if not self._note_refusal(f"{kind}/_history", kind, error):
                raise
        return []

    def _note_refusal(self, place: str, kind: str, error: RefusedError) -> bool:
        """List what the server will not show; false if its answer means something else."""
        why = _NOT_FOR_US.get(error.status)
        if why is not None:
            self.ignored.append(Ignored(place, why, kind, f"status {error.status}"))
        return why is not None

    def _export(self, capability: Capability) -> Export | None:
        options = self.options
        if options.mode == "search" or (options.mode == "auto" and not capability.exports):
            return None
        return Export(
            self._server, options.export_path, options.poll_seconds, options.export_patience_seconds, options.kinds
        )

    def _start(self, export: Export, state: _State) -> bool:
        """Ask for an export unless one is under way; false if the server will not and we may search instead."""
        if state.job is not None:
            return True
        try:
            state.job = export.kick_off(state.since).as_json()
        except RefusedError as error:
            if self.options.mode == "bulk":
                raise
            self.ignored.append(Ignored(self.options.export_path, Why.NOT_SUPPORTED, "", f"status {error.status}"))
            return False
        return True

    def _read_export(self, export: Export, state: _State) -> Iterator[Page]:
        job = Job(**(state.job or {}))
        fresh = (job.file, job.line) == (0, 0)
        yield Page((), state.as_json())
        manifest = export.wait(job)
        if manifest is None:
            job = export.kick_off(state.since)
            state.job, fresh = job.as_json(), True
            yield Page((), state.as_json())
            manifest = export.wait(job)
        if manifest is None:
            raise RefusedError(f"{self.options.export_path}: the server forgets its exports", status=404)
        seen: set[str] = set()
        for rows in _batches(export.rows(job, manifest), self.options.page_rows):
            seen.update(row.kind for row in rows if row.payload is not None)
            state.job = job.as_json()
            yield Page(tuple(rows), state.as_json())
        yield self._export_page(export, state, manifest, seen if fresh else set())

    def _export_page(self, export: Export, state: _State, manifest: Manifest, seen: set[str]) -> Page:
        """The last page of an export; one that reports errors is asked for again from where it began."""
        errors = export.errors(manifest)
        self.ignored += errors
        if state.job is not None:
            export.discard(Job(**state.job))
        full = state.since is None and not errors and self.completes
        state.since = state.since if errors else manifest.time
        state.job = None
        complete = frozenset(seen - export.short) if full else frozenset[str]()
        return Page((), state.as_json(), complete=complete, ended=True)


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
