"""Who lives where, which car they drive, and where they drive it on any one day.

People keep habits: the same work place, the same shops, worship on one day of the week. How strictly they keep them
decides how much old reads tell about them, so skipping, straying and lateness are keys of the scenario. What a person
does on a day is drawn from that person and that day alone: cameras, policies and other days change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alprsim.kernels import demand as kernels
from alprsim.randomness import below, choose, draw, stream, uniform
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
    DAY_STARTS,
    Float64,
    Habits,
    Int32,
    Int64,
    Network,
    People,
    PersonKind,
    PlaceKind,
    Purpose,
    RoadKind,
    Settlement,
    Trips,
    UInt64,
    VehicleKind,
    Vehicles,
)

Mask = NDArray[np.bool_]
Hours = tuple[int, ...]

# --- figures ----------------------------------------------------------------------------------------------------------

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


_WORK_HOURS = _hours(h4=2, h5=6, h6=18, h7=40, h8=22, h9=8, h10=2, h11=2, h12=2, h13=3, h14=3, h15=2)
_SCHOOL_HOURS = _hours(h7=20, h8=30, h9=20, h10=12, h11=8, h12=6, h13=4)
_ERRAND_HOURS = _hours(
    h0=1, h5=1, h6=4, h7=14, h8=16, h9=17, h10=19, h11=21, h12=21, h13=20, h14=22, h15=23, h16=20, h17=22, h18=22, h19=16,
    h20=11, h21=7, h22=3, h23=1,
)  # fmt: skip
_BAR_HOURS = _hours(h16=2, h17=4, h18=5, h19=6, h20=5, h21=3, h22=1)
_OFFICE_HOURS = _hours(h8=3, h9=4, h10=4, h11=3, h12=1, h13=4, h14=4, h15=3)
_COURT_HOURS = _hours(h8=5, h9=5, h13=3)
_WORSHIP_HOURS = _hours(h7=1, h8=3, h9=5, h10=4, h11=1)
_GROUP_HOURS = _hours(h18=2, h19=3)
# Assumptions, all of them, shaped so that their sum has the profile of WEDNESDAY and SATURDAY (a test holds both to it).


class _Outing(NamedTuple):
    """How people go to one kind of place. Everything here is an assumption, except where a source is named."""

    week: tuple[float, ...]  # weight of Monday to Sunday; of visits, or of being a person's own day
    own_day: bool  # one fixed day and time a week, rather than any
    weekday: Hours
    weekend: Hours
    stay: tuple[int, int]  # minutes there, least and most
    on_the_way: bool  # can be done on the way home from work


_OUTINGS = {
    # Saturday above the rest: with the work trips it then has 1.05 times Wednesday's, as in NT-3. Sunday: assumption.
    PlaceKind.SHOP: _Outing((0.92, 0.92, 0.92, 0.92, 0.92, 1.42, 0.98), False, _ERRAND_HOURS, SATURDAY, (10, 70), True),
    PlaceKind.WORSHIP: _Outing((1, 1, 2, 1, 8, 12, 75), True, _WORSHIP_HOURS, _WORSHIP_HOURS, (60, 120), False),
    PlaceKind.BAR: _Outing((0.6, 0.6, 0.7, 1.0, 1.6, 1.7, 0.8), False, _BAR_HOURS, _BAR_HOURS, (60, 180), True),
    PlaceKind.CLINIC: _Outing((1.4, 1.4, 1.4, 1.4, 1.4, 0, 0), False, _OFFICE_HOURS, _OFFICE_HOURS, (30, 90), False),
    PlaceKind.SUPPORT_GROUP: _Outing((1, 1, 1, 1, 1, 0, 0), True, _GROUP_HOURS, _GROUP_HOURS, (60, 90), False),
    PlaceKind.COURT: _Outing((1.4, 1.4, 1.4, 1.4, 1.4, 0, 0), False, _COURT_HOURS, _COURT_HOURS, (60, 240), False),
}
_WORK_STAY = (8 * 60, 10 * 60)  # minutes; a person's own, kept to within the jitter
_SCHOOL_STAY = (3 * 60, 6 * 60)

_SIZES = (0.285, 0.340, 0.160, 0.130, 0.055, 0.030)  # households of 1 … 6 people, about as in the ACS (remembered)
_ONE_PARENT = 0.10  # households of two or more with one adult: assumption
_CHILD = 0.62  # a third or later member is under 18: makes 79.6 % adults at 2.5 people, as ACS 2023 has for Connecticut
_NEAR = 2000.0  # m at which a habitual place is half as likely: assumption
_CHOICE = 16  # nearest places of a kind that people choose from: assumption
_CELL = 2000.0  # m, side of the zones between which commuting is reckoned
_JOBS_BEYOND = 2.0  # jobs outside for each job inside, without a commuting table: a town alone then keeps about a third
# of its commuters; Connecticut towns keep 6 to 44 % (LODES 2014)
_WEEKEND = 0.8  # how far Saturday and Sunday rank behind the other days as work days: assumption
_STOP = 0.5  # share of errands due during work that are done on the way home, the others later: assumption
_SPREAD = 6000  # s after coming home from work within which a put-off errand starts: assumption
_PAUSE = 600  # s at home between two tours, at least
_SPARE = 0.2  # tours in a spare car, where a household has more cars than adults: assumption
_WALK, _PACE = 120, 8.0  # s to and from the car; m/s along the straight line, for planning a car's day only
_VISIT = 1.66  # trips an errand makes: 2, or 1 on the way home, less those left out; measured on generated towns
_COMPANY = 0.93  # share of tours from households of several in which somebody is free to ride along; measured likewise
_REGULAR = 5  # days between two passages of a through vehicle that returns: assumption
_RECYCLE = 30  # days after which the row of one that does not return stands for another: assumption

_SQRT_6 = 2.449489742783178  # the spread of two uniforms' sum is 1 / √6


class _Ask(IntEnum):
    """Questions put to one row: the last key of a draw."""

    COUNT = 0
    ONE_PARENT = 1
    CARS = 2
    MORE_CARS = 3
    KIND = 4
    WORK_ZONE = 5
    WORK_PLACE = 6
    HOUSEHOLD = 7
    MEMBER = 8
    CAR = 9
    CHILDREN = 10
    DAYS = 11
    SKIP = 12
    HOUR = 13
    SECOND = 14
    EARLY = 15
    LATE = 16
    STAY = 17
    LONGER = 18
    EXPLORE = 19
    WHERE = 20
    STOP = 21
    PUT_OFF = 22
    SPARE = 23
    WHICH_CAR = 24
    RIDE = 25
    WHO = 26
    OWN_DAY = 27
    VISITS = 28
    WEEKDAY = 29


class PopulationError(ValueError):
    """A population that cannot be settled: which key or town, the rule, and what was found."""


# --- settling ---------------------------------------------------------------------------------------------------------


def settle(network: Network, spec: models.Population, *, seed: int, base: Path) -> Settlement:
    """Give every listed town its households, cars, work places and habits; add visitors and the through traffic's pool.

    Parameters
    ----------
    network
        HOME places weigh their residents, WORK places their jobs; BEYOND places stand for everything outside.
    spec
        The scenario's `population`.
    seed
        Of the replicate.
    base
        The folder that `population.commuting` is relative to.

    Returns
    -------
    Settlement
        Residents by town, then one-person households of visitors who live at a BEYOND place and work in a listed town;
        vehicles in the same order, then the pool of through vehicles.

    Raises
    ------
    PopulationError
        Shares that exceed 1, a listed town without homes, through traffic without two motorway ends, or a commuting
        table that cannot be read, lacks a column or lacks a listed town.

    Notes
    -----
    With `population.commuting` a person's work town follows the table, and within it jobs at 1 / (1 + (d / gravity)²);
    without, that gravity rules alone, and the BEYOND places have twice the jobs inside. Jobs in towns not built lie at
    the BEYOND places of that town where it has some, else at all of them, by gravity.
    """
    if spec.commuters + spec.students + spec.retirees > 1 + 1e-9:
        raise PopulationError(
            "population.commuters, students and retirees are shares of adults and must not exceed 1 together, "
            f"not {spec.commuters + spec.students + spec.retirees:g}"
        )
    households = _households(network, spec, seed)
    commuting = _Commuting.of(network, spec, base)
    people, vehicles = _residents(network, spec, households, commuting, seed)
    habits = _habits(network, spec, people, seed)
    people, vehicles = _add_visitors(network, spec, people, vehicles, seed)
    return Settlement(people, _add_through(network, spec, vehicles, seed), habits)


class _Households(NamedTuple):
    """Row for row: where they live, who they are, what they own."""

    home: Int32
    key: UInt64
    adults: Int64
    members: Int64
    cars: Int64


def _sizes(mean: float) -> Float64:
    """Return the shares of households of 1 … 6 people: the ACS ones, tilted to the mean asked for."""
    low, high = 0.0, 1.0
    shares = np.array(_SIZES)
    for _ in range(60):
        tilt = (low + high) / 2
        weight = shares * np.cumprod([1 - tilt, *[1.0] * 5]) * np.cumprod([1.0, *[tilt / (1 - tilt)] * 5])
        tilted = weight / weight.sum()
        low, high = (tilt, high) if float(tilted @ np.arange(1, 7)) < mean else (low, tilt)
    return np.asarray(tilted)


def _mean_adults(sizes: Float64) -> float:
    """Return the adults a household has on average: what `_households` draws."""
    two = 1 - float(sizes[0])
    later = float(sizes[1:] @ np.arange(5)) + two * _ONE_PARENT
    return float(sizes[0]) + two * 2 - two * _ONE_PARENT - 0.0 + (later - two * _ONE_PARENT) * (1 - _CHILD)
