"""How fast stops at sensitive places are inferred, and weighed over weeks, for 64 cases at once."""

import numpy as np

from alprsim.kernels import visits
from alprsim.tables import DAY

VEHICLES, DAYS, SITES = 2_000, 60, 200


def _reads():
    """Everybody is read twice around a visit at noon, and on two more drives; case k holds the last k days."""
    clock = np.array([7, 11, 13, 20], float) - 4
    time = np.tile((np.arange(DAYS)[:, None] * DAY + clock * 3600).reshape(-1), VEHICLES).astype(np.int32)
    site = np.repeat(np.arange(VEHICLES, dtype=np.int32) % SITES, DAYS * 4)
    held = (DAYS - time // DAY)[:, None] <= np.arange(64)
    masks = held @ (np.uint64(1) << np.arange(64, dtype=np.uint64))
    return np.arange(VEHICLES + 1, dtype=np.int64) * DAYS * 4, time, site, masks


def test_infer(benchmark):
    """Five places and five decoys are near each site."""
    first, time, site, masks = _reads()
    first_near = np.arange(SITES + 1, dtype=np.int64) * 10
    near, metres = np.tile(np.arange(10, dtype=np.int32), SITES), np.tile(np.arange(10.0), SITES)
    lot, group = np.arange(10), np.repeat(np.arange(2, dtype=np.int8), 5)
    claims, held = np.empty((4, 2 * VEHICLES * DAYS), np.int32), np.empty(2 * VEHICLES * DAYS, np.uint64)
    told = (
        np.arange(VEHICLES), first, time, site, masks, first_near, near, metres, lot, group, 8.0, 1200, 3 * 3600, 4 * 3600,
    )  # fmt: skip
    n = benchmark(visits.infer, *told, claims, held)
    benchmark.extra_info["reads"] = len(time)
    assert n == 2 * VEHICLES * DAYS  # at noon alone: the other gaps are too long
    assert (claims[visits.PLACE] % 5 == 0).all()  # the nearest, real or not
    assert (claims[visits.START] % 4 == 1).all()
    assert int(held[0]) == 2**64 - 2**60  # of the oldest day
    assert int(held[-1]) == 2**64 - 2


def test_stops_of_claims(benchmark):
    """Half the claims are right."""
    first, time, _, _ = _reads()
    first_trip, arrive = first // 4, time[1::4] + np.int32(600)
    stop = np.tile(np.arange(2, dtype=np.int32), VEHICLES * DAYS // 2)
    start = np.arange(VEHICLES * DAYS, dtype=np.int32) * 4 + 1
    claims = np.stack([start // (4 * DAYS), start, start + 1, np.zeros_like(start)])
    found, stood, of_kind = np.empty((3, len(start)), np.int32)
    told = (
        claims,
        np.arange(VEHICLES),
        time,
        first_trip,
        arrive,
        arrive + np.int32(60),
        stop,
        np.arange(2, dtype=np.int8),
    )
    benchmark(visits.stops_of_claims, *told, found, stood, of_kind)
    benchmark.extra_info["claims"] = len(found)
    assert (found[::2] == np.arange(0, len(found), 2)).all()
    assert (found[1::2] == -1).all()
    assert (stood == 1).all()
    assert (of_kind == np.tile([1, 0], len(start) // 2)).all()


def test_add_up(benchmark):
    _, time, _, masks = _reads()
    counts = np.zeros((7, 64), np.int64)
    cell = np.arange(len(time)) % 7
    benchmark.pedantic(visits.add_up, (cell, masks, counts), rounds=1)
    benchmark.extra_info["masks"] = len(masks)
    assert counts[:, 1].sum() == 4 * VEHICLES
    assert counts[:, 63].sum() == len(time)


def test_weigh(benchmark):
    """Everybody goes to one place daily, rightly inferred in every week."""
    days = np.tile(np.arange(1, DAYS + 1, dtype=np.int32), VEHICLES)
    held = days[:, None] <= np.arange(64)
    masks = held @ (np.uint64(1) << np.arange(64, dtype=np.uint64))
    claimed, found, until = (np.zeros((rows, 64), np.int64) for rows in (2, 2, 2 * (DAYS + 1)))
    told = (
        np.arange(VEHICLES + 1) * DAYS, days // 7, days, masks, np.ones(len(days), np.bool_),
        np.full(VEHICLES, 9, np.int32), np.zeros(VEHICLES, np.int64), 2, DAYS + 1,
    )  # fmt: skip
    benchmark.pedantic(visits.weigh, (*told, claimed, found, until), rounds=1)
    benchmark.extra_info["claims"] = len(days)
    assert found[visits.ONCE, :2].tolist() == [0, VEHICLES]
    assert found[visits.HABIT, 6:8].tolist() == [0, VEHICLES]
    assert (claimed == found).all()
    assert until[DAYS + 1 + 7, 63] == VEHICLES
