"""The keys of a scenario for readers that move: patrol cars, commercial spotter cars, and trailers that are moved."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from alprsim.scenario._fields import Duration, Length, Model, Name, Share

_HOUR, _DAY = 3600, 24


def _ascending(hours: tuple[int, ...]) -> tuple[int, ...]:
    for before, after in pairwise(hours):
        if after <= before:
            raise ValueError(f"must ascend from shift to shift; {after} follows {before}")
    return hours


# A key, its unit, its default and its source stand on one line.
# fmt: off

Hours = Annotated[tuple[Annotated[int, Field(ge=0, le=23)], ...], Field(min_length=1, description="Clock hours at which a shift takes over the car, ascending. Assumption."), AfterValidator(_ascending)]
Shift = Annotated[Duration, Field(gt=0, le=86_400, description="From taking the car over to handing it on. Assumption.")]
Manned = Annotated[Share, Field(description="Of the shifts, those that take the car out at all. Assumption.")]
Standing = Annotated[float, Field(ge=0, lt=1, description="Share of a shift that it stands, at calls or to watch traffic. Assumption.")]
Watch = Annotated[Share, Field(description="Of the times that it stands, those beside a main road of its beat, where it reads who passes; at the others it reads nothing. Assumption.")]
Homes = Annotated[Share, Field(description="Of cars parked at home, those whose plate shows to a car in the street: at the kerb, in some driveways, in apartments' lots. Assumption, set so that a car's reads a shift are about as many as published.")]
Kerb = Annotated[Share, Field(description="Of cars parked anywhere else, those whose plate shows to a car in the street. Assumption.")]
Lots = Annotated[Share, Field(description="Chance that it turns into the lot of a place that it passes (work, shop, bar …), and reads all that is parked there. Assumption.")]


class Rounds(Model):
    """How a car with readers spends its days. It drives in traffic; its rounds belong to (seed, car, day)."""

    towns: Annotated[tuple[Name, ...], Field(description="Whose streets it drives; by default the group's town, else every street of the map.")] = ()
    beats: Annotated[int, Field(ge=1, le=200, description="Parts of about equal street length that these streets are cut into; car n of the group keeps to part n, counted around. One by default: a department with one to three readers sends them everywhere. Assumption.")] = 1
    motorways: Annotated[bool, Field(description="Whether its beat takes in motorways and ramps. Assumption.")] = False
    arterials: Annotated[float, Field(gt=0, le=100, description="How many times as often as a side street it drives a tertiary road or one above that. Assumption.")] = 4.0
    starts: Hours
    shift: Shift
    handover: Annotated[Duration, Field(ge=0, description="At the end of a shift, not driven. Assumption.")] = 1800
    manned: Manned
    standing: Standing
    watch: Watch
    pause: Annotated[Duration, Field(gt=0, description="How long it stands each time, mean. Assumption.")] = 1200
    range: Annotated[Length, Field(gt=0, description="Distance at which it reads a car that goes its way, ahead or behind. Assumption.")] = 15.0
    homes: Homes
    kerb: Kerb = 0.1
    lots: Lots

    @model_validator(mode="after")
    def _one_at_a_time(self) -> Rounds:
        for before, after in pairwise((*self.starts, self.starts[0] + _DAY)):
            if (after - before) * _HOUR < self.shift:
                raise ValueError(f"shift: the one that starts at {before} h lasts longer than until the next, at {after % _DAY} h")
        if self.handover >= self.shift:
            raise ValueError("handover must be shorter than shift")
        return self


class Patrol(Rounds):
    """A police car. Published yields: 2,500 reads in 12 h, three cameras (Vigilant); 5,000 to 10,000 in 8 h, four (PIPS)."""

    starts: Hours = (7, 15, 23)
    shift: Shift = 8 * 3600
    manned: Manned = 0.7
    standing: Standing = 0.5
    watch: Watch = 0.5
    homes: Homes = 0.10
    lots: Lots = 0.03


class Spotter(Rounds):
    """A repossession industry's car that feeds a vendor's pool: about 8,000 reads a day (betaboston.com, 2014), mostly parked cars."""

    starts: Hours = (8,)
    shift: Shift = 10 * 3600
    manned: Manned = 0.71
    standing: Standing = 0.2
    watch: Watch = 0.0
    homes: Homes = 0.25
    lots: Lots = 0.3


class Portable(Model):
    """A trailer that stands at one site for a while and then at the next. The group's siting chooses or lists the sites."""

    stops: Annotated[int, Field(ge=1, le=500, description="Sites, the best by the group's siting, among which its trailers go around; with siting: listed or file, all that are listed. Assumption.")] = 6
    stay: Annotated[Duration, Field(gt=0, description="How long it stands before it is moved. Assumption.")] = 7 * 86_400
