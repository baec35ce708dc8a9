"""Traces by OpenTelemetry, where `OTEL_EXPORTER_OTLP_ENDPOINT` says who collects them; else nothing is loaded.

A span belongs to the trace that its correlation names, so that one trace goes from the pushed event to the delivered
message, through the database and whichever processes took part. Attributes are counts and names of ours, never values
of records.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from hashlib import blake2b
from importlib.metadata import version
from typing import Any, ParamSpec, TypeVar

from substrate.correlation import correlation, trace_id

log = logging.getLogger(__name__)

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
_FLUSH_MILLISECONDS = 2_000
_SEND_SECONDS = 2.0  # a collector that is gone must not hold up a stop

P = ParamSpec("P")
T = TypeVar("T")
Attribute = str | int | float | bool


class _Off:
    """Makes no spans."""

    def span(self, _name: str, _attributes: Mapping[str, Attribute]) -> AbstractContextManager[None]:
        return nullcontext()


class _Tracing:
    """Where spans go in this process."""

    tracer: Any = _Off()


def span(name: str, **attributes: Attribute) -> AbstractContextManager[Any]:
    """A span around the block: `ingest`, `features`, `rules`, `deliver`, `push`."""
    found: AbstractContextManager[Any] = _Tracing.tracer.span(name, attributes)
    return found


def spanned(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a span around every call of a function."""

    def around(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with span(name):
                return function(*args, **kwargs)

        return call

    return around


@contextmanager
def tracing(process: str, environment: Mapping[str, str]) -> Iterator[None]:
    """Make spans while the block lasts, if the environment names a collector; what is left is sent at its end."""
    if not (environment.get(ENDPOINT) or environment.get(_TRACES_ENDPOINT)):
        yield
        return
    if environment.get(_PROTOCOL, "grpc") != "grpc":
        log.warning("no traces: only the gRPC protocol of OTLP is built in; set %s=grpc", _PROTOCOL)
        yield
        return
    _Tracing.tracer = tracer = _Tracer(process, environment)
    try:
        yield
    finally:
        _Tracing.tracer = _Off()
        tracer.close()


class _Tracer:
    """Makes spans and sends them to the collector, from a thread of its own."""

    def __init__(self, process: str, environment: Mapping[str, str]) -> None:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        about = {
            "service.name": environment.get("OTEL_SERVICE_NAME", "plumbline"),
            "service.version": version("plumbline"),
            "plumbline.process": process,
        }
        self._provider = TracerProvider(resource=Resource.create(about))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=_SEND_SECONDS)))
        self._tracer = self._provider.get_tracer("plumbline")
        self._api = trace

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Attribute]) -> Iterator[None]:
        """A span, in the trace that the correlation names."""
        # An error is told by its kind alone: the library would send its words, and they may repeat a row's values.
        with self._tracer.start_as_current_span(
            name, self._context(), attributes=dict(attributes), record_exception=False, set_status_on_exception=False
        ) as opened:
            try:
                yield
            except BaseException as error:
                opened.set_status(self._api.Status(self._api.StatusCode.ERROR, type(error).__name__))
                raise

    def close(self) -> None:
        """Send what is left."""
        self._provider.force_flush(_FLUSH_MILLISECONDS)
        self._provider.shutdown()

    def _context(self) -> Any:
        word, api = correlation(), self._api
        here = api.get_current_span().get_span_context()
        if word is None or here.trace_id == trace_id(word):
            return None
        # The trace's first span may be another process's, and unknown here: the word alone leads to it.
        origin = int.from_bytes(blake2b(word.encode(), digest_size=8).digest()) or 1
        flags = api.TraceFlags(api.TraceFlags.SAMPLED)
        remote = api.SpanContext(trace_id(word), origin, is_remote=True, trace_flags=flags)
        return api.set_span_in_context(api.NonRecordingSpan(remote))
