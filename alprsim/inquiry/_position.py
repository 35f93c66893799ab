"""Where cars and people were at random moments, and from where to where they drove, as adversaries strong and simple see it."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from alprsim import parquet, routing
from alprsim.inquiry import _others
from alprsim.inquiry._asked import Asked, Lenses, Look, middles
from alprsim.measures import along, filled, journeys, position, question, tracking, zones
from alprsim.measures.filled import Kept
from alprsim.measures.journeys import Clock, Ends
from alprsim.measures.position import Course, Truths
from alprsim.measures.tracking import Adversary, Watch
from alprsim.randomness import draw, stream
from alprsim.tables import (
    DAY,
    ROVING,
    Bool,
    CameraKind,
    Float64,
    Flows,
    Int8,
    Int32,
    Int64,
    Measured,
    UInt64,
)


class _View:
    """One lens at one moment: the sights that can obtain the same reads inside the last T, and what each group watches."""

    def __init__(self, family: Position, look: Look) -> None:
        put, step = look.put, family.step
        self.step, self.steps = step, put.horizon // step
        self.start = put.moment - self.steps * step
        recent = np.flatnonzero(put.steps < put.horizon)
        grid = put.grid.reshape(len(put.steps), -1)[recent]
        held = (grid[..., None] >> question.BITS & np.uint64(1)).astype(np.bool_)
        columns, of_bit = np.unique(held.reshape(-1, len(question.BITS)), axis=1, return_inverse=True)
        self.of_bit: Int64 = of_bit.reshape(-1)
        self.held = [column.reshape(grid.shape) for column in columns.T]
        age = put.moment - (self.start + np.arange(self.steps, dtype=np.int64) * step + step // 2)
        self.piece = np.searchsorted(put.steps[recent], age, side="right") - 1
        self.group_of_site = put.owner_of_site

    @property
    def clock(self) -> Clock:
        """The steps of the last T."""
        return Clock(self.start, self.step, self.steps)

    def groups(self, bits: Int64) -> list[Int64]:
        """Return the sights of each group, of those asked about."""
        return [bits[self.of_bit[bits] == group] for group in np.unique(self.of_bit[bits]).tolist()]

    def _of_sites(self, held: Bool, every: bool) -> Bool:
        """Return at which ages a group of sights holds all, or any, reads of each site: [pieces, sites]."""
        if not len(self.group_of_site):
            return np.zeros((len(held), 0), np.bool_)
        per_group = held.shape[1] // (int(self.group_of_site.max()) + 1)
        streams = held.reshape(len(held), -1, max(per_group, 1))
        found: Bool = np.asarray(streams.all(axis=2) if every else streams.any(axis=2))[:, self.group_of_site]
        return found

    def holds(self, group: int) -> Bool:
        """Return of which sites a group of sights may hold some read."""
        some: Bool = np.any(self._of_sites(self.held[group], every=False), axis=0)
        return some

    def watch(self, adversary: Adversary, group: int) -> Watch:
        """Return what a group of sights would see; a camera counts whose reads are held whatever they matched."""
        sites = self._of_sites(self.held[group], every=True)
        sets, which = np.unique(sites, axis=0, return_inverse=True)
        return tracking.watch(adversary, self.start, list(sets), which.reshape(-1)[self.piece].astype(np.int32))


class _Life(NamedTuple):
    """One car, or one person: where it was at the moments asked about, and its journeys."""

    truths: Truths
    went: Ends

    @property
    def steps(self) -> Int32:
        """All starts of steps at which something is asked of it."""
        return np.concatenate([self.truths.step, self.went.moment.ravel()])


class Position:
    """The distance between estimate and truth, for sampled targets out of everybody."""

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every
        spec, vehicles = asked.study.measures, asked.done.settlement.vehicles
        self.step = min(spec.position_step, spec.horizon)
        self.targets = position.choose(vehicles, asked.people, spec.position_targets, seed=asked.seed)
        self.listed = self.targets
        self._cars, self._lives = ([position.empty(len(self.targets)) for _ in every.lenses] for _ in range(2))
        self._driven, self._ridden = ([journeys.empty(len(self.targets)) for _ in every.lenses] for _ in range(2))
        self._views: dict[tuple[int, int], _View] = {}
        self._truths: dict[tuple[int, int], list[_Life]] = {}
        self._quiet: dict[tuple[int, bytes, int], Float64] = {}
        self._watches: dict[tuple[int, int, int], tuple[bytes, Watch]] = {}

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        bucket = look.opened.bucket
        for row in np.flatnonzero(np.isin(bucket.vehicle, self.targets)).tolist():
            self._add(look, row, int(bucket.vehicle[row]))

    def rows(self) -> list[Measured]:
        """Return the rows: of vehicles, and of people."""
        return self.rows_of(self._asked)

    def rows_of(self, asked: Asked) -> list[Measured]:
        """Return the rows by groups of the targets; what is of the last T goes by no window."""
        return [
            self._rows(asked, self._cars, self._driven, who=question.VEHICLES),
            self._rows(asked, self._lives, self._ridden, who=question.PEOPLE),
        ]

    def _rows(self, asked: Asked, where: list[position.Sums], went: list[journeys.Sums], *, who: str) -> Measured:
        every, people, moments, seed = self._every, asked.people, len(asked.moments), asked.seed
        group, towns = people.town[self.targets], len(people.towns)
        of = every.place, every.named(), people
        moments_of = [position.of_groups(one, group, towns) for one in where]
        journeys_of = [journeys.of_groups(one, group, towns) for one in went]
        return question.join([
            position.rows(moments_of, *of, moments=moments, seed=seed, who=who),
            journeys.rows(journeys_of, *of, moments=moments, seed=seed, who=who),
        ])  # fmt: skip

    @cached_property
    def _adversary(self) -> Adversary:
        """Learn all that is known before a car is looked at."""
        asked, spec = self._asked, self._asked.study.measures
        network, placed = asked.world.network, asked.done.placement
        cut = zones.cut(network.junctions, network.places, spec.position_zones)
        kind = placed.cameras.kind[placed.sites.camera]
        stands = ~np.isin(kind, ROVING)
        travel = zones.travel(cut, network.roads, placed.sites, stands)
        ways = along.find(cut, network.roads, placed.sites, stands, self.step)
        readers, weekday = self._readers(cut, kind), asked.study.start.weekday()
        people = _others.others(asked.loaded, asked.world)
        routine = _others.teach(people, cut, travel, step=self.step, first_weekday=weekday)
        travel = _others.ways_past(people, asked.world, cut, travel, readers, placed.sites)
        untried = Adversary(cut, travel, ways, routine, readers, self.step, weekday)
        if not readers.stands.any():
            return untried
        cars = _others.rehearsals(
            people, asked.world, cut, travel, readers, placed.sites, count=spec.position_rehearsed, step=self.step
        )
        return tracking.rehearse(untried, cars, 0, _others.DAYS * DAY // self.step)

    @cached_property
    def _passing(self) -> Float64:
        """Return how many cars pass each site a day."""
        asked = self._asked
        volume = parquet.read(Flows, asked.folder / "flows.parquet").vehicles
        a_day: Float64 = volume.reshape(len(asked.world.network.roads), -1).sum(axis=1).astype(np.float64)
        return a_day[asked.done.placement.sites.road]

    @cached_property
    def _reads_made(self) -> Float64:
        """Return how many reads each site makes a day; a little where nobody passes."""
        sites, cameras = self._asked.done.placement.sites, self._asked.done.placement.cameras
        return 1e-9 + self._passing * cameras.capture[sites.camera]

    def _readers(self, cut: zones.Zones, kind: Int8) -> tracking.Readers:
        asked = self._asked
        sites, cameras = asked.done.placement.sites, asked.done.placement.cameras
        chance = (cameras.capture * cameras.correct)[sites.camera].astype(np.float64)
        a_step = self._passing * self.step / DAY
        wrong = (cameras.capture * (1.0 - cameras.correct))[sites.camera]
        ghost = np.maximum(a_step * wrong / asked.study.plates.issued, 1e-9)
        zone = cut.of_junction[asked.world.network.roads.tail[sites.road]]
        roves = np.isin(kind, ROVING)
        stands = ~roves & (kind != CameraKind.PORTABLE)
        return tracking.Readers(asked.sites.x, asked.sites.y, zone, np.minimum(chance, 0.99), ghost, stands, roves)

    def _add(self, look: Look, row: int, vehicle: int) -> None:
        view, adversary = self._view(look), self._adversary
        target = int(np.searchsorted(self.targets, vehicle))
        lives = self._truth(look, view, row, vehicle)
        within = self._asked.study.measures.position_within
        home = self._home(vehicle)
        steps = np.unique(np.concatenate([life.steps for life in lives]))
        apart = [position.from_truth(adversary.zones, life.truths, within) for life in lives]

        def scored(belief: Float64) -> list[Float64]:
            """Score what is held likely at each of the steps."""
            return [
                position.score(
                    adversary.zones, belief[:, np.searchsorted(steps, life.truths.step)], life.truths, known, within
                )
                for life, known in zip(lives, apart, strict=True)
            ]

        def ends(belief: Float64) -> list[Bool]:
            """Tell which ends of each one's journeys are rightly guessed."""
            return [journeys.standing(belief[0], steps, life.went) for life in lives]

        unseen = self._unread(look.moment, view, None, home)[:, steps]
        prior, prior_ends = scored(unseen), ends(unseen)
        bits = np.unique(self._every.place[self._every.place // 64 == look.lens] % 64).astype(np.int64)
        every, masks = self._kept(look, view, row)
        readers = adversary.readers
        for group in view.groups(bits):
            kept = every.take((masks >> np.uint64(group[0]) & np.uint64(1)).astype(np.bool_))
            if len(kept.time):
                sure = self._located(look, view, int(view.of_bit[group[0]]), kept, steps, home)
            else:
                sure = self._unread(look.moment, view, look, home, int(view.of_bit[group[0]]))[:, steps]
            spots = readers.x[kept.site], readers.y[kept.site], readers.zone[kept.site]
            drawn = []
            for (truths, _), tracked, unknown in zip(lives, scored(sure), prior, strict=True):
                moment = view.start + truths.step.astype(np.int64) * self.step
                simple = position.nearest(truths, moment, kept.middle, spots, unknown, within)
                drawn.append((truths, np.stack([tracked, simple, unknown])))
            position.add(self._cars[look.lens], target, group, drawn[:1])
            position.add(self._lives[look.lens], target, group, drawn[1:])
            known = []
            for (_, went), found, unknown_ends in zip(lives, ends(sure), prior_ends, strict=True):
                at_sites = journeys.nearest(went, view.clock, kept.middle, spots[2], unknown_ends)
                known.append((went, np.stack([found, at_sites, unknown_ends])))
            journeys.add(self._driven[look.lens], target, group, known[:1])
            journeys.add(self._ridden[look.lens], target, group, known[1:])

    def _kept(self, look: Look, view: _View, row: int) -> tuple[Kept, UInt64]:
        """Return a car's records of the last T as its sights know them, and which of the sights hold each."""
        mine = slice(*look.seen.bucket.first_read[row : row + 2].tolist())
        exact, seen = look.opened.bucket.reads.take(mine), look.seen.bucket.reads.take(mine)
        known, of_read = self._every.lenses[look.lens].seen, look.known[mine]
        step = np.zeros(len(seen), np.int32) if known is None else known.time_step[of_read]
        side = np.zeros(len(seen)) if known is None else known.place_step[of_read]
        key = self._asked.records.key[exact.site]
        bits = draw(stream(self._asked.seed, "coarse record"), key, exact.plate, exact.time)
        kept = Kept(seen.time, seen.site, step, side, bits)
        some = filled.possible(kept, view.start, look.put.moment)
        return kept.take(some), look.masks[mine][some]

    def _located(self, look: Look, view: _View, group: int, kept: Kept, steps: Int32, home: Float64 | None) -> Float64:
        """Return where the tracker believes a car to be; of coarse records, the mean over draws of what they may have been."""
        adversary, (_, watched) = self._adversary, self._watch(look, view, group)
        if kept.exact:
            return tracking.locate(adversary, watched, kept.time, kept.site, steps, home)
        squares = middles(self._asked, self._every.lenses[look.lens])
        sites = np.where(view.holds(group), self._reads_made, 1e-12)  # what is held of older reads alone may be of any
        likely = filled.Likely(adversary.routine.departures, adversary.first_weekday, squares, sites)
        found = []
        for number in range(filled.DRAWS):
            time, site = filled.filled(kept, number, view.start, look.put.moment, likely)
            found.append(tracking.locate(adversary, watched, time, site, steps, home, timed=False))
        mean: Float64 = np.mean(found, axis=0)
        return mean

    def _view(self, look: Look) -> _View:
        key = look.moment, look.lens
        if key not in self._views:
            self._views[key] = _View(self, look)
        return self._views[key]

    def _watch(self, look: Look, view: _View, group: int) -> tuple[bytes, Watch]:
        key = look.moment, look.lens, group
        if key not in self._watches:
            watched = view.watch(self._adversary, group)
            self._watches[key] = watched.pair.tobytes() + watched.pairs.tobytes(), watched
        return self._watches[key]

    def _unread(self, moment: int, view: _View, look: Look | None, home: Float64 | None, group: int = -1) -> Float64:
        """Return where a car of which nothing is held probably was at each step; without a look, if nobody watched."""
        nobody = (
            b"",
            Watch(view.start, np.zeros(view.steps, np.int32), np.ones((1, *self._adversary.travel.between.shape))),
        )
        said, watched = nobody if look is None else self._watch(look, view, group)
        key = moment, said, -1 if home is None else int(home.argmax())
        if key not in self._quiet:
            nothing = np.empty(0, np.int32)
            every = np.arange(view.steps + 1, dtype=np.int32)
            self._quiet[key] = tracking.locate(self._adversary, watched, nothing, nothing, every, home)
        return self._quiet[key]

    def _home(self, vehicle: int) -> Float64 | None:
        """Return the zone of a car's garage, where the register is open to the adversary."""
        if not self._asked.study.measures.position_register:
            return None
        garage = self._asked.done.settlement.vehicles.garage[vehicle]
        cut = self._adversary.zones
        return np.bincount(cut.of_place[[garage]], minlength=cut.many).astype(np.float64)

    def _truth(self, look: Look, view: _View, row: int, vehicle: int) -> list[_Life]:
        """Return where the car was and went, and where each person who mainly drives it."""
        key = look.moment, vehicle
        if key not in self._truths:
            bucket, settled = look.opened.bucket, self._asked.done.settlement
            trips = Course.of(bucket.truth, np.arange(*bucket.first_trip[row : row + 2]))
            vehicles, people = settled.vehicles, settled.people
            found = [self._life(look.moment, view, trips, int(vehicles.key[vehicle]), int(vehicles.garage[vehicle]))]
            for person in self._asked.people.drivers[self._asked.people.car == vehicle].tolist():
                trips = position.trips_of_person(bucket.truth, person)
                found.append(self._life(look.moment, view, trips, int(people.key[person]), int(people.home[person])))
            self._truths[key] = found
        return self._truths[key]

    def _life(self, number: int, view: _View, trips: Course, key: int, home: int) -> _Life:
        """Draw moments and journeys to ask about: where the car, or the person, was, and from where to where it drove."""
        of_place, count = self._adversary.zones.of_place, self._asked.study.measures.position_instants
        went = journeys.drawn(
            trips, of_place, view.clock, key=key, moment=number, count=count, seed=self._asked.seed
        )  # fmt: skip
        return _Life(self._where(number, view, trips, key, home), went)

    def _where(self, number: int, view: _View, trips: Course, key: int, home: int) -> Truths:
        """Draw the moments to ask about and say where the car, or the person, was: at a place, or along a way."""
        asked = self._asked
        time = view.start + np.arange(view.steps + 1, dtype=np.int64) * self.step
        last = np.searchsorted(trips.depart, time, side="right") - 1
        under_way = (last >= 0) & (np.append(trips.arrive, -1)[last] > time)
        step, kinds = position.instants(
            key, under_way, moment=number, count=asked.study.measures.position_instants, seed=asked.seed
        )
        place = np.where(last >= 0, np.append(trips.destination, -1)[last], home)[step]
        network, cut = asked.world.network, self._adversary.zones
        zone, junction = cut.of_place[place].copy(), network.places.junction[place]
        x, y = network.junctions.x[junction].copy(), network.junctions.y[junction].copy()
        drives = np.flatnonzero(under_way[step])
        if len(drives):
            trip = last[step[drives]]
            x[drives], y[drives] = self._along(trips.take(trip), time[step[drives]])
            zone[drives] = zones.under(cut, network.junctions, x[drives], y[drives])
        return Truths(step, kinds, zone, x, y)

    def _along(self, trips: Course, time: Int64) -> tuple[Float64, Float64]:
        """Return where on its way a car was, in proportion to free-flow time between the trip's own times."""
        network, routes = self._asked.world.network, self._asked.world.routes
        access, key = network.places.junction, self._asked.done.settlement.vehicles.key[trips.vehicle]
        start, end = access[trips.origin], access[trips.destination]
        taken = routing.choose(routes, key, start, end, trips.depart)
        paths, route = routing.paths(routes, start, end, taken, trips.depart)
        part = (time - trips.depart) / np.maximum(trips.arrive - trips.depart, 1)
        return position.along(paths, route, part, start, network.roads, network.junctions)
