"""Static equilibrium on a congested grid: its objective is asserted, to what a gap of 1e-10 leaves open."""

import numpy as np
import pytest

from alprsim.assignment import Links, StaticNetwork, TripTable, assign
from alprsim.kernels import assignment as kernels
from alprsim.randomness import below, draw, stream

SIDE, ZONES, PAIRS = 30, 100, 1_000
OBJECTIVE = 3_649_119.96184366  # at a gap of 9.2e-14


def links(bits):
    """Give each link a time of 1 to 8 and a capacity of 200 to 1,100."""
    free, capacity = 1 + below(bits, 8), 200 + 100 * below(draw(bits, 1), 10)
    return {"free_flow_time": free, "capacity": capacity}


@pytest.fixture(scope="module")
def city():
    """900 corners joined both ways, and 1,000 pairs of the first 100 of them, 50,000 vehicles."""
    node = np.arange(SIDE * SIDE)
    right, down = node[node % SIDE < SIDE - 1], node[node < SIDE * (SIDE - 1)]
    one = np.concatenate((np.column_stack((right, right + 1)), np.column_stack((down, down + SIDE))))
    # corners are numbered so that the zones lie scattered
    tail, head = (np.concatenate((one, one[:, ::-1])) * 617 % (SIDE * SIDE)).T
    fill = dict.fromkeys(("length", "toll", "kind"), np.zeros(len(tail)))
    columns = links(draw(stream(1, "links"), np.arange(len(tail))))
    table = Links.of(tail=tail, head=head, b=np.full(len(tail), 0.15), power=np.full(len(tail), 4), **columns, **fill)
    bits = draw(stream(1, "pairs"), np.arange(PAIRS))
    origin = below(bits, ZONES)
    destination = (origin + 1 + below(draw(bits, 1), ZONES - 1)) % ZONES
    demand = TripTable.of(origin=origin, destination=destination, vehicles=np.full(PAIRS, 50.0))
    return StaticNetwork(table, SIDE * SIDE, ZONES, 0), demand


def test_assign(benchmark, city):
    found = benchmark.pedantic(assign, city, {"gap": 1e-6}, rounds=3, warmup_rounds=1)
    assert found.converged
    assert 0 <= found.objective / OBJECTIVE - 1 < 1e-6
    benchmark.extra_info |= {"iterations": len(found.iterations), "paths": len(found.flow)}


def test_shift(benchmark, city):
    """Ten sweeps over the paths of an equilibrium, all vehicles put back on the first path of their pair."""
    network, demand = city
    found = assign(network, demand, gap=1e-3)
    first_path = np.flatnonzero(np.diff(found.pair, prepend=-1, append=-1)).astype(np.int64)
    curve = np.zeros((len(network.links), 4))
    curve[:, kernels.BASE], curve[:, kernels.CAPACITY] = network.links.free_flow_time, network.links.capacity
    curve[:, kernels.RISE], curve[:, kernels.POWER] = 0.15 * network.links.free_flow_time, 4
    total = np.add.reduceat(found.flow, first_path[:-1])
    last = []

    def setup():
        flow, state = np.zeros(len(found.flow)), np.zeros((len(curve), 3))
        flow[first_path[:-1]] = total
        per_link = np.repeat(flow, np.diff(found.paths.first))
        state[:, kernels.VOLUME] = np.bincount(found.paths.road, weights=per_link, minlength=len(curve))
        kernels.evaluate(curve, state)
        last[:] = flow, state
        return (first_path, found.paths.first, found.paths.road, curve, state, flow, 10, 0.0), {}

    excess = benchmark.pedantic(kernels.shift, setup=setup, rounds=5)
    flow, state = last
    assert np.add.reduceat(flow, first_path[:-1]) == pytest.approx(total)
    assert excess < 1e-2 * (state[:, kernels.VOLUME] @ state[:, kernels.COST])
    assert state[:, kernels.COST] @ found.volume == pytest.approx(found.cost @ found.volume, rel=1e-2)
    if benchmark.stats:
        benchmark.extra_info["paths/s"] = round(10 * len(flow) / benchmark.stats.stats.min)
