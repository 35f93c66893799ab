"""The corridor that is chosen or named, and who drove it."""

import numpy as np
import pytest
from hypothesis import given, settings

from alprsim.report import corridor, traffic_states
from alprsim.tables import Passages, Roads
from tests.test_traffic import JIT, worlds
from tests.test_traffic_states import lasting


def street(lengths=(400.0, 300.0, 500.0, 200.0, 600.0)):
    """Return a straight street of five roads, junctions 0 to 5, and a side road (row 2) from junction 1 to 6."""
    tail, head = [0, 1, 1, 2, 3, 4], [1, 2, 6, 3, 4, 5]
    length = [lengths[0], lengths[1], 250.0, *lengths[2:]]
    same = np.ones(6)
    return Roads.of(
        tail=tail, head=head, length=length, crossing=np.array(length) * 100, lanes=same, headway=same, room=same,
        wave=same, kind=same,
    )  # fmt: skip


MAIN = [0, 1, 3, 4, 5]


def driven(paths):
    """Return passages of trips that cross a road a minute, and when each left."""
    rows = sorted(
        (60_000 * step + 1_000 * trip, road, trip) for trip, path in enumerate(paths) for step, road in enumerate(path)
    )
    time, road, trip = zip(*rows, strict=True)
    return Passages.of(time=time, road=road, trip=trip), np.array(time, np.int64) + 60_000


def delayed(road):
    return np.where(np.arange(6) == road, corridor.QUEUE, 1.5)


def test_it_grows_from_the_worst_road_both_ways():
    passed, _ = driven([MAIN] * 6)
    found = corridor.choose(street(), passed, delayed(3))
    assert found.road.tolist() == MAIN
    assert found.start.tolist() == [0, 400, 700, 1_200, 1_400, 2_000]
    assert found.rule == corridor.RULE


def test_it_follows_most_and_ends_where_fewer_than_a_third_drive_all_of_it():
    """Of nine on road 3, three came by roads 0 and 1, six departed on it; two of the three go on to road 5, one ends."""
    passed, _ = driven([[0, 1, 3, 4, 5]] * 2 + [[0, 1, 3]] + [[3, 4]] * 6)
    assert corridor.choose(street(), passed, delayed(3)).road.tolist() == [3, 4]
    passed, _ = driven([[0, 2]] * 3 + [[0, 1]])
    assert corridor.choose(street(), passed, delayed(0)).road.tolist() == [0, 2]


def test_it_is_ten_kilometres_at_the_most():
    passed, _ = driven([MAIN] * 3)
    found = corridor.choose(street((6_000.0,) * 5), passed, delayed(0))
    assert found.road.tolist() == [0, 1]


def test_where_little_is_lost_it_starts_from_the_busiest_road():
    passed, _ = driven([[0, 1], [2], [2]])
    found = corridor.choose(street(), passed, delayed(0) * 0.99)
    assert (found.road.tolist(), found.rule) == ([2], corridor.RULE_FREE)


def test_without_traffic_there_is_none():
    with pytest.raises(corridor.CorridorError, match="nobody drives on that day"):
        corridor.choose(street(), Passages.empty(), np.zeros(6))


def test_it_can_be_named_by_roads_or_by_junctions():
    for text in ("roads:1,3,4", "junctions:1,2,3,4"):
        found = corridor.named(street(), text)
        assert (found.road.tolist(), found.rule) == ([1, 3, 4], "as asked for")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I-95", r'must be "roads:" or "junctions:" and their rows, such as roads:12,40,41, not \'I-95\''),
        ("roads:1,x", "must be"),
        ("roads:", "must be"),
        ("roads:5,6", "must be rows of Roads, 0 to 5, not 5 to 6"),
        ("roads:-1", "0 to 5, not -1 to -1"),
        ("roads:0,3", "road 3 starts at junction 2, not where road 0 ends, at 1"),
        ("junctions:4", "at least two"),
        ("junctions:0,2", "no road leads from junction 0 to junction 2"),
    ],
)
def test_what_is_no_corridor_is_named(text, said):
    with pytest.raises(corridor.CorridorError, match=said):
        corridor.named(street(), text)


def test_throughs_are_those_who_drive_all_of_it():
    """Not who joins, leaves early, or leaves and comes back."""
    passed, leave = driven([[1, 3, 4], [3, 4], [1, 3], [1, 2, 4], [0, 1, 3, 4, 5]])
    named = corridor.named(street(), "roads:1,3,4")
    seen = corridor.crossings(named, passed, leave, 6)
    assert sorted(zip(seen.trip.tolist(), seen.place.tolist(), strict=True)) == [
        (0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0), (3, 2), (4, 0), (4, 1), (4, 2),
    ]  # fmt: skip
    whole = corridor.throughs(named, seen)
    assert whole.entered.tolist() == [0, 64_000]
    assert whole.left.tolist() == [180_000, 244_000]


@settings(deadline=None, derandomize=True, max_examples=40 if JIT else 5)
@given(worlds.map(lasting))
def test_the_chosen_corridor_hangs_together_and_its_throughs_are_found(world):
    links, day = world.roads(), world.drive()
    if not len(day.passages):
        return
    leave = traffic_states.exits(day.passages, day.journeys)
    found = corridor.choose(links, day.passages, traffic_states.delays(links, day.flows).sum(axis=1))
    assert (links.head[found.road[:-1]] == links.tail[found.road[1:]]).all()
    whole = corridor.throughs(found, corridor.crossings(found, day.passages, leave, len(links)))
    n, chain = len(found.road), found.road.tolist()
    naive = sum(path[at : at + n] == chain for _, _, path in world.trips for at in range(len(path)))
    if len(set(chain)) == n:
        assert len(whole.entered) == naive
    assert (whole.left - whole.entered >= links.crossing[found.road].sum(dtype=np.int64)).all()
    assert (np.diff(whole.entered) >= 0).all()
