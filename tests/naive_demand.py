"""One day of trips, said again in plain Python: a person, a tour and a car at a time."""

import itertools
from datetime import timedelta

from alprsim import randomness
from alprsim.population import _figures as figures
from alprsim.population._figures import Ask
from alprsim.tables import DAY, PersonKind, PlaceKind, Purpose, RoadKind, VehicleKind


def share_cars(people_of, cars_of, tours, pause, day):
    """Return (start, car, companion) for each tour; tours: (household, driver, start, length, car wanted, asked)."""
    settled, home_at = [], {}
    for i, (household, driver, start, length, wanted, asked) in enumerate(tours):
        if home_at.get(("person", driver), 0) > start:
            start = home_at["person", driver] + pause
        until = start + length
        fleet = [wanted, *reversed(cars_of[household])]
        free = [car for car in fleet if home_at.get(("car", car), 0) <= start]
        if not free or until > day:
            settled.append((tours[i][2], -1, -1))
            continue
        home_at["car", free[0]] = home_at["person", driver] = until
        company = -1
        if asked >= 0:
            members = people_of[household]
            from_asked = members[members.index(asked) :] + members[: members.index(asked)]
            busy = {driver} | {m for m in members if home_at.get(("person", m), 0) > start}
            busy |= {who for h, who, planned, *_ in tours[i + 1 :] if h == household and planned < until}
            company = next((m for m in from_asked if m not in busy), -1)
            home_at["person", company] = until
        settled.append((start, free[0], company))
    return settled


def trips(settlement, network, spec, *, seed, day, start):
    """Return the day's trips: (vehicle, driver, companion, depart, origin, destination, purpose), in order."""
    return [
        *_driven(settlement, network, spec, seed, day, start),
        *working(settlement, network, spec, seed, day, start),
        *_through(settlement, network, spec, seed, day, start),
    ]


class _When:
    """What day it is: 0 is Monday; `as_weekday` is a Sunday's on a holiday."""

    def __init__(self, spec, start, day):
        date = start + timedelta(day)
        self.weekday = date.weekday()
        self.holiday = date in spec.calendar.holidays
        self.as_weekday = 6 if self.holiday else self.weekday
        terms = spec.calendar.terms
        self.school = (not terms or any(t.first <= date <= t.last for t in terms)) and not self.holiday


def _driven(settlement, network, spec, seed, day, start):
    people, vehicles = settlement.people, settlement.vehicles
    when = _When(spec, start, day)
    plans = []
    for person in range(len(people)):
        own = _draw(randomness.stream(seed, "ways of a person"), people.key[person])
        today = _draw(randomness.stream(seed, "day of a person"), people.key[person], day)
        if people.vehicle[person] >= 0:
            plans += _plan(settlement, network, spec, seed, person, when, own, today)
    plans.sort(key=lambda tour: (people.household[tour["person"]], tour["start"], tour["visit"]))
    people_of, cars_of = {}, {}
    for person, household in enumerate(people.household.tolist()):
        people_of.setdefault(household, []).append(person)
    for car, household in enumerate(vehicles.household.tolist()):
        cars_of.setdefault(household, []).append(car)
    tours = [_asking(settlement, spec, people_of, cars_of, tour, network) for tour in plans]
    rows = []
    for tour, (begins, car, company) in zip(
        plans, share_cars(people_of, cars_of, tours, figures.PAUSE, DAY), strict=True
    ):
        home = int(people.home[tour["person"]])
        route = [home, *(place for place, _, _ in tour["places"]), home]
        leave = begins
        for leg, (a, b) in enumerate(itertools.pairwise(route)):
            purpose = tour["places"][leg][2] if leg < len(tour["places"]) else Purpose.HOME
            if car >= 0:
                rows.append((car, tour["person"], company, day * DAY + leave, a, b, int(purpose)))
            leave += _travel(network, a, b) + (tour["places"][leg][1] if leg < len(tour["places"]) else 0)
    return sorted(rows, key=lambda row: (row[0], row[3]))


def _plan(settlement, network, spec, seed, person, when, own, today):
    """Return one person's tours; a tour's places are (place, seconds there, purpose)."""
    people, junction = settlement.people, network.places.junction.tolist()
    home = int(people.home[person])
    visits = _visits(settlement, network, spec, seed, person, when, own, today)
    visits = [visit for visit in visits if junction[visit["place"]] != junction[home]]
    kinds = {visit["kind"] for visit in visits}
    tours = []
    work = None if kinds & {PlaceKind.CLINIC, PlaceKind.COURT} else _work(settlement, spec, person, when, own, today)
    if work and junction[work["places"][0][0]] != junction[home]:
        due = [v for v in visits if v["start"] < work["start"] + _duration(network, home, work["places"])]
        for visit in due:
            on_way = (
                visit["kind"] in (PlaceKind.SHOP, PlaceKind.BAR)
                and _uniform(_draw(visit["bits"], Ask.STOP)) < figures.STOP
            )
            if on_way and len(work["places"]) == 1 and junction[visit["place"]] != junction[work["places"][0][0]]:
                work["places"].append((visit["place"], visit["stay"], visit["kind"]))
                visits.remove(visit)
        back = work["start"] + _duration(network, home, work["places"])
        for visit in due:
            put_off = _below(_draw(visit["bits"], Ask.PUT_OFF), figures.SPREAD)
            visit["start"] = back + figures.PAUSE + put_off
        tours.append(work)
    for n, visit in enumerate(visits):
        places = [(visit["place"], visit["stay"], visit["kind"])]
        order = (1, list(figures.OUTINGS).index(visit["kind"]), person, n)
        tours.append(
            {"person": person, "start": visit["start"], "places": places, "bits": visit["bits"], "visit": order}
        )
    return tours


def _visits(settlement, network, spec, seed, person, when, own, today):
    habits, places = settlement.habits, network.places
    mine = [row for row in range(len(habits)) if habits.person[row] == person]
    busy = 0.0 if _uniform(_draw(today, Ask.QUIET)) < spec.quiet_days else 1 / (1 - spec.quiet_days)
    found = []
    for kind, outing in figures.OUTINGS.items():
        hours = outing.weekend if when.as_weekday >= 5 else outing.weekday
        for nth, row in enumerate(mine):
            if places.kind[habits.place[row]] != kind:
                continue
            weekly, way, bits = float(habits.weekly[row]), _draw(own, Ask.VISITS, nth), _draw(today, Ask.VISITS, nth)
            if outing.own_day:
                kept = min(weekly, 1 - spec.skip)
                rate = kept if _choose(_draw(way, Ask.OWN_DAY), outing.week) == when.weekday else (weekly - kept) / 6
                if when.holiday and outing.week[6] == 0:
                    rate = 0
            else:
                rate = weekly * (outing.week[when.as_weekday] / sum(outing.week)) * busy
            for n in range(int(rate + _uniform(bits))):
                visit = _draw(bits, n)
                start = _moment(way if outing.own_day else visit, hours)
                start = min(max(start + _late(spec, visit), 0), DAY - 1) if outing.own_day else start
                place = int(habits.place[row])
                if outing.on_the_way:
                    place = _elsewhere(network, spec, seed, kind, int(settlement.people.home[person]), place, visit)
                stay = _between(visit, outing.stay)
                found.append({"kind": kind, "start": start, "place": place, "stay": stay, "bits": visit})
    return found


def _elsewhere(network, spec, seed, kind, home, place, bits):
    if _uniform(_draw(bits, Ask.EXPLORE)) >= spec.explore:
        return place
    known = explored(network, spec, seed, kind, home)
    if len(known) < 2:
        return place
    pick = _below(_draw(bits, Ask.WHERE), len(known))
    return known[(pick + 1) % len(known)] if known[pick] == place else known[pick]


def explored(network, spec, seed, kind, home):
    """Return the places of a kind that those who live at a place explore."""
    places = network.places
    same = [p for p in range(len(places)) if places.kind[p] == kind and places.town[p] == places.town[home]]
    if not same:
        return []
    osm = network.junctions.osm_id[places.junction[home]]
    begin = _below(_draw(randomness.stream(seed, "where people explore"), osm, kind), len(same))
    known = min(len(same), spec.explore_places)
    return [same[(begin + i * (len(same) // known)) % len(same)] for i in range(known)]


def _work(settlement, spec, person, when, own, today):
    people = settlement.people
    if people.kind[person] not in (PersonKind.COMMUTER, PersonKind.STUDENT) or people.work[person] < 0:
        return None
    student = people.kind[person] == PersonKind.STUDENT
    if student and not when.school:
        return None
    if when.holiday and _uniform(_draw(today, Ask.HOLIDAY)) >= spec.calendar.holiday_work:
        return None
    days = int(min(7.0, spec.commute_days / (1 - spec.skip)) + _uniform(_draw(own, Ask.DAYS)))
    rank = [_uniform(_draw(own, Ask.WEEKDAY, d)) + (figures.WEEKEND if d >= 5 else 0.0) for d in range(7)]
    if (
        when.weekday not in sorted(range(7), key=lambda d: rank[d])[:days]
        or _uniform(_draw(today, Ask.SKIP)) < spec.skip
    ):
        return None
    start = _moment(own, figures.SCHOOL_HOURS if student else figures.WORK_HOURS) + _late(spec, today)
    stay = _between(own, figures.SCHOOL_STAY if student else figures.WORK_STAY) + _late(spec, _draw(today, Ask.LONGER))
    place = (int(people.work[person]), max(0, stay), Purpose.SCHOOL if student else Purpose.WORK)
    return {
        "person": person,
        "start": min(max(start, 0), DAY - 1),
        "places": [place],
        "bits": today,
        "visit": (0, 0, person, 0),
    }


def _asking(settlement, spec, people_of, cars_of, tour, network):
    """Return (household, driver, start, length, car wanted, companion asked)."""
    people, person, bits = settlement.people, tour["person"], tour["bits"]
    household = int(people.household[person])
    members, cars = people_of[household], cars_of[household]
    spare = cars[sum(people.kind[m] != PersonKind.CHILD for m in members) :]
    car, asked = int(people.vehicle[person]), -1
    if spare and _uniform(_draw(bits, Ask.SPARE)) < figures.SPARE:
        car = spare[_below(_draw(bits, Ask.WHICH_CAR), len(spare))]
    sizes = figures.household_sizes(spec.household_size)
    company = spec.carpool / ((1 - float(sizes[0]) / figures.mean_adults(sizes)) * figures.COMPANY)
    if len(members) > 1 and _uniform(_draw(bits, Ask.RIDE)) < company:
        asked = members[_below(_draw(bits, Ask.WHO), len(members))]
    length = _duration(network, int(people.home[person]), tour["places"])
    return household, person, tour["start"], length, car, asked


def working(settlement, network, spec, seed, day, start):
    """Return the trips of delivery vehicles and taxis."""
    vehicles, places = settlement.vehicles, network.places
    when = _When(spec, start, day)
    kinds = {
        VehicleKind.DELIVERY: (spec.delivery, figures.DELIVERY_HOURS, figures.DELIVERY_WEEK, figures.DELIVERY_STAY),
        VehicleKind.TAXI: (spec.taxis, figures.TAXI_HOURS, figures.TAXI_WEEK, figures.TAXI_STAY),
    }
    rows = []
    for vehicle in range(len(vehicles)):
        if vehicles.kind[vehicle] not in kinds:
            continue
        kind = VehicleKind(vehicles.kind[vehicle])
        fleet, hours, week, stay = kinds[kind]
        key = int(vehicles.key[vehicle])
        today = _draw(randomness.stream(seed, f"day of a {kind.name.lower()} vehicle"), day, key)
        if _uniform(_draw(today, Ask.DAYS)) >= week[when.as_weekday]:
            continue
        town = [p for p in range(len(places)) if places.town[p] == vehicles.town[vehicle]]
        town = [p for p in town if places.kind[p] in (PlaceKind.HOME, PlaceKind.SHOP, PlaceKind.WORK)]
        curve = sorted(town, key=lambda place: (_on_the_curve(network, place), place))
        stops = (round_of if kind is VehicleKind.DELIVERY else rides_of)(curve, fleet, key, today)
        timed = [(place, _between(_draw(today, Ask.VISITS, slot), stay)) for slot, place in stops]
        leave, garage = _moment(today, hours), int(vehicles.garage[vehicle])
        way = make_round(network, timed, leave, garage, figures.SHIFT, DAY)
        at = garage
        for nth, (depart, place) in enumerate(way):
            purpose = Purpose.HOME if nth == len(way) - 1 else Purpose.SERVICE
            rows.append((vehicle, -1, -1, day * DAY + depart, at, place, int(purpose)))
            at = place
    return rows


def _on_the_curve(network, place):
    junction = network.places.junction[place]
    x, y = (int(axis[junction] // figures.BLOCK) + 2**24 for axis in (network.junctions.x, network.junctions.y))
    return int("".join(up + across for across, up in zip(f"{x:025b}", f"{y:025b}", strict=True)), 2)


def round_of(curve, fleet, key, today):
    """Return the (slot, place) of a delivery vehicle's stops today, on a stretch of the town's addresses."""
    begin = _below(_draw(key, Ask.SERVED), len(curve))
    mine = [(i, curve[(begin + i) % len(curve)]) for i in range(min(fleet.places, len(curve)))]
    return [(i, p) for i, p in mine if _uniform(_draw(today, Ask.WHERE, i)) * fleet.places < fleet.stops]


def rides_of(curve, fleet, key, today):
    """Return the (slot, place) of a taxi's stops today, among the town's addresses along the curve."""
    number = int(fleet.stops * (0.5 + _uniform(_draw(today, Ask.SERVED))) + 0.5)
    known = [_below(_draw(today, Ask.WHERE, slot), fleet.places) for slot in range(number)]
    return [(slot, curve[_below(_draw(key, Ask.SERVED, i), len(curve))]) for slot, i in enumerate(known)]


def make_round(network, stops, leave, garage, shift, day):
    """Return (departure, place) of each trip; stops: (place, seconds there)."""
    junction, at, clock, way = network.places.junction, garage, leave, []
    for place, stay in stops:
        if junction[place] == junction[at]:
            continue
        left = clock + _travel(network, at, place) + stay
        if left - leave > shift or left + _travel(network, place, garage) > day:
            break
        way.append((clock, place))
        at, clock = place, left
    if not way:
        return []
    return [*way[:-1], (way[-1][0], garage)] if junction[at] == junction[garage] else [*way, (clock, garage)]


def _ends(network):
    """Return the motorway ends by name."""
    places, roads = network.places, network.roads
    fast = [r for r in range(len(roads)) if roads.kind[r] in (RoadKind.MOTORWAY, RoadKind.TRUNK)]
    touching = {int(end[r]) for r in fast for end in (roads.tail, roads.head)}
    found, names = {}, {}
    for place in range(len(places)):
        outside = places.kind[place] == PlaceKind.BEYOND and network.towns.population[places.town[place]] == 0
        if outside and int(places.junction[place]) in touching:
            found.setdefault(int(places.junction[place]), place)
    for place in sorted(found.values()):
        name = str(network.towns.name[places.town[place]])
        number = 1 + sum(known.split(" #")[0] == name for known in names)
        names[name if number == 1 else f"{name} #{number}"] = place
    return names


def _through(settlement, network, spec, seed, day, start):
    vehicles, ends, osm = settlement.vehicles, _ends(network), network.junctions.osm_id[network.places.junction]
    given = {frozenset(pair.ends): pair.daily for pair in spec.through_pairs}
    mine = [v for v in range(len(vehicles)) if vehicles.kind[v] == VehicleKind.THROUGH]
    hours = figures.SATURDAY if _When(spec, start, day).as_weekday >= 5 else figures.WEDNESDAY
    rows = []
    for pair in itertools.combinations(ends, 2):
        daily = given.get(frozenset(pair), spec.through) / 2
        for a, b in (pair, pair[::-1]):
            way = _draw(randomness.stream(seed, "through vehicles"), osm[ends[a]], osm[ends[b]])
            regulars = round(daily * spec.through_return * figures.REGULAR)
            others = round(daily * (1 - spec.through_return) * figures.RECYCLE)
            row, mine = mine[: regulars + others], mine[regulars + others :]
            for nth, vehicle in enumerate(row):
                regular = nth < regulars
                number = regulars - 1 - nth if regular else nth - regulars
                assert vehicles.key[vehicle] == _draw(way, int(regular), number)
                assert vehicles.garage[vehicle] == ends[a]
                today = _draw(randomness.stream(seed, "through traffic"), vehicles.key[vehicle], day)
                passes = _below(today, figures.REGULAR) == 0 if regular else (number + day) % figures.RECYCLE == 0
                if passes:
                    leave = _moment(_draw(today, Ask.DAYS), hours)
                    rows.append((vehicle, -1, -1, day * DAY + leave, ends[a], ends[b], int(Purpose.THROUGH)))
    assert not mine
    return rows


def _travel(network, a, b):
    x, y, junction = network.junctions.x, network.junctions.y, network.places.junction
    squared = (x[junction[a]] - x[junction[b]]) ** 2 + (y[junction[a]] - y[junction[b]]) ** 2
    return int(float(squared) ** 0.5 / figures.PACE) + figures.WALK


def _duration(network, home, places):
    route = [home, *(place for place, _, _ in places), home]
    return sum(_travel(network, a, b) for a, b in itertools.pairwise(route)) + sum(stay for _, stay, _ in places)


def _draw(base, *keys):
    return int(randomness.draw(base, *keys))


def _uniform(bits):
    return (bits >> 11) * 2.0**-53


def _below(bits, n):
    return ((bits >> 32) * n) >> 32


def _choose(bits, weights):
    aim, reached = _uniform(bits) * sum(float(w) for w in weights), 0.0
    for i, weight in enumerate(weights):
        reached += weight
        if aim < reached:
            return i
    raise AssertionError("weights must not all be zero")


def _moment(bits, hours):
    return (_choose(_draw(bits, Ask.HOUR), hours) * 3600 - 4 * 3600) % DAY + _below(_draw(bits, Ask.SECOND), 3600)


def _late(spec, bits):
    spread = spec.jitter * figures.SQRT_6 * (_uniform(_draw(bits, Ask.EARLY)) + _uniform(_draw(bits, Ask.LATE)) - 1)
    return int(spread // 1)


def _between(bits, minutes):
    span = (minutes[1] - minutes[0]) * 60 + 1
    return minutes[0] * 60 + (_below(_draw(bits, Ask.STAY), span) + _below(_draw(bits, Ask.LONGER), span)) // 2
