"""The keys of a scenario that say when two reads are taken for a stop at a sensitive place, or for a night away from home."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from alprsim.scenario import units
from alprsim.scenario._cameras import Sought
from alprsim.scenario._custody import Clock
from alprsim.scenario._fields import Duration, Length, Model, Speed

# A key, its unit, its default and its source stand on one line.
# fmt: off


class Visits(Model):
    """When two held reads in a row are taken for a visit to a sensitive place between them: family `visits`."""

    kinds: Annotated[tuple[Sought, ...], Field(min_length=1, description="The kinds of sensitive place. Washington's ESSB 6002 (2026) names health care, worship and courts among others; bars and support groups: assumption.")] = ("clinic", "worship", "bar", "support_group", "court")
    within: Annotated[Length, Field(gt=0, description="Both cameras stand so near the place, in a straight line. Assumption.")] = 1000.0
    pace: Annotated[Speed, Field(gt=0, description="In a straight line, from the first camera to the place and on to the second: the rest of the gap is the stay. As the population's cars are planned. Assumption.")] = 8.0
    least: Annotated[Duration, Field(description="A shorter stay is a shop, or traffic. Assumption.")] = 20 * units.MINUTE
    most: Annotated[Duration, Field(description="A longer stay is work, or a night. Assumption.")] = 4 * units.HOUR
    month: Annotated[Duration, Field(gt=0, description="Before the moment of the question: the time over which a habit is looked for.")] = 30 * units.DAY
    weeks: Annotated[int, Field(ge=1, description="Different weeks (Monday to Sunday) of the month in which somebody goes to a place, for a habit. Assumption.")] = 2
    decoys: Annotated[int, Field(ge=0, le=20, description="Places of the same kind that do not exist, for each that does, where people work or shop: what the rule finds there comes of passing by. With n for each they compete in n groups, each among themselves. Assumption.")] = 1

    @model_validator(mode="after")
    def _lasts(self) -> Visits:
        if self.most < self.least:
            raise ValueError(f"most must be at least as long as least, {units.say_duration(self.least)}, not {units.say_duration(self.most)}")
        if len(set(self.kinds)) < len(self.kinds):
            raise ValueError("kinds must be different")
        return self


class Nights(Model):
    """When the last read of an evening and the first of the next morning are a night away from home: family `nights`."""

    evening: Annotated[Clock, Field(description="The last read of a day (04:00 to 04:00) is at this time or later. Assumption.")] = 14 * units.HOUR
    morning: Annotated[Clock, Field(description="The first read of the next day is before this time. Assumption.")] = 8 * units.HOUR
    away: Annotated[Length, Field(gt=0, description="Both cameras stand farther than this from the registered address, in a straight line; a car that stands farther at 02:00 is away. Assumption.")] = 1000.0
    area: Annotated[Length, Field(gt=0, description="The two cameras stand no farther apart, in a straight line. Assumption.")] = 1000.0
