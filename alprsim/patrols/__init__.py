"""Readers that move: patrol cars and spotter cars that drive the network, and trailers that are moved from site to site.

They add rows to the day's `Sightings`, the plates in front of a reader. A car reads cars that **move**: those that come
towards it on the street it drives, those that go its way within range, and those that pass where it stands to watch; and
cars that are **parked**: along the street, and in the lots that it turns into. That is how somebody is seen at work and
at a bar. A car has one site a road of its beat, and what it reads belongs to the road that it is on.

Like everything, any day can be made alone; and another car, or another camera, changes nobody's rounds or reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import randomness
from alprsim.kernels import patrol as kernels
from alprsim.patrols import _parked, _rounds
from alprsim.patrols._beats import Beat, PatrolError, Streets, beats, streets
from alprsim.patrols._parked import Stays
from alprsim.patrols._rounds import CROSSING, WATCHING, Car, Kerbs, Shift, Visits
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
    SLOT,
    Agencies,
    AgencyKind,
    CameraKind,
    Cameras,
    Float32,
    Flows,
    Int32,
    Int64,
    Journeys,
    Network,
    Passages,
    Roads,
    Sightings,
    Sites,
    Trips,
    Vehicles,
)

__all__ = [
    "Beat", "Car", "Fleet", "Kerbs", "PatrolError", "Shift", "Stays", "Streets", "Trailer", "Visits", "beats", "deploy",
    "live", "rounds", "sightings", "standing_at", "streets",
]  # fmt: skip

MS, SLOTS = _parked.MS, DAY // SLOT
READS = 8000
"""A car's reads a day, for sizing the store alone: a repossession car's (betaboston.com, 2014)."""

LOT_SPEED = 6.7
"""m/s past the plates in a lot: what 300 plates a minute on two sides, 2.7 m apart, come to."""


class Trailer(NamedTuple):
    """A trailer of a group: its sites by stop (rows of `Fleet.sites`), the stop it begins at, how long it stays (s)."""

    sites: list[list[int]]
    first: int
    stay: int

    def stop(self, time: Int64) -> Int64:
        """Return at which stop it stands at each moment (ms)."""
        return (self.first + time // MS // self.stay) % len(self.sites)


class Fleet(NamedTuple):
    """Cameras that move, and their sites: both come after the standing ones; `sites.camera` is a row of these cameras.

    Trailers come first; the sites of cars begin at ``first_driven``.
    """

    cameras: Cameras
    sites: Sites
    trailers: list[Trailer]
    cars: list[Car]
    first_driven: int
    ways: Streets

    def after(self, cameras: Cameras, sites: Sites) -> tuple[Cameras, Sites]:
        """Return all cameras and all sites, the standing ones first and unchanged."""
        theirs = self.sites.data() | {"camera": self.sites.camera + np.int32(len(cameras))}
        return _joined(cameras, self.cameras), _joined(sites, Sites(**theirs))

    def watched(self, n_roads: int) -> NDArray[np.bool_]:
        """Return the roads whose passages the cars must know: those of their beats and their other directions."""
        mask = np.zeros(n_roads, np.bool_)
        for car in self.cars:
            mask[car.beat.road] = True
            back = self.ways.reverse[car.beat.road]
            mask[back[back >= 0]] = True
        return mask


def deploy(
    network: Network, agencies: Agencies, spec: models.Cameras, *, towns_of: Mapping[str, str | None],
    stops: Mapping[int, tuple[Cameras, Sites]],
) -> Fleet:  # fmt: skip
    """Give every trailer its stops and every car its beat.

    A key belongs to (agency, kind, what else the group says but its count, number among those of the same): another car,
    trailer or group, wherever it is written, changes no other's. Number n begins at stop n, or keeps to beat n, counted
    around; trailers go on by one stop together, so no two of a group ever meet.

    Parameters
    ----------
    towns_of
        The town that each agency polices; None or missing: the town of its name, if there is one.
    stops
        By row of a portable group: its sites as cameras that stand, best first.

    Raises
    ------
    PatrolError
        More trailers than stops; an unknown town; a spotter car of an agency that is no pool; a beat without streets
        that lead to one another.
    """
    ways, before = streets(network), Counter[str]()
    rows: list[tuple[int, CameraKind, np.uint64]] = []
    parts: list[Sites] = []
    moved: list[Trailer] = []
    cars: list[Car] = []
    for number, group in enumerate(spec.groups):
        if number in stops:
            for nth, key in _keys(group, spec, before):
                moved.append(_trailer(number, group, spec, stops[number], nth, sum(map(len, parts))))
                parts.append(_of_camera(stops[number][1], len(rows)))
                rows.append((_owner(agencies, group), CameraKind.PORTABLE, key))
    first_driven = sum(map(len, parts))
    for number, group in enumerate(spec.groups):
        if group.rounds is not None:
            label = f"cameras.groups[{number}] ({group.agency})"
            owner = _owner(agencies, group)
            if group.kind == "spotter" and agencies.kind[owner] != AgencyKind.POOL:
                raise PatrolError(f"{label}: a spotter car feeds an agency of kind pool; this one is a department")
            towns = _towns(network, group, group.rounds, towns_of.get(group.agency), label)
            found = beats(network, towns, group.rounds.beats, motorways=group.rounds.motorways, label=label)
            for nth, key in _keys(group, spec, before):
                beat = found[nth % len(found)]
                cars.append(Car(len(rows), key, beat, group.rounds))
                parts.append(_driven(network, beat, len(rows)))
                rows.append((owner, CameraKind[str(group.kind).upper()], key))
    sites = _joined(*parts) if parts else Sites.empty()
    return Fleet(_cameras(rows, spec), sites, moved, cars, first_driven, ways)


def live(seen: Sightings, fleet: Fleet, before: int) -> Sightings:
    """Return the sightings without those at a stop where the trailer does not stand at that moment.

    Parameters
    ----------
    seen
        At standing cameras and at every stop.
    fleet
        Whose stops they are.
    before
        Standing sites, which come before the fleet's.
    """
    if not fleet.trailers:
        return seen
    row = seen.site - before
    keep = row < 0
    for trailer in fleet.trailers:
        stop_of = np.full(len(fleet.sites), -1)
        for stop, sites in enumerate(trailer.sites):
            stop_of[sites] = stop
        theirs = np.flatnonzero(~keep & (stop_of[np.maximum(row, 0)] >= 0))
        keep[theirs[trailer.stop(seen.time[theirs]) == stop_of[row[theirs]]]] = True
    return seen.take(keep)


def standing_at(signs: Sightings, fleet: Fleet, before: int, *, seed: int) -> Sightings:
    """Return the signs read as plates with those of trailers moved to where the trailer stands at that moment.

    Which site of a stop that watches several, is drawn by (trailer, moment). ``before``: as for `live`.
    """
    site, question = signs.site.copy(), randomness.stream(seed, "at which site of its stop a trailer sees a sign")
    for trailer, key in zip(fleet.trailers, fleet.cameras.key, strict=False):  # trailers are the first of the cameras
        every = np.concatenate(trailer.sites) + before
        rows = np.flatnonzero(np.isin(signs.site, every))
        many = np.array([len(sites) for sites in trailer.sites])
        stop = trailer.stop(signs.time[rows])
        nth = randomness.below(randomness.draw(question, key, signs.time[rows]), many[stop])
        site[rows] = every[(np.cumsum(many) - many)[stop] + nth]
    order = np.lexsort((site, signs.time))
    return Sightings(**(signs.data() | {"site": site})).take(order)


def rounds(
    fleet: Fleet, network: Network, flows: Flows, trips: Trips, journeys: Journeys, vehicles: Vehicles, *, seed: int,
    day: int,
) -> tuple[Visits, list[Kerbs]]:  # fmt: skip
    """Return what the cars drive on one day and what stands parked for each of them to see."""
    found = _parked.stays(trips, journeys, vehicles, day=day)
    at = _parked.spots(found, network, vehicles, fleet.ways, seed=seed, day=day)
    on = _parked.lots(network, fleet.ways)
    seen: dict[models.Rounds, Kerbs] = {}
    for spec in {car.spec for car in fleet.cars}:
        street = _parked.along_streets(found, at, spec, len(network.roads))
        seen[spec] = Kerbs(street, _parked.in_lots(found, at, spec, len(network.places)), on)
    kerbs = [seen[car.spec] for car in fleet.cars]
    return _rounds.drive(fleet.cars, kerbs, fleet.ways, flows, seed=seed, day=day), kerbs


def sightings(
    standing: Sightings, fleet: Fleet, sites: Sites, passages: Passages, flows: Flows, trips: Trips, journeys: Journeys,
    vehicles: Vehicles, network: Network, *, seed: int, day: int,
) -> Sightings:  # fmt: skip
    """Add what the cars see on one day to the sightings of cameras that stand.

    Parameters
    ----------
    standing
        Of the same day, trailers' included.
    fleet
        Whose sites are the last of `sites`.
    passages
        Of the roads that `Fleet.watched` names, at least.
    flows
        Of the day as driven: the time that everybody takes to cross a road.
    """
    if not fleet.cars:
        return standing
    visits, kerbs = rounds(fleet, network, flows, trips, journeys, vehicles, seed=seed, day=day)
    traffic, roads = _traffic(visits, fleet.ways, passages, flows, trips, network.roads), network.roads
    visit, vehicle, time, speed = _together(
        [
            met(visits, fleet, traffic, roads),
            passing(visits, fleet, traffic, roads),
            *_rows_passed(visits, kerbs, fleet, roads),
        ]
    )
    site = _site(visits, fleet, len(sites))[visit]
    order = np.lexsort((vehicles.key[vehicle], site, time))
    return _merged(
        standing, Sightings(time=time[order], site=site[order], vehicle=vehicle[order], speed=speed[order]), len(sites)
    )


def _known(visits: Visits, ways: Streets, flows: Flows) -> NDArray[np.bool_]:
    """Return, by road and quarter hour as in Flows, whose entries can matter to a visit: a few percent of a day's.

    Quarter hours go around: what enters after the day's end counts in its first.
    """
    longest = flows.time.reshape(-1, SLOTS).max(axis=1)
    change = np.zeros((len(longest), SLOTS + 1), np.int32)
    back = ways.reverse[visits.road]
    for way, rows in ((visits.road, np.arange(len(back))), (back[back >= 0], np.flatnonzero(back >= 0))):
        start = np.min(visits.enter, initial=2**62) // (DAY * MS) * DAY * MS
        begin = np.maximum(visits.enter[rows] - longest[way] - start, 0) // (SLOT * MS)
        end = np.minimum((visits.leave[rows] - start) // (SLOT * MS), SLOTS - 1)
        np.add.at(change, (way, begin), 1)
        np.add.at(change, (way, end + 1), -1)
    return np.asarray(change[:, :-1].cumsum(axis=1) > 0).ravel()


class _Traffic(NamedTuple):
    """Who enters each road that the cars know, grouped by road and in order of time."""

    first: Int64
    enter: Int64
    leave: Int64
    longest: Int64
    vehicle: Int32


def _traffic(visits: Visits, ways: Streets, passages: Passages, flows: Flows, trips: Trips, roads: Roads) -> _Traffic:
    """Take everybody's time to cross a road from the day's flows, by the quarter hour of the entry."""
    known = _known(visits, ways, flows)
    cell = passages.time // (SLOT * MS) % SLOTS
    cell += passages.road.astype(np.int64) * SLOTS
    near = np.flatnonzero(known[cell])
    near = near[np.argsort(passages.road[near], kind="stable")]
    road, enter = passages.road[near], passages.time[near]
    takes = np.maximum(flows.time[cell[near]], 1).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(np.bincount(road, minlength=len(roads)))]).astype(np.int64)
    longest = np.zeros(len(roads), np.int64)
    np.maximum.at(longest, road, takes)
    return _Traffic(first, enter, enter + takes, longest, trips.vehicle[passages.trip[near]])


def met(visits: Visits, fleet: Fleet, traffic: _Traffic, roads: Roads) -> _Seen:
    """Return the moving cars that the cars meet as they drive."""
    crossed = np.flatnonzero(visits.place == CROSSING)
    reach = np.array([car.spec.range for car in fleet.cars])[visits.car[crossed]]
    given = (
        visits.road[crossed], visits.enter[crossed], visits.leave[crossed], reach, fleet.ways.reverse,
        roads.length.astype(np.float64), traffic.first, traffic.longest, traffic.enter, traffic.leave,
    )  # fmt: skip
    none = np.empty(0, np.int64)
    room = kernels.meetings(*given, none, none, none)
    visit, car, moment = (np.empty(room, np.int64) for _ in range(3))
    kernels.meetings(*given, visit, car, moment)
    visit = crossed[visit]
    metres = roads.length[visits.road[visit]].astype(np.float64) * MS
    mine, theirs = metres / (visits.leave - visits.enter)[visit], metres / (traffic.leave - traffic.enter)[car]
    same_way = car < traffic.first[visits.road[visit] + 1]
    same_way &= car >= traffic.first[visits.road[visit]]
    speed = np.where(same_way, np.abs(mine - theirs), mine + theirs)
    return _Seen(visit, traffic.vehicle[car], moment, speed.astype(np.float32))


def passing(visits: Visits, fleet: Fleet, traffic: _Traffic, roads: Roads) -> _Seen:
    """Return who passes the end of a road that a car watches: leaves it there, or enters its other direction."""
    found = []
    for visit in np.flatnonzero(visits.place == WATCHING).tolist():
        road, a, b = visits.road[visit], visits.enter[visit], visits.leave[visit]
        for way, when in ((road, traffic.leave), (fleet.ways.reverse[road], traffic.enter)):
            rows = np.arange(traffic.first[way], traffic.first[way + 1]) if way >= 0 else np.empty(0, np.int64)
            rows = rows[(a <= when[rows]) & (when[rows] < b)]
            speed = roads.length[road] * MS / (traffic.leave - traffic.enter)[rows]
            found.append(_Seen(np.full(len(rows), visit), traffic.vehicle[rows], when[rows], speed.astype(np.float32)))
    return _together(found)


class _Seen(NamedTuple):
    """Who is seen: row of the visit, vehicle, moment (ms), speed past the readers (m/s)."""

    visit: Int64
    vehicle: Int32
    time: Int64
    speed: Float32


def _together(parts: list[_Seen]) -> _Seen:
    none = _Seen(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float32))
    return _Seen(*(np.concatenate(columns) for columns in zip(none, *parts, strict=True)))


def _rows_passed(visits: Visits, kerbs: list[Kerbs], fleet: Fleet, roads: Roads) -> list[_Seen]:
    """Return the parked cars that the cars pass, along streets and in lots."""
    found = []
    metres = roads.length[visits.road].astype(np.float64) * MS
    speed = np.where(visits.place == CROSSING, metres / (visits.leave - visits.enter), LOT_SPEED).astype(np.float32)
    for car, kerb in enumerate(kerbs):
        for rows, mine, group in (
            (kerb.streets, visits.place == CROSSING, fleet.ways.segment[visits.road]),
            (kerb.lots, visits.place >= 0, visits.place),
        ):
            which = np.flatnonzero(mine & (visits.car == car))
            given = group[which], visits.enter[which], visits.leave[which], rows.first, rows.since, rows.until
            none = np.empty(0, np.int64)
            room = kernels.parked(*given, none, none, none)
            visit, stay, moment = (np.empty(room, np.int64) for _ in range(3))
            kernels.parked(*given, visit, stay, moment)
            found.append(_Seen(which[visit], rows.vehicle[stay], moment, speed[which[visit]]))
    return found


def _site(visits: Visits, fleet: Fleet, n_sites: int) -> Int32:
    """Return the site of each visit: the car's of the road that it is on."""
    length = [len(car.beat.road) for car in fleet.cars]
    first = n_sites - sum(length) + np.cumsum([0, *length[:-1]])
    site = np.empty(len(visits.car), np.int32)
    for number, car in enumerate(fleet.cars):
        mine = visits.car == number
        site[mine] = first[number] + np.searchsorted(car.beat.road, visits.road[mine])
    return site


def _merged(one: Sightings, other: Sightings, n_sites: int) -> Sightings:
    """Merge by (time, site): no site has rows in both."""
    since = min(int(seen.time[0]) for seen in (one, other) if len(seen)) if len(one) + len(other) else 0
    key, added = ((seen.time - since) * n_sites + seen.site for seen in (one, other))
    at = np.searchsorted(key, added)
    mine, theirs = one.data(), other.data()
    return Sightings(**{name: np.insert(mine[name], at, theirs[name]) for name in mine})


# --- who has what -----------------------------------------------------------------------------------------------------


_PATHS = {"file", "avoid"}
"""Of a group, what may be written otherwise where a scenario is kept elsewhere: paths."""


def _keys(group: models.CameraGroup, spec: models.Cameras, before: Counter[str]) -> list[tuple[int, np.uint64]]:
    """Return the number and key of each of a group's cars or trailers, and count them among those of which the same is said."""
    count = spec.count if group.count is None else group.count
    said = group.model_dump_json(exclude={"agency", "count", "kind", *_PATHS}, exclude_defaults=True)
    same = f"{group.kind} of {group.agency}, {said}"
    numbers = np.arange(count) + before[same]
    before[same] += count
    return list(zip(numbers.tolist(), randomness.draw(randomness.stream(0, same), numbers), strict=True))


def _owner(agencies: Agencies, group: models.CameraGroup) -> int:
    return int(np.flatnonzero(agencies.name == group.agency)[0])


def _trailer(
    number: int, group: models.CameraGroup, spec: models.Cameras, stops: tuple[Cameras, Sites], nth: int, row: int
) -> Trailer:
    cameras, sites = stops
    count = spec.count if group.count is None else group.count
    if count > len(cameras):
        raise PatrolError(
            f"cameras.groups[{number}] ({group.agency}): {count} trailers need as many stops; there are {len(cameras)}"
        )
    of_stop: list[list[int]] = [[] for _ in range(len(cameras))]
    for after, camera in enumerate(sites.camera.tolist()):
        of_stop[camera].append(row + after)
    return Trailer(of_stop, nth, (group.portable or models.Portable()).stay)


def _towns(
    network: Network, group: models.CameraGroup, spec: models.Rounds, policed: str | None, label: str
) -> list[int]:
    """Return the towns whose streets a group's cars drive; none: every street of the map."""
    names = network.towns.name.tolist()
    asked = spec.towns or tuple(name for name in (group.town or policed,) if name)
    for name in asked:
        if name not in names:
            raise PatrolError(f"{label}: town must be one of {', '.join(names)}, not {name}")
    asked = asked or tuple(name for name in (group.agency,) if name in names)
    return [names.index(name) for name in asked]


def _cameras(rows: list[tuple[int, CameraKind, np.uint64]], spec: models.Cameras) -> Cameras:
    n = len(rows)
    return Cameras.of(
        agency=[owner for owner, _, _ in rows], kind=[kind for _, kind, _ in rows], rate=np.full(n, spec.rate),
        room=np.full(n, spec.buffer), capture=np.full(n, spec.capture), correct=np.full(n, spec.correct),
        key=np.array([key for _, _, key in rows], np.uint64),
    )  # fmt: skip


def _driven(network: Network, beat: Beat, camera: int) -> Sites:
    """Return a car's sites: the middle of every road of its beat."""
    junctions, roads = network.junctions, network.roads
    tail, head = roads.tail[beat.road], roads.head[beat.road]
    east, north = junctions.x[head] - junctions.x[tail], junctions.y[head] - junctions.y[tail]
    return Sites.of(
        camera=np.full(len(beat.road), camera), road=beat.road, offset=roads.length[beat.road] / 2,
        heading=np.degrees(np.arctan2(east, north)).round(3) % 360,
    )  # fmt: skip


def _of_camera(sites: Sites, camera: int) -> Sites:
    return Sites(**(sites.data() | {"camera": np.full(len(sites), camera, np.int32)}))


def _joined(*parts: Any) -> Any:
    columns = [part.data() for part in parts]
    return type(parts[0])(**{name: np.concatenate([c[name] for c in columns]) for name in columns[0]})
