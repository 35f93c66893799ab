"""Plain twins of the tracker: every way that a car can have gone is written out and weighed."""

from itertools import accumulate, pairwise, product
from math import log

import numpy as np

from alprsim.randomness import draw, uniform


def ways(home, hours, hour, to, begin, pairs, still, read):
    """Yield every sequence of states, (stay, zone), with its chance together with all that was seen.

    ``pairs[step][zone][end]``, ``still[step][zone]`` and ``read[step]`` tell what was seen in each step; ``to[stay][zone]`` where
    those who live in `home` go.
    """
    zones = len(to[0])
    states = [("home", home), *((stay, zone) for stay in ("short", "long") for zone in range(zones))]
    for way in product(states, repeat=len(hour) + 1):
        chance = start(way[0], begin, to)
        for step, (here, there) in enumerate(pairwise(way)):
            chance *= one_step(here, there, hours[hour[step]], to, pairs[step], still[step], read[step], home)
        yield way, chance


def start(state, begin, to):
    """Return the chance of a state at the start."""
    stay, zone = state
    if stay == "home":
        return begin[0]
    return begin[1] * to[0][zone] if stay == "short" else begin[2] * to[1][zone]


def one_step(here, there, behaviour, to, pair, still, read, home):
    """Return the chance of getting from one state to another in a step, and of what was seen in it."""
    leave_home, leave_short, leave_long, long_from_home, long_from_away, back = behaviour
    (stay, zone), (goal, end) = here, there
    leaves = {"home": leave_home, "short": leave_short, "long": leave_long}[stay]
    stays = (1 - leaves) * still[zone] if here == there else 0.0
    if goal == "home":
        return stays + (0.0 if stay == "home" else leaves * back * pair[zone][home])
    long = long_from_home if stay == "home" else long_from_away
    chosen = to[1][end] * long if goal == "long" else to[0][end] * (1 - long)
    if stay == "home":
        return stays + leaves * chosen * pair[home][end]
    return stays + leaves * (1 - back) * chosen * (pair[zone][end] if read else 1.0)


def track(*said):
    """Return the chance of all that was seen; where the car was at each step; and the arrivals, by stay and zone."""
    weighed = list(ways(*said))
    whole = sum(chance for _, chance in weighed)
    zones = len(said[3][0])
    where = np.zeros((len(said[2]) + 1, zones))
    for way, chance in weighed:
        for step, (_, zone) in enumerate(way):
            where[step, zone] += chance / whole
    return whole, where, weighed


def arrivals(home, hours, hour, to, pairs, still, read, weighed):
    """Return the expected number of departures for a short and for a long stay in each zone; staying put is none."""
    zones = len(to[0])
    found = np.zeros((2, zones))
    whole = sum(chance for _, chance in weighed)
    for way, chance in weighed:
        for step, (here, there) in enumerate(pairwise(way)):
            behaviour = hours[hour[step]]
            moved = one_step(here, there, behaviour, to, pairs[step], [0.0] * zones, read[step], home)
            if there[0] != "home" and moved > 0:
                both = one_step(here, there, behaviour, to, pairs[step], still[step], read[step], home)
                found[0 if there[0] == "short" else 1, there[1]] += chance / whole * moved / both
    return found


def flows(home, hours, hour, to, pairs, still, read, weighed):
    """Return how likely the car went from each zone to each in each step; staying put is none."""
    zones = len(to[0])
    found = np.zeros((len(hour), zones, zones))
    whole = sum(chance for _, chance in weighed)
    for way, chance in weighed:
        for step, (here, there) in enumerate(pairwise(way)):
            moved = one_step(here, there, hours[hour[step]], to, pairs[step], [0.0] * zones, read[step], home)
            if moved > 0:
                both = one_step(here, there, hours[hour[step]], to, pairs[step], still[step], read[step], home)
                found[step, here[1], there[1]] += chance / whole * moved / both
    return found


def paces(time, site, drive, takes, known, worth):
    """Return how likely each known pace is: all together, alike, count for some drives, and each drive for the nearest one."""
    likely = [worth / len(known)] * len(known)
    for one in sorted(set(drive)):
        mine = [row for row in range(len(time)) if drive[row] == one]
        legs = [(here, there) for here, there in pairwise(mine) if takes[site[here]][site[there]] > 0]
        if legs:
            free = sum(takes[site[here]][site[there]] for here, there in legs)
            took = sum(time[there] - time[here] for here, there in legs)
            apart = [abs(log(free / max(took, 1)) - log(pace)) for pace in known]
            likely[apart.index(min(apart))] += 1
    return [one / sum(likely) for one in likely]


def filled(time, site, step, side, bits, number, moment, busy, middles, reads):
    """Draw when and where one record may have been made: second by second in its step, site by site in its square."""
    drawn = draw(bits, number)
    seconds = range(int(time), int(min(time + max(step, 1), moment)))
    when = by_weight(draw(drawn, 0), seconds, [float(busy[second // 3600 % 24]) for second in seconds])
    if side == 0:
        return when, int(site)
    among = [one for one, middle in enumerate(middles[side]) if middle == site]
    return when, by_weight(draw(drawn, 1), among, [reads[one] for one in among])


def by_weight(bits, among, weights):
    """Return the first of some that brings their weights, added up, above a drawn part of them all."""
    part = float(uniform(bits)) * sum(weights)
    return next(one for one, so_far in zip(among, accumulate(weights), strict=True) if part < so_far)
