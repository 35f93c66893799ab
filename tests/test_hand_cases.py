"""Small cases worked out by hand, each the least that tells a measure's edges apart."""

from dataclasses import replace

import numpy as np
import pytest

from alprsim.kernels import ladder
from alprsim.measures import crowd, paths, places, position, risk
from alprsim.measures import drives as driven_roads
from alprsim.randomness import draw
from alprsim.tables import DAY, UNLIMITED, Paths, People, Sites
from tests import test_measures_paths as drives
from tests import test_measures_places as homes
from tests.test_measures_crowd import known, seen
from tests.test_position import JUNCTIONS, Case, roads
from tests.worlds import World
from tests.worlds import ladder as limits


def test_a_car_drives_each_road_of_its_route_at_that_roads_pace():
    """A kilometre in 100 s, then one in 300 s: after half the time a third of the second is done."""
    network = roads()
    first, second = (np.flatnonzero((network.tail == j) & (network.head == j + 1))[0] for j in (0, 1))
    crossing = network.crossing.copy()
    crossing[second] *= 3
    ways = Paths(np.array([0, 2]), np.array([first, second], np.int32))
    zero = np.zeros(1, np.int32)
    x, _ = position.along(ways, zero, np.array([0.5]), zero, replace(network, crossing=crossing), JUNCTIONS)
    assert x.tolist() == [pytest.approx(4000 / 3)]


def test_whoever_has_a_set_alone_has_one():
    sums = risk.no_sets()
    risk.add_sets(sums, np.array([[1, 1, 0], [3, 0, 0], [6, 0, 0], [0, 0, 0]]), [0])
    table = risk.rows_of_sets([sums], np.zeros(1, np.int32), [Case()], seed=1)
    got = dict(zip(table.statistic.tolist(), table.value.tolist(), strict=True))
    assert (got["top1_below_5"], got["top1_defined"], got["top1_median"]) == (0.5, 0.75, 3)
    assert (got["top2_below_5"], got["top2_defined"], got["top2_median"]) == (0.25, 0.25, 1)


def test_a_pseudonym_may_last_a_second():
    assert known([(4, 0, 0, 0), (5, 0, 0, 0), (5, 0, 0, 0)], seen(1, 0)).who.tolist() == [0, 1, 1]


def test_plates_beside_pseudonyms_have_a_number_and_names_for_good_have_none():
    """A plate is read at site 0 by those who show plates, and at site 2 by those who never change its name."""
    who = known([(4, 0, 0, 0), (5, 2, 0, 0)], seen(0, UNLIMITED))
    assert sorted(who.span.tolist()) == [0, int(draw(np.uint64(0), 0))]
    assert not known([(4, 0, 0, 0)], seen(0, 0)).span.any()
    key, bins = np.array([7, 7], np.uint64), np.array([1, 2])
    got, plain = crowd.cell_keys(who, np.arange(2), key, bins), draw(key, bins)
    assert (got == plain).tolist() == (who.span == 0).tolist()


def test_a_site_halfway_is_of_the_town_its_road_comes_from():
    halfway = Sites.of(camera=[0], road=[0], offset=[500], heading=[0])
    two = replace(JUNCTIONS, town=np.arange(len(JUNCTIONS), dtype=np.int16))
    assert places.site_spots(halfway, roads(), two).town.tolist() == [0]


def test_the_first_place_is_a_place_of_work_too():
    vehicles, *_ = World(vehicles=2, town=(0, 0), kind=(0, 0)).tables()
    people = People.of(home=[0, 0], work=[0, 1], household=[0, 1], vehicle=[0, 1], kind=[0, 0], key=[0, 1])
    assert places.works(vehicles, people, homes.PLACES, homes.JUNCTIONS).x.tolist() == [0, 100]


def test_a_home_shown_by_a_read_at_the_moment_takes_no_day():
    world = replace(homes.WORLD, reads=((DAY, 0, 0, 0),))
    got = homes.found(world, limits(DAY), [DAY])
    assert got["home_found", "days_until_found", "Ash", 0] == (0, 1)


def test_medians_are_the_lower_middle():
    """By day: of two, of three, and of one on the last day."""
    days = np.array([[0, 1, 0, 1, 0], [0, 1, 0, 1, 1], [0, 0, 0, 0, 1]])[:, :, None]
    assert places.median_days(days)[:, 0].tolist() == [1, 3, 4]
    asked = np.array([[3], [4], [2]])
    assert places._days_until_half(days, asked)[:, 0].tolist() == [3, 3, 4]
    assert places._days_until_half(days[2:], np.array([[1]])).tolist() == [[4]]
    errors = np.zeros((1, places.BINS + 1, 1), np.int64)
    errors[0, :3] = 1
    assert places._median(errors).tolist() == [[37.5]]


def test_rows_of_nobody_stay_so_and_are_left_out():
    assert paths._renumbered(np.array([1, -1], np.int32), np.array([5, 6])).tolist() == [6, -1]
    parts = np.array([[1], [2], [4]])
    for rows, named, sums in (
        ((-1, 0, 1), [0, 1], [2, 4]), ((0, 0, 1), [0, 1], [3, 4]), ((0, 1, 2), [0, 1, 2], [1, 2, 4]), ((1, 0, 1), [0, 1], [2, 5]),
    ):  # fmt: skip
        row, found = paths._summed(np.array(rows), parts)
        assert (row.tolist(), found[:, 0].tolist()) == (named, sums)


@pytest.mark.parametrize(("now", "first", "begin"), [(20, [0, 2, 3], [0, 1, 2, 3]), (19, [0, 1, 2], [0, 1, 3])])
def test_claims_are_cut_where_another_pair_begins(now, first, begin):
    """Of three roads claimed one is driven, at second 20: it counts for pair 0 from then on, and for pair 1 until then."""
    one, road = np.ones(3, np.int32), np.array([0, 1, 1], np.int32)
    its = driven_roads.Pairs(*(np.zeros(2, np.int32),) * 8, np.array([20], np.int32), *(np.zeros(1, np.int32),) * 2)
    made = paths._Claims(np.array([0, 3]), np.array([-1, -1, 0], np.int32), one, one, one, 0 * road, road)
    got = made.by_pair(np.zeros(1, np.int64), its, now)
    assert got[1].tolist() == first
    assert got[3].tolist() == begin


def test_a_trip_rebuilt_of_one_is_all_and_two_targets_have_an_error():
    seen = [(105 + 10 * n, road) for n, road in enumerate(drives.EAST)]
    sums = drives.line([drives.TRIP], seen)
    assert sums.shares[0, :, 2, 0].tolist() == [ladder.ONE_SHARE] * 2
    part, whole = np.array([[0.5], [0.5]]), np.array([[1], [0]])
    share, error = paths._estimate(part, whole, 1000)[:, 0]
    assert (share, error) == (1, pytest.approx(0.998**0.5))
