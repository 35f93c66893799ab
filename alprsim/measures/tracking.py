"""A strong adversary: from one car's held reads, from the cameras that did not see it, and from what people usually do.

It is told the streets and what stands on them, everybody's habits (`routines`), where the viewer's cameras stand and how well
they read, which reads of the car are held, and that the car is some resident's. It is not told where the car is kept, unless
the register is opened to it, and nothing of its trips.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alprsim.kernels import tracker
from alprsim.measures.routines import HOURS, Routine, class_of
from alprsim.measures.zones import Travel, Zones
from alprsim.tables import Bool, Float64, Int32, Int64, UInt64

PASSES = 2
"""Times that a car's own habits are learned from its reads: first from everybody's, then from what that makes of its own."""

UNLIKELY = 1e-4
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
    routine: Routine
    readers: Readers
    step: int
    """s"""
    first_weekday: int


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
    zones, sites = adversary.zones.count, adversary.readers
    pairs = np.ones((len(watched), zones, zones))
    for number, some in enumerate(watched):
        for site in np.flatnonzero(some & sites.stands).tolist():
            pairs[number] *= 1.0 - sites.chance[site] * adversary.travel.past[site]
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
    routine, n = adversary.routine, adversary.zones.count
    prior = routine.home if home is None else home
    pairs, pair, still, read = _evidence(adversary, watched, time, site)
    steps = len(watched.pair)
    hour = class_of(watched.start + np.arange(steps, dtype=np.int64) * adversary.step, adversary.first_weekday)
    begin = routine.begin[hour[0]]
    to, alpha, chance = routine.to, np.empty((steps + 1, 1 + 2 * n)), np.empty(steps)
    for _ in range(PASSES):
        logs = np.full(n, -np.inf)
        for zone in np.flatnonzero(prior).tolist():
            logs[zone] = np.log(prior[zone]) + tracker.forward(
                zone, routine.hours, hour, to, begin, pairs, pair, still, read, alpha, chance
            )
        weight = np.exp(logs - logs.max())
        weight = np.where(weight < UNLIKELY * weight.sum(), 0.0, weight)
        weight /= weight.sum()
        posterior, arrivals = np.zeros((len(asked), n)), np.zeros((2, n))
        for zone in np.flatnonzero(weight).tolist():
            tracker.forward(zone, routine.hours, hour, to, begin, pairs, pair, still, read, alpha, chance)
            tracker.backward(
                zone, weight[zone], routine.hours, hour, to, pairs, pair, still, read, alpha, chance, asked,
                posterior, arrivals,
            )  # fmt: skip
        if not len(time):
            break
        to = _own(routine, arrivals)
    return _under_way(adversary, watched.start, time, site, asked, posterior)


def _evidence(adversary: Adversary, watched: Watch, time: Int32, site: Int32) -> tuple[Float64, Int32, Float64, Bool]:
    """Return for each step the matrix, and the row for who stays, of what was seen in it; a matrix more a step with reads."""
    zones = adversary.zones.count
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
    return pairs.reshape(-1, zones), pair, still, np.arange(len(pairs)) >= quiet


def _seen(adversary: Adversary, site: int) -> tuple[Float64, Float64]:
    """Return how likely a read at a site is, for each pair of zones gone between, beside not being read there; for who stays."""
    sites, zones = adversary.readers, adversary.zones.count
    chance, ghost = sites.chance[site], sites.ghost[site]
    past = adversary.travel.past[site]
    here = np.arange(zones) == sites.zone[site]
    if sites.roves[site]:
        past = np.maximum(past, here[:, None] | here)
    unread = 1.0 - chance * past if sites.stands[site] else 1.0
    return (ghost + chance * past) / unread, ghost + chance * (here & sites.roves[site])


def _own(routine: Routine, arrivals: Float64) -> Float64:
    """Return where a car goes that was seen to arrive: everybody's destinations, and its own so far, as loyal as people are."""
    zones = arrivals.shape[1]
    to = routine.to.reshape(zones, 2, zones) * routine.loyalty[:, None] + arrivals
    mixed: Float64 = (to / to.sum(axis=2, keepdims=True)).reshape(zones, 2 * zones)
    return mixed


def _under_way(
    adversary: Adversary, start: int, time: Int32, site: Int32, asked: Int32, posterior: Float64
) -> Float64:
    """Put a car that was just read, or will be in a moment, on the straight line from its origin or to where it goes.

    The steps of the kernel know where it goes from and to; from free-flow times it follows whether it can have left, or
    arrived.
    """
    stands = ~adversary.readers.roves[site]
    time, site = time[stands], site[stands]
    if not len(time):
        return posterior
    moment = start + asked.astype(np.int64) * adversary.step
    moved = posterior.copy()
    middle = _middles(adversary.zones)
    for row, at in enumerate(moment.tolist()):
        nearest = int(np.argmin(np.abs(time - at)))
        since, where = at - int(time[nearest]), int(site[nearest])
        if abs(since) >= adversary.step:
            continue
        needs = (adversary.travel.from_site if since >= 0 else adversary.travel.to_site)[:, where]
        drives = needs > abs(since)
        part = abs(since) / np.maximum(needs[drives], 1.0)
        x = adversary.readers.x[where] + part * (middle[0, drives] - adversary.readers.x[where])
        y = adversary.readers.y[where] + part * (middle[1, drives] - adversary.readers.y[where])
        streets = adversary.zones.streets
        near = np.hypot(x[:, None] - middle[0, :streets], y[:, None] - middle[1, :streets]).argmin(axis=1)
        np.add.at(moved[row], near, posterior[row, drives])
        moved[row, drives] -= posterior[row, drives]
    return np.maximum(moved, 0.0)


def _middles(zones: Zones) -> Float64:
    """Return the middle of each zone: x and y."""
    return np.stack([np.bincount(zones.zone, zones.share * along) for along in (zones.x, zones.y)])
