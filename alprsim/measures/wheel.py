"""Who is at the wheel of each car, and whom its plate names: a car may have several drivers, a person several cars.

A viewer sees plates. What it infers of a car it can say of one person, whoever drove: the car's keeper.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.measures.question import PEOPLE, Residents, groups_of_drivers
from alprsim.tables import Bucket, Int16, Int32, Int64, People, Vehicles

NOBODY = -1


class Wheel(NamedTuple):
    """Who drives one bucket's cars: all that their households drive lie in it."""

    person: Int32
    """Rising, row of People: the drivers whose main car lies in the bucket."""
    town: Int16
    """[persons]: their home towns."""
    driver: Int64
    """[n_trips]: who drove each trip, place in `person`; −1 nobody who is measured."""
    keeper: Int64
    """[n_vehicles]: whom each plate names, place in `person`; −1 nobody who is measured."""


def people_of(name: str) -> str:
    """Name the people whose main cars are a group's, as `question.STRATA` and groups of homes name the cars."""
    return f"{PEOPLE}, {name}"


def keepers(vehicles: Vehicles, people: People, measured: Residents) -> Int32:
    """Return whom the plate of each vehicle names, row of People; −1 nobody who is measured.

    The first of those who mainly drive it; of a car that is nobody's main one, the first driver of its household.
    """
    keeper = np.full(len(vehicles), NOBODY, np.int32)
    inside, own = measured.town >= 0, people.household[measured.drivers]
    if not len(own):
        return keeper
    order = np.argsort(own, kind="stable")
    at = np.searchsorted(own[order], vehicles.household)
    first = order[np.minimum(at, len(own) - 1)]
    known = inside & (own[first] == vehicles.household)
    keeper[known] = measured.drivers[first[known]]
    keeper[measured.car[::-1]] = measured.drivers[::-1]
    return keeper


def wheel(bucket: Bucket, people: Residents, keeper: Int32) -> Wheel:
    """Say who drives the cars of a bucket; ``keeper``: of `keepers`."""
    person = people.drivers[np.isin(people.car, bucket.vehicle)]
    known = np.append(keeper, np.int32(NOBODY))[np.minimum(bucket.vehicle, len(keeper))]
    return Wheel(
        person, groups_of_drivers(people, person), places(person, bucket.truth.driver), places(person, known)
    )  # fmt: skip


def places(person: Int32, wanted: NDArray[np.signedinteger]) -> Int64:
    """Return where each one wanted stands among some people, in rising order; −1 nowhere."""
    place = np.searchsorted(person, wanted)
    found: Int64 = np.where(np.append(person, NOBODY)[place] == wanted, place, NOBODY)
    found[np.asarray(wanted) < 0] = NOBODY
    return found
