"""Stations: which plates a busy reader, a full store or a busy server has no room for, and when the others come through."""

from collections import Counter

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.cameras import Spells
from alprsim.kernels import plates, station
from alprsim.randomness import below, draw, stream
from tests import naive_cameras as naive
from tests.simpy_station import Network, by_kernels, random_network

arrivals = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), max_size=20).map(sorted)
stations = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=2)


def served(rows, service, room):
    time, where = (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.empty(0), np.empty(0))
    done = station.serve(
        time.astype(np.int64), where.astype(np.int32), np.array(service, np.int64), np.array(room, np.int64)
    )
    return [None if end < 0 else end for end in done.tolist()]


@given(arrivals, stations)
@settings(deadline=None, derandomize=True)
def test_stations_are_those_of_the_naive_twin(rows, rules):
    service, room = zip(*rules, strict=True)
    assert served(rows, service, room) == naive.serve(rows, service, room)


def test_networks_are_those_of_simpy():
    """Hundreds of random networks from idle to overloaded: the same reads lost where, each done at the same millisecond."""
    became = Counter()
    for case in range(150):
        network = random_network(case)
        expected = Network(*network[1:]).run(network[0])
        assert by_kernels(*network) == expected, case
        became.update(fate if isinstance(fate, str) else "done" for fate in expected)
    assert min(became.values()) > 300
    assert set(became) == {"done", "dropped_reader", "dropped_store", "dropped_server"}


small = st.integers(0, 6)
spans = (
    st.lists(st.integers(0, 26), max_size=6, unique=True)
    .map(sorted)
    .map(lambda ends: list(zip(ends[::2], ends[1::2], strict=False)))
)
two_spans = st.tuples(spans, spans)
networks = st.tuples(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 1)), min_size=1, max_size=15).map(sorted),
    st.lists(st.tuples(st.integers(0, 1), small, st.integers(0, 2), st.integers(0, 2), spans), min_size=2, max_size=2),
    st.tuples(st.sampled_from([0, 3, 5]), st.sampled_from([1, 2, 99]), st.integers(0, 3), st.integers(1, 4)),
    st.lists(st.tuples(small, st.integers(0, 2)), min_size=2, max_size=2),
)


@given(networks)
@settings(deadline=None, derandomize=True)
def test_tiny_networks_are_those_of_simpy(network):
    assert by_kernels(*network) == Network(*network[1:]).run(network[0])


@given(arrivals, st.sampled_from([0, 1, 3, 5]), st.sampled_from([1, 2, 99]), st.integers(1, 4), two_spans)
@settings(deadline=None, derandomize=True)
def test_uploads_are_those_of_the_naive_twin(rows, every, size, room, outages):
    time, where = (
        (np.array(column, np.int64) for column in zip(*rows, strict=True)) if rows else np.zeros((2, 0), np.int64)
    )
    phase = [0, min(2, max(every - 1, 0))]
    sent = station.upload(time, where.astype(np.int32), every, np.array(phase), size, room, *Spells.of(outages))
    assert [None if t < 0 else t for t in sent.tolist()] == naive.upload(rows, every, phase, size, room, outages)


@given(arrivals, two_spans)
@settings(deadline=None, derandomize=True)
def test_being_within_an_interval_is_that_of_the_naive_twin(rows, intervals):
    time, where = (
        (np.array(column, np.int64) for column in zip(*rows, strict=True)) if rows else np.zeros((2, 0), np.int64)
    )
    inside = Spells.of(intervals).inside(time, where.astype(np.int32))
    assert inside.tolist() == [any(since <= t < until for since, until in intervals[r]) for t, r in rows]


def test_an_overloaded_station_loses_one_minus_capacity_over_arrivals():
    """4 plates a second at a station that takes 2: half are lost, but for what its buffer still holds."""
    time = np.sort(below(draw(stream(1, "overload"), np.arange(20_000)), 5_000_000))
    lost = np.mean(station.serve(time, np.zeros(20_000, np.int32), np.array([500]), np.array([16])) < 0)
    assert lost == pytest.approx(1 - 2 / 4, abs=0.01)


def test_a_station_without_limit_loses_nothing():
    assert served([(5, 0)] * 50, [0], [0]) == [5] * 50


def test_a_link_that_is_down_fills_the_store_and_loses_the_rest():
    """A read a second; down for 100 s with room for 30: 30 come when it is back, 70 are lost, the others go at once."""
    time = np.arange(300) * 1000
    down = Spells.of([[(100_000, 200_000)]])
    sent = station.upload(time, np.zeros(300, np.int32), 0, np.zeros(1, np.int64), 1 << 62, 30, *down)
    assert (sent[:100] == time[:100]).all()
    assert (sent[100:130] == 200_000).all()
    assert (sent[130:200] == -1).all()
    assert (sent[200:] == time[200:]).all()


def test_a_full_batch_leaves_before_its_time():
    time = np.array([1, 2, 3, 4, 20])
    sent = station.upload(time, np.zeros(5, np.int32), 10, np.zeros(1, np.int64), 3, 99, *Spells.none(1))
    assert sent.tolist() == [3, 3, 3, 10, 30]


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="plain Python has no signatures")
def test_each_kernel_is_compiled_for_one_signature():
    kernels = (station.serve, station.upload, station.within, station.fates, plates.misread, plates.look_up)
    assert [len(kernel.signatures) for kernel in kernels] == [1] * 6
