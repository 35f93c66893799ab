"""Who bears it: what is laid open by neighbourhood and by town, and for each kilometre driven."""

from __future__ import annotations

import numpy as np

from alprsim import routing
from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.measures import apart, equity, places, question
from alprsim.tables import ROVING, Bucket, Float64, Int64, Measured, Truth

_TRIPS = 1 << 18
"""Whose ways are found at a time: 60 MB of roads."""


class Equity:
    """Every case, by groups of homes."""

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every
        self._groupings = groupings(asked)
        key = asked.done.settlement.vehicles.key
        self._chances = equity.chances(self._groupings, key, seed=asked.seed)
        self._counted = [*self._groupings, *(one for _, shuffles in self._chances for one in shuffles)]
        self._sums, self._lives = (
            [[equity.empty(grouping) for grouping in self._counted] for _ in every.lenses] for _ in range(2)
        )
        roads = asked.world.network.roads
        self._metres = roads.length.astype(np.float64)
        self._last: tuple[Bucket | None, Int64] = (None, np.zeros(0, np.int64))

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment, of vehicles and of people by the car that they mainly drive."""
        if look.lens >= len(self._every.lenses):
            return
        people, driven, metres = self._asked.people, look.driven, self._driven(look.opened.bucket)
        main = people.car[np.searchsorted(people.drivers, driven.opened.bucket.vehicle)]
        groups, of_drivers = (
            [equity.of_vehicles(grouping, vehicle) for grouping in self._counted]
            for vehicle in (look.opened.bucket.vehicle, main)
        )
        equity.add(
            self._sums[look.lens], look.opened, look.masks, look.put, groups, metres=metres, stream=look.stream,
            dated=look.dated,
        )  # fmt: skip
        equity.add(
            self._lives[look.lens], driven.opened, look.masks[driven.read], look.put, of_drivers,
            metres=metres[driven.trip], stream=look.stream[driven.read], dated=look.dated_by_driver,
        )  # fmt: skip

    def rows(self) -> list[Measured]:
        """Return the rows, one grouping after the other, and what chance gives of groups compared."""
        every, seed = self._every, self._asked.seed
        told = []
        for number, grouping in enumerate(self._counted):
            sizes = apart.sizes(apart.by(self._asked.people, grouping), apart.everybody("", self._asked.people))
            told.append(question.join([
                equity.rows(
                    grouping, [one[number] for one in sums], every.place, every.named(), seed=seed, who=who, sizes=sizes[who]
                )
                for who, sums in ((question.VEHICLES, self._sums), (question.PEOPLE, self._lives))
            ]))  # fmt: skip
        whole, rest = told[: len(self._groupings)], iter(told[len(self._groupings) :])
        for names, shuffles in self._chances:
            compared = [table.take(table.measure == "equity") for table in (next(rest) for _ in shuffles)]
            whole.append(equity.by_chance(compared, names))
        return whole

    def _driven(self, bucket: Bucket) -> Int64:
        """Return how far each trip of a resident's car went on the simulated roads, m: by the way that its driver takes."""
        if self._last[0] is not bucket:
            metres = np.zeros(len(bucket.truth), np.int64)
            trips = np.flatnonzero(self._asked.people.town[bucket.truth.vehicle] >= 0)
            for start in range(0, len(trips), _TRIPS):
                some = trips[start : start + _TRIPS]
                metres[some] = self._along(bucket.truth.take(some))
            self._last = bucket, metres
        return self._last[1]

    def _along(self, truth: Truth) -> Int64:
        """Return the length of each trip's way, m."""
        world, key = self._asked.world, self._asked.done.settlement.vehicles.key[truth.vehicle]
        origin, destination = (world.network.places.junction[at] for at in (truth.origin, truth.destination))
        taken = routing.choose(world.routes, key, origin, destination, truth.depart)
        paths, route = routing.paths(world.routes, origin, destination, taken, truth.depart)
        along = np.concatenate([[0.0], np.cumsum(self._metres[paths.road])])
        length: Float64 = np.diff(along[paths.first])
        return np.rint(length).astype(np.int64)[route]


def groupings(asked: Asked) -> list[equity.Grouping]:
    """Return the groups of homes: by the nearest fixed camera, by neighbours, by the way to the town's centre, by town."""
    network, placement, people = asked.world.network, asked.done.placement, asked.people
    home, measured = asked.done.settlement.vehicles.garage, people.town >= 0
    at, towns, town = places.spots(network.places, network.junctions), network.towns, network.places.town
    found = []
    fixed = ~np.isin(placement.cameras.kind[placement.sites.camera], ROVING)
    if fixed.any():
        apart = equity.camera_distance(at.x, at.y, (asked.sites.x[fixed], asked.sites.y[fixed]))
        found.append(equity.quarters("distance to a camera", "nearest", apart[home], measured))
    around = equity.neighbours(network.places, at.x, at.y)
    found.append(equity.quarters("people living around", "fewest", around[home], measured))
    centre = np.hypot(at.x - towns.x[town], at.y - towns.y[town])
    found.append(equity.quarters("distance from the town's centre", "nearest", centre[home], measured))
    return [*found, equity.by_town(people.towns, people.town)]
