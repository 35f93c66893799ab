"""The figures behind a synthetic population: when people leave, how long they stay, how they live; each with its source."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from alprsim.tables import Float64, PlaceKind

Hours = tuple[int, ...]

WEDNESDAY: Hours = (
    147, 82, 83, 36, 249, 639, 1607, 3893, 2994, 2294, 2600, 2967,
    3166, 3032, 3321, 3888, 3959, 4377, 3746, 2819, 2061, 1559, 783, 381,
)  # fmt: skip
"""Vehicle trips by clock hour of start: FHWA Highway Statistics 2006, table NT-3 (2001 NHTS); only its shape is used."""

SATURDAY: Hours = (
    432, 185, 117, 62, 185, 270, 558, 1147, 2088, 2951, 4096, 4420,
    4561, 4088, 4256, 4037, 3823, 3536, 3626, 2665, 2206, 1925, 1069, 772,
)  # fmt: skip
"""The same table, Saturday."""


def _hours(**weights: int) -> Hours:
    """Write a table of 24 clock hours by its non-zero ones: h7=3 is 07:00 to 08:00."""
    return tuple(weights.get(f"h{hour}", 0) for hour in range(24))


WORK_HOURS = _hours(h4=2, h5=6, h6=18, h7=40, h8=22, h9=8, h10=2, h11=2, h12=2, h13=3, h14=3, h15=2)
SCHOOL_HOURS = _hours(h7=20, h8=30, h9=20, h10=12, h11=8, h12=6, h13=4)
_ERRAND_HOURS = _hours(  # those due during work come later: the evening fills itself
    h6=2, h7=8, h8=22, h9=34, h10=40, h11=44, h12=44, h13=40, h14=34, h15=24, h16=12, h17=8, h18=12, h19=12, h20=8, h21=6, h22=2,
)  # fmt: skip
_BAR_HOURS = _hours(h16=2, h17=4, h18=5, h19=6, h20=5, h21=3, h22=1)
_OFFICE_HOURS = _hours(h8=3, h9=4, h10=4, h11=3, h12=1, h13=4, h14=4, h15=3)
_COURT_HOURS = _hours(h8=5, h9=5, h13=3)
_WORSHIP_HOURS = _hours(h7=1, h8=3, h9=5, h10=4, h11=1)
_GROUP_HOURS = _hours(h18=2, h19=3)
# Assumptions, all of them, shaped so that their sum has the profile of WEDNESDAY and SATURDAY (a test holds both to it).


class Outing(NamedTuple):
    """How people go to one kind of place. Everything here is an assumption, except where a source is named."""

    week: tuple[float, ...]  # weight of Monday to Sunday; of visits, or of being a person's own day
    own_day: bool  # one fixed day and time a week, rather than any
    weekday: Hours
    weekend: Hours
    stay: tuple[int, int]  # minutes there, least and most
    on_the_way: bool  # can be done on the way home from work


OUTINGS = {
    # Saturday above the rest: with the work trips it then has 1.05 times Wednesday's, as in NT-3. Sunday: assumption.
    PlaceKind.SHOP: Outing((0.92, 0.92, 0.92, 0.92, 0.92, 1.36, 1.04), False, _ERRAND_HOURS, SATURDAY, (10, 70), True),
    PlaceKind.WORSHIP: Outing((1, 1, 2, 1, 8, 12, 75), True, _WORSHIP_HOURS, _WORSHIP_HOURS, (60, 120), False),
    PlaceKind.BAR: Outing((0.6, 0.6, 0.7, 1.0, 1.6, 1.7, 0.8), False, _BAR_HOURS, _BAR_HOURS, (60, 180), True),
    PlaceKind.CLINIC: Outing((1.4, 1.4, 1.4, 1.4, 1.4, 0, 0), False, _OFFICE_HOURS, _OFFICE_HOURS, (30, 90), False),
    PlaceKind.SUPPORT_GROUP: Outing((1, 1, 1, 1, 1, 0, 0), True, _GROUP_HOURS, _GROUP_HOURS, (60, 90), False),
    PlaceKind.COURT: Outing((1.4, 1.4, 1.4, 1.4, 1.4, 0, 0), False, _COURT_HOURS, _COURT_HOURS, (60, 240), False),
}
WORK_STAY = (8 * 60, 10 * 60)  # minutes; a person's own, kept to within the jitter
SCHOOL_STAY = (3 * 60, 6 * 60)

SIZES = (0.285, 0.340, 0.160, 0.130, 0.055, 0.030)  # households of 1 … 6 people, about as in the ACS (remembered)
ONE_PARENT = 0.10  # households of two or more with one adult: assumption
CHILD = 0.52  # a third or later member is under 18: makes 79.6 % adults at 2.5 people, as ACS 2023 has for Connecticut
NEAR = 2000.0  # m at which a school, a place of worship or of appointments is half as likely: assumption
CHOICE = 16  # nearest ones that people choose from: assumption
FARTHEST = 30_000.0  # m within which errands are run: assumption
ATTEMPTS = 8  # draws for a place that a person does not use yet; where all fail they use fewer
CELL = 2000.0  # m, side of the zones between which commuting is reckoned
JOBS_BEYOND = 2.0  # jobs outside for each job inside, without a commuting table: on its real streets Danbury then keeps
# 39 % of its commuters, as in LODES 2014, where the eight departments' towns keep 6 to 44 %
WEEKEND = 0.8  # how far Saturday and Sunday rank behind the other days as work days: assumption
STOP = 0.5  # share of errands due during work that are done on the way home, the others later: assumption
SPREAD = 10_800  # s after coming home from work within which a put-off errand starts: assumption
PAUSE = 600  # s at home between two tours, at least
SPARE = 0.2  # tours in a spare car, where a household has more cars than adults: assumption
WALK, PACE = 120, 8.0  # s to and from the car; m/s along the straight line, for planning a car's day only
ERRAND = 1.93  # trips an errand makes: 2, less the tours left out; measured on generated towns
ERRAND_AND_WORK = 1.60  # the same of those who go to work: 1 where it is done on the way home; measured likewise
COMPANY = 0.79  # share of tours from households of several in which somebody is free to ride along; measured likewise

DELIVERY_HOURS = _hours(h7=2, h8=4, h9=3, h10=1)  # leaves its base; assumption, as all of a fleet's figures
TAXI_HOURS = _hours(h5=2, h6=3, h7=4, h8=3, h10=2, h12=2, h14=3, h15=3, h16=4, h17=3, h18=2)
DELIVERY_WEEK = (0.95, 0.95, 0.95, 0.95, 0.95, 0.60, 0.30)  # vehicles that work, Monday to Sunday
TAXI_WEEK = (0.70, 0.70, 0.70, 0.75, 0.80, 0.80, 0.65)
DELIVERY_STAY, TAXI_STAY = (2, 6), (3, 25)  # minutes at a stop; a taxi's waiting for its next ride included
SHIFT = 36_000  # s after leaving its base when a working vehicle makes its last stop, at the latest
BLOCK = 200.0  # m, side of the squares that a delivery round takes one after the other

REGULAR = 5  # days between two passages of a through vehicle that returns: assumption
RECYCLE = 30  # days after which the row of one that does not return stands for another: assumption

SQRT_6 = 2.449489742783178  # the spread of two uniforms' sum is 1 / √6


class Ask(IntEnum):
    """Questions put to one row: the last key of a draw."""

    HOUSEHOLD = 0
    COUNT = 1
    SIZE = 2
    ONE_PARENT = 3
    CHILDREN = 4
    CARS = 5
    MORE_CARS = 6
    MEMBER = 7
    CAR = 8
    KIND = 9
    WORK_ZONE = 10
    WORK_PLACE = 11
    WHERE = 12
    DAYS = 13
    WEEKDAY = 14
    OWN_DAY = 15
    SKIP = 16
    VISITS = 17
    HOUR = 18
    SECOND = 19
    EARLY = 20
    LATE = 21
    STAY = 22
    LONGER = 23
    EXPLORE = 24
    STOP = 25
    PUT_OFF = 26
    SPARE = 27
    WHICH_CAR = 28
    RIDE = 29
    WHO = 30
    HOLIDAY = 31
    SERVED = 32
    QUIET = 33


def household_sizes(mean: float) -> Float64:
    """Return the shares of households of 1 … 6 people: the ACS ones, tilted to the mean asked for."""
    low, high = 0.0, 1.0
    tilted = np.array(SIZES)
    for _ in range(60):
        tilt = (low + high) / 2
        weight = np.array(SIZES) * np.cumprod([1.0] + 5 * [tilt / (1 - tilt)])
        tilted = weight / np.cumsum(weight)[-1]
        low, high = (tilt, high) if np.cumsum(tilted * np.arange(1, 7))[-1] < mean else (low, tilt)
    return tilted


def mean_adults(sizes: Float64) -> float:
    """Return the adults a household has on average, as `_adults` draws them."""
    more, later = 1 - float(sizes[0]), float(np.cumsum(sizes[1:] * np.arange(5))[-1])
    return float(sizes[0]) + more * ONE_PARENT + (1 - ONE_PARENT) * (2 * more + later * (1 - CHILD))
