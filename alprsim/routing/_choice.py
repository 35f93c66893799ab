"""Who chooses which way: the quickest as they see it, again and again until no driver could gain much.

Everybody starts with the ways of empty roads. A day is driven; then a share of 1/4, 1/5, 1/6 … of the alternatives, in turn,
is found anew by the times that it took (the method of successive averages; Sheffi, Urban Transportation Networks, 1985,
ch. 12), drivers expect the mean of the days so far, the last with the same weight (Cantarella and Cascetta 1995), choose
among their pair's alternatives by that (`_drivers.py`), and the day is driven again. One of the things found anew is an
alternative's ways to one destination, so that a share can be small, and only those trees are grown again. Drivers who do
not err are dealt to alternatives for good. Ways are chosen for a few periods of the day, by the mean
of their quarter hours' times, weighted by departures. What other periods would gain, on the real streets of Danbury after 15
days (times held, one group, the best trees of each period beside the quickest way at each trip's own minute): one period
for all day leaves 5.7 %, 4 leave 1.8 %, 7 leave 1.4 %, 11 leave 1.0 %, 24 leave 1.0 %.

A step after which drivers could gain a tenth more than after the best one so far is taken back, and those next in turn choose
instead: crowded streets may lock up, and the smaller later steps would be long in undoing that.

What remains to be gained is the **relative gap**: what trips took beyond the quickest way at their own moment of departure,
over the quickest, both on the times of link × quarter hour that the last day took. As drivers see it they could gain by the
best of their pair's alternatives, each with their own error, or by the way that is now quickest on the streets perturbed as
when their own alternative was found, whichever is more.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from alprsim.kernels import routes as kernels
from alprsim.randomness import draw, stream, uniform
from alprsim.routing import _drivers, _trees
from alprsim.routing._ways import Grid, Routes, Turns, paths, period_of, streets, tree_of
from alprsim.scenario import models
from alprsim.tables import DAY, SLOT, Float64, Flows, Int32, Int64, Network, Paths, UInt64

_SLOTS = DAY // SLOT
_HOUR_OF_SLOT = (4 + np.arange(_SLOTS) * SLOT // 3600) % 24  # a day is 04:00 to 04:00
_SAMPLE = 4000  # trips that a gap is measured on
_SLACK = 1.1  # a step that leaves more than this times the least gap so far is taken back
_FIRST = 3  # added to the number of a step; from 0 half of the drivers choose first, and Danbury's streets lock up

Drive = Callable[[Float64, Paths, Int32], Flows]
"""Drives the day's trips along their routes, given the vehicles in each road's busiest hour at free flow."""


class Demand(NamedTuple):
    """A usual day's trips between junctions, against which routes are planned."""

    origin: Int32
    destination: Int32
    depart: Int32
    """s, of any day"""
    key: UInt64
    """The driver's vehicle's."""


class Assignment(NamedTuple):
    """How the drivers' choices came together: the relative gap that the routes had after each day driven."""

    gap: tuple[float, ...]
    """By the times as they were."""
    perceived: tuple[float, ...]
    """By the times as each driver sees them: what the stopping rule looks at; never a tenth above its least."""
    taken_back: int
    """Days whose choices were taken back."""
    largest: float

    @property
    def converged(self) -> bool | None:
        """Whether the perceived gap came down to the largest allowed; None if no day was driven."""
        return self.perceived[-1] <= self.largest if self.perceived else None


class Plan(NamedTuple):
    """Routes, and how they came about."""

    routes: Routes
    busiest: Float64
    """[roads] vehicles in each road's busiest hour, by hour of departure, when everybody drives as on empty roads"""
    assignment: Assignment


def plan(
    network: Network, demand: Demand, spec: models.RouteChoice, *, drive: Drive | None = None, folder: Path | None = None,
    jobs: int = 1, progress: Callable[[float], None] = lambda _: None,
) -> Plan:  # fmt: skip
    """Find every pair's alternatives to every junction that a place is reached from.

    Parameters
    ----------
    network
        Its roads must be strongly connected.
    demand
        A weekday's trips; whose they are does not matter to those who drive by the plan later.
    spec
        Alternatives, noise, periods and the stopping rule.
    drive
        Drives that day in queues. If None, everybody keeps to the ways of empty roads.
    folder
        Where to keep the trees (``*.npy``, memory-mapped); in memory if None.
    jobs
        Processes to use; the answer is the same for any number.
    progress
        Called with the share done of the trees being grown.

    Raises
    ------
    RouteError
        When a trip's ends are not joined.
    """
    choice = _Choice(network, demand, spec, folder, jobs, progress)
    busiest = choice.busiest()
    if drive is None:
        return Plan(choice.settled(), busiest, Assignment((), (), 0, spec.gap))
    time = _times(drive(busiest, *choice.ways()))
    gaps, taken_back = [choice.gaps(time)], 0
    best = gaps[0][1]
    while gaps[-1][1] > spec.gap and len(gaps) <= spec.iterations:
        choice.anew(time, len(gaps))
        found = _times(drive(busiest, *choice.ways()))
        gap = choice.gaps(found)
        if gap[1] <= _SLACK * best:
            time, best = found, min(best, gap[1])
        else:
            choice.take_back()
            gap = gaps[-1]
            taken_back += 1
        gaps.append(gap)
    true, perceived = zip(*gaps, strict=True)
    return Plan(choice.settled(), busiest, Assignment(true, perceived, taken_back, spec.gap))


def _times(flows: Flows) -> Grid:
    return np.ascontiguousarray(flows.time.reshape(-1, _SLOTS).T)


class _Choice:
    """The ways so far, and which of them each trip takes."""

    def __init__(
        self, network: Network, demand: Demand, spec: models.RouteChoice, folder: Path | None, jobs: int,
        progress: Callable[[float], None],
    ) -> None:  # fmt: skip
        self._roads, self._demand, self._spec = network.roads, demand, spec
        self._folder, self._jobs, self._progress = folder, jobs, progress
        self._slot = demand.depart % DAY // SLOT
        self._period = _period_of_slot(spec.periods)
        self._expected = [network.roads.crossing.astype(np.float64)]
        self._habit = [habit(network, alternative, spec.noise) for alternative in range(spec.alternatives)]
        self._turn = 0.0
        self._made = 0
        self._before: list[tuple[Path | Turns, Int32, Turns]] = []
        laid = streets(network)
        rows = np.arange(len(laid.destinations), dtype=np.int32)
        self._place_in_turn = _places_in_turn(spec.alternatives, network.junctions.osm_id[laid.destinations])
        sets = tuple(_trees.blank(laid, self._file()) for _ in range(spec.alternatives))
        free = zip(self._habit, sets, strict=True)
        orders = [_trees.Order(_cost(network.roads.crossing, liking), trees, rows) for liking, trees in free]
        _trees.grow(laid, network.roads.tail, orders, jobs=jobs, progress=progress)
        in_force = np.repeat(np.arange(spec.alternatives, dtype=np.int32)[:, None], _SLOTS, axis=1)
        self.routes = Routes(laid, sets, in_force)
        self._alternative = self._taken(np.arange(len(demand.key)))
        self._chosen_before = self._expected, self._alternative

    def ways(self) -> tuple[Paths, Int32]:
        """Return the routes as chosen so far, and each trip's."""
        demand = self._demand
        return paths(self.routes, demand.origin, demand.destination, self._alternative, demand.depart)

    def settled(self) -> Routes:
        """Return the routes with what drivers choose among them by."""
        if not self._compares:
            return self.routes
        files = [self._folder / f"compared-{n}.npy" if self._folder else None for n in range(len(self._expected))]
        return _drivers.compare(self.routes, self._expected, self._spec.noise, files, jobs=self._jobs)

    @property
    def _compares(self) -> bool:
        return self._spec.noise > 0 and self._spec.alternatives > 1

    def _taken(self, rows: NDArray[np.intp]) -> Int32:
        """Return the alternative that the drivers of some trips take, by what they expect ways to last."""
        key, origin, destination = self._demand.key[rows], self._demand.origin[rows], self._demand.destination[rows]
        if not self._compares:
            return _drivers.dealt(self.routes, key)
        choice = np.empty(len(rows), np.int32)
        for some, pair, excess, apart in self._weighed(rows):
            codes = _drivers.packed(excess, apart, self._spec.noise)
            choice[some] = _drivers.preferred(
                self.routes.streets, codes, pair, key[some], origin[some], destination[some]
            )
        return choice

    def _weighed(self, rows: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], Int64, Int32, Int32]]:
        """Yield, of each period, its trips' places among ``rows``, the pair of each, and each pair's alternatives weighed."""
        streets, n = self.routes.streets, len(self.routes.streets.tree)
        period = period_of(self.routes, self._demand.depart[rows])
        tree = tree_of(streets, self._demand.destination[rows]).astype(np.int64)
        for number, cost in enumerate(self._expected):
            some = np.flatnonzero(period == number)
            if len(some):
                pairs, pair = np.unique(tree[some] * n + self._demand.origin[rows[some]], return_inverse=True)
                to, start = (part.astype(np.int32) for part in np.divmod(pairs, n))
                sets = _drivers.sets_of(self.routes, number)
                yield some, pair, *_drivers.weigh(streets, sets, cost, to, start)

    def busiest(self) -> Float64:
        """Return the vehicles in each road's busiest hour of departure."""
        driven, route = self.ways()
        n_routes = len(driven.first) - 1
        way = np.repeat(np.arange(n_routes), np.diff(driven.first))
        most = np.zeros(len(self._roads))
        for hour in range(24):
            trips = np.bincount(route[self._slot * SLOT // 3600 == hour], minlength=n_routes)
            np.maximum(most, np.bincount(driven.road, weights=trips[way], minlength=len(most)), out=most)
        return most

    def anew(self, time: Grid, step: int) -> None:
        """Find those whose turn it is anew, 1 / (step + 3) of all (alternative, destination), and let drivers choose."""
        share = 1 / (step + _FIRST)
        chosen = (self._place_in_turn - self._turn) % 1 < share
        self._turn = (self._turn + share) % 1
        if step == 1:
            self._part_by_period()
            self._expected = self._expected * len(self._spec.periods)
        periods = len(self._spec.periods)
        means = [self._mean(time, period) for period in range(periods)]
        self._chosen_before = self._expected, self._alternative
        self._expected = [old + (new - old) / (step + _FIRST) for old, new in zip(self._expected, means, strict=True)]
        orders = [
            _trees.Order(_cost(means[number % periods], self._habit[alternative]), trees, rows)
            for number, trees in enumerate(self.routes.sets)
            for alternative in (number // periods,)
            for rows in (np.flatnonzero(chosen[alternative]).astype(np.int32),)
        ]
        self._before = [(trees, rows, _trees.opened(trees)[rows]) for _, trees, rows in orders]
        _trees.grow(self.routes.streets, self._roads.tail, orders, jobs=self._jobs, progress=self._progress)
        self._alternative = self._taken(np.arange(len(self._alternative)))

    def take_back(self) -> None:
        """Return to the choices before the last step; those next in turn are the next to choose."""
        for trees, rows, before in self._before:
            _trees.opened(trees)[rows] = before
        self._expected, self._alternative = self._chosen_before

    def _part_by_period(self) -> None:
        """Give each alternative a set of trees a period, the same so far."""
        periods, free = len(self._spec.periods), self.routes.sets
        sets = tuple(_trees.copied(trees, self._file()) for trees in free for _ in range(periods))
        for trees in free:
            if isinstance(trees, Path):
                trees.unlink()
        in_force = np.arange(len(free), dtype=np.int32)[:, None] * periods + self._period
        self.routes = self.routes._replace(sets=sets, in_force=in_force.astype(np.int32))

    def _file(self) -> Path | None:
        self._made += 1
        return self._folder / f"turns-{self._made - 1}.npy" if self._folder else None

    def gaps(self, time: Grid) -> tuple[float, float]:
        """Return the relative gap by the times as they were and as drivers see them, of a sample of trips."""
        demand = self._demand
        bits = draw(stream(0, "trips that a gap is measured on"), demand.key, demand.depart)
        some = np.sort(np.argsort(bits, kind="stable")[:_SAMPLE])
        taken = self._alternative[some]
        took, soonest = self._took(some, taken, time), self._soonest(some, time)
        least = max(int(soonest.sum()), 1)
        gap = int((took - soonest).sum()) / least
        if self._spec.noise == 0:
            return gap, gap
        gain = np.zeros(len(some))
        for of, liking in enumerate(self._habit):  # each by the lights of the streets on which their way was found
            own = np.flatnonzero(taken == of)
            perceived = np.maximum(time + liking, 1)
            gain[own] = self._took(some[own], taken[own], perceived) - self._soonest(some[own], perceived)
        if self._compares:
            gain = np.maximum(gain, self._beyond_the_best(some, taken, time))
        return gap, float(gain.sum()) / least

    def _beyond_the_best(self, some: NDArray[np.intp], taken: Int32, time: Grid) -> Float64:
        """Return how much longer, as its driver sees it, each trip's way is than the best of the pair's alternatives, ms."""
        demand, ways = self._demand, self._spec.alternatives
        took = np.stack([self._took(some, np.full_like(taken, way), time) for way in range(ways)], axis=1)
        longer, spread = np.zeros(took.shape), np.zeros(took.shape)
        quickest = np.zeros(len(some), np.intp)
        for rows, pair, _, apart in self._weighed(some):
            longer[rows] = np.where(apart[pair] < 0, np.inf, 0)
            spread[rows] = _drivers.deviation(apart[pair], self._spec.noise)
            quickest[rows] = np.argmax(apart[pair] == 0, axis=1)
        error = _drivers.errors(
            self.routes.streets, demand.key[some], demand.origin[some], demand.destination[some], ways
        )
        every = np.arange(len(some))
        seen = took + longer + spread * (error - error[every, quickest][:, None]) / np.sqrt(2)
        return np.asarray(seen[every, taken] - seen.min(axis=1, initial=np.inf))

    def _took(self, some: NDArray[np.intp], alternative: Int32, time: Grid) -> Int64:
        """Return what trips took on their ways by these times, ms."""
        demand = self._demand
        driven, route = paths(
            self.routes, demand.origin[some], demand.destination[some], alternative, demand.depart[some]
        )  # fmt: skip
        depart = _since_the_days_start(demand.depart[some])
        arrive = np.empty_like(depart)
        kernels.drive(driven.first[route], driven.first[route + 1], driven.road, depart, time, arrive)
        return arrive - depart

    def _soonest(self, some: NDArray[np.intp], time: Grid) -> Int64:
        """Return what trips could have taken by these times, ms."""
        demand = self._demand
        depart = _since_the_days_start(demand.depart[some])
        arrive = np.empty_like(depart)
        ends = demand.origin[some], demand.destination[some]
        kernels.quickest(*self.routes.streets[:2], time, _later(time), *ends, depart, arrive)
        return arrive - depart

    def _mean(self, time: Grid, period: int) -> Float64:
        """Return each road's mean time in a period, ms, weighted by departures."""
        slots = self._period == period
        weight = np.bincount(self._slot, minlength=_SLOTS)[slots] + 1e-9
        return np.asarray(weight @ time[slots] / weight.sum())


def _since_the_days_start(depart: Int32) -> Int64:
    return (depart % DAY).astype(np.int64) * 1000


def _later(time: Grid) -> Grid:
    """Return the least time from each quarter hour's start until a road's end, if one may wait before it."""
    later = time.copy()
    for slot in [*range(_SLOTS - 1, -1, -1)] * 2:  # twice round: the day's end looks at the next morning
        np.minimum(later[slot], later[(slot + 1) % _SLOTS] + SLOT * 1000, out=later[slot])
    return later


def habit(network: Network, alternative: int, noise: float) -> Int32:
    """Return by how much each road is perturbed to find an alternative, ms: both directions alike, the same at every hour.

    With t the time at free flow, the error's variance is noise² × 600 s × t, so that of a way is in proportion to its
    time however it is cut; time and error together are log-normal at free flow, with the mean t.
    """
    roads = network.roads
    free = np.maximum(roads.crossing, 1).astype(np.float64)
    spread = np.log1p(noise**2 * 600_000 / free)  # 600,000 ms: the ten minutes' drive that `noise` is said of
    ends = network.junctions.osm_id[roads.tail], network.junctions.osm_id[roads.head]
    bits = draw(stream(0, "how a road is perturbed"), alternative, np.minimum(*ends), np.maximum(*ends))
    normal = ndtri(uniform(bits) + 2.0**-54)
    error: Int32 = np.rint(free * np.expm1(np.sqrt(spread) * normal - spread / 2)).astype(np.int32)
    return error


def _cost(time: Float64 | Int32, liking: Int32) -> Int32:
    cost: Int32 = np.clip(np.rint(time + liking), 1, 2**30).astype(np.int32)
    return cost


def _period_of_slot(hours: Sequence[int]) -> Int64:
    """Return the period of each quarter hour of the day from 04:00."""
    return (np.searchsorted(hours, _HOUR_OF_SLOT, side="right") - 1) % len(hours)


def _places_in_turn(alternatives: int, key: Int64) -> Float64:
    """Return when each alternative's ways to each destination are found anew, evenly over [0, 1), in an order drawn."""
    bits = draw(stream(0, "whose turn it is to choose anew"), np.arange(alternatives)[:, None], key)
    place = np.empty(bits.size)
    place[np.argsort(bits, axis=None, kind="stable")] = np.arange(bits.size) / bits.size
    return place.reshape(bits.shape)
