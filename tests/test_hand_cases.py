"""Small cases worked out by hand, each the least that tells a measure's edges apart."""

from dataclasses import replace

import numpy as np
import pytest

from alprsim.measures import position
from alprsim.tables import Paths
from tests.test_position import JUNCTIONS, roads


def test_a_car_drives_each_road_of_its_route_at_that_roads_pace():
    """A kilometre in 100 s, then one in 300 s: after half the time a third of the second is done."""
    network = roads()
    first, second = (np.flatnonzero((network.tail == j) & (network.head == j + 1))[0] for j in (0, 1))
    crossing = network.crossing.copy()
    crossing[second] *= 3
    paths = Paths(np.array([0, 2]), np.array([first, second], np.int32))
    zero = np.zeros(1, np.int32)
    x, _ = position.along(paths, zero, np.array([0.5]), zero, replace(network, crossing=crossing), JUNCTIONS)
    assert x.tolist() == [pytest.approx(4000 / 3)]
