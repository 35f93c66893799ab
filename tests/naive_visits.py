"""Plain twins of kernels/visits.py, kernels/nights.py and of what is counted with them: loops, one sight at a time."""

import itertools
import math

from tests.naive_measures import held

DAY = 86_400


def stays(trips):
    """Return (arrive, leave, place) of one vehicle's trips (depart, arrive, place): until the next one, the last for good."""
    made = sorted(trips)
    ends = [depart for depart, *_ in made[1:]] + [math.inf] * min(len(made), 1)
    return [(arrive, leave, place) for (_, arrive, place), leave in zip(made, ends, strict=True)]


def claims(reads, sites, places, rule, kinds):
    """Infer (since, until, place, no ghost) from one vehicle's held reads; places are (kind, x, y, lot), sites (x, y).

    Decoys are of the kinds from ``kinds`` on. One place of a gap at most, and one decoy.
    """
    found = []
    for (since, one, *a), (until, other, *b) in itertools.pairwise(reads):
        for decoy in (False, True):
            fitting = []
            for row, (its, *at, lot) in enumerate(places):
                there, back = math.dist(sites[one], at), math.dist(sites[other], at)
                near = (its >= kinds) == decoy and max(there, back) <= rule.within
                if near and rule.least <= until - since - (there + back) / rule.pace <= rule.most:
                    fitting.append((there + back, lot, row))
            if fitting:
                found.append((since, until, min(fitting)[2], a[0] == a[1] and b[0] == b[1]))
    return found


def week(time, rule):
    return (time // DAY + rule.first_weekday) // 7


def weeks_reached(weeks, needed):
    """Return after how many of the weeks, in order, as many different ones were met; None never."""
    return next((n for n in range(1, len(weeks) + 1) if len(set(weeks[:n])) == needed), None)


def count(world, visits, obtains, sites, places, rule, now, horizon, kinds):
    """Count, through one sight, {what: {(town, kind, …): n}}; visits are (vehicle, depart, arrive, place or −1)."""
    found = {
        name: {} for name in ("made", "found", "claimed", "right", "stood", "of_kind", "gone", "said", "known", "days")
    }

    def add(name, *key):
        found[name][key] = found[name].get(key, 0) + 1

    for vehicle, town in enumerate(world.town):
        mine = stays([trip[1:] for trip in visits if trip[0] == vehicle])
        reads = sorted(read for read in world.reads if read[2] == vehicle)
        seen = [r for r, yes in zip(reads, held(reads, obtains, world.owner_of_site, now), strict=True) if yes]
        said = claims(seen, sites, places, rule, kinds)
        right = [next((s for s in mine if ok and s[2] == p and s[0] < b and s[1] > a), None) for a, b, p, ok in said]
        if horizon <= now:
            for stay in mine:
                arrive, leave, place = stay
                if not (arrive > now - horizon and leave <= now):
                    continue
                if place >= 0:
                    add("made", town, places[place][0])
                    if any(one is stay for one in right):
                        add("found", town, places[place][0])
            for (since, until, place, ok), so in zip(said, right, strict=True):
                kind = places[place][0]
                if until <= now - horizon:
                    continue
                add("claimed", town, kind)
                if so:
                    add("right", town, kind)
                for one in {p for arrive, leave, p in mine if p >= 0 and arrive < until and leave > since}:
                    if ok and kind < kinds:
                        add("stood", town, kind)
                        if places[one][0] == kind:
                            add("of_kind", town, kind)
        for place, (kind, *_) in enumerate(places):
            there = {week(a, rule) for a, b, p in mine if p == place and a > now - rule.month and b <= now}
            late = sorted(((c, so) for c, so in zip(said, right, strict=True) if c[2] == place and c[0] > now - rule.month),
                          key=lambda claim: -claim[0][0])  # fmt: skip
            weeks = [week(c[0], rule) for c, _ in late]
            true = [c[0] for c, so in late if so]
            for level, needed in enumerate((1, rule.weeks)):
                if len(there) >= needed:
                    add("gone", town, kind, level)
                if len(set(weeks)) >= needed:
                    add("said", town, kind, level)
                n = weeks_reached([week(since, rule) for since in true], needed)
                if n and len(there) >= needed:
                    add("known", town, kind, level)
                    add("days", town, kind, level, math.ceil((now - true[n - 1] // DAY * DAY) / DAY))
    return found


def nights_away(trips, home, places, night, away):
    """Return whether a car (trips: (depart, arrive, place)) stood far from home at a moment."""
    gone = [trip for trip in sorted(trips) if trip[0] <= night]
    if not gone or gone[-1][1] > night:
        return False
    return math.dist(places[gone[-1][2]], home) > away


def claimed_nights(reads, sites, home, rule):
    """Return (day, no ghost) of the nights away that one vehicle's held reads tell of."""
    found = []
    for (last, one, *a), (first, other, *b) in itertools.pairwise(reads):
        late, early = last % DAY >= rule.evening, first % DAY < rule.morning
        far = min(math.dist(sites[one], home), math.dist(sites[other], home)) > rule.away
        if (
            first // DAY == last // DAY + 1
            and late
            and early
            and far
            and math.dist(sites[one], sites[other]) <= rule.area
        ):
            found.append((last // DAY, a[0] == a[1] and b[0] == b[1]))
    return found
