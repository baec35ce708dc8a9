"""FHIR Bulk Data: ask for an export, wait for it, and read its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import httpx

from substrate.errors import SourceError
from substrate.sources.fhir_server import FhirServer, refusal
from substrate.sources.ignored import Ignored, Why
from substrate.sources.json_file import bundle_rows
from substrate.sources.lines import split_lines
from substrate.sources.ndjson import read_ndjson
from substrate.sources.source import Fault, Row
from substrate.sources.web import Answer, BadAnswerError, Call, UnreachableError, origin, safe_url

_LINE_BYTES = 16 << 20
_GONE = frozenset({404, 410})


@dataclass(slots=True)
class Job:
    """An export on the server, and how far it was read; everything here goes into the cursor."""

    status_url: str
    since: str | None = None
    file: int = 0
    line: int = 0

    def as_json(self) -> dict[str, Any]:
        """The job as it stands in a cursor."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of a finished export: a kind's records, or bundles of deletions."""

    kind: str
    url: str
    count: int | None
    deletions: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a finished export says of itself."""

    time: str
    with_token: bool
    files: tuple[ExportFile, ...]
    error_urls: tuple[str, ...]


@dataclass(slots=True)
class Export:
    """One export under way."""

    server: FhirServer
    path: str
    poll_seconds: float = 5.0
    patience_seconds: float = 6 * 3600.0
    kinds: Sequence[str] | None = None
    short: set[str] = field(default_factory=set)
    """Kinds of which fewer rows came than the manifest promised, or some could not be read."""

    def kick_off(self, since: str | None) -> Job:
        """Ask for an export of what changed since then (None: everything).

        Raises:
            RefusedError: the server does not export.
        """
        params = {"_outputFormat": "application/fhir+ndjson"}
        params |= {"_type": ",".join(self.kinds)} if self.kinds else {}
        params |= {"_since": since} if since else {}
        headers = {"prefer": "respond-async"}
        answer = self.server.call(Call(self.server.url(self.path), "GET", params, headers, wants_json=False))
        where = answer.headers.get("content-location")
        if answer.status != 202 or not where:
            raise refusal(answer)
        return Job(self.server.url(where), since)

    def wait(self, job: Job) -> Manifest | None:
        """The manifest once the export is finished; None if the server has forgotten it.

        Raises:
            RefusedError: the export failed.
            UnreachableError: it did not end in time.
        """
        waited = 0.0
        while waited <= self.patience_seconds:
            answer = self.server.call(Call(job.status_url, wants_json=False))
            if answer.status in _GONE:
                return None
            if answer.status == 200:
                return read_manifest(answer.json())
            if answer.status != 202:
                raise refusal(answer)
            pause = self._pause(answer)
            self.server.web.sleep(pause)
            waited += pause
        message = f"{safe_url(job.status_url)}: the export did not end in {self.patience_seconds:g} s"
        raise UnreachableError(message, hint="The next read goes on waiting for it.")

    def rows(self, job: Job, manifest: Manifest) -> Iterator[Row]:
        """Every row from where the job stands on; `job` says after each row how to go on."""
        for number in range(job.file, len(manifest.files)):
            file = manifest.files[number]
            given = 0
            for row in self._file_rows(file, manifest.with_token, job.line):
                # One line may hold several deletions, so it counts as read only when the next one begins.
                job.file, job.line = number, row.line - file.deletions
                given += 1
                self.short |= {file.kind} if row.fault else set()
                yield row
            if file.count is not None and given < file.count and not file.deletions:
                self.short.add(file.kind)
            job.file, job.line = number + 1, 0

    def errors(self, manifest: Manifest) -> list[Ignored]:
        """What the export says it left out."""
        found = []
        for url in manifest.error_urls:
            file = ExportFile("OperationOutcome", url, None, deletions=False)
            issues = sum(1 for row in self._file_rows(file, manifest.with_token, 0) if row.payload)
            found.append(Ignored(safe_url(url), Why.EXPORT_ERROR, "", f"{issues} outcomes"))
        return found

    def discard(self, job: Job) -> None:
        """Tell the server that its files are no longer needed; it may refuse."""
        self.server.call(Call(job.status_url, "DELETE", wants_json=False))

    def _pause(self, answer: Answer) -> float:
        asked = answer.headers.get("retry-after", "")
        return float(asked) if asked.isdigit() else self.poll_seconds

    def _file_rows(self, file: ExportFile, with_token: bool, done: int) -> Iterator[Row]:
        """A file's rows after its first `done` lines; one that breaks off is opened again where it broke."""
        tried = 0
        while True:
            outcome: Answer | httpx.TransportError
            try:
                for row in self._open(file, with_token):
                    if row.line > done:
                        done, tried = row.line, 0
                        yield from _told(row) if file.deletions else (row,)
                return
            except httpx.TransportError as error:
                outcome = error
            except _StatusError as error:
                outcome = error.answer
            tried += 1
            self.server.web.pause(outcome, tried, file.url)

    def _open(self, file: ExportFile, with_token: bool) -> Iterator[Row]:
        web = self.server.web
        headers = self._file_headers(file, with_token)
        with web.stream(Call(file.url, headers=headers)) as response:
            if response.status_code == 401 and self.server.authorizer.can_renew:
                self.server.authorizer.renew()
            if response.status_code != 200:
                raise _StatusError(Answer(response.status_code, response.headers, b"", safe_url(file.url)))
            lines = split_lines(response.iter_bytes(1 << 18), _LINE_BYTES)
            for row in read_ndjson(lines, safe_url(file.url), file.kind):
                if row.fault is Fault.TRUNCATED:
                    raise httpx.ReadError("the file ends in the middle of a line")
                yield row

    def _file_headers(self, file: ExportFile, with_token: bool) -> dict[str, str]:
        """Credentials go along only if the manifest asks for them, and only to an origin that is trusted."""
        if with_token:
            self.server.url(file.url)
            return self.server.headers() | {"accept": "application/fhir+ndjson"}
        if origin(file.url)[0] not in ("http", "https"):
            raise SourceError(f"{safe_url(file.url)} is not an http or https URL")
        return {"accept": "application/fhir+ndjson"}


class _StatusError(Exception):
    """An export file was answered with something other than 200."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.place)
        self.answer = answer


def read_manifest(told: dict[str, Any]) -> Manifest:
    """The parts of a manifest that matter here: deletions first, so that a record made again is there in the end.

    Raises:
        BadAnswerError: it has no transactionTime, or names a file without its type or URL.
    """
    try:
        deletions = [_file(item, deletions=True) for item in told.get("deleted") or []]
        output = [_file(item, deletions=False) for item in told.get("output") or []]
        errors = tuple(str(item["url"]) for item in told.get("error") or [])
        time = str(told["transactionTime"])
    except (KeyError, TypeError) as error:
        raise BadAnswerError(f"the export's manifest is incomplete: {error!r}") from None
    return Manifest(time, bool(told.get("requiresAccessToken")), (*deletions, *output), errors)


def _file(item: dict[str, Any], *, deletions: bool) -> ExportFile:
    count = item.get("count")
    kind = "Bundle" if deletions else item["type"]
    return ExportFile(str(kind), str(item["url"]), count if isinstance(count, int) else None, deletions)


def _told(row: Row) -> Iterator[Row]:
    """The deletions in a Bundle that stands on one line."""
    if row.payload is None or row.payload.get("resourceType") != "Bundle":
        yield row
        return
    for deletion in bundle_rows(row.payload, row.place, row.kind):
        yield replace(deletion, line=row.line)
