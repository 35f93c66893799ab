"""The keys of what changes midway: a law that takes effect, an outage, a breach, a request to preserve."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from alprsim.scenario import units
from alprsim.scenario._fields import DATE, Duration, Model, Name, Retention, day

DAY_BEGINS = 4 * units.HOUR
"""A scenario's second 0 is 04:00 of its first day, and a date begins at midnight."""


def _when(text: object) -> date | int:
    if isinstance(text, str) and re.match(DATE, text):
        return day(text)
    try:
        return units.seconds(text)
    except ValueError as error:
        raise ValueError(f"{error} since the start, or a date like 2026-10-01") from None


def _say_when(when: date | int) -> str:
    return units.say_duration(when) if isinstance(when, int) else when.isoformat()


When = Annotated[
    date | int,
    BeforeValidator(_when),
    PlainSerializer(_say_when),
    WithJsonSchema({"type": "string", "pattern": f"{units.DURATION.pattern()}|{DATE}"}),
]
"""A moment: a duration since the start, or a date, which is its midnight."""


def moment(when: date | int, start: date) -> int:
    """Return seconds since the start of a scenario whose first day is `start`; negative before it."""
    return when if isinstance(when, int) else (when - start).days * units.DAY - DAY_BEGINS


# A key, its unit, its default and its source stand on one line.
# fmt: off


class Change(Model):
    """A law that takes effect, a partner won or lost: from `at` on another custody holds."""

    at: Annotated[When, Field(description="A duration since the start, or a date, which begins at midnight; Connecticut PA 26-14, as reported: 2026-10-01.")]
    custody: Annotated[dict[str, object], Field(description="A patch of what holds until then, merged over it as a policy's is. `preset` names laws that take effect: `alprsim presets`.")]
    title: Annotated[Name | None, Field(description="What pictures call it; none: its presets' titles, or what it changes.")] = None
    applies_to: Annotated[Literal["new_captures", "all_held"], Field(description="Whose clocks change: those of reads captured from then on; or of all that is held, which may fall due at once. Washington's ESSB 6002 (2026) does not say; to be asked of each law. Assumption.")] = "new_captures"
    on_revoke: Annotated[Literal["keep", "delete"], Field(description="What becomes of copies that came over an edge that is no more; delete: they go at once, and copies of them that came in no other way. Assumption.")] = "keep"


class Outage(Model):
    """A server that is down: its cameras' reads and copies due to it are lost, it answers nothing, purges wait."""

    agency: Annotated[Name, Field(description="Whose server; a host's with those of all it hosts.")]
    begin: When
    end: When


class Breach(Model):
    """An intruder in an agency's servers, who takes what lies there; a host's are those of all it hosts."""

    agency: Name
    at: When


class Hold(Model):
    """A request that an agency preserve what it holds."""

    agency: Name
    at: When
    plate: Annotated[int | None, Field(ge=0, description="Row of Plates; none: every plate.")] = None
    within: Annotated[Duration, Field(gt=0, description="Reads captured so long before `at` are meant. Assumption.")] = 30 * units.DAY
    keep: Annotated[Retention, Field(gt=0, description="From `at` on; 90 d is what 18 U.S.C. 2703(f) lets a federal agency ask a provider for.")] = 90 * units.DAY
