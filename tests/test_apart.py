"""Groups of cars apart: by what lists say of them, by where they live, by town; and small ones not told."""

import dataclasses
from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from alprsim.inquiry import _apart, _drawn, _paths
from alprsim.inquiry._asked import Lenses
from alprsim.inquiry._drawn import FEWEST, Groups, by_group
from alprsim.measures import apart, equity, question, uniqueness
from alprsim.measures.equity import Grouping
from alprsim.measures.question import Answer
from alprsim.randomness import draw
from alprsim.tables import Stratum


class Case(NamedTuple):
    policy: str
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"


CASES = [Case("one"), Case("two")]
NO_CASES = Lenses([], [], np.zeros(0, np.int32))
ALL = [("vehicles", "all")]
HOMES = Grouping("homes by rank", ("near", "middle", "far"), np.repeat([0, 1, 2], [40, 29, 30]).astype(np.int16))
"""The middle has a car too few."""


def family(*answers, who="vehicles"):
    """Return what a family says of the homes' groups in the place of towns, and of all together."""
    said = [
        Answer(measure, name, "share", np.array(value, float), np.array(n, np.int64))
        for measure, name, value, n in answers
    ]
    return question.tidy(said, CASES, [*HOMES.groups, "all"], seed=1, who=who)


VALUES = ((0.2, 0.4), (0.9, 0.9), (0.1, 0.0), (0.3, 0.3))
N = ((40, 40), (29, 29), (30, 30), (99, 99))


def by_rank(drivers=3):
    """Return the cars by the homes' groups in the place of towns, so many drivers a car."""
    car = np.repeat(np.arange(99, dtype=np.int32), drivers)
    zeros = np.zeros(99, np.int8)
    return question.Residents(HOMES.group, HOMES.groups, zeros, np.arange(len(car), dtype=np.int32), car)


PEOPLE = by_rank()


def test_groups_are_told_as_those_whose_lives_they_are_and_small_ones_not():
    table = family(("nights_away", "recall", VALUES, N), ("nights_away", "claimed", VALUES, N))
    got = apart.told(table, PEOPLE)
    assert got.who.tolist() == ["near", "near", "middle", "middle", "far", "far"]
    assert set(got.town) == {"all"}
    assert set(got.statistic) == {"recall"}
    assert got.policy.tolist() == ["one", "two"] * 3
    assert got.n.tolist() == [40, 40, 0, 0, 30, 30]
    assert got.value.tolist() == pytest.approx([0.2, 0.4, np.nan, np.nan, 0.1, 0.0], nan_ok=True)


def test_people_are_told_by_the_car_that_they_mainly_drive_and_thirty_of_them_are_enough():
    table = family(("nights_away", "recall", VALUES, N), who="people")
    got = apart.told(table, PEOPLE)
    assert got.who.tolist() == [f"people, {name}" for name in HOMES.groups for _ in CASES]
    assert got.n.tolist() == [40, 40, 29, 29, 30, 30]  # 87 drive the 29 cars of the middle
    few = apart.told(
        table, by_rank()._replace(drivers=np.arange(31, dtype=np.int32), car=np.arange(31, dtype=np.int32))
    )
    assert few.n.tolist() == [40, 40, 0, 0, 0, 0]  # the others have no driver


def test_of_fewer_than_thirty_who_have_what_is_asked_about_nothing_is_told():
    """Of the forty cars near by 29 have a place of work, which is asked of them at two moments."""

    def lives(measure, people):
        cars, drivers = apart.everybody(measure, people)
        cars[:11] = measure != "work_found"
        return cars, drivers

    table = family(
        ("home_found", "within_100m", VALUES, ((80, 80),) * 4), ("work_found", "within_100m", VALUES, ((58, 58),) * 4)
    )
    got = apart.told(table, PEOPLE, lives)
    assert got.n.tolist() == [80, 80, 0, 0, 80, 80, 0, 0, 0, 0, 58, 58]
    drawn = apart.of_drawn(np.arange(10, 69, dtype=np.int32))
    assert apart.sizes(PEOPLE, drawn("", PEOPLE))["vehicles"].tolist() == [30, 29, 0]
    assert apart.sizes(PEOPLE, drawn("", PEOPLE))["people"].tolist() == [90, 87, 0]
    assert apart.told(table, PEOPLE, drawn).n.tolist() == [80, 80, 0, 0, 0, 0, 58, 58, 0, 0, 0, 0]


def test_every_distance_of_a_home_is_told():
    within = ("home_found", "within_100m", VALUES, N), ("work_found", "within_2km_so_far", VALUES, N)
    assert len(apart.told(family(*within), PEOPLE)) == 12
    assert len(apart.told(family(*within, who="people"), PEOPLE)) == 12
    bound = ("home_found", "within_100m_any_car", VALUES, N), ("work_found", "within_2km_of_guessed_so_far", VALUES, N)
    assert len(apart.told(family(*bound), PEOPLE)) == 12
    assert len(apart.told(family(*bound, who="people"), PEOPLE)) == 0
    assert len(apart.told(family(("home_found", "median_error", VALUES, N)), PEOPLE)) == 0


def test_of_a_group_of_too_few_nothing_is_told_however_often_it_was_asked_about():
    rows = family(("trips_detected", "share_of_horizon", VALUES, N))
    assert apart.enough(rows, 40) is apart.enough(rows, 30) is rows
    few = apart.enough(rows, 29)
    assert np.isnan(few.value).all()
    assert not few.n.any()
    assert few.statistic.tolist() == rows.statistic.tolist()


def compared(table, distance=100.0, people=PEOPLE):
    return apart.compared(table, HOMES.name, people, distance)


def test_the_most_exposed_group_is_set_beside_the_least():
    table = family(("sensitive_visits", "recall", VALUES, N), ("home_found", "within_100m_so_far", VALUES, N))
    got = compared(table)
    assert got.statistic.tolist() == ["most_to_least_sensitive_visits"] * 2 + ["most_to_least_home_found_so_far"] * 2
    assert got.value.tolist() == pytest.approx([2, np.inf] * 2)  # the middle one, of too few, is left out
    assert got.n.tolist() == [2] * 4
    assert set(got.who) == {"homes by rank"}
    assert set(got.town) == {"all"}
    assert set(got.measure) == {"equity"}
    assert set(got.unit) == {"times"}
    assert len(compared(table, 50.0)) == 2  # homes are compared by the least distance alone
    people = compared(
        family(("sensitive_visits", "recall", VALUES, ((40, 40), (30, 30), (30, 30), (99, 99))), who="people")
    )
    assert people.value.tolist() == pytest.approx([9, np.inf])  # 87 people are enough
    assert set(people.who) == {"people, homes by rank"}


def test_what_is_of_fewer_than_thirty_visits_is_not_compared():
    few = family(("sensitive_visits", "recall", VALUES, ((40, 29), (29, 29), (30, 30), (99, 99))))
    got = compared(few)
    assert got.value.tolist() == pytest.approx([2, np.nan], nan_ok=True)
    assert got.n.tolist() == [2, 0]


def test_what_is_not_measured_of_a_group_is_not_compared():
    unknown = family(("longest_gap", "median_of_horizon", VALUES, ((0, 40), (29, 29), (30, 30), (99, 99))))
    got = compared(unknown)
    assert np.isnan(got.value[0])
    assert got.n.tolist() == [0, 2]


def test_a_group_is_compared_from_thirty_on_of_what_its_figure_is_of():
    few = ((30, 29), (29, 29), (30, 30), (99, 99))
    got = compared(family(("longest_gap", "median_of_horizon", VALUES, few)))
    assert got.value.tolist() == pytest.approx([2, np.nan], nan_ok=True)
    assert got.n.tolist() == [2, 0]


def test_nothing_is_compared_with_what_is_without_end():
    figures = np.array([[np.inf, 3.0, np.inf, 0.0], [1.0, 2.0, np.inf, 0.0]])
    assert equity.apart(figures)[0].tolist() == pytest.approx([np.nan, 1.5, np.nan, np.nan], nan_ok=True)


def residents(town, towns):
    return question.Residents(
        np.array(town, np.int16), towns, np.zeros(len(town), np.int8), *(np.zeros(0, np.int32),) * 2
    )


def test_strata_are_of_residents_and_stand_in_the_place_of_towns():
    people = residents([0, -1, 1, 0], ("Ash", "Elm"))
    said = np.array([Stratum.CUSTOM, Stratum.STALE, Stratum.UNLISTED, Stratum.LISTED], np.int8)
    unlisted, listed = apart.strata(people, said)
    assert unlisted.group.tolist() == [1, -1, 0, 1]
    assert listed.group.tolist() == [2, -1, 3, 0]
    assert listed.sizes.tolist() == [1, 0, 1, 1]
    instead = apart.by(people, listed)
    assert question.home_towns(instead, np.arange(6, dtype=np.int32)).tolist() == [2, -1, 3, 0, -1, -1]
    assert (*unlisted.groups[:1], *instead.towns[:3]) == question.STRATA
    table = family(("nights_away", "recall", VALUES, N))
    renamed = replace(table, town=np.where(table.town == "far", apart.REST, "unlisted"))
    assert set(apart.told(renamed, apart.by(people, unlisted)).who) == {"unlisted"}


def test_listed_drivers_come_with_their_households():
    """Cars 0 and 3 share a household with listed 0; 1 is listed alone; 2 and 4 belong to nobody who is."""
    car = np.array([0, 1, 2, 3, 3, 4], np.int32)
    people = residents([0, 0, 0, 0, 0, -1], ("Ash",))._replace(drivers=np.arange(6, dtype=np.int32), car=car)
    said = np.array([Stratum.CUSTOM, Stratum.LISTED, Stratum.UNLISTED, Stratum.UNLISTED, Stratum.UNLISTED, 0], np.int8)
    _, listed = apart.strata(people, said)
    found = apart.together(people, listed, np.array([7, 8, 9, 7, 9, 7], np.int32))
    assert found.town.tolist() == [2, 0, -1, 3, -1, -1]
    assert found.towns == listed.groups
    assert found.drivers.tolist() == [0, 1, 3, 4]
    assert found.car.tolist() == [0, 1, 3, 3]


def asked_of(people):
    return Asked(people, SimpleNamespace(lists=None), SimpleNamespace())


def test_towns_are_told_apart_where_enough_were_drawn_there():
    people = residents([0] * FEWEST + [1] * (FEWEST - 1) + [2] * FEWEST + [-1], ("Ash", "Elm", "Oak"))
    drawn = np.arange(1, 3 * FEWEST - 1, dtype=np.int32)  # all but the first and the last
    assert Groups.of(asked_of(people), drawn).names == [*ALL, ("vehicles", "Oak")]
    every = Groups.of(asked_of(people), np.append(np.int32(0), drawn))
    assert every.names == [*ALL, ("vehicles", "Ash"), ("vehicles", "Oak")]
    assert every.listed == [False, False, False]
    assert every.sizes == [3 * FEWEST - 1, FEWEST, FEWEST]
    assert Groups.of(asked_of(people._replace(towns=("Ash",))), drawn).names == ALL


def test_who_was_drawn_beside_is_of_no_town():
    people = residents([0] * (FEWEST + 1) + [1] * FEWEST, ("Ash", "Elm"))
    targets = np.arange(2 * FEWEST + 1, dtype=np.int32)
    found = Groups.of(asked_of(people), targets, targets != FEWEST + 1)
    assert (found.names, found.sizes) == ([*ALL, ("vehicles", "Ash")], [2 * FEWEST, FEWEST + 1])


def listed_ones(monkeypatch, *cars, seed=1, **keys):
    """Return what is asked about so many unlisted, rightly listed, custom- and stale-listed cars of a town, and one of none."""
    said = np.repeat([Stratum.UNLISTED, Stratum.LISTED, Stratum.CUSTOM, Stratum.STALE], cars)
    people = residents([0] * len(said) + [-1], ("Ash",))
    said = np.append(said, Stratum.LISTED).astype(np.int8)
    monkeypatch.setattr(_apart, "strata", lambda asked: apart.strata(people, said))
    vehicles = SimpleNamespace(key=draw(np.uint64(3), np.arange(len(said))))
    done, study = SimpleNamespace(settlement=SimpleNamespace(vehicles=vehicles)), SimpleNamespace(**keys)
    return Asked(people, done, SimpleNamespace(measures=study), seed)


def test_strata_are_told_apart_where_enough_were_drawn_of_them(monkeypatch):
    asked = listed_ones(monkeypatch, 40, FEWEST, 40, FEWEST - 1)
    found = Groups.of(asked, np.arange(139, dtype=np.int32))
    assert found.names == [*ALL, ("unlisted", "all"), ("rightly listed", "all"), ("custom-listed", "all")]
    assert found.listed == [False, False, True, True]
    assert [mine.nonzero()[0][[0, -1]].tolist() for mine in found.targets] == [[0, 138], [0, 39], [40, 69], [70, 109]]


def test_ways_of_listed_ones_are_of_every_kind_of_them(monkeypatch):
    asked = listed_ones(monkeypatch, 3, 1, 2, 1)
    monkeypatch.setattr(_paths, "strata", _apart.strata)
    assert _paths._listed(asked).tolist() == [False] * 3 + [True] * 4 + [False]


def test_where_few_listed_ones_are_drawn_more_are_and_count_among_them_alone(monkeypatch):
    """Of 2,000 cars a fifth is drawn; of 30 listed ones all are wanted, of 300 custom-listed ones 35, and 29 are too few."""
    asked = listed_ones(monkeypatch, 1641, FEWEST, 300, FEWEST - 1, listed_targets=35)
    (targets, found), first = (
        _drawn.draw(asked, 400),
        uniqueness.choose(asked.done.settlement.vehicles, asked.people, 400, seed=1),
    )
    assert found.names == [*ALL, ("unlisted", "all"), ("rightly listed", "all"), ("custom-listed", "all")]
    assert (np.diff(targets) > 0).all()
    whole, unlisted, rightly, custom = (targets[mine] for mine in found.targets)
    assert whole.tolist() == first.tolist()
    assert unlisted.tolist() == first[first < 1641].tolist()
    assert rightly.tolist() == list(range(1641, 1671))
    assert custom.tolist() == first[(first >= 1671) & (first < 1971)].tolist()  # enough of them
    assert len(custom) > 35
    assert set(targets) == {*first, *rightly}


@pytest.mark.parametrize("least", [30, 31, 60])
def test_so_many_of_a_kind_are_those_with_its_lowest_draws(monkeypatch, least):
    asked = listed_ones(monkeypatch, 1000, FEWEST, 300, FEWEST, listed_targets=least)
    targets, found = _drawn.draw(asked, 20)
    assert found.names == [*ALL, *((name, "all") for name in question.STRATA[1:])]
    assert found.sizes == [20, FEWEST, FEWEST, least]
    more, _ = _drawn.draw(listed_ones(monkeypatch, 1000, FEWEST, 300, FEWEST, listed_targets=least + 1), 20)
    assert set(targets) < set(more)
    other, _ = _drawn.draw(listed_ones(monkeypatch, 1000, FEWEST, 300, FEWEST, seed=2, listed_targets=least), 20)
    assert set(other) != set(targets)
    enough = _drawn.draw(listed_ones(monkeypatch, 1000, FEWEST, 300, FEWEST, listed_targets=least), 2000)
    assert enough[0].tolist() == list(range(1360))
    assert enough[1].sizes == [1360, 1000, FEWEST, FEWEST, 300]


def test_each_groups_sums_are_told_in_its_name_and_by_its_own_window():
    groups = Groups([*ALL, ("vehicles", "Ash"), ("custom-listed", "all")], [], [False, False, True])
    found = [[["all of it", "of Ash", "of theirs"]], [["later", "Ash later", "theirs later"]]]

    def told(part, whose):
        assert len(part) == 2
        answer = Answer(part[0][0], part[1][0], str(whose.listed), np.zeros((1, 1)), np.ones((1, 1), np.int64))
        return [question.tidy([answer], CASES[:1], ["all"], seed=1)]

    tables = by_group(asked_of(residents([0], ("Ash",))), groups, found, told)
    assert [(one.who[0], one.town[0], one.measure[0], one.statistic[0], one.unit[0]) for one in tables] == [
        ("vehicles", "all", "all of it", "later", "False"), ("vehicles", "Ash", "of Ash", "Ash later", "False"),
        ("custom-listed", "all", "of theirs", "theirs later", "True"),
    ]  # fmt: skip


# --- beside what chance gives ---------------------------------------------------------------------------------------------


class FirstHalf:
    """A family that finds the homes of the first sixty cars."""

    def __init__(self, asked, every, also):
        self._people = [asked.people, *also]

    lives = staticmethod(apart.everybody)

    def rows_of(self, number):
        town, towns = self._people[number].town, self._people[number].towns
        mine = [town == group for group in range(len(towns))] + [town >= 0]
        value, n = [[some[:60].sum() / some.sum()] for some in mine], [[some.sum()] for some in mine]
        answer = Answer("home_found", "within_250m", "share", np.array(value), np.array(n, np.int64))
        return [question.tidy([answer], CASES[:1], [*towns, "all"], seed=1)]


def test_groups_of_homes_are_compared_beside_what_shuffled_ones_give(monkeypatch):
    """Quarters of 120 cars: the first two are found whole, the others not at all; by chance about half of each."""
    people, key = residents([0] * 120, ("Ash",)), np.arange(120).astype(np.uint64)
    done = SimpleNamespace(settlement=SimpleNamespace(vehicles=SimpleNamespace(key=key)), lists=None)
    study = SimpleNamespace(measures=SimpleNamespace(near_home=(250.0,)))
    homes = equity.quarters("rank", "first", np.arange(120.0), np.ones(120, np.bool_))
    monkeypatch.setattr(_apart, "COUNTED", {"homes": FirstHalf})
    monkeypatch.setattr(_apart, "groupings", lambda asked: [homes, equity.by_town(people.towns, people.town)])
    tables = _apart.Apart(Asked(people, done, study), NO_CASES, ["equity", "homes"]).rows({}, {})
    ratio = {table.statistic[0]: (table.value[0], table.n[0]) for table in tables if table.measure[0] == "equity"}
    assert ratio["most_to_least_home_found"] == (np.inf, 4)
    value, n = ratio["most_to_least_home_found_by_chance"]
    assert 1 < value < 3
    assert n == 4
    assert _apart.Apart(Asked(people, done, study), NO_CASES, ["homes"]).rows({}, {}) == []


@dataclasses.dataclass
class Asked:
    people: question.Residents
    done: SimpleNamespace
    study: SimpleNamespace
    seed: int = 1
    moments: tuple = (0,)
    listed: bool = False
