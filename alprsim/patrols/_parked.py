"""Who is parked where: between a vehicle's arrival and its next departure, along a street and in the lot of a place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import randomness
from alprsim.patrols._beats import MOTORWAYS, Streets
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
    Float64,
    Int32,
    Int64,
    Journeys,
    Network,
    PlaceKind,
    Trips,
    UInt64,
    Vehicles,
)

MS = 1000

Mask = NDArray[np.bool_]


class Stays(NamedTuple):
    """A vehicle stands at a place in [since, until), ms since the scenario's start."""

    vehicle: Int32
    place: Int32
    since: Int64
    until: Int64


class Spots(NamedTuple):
    """Where in its place each stay is: row for row with Stays."""

    segment: Int32
    """The street's number; −1 seen from none."""
    home: Mask
    show: Float64
    """In [0, 1): it shows its plate in the street where this is below the share of those that do."""
    order: UInt64
    """In which cars stand in a row."""


class Rows(NamedTuple):
    """Parked cars by group (a street's number, a place's row): group g owns rows ``first[g]:first[g + 1]``."""

    first: Int64
    vehicle: Int32
    since: Int64
    until: Int64


def stays(trips: Trips, journeys: Journeys, vehicles: Vehicles, *, day: int) -> Stays:
    """Return where every vehicle stands on one day: at its first trip's origin before that, then where each trip led.

    A vehicle that makes no trip stands at its garage from 04:00 to 04:00.
    """
    start, end = day * DAY, (day + 1) * DAY
    first, last = np.flatnonzero(np.diff(trips.vehicle, prepend=-1)), np.diff(trips.vehicle, append=-1) != 0
    until = np.where(last, end, np.roll(journeys.depart, -1))
    idle = np.setdiff1d(np.arange(len(vehicles), dtype=np.int32), trips.vehicle)
    whole = np.full(len(idle), start), np.full(len(idle), end)
    vehicle = np.concatenate([trips.vehicle, trips.vehicle[first], idle])
    place = np.concatenate([trips.destination, trips.origin[first], vehicles.garage[idle]])
    since = np.concatenate([journeys.arrive, np.full(len(first), start), whole[0]]).astype(np.int64)
    until = np.concatenate([until, journeys.depart[first], whole[1]]).astype(np.int64)
    stood = since < until
    return Stays(vehicle[stood], place[stood], since[stood] * MS, until[stood] * MS)


def access(network: Network, key: UInt64, place: Int32) -> Int32:
    """Return the road that each of some places lies on: one of those that leave its junction, by a draw of ``key``.

    A street rather than a motorway or ramp where there is one; −1 where no road leaves.
    """
    roads, junction = network.roads, network.places.junction[place]
    street = ~np.isin(roads.kind, MOTORWAYS)
    first = np.searchsorted(roads.tail, np.arange(len(network.junctions) + 1))
    ways = np.diff(first)
    by_street = np.lexsort((~street, roads.tail))  # at each junction streets come first
    streets = np.bincount(roads.tail[street], minlength=len(ways))
    n = np.where(streets > 0, streets, ways)[junction]
    chosen = first[junction] + randomness.below(key, np.maximum(n, 1))
    return np.where(n > 0, by_street[np.minimum(chosen, len(roads) - 1)], -1).astype(np.int32)


def keys(network: Network) -> UInt64:
    """Return a key of each place: of its junction and kind, as the sources number and name them."""
    places = network.places
    return randomness.draw(
        randomness.stream(0, "the key of a place"), network.junctions.osm_id[places.junction], places.kind
    )


def spots(found: Stays, network: Network, vehicles: Vehicles, ways: Streets, *, seed: int, day: int) -> Spots:
    """Return where in its place each car stands.

    A home area is many homes: a household's cars stand on one of the streets that leave its junction, by a draw of the
    household. Any other place lies on one of them, by its own. Whether a car at home shows its plate is drawn once for
    it and that place, elsewhere anew each day.
    """
    kind = network.places.kind[found.place]
    place, home = keys(network)[found.place], np.asarray(kind == PlaceKind.HOME)
    household = _household_key(vehicles)[found.vehicle]
    own = randomness.draw(randomness.stream(seed, "the street a household parks in"), place, household)
    road = access(network, np.where(home, own, place), found.place)
    key = vehicles.key[found.vehicle]
    question = randomness.stream(seed, "does a parked car show its plate")
    show = randomness.uniform(randomness.draw(question, key, place, np.where(home, 0, day + 1)))
    seen = (road >= 0) & (kind != PlaceKind.BEYOND)
    return Spots(np.where(seen, ways.segment[np.maximum(road, 0)], -1), home, show, randomness.draw(place, key))


def along_streets(found: Stays, at: Spots, spec: models.Rounds, n_roads: int) -> Rows:
    """Return who shows their plate in each street."""
    return _rows(found, at, (at.segment >= 0) & _shows(at, spec), at.segment, n_roads)


def in_lots(found: Stays, at: Spots, spec: models.Rounds, n_places: int) -> Rows:
    """Return who stands in the lot of each place that is no home: whoever is there and does not show in the street."""
    return _rows(found, at, (at.segment >= 0) & ~at.home & ~_shows(at, spec), found.place, n_places)


def lots(network: Network, ways: Streets) -> dict[int, list[int]]:
    """Return the places with a lot on each street: all but homes and what lies beyond the map."""
    kind = network.places.kind
    place = np.flatnonzero((kind != PlaceKind.HOME) & (kind != PlaceKind.BEYOND)).astype(np.int32)
    road = access(network, keys(network)[place], place)
    found: dict[int, list[int]] = {}
    for row, way in zip(place.tolist(), road.tolist(), strict=True):
        if way >= 0:
            found.setdefault(int(ways.segment[way]), []).append(row)
    return found


def _shows(at: Spots, spec: models.Rounds) -> Mask:
    return np.asarray(at.show < np.where(at.home, spec.homes, spec.kerb))


def _rows(found: Stays, at: Spots, seen: Mask, group: Int32, n: int) -> Rows:
    rows = np.flatnonzero(seen)
    rows = rows[np.lexsort((found.since[rows], at.order[rows], group[rows]))]
    first = np.concatenate([[0], np.cumsum(np.bincount(group[rows], minlength=n))]).astype(np.int64)
    return Rows(first, found.vehicle[rows], found.since[rows], found.until[rows])


def _household_key(vehicles: Vehicles) -> UInt64:
    """Return a key of each vehicle's household, its first vehicle's; a vehicle of no household here has its own."""
    _, first, which = np.unique(vehicles.household, return_index=True, return_inverse=True)
    return np.where(vehicles.household >= 0, vehicles.key[first[which]], vehicles.key)
