"""Spells of a camera, a link or the weather: rare changes between two states, as SimPy processes that leave intervals.

Each row has its own process and its own draws, so another camera changes no other's spells.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray

from alprsim.kernels import station
from alprsim.randomness import below, draw, uniform
from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Int32, Int64, UInt64

Interval = tuple[int, int]


class Spells(NamedTuple):
    """Intervals of each row, apart and in order: row r has ``[since[k], until[k])`` ms for k of ``first[r]:first[r + 1]``."""

    first: Int64
    since: Int64
    until: Int64

    @classmethod
    def none(cls, rows: int) -> Spells:
        """Return no interval for any row."""
        return cls(np.zeros(rows + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))

    @classmethod
    def of(cls, rows: Sequence[Sequence[Interval]]) -> Spells:
        """Return each row's intervals, joined where they meet or overlap."""
        joined = [_joined(row) for row in rows]
        first = np.concatenate(([0], np.cumsum([len(row) for row in joined]))).astype(np.int64)
        ends = np.array([end for row in joined for end in row], np.int64).reshape(-1, 2)
        return cls(first, ends[:, 0].copy(), ends[:, 1].copy())

    def inside(self, time: Int64, row: Int32) -> NDArray[np.bool_]:
        """Say whether each moment (ms, never falling within a row) lies in an interval of its row."""
        if not len(self.since):
            return np.zeros(len(time), np.bool_)
        return station.within(time, row, *self)

    def length(self, start: int, end: int) -> Int64:
        """Return how much of ``[start, end)`` ms each row's intervals cover."""
        covered = np.maximum(np.minimum(self.until, end) - np.maximum(self.since, start), 0)
        total = np.concatenate(([0], np.cumsum(covered)))
        return np.asarray(total[self.first[1:]] - total[self.first[:-1]], np.int64)


def alternating(key: UInt64, usual: int, other: int, *, length: int, stream: np.uint64) -> Spells:
    """Return when each row is in its other state: both last exponential times, of these means.

    A row begins in its other state with the share of time that it spends there, so the first day is like every other.

    Parameters
    ----------
    key : uint64[n]
        To which a row's draws belong.
    usual, other : int, s
        Mean lengths; a usual state that lasts for ever (`UNLIMITED`) knows no other.
    length : int, s
        Of the run; an interval may end after it.
    """
    if usual == UNLIMITED:
        return Spells.none(len(key))
    rows: list[list[Interval]] = [[] for _ in key]
    env = simpy.Environment()
    for row, bits in zip(rows, draw(stream, key), strict=True):
        env.process(_changes(env, row, bits, usual * 1000, other * 1000))
    env.run(until=length * 1000)
    return Spells.of(rows)


def out_of_order(key: UInt64, spec: models.Faults, *, length: int, stream: np.uint64) -> Spells:
    """Return when each camera is broken, or being serviced: two processes a camera, whose times may overlap."""
    broken = alternating(key, spec.between, spec.repair, length=length, stream=stream)
    if spec.service_every == UNLIMITED:
        return broken
    rows: list[list[Interval]] = [[] for _ in key]
    env = simpy.Environment()
    every, lasts = spec.service_every * 1000, spec.service * 1000
    for row, bits in zip(rows, draw(stream, key, 0, 0), strict=True):
        env.process(_services(env, row, int(uniform(bits) * every), every, lasts))
    env.run(until=length * 1000)
    faults = zip(broken.since.tolist(), broken.until.tolist(), strict=True)
    for camera, fault in zip(np.repeat(np.arange(len(key)), np.diff(broken.first)).tolist(), faults, strict=True):
        rows[camera].append(fault)
    return Spells.of(rows)


def phases(key: UInt64, every: int, *, stream: np.uint64) -> Int64:
    """Draw when in each period of ``every`` ms (0: none) a row's turn comes: below 2³² ms."""
    return below(draw(stream, key), max(every, 1))


def _changes(
    env: simpy.Environment, spells: list[Interval], bits: np.uint64, usual: int, other: int
) -> Generator[Any, Any, None]:
    begins = bool(uniform(draw(bits, 0)) < other / (usual + other))
    for waits, lasts in zip(_waits(draw(bits, 1), usual), _waits(draw(bits, 2), other), strict=True):
        if not begins:
            yield env.timeout(waits)
        begins = False
        spells.append((env.now, env.now + lasts))
        yield env.timeout(lasts)


def _services(
    env: simpy.Environment, spells: list[Interval], first: int, every: int, lasts: int
) -> Generator[Any, Any, None]:
    yield env.timeout(first)
    while True:
        spells.append((env.now, env.now + lasts))
        yield env.timeout(every)


def _waits(bits: NDArray[np.uint64], mean: int) -> Iterator[int]:
    """Draw exponential times in whole ms, at least 1; sixteen at a time, which takes a fifth of drawing each alone."""
    for start in count(0, 16):
        for share in uniform(draw(bits, np.arange(start, start + 16))).tolist():
            yield max(1, round(-mean * math.log1p(-share)))


def _joined(spells: Sequence[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for since, until in sorted(spells):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        elif since < until:
            joined.append((since, until))
    return joined
