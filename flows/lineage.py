"""What is made of what, by the names under which Prefect shows its lineage."""

from __future__ import annotations

from flows.timetable import slug


def source_asset(vertical: str, source: str) -> str:
    """A source as it is read."""
    return f"plumbline://{slug(vertical)}/sources/{slug(source)}"


def records_asset(vertical: str) -> str:
    """All records of a vertical."""
    return f"plumbline://{slug(vertical)}/records"


def features_asset(vertical: str, view: str) -> str:
    """The features of one view."""
    return f"plumbline://{slug(vertical)}/features/{slug(view)}"


def series_asset(vertical: str, series: str) -> str:
    """The points of one series."""
    return f"plumbline://{slug(vertical)}/series/{slug(series)}"


def alerts_asset(vertical: str) -> str:
    """The alerts of a vertical."""
    return f"plumbline://{slug(vertical)}/alerts"
