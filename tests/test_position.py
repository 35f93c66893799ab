"""How far estimates of a car's place lie from it: zones, routines, the tracker's beliefs and the scores, by hand."""

from typing import NamedTuple

import numpy as np
import pytest

from alprsim.measures import position, question, routines, zones
from alprsim.measures.position import Truths
from alprsim.tables import DAY, Junctions, Paths, PlaceKind, Places, Roads, Sites
from tests.worlds import World

HOUR = 3600
LINE = 8
"""Junctions on a line, 1 km and 100 s apart; the last is a gateway."""

JUNCTIONS = Junctions.of(osm_id=range(LINE), x=np.arange(LINE) * 1000.0, y=np.zeros(LINE), town=np.zeros(LINE))
PLACES = Places.of(
    junction=[0, 1, 3, 7], kind=[PlaceKind.HOME, PlaceKind.HOME, PlaceKind.WORK, PlaceKind.BEYOND], weight=[9, 1, 4, 100],
    town=[0] * 4,
)  # fmt: skip


def roads():
    """Return the line's roads, both ways; row 2 j leads from junction j to the next but for the order by tail."""
    ends = sorted([(j, j + 1) for j in range(LINE - 1)] + [(j + 1, j) for j in range(LINE - 1)])
    tail, head = np.array(ends).T
    zero = np.zeros(len(ends))
    return Roads.of(
        tail=tail, head=head, length=zero + 1000, crossing=zero + 100_000, lanes=zero, headway=zero, room=zero, wave=zero,
        kind=zero,
    )  # fmt: skip


def site_on(tail, head):
    network = roads()
    road = np.flatnonzero((network.tail == tail) & (network.head == head))
    return Sites.of(camera=[0], road=road, offset=[500], heading=[0])


def test_junctions_are_cut_in_halves_and_a_gateway_stands_alone():
    cut = zones.cut(JUNCTIONS, PLACES, 4)
    assert (cut.streets, cut.many) == (4, 5)
    assert cut.of_junction.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert cut.of_place.tolist() == [0, 0, 1, 4]
    assert cut.junction.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 7]
    assert cut.zone.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert cut.share.tolist() == pytest.approx([10 / 12, 2 / 12, 1 / 6, 5 / 6, 0.5, 0.5, 0.5, 0.5, 1])


@pytest.mark.parametrize(("count", "parts"), [(1, 1), (3, 3), (8, 8), (50, 8)])
def test_there_are_as_many_zones_as_asked_for_or_as_there_are_places(count, parts):
    cut = zones.cut(JUNCTIONS, PLACES, count)
    assert cut.streets == parts
    assert sorted(set(cut.of_junction.tolist())) == list(range(parts))


def test_equal_points_are_never_parted():
    x, y = [0, 0, 0, 5], [1, 1, 1, 1]
    same = Junctions.of(osm_id=range(4), x=x, y=y, town=[0] * 4)
    assert zones.cut(same, PLACES.take([0]), 4).of_junction.tolist() == [0, 0, 0, 1]
    upright = Junctions.of(osm_id=range(4), x=y, y=x, town=[0] * 4)
    assert zones.cut(upright, PLACES.take([0]), 2).of_junction.tolist() == [0, 0, 0, 1]
    nowhere = Junctions.of(osm_id=range(3), x=[1] * 3, y=[2] * 3, town=[0] * 3)
    assert zones.cut(nowhere, PLACES.take([0]), 2).streets == 1


def test_times_between_zones_and_the_share_of_ways_past_a_site():
    cut = zones.cut(JUNCTIONS, PLACES, 8)
    found = zones.travel(cut, roads(), site_on(2, 3), np.array([True]))
    assert found.between[0].tolist() == pytest.approx([0, 100, 200, 300, 400, 500, 600, 700, 700])
    assert found.to_site[:, 0].tolist() == pytest.approx([300, 200, 100, 200, 300, 400, 500, 600, 600])
    assert found.from_site[:, 0].tolist() == pytest.approx([300, 200, 100, 0, 100, 200, 300, 400, 400])
    assert found.past[0, 0, 3:] == pytest.approx(np.ones(6))  # the only way
    assert (found.past[0, 3:, :] < 0.05 * np.exp(-200 / 300) + 0.01).all()  # the other way round: out of it and back
    off = zones.travel(cut, roads(), site_on(2, 3), np.array([False]))
    assert not off.past.any()


def test_of_two_roads_between_junctions_the_quicker_counts():
    twice = Roads.of(
        tail=[0, 0, 1], head=[1, 1, 0], length=[9] * 3, crossing=[70_000, 50_000, 20_000], lanes=[1] * 3, headway=[1] * 3,
        room=[1] * 3, wave=[1] * 3, kind=[0] * 3,
    )  # fmt: skip
    two = JUNCTIONS.take([0, 1])
    nobody = Sites.of(camera=[], road=[], offset=[], heading=[])
    found = zones.travel(zones.cut(two, PLACES.take([0]), 2), twice, nobody, np.zeros(0, np.bool_))
    assert found.between == pytest.approx(np.array([[0, 50], [20, 0]]))


# --- what people usually do -------------------------------------------------------------------------------------------------


def test_hours_are_told_apart_by_kind_of_day():
    time = np.array([0, HOUR - 1, 23 * HOUR, DAY, 4 * DAY, 5 * DAY, 6 * DAY, 7 * DAY])
    assert routines.class_of(time, 0).tolist() == [0, 0, 23, 0, 0, 24, 48, 0]
    assert routines.class_of(time[:1], 5).tolist() == [24]


def diary():
    """Return two cars' Monday: one works in zone 1 from 8:00 to 16:00 and shops there; the other stays at home."""
    leave = np.array([3 * HOUR, 12 * HOUR, 14 * HOUR])  # since 04:00
    arrive = leave + 600
    return routines.Diary(
        np.array([0, 0, 0], np.int32), leave.astype(np.int32), arrive.astype(np.int32), np.array([1, 2, 0], np.int32),
        np.array([False, False, True]),
    )  # fmt: skip


def learned(monkeypatch, smooth=1e-9):
    monkeypatch.setattr(routines, "SMOOTH", smooth)
    return routines.learn(diary(), np.array([0, 0], np.int32), 3, days=1, step=900, first_weekday=0)


def test_routines_are_counted_from_a_diary(monkeypatch):
    got = learned(monkeypatch)
    assert got.home.tolist() == [1, 0, 0]
    leave_home, leave_short, leave_long, long_from_home, long_from_away, back = got.hours.T
    # The car leaves home on the stroke of 7:00, so in the step before: of 8 starts of steps at home from 6 to 7, one.
    assert leave_home[2] == pytest.approx(1 / 8)
    assert leave_home[[0, 1, 3, 14, 20]] == pytest.approx(1e-6, abs=1e-6)
    assert leave_long[11] == pytest.approx(1 / 4)
    assert leave_short[13] == pytest.approx(1 / 4)
    assert (long_from_home[2], long_from_away[11], back[11], back[13]) == pytest.approx(
        (0.98, 1e-6, 1e-6, 0.98), abs=1e-5
    )
    # by the hour: at home, short, long
    assert got.begin[1] == pytest.approx([1, 0, 0], abs=1e-5)
    assert got.begin[5] == pytest.approx([0.5, 0, 0.5], abs=1e-5)
    assert got.begin[12] == pytest.approx([4 / 7, 3 / 7, 0], abs=1e-5)  # at 16:00 on the road, which is no state
    assert got.to[0, 3 + 1] == pytest.approx(1)
    assert got.to[0, 2] == pytest.approx(1)
    assert got.to.sum(axis=1) == pytest.approx([2, 2, 2])


def test_who_lives_where_nobody_was_seen_goes_where_everybody_goes(monkeypatch):
    got = learned(monkeypatch, smooth=20.0)
    assert got.to[1, 3:] == pytest.approx(np.array([1 / 3, 4 / 3, 1 / 3]) / 2)
    assert 0 < got.hours[20, 0] < got.hours[2, 0]


def test_those_who_return_to_the_same_places_are_loyal():
    who = np.repeat(np.arange(50), 20)
    same, mixed = np.tile([1], 1000), np.tile([0, 1], 500)
    share = np.full(1000, 0.5)
    assert routines._loyalty(who, same, share) == routines.LOYALTIES[0]
    assert routines._loyalty(who, mixed, share) == routines.LOYALTIES[-1]
    assert routines._loyalty(who[:0], same[:0], share[:0]) == routines.LOYALTIES[-1]
    assert routines._ordinal(np.array([5, 3, 5, 5, 3])).tolist() == [0, 0, 1, 2, 1]


# --- scores -----------------------------------------------------------------------------------------------------------------

CUT = zones.cut(JUNCTIONS, PLACES, 8)


def truths(*zone):
    """Return where a car was at some steps, random ones, parked in each zone's middle."""
    place = np.array(zone)
    kinds = np.tile([True, True, False], (len(place), 1))
    return Truths(np.arange(len(place), dtype=np.int32), kinds, place.astype(np.int32), place * 1000.0, place * 0.0)


def scored(belief, truth, within):
    return position.score(CUT, np.stack([belief, 0.0 * belief]), truth, position.from_truth(CUT, truth, within), within)


def test_a_posterior_is_scored_by_what_it_holds_likely():
    belief = np.array([[0.4, 0.4, 0.2, 0, 0, 0, 0, 0, 0]] * 3)
    got = scored(belief, truths(1, 2, 5), 500.0)
    assert got[:, position.ERROR] == pytest.approx([600, 1200, 4200])
    assert got[:, position.POINT] == pytest.approx([0, 1000, 4000])  # zone 1 is nearest to all that is likely
    assert got[:, position.LIKELY_NEAR] == pytest.approx([0.4, 0.2, 0])
    assert got[:, position.LIKELY_ZONE] == pytest.approx([0.4, 0.2, 0])
    assert got[:, position.WITHIN].tolist() == got[:, position.ZONE].tolist() == [1, 0, 0]  # the guess is zone 1
    assert got[:, position.COVERED] == pytest.approx([1, 0.5, 0])  # of the last zone half is needed
    assert got[:, position.SIZE] == pytest.approx([2.5] * 3)
    wider = scored(belief, truths(1, 2, 5), 1000.0)
    assert wider[:, position.LIKELY_NEAR] == pytest.approx([1, 0.6, 0])
    assert wider[:, position.WITHIN].tolist() == [1, 1, 0]
    assert wider[:, position.ZONE].tolist() == [1, 0, 0]


def test_the_nearest_read_in_time_is_a_point():
    spots = np.array([0.0, 5000.0]), np.zeros(2), np.array([0, 5])
    time, moment = np.array([100, 300], np.int32), np.array([199, 200, 201, 900])
    got = position.nearest(truths(0, 0, 5, 4), moment, time, spots, np.full((4, 8), 9.0), 1000.0)
    assert got[:, position.POINT].tolist() == [0, 0, 0, 1000]
    assert got[:, position.ERROR].tolist() == [0, 0, 0, 1000]
    assert got[:, position.WITHIN].tolist() == [1, 1, 1, 1]
    assert got[:, position.ZONE].tolist() == [1, 1, 1, 0]
    assert got[:, position.LIKELY_NEAR].tolist() == [1, 1, 1, 1]
    assert got[:, position.LIKELY_ZONE].tolist() == [1, 1, 1, 0]
    nothing = position.nearest(truths(0), moment[:1], np.empty(0, np.int32), spots, np.full((1, 8), 9.0), 1000.0)
    assert (nothing == 9).all()


def test_moments_are_drawn_at_random_and_under_way():
    under_way = np.zeros(101, np.bool_)
    under_way[[0, 7, 50]] = True
    step, kinds = position.instants(5, under_way, moment=0, count=24, seed=1)
    assert len(step) == 24 + 2
    assert (np.diff(step) >= 0).all()
    assert step.min() >= 1
    assert step[kinds[:, position.MOVING]].tolist() == [7, 50]
    assert kinds[:, position.EVER].sum() == 24
    assert (kinds[:, position.PARKED] == (kinds[:, position.EVER] & ~under_way[step])).all()
    many = position.instants(5, np.ones(101, np.bool_), moment=0, count=24, seed=1)[1]
    assert many[:, position.MOVING].sum() == 8
    assert many[:, position.PARKED].sum() == 0
    assert position.instants(5, under_way, moment=1, count=24, seed=1)[0].tolist() != step.tolist()
    last = position.instants(5, np.zeros(3, np.bool_), moment=0, count=50, seed=1)[0]
    assert sorted(set(last.tolist())) == [1, 2]


def test_targets_are_drawn_by_their_keys():
    vehicles, people, places, towns = World().tables()
    known = question.residents(vehicles, people, places, towns)
    assert position.choose(vehicles, known, 9, seed=1).tolist() == [0, 1, 2]
    some = {tuple(position.choose(vehicles, known, 1, seed=seed).tolist()) for seed in range(20)}
    assert some == {(0,), (1,), (2,)}


def test_along_a_route_by_free_flow_time():
    network = roads()
    out = np.flatnonzero(network.head > network.tail).astype(np.int32)
    paths = Paths(np.array([0, 0, 3]), out[:3])
    start, route = np.array([4, 0, 0, 0], np.int32), np.array([0, 1, 1, 1], np.int32)
    x, y = position.along(paths, route, np.array([0.5, 0.0, 0.5, 1.0]), start, network, JUNCTIONS)
    assert x.tolist() == pytest.approx([4000, 0, 1500, 3000])
    assert y.tolist() == [0, 0, 0, 0]


class Case(NamedTuple):
    policy: str = "baseline"
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"


def test_scores_are_added_up_and_told_by_town_and_kind(monkeypatch):
    monkeypatch.setattr(position, "FEWEST", 1)  # as many targets as a town has here
    people = question.residents(*World().tables())
    sums = position.empty(2)
    scores = np.zeros((3, 2, position.SCORES))
    scores[:, :, position.POINT] = np.array([[100, 300], [400, 400], [800, 800]])
    scores[:, :, position.SIZE], scores[:, :, position.COVERED] = np.array([[2, 2], [0, 0], [8, 8]]), 0.5
    position.add(sums, 0, np.array([0, 5]), [(truths(1, 2), scores)])
    position.add(sums, 1, np.array([5]), [(truths(1, 2), 2 * scores)])
    place = np.array([0, 5], np.int32)
    groups = position.of_groups(sums, np.array([0, 1], np.int16), 2)
    table = position.rows([groups], place, [Case(), Case(retention=1)], people, moments=1, seed=1)
    keys = zip(table.measure, table.statistic, table.town, table.retention.tolist(), strict=True)
    got = {key: (value, int(n)) for key, value, n in zip(keys, table.value, table.n, strict=True)}
    assert got["position_error", "tracker", "Ash", 0] == (200, 2)
    assert got["position_error", "tracker_parked", "all", 1] == (300, 4)
    assert got["position_error", "of_nearest", "all", 0] == (0.5, 2)
    assert got["position_error", "of_prior", "all", 1] == (0.25, 4)
    assert np.isnan(got["position_error", "tracker", "Elm", 0][0])
    assert got["position_error", "tracker_moving", "all", 0][1] == 0
    assert got["position_error", "tracker_error", "all", 1] == (pytest.approx(100 / np.sqrt(2), rel=1e-3), 2)
    twice = position.rows([groups], place, [Case(), Case()], people, moments=2, seed=1)
    mine = (twice.measure == "position_error") & (twice.statistic == "tracker_error")
    error = twice.value[mine & (twice.town == "all")]
    assert error == pytest.approx([0, 100], rel=1e-3)  # the same cars at two moments are one car's worth
    assert got["position_region", "zones", "Ash", 0] == (2, 2)
    assert got["position_region", "prior_zones", "Ash", 0] == (8, 2)
    assert got["position_region", "of_prior", "Ash", 0] == (0.25, 2)
    assert got["position_region", "coverage", "Ash", 0] == (0.5, 2)
    assert got["position_region", "prior_coverage", "Ash", 0] == (0.5, 2)
    assert {name for name, *_ in got} == {name for name, *_ in position.MEASURES} | {"position_region"}


def test_best_guesses_are_set_beside_each_other_with_the_error_of_the_draw():
    """Three cars, two moments each: the tracker is right at 2, 1 and 0 of them, the nearest read at 1, 1 and 1."""
    people, sums = question.residents(*World().tables()), position.empty(3)
    right = np.array([[2, 1, 0], [1, 1, 1], [0, 0, 0]])
    for _ in range(2):  # the same moment entered twice leaves the errors as they are
        for row in range(3):
            scores = np.zeros((3, 2, position.SCORES))
            scores[:, :, position.WITHIN] = np.arange(2) < right[:, row : row + 1]
            position.add(sums, row, np.array([7]), [(truths(1, 2), scores)])
        group = np.array([0, 0, 1], np.int16)
        table = position.rows(
            [position.of_groups(sums, group, 2)], np.array([7], np.int32), [Case()], people, moments=1, seed=1
        )
        mine = table.take((table.measure == "position_within") & (table.town == "all"))
        got = dict(zip(mine.statistic, mine.value, strict=True))
        assert [got[name] for name in position.SCORED] == [0.5, 0.5, 0, 0]
        errors = [got[f"{name}_error"] for name in position.SCORED]
        assert errors == pytest.approx([np.sqrt(2) / 6, 0, 0, np.sqrt(2) / 6])
        assert [got[f"{name}_parked_error"] for name in position.SCORED] == errors
        assert np.isnan(got["tracker_minus_nearest_moving_error"])


@pytest.mark.parametrize(("targets", "is_told"), [(29, False), (30, True)])
def test_a_town_with_fewer_than_thirty_targets_is_not_told(targets, is_told):
    people, moments = question.residents(*World().tables()), 2
    sums, town = position.empty(targets + 1), np.array([0] * targets + [1], np.int16)
    for row in range(targets + 1):
        for _ in range(moments):
            position.add(sums, row, np.array([0]), [(truths(1, 2), np.full((3, 2, position.SCORES), 100.0))])
    by_town = position.of_groups(sums, town, 2)
    assert [part.shape[0] for part in by_town] == [2] * 5
    assert by_town.asked[:, 0, 0].tolist() == [2 * moments * targets, 2 * moments]
    table = position.rows([by_town], np.zeros(1, np.int32), [Case()], people, moments=moments, seed=1)
    said = (table.measure == "position_error") & (table.statistic == "tracker")
    for name, known, n in (("Ash", is_told, targets), ("Elm", False, 1), ("all", True, targets + 1)):
        mine = table.take(said & (table.town == name))
        assert mine.n.tolist() == [2 * moments * n if known else 0]
        assert np.isnan(mine.value[0]) == (not known)
