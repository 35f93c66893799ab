"""Reads by the ten million for benchmarks, and what their times are held against: DuckDB, the memory, a second core."""

import functools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd

from alprsim.kernels import ladder
from alprsim.tables import DAY

DAYS, A_DAY, SITES, OWNERS = 60, 4, 200, 9
NOW, HORIZON = DAYS * DAY, 30 * DAY
WINDOWS = np.unique(np.geomspace(180, NOW, 40).astype(np.int32))
BITS = np.uint64(1) << np.arange(64, dtype=np.uint64)
SHARED = "on a shared machine"
"""Ends every line of times: minima over repeats; a core's in CPU time, two cores' by the clock."""


class Crowd(NamedTuple):
    """Vehicles who make two trips a day for 60 days with two reads each; one read in 20 is a ghost."""

    rows: np.ndarray
    first_read: np.ndarray
    time: np.ndarray
    site: np.ndarray
    trip: np.ndarray
    first_trip: np.ndarray
    depart: np.ndarray
    arrive: np.ndarray

    @property
    def vehicle(self):
        """[reads]."""
        return np.repeat(self.rows.astype(np.int32), np.diff(self.first_read))


@functools.lru_cache(maxsize=1)
def crowd(reads):
    """Make so many reads, rounded up to whole vehicles."""
    vehicles = -(-reads // (DAYS * A_DAY))
    draw = np.random.default_rng(1)
    clock = (np.arange(DAYS)[:, None] * DAY + np.array([3, 13]) * 3600).reshape(-1)
    depart = (clock + draw.integers(0, 3 * 3600, (vehicles, DAYS * 2))).reshape(-1).astype(np.int32)
    first = draw.integers(0, 600, len(depart), dtype=np.int32)
    second = first + draw.integers(0, 600, len(depart), dtype=np.int32)
    when = (depart[:, None] + np.stack([first, second], axis=1)).reshape(-1).astype(np.int32)
    trip = np.repeat(np.arange(len(depart), dtype=np.int32), 2)
    trip[::20] = ladder.GHOST
    rows = np.arange(vehicles)
    site = np.repeat(rows * 7, DAYS * A_DAY) + draw.integers(0, 12, len(when))  # a car passes a dozen sites
    site = (site % SITES).astype(np.int32)
    starts = np.arange(vehicles + 1, dtype=np.int64)
    return Crowd(
        rows, starts * DAYS * A_DAY, when, site, trip, starts * DAYS * 2, depart, (depart + 1200).astype(np.int32)
    )


AGES = np.concatenate([[0], WINDOWS[:-1]]).astype(np.int32)
NESTED = (AGES[:, None] < WINDOWS) @ BITS[: len(WINDOWS)]
"""[ages]: the cases that hold a read, where case k keeps everybody's for WINDOWS[k]; 40 cases."""

ARBITRARY = np.random.default_rng(2).integers(0, 2**40, (len(AGES), OWNERS), dtype=np.uint64).reshape(-1)
"""[ages × owners]: 40 policies with no order among them, gaps and all."""

OWNER = (np.arange(SITES) % OWNERS).astype(np.int16)


def nested_masks(of):
    """Return the cases that hold each read, of 40 nested ones."""
    return ladder.held(of.time, of.site, np.zeros(SITES, np.int16), AGES, NESTED, NOW)


def windows_of_cases():
    """Return [64], s: how far back each of those cases holds anything."""
    return np.concatenate([WINDOWS, np.zeros(64 - len(WINDOWS), np.int32)])


def core_seconds(work, repeats=9):
    """Return the least CPU time that one call takes."""
    return min(_timed(work, time.process_time) for _ in range(repeats))


def _timed(work, clock):
    start = clock()
    work()
    return clock() - start


def two_cores(work, rows, repeats=200):
    """Return how many times as fast two threads are, a half of the rows each: by the clock, and in the slower's CPU time.

    A twelfth of the rows, over and over: on a busy machine, the least time is of the few calls that nothing interrupts.
    """
    some = rows[: len(rows) // 12]
    half = len(some) // 2
    ones, twos, cpu_ones, cpu_twos = [], [], [], []
    with ThreadPoolExecutor(2) as threads:

        def both():
            jobs = [(some[:half], 0), (some[half:], half)]
            cpu_twos.append(max(threads.map(lambda job: _timed(lambda: work(*job), time.thread_time), jobs)))

        for _ in range(repeats):
            ones.append(
                _timed(lambda: cpu_ones.append(_timed(lambda: work(some, 0), time.thread_time)), time.perf_counter)
            )
            twos.append(_timed(both, time.perf_counter))
    return min(ones) / min(twos), min(cpu_ones) / min(cpu_twos)


def streaming(*arrays):
    """Return the least CPU time in which the machine adds up the same bytes, s."""
    words = [array.view(np.uint8)[: array.nbytes // 8 * 8].view(np.int64) for array in map(np.ravel, arrays)]
    return core_seconds(lambda: [column.sum() for column in words])


def ask_duckdb(query, **columns):
    """Return the answer of a query on one thread, as a data frame, and the CPU time it took."""
    with duckdb.connect() as base:
        base.execute("SET threads = 1")
        base.register("reads", pd.DataFrame(columns, copy=False))
        start = time.process_time()
        answer = base.execute(query).df()
        return answer, time.process_time() - start


LIMITS = tuple(WINDOWS.tolist())


def bucket(age, limits=LIMITS, first=0):
    """Return SQL for the number of the shortest window that is longer than an age, by halving: 40 if none is."""
    if not limits:
        return str(first)
    middle = len(limits) // 2
    below, above = bucket(age, limits[:middle], first), bucket(age, limits[middle + 1 :], first + middle + 1)
    return f"CASE WHEN {age} < {limits[middle]} THEN {below} ELSE {above} END"


def say(tell, what, n, seconds, *, bytes_a_read, stream, duck=None, cores=None):
    """Tell a kernel's speed, and how it stands beside the others."""
    line = f"{what}: {n / seconds / 1e6:.0f} M reads/s a core, {seconds / stream:.1f} × the time of adding up the same bytes "
    line += f"({bytes_a_read} a read, at {n * bytes_a_read / stream / 1e9:.0f} GB/s)"
    line += f"; DuckDB on one thread takes {duck:.2f} s, {duck / seconds:.0f} × as long" if duck else ""
    line += "; two cores {:.2f} × one by the clock, {:.2f} × in CPU time".format(*cores) if cores else ""
    tell(f"{line}; {SHARED}")
