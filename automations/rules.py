"""What a rule says: the shape of a rule file, with every key typed and every unknown key refused.

A rule is data. It names an entity, exactly one trigger (`when`, `remind` or `missing`), how long to wait, how bad it
is and who is told. `docs/rules.md` has a heading for every key, and a test holds the two together.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from substrate.clock import DAY, HOUR, MINUTE, SECOND, parse_duration
from substrate.errors import ConfigurationError

_ID = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
_WORD = r"^[a-z][a-z0-9]*([-_.][a-z0-9]+)*$"
_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1_000, "ms"))


def duration_spelling(micros: int) -> str:
    """A duration as a rule file spells it, exact to the millisecond: `1d12h`."""
    words = []
    for size, unit in _UNITS:
        count, micros = divmod(micros, size)
        if count:
            words.append(f"{count}{unit}")
    return "".join(words) or "0s"


def _read_duration(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("write a duration with its unit in quotes or plain, for example 30m, 1h30m or 2d")  # noqa: TRY004  # pydantic reports ValueError, not TypeError
    try:
        micros = parse_duration(value)
    except ConfigurationError as error:
        raise ValueError(f"{error.message}; {error.hint}") from None
    if micros < 0:
        raise ValueError("a duration here cannot be negative")
    return micros


def _one_line(value: Any) -> Any:
    return re.sub(r"\s+", " ", value).strip() if isinstance(value, str) else value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Duration = Annotated[
    int, BeforeValidator(_read_duration), PlainSerializer(duration_spelling, return_type=str, when_used="always")
]
Text = Annotated[str, BeforeValidator(_one_line), Field(min_length=1)]
Word = Annotated[str, Field(pattern=_WORD)]


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst; a smaller rank is worse."""
        return list(Severity).index(self)


class Lifecycle(StrEnum):
    """Where a rule stands between an idea and a memory."""

    DRAFT = "draft"  # not evaluated
    SHADOW = "shadow"  # evaluated and recorded; nobody is told
    ACTIVE = "active"
    PAUSED = "paused"  # not evaluated; open alerts stay as they are
    ARCHIVED = "archived"  # not evaluated, never again


class NoData(StrEnum):
    """What happens to an open alert whose condition has been unknown for `nodata_after`."""

    ALERT = "alert"  # everybody who is told of the alert is told
    KEEP_LAST = "keep_last"  # it stays as it is; the rule's owner is told
    OK = "ok"  # it is resolved with that reason


class Moment(StrEnum):
    """The turns of an alert that somebody can ask to be told of."""

    FIRED = "fired"
    RESOLVED = "resolved"
    WORSE = "worse"
    NODATA = "nodata"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Notify(_Part):
    """Who is told, how, and of which turns."""

    role: Word
    channel: Word | None = None
    when: Annotated[tuple[Moment, ...], BeforeValidator(_as_list), Field(min_length=1)] = (
        Moment.FIRED,
        Moment.RESOLVED,
        Moment.WORSE,
        Moment.NODATA,
    )


class Remind(_Part):
    """A trigger: a time before or after an instant of the entity."""

    field: Text
    before: Duration | None = None
    after: Duration | None = None
    when: Text | None = None
    max_lateness: Duration = 48 * HOUR

    @model_validator(mode="after")
    def _one_side(self) -> Remind:
        if (self.before is None) == (self.after is None):
            raise ValueError("write exactly one of `before` and `after`")
        return self

    @property
    def offset(self) -> int:
        """From the instant to when the reminder is due; negative: before it."""
        return -self.before if self.before is not None else (self.after or 0)


class Missing(_Part):
    """A trigger: a record that should exist by now, and does not."""

    expect: Word
    by: Word
    where: Text | None = None
    from_: Text = Field(alias="from")
    within: Duration
    at: Word | None = None
    when: Text | None = None


class Example(_Part):
    """A unit test of the rule: what is given, and what the trigger then says."""

    name: Text
    given: dict[str, Any] = Field(default_factory=dict)
    now: str | None = None
    found: bool | None = None
    expect: bool | Literal["unknown"]


class Rule(_Part):
    """One rule, as its file says it."""

    id: Annotated[str, Field(pattern=_ID, max_length=80)] = Field(alias="rule")
    title: Text
    description: Text
    entity: Word
    when: Text | None = None
    remind: Remind | None = None
    missing: Missing | None = None
    for_: Duration = Field(default=0, alias="for")
    clear: Text | None = None
    keep_firing_for: Duration = 0
    max_gap: Duration | None = None
    nodata_after: Duration = 6 * HOUR
    nodata: NoData = NoData.KEEP_LAST
    severity: Severity
    severity_when: dict[Severity, Text] = Field(default_factory=dict)
    owner: Word
    cost_of_delay: Text
    notify: tuple[Notify, ...]
    labels: dict[Word, str] = Field(default_factory=dict)
    title_template: Word | None = None
    template: Word | None = None
    values: Annotated[tuple[Text, ...], BeforeValidator(_as_list)] = ()
    staleness: Duration | None = None
    lifecycle: Literal[Lifecycle.DRAFT, Lifecycle.SHADOW, Lifecycle.ACTIVE] = Lifecycle.DRAFT
    examples: tuple[Example, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Rule:
        triggers = [name for name in ("when", "remind", "missing") if getattr(self, name) is not None]
        if len(triggers) != 1:
            found = " and ".join(triggers) or "none"
            raise ValueError(f"write exactly one trigger of `when`, `remind` and `missing`; found {found}")
        if not self.notify:
            raise ValueError("`notify` is empty; name at least one role to tell")
        if self.when is None and self.clear is not None:
            raise ValueError(f"`clear` belongs to `when`; a `{triggers[0]}` rule clears by itself")
        if self.remind is not None and (self.for_ or self.keep_firing_for):
            raise ValueError("`for` and `keep_firing_for` do not fit `remind`, which fires at its due time")
        return self
