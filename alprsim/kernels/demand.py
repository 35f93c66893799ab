"""Who of a household gets which car, and who rides along."""

import numpy as np

from alprsim.kernels._jit import Int32, Int32Out, Int64, kernel, part_of_kernel


@part_of_kernel
def _free_car(wanted: int, first: int, last: int, home_at: Int32, depart: int) -> int:
    """Return the wanted car if it is at home, else the household's last one that is, else −1."""
    if home_at[wanted] <= depart:
        return wanted
    for car in range(last - 1, first - 1, -1):
        if home_at[car] <= depart:
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
    person_home_at = np.zeros(first_person[-1], np.int32)
    car_home_at = np.zeros(first_car[-1], np.int32)
    for household in range(len(first_tour) - 1):
        last_tour = first_tour[household + 1]
        first_member, last_member = first_person[household], first_person[household + 1]
        for tour in range(first_tour[household], last_tour):
            who, asked = driver[tour], companion[tour]
            companion[tour] = -1
            depart = int(start[tour])
            if person_home_at[who] > depart:
                depart = person_home_at[who] + pause
            until = depart + length[tour]
            taken = _free_car(car[tour], first_car[household], first_car[household + 1], car_home_at, depart)
            if until > day:
                taken = -1
            car[tour] = taken
            if taken < 0:
                continue
            start[tour] = depart
            person_home_at[who] = car_home_at[taken] = until
            for _ in range(last_member - first_member if asked >= 0 else 0):
                free = asked != who and person_home_at[asked] <= depart
                if free and _stays(asked, tour, last_tour, driver, start, until):
                    companion[tour] = asked
                    person_home_at[asked] = until
                    break
                asked = asked + 1 if asked + 1 < last_member else first_member
