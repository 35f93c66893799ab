"""Of a pair's alternative ways: how much longer than its quickest each is, where they part, and which one a driver takes."""

import numpy as np

from alprsim.kernels._jit import (
    Float32,
    Float32Grid,
    Float64,
    Int8Cube,
    Int32,
    Int32CubeOut,
    Int32Grid,
    Int32GridOut,
    Int32Out,
    Int64,
    UInt8Grid,
    UInt8GridOut,
    UInt64,
    UInt64GridOut,
    draw,
    kernel,
    kernel_in_place,
    part_in_place,
    prefetch,
)

AHEAD = 16
"""How many trips before its own a pair's codes are asked for: with that, and some trips at a time, a day of a
region takes 76 ms, not 118."""

NOWHERE, UNKNOWN = -1, -2
QUICKEST, NEVER = 254, 255
LEVELS, SCALES = 31, 8
"""A way is told in a byte: scale × LEVELS + level, QUICKEST or NEVER."""


TIME, ROAD, NEXT, APART, WAY_ROWS = 0, 1, 2, 3, 4
ON, STACK, BEST, JUNCTION_ROWS = 0, 1, 2, 3
"""What is remembered of the junctions of a tree: of each alternative, and of all."""


@part_in_place
def _walk(
    turns: Int8Cube, way: int, tree: int, origin: int, first_road: Int32, head: Int32, cost: Int32, of_way: Int32CubeOut,
    mark: UInt64GridOut, of_all: Int32GridOut,
) -> None:  # fmt: skip
    """Note the time, and a hash of the roads, from every junction on one way to where they are known."""
    size, here = 0, origin
    while of_way[TIME, way, here] == UNKNOWN:
        turn = turns[way, tree, here]
        if turn < 0:
            of_way[TIME, way, here], mark[way, here] = NOWHERE, 0
        else:
            of_all[STACK, size] = here
            size += 1
            road = first_road[here] + turn
            of_way[ROAD, way, here], of_way[NEXT, way, here] = road, head[road]
            here = head[road]
    while size > 0:
        size -= 1
        before = of_all[STACK, size]
        road = of_way[ROAD, way, before]
        on = of_way[TIME, way, here]
        of_way[TIME, way, before] = NOWHERE if on == NOWHERE else on + cost[road]
        mark[way, before] = draw(mark[way, here], np.uint64(road))
        here = before


@part_in_place
def _shared(
    way: int, best: int, start: int, pair: int, of_way: Int32CubeOut, mark: UInt64GridOut, of_all: Int32GridOut
) -> int:
    """Return the time on roads of one way that the quickest, whose junctions are known as on it, takes too."""
    at, shared = start, 0
    while not (of_all[ON, at] == pair and mark[way, at] == mark[best, at]):
        following = of_way[NEXT, way, at]
        if of_all[ON, at] == pair and of_way[ROAD, way, at] == of_way[ROAD, best, at]:
            shared += of_way[TIME, way, at] - of_way[TIME, way, following]
        at = following
    return int(shared + of_way[TIME, best, at])


@kernel_in_place
def weigh(
    turns: Int8Cube, tree: Int32, origin: Int32, destination: Int32, first_road: Int32, head: Int32, cost: Int32,
    of_way: Int32CubeOut, mark: UInt64GridOut, of_all: Int32GridOut, excess: Int32GridOut, apart: Int32GridOut,
) -> None:  # fmt: skip
    """Write how much longer than the quickest of its alternatives each way of a pair is, and how long the two are apart.

    Of alternatives by the same roads the first stands for all. What ways have in common is walked once: from where two are
    the same for good the rest is known, and so it is before where they part, if that junction came earlier.

    Parameters
    ----------
    turns : int8[alternatives, trees, junctions]
        The exit to take toward the tree's destination; negative: none.
    tree, origin, destination : int32[pairs]
        Of `turns`, ascending, and junctions.
    first_road : int32[junctions + 1], head : int32[roads]
        Junction j's exits are roads first_road[j]:first_road[j + 1].
    cost : int32[roads], ms, at least 1
    of_way : int32[WAY_ROWS, alternatives, junctions], mark : uint64[alternatives, junctions]
    of_all : int32[JUNCTION_ROWS, junctions]
        Space to work in.
    excess, apart : int32[pairs, alternatives], ms, written
        Of the quickest (the first of several) both are 0; −1: no way, or that of an alternative before. `apart` is the time
        on either of the two ways and not on both.
    """
    ways = turns.shape[0]
    of_all[ON] = -1
    for pair in range(len(tree)):
        start, end = origin[pair], destination[pair]
        if pair == 0 or tree[pair] != tree[pair - 1]:
            of_way[TIME] = UNKNOWN
            of_all[BEST] = -1
            for way in range(ways):
                of_way[TIME, way, end], mark[way, end] = 0, 0
        best = -1
        for way in range(ways):
            _walk(turns, way, tree[pair], start, first_road, head, cost, of_way, mark, of_all)
            if of_way[TIME, way, start] >= 0 and (best < 0 or of_way[TIME, way, start] < of_way[TIME, best, start]):
                best = way
        walked = False
        for way in range(ways):
            longer, off = -1, -1
            new = of_way[TIME, way, start] >= 0
            for before in range(way):
                new = new and mark[way, start] != mark[before, start]
            if way == best:
                longer, off = 0, 0
            elif new and mark[way, start] != mark[best, start]:
                longer = of_way[TIME, way, start] - of_way[TIME, best, start]
                following = of_way[NEXT, way, start]
                if (
                    of_way[ROAD, way, start] == of_way[ROAD, best, start]
                    and of_all[BEST, following] == best
                    and of_way[APART, way, following] > 0
                ):
                    off = of_way[APART, way, following]
                else:
                    at = start
                    while not walked:  # the quickest way, once
                        of_all[ON, at] = pair
                        walked = at == end
                        if not walked:
                            at = of_way[NEXT, best, at]
                    both = _shared(way, best, start, pair, of_way, mark, of_all)
                    off = of_way[TIME, way, start] + of_way[TIME, best, start] - 2 * both
            excess[pair, way], apart[pair, way] = longer, off
            of_way[APART, way, start] = off
        of_all[BEST, start] = best


@kernel
def pack(excess: Int32Grid, apart: Int32Grid, unit: float, edge: Float64, code: UInt8GridOut) -> None:
    """Tell each way in a byte: how much longer it is for what one may err about it, and how large that is in its pair.

    Parameters
    ----------
    excess, apart : int32[pairs, alternatives], ms
        As of `weigh`.
    unit : ms^-½
        One over an error's standard deviation, of a way that is apart for 1 ms; it grows with the root.
    edge : float64[LEVELS], ascending
        Where levels end, in standard deviations; what is longer than the last is never taken.
    code : uint8[pairs, alternatives], written
        scale × LEVELS + level, for a deviation 2^(−scale / 2) of the pair's largest; QUICKEST; or NEVER.
    """
    for pair in range(excess.shape[0]):
        most = 1
        for way in range(excess.shape[1]):
            most = max(most, apart[pair, way])
        for way in range(excess.shape[1]):
            code[pair, way] = NEVER
            if apart[pair, way] == 0:
                code[pair, way] = QUICKEST
            elif apart[pair, way] > 0:
                level = np.searchsorted(edge, unit * excess[pair, way] / np.sqrt(apart[pair, way]))
                scale = min(int(np.rint(np.log2(most / apart[pair, way]))), SCALES - 1)
                if level < LEVELS:
                    code[pair, way] = scale * LEVELS + level


@kernel
def choose(
    code: UInt8Grid, pair: Int64, key: UInt64, one: UInt64, other: UInt64, base: np.uint64, deviate: Float32,
    meaning: Float32Grid, choice: Int32Out,
) -> None:  # fmt: skip
    """Write which alternative each trip's driver takes: the least (excess + error − the quickest's error), else the quickest.

    Parameters
    ----------
    code : uint8[pairs, alternatives]
        As of `pack`.
    pair : int64[trips], row of `code`
    key, one, other : uint64[trips]
        The driver's, and the ends': each alternative's error is drawn from `base`, these and its number.
    base : a stream
    deviate : float32[4096]
        Standard normal deviates of evenly spaced probabilities.
    meaning : float32[2, 256]
        What is added for a code, and what its errors are multiplied by.
    choice : int32[trips], written
    """
    for trip in range(len(pair)):
        if trip + AHEAD < len(pair):
            prefetch(code, pair[trip + AHEAD] * code.shape[1])
        ways = code[pair[trip]]
        quickest, others = 0, 0
        for way in range(len(ways)):
            if ways[way] == QUICKEST:
                quickest = way
            elif ways[way] != NEVER:
                others += 1
        choice[trip] = quickest
        if others == 0:
            continue
        bits = draw(draw(draw(base, key[trip]), one[trip]), other[trip])
        own = deviate[draw(bits, np.uint64(quickest)) >> np.uint64(52)]
        least = np.float32(0)
        for way in range(len(ways)):
            if ways[way] < QUICKEST:
                error = deviate[draw(bits, np.uint64(way)) >> np.uint64(52)] - own
                seen = meaning[0, ways[way]] + meaning[1, ways[way]] * error
                if seen < least:
                    least = seen
                    choice[trip] = way
