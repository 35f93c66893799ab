"""What everybody plans to drive on one day, household by household.

A person's plans are made in one pass over what is known of them, so that a region's day needs no column as long as its
people: 150 ms of a processor a million trips, where a column a step took 390.
"""

import numpy as np

from alprsim.kernels._jit import (
    Float32,
    Float64,
    Float64Grid,
    Int8,
    Int32,
    Int32Grid,
    Int32GridOut,
    Int64,
    Int64Grid,
    Int64GridOut,
    UInt64,
    UInt64Out,
    below,
    draw,
    kernel_in_place,
    part_in_place,
    uniform,
)

WHERE, DAYS, WEEKDAY, OWN_DAY, SKIP, VISITS = (np.uint64(ask) for ask in range(12, 18))
HOUR, SECOND, EARLY, LATE, STAY, LONGER = (np.uint64(ask) for ask in range(18, 24))
EXPLORE, STOP, PUT_OFF, SPARE, WHICH_CAR, RIDE = (np.uint64(ask) for ask in range(24, 30))
WHO, HOLIDAY, _, QUIET = (np.uint64(ask) for ask in range(30, 34))
ASKED = [
    "WHERE",
    "DAYS",
    "WEEKDAY",
    "OWN_DAY",
    "SKIP",
    "VISITS",
    "HOUR",
    "SECOND",
    "EARLY",
    "LATE",
    "STAY",
    "LONGER",
    "EXPLORE",
    "STOP",
    "PUT_OFF",
    "SPARE",
    "WHICH_CAR",
    "RIDE",
    "WHO",
    "HOLIDAY",
    "QUIET",
]
"""The last key of a draw; ``population`` has the same by the same names."""

DAY, DAY_STARTS, HOURS_A_DAY, DAYS_A_WEEK = 86_400, 14_400, 24, 7
WORK, SCHOOL = 1, 2
COMMUTER, STUDENT, CHILD = 0, 1, 4
"""Kinds of places, which are purposes too, and of people."""

SHARE, OF_WEEK, OF_DAY, TIME_COLUMNS = 0, 1, 8, 32
RANK, ON_THE_WAY, TAKES_THE_DAY, LEAST, SPAN, OUTING_COLUMNS = range(6)
AT_JUNCTION, OF_KIND, IN_TOWN = range(3)
"""Columns of what is known of kinds of places, and rows of what is known of places."""

SKIPS, QUIETLY, EXPLORES, JITTER, WORKDAYS, ON_HOLIDAYS, COMPANY, STOPS, SPARES, PACE, WEEKEND, RATES = range(12)
DATE, TODAY, IS_HOLIDAY, IS_SCHOOL, KNOWN, PAUSE, SPREAD, WALK, NUMBERS = range(9)
OWN, THIS_DAY, EXPLORED, STREAMS = range(4)
TOURS, PEOPLE, CARS = range(3)
PERSON, START, LENGTH, CAR, ASKED_ALONG, PLACE, PURPOSE, BACK_BY, SECOND_LEAVES, LAST_LEAVES, STAYS, TURN = range(12)
TOUR_COLUMNS = 12
NONE, FULL = -1, -1


@part_in_place
def _moment(bits: np.uint64, kind: int, times: Float64Grid) -> int:
    """Draw a time of day, in seconds since 04:00."""
    aim = uniform(draw(bits, HOUR)) * times[kind, OF_DAY + HOURS_A_DAY - 1]
    hour = 0
    while hour < HOURS_A_DAY - 1 and times[kind, OF_DAY + hour] <= aim:
        hour += 1
    return (hour * 3600 - DAY_STARTS) % DAY + below(draw(bits, SECOND), 3600)


@part_in_place
def _lateness(bits: np.uint64, jitter: float) -> int:
    return int(np.floor(jitter * (uniform(draw(bits, EARLY)) + uniform(draw(bits, LATE)) - 1)))


@part_in_place
def _on_time(habitual: int, bits: np.uint64, jitter: float) -> int:
    return min(max(habitual + _lateness(bits, jitter), 0), DAY - 1)


@part_in_place
def _between(bits: np.uint64, kind: int, outing: Int64Grid) -> int:
    span = outing[kind, SPAN]
    return int(outing[kind, LEAST] + (below(draw(bits, STAY), span) + below(draw(bits, LONGER), span)) // 2)


@part_in_place
def _travel(a: int, b: int, at: Float64Grid, rates: Float64, numbers: Int64) -> int:
    across, up = at[0, a] - at[0, b], at[1, a] - at[1, b]
    return int(np.sqrt(across * across + up * up) / rates[PACE]) + int(numbers[WALK])


@part_in_place
def _explore(
    place: int, home: int, kind: int, bits: np.uint64, lives: np.uint64, places: Int32Grid, option: Int32,
    first_option: Int64Grid, known: int,
) -> int:  # fmt: skip
    """Return another place of the kind, of those that who live at a place explore, or the same where there is no other."""
    town = places[IN_TOWN, home]
    first = first_option[kind, town]
    n = first_option[kind, town + 1] - first
    known = min(n, known)
    if known <= 1:
        return place
    begin, step, pick = below(draw(lives, np.uint64(kind)), n), n // known, below(draw(bits, WHERE), known)
    found = option[first + (begin + pick * step) % n]
    if found == place:
        found = option[first + (begin + (pick + 1) % known * step) % n]
    return int(found)


@part_in_place
def _due(
    weekly: float, kind: int, errands: float, own: np.uint64, times: Float64Grid, rates: Float64, today: int
) -> float:
    """Return how often a habit is due today: its whole part surely, its fraction with that chance."""
    if times[kind, OF_WEEK + DAYS_A_WEEK - 1] <= 0:
        return float(weekly * times[kind, SHARE] * errands)
    aim = uniform(draw(own, OWN_DAY)) * times[kind, OF_WEEK + DAYS_A_WEEK - 1]
    day = 0
    while times[kind, OF_WEEK + day] <= aim:
        day += 1
    kept = min(weekly, 1 - rates[SKIPS])
    return float(times[kind, SHARE] * (kept if day == today else (weekly - kept) / 6))


@part_in_place
def _visit(
    row: int, person: int, home: int, place: int, kind: int, own: np.uint64, bits: np.uint64, explored: np.uint64,
    places: Int32Grid, at: Float64Grid, osm: UInt64, option: Int32, first_option: Int64Grid, times: Float64Grid,
    outing: Int64Grid, rates: Float64, numbers: Int64, tours: Int32GridOut, bits_of: UInt64Out,
) -> int:  # fmt: skip
    """Write a tour to a habitual place, or to one that is explored in its stead; return the row after it."""
    if outing[kind, ON_THE_WAY] and uniform(draw(bits, EXPLORE)) < rates[EXPLORES]:
        lives = draw(explored, osm[home])
        place = _explore(place, home, kind, bits, lives, places, option, first_option, numbers[KNOWN])
    if places[AT_JUNCTION, place] == places[AT_JUNCTION, home]:
        return row
    if times[kind, OF_WEEK + DAYS_A_WEEK - 1] > 0:
        start = _on_time(_moment(own, kind, times), bits, rates[JITTER])
    else:
        start = _moment(bits, kind, times)
    stay, way = _between(bits, kind, outing), _travel(home, place, at, rates, numbers)
    tours[PERSON, row], tours[START, row], tours[PLACE, row], tours[PURPOSE, row] = person, start, place, kind
    tours[SECOND_LEAVES, row], tours[LAST_LEAVES, row], tours[LENGTH, row] = way + stay, way + stay, 2 * way + stay
    tours[BACK_BY, row], tours[STAYS, row], tours[TURN, row], bits_of[row] = NONE, stay, outing[kind, RANK], bits
    return row + 1


@part_in_place
def _commutes(kind: int, own: np.uint64, today: np.uint64, rates: Float64, numbers: Int64) -> bool:
    """Tell whether somebody who is free goes to work or school: everybody's seven days have an order of their own."""
    if kind != COMMUTER and not (kind == STUDENT and numbers[IS_SCHOOL]):
        return False
    if uniform(draw(today, SKIP)) < rates[SKIPS]:
        return False
    if numbers[IS_HOLIDAY] and uniform(draw(today, HOLIDAY)) >= rates[ON_HOLIDAYS]:
        return False
    days, earlier, asked = np.floor(rates[WORKDAYS] + uniform(draw(own, DAYS))), 0, draw(own, WEEKDAY)
    rank = 0.0
    for turn in range(DAYS_A_WEEK + 1):
        day = numbers[TODAY] if turn == 0 else turn - 1
        of_day = uniform(draw(asked, np.uint64(day))) + (rates[WEEKEND] if day >= DAYS_A_WEEK - 2 else 0.0)
        if turn == 0:
            rank = of_day
        elif of_day < rank:
            earlier += 1
    return bool(earlier < days)


@part_in_place
def _move(tours: Int32GridOut, bits: UInt64Out, source: int, target: int) -> None:
    for column in range(TOUR_COLUMNS):
        tours[column, target] = tours[column, source]
    bits[target] = bits[source]


@part_in_place
def _around_work(
    first: int, last: int, home: int, stay: int, places: Int32Grid, at: Float64Grid, outing: Int64Grid, rates: Float64,
    numbers: Int64, tours: Int32GridOut, bits: UInt64Out,
) -> int:  # fmt: skip
    """Move visits due before their person is back from work, the tour `last`, to after it, but one to the way home.

    Return the number of tours with that visit gone.
    """
    work, start = tours[PLACE, last], tours[START, last]
    second = _travel(home, work, at, rates, numbers) + stay
    back, stop = start + second + _travel(work, home, at, rates, numbers), NONE
    for visit in range(first, last):
        kind = tours[PURPOSE, visit]
        if (
            tours[START, visit] < back
            and outing[kind, ON_THE_WAY]
            and (stop < 0 or tours[TURN, visit] < tours[TURN, stop])
            and uniform(draw(bits[visit], STOP)) < rates[STOPS]
            and places[AT_JUNCTION, tours[PLACE, visit]] != places[AT_JUNCTION, work]
        ):
            stop = visit
    leaves, home_by = second, back
    if stop >= 0:
        by = tours[PLACE, stop]
        leaves = second + _travel(work, by, at, rates, numbers) + tours[STAYS, stop]
        home_by = start + leaves + _travel(by, home, at, rates, numbers)
        tours[BACK_BY, last] = by
    tours[SECOND_LEAVES, last], tours[LAST_LEAVES, last], tours[LENGTH, last] = second, leaves, home_by - start
    for visit in range(first, last):
        if tours[START, visit] < back:
            put_off = numbers[PAUSE] + below(draw(bits[visit], PUT_OFF), numbers[SPREAD])
            tours[START, visit] = home_by + put_off
    if stop < 0:
        return last + 1
    for visit in range(stop, last):
        _move(tours, bits, visit + 1, visit)
    return last


@part_in_place
def _work(
    first: int, row: int, person: int, kind: int, home: int, work: int, own: np.uint64, today: np.uint64,
    places: Int32Grid, at: Float64Grid, times: Float64Grid, outing: Int64Grid, rates: Float64, numbers: Int64,
    tours: Int32GridOut, bits: UInt64Out,
) -> int:  # fmt: skip
    """Write the tour to work or school, if there is one today, and move the visits around it; return the row after them."""
    if work < 0 or places[AT_JUNCTION, work] == places[AT_JUNCTION, home]:
        return row
    if not _commutes(kind, own, today, rates, numbers):
        return row
    to = SCHOOL if kind == STUDENT else WORK
    start = _on_time(_moment(own, to, times), today, rates[JITTER])
    stay = max(_between(own, to, outing) + _lateness(draw(today, LONGER), rates[JITTER]), 0)
    tours[PERSON, row], tours[START, row], tours[PLACE, row], tours[PURPOSE, row] = person, start, work, to
    tours[BACK_BY, row], tours[STAYS, row], tours[TURN, row], bits[row] = NONE, stay, 0, today
    return _around_work(first, row, home, stay, places, at, outing, rates, numbers, tours, bits)


@part_in_place
def _in_order(first: int, last: int, tours: Int32GridOut, bits: UInt64Out) -> None:
    """Order a household's tours by start, and then by turn; the place at `last` is free."""
    for tour in range(first + 1, last):
        to = tour
        while to > first and (
            tours[START, to - 1] > tours[START, tour]
            or (tours[START, to - 1] == tours[START, tour] and tours[TURN, to - 1] > tours[TURN, tour])
        ):
            to -= 1
        if to < tour:
            _move(tours, bits, tour, last)
            for later in range(tour, to, -1):
                _move(tours, bits, later - 1, later)
            _move(tours, bits, last, to)


@part_in_place
def _ask_for(
    tour: int, main: int, first_person: int, members: int, first_spare: int, spares: int, rates: Float64,
    tours: Int32GridOut, bits: UInt64Out,
) -> None:  # fmt: skip
    """Note the car a driver would take, their main one or at times a spare one, and who is asked along."""
    tours[CAR, tour], tours[ASKED_ALONG, tour] = main, NONE
    if spares > 0 and uniform(draw(bits[tour], SPARE)) < rates[SPARES]:
        tours[CAR, tour] = first_spare + below(draw(bits[tour], WHICH_CAR), spares)
    if members > 1 and uniform(draw(bits[tour], RIDE)) < rates[COMPANY]:
        tours[ASKED_ALONG, tour] = first_person + below(draw(bits[tour], WHO), members)


@kernel_in_place
def plan(
    household: Int32, key: UInt64, kind: Int8, home: Int32, work: Int32, vehicle: Int32,
    habit_of: Int32, habit: Int32, weekly: Float32, car_of: Int32,
    places: Int32Grid, at: Float64Grid, osm: UInt64, option: Int32, first_option: Int64Grid,
    times: Float64Grid, outing: Int64Grid, rates: Float64, numbers: Int64, streams: UInt64,
    begin: int, end: int, first_habit: int, first_car: int,
    first: Int64GridOut, tours: Int32GridOut, bits: UInt64Out,
) -> int:  # fmt: skip
    """Plan the tours of whole households: from home to a place, perhaps to a stop on the way back, and home.

    A habit with its own day of the week is followed on that day, but for what its person skips; what it has beyond is spread
    over the others. A visit to a place that takes the day leaves no work for it; one at home's junction is walked to.

    Parameters
    ----------
    household, key, kind, home, work, vehicle : [people], ascending by household
        As in the table of people.
    habit_of, habit, weekly : [habits], ascending by person
        As in the table of habits.
    car_of : int32[cars], ascending
        The household that owns each.
    places : int32[3, places]
        By AT_JUNCTION, OF_KIND and IN_TOWN.
    at : float64[2, places], m
    osm : uint64[places]
        What draws know a place's junction by.
    option : int32[n], first_option : int64[kinds, towns + 1]
        The places of kind k in town t that may be explored are option[first_option[k, t]:first_option[k, t + 1]].
    times : float64[kinds, TIME_COLUMNS]
        SHARE: of a week's visits, due today; of a kind with own days 1, or 0 where it is closed today. From OF_WEEK:
        cumulative weights of Monday to Sunday as a habit's own day; all 0 for a kind without. From OF_DAY: cumulative
        weights of the hours at which people leave today.
    outing : int64[kinds, OUTING_COLUMNS]
        RANK: which kind's visits come first, from 1. ON_THE_WAY, TAKES_THE_DAY: 0 or 1. LEAST, SPAN: s, of a stay.
    rates : float64[RATES]
        Chances; JITTER: half the width of lateness, s; WORKDAYS: a week; PACE: m/s; WEEKEND: how far it ranks behind.
    numbers : int64[NUMBERS]
        DATE: days since the start. TODAY: 0 is Monday. KNOWN: places that people of one place explore. PAUSE, SPREAD, WALK: s.
    streams : uint64[STREAMS]
        Of a person's own, of the day of a person (the day is its last key), and of where people explore.
    begin, end, first_habit, first_car : int
        The people who plan, and the first habit and car at or after theirs.
    first : int64[3, households + 1], written
        Where each household's TOURS, PEOPLE and CARS begin.
    tours : int32[TOUR_COLUMNS, space], written
        Each household's ordered by start; s since the day began, or since the start. STAYS and TURN are for this alone.
    bits : uint64[space], written
        To which each tour's draws belong.

    Returns
    -------
    The number of tours, or FULL if there is no space for them.
    """
    n, house, following, car, person = 0, 0, first_habit, first_car, begin
    while person < end:
        lives_in, first_person, adults, of_house = household[person], person, 0, n
        while car < len(car_of) and car_of[car] < lives_in:
            car += 1
        first[TOURS, house], first[PEOPLE, house], first[CARS, house] = n, person, car
        while person < end and household[person] == lives_in:
            adults += kind[person] != CHILD
            while following < len(habit_of) and habit_of[following] < person:
                following += 1
            if vehicle[person] >= 0:
                own = draw(streams[OWN], key[person])
                today = draw(draw(streams[THIS_DAY], key[person]), np.uint64(numbers[DATE]))
                of_person, free, nth = n, True, 0
                errands = 0.0 if uniform(draw(today, QUIET)) < rates[QUIETLY] else 1 / (1 - rates[QUIETLY])
                while following + nth < len(habit_of) and habit_of[following + nth] == person:
                    place = habit[following + nth]
                    of = places[OF_KIND, place]
                    its_own = draw(draw(own, VISITS), np.uint64(nth))
                    bits_of = draw(draw(today, VISITS), np.uint64(nth))
                    due = _due(float(weekly[following + nth]), of, errands, its_own, times, rates, numbers[TODAY])
                    visits = int(due + uniform(bits_of))
                    if n + visits + 2 > len(bits):
                        return FULL
                    for number in range(visits):
                        before = n
                        n = _visit(
                            n, person, home[person], place, of, its_own, draw(bits_of, np.uint64(number)),
                            streams[EXPLORED], places, at, osm, option, first_option, times, outing, rates, numbers,
                            tours, bits,
                        )  # fmt: skip
                        free = free and not (n > before and outing[of, TAKES_THE_DAY])
                    nth += 1
                if n + 2 > len(bits):
                    return FULL
                n = _work(
                    of_person, n, person, kind[person], home[person], work[person] if free else NONE, own, today,
                    places, at, times, outing, rates, numbers, tours, bits,
                )  # fmt: skip
            person += 1
        _in_order(of_house, n, tours, bits)
        last_car = car
        while last_car < len(car_of) and car_of[last_car] == lives_in:
            last_car += 1
        for tour in range(of_house, n):
            main, spare = vehicle[tours[PERSON, tour]], car + adults
            _ask_for(
                tour, main, first_person, person - first_person, spare, last_car - spare, rates, tours, bits
            )  # fmt: skip
        car = last_car
        house += 1
    first[TOURS, house], first[PEOPLE, house], first[CARS, house] = n, person, car
    return n
