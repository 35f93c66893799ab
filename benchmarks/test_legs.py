"""How fast held reads are cut into legs by a table of camera pairs for 64 cases at once, matched with what was driven, scored."""

from typing import NamedTuple

import numpy as np
import pytest

from alprsim.kernels import legs
from benchmarks import crowd

VEHICLES, TRIPS, DAY = 2_000, 120, 86_400
ROADS, CAMERAS = 500, 60
CROSSING, GAP = 10_000, 60


class Reads(NamedTuple):
    """Reads grouped by vehicle, and what a table knows of the pairs of roads they are on."""

    first: np.ndarray
    time: np.ndarray
    road: np.ndarray
    step: np.ndarray
    factor: np.ndarray
    pairs: np.ndarray


@pytest.fixture(scope="module")
def reads():
    """Every vehicle makes two trips a day past three cameras, a minute apart: 720,000 reads, 480,000 links."""
    depart = np.arange(TRIPS) * (DAY // 2)
    time = np.tile((depart[:, None] + np.arange(3) * GAP).reshape(-1), VEHICLES).astype(np.int32)
    start = (np.arange(VEHICLES * TRIPS) * 7919) % CAMERAS
    road = ((start[:, None] + np.arange(3)) % CAMERAS).reshape(-1).astype(np.int32)
    code = np.arange(CAMERAS) * ROADS + (np.arange(CAMERAS) + 1) % CAMERAS
    factor, known = np.zeros(32, np.uint64), np.empty((128, 2), np.int64)
    legs.enter(code, np.full(CAMERAS, GAP, np.int32), factor, known)
    first = np.arange(VEHICLES + 1, dtype=np.int64) * TRIPS * 3
    return Reads(first, time, road, np.zeros(len(time), np.int32), factor, known)


def walked(benchmark, reads, masks):
    """Return the cases of each read's passage, and of each link."""
    n, r = len(reads.time), reads
    out = [np.empty(n, np.uint64), *(np.empty(n, np.int32) for _ in range(3)), np.empty(n, np.uint64)]
    found = benchmark(
        legs.walk, r.first, r.time, r.road, r.step, masks, r.factor, r.pairs, ROADS, GAP, 600, *out
    )  # fmt: skip
    benchmark.extra_info["reads"] = n
    assert found == n * 2 // 3
    assert np.array_equal(out[2][:found], np.flatnonzero(np.arange(n) % 3))
    return out[0], out[4][:found]


def test_walk(benchmark, reads):
    """Everybody holds everything."""
    masks = np.full(len(reads.time), ~np.uint64(0))
    passage, links = walked(benchmark, reads, masks)
    assert (passage == masks).all()
    assert (links == masks[0]).all()


def test_walk_of_nested_windows(benchmark, reads):
    """Case k holds the last k days: who keeps one day holds its two trips."""
    held = (TRIPS // 2 - np.arange(TRIPS // 2))[:, None] <= np.arange(64)
    masks = (held @ (np.uint64(1) << np.arange(64, dtype=np.uint64)))[reads.time // DAY]
    passage, links = walked(benchmark, reads, masks)
    assert (passage == masks).all()
    assert np.sum(links & np.uint64(2) != 0) == VEHICLES * 2 * 2


LIMIT, LONGEST = 450, 3600
"""s, between the two reads of a link: a quarter of the crowd's trips have longer gaps; of a leg."""

QUERY = """
WITH held AS (
    SELECT i, time, site, lag(i) OVER same AS earlier, lag(time) OVER same AS since, lag(site) OVER same AS start
    FROM reads WHERE mask & {bits}::UBIGINT <> 0 WINDOW same AS (PARTITION BY vehicle ORDER BY time, i)
)
SELECT earlier, i AS later, way FROM held JOIN pairs ON pairs.start = held.start AND pairs.site = held.site
WHERE time - since <= lim ORDER BY i
"""
"""Links of who holds any of the reads with these bits: for nested policies, of all of them together."""


def job(reads, policies):
    """Cut so many reads into legs; every two of the dozen sites that a car passes are a pair, and none is passed twice a trip."""
    of = crowd.crowd(reads)
    site = of.site.copy()
    site[1::2] = (site[1::2] + (site[1::2] == site[::2])) % crowd.SITES
    masks, step, table = crowd.masks(of, policies), np.zeros(len(of.time), np.int32), pairs()
    factor, known = np.zeros(2**11, np.uint64), np.empty((2**13, 2), np.int64)
    legs.enter(table["start"] * crowd.SITES + table["site"], table["lim"], factor, known)
    passage, room = (
        np.empty(len(of.time), np.uint64),
        len(of.depart),
    )  # two reads a trip, far from others: a link at most
    links = [*(np.zeros(room, np.int32) for _ in range(3)), np.zeros(room, np.uint64)]

    def cut(rows, start):
        first, trips = of.first_read[start : start + len(rows) + 1], of.first_trip[start : start + len(rows) + 1]
        mine = [column[trips[0] : trips[-1]] for column in links]
        told = of.time, site, step, masks, factor, known, crowd.SITES, GAP, LONGEST, passage
        count = legs.walk(first, *told, *mine)
        assert count <= len(mine[0])
        mine[-1][count : count + 1] = 0  # where the walk wrote a guess that it did not keep

    def found():
        return [passage, *(column[links[-1] != 0] for column in links)]

    nested = policies == "nested"
    asked = [2**64 - 1] if nested else [1 << policy for policy in range(40)]
    return crowd.Job(
        f"legs of 40 policies, {policies}", 150, of, cut, (of.time, site, step, masks), (passage, *links),
        lambda: right(of, site, masks, table, found()), lambda: in_duckdb(of, site, masks, table, found(), asked),
        " without who holds each" if nested else ", policy by policy", found,
    )  # fmt: skip


def right(of, site, masks, table, found):
    """Assert that the links and passages of some vehicles are those of a plain loop."""
    way = dict(
        zip(zip(table["start"].tolist(), table["site"].tolist(), strict=True), table["way"].tolist(), strict=True)
    )
    passage, earlier, later, row, sights = found
    for vehicle in of.rows[:: len(of.rows) // 20].tolist():
        begin, end = of.first_read[vehicle : vehicle + 2].tolist()
        time, road, mask = (column[begin:end].tolist() for column in (of.time, site, masks))
        links, own = [], list(mask)
        for read in range(len(time)):
            rest, before = mask[read], read - 1
            while rest and before >= 0 and time[read] - time[before] <= LONGEST:
                both, gap = rest & mask[before], time[read] - time[before]
                rest &= ~both
                if road[read] == road[before] and gap <= GAP:
                    own[read] &= ~both
                elif both and road[read] != road[before] and gap <= LIMIT:
                    links.append((begin + before, begin + read, way[road[before], road[read]], both))
                before -= 1
        mine = slice(*np.searchsorted(later, [begin, end]))
        assert [*zip(*(column[mine].tolist() for column in (earlier, later, row, sights)), strict=True)] == links
        assert passage[begin:end].tolist() == own


def in_duckdb(of, site, masks, table, found, asked):
    """Assert that DuckDB finds the same links, asked once for each set of bits; return its CPU time."""
    told = {
        "i": np.arange(len(of.time), dtype=np.int32),
        "vehicle": of.vehicle,
        "time": of.time,
        "site": site,
        "mask": masks,
    }
    took = 0.0
    for bits in asked:
        links, seconds = crowd.ask_duckdb(QUERY.format(bits=bits), more={"pairs": table}, **told)
        theirs = found[-1] & np.uint64(bits) != 0
        assert all(np.array_equal(links[name], part[theirs]) for name, part in zip(links, found[1:4], strict=True))
        took += seconds
    assert len(found[-1]) > 1000
    return took


def pairs():
    """Return the ways between sites at most twelve apart in number: from, to, row, and the limit in s."""
    start, apart = (part.reshape(-1) for part in np.mgrid[: crowd.SITES, -12:13])
    start, apart = start[apart != 0], apart[apart != 0]
    return {"start": start, "site": (start + apart) % crowd.SITES, "way": np.arange(len(start), dtype=np.int32),
            "lim": np.full(len(start), LIMIT, np.int32)}  # fmt: skip


class Driven(NamedTuple):
    """Trips of 20 roads, of which the claims, two cameras and the 18 roads between, are all right."""

    first: np.ndarray
    road: np.ndarray
    depart: np.ndarray
    arrive: np.ndarray
    first_drive: np.ndarray
    when: np.ndarray
    first_trip: np.ndarray


@pytest.fixture(scope="module")
def driven():
    trips = 200 * TRIPS
    depart = np.tile(np.arange(TRIPS) * (DAY // 2), 200).astype(np.int32)
    road = ((np.arange(trips)[:, None] * 31 + np.arange(20)) % ROADS).astype(np.int32)
    when = (depart[:, None] + 5 + 10 * np.arange(20)).astype(np.int32)
    first = np.arange(trips + 1, dtype=np.int64)
    first_trip = np.arange(201, dtype=np.int64) * TRIPS
    return Driven(first * 18, road, depart, depart + np.int32(200), first * 20, when, first_trip)


def matched(d, vehicle, drive, claimed, trip):
    n = len(vehicle)
    return (
        d.first, d.road[:, 1:-1].reshape(-1).copy(), np.full(ROADS, CROSSING, np.int32), vehicle,
        d.road[:, 0].copy(), d.road[:, -1].copy(), d.when[:, 0].copy(), d.when[:, -1].copy(), np.full(n, 60, np.int32),
        d.first_trip, d.depart, d.arrive, d.first_drive, d.road.reshape(-1), d.when.reshape(-1), drive, claimed, trip,
    )  # fmt: skip


def test_match(benchmark, driven):
    d, n = driven, len(driven.depart)
    vehicle = np.repeat(np.arange(200, dtype=np.int32), TRIPS)
    drive, claimed, trip = (np.empty(n * 18, np.int32) for _ in range(3))
    benchmark(legs.match, *matched(d, vehicle, drive, claimed, trip))
    benchmark.extra_info["roads claimed"] = len(drive)
    assert np.array_equal(drive, (np.arange(n)[:, None] * 20 + np.arange(1, 19)).reshape(-1))
    assert np.array_equal(claimed, d.when[:, 1:-1].reshape(-1))


def test_score(benchmark, driven):
    d, n = driven, len(driven.depart)
    vehicle = np.repeat(np.arange(200, dtype=np.int32), TRIPS)
    drive, claimed, trip = (np.empty(n * 18, np.int32) for _ in range(3))
    legs.match(*matched(d, vehicle, drive, claimed, trip))
    whole, tallies = ~np.uint64(0), np.empty((200 * legs.ROWS, legs.CASES), np.int64)
    benchmark(
        legs.score, d.first_trip, np.arange(n), np.full(n, whole), d.first, drive, claimed, trip,
        np.full(n * 18, 100, np.int32), d.first_trip, d.depart, d.first_drive,
        np.repeat(np.arange(n, dtype=np.int32), 20), d.when.reshape(-1), np.full(n * 20, 100, np.int32),
        np.full(n, whole), TRIPS * DAY, 0, tallies,
    )  # fmt: skip
    benchmark.extra_info["roads claimed"] = len(drive)
    counts = tallies.reshape(200, legs.ROWS, legs.CASES)
    assert (counts[:, legs.RIGHT] == TRIPS * 1800).all()
    assert (counts[:, legs.WRONG] == 0).all()
    assert (counts[:, legs.REBUILT] == TRIPS).all()


@pytest.mark.parametrize("reads", crowd.TIMES)
@pytest.mark.parametrize("policies", ["nested", "by owner"])
def test_legs(benchmark, tell, reads, policies):
    crowd.try_out(benchmark, tell, job(reads, policies))
