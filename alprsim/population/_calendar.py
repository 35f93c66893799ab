"""What kind of day a date is: an ordinary one of its week, a holiday, or one without school."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from alprsim.scenario import models

_SUNDAY = 6


class DayType(StrEnum):
    """Days that are alike in who drives when; travel times are sampled once for each."""

    WEEKDAY = "weekday"
    NO_SCHOOL = "weekday out of term"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"
    HOLIDAY = "holiday"


class Date(NamedTuple):
    """A day as its people see it: 0 is Monday."""

    weekday: int
    as_weekday: int
    """The day of the week whose errands it has: a holiday has a Sunday's."""
    holiday: bool
    term: bool

    @property
    def weekend_hours(self) -> bool:
        """Whether people leave as late as on a weekend."""
        return self.as_weekday >= _SUNDAY - 1


def date_of(calendar: models.Calendar, start: date, day: int) -> Date:
    """Return what the calendar says of a day counted from `start`."""
    on = start + timedelta(days=day)
    holiday = on in calendar.holidays
    term = not calendar.terms or any(term.first <= on <= term.last for term in calendar.terms)
    return Date(on.weekday(), _SUNDAY if holiday else on.weekday(), holiday, term)


def day_type(spec: models.Population, start: date, day: int) -> DayType:
    """Return the type of a day counted from `start`, the date of day 0."""
    on = date_of(spec.calendar, start, day)
    if on.holiday:
        return DayType.HOLIDAY
    if on.weekday < _SUNDAY - 1:
        return DayType.WEEKDAY if on.term else DayType.NO_SCHOOL
    return DayType.SATURDAY if on.weekday < _SUNDAY else DayType.SUNDAY
