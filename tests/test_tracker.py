"""The tracker's kernel: against every way written out, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import tracker
from tests import naive_tracker as naive

few = settings(deadline=None, derandomize=True, max_examples=25)
shares = st.integers(0, 4).map(lambda quarter: quarter / 4)
some = st.integers(1, 4).map(lambda quarter: quarter / 4)


@st.composite
def chains(draw, zones=2):
    """Draw two zones, up to three steps, two kinds of hours, and matrices of which some are of reads."""
    hours = [
        [*draw(st.tuples(*[st.integers(1, 3).map(lambda q: q / 4)] * 3)), *draw(st.tuples(*[shares] * 3))]
        for _ in range(2)
    ]
    hour = draw(st.lists(st.integers(0, 1), min_size=1, max_size=3))
    to = np.array(draw(st.lists(some, min_size=4 * zones, max_size=4 * zones))).reshape(zones, 2, zones)
    to /= to.sum(axis=2, keepdims=True)
    pairs = np.array(draw(st.lists(some, min_size=3 * zones**2, max_size=3 * zones**2))).reshape(3, zones, zones)
    still = np.array(draw(st.lists(some, min_size=3 * zones, max_size=3 * zones))).reshape(3, zones)
    pair = draw(st.lists(st.integers(0, 2), min_size=len(hour), max_size=len(hour)))
    return np.array(hours), hour, to, (0.5, 0.25, 0.25), pairs, still, pair, (False, False, True)


def tracked(home, hours, hour, to, begin, pairs, still, pair, read, asked):
    """Return the kernel's log chance, posterior, arrivals and flows."""
    zones, steps = len(to), len(hour)
    alpha, chance = np.empty((steps + 1, 1 + 2 * zones)), np.empty(steps)
    hour, pair, asked = (np.array(column, np.int32) for column in (hour, pair, asked))
    args = np.ascontiguousarray(to.reshape(zones, -1)), pairs.reshape(-1, zones), pair, still, np.array(read)
    log = tracker.forward(home, hours, hour, args[0], np.array(begin), *args[1:], alpha, chance)
    posterior, arrivals = np.zeros((len(asked), zones)), np.zeros((2, zones))
    later = np.empty_like(alpha)
    tracker.backward(home, 0.5, hours, hour, *args, alpha, chance, asked, later, posterior, arrivals)
    every, moved = np.arange(steps, dtype=np.int32), np.zeros((steps, zones, zones))
    to, pairs, pair, _, read = args
    tracker.flows(home, 0.5, hours, hour, to, pairs, pair, read, alpha, chance, later, every, moved)
    return log, 2 * posterior, 2 * arrivals, 2 * moved


@few
@given(chains(), st.integers(0, 1))
def test_the_tracker_weighs_every_way(chain, home):
    hours, hour, to, begin, pairs, still, pair, read = chain
    asked = [0, *range(len(hour) + 1), len(hour)]
    log, posterior, arrivals, moved = tracked(home, *chain, asked)
    seen = [pairs[p] for p in pair], [still[p] for p in pair], [read[p] for p in pair]
    whole, where, weighed = naive.track(home, hours, hour, to[home], begin, *seen)
    assert log == pytest.approx(np.log(whole))
    assert posterior == pytest.approx(where[asked])
    went = naive.flows(home, hours, hour, to[home], *seen, weighed)
    assert moved == pytest.approx(went)
    assert arrivals == pytest.approx(naive.arrivals(home, hours, hour, to[home], *seen, weighed))


def test_three_zones_and_four_steps():
    rng = np.random.default_rng(1)
    to = rng.random((3, 2, 3))
    to /= to.sum(axis=2, keepdims=True)
    hours = rng.random((2, 6))
    pairs, still, read, pair = rng.random((2, 3, 3)), rng.random((2, 3)), (False, True), [0, 1, 0, 1]
    log, posterior, _, moved = tracked(2, hours, [0, 1, 1, 0], to, (0.2, 0.3, 0.5), pairs, still, pair, read, range(5))
    seen = [pairs[p] for p in pair], [still[p] for p in pair], [read[p] for p in pair]
    whole, where, weighed = naive.track(2, hours, [0, 1, 1, 0], to[2], (0.2, 0.3, 0.5), *seen)
    assert moved == pytest.approx(naive.flows(2, hours, [0, 1, 1, 0], to[2], *seen, weighed))
    assert log == pytest.approx(np.log(whole))
    assert posterior == pytest.approx(where)


def test_what_is_never_seen_says_nothing_however_long():
    """Over many steps without a camera all that is likely adds up to 1, and nothing is learned."""
    to = np.full((2, 2, 2), 0.5)
    hours = np.array([[0.1, 0.5, 0.2, 0.3, 0.1, 0.6]])
    chain = hours, [0] * 50, to, (1.0, 0.0, 0.0), np.ones((1, 2, 2)), np.ones((1, 2)), [0] * 50, (False,)
    log, posterior, arrivals, _ = tracked(0, *chain, range(51))
    assert log == pytest.approx(0, abs=1e-12)
    assert posterior.sum(axis=1) == pytest.approx(np.ones(51))
    assert posterior[0] == pytest.approx([1, 0])
    assert posterior[1] == pytest.approx([0.95, 0.05])
    assert arrivals.sum() > 50 * 0.02


def test_a_read_on_the_only_way_between_two_zones_tells_both():
    """Parked at home in zone 0; a camera between the zones reads the car once: before it is in 0, after it in 1."""
    to = np.array([[[0.0, 1.0], [0.0, 1.0]]] * 2)
    hours = np.array([[0.2, 0.2, 0.2, 0.5, 0.5, 0.5]])
    between = np.array([[0.0, 1.0], [1.0, 0.0]])
    pairs, still = np.stack([1 - 0.9 * between, 0.9 * between]), np.array([[1.0, 1.0], [0.0, 0.0]])
    chain = hours, [0] * 3, to, (1.0, 0.0, 0.0), pairs, still, [0, 1, 0], (False, True)
    _, posterior, arrivals, moved = tracked(0, *chain, [1, 2])
    assert moved[1, 0, 1] > 0.9
    assert posterior[0, 0] > 0.9
    assert posterior[1, 1] > 0.9
    assert posterior.sum(axis=1) == pytest.approx([1, 1])
    assert arrivals.sum() > 1
