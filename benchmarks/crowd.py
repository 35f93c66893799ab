"""Reads by the ten million for benchmarks, and what their times are held against: DuckDB, the memory, a second core."""

import ctypes
import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pytest

from alprsim.kernels import ladder
from alprsim.tables import DAY

DAYS, A_DAY, SITES, OWNERS = 60, 4, 200, 9
NOW, HORIZON = DAYS * DAY, 30 * DAY
WINDOWS = np.unique(np.geomspace(180, NOW, 40).astype(np.int32))
BITS = np.uint64(1) << np.arange(64, dtype=np.uint64)


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


SUBSETS = np.random.default_rng(3).integers(0, 2, (OWNERS, 40)).astype(np.bool_)
BY_OWNER = ((AGES[:, None, None] < np.random.default_rng(4).choice(WINDOWS, 40)) & SUBSETS).reshape(-1, 40) @ BITS[:40]
"""[ages × owners]: 40 policies, each a limit for the reads of some owners: arbitrary as real ones are."""

POLICIES = {"nested": None, "by owner": BY_OWNER, "arbitrary": ARBITRARY}


def masks(of, policies):
    """Return the cases that hold each read."""
    if policies == "nested":
        return nested_masks(of)
    return ladder.held(of.time, of.site, OWNER, AGES, POLICIES[policies], NOW)


def windows_of_cases():
    """Return [64], s: how far back each of those cases holds anything."""
    return np.concatenate([WINDOWS, np.zeros(64 - len(WINDOWS), np.int32)])


class Job(NamedTuple):
    """Something to be timed, and what its answer must be."""

    what: str
    target: float
    """M reads a second of one core."""
    of: Crowd
    work: Callable[[np.ndarray, int], object]
    """Does it for some rows, of which it is told the first's number too."""
    columns: tuple[np.ndarray, ...]
    """Of the reads: what has to be read."""
    outputs: tuple[np.ndarray, ...]
    right: Callable[[], None]
    """Asserts that the answer is right."""
    duck: Callable[[], float] | None = None
    """Asserts that DuckDB finds the same; returns its CPU time, s."""
    beside: str = ""
    """What DuckDB is spared."""
    told: Callable[[], list[np.ndarray]] | None = None
    """The answer, if it is not the outputs as they stand."""

    def forget(self):
        """Blot the answer out."""
        for output in self.outputs:
            output.fill(0)

    def copy(self):
        """Return a copy of the answer."""
        return [part.copy() for part in (self.told() if self.told else self.outputs)]


TIMES = [10_000_000, pytest.param(100_000_000, marks=pytest.mark.large)]
"""How many reads a benchmark is of."""


def try_out(benchmark, tell, job):
    """Time a job, hold its answer against what it must be, and tell how it stands beside DuckDB and the memory."""
    benchmark.pedantic(job.work, (job.of.rows, 0), rounds=3)
    n = benchmark.extra_info["reads"] = len(job.of.time)
    say(tell, measure(job, peers=n < 2 * 10**7))


class Speed(NamedTuple):
    """What was found of a job: times in s, the least of some goes."""

    what: str
    reads: int
    target: float
    cpu: float
    wall: float
    stream: float
    """CPU time in which the machine adds up the same bytes."""
    bytes_a_read: int
    held_a_read: float
    """Bytes: the columns and all that is held beyond them and the answer while at work."""
    clock: float
    """How many times as fast two threads are, by the clock."""
    two: float
    """In CPU time of the slower."""
    duck: float | None
    beside: str


MOST_HELD = 24
"""Bytes a read, beside the answer: the target of the design."""


def measure(job, repeats=5, pairs=15, *, peers=True):
    """Time a job; assert that its answer is right, the same on two threads, and the memory it takes."""
    n, rows = len(job.of.time), job.of.rows
    job.work(rows, 0)
    job.right()
    alone = job.copy()
    held = sum(column.nbytes for column in job.columns) + growth(lambda: job.work(rows, 0))
    assert held <= MOST_HELD * n
    job.forget()
    in_two_threads(job.work, rows)
    assert all(np.array_equal(one, other) for one, other in zip(alone, job.copy(), strict=True))
    del alone
    cpu, wall = least(lambda: job.work(rows, 0), repeats)
    clock, two = two_cores(job.work, rows, pairs)
    job.forget()
    job.work(rows, 0)
    stream, duck = streaming(*job.columns), job.duck() if peers and job.duck else None
    a_read = sum(column.itemsize for column in job.columns)
    return Speed(job.what, n, job.target, cpu, wall, stream, a_read, held / n, clock, two, duck, job.beside)


def growth(work):
    """Return by how many bytes what this process holds in memory rises at most while it works, as the system counts.

    What was freed before is given back first, so that nothing can hide in it.
    """
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the highest so far is forgotten
    before = _resident("VmRSS")
    work()
    return max(_resident("VmHWM") - before, 0)


def _resident(which):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(which))


def least(work, repeats):
    """Return the least CPU time that one call takes, and the least by the clock."""
    cpu, wall = [], []
    for _ in range(repeats):
        begin = time.perf_counter()
        cpu.append(_timed(work, time.process_time))
        wall.append(time.perf_counter() - begin)
    return min(cpu), min(wall)


def _timed(work, clock):
    start = clock()
    work()
    return clock() - start


def in_two_threads(work, rows):
    """Do half of the rows each; return the CPU time of the slower."""
    half = len(rows) // 2
    with ThreadPoolExecutor(2) as threads:
        jobs = [(rows[:half], 0), (rows[half:], half)]
        return max(threads.map(lambda job: _timed(lambda: work(*job), time.thread_time), jobs))


def two_cores(work, rows, repeats):
    """Return how many times as fast two threads are, a half of the rows each: by the clock, and in the slower's CPU time.

    Of ten million reads, over and over: on a busy machine, the least time is of the few calls that nothing interrupts;
    of fewer, starting a thread would count.
    """
    some = rows[: 10**7 // (DAYS * A_DAY)]
    ones, twos, cpu_ones, cpu_twos = [], [], [], []
    for _ in range(repeats):
        ones.append(_timed(lambda: cpu_ones.append(_timed(lambda: work(some, 0), time.thread_time)), time.perf_counter))
        twos.append(_timed(lambda: cpu_twos.append(in_two_threads(work, some)), time.perf_counter))
    return min(ones) / min(twos), min(cpu_ones) / min(cpu_twos)


def streaming(*arrays):
    """Return the least CPU time in which the machine adds up the same bytes, s."""
    words = [array.view(np.uint8)[: array.nbytes // 8 * 8].view(np.int64) for array in map(np.ravel, arrays)]
    return least(lambda: [column.sum() for column in words], 9)[0]


def ask_duckdb(query, more=None, **columns):
    """Return the answer of a query on one thread, as a data frame, and the CPU time it took; ``more`` tables, by name."""
    with duckdb.connect() as base:
        base.execute("SET threads = 1")
        for name, table in {"reads": columns, **(more or {})}.items():
            base.register(name, pd.DataFrame(table, copy=False))
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


def say(tell, speed):
    """Tell a job's speed, and how it stands beside the others."""
    n, s = speed.reads, speed
    line = f"{s.what}, {n / 1e6:.0f} M reads: {n / s.cpu / 1e6:.0f} M reads/s of one core's time (wanted: {s.target:.0f}), "
    line += f"{s.cpu / s.stream:.1f} × the time of adding up the same bytes ({s.bytes_a_read} a read, "
    line += (
        f"at {n * s.bytes_a_read / s.stream / 1e9:.0f} GB/s); {s.held_a_read:.1f} bytes a read held beside the answer"
    )
    line += f"; DuckDB on one thread{s.beside} takes {s.duck:.2f} s, {s.duck / s.cpu:.0f} × as long" if s.duck else ""
    tell(f"{line}; two cores {s.clock:.2f} × one by the clock, {s.two:.2f} × in CPU time")
