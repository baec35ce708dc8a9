"""What a running process counts, for Prometheus; a registry of its own, so that nothing else is shown with it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Meters:
    """The counters of one process.

    Attributes:
        registry: what is shown.
        events: pushed events by source and outcome, at the door and when they were taken in.
        rows: rows of pushed events by source and outcome.
        alerts: alerts that pushed events fired, by severity.
        to_alert: from the arrival of an event to the commit of its alerts and messages.
        batch_seconds: how long one batch of events took.
        batch_events: how many events one batch held.
        requests: answered requests by method, route and status.
        request_seconds: how long answering took, by route.
        asked: questions to copilots by copilot, what was asked for and outcome.
        asked_seconds: how long the stages of a question took, by what was asked for.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter(
            "plumbline_inbound_events", "Pushed events.", ["source", "outcome"], registry=self.registry
        )
        self.rows = Counter(
            "plumbline_inbound_rows", "Rows of pushed events.", ["source", "outcome"], registry=self.registry
        )
        self.alerts = Counter(
            "plumbline_live_alerts", "Alerts that pushed events fired.", ["severity"], registry=self.registry
        )
        self.to_alert = Histogram(
            "plumbline_event_to_alert_seconds",
            "From the arrival of a pushed event to the commit of its alerts and messages.",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.batch_seconds = Histogram(
            "plumbline_live_batch_seconds", "Time of one batch of events.", registry=self.registry, buckets=_SECONDS
        )
        self.batch_events = Histogram(
            "plumbline_live_batch_events", "Events in one batch.", registry=self.registry, buckets=_EVENTS
        )
        self.requests = Counter(
            "plumbline_http_requests", "Answered requests.", ["method", "route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "plumbline_http_request_seconds", "Time of answering.", ["route"], registry=self.registry, buckets=_SECONDS
        )
        self.asked = Counter(
            "plumbline_copilot_questions",
            "Questions to copilots.",
            ["copilot", "what", "outcome"],
            registry=self.registry,
        )
        self.asked_seconds = Histogram(
            "plumbline_copilot_seconds",
            "Time of a question's stages.",
            ["what", "stage"],
            registry=self.registry,
            buckets=_SECONDS,
        )
