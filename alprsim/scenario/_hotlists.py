"""The keys of a scenario that say which plates are wanted, for how long, how stale the lists are, and what officers do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from alprsim.scenario import units
from alprsim.scenario._fields import Duration, Model, Name, Share


def _cameras(value: object) -> object:
    names = value if isinstance(value, tuple) else ()
    if value not in ("own", "departments") and not (
        names and all(isinstance(n, str) and 0 < len(n) <= 80 for n in names)
    ):
        raise ValueError(f'{units.shown(value)} is neither "own" nor "departments" nor a list of agencies')
    return value


# A key, its unit, its default and its source stand on one line.
# fmt: off



class HotList(Model):
    """One list of plates. How many are wanted at a time, and for how long, gives the additions a day (Little's law)."""

    kind: Annotated[Literal["stolen", "registration", "wanted", "custom"], Field(description="stolen vehicles; invalid registration (Connecticut's plates only: others' do not hit on it, myrecordjournal.com on Wallingford); wanted persons' cars; custom, an agency's own.")]
    owner: Annotated[Name, Field(description="Who keeps it: an agency, or any other body (a motor vehicle department, NCIC).")]
    matched: Annotated[Literal["own", "departments"] | tuple[Name, ...], BeforeValidator(_cameras), Field(description='Whose cameras alert on it: "own" (the owner\'s), "departments" (every one\'s), or listed agencies. 79 % of one sheriff\'s 2,092 alerts came from other agencies\' custom lists (arkansas-surveillance.org).')] = "departments"
    share: Annotated[Annotated[Share, Field(gt=0, lt=1)] | None, Field(description="Plates rightly on it at a time, of all issued. Give this or `count`; published are hits, not sizes, so it is an assumption to be tried in a range.")] = None
    count: Annotated[Annotated[int, Field(gt=0)] | None, Field(description="Plates rightly on it at a time, of the `plates.issued` of the state.")] = None
    wanted_for: Annotated[Duration, Field(gt=0, description="How long a plate is rightly on it, mean; exponential. Assumption.")] = 30 * units.DAY
    stale_for: Annotated[Duration, Field(description="How long it stays on it after that (a recovered car not taken off), mean; exponential. Assumption: 14 d after 30 d leave 32 % of a list stale, as many as the alerts of Los Angeles police that were false (161 of 498, its Inspector General, in a secondary compilation).")] = 14 * units.DAY
    refresh: Annotated[Duration, Field(description="Readers take a new copy so often, from 04:00 of the first day on; what is not in the copy does not alert, what was removed since still does. 0 s: live. Assumption; Nebraska requires every shift (NRS 60-3204).")] = units.DAY

    @model_validator(mode="after")
    def _sized(self) -> HotList:
        if (self.share is None) == (self.count is None):
            given = "both" if self.share is not None else "neither"
            raise ValueError(f"takes either share or count; found {given}")
        if self.share is not None and self.share * (self.wanted_for + self.stale_for) >= self.wanted_for:
            raise ValueError(
                f"share must be below {self.wanted_for / (self.wanted_for + self.stale_for):.3g}, since a plate is stale for "
                f"{units.say_duration(self.stale_for)} after every {units.say_duration(self.wanted_for)}; not {self.share:g}"
            )
        return self


class HotLists(Model):
    """The lists that plates are matched against as they are read, and what an officer does about an alert."""

    lists: Annotated[dict[Name, HotList], Field(description="By name; none: nothing is matched.")] = {}
    answered: Annotated[Share, Field(description="Alerts that an officer is at hand to answer. Assumption: 1 is the upper bound; no count of stops for each alert was found published.")] = 1.0
    looks: Annotated[Share, Field(description="Look before the stop: answered alerts on another vehicle or another state's plate that the officer recognises by comparing plate and car with the alert. Assumption, to be tried at 0 and 1; that an alert alone is no ground for a stop is law in New Hampshire, Virginia, Washington, Montana and Kentucky (KRS 189.632: visual confirmation).")] = 0.5
    confirms: Annotated[Share, Field(description="Answered stale alerts that the officer recognises by asking the list's owner first; looking at the car cannot show them. Assumption, to be tried at 0 and 1.")] = 0.0
