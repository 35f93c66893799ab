"""A strong adversary: from one car's held reads, from the cameras that did not see it, and from what people usually do.

It is told the streets and what stands on them, everybody's habits (`routines`), where the viewer's cameras stand and how well
they read, which reads of the car are held, and that the car is some resident's. It is not told where the car is kept, unless
the register is opened to it, and nothing of its trips.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alprsim.kernels import tracker
from alprsim.measures import regions, under_way
from alprsim.measures.along import Along
from alprsim.measures.routines import Routine, class_of
from alprsim.measures.under_way import Drives
from alprsim.measures.zones import Travel, Zones
from alprsim.tables import Bool, Float64, Int32, Int64

PASSES = 2
"""Times that a car's own habits are learned from its reads: first from everybody's, then from what that makes of its own."""

TRUSTS, ABSENCES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05), (0.1, 0.35)
"""Strengths of evidence that are tried: of all of it, and of not being read."""

ASTRAY = (0.0, 0.1, 0.2, 0.35, 0.5)
"""Shares tried of cars that are not where the quickest way would have them."""

REGION = 0.9
"""Of what is believed, that the region should hold."""

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
    astray: float = 0.0
    """The share of cars that, once read, are not where the quickest way would have them (`Along.at`)."""


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
    adversary: Adversary, watched: Watch, time: Int32, site: Int32, asked: Int32, home: Float64 | None = None,
    *, timed: bool = True,
) -> Float64:  # fmt: skip
    """Return how likely the car stood in each zone, and was under way there, as each step asked about began: [2, asked, zones].

    Parameters
    ----------
    time, site : int32[n], s; row of Sites
        The car's held reads, ghosts among them, all within the steps.
    asked : int32[n], ascending
        Steps, up to the number of steps.
    home : float64[zones]
        Where the car may be kept; by default anywhere that cars are.
    timed : bool
        Whether times are exact enough to tell how fast it drives.
    """
    found, moved, maybe = _believed_of(adversary, watched, time, site, asked, home)
    maybe = maybe._replace(timed=timed)
    return under_way.split(found, moved, maybe, adversary.along, adversary.travel, adversary.astray)


def _believed_of(
    adversary: Adversary, watched: Watch, time: Int32, site: Int32, asked: Int32, home: Float64 | None = None
) -> tuple[Float64, tuple[Float64, Int64], Drives]:
    """Return in which zone the steps have the car, and how likely it went from where to where as each drive began."""
    prior = adversary.routine.home if home is None else home
    chain = _chain(adversary, watched, time, site, asked)
    weight = believed(prior, chain.logs(prior), adversary.trust)
    homes = np.flatnonzero(weight).tolist()
    found, moved = chain.posterior(homes[0])
    found, moved = weight[homes[0]] * found, weight[homes[0]] * moved
    for zone in homes[1:]:
        more = chain.posterior(zone)
        found += weight[zone] * more[0]
        moved += weight[zone] * more[1]
    return found, (moved, chain.drive), chain.maybe


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
    began: Int32
    """Steps in which some drive of `maybe` began, rising."""
    drive: Int64
    """[rows, 3]: its place among them."""
    alpha: Float64
    later: Float64
    chance: Float64

    def logs(self, prior: Float64) -> Float64:
        """Return the log chance of all that was seen, of a car kept in each zone; 0 where none can be."""
        logs = np.zeros(len(prior))
        for zone in np.flatnonzero(prior).tolist():
            logs[zone] = self._forward(zone, self.routine.to)
        return logs

    def posterior(self, home: int) -> tuple[Float64, Float64]:
        """Return where a car kept in a zone was at the steps asked about, [asked, zones], its own habits learned.

        And how likely it went from each zone to each in the steps ``began``, [n, zones, zones].
        """
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
        moved = np.zeros((len(self.began), zones, zones))
        tracker.flows(
            home, 1.0, self.routine.hours, self.hour, to, self.pairs, self.pair, self.read, self.alpha, self.chance,
            self.later, self.began, moved,
        )  # fmt: skip
        return found, moved

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
    drives = np.clip(maybe.began(), 0, steps - 1)
    began, drive = np.unique(drives, return_inverse=True)
    begins = watched.start + np.arange(steps, dtype=np.int64) * adversary.step
    room = steps + 1, 1 + 2 * adversary.zones.many  # any
    alpha, later = (np.empty(room) for _ in range(2))
    chance = np.empty(steps)
    hour = class_of(begins, adversary.first_weekday)
    return Chain(
        adversary.routine,
        hour,
        pairs,
        pair,
        still,
        read,
        maybe,
        began.astype(np.int32),
        drive.reshape(drives.shape),
        alpha,
        later,
        chance,
    )


class Rehearsed(NamedTuple):
    """A car of another population, whose truth is known, as it would be read."""

    time: Int32
    site: Int32
    asked: Int32
    zone: Int32
    """Where it was at each step asked about."""
    drives: Bool
    """Whether it was under way."""

    def those(self, some: Bool) -> "Rehearsed":
        """Return it at some of the steps."""
        return self._replace(asked=self.asked[some], zone=self.zone[some], drives=self.drives[some])


def rehearse(adversary: Adversary, cars: Sequence[Rehearsed], start: int, steps: int) -> Adversary:
    """Return the adversary with as much trust in absence, in repetition and in the quickest ways as it may have.

    That is what makes its region hold the truth as often as it should, of cars that it made up: of those with enough doubt
    the one with the highest mean log of what it held likely of where they were (a proper score: Gneiting & Raftery 2007).
    Trust is learned at moments when they stand, what is astray at those when they are under way.
    """
    tried = []
    for absence in ABSENCES:
        one = adversary._replace(absence=absence)
        scores = _standing(one, cars, start, steps)
        tried += [(score, one._replace(trust=trust)) for score, trust in zip(scores, TRUSTS, strict=True)]
    settled = _best(tried)
    moving = [car.those(car.drives) for car in cars if car.drives.any()]
    scores = _moving(settled, moving, start, steps)
    return _best([(score, settled._replace(astray=astray)) for score, astray in zip(scores, ASTRAY, strict=True)])


def _best(tried: Sequence[tuple[Float64, Adversary]]) -> Adversary:
    """Return whose region holds enough and whose score is then best; where none does, whose region holds most."""
    return max(tried, key=lambda one: (min(one[0][0], REGION), one[0][1]))[1]


def _standing(adversary: Adversary, cars: Sequence[Rehearsed], start: int, steps: int) -> Float64:
    """Return how often the region held the cars that stood, and the mean log score, for each trust: [trusts, 2]."""
    watched, prior = _all_watch(adversary, start, steps), adversary.routine.home
    homes = np.flatnonzero(prior)
    scores = np.zeros((len(TRUSTS), 2))
    for car in (car.those(~car.drives) for car in cars):
        chain = _chain(adversary, watched, car.time, car.site, car.asked)
        logs = chain.logs(prior)
        by_home = np.stack([chain.posterior(zone)[0] for zone in homes.tolist()])
        for row, trust in enumerate(TRUSTS):
            found = np.tensordot(believed(prior, logs, trust)[homes], by_home, 1)
            scores[row] += _scored(found[None], found, car.zone)
    return scores / max(1, sum(int((~car.drives).sum()) for car in cars))


def _moving(adversary: Adversary, cars: Sequence[Rehearsed], start: int, steps: int) -> Float64:
    """Return the same of cars under way, for each share astray."""
    watched = _all_watch(adversary, start, steps)
    scores = np.zeros((len(ASTRAY), 2))
    for car in cars:
        found, moved, maybe = _believed_of(adversary, watched, car.time, car.site, car.asked)
        for row, astray in enumerate(ASTRAY):
            both = under_way.split(found, moved, maybe, adversary.along, adversary.travel, astray)
            goes = both[1] / np.maximum(both[1].sum(axis=1, keepdims=True), 1e-300)
            scores[row] += _scored(both, goes, car.zone)
    return scores / max(1, sum(len(car.asked) for car in cars))


def _scored(belief: Float64, likely: Float64, zone: Int32) -> Float64:
    """Return how many rows' regions hold the truth, and the sum of its logs, where a little goes to all zones alike."""
    rows, floor = np.arange(len(zone)), 0.01 / likely.shape[1]
    held = regions.fewest(belief, REGION)[rows, zone]
    return np.array([held.sum(), np.log(0.99 * likely[rows, zone] + floor).sum()])


def _all_watch(adversary: Adversary, start: int, steps: int) -> Watch:
    everywhere = [np.ones(len(adversary.readers.x), np.bool_)]
    return watch(adversary, start, everywhere, np.zeros(steps, np.int32))


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
