"""Spans reach a real collector, in the trace that the correlation names; without one nothing is loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest as Request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse as Response

from substrate.correlation import correlated, new_correlation
from substrate.tracing import span, tracing

grpc: Any = import_module("grpc")  # it brings no types

PATIENT = "Adelheid Zimmermann"


@dataclass
class Collector:
    """Takes what an OpenTelemetry collector would."""

    address: str = ""
    taken: list[Any] = field(default_factory=list)

    def take(self, request: Any, _context: Any) -> Any:
        """Keep one request."""
        self.taken.append(request)
        return Response()

    def spans(self) -> dict[str, Any]:
        """Every span, by name."""
        scopes = [scope for one in self.taken for each in one.resource_spans for scope in each.scope_spans]
        return {found.name: found for scope in scopes for found in scope.spans}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Listen until the block ends."""
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(1))
    handler = grpc.unary_unary_rpc_method_handler(collector.take, Request.FromString, Response.SerializeToString)
    name = "opentelemetry.proto.collector.trace.v1.TraceService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Export": handler}),))
    collector.address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(None).wait()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.address)
        yield found


def traced(collector: Collector) -> Any:
    return tracing("web", {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address})


def test_what_belongs_together_is_one_trace(collector: Collector) -> None:
    word = new_correlation()
    with traced(collector):
        with correlated(word), span("push", source="ward"), span("ingest"):
            pass
        with correlated(word), span("deliver"):
            pass
    spans = collector.spans()
    assert {name: found.trace_id.hex() for name, found in spans.items()} == dict.fromkeys(
        ["push", "ingest", "deliver"], word
    )
    assert spans["ingest"].parent_span_id == spans["push"].span_id
    assert {each.key: each.value.string_value for each in spans["push"].attributes} == {"source": "ward"}


def test_each_event_has_a_trace_of_its_own_even_within_a_batch(collector: Collector) -> None:
    one, two = new_correlation(), new_correlation()
    with traced(collector), correlated(one), span("rules"), correlated(two), span("deliver"):
        pass
    assert {name: found.trace_id.hex() for name, found in collector.spans().items()} == {"rules": one, "deliver": two}


def test_a_failed_span_says_the_kind_of_error_and_not_its_words(collector: Collector) -> None:
    with traced(collector), suppress(ValueError), span("rules"):
        raise ValueError(PATIENT)
    (found,) = collector.spans().values()
    assert (found.status.code, found.status.message) == (2, "ValueError")
    assert PATIENT.encode() not in collector.taken[0].SerializeToString()


def test_the_collector_is_told_which_process_it_was(collector: Collector) -> None:
    with traced(collector), span("push"):
        pass
    about = {each.key: each.value.string_value for each in collector.taken[0].resource_spans[0].resource.attributes}
    assert (about["service.name"], about["plumbline.process"]) == ("plumbline", "web")


def test_without_a_collector_nothing_is_loaded_or_made() -> None:
    code = (
        "import sys\nfrom substrate.tracing import span, tracing\n"
        "with tracing('web', {}), span('push'):\n    pass\nprint(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not [name for name in loaded if name.startswith(("opentelemetry", "grpc"))]


def test_a_protocol_that_is_not_built_in_is_said_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}
    with tracing("web", environment), span("push"):
        pass
    assert "only the gRPC protocol" in caplog.text
