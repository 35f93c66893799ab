"""Stations against SimPy in thousands of random networks, and against queueing theory where it is exact.

Theory: Little's law; D/D/1; the M/D/1 queue's mean wait (Pollaczek 1930, Khinchine 1932); the share that M/D/1/1 and M/D/1/2
lose (Gross, Shortle, Thompson and Harris, Fundamentals of Queueing Theory, 4th ed., 2008, chapter 5); overload.
"""

import math
from collections import Counter

import numpy as np
import pytest

from alprsim.cameras import Spells, alternating
from alprsim.kernels import station
from alprsim.randomness import draw, stream, uniform
from tests.simpy_station import Network, by_kernels, random_network

pytestmark = pytest.mark.verification

SERVICE = 1_000
PLATES = 2_000_000
EVER = 10**9


def poisson(load, plates=PLATES):
    """Return Poisson arrivals, ms, that bring ``load`` plates in the time that one takes."""
    gaps = -np.log1p(-uniform(draw(stream(1, "gaps"), np.arange(plates)))) * SERVICE / load
    return np.cumsum(gaps).astype(np.int64)


def served(time, room):
    return station.serve(time, np.zeros(len(time), np.int32), np.array([SERVICE]), np.array([room]))


def test_thousands_of_networks_are_those_of_simpy(verified):
    networks, reads, unequal, became = 5000, 0, 0, Counter()
    for case in range(networks):
        network = random_network(case)
        expected = Network(*network[1:]).run(network[0])
        unequal += by_kernels(*network) != expected
        reads += len(expected)
        became.update(fate if isinstance(fate, str) else "done" for fate in expected)
    fates = ", ".join(f"{name} {number:,}" for name, number in sorted(became.items()))
    verified(
        "station", f"{networks:,} random networks of SimPy resources, {reads:,} reads ({fates})", unequal, 0, "networks"
    )
    assert min(became.values()) > 10_000


@pytest.mark.parametrize("load", [0.3, 0.6, 0.9])
def test_the_mean_wait_is_pollaczeks_and_khinchines(verified, load):
    time = poisson(load)
    wait = (served(time, EVER) - time - SERVICE).mean()
    theory = load * SERVICE / (2 * (1 - load))
    verified("M/D/1", "mean wait ρ s / 2 (1 − ρ)", abs(wait / theory - 1), 0.03, "share")


@pytest.mark.parametrize("load", [0.3, 1.0, 3.0])
def test_a_small_station_loses_what_theory_says(verified, load):
    for room, theory in ((0, load / (1 + load)), (1, 1 - 1 / (math.exp(-load) + load))):
        lost = np.mean(served(poisson(load), room) < 0)
        verified(f"M/D/1/{room + 1}", "share lost", abs(lost - theory), 0.002, "share")


@pytest.mark.parametrize("load", [2, 4])
def test_overload_loses_one_minus_capacity_over_arrivals(verified, load):
    for room in (16, 1000):  # without room even an overloaded station idles between Poisson arrivals
        lost = np.mean(served(poisson(load), room) < 0)
        verified("overload", "share lost is 1 − capacity / arrivals", abs(lost - (1 - 1 / load)), 0.001, "share")
    for room in (0, 16, 1000):
        lost = np.sum(served(np.arange(PLATES) * (SERVICE // load), room) < 0)
        verified(
            "D/D/1/K", "plates lost, but for those that wait", abs(lost - PLATES * (1 - 1 / load)), room + 1, "plates"
        )


def test_a_regular_station_that_is_not_overloaded_makes_nobody_wait(verified):
    time = np.arange(1000) * SERVICE
    verified("D/D/1", "wait at load 1", (served(time, 0) - time - SERVICE).max(), 0, "ms")


def test_littles_law_holds_for_readers_and_for_stores(verified):
    time = poisson(0.8, 200_000)
    camera, none = np.zeros(len(time), np.int32), np.zeros(1, np.int64)
    outages = Spells.of([[(t, t + 90_000) for t in range(400_000, int(time[-1]), 1_000_000)]])
    sent = station.upload(time, camera, 20_000, none, int(station.NEVER), EVER, *outages)
    for what, left in (("M/D/1", served(time, EVER)), ("store", sent)):
        order = np.concatenate((time, left))
        change = np.repeat([1, -1], len(time))[np.argsort(order, kind="stable")]
        moments = np.sort(order)
        inside = (np.cumsum(change)[:-1] * np.diff(moments)).sum() / (moments[-1] - moments[0])
        rate = len(time) / (moments[-1] - moments[0])
        verified(
            f"Little's law, {what}",
            "mean number inside is rate × mean stay",
            abs(inside - rate * (left - time).mean()),
            1e-9,
            "plates",
        )


def test_a_store_loses_what_an_outage_brings_beyond_its_room(verified):
    time = poisson(1.0, 500_000)
    outages = Spells.of([[(t, t + 300_000) for t in range(500_000, int(time[-1]) - 1_000_000, 1_000_000)]])
    sent = station.upload(
        time, np.zeros(len(time), np.int32), 0, np.zeros(1, np.int64), int(station.NEVER), 100, *outages
    )
    lost = (sent < 0).sum() / len(outages.since)
    verified("store", "plates lost an outage: 300 come, 100 have room", abs(lost - 200), 3, "plates")


def test_spells_last_as_long_as_they_are_said_to(verified):
    key = draw(stream(1, "cameras"), np.arange(400))
    spells = alternating(key, 10 * 86_400, 2 * 86_400, length=365 * 86_400, stream=stream(1, "faults"))
    share = spells.length(0, 365 * 86_400_000).mean() / (365 * 86_400_000)
    verified("faults", "share of time down: repair / (between + repair)", abs(share / (2 / 12) - 1), 0.03, "share")
    verified("faults", "mean repair", abs((spells.until - spells.since).mean() / (2 * 86_400_000) - 1), 0.03, "share")
