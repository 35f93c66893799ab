"""How a map is cut into zones where halves are not even, and the least time that a road takes."""

import numpy as np
import pytest

from alprsim.measures import zones
from alprsim.tables import Junctions, PlaceKind, Places, Roads, Sites

NOTHING = Places.of(junction=[0], kind=[PlaceKind.HOME], weight=[1], town=[0])


def junctions(*points):
    x, y = np.array(points, float).reshape(-1, 2).T
    return Junctions.of(osm_id=range(len(x)), x=x, y=y, town=np.zeros(len(x)))


@pytest.mark.parametrize(
    ("points", "part"),
    [
        (((0, 0), (1, 0), (2, 0)), [0, 0, 1]),  # the middle one is of the lower half
        (((0, 0), (5, 0), (5, 0)), [0, 1, 1]),  # but where nothing is above it, of the upper
        (((0, 0), (0, 1), (1, 0), (1, 1)), [0, 0, 1, 1]),  # of two sides as long, across x
        (((0, 0), (0, 2), (1, 0), (1, 2)), [0, 1, 0, 1]),
    ],
)
def test_a_map_is_cut_at_the_median_across_the_longer_side(points, part):
    assert zones.cut(junctions(*points), NOTHING, 2).of_junction.tolist() == part


def test_a_map_of_nothing_has_no_streets():
    assert zones.cut(junctions(), NOTHING.take([]), 2).streets == 0


def test_a_road_takes_a_thousandth_second_at_least():
    zero = [0, 0]
    ways = Roads.of(
        tail=[0, 1], head=[1, 0], length=zero, crossing=zero, lanes=zero, headway=zero, room=zero, wave=zero, kind=zero
    )
    nobody = Sites.of(camera=[], road=[], offset=[], heading=[])
    found = zones.travel(zones.cut(junctions((0, 0), (1, 0)), NOTHING, 2), ways, nobody, np.zeros(0, np.bool_))
    assert found.between.tolist() == [[0, pytest.approx(0.001)], [pytest.approx(0.001), 0]]
