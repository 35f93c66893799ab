"""Plain twins of what is told of people over the cars they drive: loops over trips with who drove them."""

import itertools
import math

from tests import naive_measures as naive
from tests import naive_visits

DAY = 86_400


def keeper(world, vehicle):
    """Return whom a plate names: the first who mainly drives it, or else the household's first driver."""
    main = world.main or tuple(range(world.vehicles))
    if vehicle in main:
        return main.index(vehicle)
    return 0 if world.main else None


def seen(world, vehicle, obtains, now):
    """Return the held reads under a plate, in order."""
    reads = sorted(read for read in world.reads if read[2] == vehicle)
    held = naive.held(reads, obtains, world.owner_of_site, now)
    return [read for read, yes in zip(reads, held, strict=True) if yes]


def nights(world, to, obtains, homes, sites, places, rule, days):
    """Count {what: n by town}: to is {trip: where it led}."""
    main, n = world.main or tuple(range(world.vehicles)), {}

    def add(what, person):
        n.setdefault(what, [0, 0])[world.town[main[person]]] += 1

    for person in range(len(main)):
        for _ in days:
            add("nights", person)
    for vehicle in range(world.vehicles):
        trips = [(depart, arrive, to[v, depart, arrive]) for v, depart, arrive in sorted(world.trips) if v == vehicle]
        away = {}
        for d in days:
            at = d * DAY + 22 * 3600
            if naive_visits.nights_away(trips, homes[vehicle], places, at, rule.away):
                away[d] = world.driver(vehicle, [trip for trip in trips if trip[0] <= at][-1][0])
                add("away", away[d])
        for d, ok in naive_visits.claimed_nights(obtains(vehicle), sites, homes[vehicle], rule):
            if d in days:
                add("claimed", keeper(world, vehicle))
                if ok and d in away:
                    add("found", away[d])
                    if away[d] == keeper(world, vehicle):
                        add("right", away[d])
    return n


def visits(world, made, obtains, sites, places, rule, now, horizon, kinds):
    """Count, through one sight, {what: {(town, kind, …): n}} as naive_visits.count; made: (vehicle, depart, arrive, place)."""
    main, found = world.main or tuple(range(world.vehicles)), {}
    stays, claims = (
        [],
        [],
    )  # (driver, arrive, leave, place); (named, since, until, place, the stay that shows, their own)
    for vehicle in range(world.vehicles):
        mine = [trip[1:] for trip in made if trip[0] == vehicle]
        drivers = [world.driver(vehicle, depart) for depart, *_ in sorted(mine)]
        its = [(who, *stay) for who, stay in zip(drivers, naive_visits.stays(mine), strict=True)]
        stays += its
        named = keeper(world, vehicle)
        for a, b, p, ok in naive_visits.claims(obtains(vehicle), sites, places, rule, kinds):
            there = [stay for stay in its if ok and stay[1] < b and stay[2] > a]
            shown = next((stay for stay in there if stay[3] == p), None)
            own = [stay[3] for stay in there if stay[0] == named and stay[3] >= 0]
            claims.append((named, a, b, p, shown, own))

    def add(name, person, *key):
        where = found.setdefault(name, {})
        key = (world.town[main[person]], *key)
        where[key] = where.get(key, 0) + 1

    if horizon <= now:
        for stay in stays:
            who, arrive, leave, place = stay
            if place >= 0 and arrive > now - horizon and leave <= now:
                add("made", who, places[place][0])
                if any(claim[4] is stay for claim in claims):
                    add("found", who, places[place][0])
        for named, _, b, p, _, own in claims:
            if b > now - horizon:
                kind = places[p][0]
                add("claimed", named, kind)
                if p in own:
                    add("right", named, kind)
                for one in set(own) if kind < kinds else ():
                    add("stood", named, kind)
                    if places[one][0] == kind:
                        add("of_kind", named, kind)
    month = [claim for claim in claims if claim[1] > now - rule.month]
    for person, place in itertools.product(range(len(main)), range(len(places))):
        kind, week = places[place][0], lambda time: naive_visits.week(time, rule)
        there = {week(a) for who, a, b, p in stays if (who, p) == (person, place) and a > now - rule.month and b <= now}
        said = [claim for claim in month if (claim[0], claim[3]) == (person, place)]
        true = [claim[1] for claim in said if place in claim[5]]
        shown = [claim[1] for claim in month if claim[3] == place and claim[4] and claim[4][0] == person]
        for level, needed in enumerate((1, rule.weeks)):
            if len(there) >= needed:
                add("gone", person, kind, level)
            if len({week(claim[1]) for claim in said}) >= needed:
                add("said", person, kind, level)
            if len(there) >= needed and len({week(since) for since in true}) >= needed:
                add("true", person, kind, level)
            shown = sorted(shown, reverse=True)
            n = naive_visits.weeks_reached([week(since) for since in shown], needed)
            if n and len(there) >= needed:
                add("known", person, kind, level)
                add("days", person, kind, level, math.ceil((now - shown[n - 1] // DAY * DAY) / DAY))
    return found


def places(world, obtains, first_weekday, now, sites, homes, works, within):
    """Return, of each person, (home, work): None without such a place, or two (guessed, error, in its town, days).

    The first by the car they mainly drive, the second the best by any that they drive.
    """
    main, answer = world.main or tuple(range(world.vehicles)), []
    for person in range(len(main)):
        others = {v for v, depart, _ in world.trips if depart <= now and world.driver(v, depart) == person}
        both = []
        for kind, spots in enumerate((homes, works)):
            x, y, town = (float(column[person]) for column in spots)
            if math.isnan(x):
                both.append(None)
                continue
            near = [math.hypot(a - x, b - y) <= min(within) for a, b in zip(sites.x, sites.y, strict=True)]
            found = []
            for cars in ({main[person]}, {main[person]} | others):
                guessed, error, in_town, days = False, math.inf, False, []
                for car in cars:
                    left = [(time, site) for time, site, *_ in obtains(car)]
                    guess = naive.home_and_work(left, first_weekday)[kind]
                    if guess is None:
                        continue
                    guessed, in_town = True, in_town or sites.town[guess] == town
                    error = min(error, math.hypot(sites.x[guess] - x, sites.y[guess] - y))
                    days.append(naive.days_until(left, first_weekday, now, near, kind))
                days = [d for d in days if d is not None]
                found.append((guessed, error, in_town, min(days, default=None)))
            both.append(tuple(found))
        answer.append(both)
    return answer
