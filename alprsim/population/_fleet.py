"""Vehicles that work: delivery vehicles on their rounds, taxis wherever a ride takes them in their town.

Each has its own bounded list of places and makes some of its stops on any one day: what it drives today it will largely
drive again, and the routes that are ever driven stay few.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import demand as kernels
from alprsim.population import _figures as figures
from alprsim.population._calendar import Date
from alprsim.population._choice import coordinates
from alprsim.population._clock import between, moment
from alprsim.population._figures import Ask, Hours
from alprsim.randomness import below, choose, draw, stream, uniform
from alprsim.scenario import models
from alprsim.tables import DAY, Int32, Int64, Network, PlaceKind, Purpose, UInt64, VehicleKind, Vehicles


class _Way(NamedTuple):
    """How one kind of working vehicle spends its day."""

    based_at: PlaceKind
    hours: Hours
    week: tuple[float, ...]
    stay: tuple[int, int]


_WAYS = {
    VehicleKind.DELIVERY: _Way(PlaceKind.WORK, figures.DELIVERY_HOURS, figures.DELIVERY_WEEK, figures.DELIVERY_STAY),
    VehicleKind.TAXI: _Way(PlaceKind.HOME, figures.TAXI_HOURS, figures.TAXI_WEEK, figures.TAXI_STAY),
}


def of(spec: models.Population) -> dict[VehicleKind, models.Fleet]:
    """Return the fleets of a scenario by their vehicles' kind."""
    return {VehicleKind.DELIVERY: spec.delivery, VehicleKind.TAXI: spec.taxis}


def base(network: Network, kind: VehicleKind, town: int, count: int, seed: int) -> tuple[Int32, UInt64]:
    """Draw the bases and the keys of a town's vehicles of a kind; none where the town has no place to be based at."""
    places = network.places
    rows = np.flatnonzero((places.kind == _WAYS[kind].based_at) & (places.town == town) & (places.weight > 0))
    question = f"{kind.name.lower()} vehicles of {network.towns.name[town]}"
    key = draw(stream(seed, question), np.arange(count if len(rows) else 0))
    if not len(key):
        return np.empty(0, np.int32), key
    return rows[choose(draw(key, Ask.WHERE), places.weight[rows])].astype(np.int32), key


def working(
    network: Network, spec: models.Population, vehicles: Vehicles, *, seed: int, day: int, on: Date
) -> list[dict[str, NDArray[Any]]]:
    """Return the trips of each kind's vehicles that work today: from stop to stop, and back to base.

    A stop at the junction where the vehicle stands is made on foot. The stops after `figures.SHIFT`, and those from
    which the base is not reached within the day, are left for another day.
    """
    return [
        _trips(network, fleet, kind, vehicles, draw(stream(seed, f"day of a {kind.name.lower()} vehicle"), day), on)
        for kind, fleet in of(spec).items()
        if np.any(vehicles.kind == kind)
    ]


def _trips(
    network: Network, fleet: models.Fleet, kind: VehicleKind, vehicles: Vehicles, day: UInt64, on: Date
) -> dict[str, NDArray[Any]]:
    way, places = _WAYS[kind], network.places
    rows = np.flatnonzero(vehicles.kind == kind)
    today = draw(day, vehicles.key[rows])
    works = uniform(draw(today, Ask.DAYS)) < way.week[on.as_weekday]
    rows, today = rows[works], today[works]
    wanted = _round if kind == VehicleKind.DELIVERY else _rides
    stop = wanted(_addresses(network), fleet, vehicles.town[rows], vehicles.key[rows], today)
    stay = between(draw(today[:, None], Ask.VISITS, np.arange(stop.shape[1])), way.stay).astype(np.int32)
    depart, place = (np.empty((len(rows), stop.shape[1] + 1), np.int32) for _ in range(2))
    count = kernels.make_rounds(
        stop, stay, moment(today, way.hours).astype(np.int32), vehicles.garage[rows], places.junction,
        *coordinates(network), figures.PACE, figures.WALK, figures.SHIFT, DAY, depart, place,
    )  # fmt: skip
    driven = np.arange(depart.shape[1]) < count[:, None]
    origin = np.concatenate([vehicles.garage[rows][:, None], place[:, :-1]], axis=1)
    last = np.arange(depart.shape[1]) == count[:, None] - 1
    nobody = np.full(int(count.sum()), -1, np.int32)
    return {
        "vehicle": np.repeat(rows, count).astype(np.int32),
        "driver": nobody,
        "companion": nobody,
        "depart": depart[driven].astype(np.int64),
        "origin": origin[driven],
        "destination": place[driven],
        "purpose": np.where(last[driven], Purpose.HOME, Purpose.SERVICE).astype(np.int64),
    }


class _Addresses(NamedTuple):
    """Homes, shops and work places, town by town; town t's are ``place[first[t]:first[t] + number[t]]``."""

    place: Int32
    first: Int64
    number: Int64


def _addresses(network: Network) -> _Addresses:
    """Order each town's addresses along a Z-curve of blocks (Morton 1966): neighbours on it are mostly neighbours."""
    places, axes = network.places, coordinates(network)
    rows = np.flatnonzero(np.isin(places.kind, (PlaceKind.HOME, PlaceKind.SHOP, PlaceKind.WORK)))
    x, y = (np.floor(axis[rows] / figures.BLOCK).astype(np.int64) + 2**24 for axis in axes)
    bits = np.arange(25)
    curve = (((x[:, None] >> bits & 1) << 2 * bits) + ((y[:, None] >> bits & 1) << 2 * bits + 1)).sum(axis=1)
    rows = rows[np.lexsort((rows, curve, places.town[rows]))]
    count = np.bincount(places.town[rows], minlength=len(network.towns))
    return _Addresses(rows.astype(np.int32), np.cumsum(count) - count, count)


def _round(addresses: _Addresses, fleet: models.Fleet, town: NDArray[Any], key: UInt64, today: UInt64) -> Any:
    """Choose some of a stretch of the town's addresses, in order; −1 where there is no stop today."""
    step, n = np.arange(fleet.places), addresses.number[town][:, None]
    at = (below(draw(key, Ask.SERVED)[:, None], n) + step) % n
    stop = uniform(draw(today[:, None], Ask.WHERE, step)) * fleet.places < fleet.stops
    return np.where(stop & (step < n), addresses.place[addresses.first[town][:, None] + at], np.int32(-1))


def _rides(addresses: _Addresses, fleet: models.Fleet, town: NDArray[Any], key: UInt64, today: UInt64) -> Any:
    """Choose places of the vehicle's own list, in any order, half to one and a half times the mean number; −1 none."""
    slot, n = np.arange(int(1.5 * fleet.stops) + 1), addresses.number[town][:, None]
    asked = np.floor(fleet.stops * (0.5 + uniform(draw(today, Ask.SERVED))) + 0.5)
    known = below(draw(today[:, None], Ask.WHERE, slot), fleet.places)
    at = below(draw(key[:, None], Ask.SERVED, known), n)
    return np.where(slot < asked[:, None], addresses.place[addresses.first[town][:, None] + at], np.int32(-1))
