"""Where sensitive places and their decoys stand, and which of them are near a camera."""

import numpy as np

from alprsim.measures import sensitive
from alprsim.tables import UNLIMITED, Junctions, PlaceKind, Places
from tests.test_visits import at
from tests.worlds import World

JUNCTIONS = Junctions.of(osm_id=[10, 11, 12, 13, 14], x=[0, 1, 2, 3, 4], y=[0] * 5, town=[0, 0, 0, 0, 1])
PLACES = Places.of(
    junction=[0, 1, 2, 3, 0, 4],
    kind=[PlaceKind.CLINIC, PlaceKind.WORK, PlaceKind.SHOP, PlaceKind.HOME, PlaceKind.WORK, PlaceKind.WORK],
    weight=[1] * 6, town=[0, 0, 0, 0, 0, 1],
)  # fmt: skip


def test_decoys_stand_where_people_work_or_shop_and_no_such_place_is():
    few, many = (sensitive.choose(PLACES, JUNCTIONS, ("court", "clinic"), decoys=n, seed=7) for n in (1, 5))
    assert few.of_place.tolist() == [0, -1, -1, -1, -1, -1]
    assert few.kind.tolist() == [1, 3]
    assert few.sizes.tolist() == [0, 1, 0, 1]
    assert many.kind.tolist() == [1, 3, 3]
    assert many.group.tolist() == [0, 1, 2]
    assert sorted(many.x.tolist()) == [0, 1, 2]
    assert few.x.tolist() == many.x[:2].tolist()  # more decoys move none
    assert few.lot[0] == many.lot[0]
    assert len(set(many.lot.tolist())) == 3
    assert len({float(sensitive.choose(PLACES, JUNCTIONS, ("clinic",), decoys=1, seed=s).x[1]) for s in range(9)}) == 2
    assert sensitive.choose(PLACES, JUNCTIONS, ("clinic",), decoys=0, seed=7).sizes.tolist() == [1, 0]


def test_places_near_a_site_are_counted_to_the_metre():
    near = sensitive.near_sites(at(), np.array([0.0, 9e9]), np.array([0.0, 0.0]), 3600.0)
    assert near.first.tolist() == [0, 6, 6]
    assert near.metres.tolist() == [0, 3600, 3600, 0, 3600, 3600]
    assert sensitive.near_sites(at(), np.zeros(0), np.zeros(0), 1.0).first.tolist() == [0]


def test_a_car_stands_until_its_next_trip_and_after_the_last_for_good():
    """Car 0 makes one trip, car 1 three: the second takes no time, the last never ends. Car 2 makes none."""
    clinic = sensitive.choose(PLACES, JUNCTIONS, ("clinic",), decoys=0, seed=7)
    world = World(trips=((0, 5, 9), (1, 10, 12), (1, 20, 20), (1, 30, -1)))
    found = sensitive.stops(world.bucket(), clinic)
    assert found.arrive.tolist() == [9, 12, 20, UNLIMITED]
    assert found.leave.tolist() == [UNLIMITED, 20, 30, UNLIMITED]
    assert found.place.tolist() == [0, 0, 0, -1]
    assert len(sensitive.stops(World().bucket(), clinic).leave) == 0
