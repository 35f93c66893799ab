"""Who of a household gets which car, who rides along, the trips that come of it, and the rounds of working vehicles."""

import numpy as np

from alprsim.kernels._jit import (
    Float64,
    Int32,
    Int32Grid,
    Int32GridOut,
    Int32Out,
    Int64,
    kernel,
    kernel_in_place,
    part_in_place,
    part_of_kernel,
)

PERSON, START, LENGTH, CAR, ASKED_ALONG, PLACE, PURPOSE, BACK_BY, SECOND_LEAVES, LAST_LEAVES = range(10)
"""Rows of tours, as ``tours.plan`` writes them; it has two more."""

VEHICLE, DRIVER, COMPANION, DEPART, ORIGIN, DESTINATION, WHY, TRIP_COLUMNS = range(8)
HOME = 0


@part_of_kernel
def _free_car(wanted: int, first: int, last: int, home_at: Int32, nobodys: int, depart: int) -> int:
    """Return the wanted car if it is at home, else the household's last one that is, else −1."""
    if home_at[wanted - nobodys] <= depart:
        return wanted
    for car in range(last - 1, first - 1, -1):
        if home_at[car - nobodys] <= depart:
            return car
    return -1


@part_of_kernel
def _stays(person: int, tour: int, last_tour: int, driver: Int32, start: Int32, until: int) -> bool:
    """Tell whether a person has no plan of their own, among the household's later tours, before ``until``."""
    for later in range(tour + 1, last_tour):  # noqa: SIM110  (numba knows no all() over a generator)
        if driver[later] == person and start[later] < until:
            return False
    return True


@kernel
def share_cars(
    first_tour: Int64, first_person: Int64, first_car: Int64, driver: Int32, length: Int32, pause: int, day: int,
    start: Int32Out, car: Int32Out, companion: Int32Out,
) -> None:  # fmt: skip
    """Settle one day's tours of every household, in the order in which they were meant to start.

    A driver who is still away leaves ``pause`` seconds after coming back. A tour for which no car is at home, or which
    would end after the day, is left out. A companion has to be at home and without plans until the tour ends; if the
    one asked is not, the next member of the household is.

    Parameters
    ----------
    first_tour, first_person, first_car : int64[n_households + 1]
        Household h owns tours first_tour[h]:first_tour[h + 1], and so on; its tours are ordered by start.
    driver : int32[n_tours], rows of people
    length : int32[n_tours], seconds from leaving home to being back
    pause, day : int, seconds
    start : int32[n_tours], seconds since the day began
        As meant; on return as it is.
    car : int32[n_tours], rows of vehicles
        The one wanted; on return the one taken, −1 if the tour is left out.
    companion : int32[n_tours], rows of people
        The one asked first, −1 nobody; on return who rides along, −1 nobody.
    """
    others, others_cars = first_person[0], first_car[0]
    person_home_at = np.zeros(first_person[-1] - others, np.int32)
    car_home_at = np.zeros(first_car[-1] - others_cars, np.int32)
    for household in range(len(first_tour) - 1):
        last_tour = first_tour[household + 1]
        first_member, last_member = first_person[household], first_person[household + 1]
        for tour in range(first_tour[household], last_tour):
            who, asked = driver[tour], companion[tour]
            companion[tour] = -1
            depart = int(start[tour])
            if person_home_at[who - others] > depart:
                depart = person_home_at[who - others] + pause
            until = depart + length[tour]
            cars = first_car[household], first_car[household + 1]
            taken = _free_car(car[tour], *cars, car_home_at, others_cars, depart)
            if until > day:
                taken = -1
            car[tour] = taken
            if taken < 0:
                continue
            start[tour] = depart
            person_home_at[who - others] = car_home_at[taken - others_cars] = until
            for _ in range(last_member - first_member if asked >= 0 else 0):
                free = asked != who and person_home_at[asked - others] <= depart
                if free and _stays(asked, tour, last_tour, driver, start, until):
                    companion[tour] = asked
                    person_home_at[asked - others] = until
                    break
                asked = asked + 1 if asked + 1 < last_member else first_member


@part_in_place
def _trip(
    row: int, tours: Int32Grid, tour: int, leaves: int, origin: int, destination: int, why: int, trips: Int32GridOut
) -> int:  # fmt: skip
    trips[VEHICLE, row], trips[DRIVER, row], trips[COMPANION, row] = (
        tours[CAR, tour], tours[PERSON, tour], tours[ASKED_ALONG, tour]
    )  # fmt: skip
    trips[DEPART, row], trips[ORIGIN, row] = tours[START, tour] + leaves, origin
    trips[DESTINATION, row], trips[WHY, row] = destination, why
    return row + 1


@kernel_in_place
def write_trips(first: Int64, tours: Int32Grid, home: Int32, kind: Int32, order: Int32Out, trips: Int32GridOut) -> int:
    """Write out the trips of tours that have a car, by car and departure: out, perhaps on to a stop, and home.

    Parameters
    ----------
    first : int64[households + 1]
        Where each household's tours begin.
    tours : int32[TOUR_COLUMNS, n]
        As of ``tours.plan``, with CAR, START and the companion in ASKED_ALONG as settled; CAR is NONE where the tour is left out.
    home : int32[people], kind : int32[places]
    order : int32[n]
        Space to work in.
    trips : int32[TRIP_COLUMNS, 3 n], written
        DEPART in s since the day began.

    Returns
    -------
    The number of trips.
    """
    n = 0
    for house in range(len(first) - 1):
        driven = 0
        for tour in range(first[house], first[house + 1]):
            car, start = tours[CAR, tour], tours[START, tour]
            if car < 0:
                continue
            to = driven
            while to > 0 and (
                tours[CAR, order[to - 1]] > car
                or (tours[CAR, order[to - 1]] == car and tours[START, order[to - 1]] > start)
            ):
                order[to] = order[to - 1]
                to -= 1
            order[to] = tour
            driven += 1
        for i in range(driven):
            tour = order[i]
            lives, place, stop = home[tours[PERSON, tour]], tours[PLACE, tour], tours[BACK_BY, tour]
            n = _trip(n, tours, tour, 0, lives, place, tours[PURPOSE, tour], trips)
            if stop >= 0:
                n = _trip(n, tours, tour, tours[SECOND_LEAVES, tour], place, stop, kind[stop], trips)
                place = stop
            n = _trip(n, tours, tour, tours[LAST_LEAVES, tour], place, lives, HOME, trips)
    return n


@part_of_kernel
def _planned(x: Float64, y: Float64, origin: int, destination: int, pace: float, walk: int) -> int:
    across, up = x[origin] - x[destination], y[origin] - y[destination]
    return int(np.sqrt(across**2 + up**2) / pace) + walk


@kernel
def make_rounds(
    stop: Int32Grid, stay: Int32Grid, leave: Int32, garage: Int32, junction: Int32, x: Float64, y: Float64,
    pace: float, walk: int, shift: int, day: int, depart: Int32GridOut, place: Int32GridOut,
) -> Int32:  # fmt: skip
    """Drive working vehicles from stop to stop and back to base, by planned times.

    A stop at the junction where the vehicle stands is made on foot. The round ends before the first stop that would end
    later than ``shift`` after leaving, or from which the base would not be reached within the day.

    Parameters
    ----------
    stop : int32[n_vehicles, n_slots], rows of places
        In the order they are made; −1 none.
    stay : int32[n_vehicles, n_slots], seconds
    leave : int32[n_vehicles], seconds since the day began
    garage : int32[n_vehicles], rows of places
    junction, x, y : [n_places]
        Where each place is; x and y in metres.
    pace, walk : float, int
        Metres a second along the straight line; seconds to and from the vehicle.
    shift, day : int, seconds
    depart, place : int32[n_vehicles, n_slots + 1]
        On return when each trip leaves and where it goes; only the first of each row, as many as there are trips.

    Returns
    -------
    int32[n_vehicles]
        Trips; 0 or at least 2.
    """
    count = np.zeros(len(leave), np.int32)
    for vehicle in range(len(leave)):
        base = at = garage[vehicle]
        clock = int(leave[vehicle])
        made = 0
        for slot in range(stop.shape[1]):
            to = stop[vehicle, slot]
            if to < 0 or junction[to] == junction[at]:
                continue
            left = clock + _planned(x, y, at, to, pace, walk) + stay[vehicle, slot]
            if left - leave[vehicle] > shift or left + _planned(x, y, to, base, pace, walk) > day:
                break
            depart[vehicle, made], place[vehicle, made] = clock, to
            at, clock = to, left
            made += 1
        if made > 0 and junction[at] == junction[base]:
            place[vehicle, made - 1] = base
        elif made > 0:
            depart[vehicle, made], place[vehicle, made] = clock, base
            made += 1
        count[vehicle] = made
    return count
