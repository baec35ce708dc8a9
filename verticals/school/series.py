"""What is counted a day, of classes, year groups and schools, so that a change of pace is seen.

The same conditions as the features: an event that does not count there does not count here. Days are the house's own.
"""

from __future__ import annotations

from substrate.columns import Sensitivity
from substrate.features.declare import How
from substrate.series.declare import LOCAL, Series
from verticals.school.features import (
    ABSENT,
    ATTENDED,
    DAY,
    EVERY_DAY,
    EVERY_MARK,
    HELD,
    LATE,
    MISCONDUCT,
    MISSED,
    NO_REGISTER,
    NOT_HANDED_IN,
)
from verticals.school.records import Attendance, Incident, Session, Submission

# Counts of classes and of the house tell of nobody.
_OF_NOBODY = Sensitivity.INTERNAL

SERIES: tuple[Series, ...] = (
    Series(
        "attendance_rate_class_daily", "Share of the day's marks of the class that say present", Attendance, "at",
        "class_id", how=How.RATIO, hit=ATTENDED, where=EVERY_MARK, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "attendance_rate_year_daily", "Share of the day's marks of the year group that say present", Attendance, "at",
        "year_group_id", how=How.RATIO, hit=ATTENDED, where=EVERY_DAY, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "absent_share_school_daily", "Share of the day's marks of the school that say absent", Attendance, "at",
        "school_id", how=How.RATIO, hit=MISSED, where=EVERY_DAY, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "absences_school_daily", "Absences without leave in the school a day", Attendance, "at", "school_id",
        where=f"{DAY} && {ABSENT}", bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "registers_missing_daily", "Lessons in the school a day without a register", Session, "starts_at", "school_id",
        where=NO_REGISTER, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "lessons_daily", "Lessons in the school a day", Session, "starts_at", "school_id",
        where=HELD, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "work_missing_class_daily", "Work of the class that was due a day and not handed in", Submission, "due_at",
        "class_id", where=NOT_HANDED_IN, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "work_late_daily", "Work that was due a day and handed in late", Submission, "due_at",
        where=LATE, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
    Series(
        "incidents_school_daily", "Incidents of misconduct in the school a day", Incident, "at", "school_id",
        where=MISCONDUCT, bucket="1d", zone=LOCAL, sensitivity=_OF_NOBODY,
    ),
)  # fmt: skip
