"""How much of where a car drove can be drawn from what is held of it: of vehicles drawn out of all residents', and of people.

Of people, those are asked about who mainly drive a car that was drawn.
"""

from __future__ import annotations

import numpy as np

from alprsim import experiment, routing
from alprsim.inquiry._apart import strata
from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.inquiry._drawn import draw as draw_targets
from alprsim.measures import drives, paths, question, ways, wheel
from alprsim.randomness import draw, stream
from alprsim.tables import ROVING, Bool, Bucket, Int32, Int64, Measured, Paths

DRIVERS = 100_000
"""Trips of a usual weekday, at most, that tell which way most drivers take; drawn out of all. Assumption."""


class Ways:
    """Path recall, path precision and rebuilt trips of every case."""

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every
        study, done = asked.study.measures, asked.done
        self._roads = asked.world.network.roads
        self._routes = routing.opened(asked.world.routes)
        self._drawn, groups = draw_targets(asked, study.path_targets)
        self.targets = self._drawn[groups.targets[0]]
        stands = ~np.isin(done.placement.cameras.kind, ROVING)
        self._stands: Bool = stands[done.placement.sites.camera]
        watched = np.zeros(len(self._roads), np.bool_)
        watched[done.placement.sites.road[self._stands]] = True
        self._ways = ways.Ways(
            self._roads, ways.learn(*self._usual_day(), watched), minimum=study.path_gap, factor=study.path_gap_factor
        )
        self.listed = self._drawn[_listed(asked)[self._drawn]]
        self._sums, self._people, self._of_listed, self._listed_people = (
            [paths.empty(len(targets)) for _ in every.lenses]
            for targets in (self.targets, self.targets, self.listed, self.listed)
        )
        self._bucket: Bucket | None = None
        self._drives: drives.Drives | None = None
        self._sketch: tuple[Bucket, paths.Sketch] | None = None

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        sketch, lens = self._sketched(look), look.lens
        sums = self._sums, self._people, self._of_listed, self._listed_people
        lives = [paths.Lives(one[lens], *them) for one, them in zip(sums, self._lives, strict=True)]
        apart = not np.array_equal(look.put.window, look.of_listed.window)
        sketch.add(lives[:2] if apart else lives, look.masks, look.put)
        if apart and any(len(one.target) for one in lives[2:]):
            sketch.add(lives[2:], look.masks, look.of_listed)

    def rows(self) -> list[Measured]:
        """Return the rows."""
        return self.rows_of(self._asked)

    def rows_of(self, asked: Asked) -> list[Measured]:
        """Return the rows by groups of the targets, of vehicles and of people."""
        told, targets = (self._sums, self._people), self.targets
        if asked.listed:
            told, targets = (self._of_listed, self._listed_people), self.listed
        place, named = self._every.place, self._every.named()
        return [
            paths.rows(sums, place, named, targets, asked.people, seed=asked.seed, who=who)
            for sums, who in zip(told, (question.VEHICLES, question.PEOPLE), strict=True)
        ]

    def _sketched(self, look: Look) -> paths.Sketch:
        """Return the bucket as the lens's sights know it: prepared once for all moments, and all lenses that know it alike."""
        if self._sketch is None or self._sketch[0] is not look.seen.bucket:
            sites, known = self._asked.done.placement.sites, self._every.lenses[look.lens].seen
            step = np.zeros(len(look.known), np.int32) if known is None else known.time_step[look.known]
            sketch = paths.Sketch(
                self._driven(look.opened.bucket), look.seen, self._ways, self._roads,
                kept=self._stands[look.opened.bucket.reads.site], road=sites.road[look.seen.bucket.reads.site],
                step=step.astype(np.int32), tolerance=self._asked.study.measures.path_tolerance,
            )  # fmt: skip
            self._sketch = look.seen.bucket, sketch
        return self._sketch[1]

    def _driven(self, bucket: Bucket) -> drives.Drives:
        """Return where the bucket's cars that were drawn drove, and the other cars of who mainly drives one of them."""
        if self._drives is None or self._bucket is not bucket:
            people = self._asked.people
            person = people.drivers[np.isin(people.car, self._drawn) & np.isin(people.car, bucket.vehicle)]
            theirs = bucket.truth.vehicle[np.isin(bucket.truth.driver, person)]
            cars = np.isin(bucket.vehicle, self._drawn) | np.isin(bucket.vehicle, theirs)
            row = np.flatnonzero(cars).astype(np.int64)
            self._bucket, self._drives = bucket, drove(self._asked, self._routes, bucket, row)
            self._lives = self._asked_about(bucket.vehicle[row], person, drives.pairs(self._drives))
        return self._drives

    def _asked_about(self, car: Int32, person: Int32, pairs: drives.Pairs) -> list[tuple[Int64, Int64]]:
        """Return the targets of a bucket and their people, and the listed ones: their rows in the sums, whose each pair is."""
        people, driver = self._asked.people, wheel.places(person, pairs.person)
        main = people.car[np.searchsorted(people.drivers, person)]

        def asked_about(targets: Int32, cars: Int32, of_pair: Int64) -> tuple[Int64, Int64]:
            drawn = wheel.places(targets, cars)
            life = np.where(drawn >= 0, np.cumsum(drawn >= 0) - 1, wheel.NOBODY)
            return drawn[drawn >= 0], np.append(life, wheel.NOBODY)[of_pair]

        whose = (car, pairs.car.astype(np.int64)), (main, driver)
        return [asked_about(targets, *them) for targets in (self.targets, self.listed) for them in whose]

    def _usual_day(self) -> tuple[Paths, Int64]:
        """Return the ways of a usual weekday's drivers, of a population that no seed simulates, and how many take each."""
        network = self._asked.world.network
        trips, vehicles = experiment.usual_weekday(self._asked.loaded, network)
        key = vehicles.key[trips.vehicle]
        drawn = draw(stream(0, "who tells the usual ways"), key, trips.depart)
        some = np.sort(np.argsort(drawn, kind="stable")[:DRIVERS])
        ends = network.places.junction[trips.origin[some]], network.places.junction[trips.destination[some]]
        taken = routing.choose(self._routes, key[some], *ends, trips.depart[some])
        driven, route = routing.paths(self._routes, *ends, taken, trips.depart[some])
        return driven, np.bincount(route, minlength=len(driven.first) - 1).astype(np.int64)


def _listed(asked: Asked) -> Bool:
    """Return which vehicles are a listed driver's."""
    groups = strata(asked)
    if not groups:
        return np.zeros(len(asked.people.town), np.bool_)
    of_listed = groups[1].group
    listed: Bool = (of_listed >= 0) & (of_listed < len(groups[1].groups) - 1)
    return listed


def drove(asked: Asked, routes: routing.Routes, bucket: Bucket, row: Int64) -> drives.Drives:
    """Return where some vehicles of a bucket drove.

    A way is chosen by the planned departure; of a trip held up until another period of the day, what was driven is taken to
    be that period's way.
    """
    truth = bucket.truth.take(drives.trips_of(bucket, row))
    access, key = asked.world.network.places.junction, asked.done.settlement.vehicles.key
    ends = access[truth.origin], access[truth.destination]
    taken = routing.choose(routes, key[truth.vehicle], *ends, truth.depart)
    taken_ways, route = routing.paths(routes, *ends, taken, truth.depart)
    return drives.drives(bucket, row, taken_ways, route, asked.world.network.roads, asked.keepers[bucket.vehicle[row]])
