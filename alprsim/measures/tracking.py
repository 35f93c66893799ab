"""A strong adversary: from one car's held reads, from the cameras that did not see it, and from what people usually do.

It is told the streets and what stands on them, everybody's habits (`routines`), where the viewer's cameras stand and how well
they read, which reads of the car are held, and that the car is some resident's. It is not told where the car is kept, unless
the register is opened to it, and nothing of its trips.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alprsim.kernels import tracker
from alprsim.measures import under_way
from alprsim.measures.along import Along
from alprsim.measures.under_way import Drives
from alprsim.measures.routines import Routine, class_of
from alprsim.measures.zones import Travel, Zones
from alprsim.tables import Bool, Float64, Int32

PASSES = 2
"""Times that a car's own habits are learned from its reads: first from everybody's, then from what that makes of its own."""

TRUSTS, ABSENCES = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0), (0.1, 0.35, 1.0)
"""Strengths of evidence that are tried: of all of it, and of not being read."""

UNLIKELY = 1e-3
"""Homes less likely than this, in all the reads, are not looked at again."""


class Readers(NamedTuple):
    """What the adversary knows of each site."""

    x: Float64
    y: Float64
    zone: Int32
    chance: Float64
    """Of a passing car to be read right."""
    ghost: Float64
    """Reads in one step that are of another car, misread as this one's plate."""
    stands: Bool
    """False: on a patrol's round, or for a while only: not to be read there says nothing."""
    roves: Bool
    """It reads what is parked, too."""


class Adversary(NamedTuple):
    """All that is known before a car is looked at."""

    zones: Zones
    travel: Travel
    along: Along
    routine: Routine
    readers: Readers
    step: int
    """s"""
    first_weekday: int
    trust: float = 1.0
    """How much the log chance of all reads together counts when homes are weighed against one another: repeated trips repeat
    what is wrong about the model of them, so less than 1 (`rehearse`)."""
    absence: float = 1.0
    """How much not being read counts, likewise: a driver's ways stay the same, so a second miss tells little new."""


class Watch(NamedTuple):
    """What is known of steps in which a car was not read: matrix ``pair[step]`` of `pairs`, [n, zones, zones]."""

    start: int
    """s: when the first step begins."""
    pair: Int32
    pairs: Float64


def watch(adversary: Adversary, start: int, watched: Sequence[Bool], which: Int32) -> Watch:
    """Say how likely it is to go between two zones unread, for each set of watched sites.

    Parameters
    ----------
    start : int, s
    watched : bool[sites] each
        Sets of sites whose reads would be held.
    which : int32[steps]
        The set that watches in each step.
    """
    zones, sites = adversary.zones.many, adversary.readers
    pairs = np.ones((len(watched), zones, zones))
    for number, some in enumerate(watched):
        for site in np.flatnonzero(some & sites.stands).tolist():
            pairs[number] *= 1.0 - sites.chance[site] * adversary.travel.past[site]
        pairs[number] **= adversary.absence
    return Watch(start, which, pairs)


def locate(
    adversary: Adversary, watched: Watch, time: Int32, site: Int32, asked: Int32, home: Float64 | None = None
) -> Float64:
    """Return where the car probably was at the start of each step asked about: [asked, zones].

    Parameters
    ----------
    time, site : int32[n], s; row of Sites
        The car's held reads, ghosts among them, all within the steps.
    asked : int32[n], ascending
        Steps, up to the number of steps.
    home : float64[zones]
        Where the car may be kept; by default anywhere that cars are.
    """
    prior = adversary.routine.home if home is None else home
    chain = _chain(adversary, watched, time, site, asked)
    weight = believed(prior, chain.logs(prior), adversary.trust)
    posterior, moved = 0.0, 0.0
    for zone in np.flatnonzero(weight).tolist():
        found = chain.posterior(zone)
        posterior += weight[zone] * found[0]
        moved += weight[zone] * found[1]
    return under_way.split(posterior, moved, chain.maybe, adversary.along, adversary.travel)


def believed(prior: Float64, logs: Float64, trust: float) -> Float64:
    """Return how likely the car is to be kept in each zone, from the log chances of all that was seen; tempered by trust."""
    with np.errstate(divide="ignore"):
        tempered = np.log(prior) + trust * np.where(prior > 0, logs, 0.0)  # any: prior > 0
    weight = np.exp(tempered - tempered.max())
    weight[weight < UNLIKELY * weight.sum()] = 0.0
    shares: Float64 = weight / weight.sum()
    return shares


class Chain(NamedTuple):
    """What was seen of one car, step by step, as the kernel takes it."""

    routine: Routine
    hour: Int32
    pairs: Float64
    pair: Int32
    still: Float64
    read: Bool
    maybe: Drives
    alpha: Float64
    later: Float64
    chance: Float64

    def logs(self, prior: Float64) -> Float64:
        """Return the log chance of all that was seen, of a car kept in each zone; 0 where none can be."""
        logs = np.zeros(len(prior))
        for zone in np.flatnonzero(prior).tolist():
            logs[zone] = self._forward(zone, self.routine.to)
        return logs

    def posterior(self, home: int) -> Float64:
        """Return where a car kept in a zone was at the steps asked about, [asked, zones], its own habits learned."""
        zones, to, asked = len(self.routine.home), self.routine.to, self.maybe.asked
        for number in range(PASSES):
            found, arrivals = np.zeros((len(asked), zones)), np.zeros((2, zones))
            self._forward(home, to)
            tracker.backward(
                home, 1.0, self.routine.hours, self.hour, to, self.pairs, self.pair, self.still, self.read, self.alpha,
                self.chance, asked, self.later, found, arrivals,
            )  # fmt: skip
            if not self.read.any() or number + 1 == PASSES:
                break
            to = _own(self.routine, home, arrivals)
        began = np.clip(self.maybe.began(), 0, len(self.hour) - 1)
        which, place = np.unique(began, return_inverse=True)
        moved = np.zeros((len(which), zones, zones))
        tracker.flows(
            home, 1.0, self.routine.hours, self.hour, to, self.pairs, self.pair, self.read, self.alpha, self.chance,
            self.later, which.astype(np.int32), moved,
        )  # fmt: skip
        return found, moved[place.reshape(began.shape)]

    def _forward(self, home: int, to: Float64) -> float:
        return tracker.forward(
            home, self.routine.hours, self.hour, to, self.routine.begin[self.hour[0]], self.pairs, self.pair,
            self.still, self.read, self.alpha, self.chance,
        )  # fmt: skip


def _chain(adversary: Adversary, watched: Watch, time: Int32, site: Int32, asked: Int32) -> Chain:
    order = np.argsort(time, kind="stable")
    time, site = time[order].copy(), site[order]
    stands = ~adversary.readers.roves[site]
    seen = under_way.sightings(time[stands], site[stands], adversary.along, adversary.travel)
    time[stands] = seen.drive
    maybe = under_way.drives(watched.start, adversary.step, asked, seen)
    pairs, pair, still, read = _evidence(adversary, watched, time, site)
    steps = len(pair)
    begins = watched.start + np.arange(steps, dtype=np.int64) * adversary.step
    alpha, later = (np.empty((steps + 1, 1 + 2 * adversary.zones.many)) for _ in range(2))  # any: 1
    chance = np.empty(steps)
    hour = class_of(begins, adversary.first_weekday)
    return Chain(adversary.routine, hour, pairs, pair, still, read, maybe, alpha, later, chance)


class Rehearsed(NamedTuple):
    """A car of another population, whose truth is known, as it would be read."""

    time: Int32
    site: Int32
    asked: Int32
    zone: Int32
    """Where it was at each step asked about."""


def rehearse(adversary: Adversary, cars: Sequence[Rehearsed], start: int, steps: int) -> Adversary:
    """Return the adversary with as much trust in absence and in repetition as served it best with cars that it made up.

    Best is the highest mean log of what it held likely of where they were (a proper score: Gneiting & Raftery 2007). Some of
    it goes to all zones alike, so that no single surprise decides.
    """
    everywhere = [np.ones(len(adversary.readers.x), np.bool_)]
    prior, floor, best = adversary.routine.home, 0.01 / adversary.zones.many, (-np.inf, adversary)
    for absence in ABSENCES:
        tried = adversary._replace(absence=absence)
        watched = watch(tried, start, everywhere, np.zeros(steps, np.int32))
        scores = np.zeros(len(TRUSTS))
        for car in cars:
            chain = _chain(tried, watched, car.time, car.site, car.asked)
            logs = chain.logs(prior)
            by_home = np.zeros((len(prior), len(car.asked)))
            for zone in np.flatnonzero(prior).tolist():
                by_home[zone] = chain.posterior(zone)[0][np.arange(len(car.asked)), car.zone]
            found = np.stack([believed(prior, logs, trust) for trust in TRUSTS]) @ by_home
            scores += np.log(0.99 * found + floor).mean(axis=1)
        which = int(np.argmax(scores))
        best = max(best, (float(scores[which]), tried._replace(trust=TRUSTS[which])), key=lambda one: one[0])
    return best[1]


def _evidence(adversary: Adversary, watched: Watch, time: Int32, site: Int32) -> tuple[Float64, Int32, Float64, Bool]:
    """Return for each step the matrix, and the row for who stays, of what was seen in it; a matrix more a step with reads."""
    zones = adversary.zones.many
    step = (time - watched.start) // adversary.step
    with_reads = np.unique(step)
    quiet = len(watched.pairs)
    pairs = np.concatenate([watched.pairs, watched.pairs[watched.pair[with_reads]]])
    still = np.ones((len(pairs), zones))
    pair = watched.pair.copy()
    for number, now in enumerate(with_reads.tolist(), quiet):
        pair[now] = number
        for one in np.unique(site[step == now]).tolist():
            going, staying = _seen(adversary, one)
            pairs[number] *= going
            still[number] *= staying
    return pairs.reshape(-1, zones), pair, still, np.arange(len(pairs)) >= quiet  # any: 1


def _seen(adversary: Adversary, site: int) -> tuple[Float64, Float64]:
    """Return how likely a read at a site is, for each pair of zones gone between, beside not being read there; for who stays."""
    sites, zones = adversary.readers, adversary.zones.many
    chance, ghost = sites.chance[site], sites.ghost[site]
    past = adversary.travel.past[site]
    here = np.arange(zones) == sites.zone[site]
    if sites.roves[site]:
        past = np.maximum(past, here[:, None] | here)
    unread = (1.0 - chance * past) ** adversary.absence if sites.stands[site] else 1.0
    return (ghost + chance * past) / unread, ghost + chance * (here & sites.roves[site])


def _own(routine: Routine, home: int, arrivals: Float64) -> Float64:
    """Return where a car goes that was seen to arrive: its neighbours' destinations and its own, as loyal as people are."""
    to = routine.to.copy()
    own = to[home].reshape(arrivals.shape) * routine.loyalty[:, None] + arrivals
    to[home] = (own / own.sum(axis=1, keepdims=True)).ravel()
    return to
