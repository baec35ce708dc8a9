"""Series of the small hospital that the tests of features use: every aggregate, every kind of group and bucket."""

from __future__ import annotations

from typing import ClassVar

from substrate.batches import counter
from substrate.columns import Sensitivity, column, instant
from substrate.database import Database
from substrate.features.declare import How
from substrate.features.tables import feature_state
from substrate.freshness import watermark
from substrate.records import Record, history_of, table_of
from substrate.schema import reconcile
from substrate.series.declare import Series
from substrate.series.tables import indexes_for, series_table
from tests.substrate.features.house import Stay, Visit

BERLIN = "Europe/Berlin"


class Call(Record, table=True):
    """Somebody telephones; when the call is due is not known before it is noted."""

    __tablename__ = "house_call"
    kind: ClassVar[str] = "call"

    topic: str | None = column("Topic", Sensitivity.INTERNAL, default=None)
    noted: int | None = instant("Noted", default=None)
    due: int | None = instant("Due", known_at="noted", default=None)
    answered_at: int | None = instant("Answered", default=None)
    answered: bool | None = column("Answered", Sensitivity.PHI, known_at="answered_at", before=False, default=None)


RECORDS: tuple[type[Record], ...] = (Stay, Visit, Call)

ARRIVALS = Series("arrivals", "Arrivals an hour", Stay, "start", "ward_id", keep="250d")
SERIES = (
    ARRIVALS,
    Series("house_days", "Arrivals a day", Stay, "start", bucket="1d", zone=BERLIN, keep="300d"),
    Series(
        "ends", "Ends a day", Stay, "end", "ward_id", bucket="1d", zone=BERLIN, where="status == 'home'", keep="210d"
    ),
    Series("cost", "Cost a week", Stay, "start", "ward_id", How.SUM, "cost", bucket="7d", zone=BERLIN),
    Series("level", "Level a shift", Stay, "start", "patient_id", How.MEAN, "level", bucket="8h", zone=BERLIN),
    Series("quiet", "Quiet nights", Stay, "start", "ward_id", How.RATIO, hit="quiet", bucket="1d"),
    Series("faces", "Patients an hour", Stay, "start", "ward_id", How.DISTINCT, "patient_id", zone=BERLIN),
    Series(
        "missed", "Missed visits", Visit, "start", how=How.RATIO, hit="outcome == 'missed'", bucket="1d", zone=BERLIN
    ),
    Series("calls", "Calls answered", Call, "due", "topic", How.RATIO, hit="answered", bucket="2h"),
)

TIMELINES = ("live", "full")


def create(database: Database) -> None:
    """Make everything that the series need, on two timelines."""
    for series in SERIES:
        indexes_for(series)
    tables = [table for record in RECORDS for table in (table_of(record), history_of(record))]
    tables += [series_table(series, timeline) for series in SERIES for timeline in TIMELINES]
    with database.write() as connection:
        reconcile(connection, [feature_state, counter, watermark, *tables])
