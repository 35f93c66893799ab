"""How far apart a group's cameras stand: a length, or at the distances measured between Connecticut's cameras."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from alprsim import randomness
from alprsim.siting._ground import Ground, SitingError, Task, Watch, Work, enough, measured, other_way, point_of
from alprsim.tables import CameraKind, Float64, Int64

SHARES = np.array([0, 0.01, 0.05, 0.10, 0.12, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1])
NEAREST = np.array([2, 12, 26, 46, 60, 152, 367, 1114, 2309, 3138, 5248, 9326], np.float64)
"""Metres to the nearest other one that SHARES of the 527 cameras mapped in Connecticut have at most (OpenStreetMap
snapshot of 29 December 2025 compiled by DeFlock, distances in EPSG:6433); between them the logarithm is taken as straight."""

ONE_POST = 60.0
"""Metres within which two cameras look both ways along one road: 12 % of the mapped ones have another as near."""

SLACK = 0.1
"""A distance may be missed by so much of itself: middles of roads are not everywhere. Assumption."""

TRIES = 6
"""Distances tried for each pair asked for, before the region is taken to be full. Assumption."""

STARTS = 200
"""Roads tried as the first of a pair, in order of preference: 30,000 roads are measured for each. Assumption."""


def apart(work: Work, task: Task, ranked: Int64) -> list[Watch]:
    """Take roads in order of preference that keep the group's spacing."""
    if measured(task):
        return _as_measured(work, task, ranked)
    ground = work.ground
    chosen: list[int] = []
    free = np.ones(len(ground.flow), np.bool_)
    tree = cKDTree(ground.middle)
    for road in ranked.tolist():
        if len(chosen) == task.asked:
            break
        if free[road]:
            chosen.append(road)
            free[tree.query_ball_point(ground.middle[road], task.spacing)] = False
            if task.kind == CameraKind.GANTRY and (other := other_way(ground, Watch(road, 0.5))):
                free[other.road] = False
    enough(ground, task, len(chosen), f"roads there with traffic that can take one, {task.spacing:g} m apart")
    return [Watch(road, 0.5) for road in chosen]


def nearest_others(shares: NDArray[np.float64]) -> Float64:
    """Return how far the nearest other camera is, metres, for ranks from 0 (the closest) to 1."""
    return np.asarray(np.exp(np.interp(shares, SHARES, np.log(NEAREST))), np.float64)


class _Pairs:
    """What stands so far: how far each road is from the nearest camera, and which are too near to one for its distance."""

    def __init__(self, ground: Ground, ranked: Int64) -> None:
        self.ground, self.ranked = ground, ranked
        self.clear = np.full(len(ranked), np.inf)
        self.shut = np.zeros(len(ranked), np.bool_)
        self.points = ground.middle[ranked]

    def pair(self, distance: float) -> tuple[Watch, Watch] | None:
        """Return the first road in order that has room, and its partner at that distance; None if there is no such place."""
        fits = ~self.shut & (self.clear > distance * (1 + SLACK))
        for row in np.flatnonzero(fits)[:STARTS].tolist():
            partner = self._across(row, distance) if distance < ONE_POST else self._beside(row, distance, fits)
            if partner:
                return Watch(int(self.ranked[row]), 0.5), partner
        return None

    def add(self, watch: Watch, distance: float) -> None:
        """Let a camera stand, none but its partner nearer than its distance."""
        off = np.sqrt(((self.points - point_of(self.ground, watch)) ** 2).sum(axis=1))
        np.minimum(self.clear, off, out=self.clear)
        self.shut |= off <= distance

    def _beside(self, row: int, distance: float, fits: NDArray[np.bool_]) -> Watch | None:
        off = np.sqrt(((self.points - self.points[row]) ** 2).sum(axis=1))
        able = np.flatnonzero(fits & (np.abs(off - distance) <= SLACK * distance))
        return Watch(int(self.ranked[able[0]]), 0.5) if len(able) else None

    def _across(self, row: int, distance: float) -> Watch | None:
        """Return the point on the other direction of the road that is so far along it."""
        road = int(self.ranked[row])
        length = float(np.hypot(*(self.ground.head[road] - self.ground.tail[road])))
        ahead = 0.5 + distance / length if length > 2 * distance else 2.0
        return other_way(self.ground, Watch(road, ahead)) if ahead <= 1 else None


def _as_measured(work: Work, task: Task, ranked: Int64) -> list[Watch]:
    """Place pairs, each at a distance drawn from the measured ones and farther than that from all others.

    Ranks follow van der Corput's sequence from a start drawn for the agency, so that any number of cameras has about the
    measured shares, and one more pair moves none. Below `ONE_POST` the two look both ways along one road. A distance that fits
    nowhere is passed over; of an odd number the last stands alone.
    """
    if task.asked < 0:
        raise SitingError(f"{task.label}: spacing measured needs `count`")
    pairs, passed = _Pairs(work.ground, ranked), 0
    chosen: list[Watch] = []
    start = randomness.uniform(randomness.draw(randomness.stream(work.seed, f"spacing of {task.agency}"), 0))
    wanted = math.ceil(task.asked / 2)
    tries = TRIES * wanted + 16
    ranks = (_van_der_corput(np.arange(tries)) + start) % 1
    for distance in nearest_others(ranks).tolist():
        if len(chosen) >= 2 * wanted:
            break
        found = pairs.pair(distance)
        if found is None:
            passed += 1
            continue
        for watch in found:
            pairs.add(watch, distance)
            chosen.append(watch)
    if passed and task.asked:
        work.told.append(
            f"{task.label}: spacing measured: {passed} of {passed + len(chosen) // 2} distances fitted nowhere "
            "and were passed over"
        )
    enough(work.ground, task, len(chosen), "cameras for which there is room at the measured distances")
    return chosen[: task.asked]


def _van_der_corput(number: Int64) -> Float64:
    """Return the binary radical inverse of each number."""
    inverse, part = np.zeros(len(number)), 0.5
    while number.any():
        inverse += part * (number & 1)
        number, part = number >> 1, part / 2
    return inverse
