"""Which of a pair's alternatives a driver takes: the one that is quickest as they see it, and the same one for good.

A pair's alternatives are the ways that differently perturbed streets make quickest (choice sets by simulation: Bekhor,
Ben-Akiva and Ramming 2006; Prato 2009). A driver errs about each by a draw of their own, normal with a variance that grows
with the time that a way is apart from the pair's quickest (Sheffi and Powell 1982): about roads that both take, both are
judged alike, and alternatives by the same roads are one. So of two ways they split exactly by probit. Of more, errors about
each but the quickest are taken as independent of one another, which they are not where those share roads.

Every (destination, junction) has its alternatives compared once, a byte each, for any trip of any day; the driver's draws
are hashes of the driver's and the ends' keys, the same there and back.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from alprsim.kernels import alternatives as kernels
from alprsim.randomness import below, draw, stream
from alprsim.routing._ways import Codes, Routes, Streets, Turns, mapped, period_of, signposts, tree_of
from alprsim.tables import Float64, Int32, Int64, UInt64

_BASE = stream(0, "how a driver sees a way")
_DEVIATES = 1 << 12  # as many probabilities of an error are told apart
_TRIPS = 1 << 15  # that choose at a time, in what the processor's cache holds
_CHUNK = 16  # trees compared at a time: 16 × 20,000 junctions × 4 alternatives × 8 bytes are 10 MB

DEVIATE = ndtri((np.arange(_DEVIATES) + 0.5) / _DEVIATES).astype(np.float32)
"""Of the draws' first twelve bits."""


_SHARE = (np.arange(kernels.LEVELS) + 0.5) / kernels.LEVELS / 2
"""Of drivers who prefer the quickest of two ways, beyond a half, in the middle of each level."""
_EDGE = ndtri(0.5 + np.append((np.arange(1, kernels.LEVELS)) / kernels.LEVELS / 2, 0.496))  # one driver in 250: never


class _Space(NamedTuple):
    """What the kernel works in."""

    of_way: np.ndarray[tuple[int, int, int], np.dtype[np.int32]]
    mark: np.ndarray[tuple[int, int], np.dtype[np.uint64]]
    of_all: np.ndarray[tuple[int, int], np.dtype[np.int32]]

    @classmethod
    def of(cls, ways: int, junctions: int) -> "_Space":
        of_way = np.empty((kernels.WAY_ROWS, ways, junctions), np.int32)
        mark, of_all = np.empty((ways, junctions), np.uint64), np.empty((kernels.JUNCTION_ROWS, junctions), np.int32)
        return cls(of_way, mark, of_all)


def _meanings() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    scale, level = np.divmod(np.arange(kernels.SCALES * kernels.LEVELS), kernels.LEVELS)
    meaning = np.zeros((2, 256), np.float32)
    meaning[0, : len(scale)] = 2.0 ** (-scale / 2) * ndtri(0.5 + _SHARE)[level]
    meaning[1, : len(scale)] = 2.0 ** (-scale / 2) / np.sqrt(2)  # the difference of two errors has the deviation
    return meaning


_MEANING = _meanings()


def deviation(apart: Int32, noise: float) -> Float64:
    """Return the standard deviation, ms, of a driver's error about the difference of ways that are apart for so long, ms."""
    spread: Float64 = np.sqrt(noise**2 * 600_000 * np.maximum(apart, 0))  # `noise` is said of ten minutes' drive
    return spread


def errors(streets: Streets, key: UInt64, origin: Int32, destination: Int32, alternatives: int) -> Float64:
    """Return each driver's own error about each alternative of a trip, standard normal: [trips, alternatives]."""
    bits = draw(_BASE, key, *_ends(streets, origin, destination))
    found: Float64 = DEVIATE[draw(bits[:, None], np.arange(alternatives)) >> np.uint64(52)].astype(np.float64)
    return found


def choose(
    routes: Routes, key: UInt64, origin: Int32, destination: Int32, depart: Int32, *, threads: int = 1
) -> Int32:  # fmt: skip
    """Return the alternative that each trip's driver takes.

    Parameters
    ----------
    key : uint64[n]
        Of the driver's vehicle.
    origin, destination : int32[n]
        Junction rows.
    depart : int32[n], s
        As planned; an alternative is another way in another period of the day.
    threads
        The choice is the same for any number.

    Raises
    ------
    RouteError
        When nobody was expected to go to a destination.
    """
    if not routes.compared:
        return dealt(routes, key)
    choice = np.empty(len(key), np.int32)
    compared = [mapped(codes) for codes in routes.compared]

    def fill(first: int) -> None:
        rows = slice(first, first + _TRIPS)
        _choose_by(routes, compared, key[rows], origin[rows], destination[rows], depart[rows], choice[rows])

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for _ in pool.map(fill, range(0, len(key), _TRIPS)):
            pass
    return choice


def _choose_by(
    routes: Routes, compared: list[Codes], key: UInt64, origin: Int32, destination: Int32, depart: Int32, choice: Int32
) -> None:  # fmt: skip
    """Write the alternatives that some trips' drivers take."""
    streets, period = routes.streets, period_of(routes, depart)
    cell = tree_of(streets, destination).astype(np.int64) * len(streets.tree) + streets.column[origin]
    for number, codes in enumerate(compared):
        rows = np.flatnonzero(period == number)
        if len(rows) == len(key):
            choice[:] = preferred(streets, codes, cell, key, origin, destination)
        elif len(rows):
            choice[rows] = preferred(streets, codes, cell[rows], key[rows], origin[rows], destination[rows])


def dealt(routes: Routes, key: UInt64) -> Int32:
    """Deal drivers who do not err evenly to their pairs' alternatives: each was the quickest when it was chosen."""
    return below(draw(stream(0, "which ways a driver takes"), key), len(routes.in_force)).astype(np.int32)


def preferred(streets: Streets, codes: Codes, pair: Int64, key: UInt64, origin: Int32, destination: Int32) -> Int32:
    """Return which alternative each driver takes of those that rows of ``codes`` compare."""
    choice = np.empty(len(pair), np.int32)
    ends = _ends(streets, origin, destination)
    kernels.choose(codes, pair, key, *ends, _BASE, DEVIATE, _MEANING, choice)
    return choice


def weigh(
    streets: Streets, sets: Sequence[Path | np.ndarray], cost: Float64 | Int32, tree: Int32, origin: Int32
) -> tuple[Int32, Int32]:
    """Return how much longer than the quickest each alternative of each pair is, and how long they are apart, ms.

    Parameters
    ----------
    sets
        The alternatives' trees.
    cost : [roads], ms
    tree : int32[pairs], ascending
    origin : int32[pairs], junction rows

    Returns
    -------
    Two int32[pairs, alternatives], as ``kernels.alternatives.weigh`` says.
    """
    posts = signposts(streets)
    took = np.clip(np.rint(cost[posts.road]), 1, 2**30).astype(np.int32)
    excess, apart = (np.empty((len(tree), len(sets)), np.int32) for _ in range(2))
    every = [mapped(trees) for trees in sets]
    end = streets.column[streets.destinations[tree]]
    ways, n = len(sets), len(streets.tree)
    space = _Space.of(ways, n)
    some, first = np.unique(tree, return_index=True)
    first = np.append(first, len(tree))
    for start in range(0, len(some), _CHUNK):
        chunk = some[start : start + _CHUNK]
        rows = slice(first[start], first[min(start + _CHUNK, len(some))])
        turns = np.stack([trees[chunk] for trees in every])
        row = np.searchsorted(chunk, tree[rows]).astype(np.int32)
        kernels.weigh(
            turns, row, streets.column[origin[rows]], end[rows], *posts[:2], took, space.of_way, space.mark,
            space.of_all, excess[rows], apart[rows],
        )  # fmt: skip
    return excess, apart


def packed(excess: Int32, apart: Int32, noise: float) -> Codes:
    """Tell alternatives in a byte each, for drivers of so much noise."""
    codes: Codes = np.empty(excess.shape, np.uint8)
    kernels.pack(excess, apart, 1 / float(deviation(np.ones(1, np.int32), noise)[0]), _EDGE, codes)
    return codes


def sets_of(routes: Routes, period: int) -> list[Path | Turns]:
    """Return the trees of each alternative in a period of the day."""
    slot = int(np.argmax(routes.in_force[0] == period))
    return [routes.sets[number] for number in routes.in_force[:, slot]]


def compare(
    routes: Routes, costs: Sequence[Float64], noise: float, files: Sequence[Path | None], *, jobs: int = 1
) -> Routes:
    """Return the routes with the alternatives of every (destination, junction) compared, by each period's costs.

    Parameters
    ----------
    files
        Where to keep each period's bytes; in memory where None.
    jobs
        Threads; the answer is the same for any number.
    """
    streets, n = routes.streets, len(routes.streets.tree)
    shape = len(streets.destinations) * n, len(routes.in_force)
    tables = [_blank(shape, file) for file in files]
    junction = np.argsort(streets.column).astype(np.int32)
    sets = [sets_of(routes, period) for period in range(len(costs))]

    def fill(period: int, start: int) -> None:
        rows = np.arange(start, min(start + _CHUNK, len(streets.destinations)), dtype=np.int32)
        found = weigh(streets, sets[period], costs[period], np.repeat(rows, n), np.tile(junction, len(rows)))
        table = tables[period]
        table[start * n : (start + len(rows)) * n] = packed(*found, noise)

    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        asked = [
            (period, start) for period in range(len(costs)) for start in range(0, len(streets.destinations), _CHUNK)
        ]
        for _ in pool.map(lambda work: fill(*work), asked):
            pass
    return routes._replace(compared=tuple(file or table for file, table in zip(files, tables, strict=True)))


def _blank(shape: tuple[int, int], file: Path | None) -> Codes:
    if file is None:
        return np.empty(shape, np.uint8)
    file.unlink(missing_ok=True)  # what lies there may be a kept plan's file by a second name
    return np.lib.format.open_memmap(file, "w+", np.uint8, shape)


def _ends(streets: Streets, origin: Int32, destination: Int32) -> tuple[UInt64, UInt64]:
    """Return the keys of the ends, the smaller first: a driver errs alike there and back."""
    one, other = streets.key[origin], streets.key[destination]
    return np.minimum(one, other), np.maximum(one, other)
