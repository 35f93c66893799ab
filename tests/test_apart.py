"""Groups of cars apart: by what lists say of them, by where they live, by town; and small ones not told."""

import dataclasses
from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from alprsim.inquiry import _apart
from alprsim.inquiry._asked import Lenses
from alprsim.inquiry._unique import FEWEST, Towns, by_town
from alprsim.measures import apart, equity, question
from alprsim.measures.equity import Grouping
from alprsim.measures.question import Answer
from alprsim.tables import Stratum


class Case(NamedTuple):
    policy: str
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"


CASES = [Case("one"), Case("two")]
NO_CASES = Lenses([], [], np.zeros(0, np.int32))
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


def test_groups_are_told_as_those_whose_lives_they_are_and_small_ones_not():
    table = family(("nights_away", "recall", VALUES, N), ("nights_away", "claimed", VALUES, N))
    got = apart.told(table, HOMES)
    assert got.who.tolist() == ["near", "near", "middle", "middle", "far", "far"]
    assert set(got.town) == {"all"}
    assert set(got.statistic) == {"recall"}
    assert got.policy.tolist() == ["one", "two"] * 3
    assert got.n.tolist() == [40, 40, 0, 0, 30, 30]
    assert got.value.tolist() == pytest.approx([0.2, 0.4, np.nan, np.nan, 0.1, 0.0], nan_ok=True)


def test_people_are_not_told_apart_and_every_distance_of_a_home_is():
    within = ("home_found", "within_100m", VALUES, N), ("work_found", "within_2km_so_far", VALUES, N)
    assert len(apart.told(family(*within, who="people"), HOMES)) == 0
    assert len(apart.told(family(*within), HOMES)) == 12
    assert len(apart.told(family(("home_found", "median_error", VALUES, N)), HOMES)) == 0


def test_of_a_group_of_too_few_nothing_is_told_however_often_it_was_asked_about():
    rows = family(("trips_detected", "share_of_horizon", VALUES, N))
    assert apart.enough(rows, HOMES, 0) is apart.enough(rows, HOMES, 2) is rows  # 40, and 30
    few = apart.enough(rows, HOMES, 1)  # 29
    assert np.isnan(few.value).all()
    assert not few.n.any()
    assert few.statistic.tolist() == rows.statistic.tolist()


def test_the_most_exposed_group_is_set_beside_the_least():
    table = family(("sensitive_visits", "recall", VALUES, N), ("home_found", "within_100m_so_far", VALUES, N))
    got = apart.compared(table, HOMES, 100.0)
    assert got.statistic.tolist() == ["most_to_least_sensitive_visits"] * 2 + ["most_to_least_home_found_so_far"] * 2
    assert got.value.tolist() == pytest.approx([2, np.inf] * 2)  # the middle one, of too few, is left out
    assert got.n.tolist() == [2] * 4
    assert set(got.who) == {"homes by rank"}
    assert set(got.town) == {"all"}
    assert set(got.measure) == {"equity"}
    assert set(got.unit) == {"times"}
    assert len(apart.compared(table, HOMES, 50.0)) == 2  # homes are compared by the least distance alone


def test_what_is_of_fewer_than_thirty_visits_is_not_compared():
    few = family(("sensitive_visits", "recall", VALUES, ((40, 29), (29, 29), (30, 30), (99, 99))))
    got = apart.compared(few, HOMES, 100.0)
    assert got.value.tolist() == pytest.approx([2, np.nan], nan_ok=True)
    assert got.n.tolist() == [2, 0]


def test_what_is_not_measured_of_a_group_is_not_compared():
    unknown = family(("longest_gap", "median_of_horizon", VALUES, ((0, 40), (29, 29), (30, 30), (99, 99))))
    got = apart.compared(unknown, HOMES, 100.0)
    assert np.isnan(got.value[0])
    assert got.n.tolist() == [0, 2]


def test_a_group_is_compared_from_thirty_on_of_what_its_figure_is_of():
    few = ((30, 29), (29, 29), (30, 30), (99, 99))
    got = apart.compared(family(("longest_gap", "median_of_horizon", VALUES, few)), HOMES, 100.0)
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
    assert set(apart.told(renamed, unlisted).who) == {"unlisted"}


def test_towns_are_told_apart_where_enough_were_drawn_there():
    people = residents([0] * FEWEST + [1] * (FEWEST - 1) + [2] * FEWEST + [-1], ("Ash", "Elm", "Oak"))
    asked = SimpleNamespace(people=people)
    drawn = np.arange(1, 3 * FEWEST - 1, dtype=np.int32)  # all but the first and the last
    assert Towns.of(asked, drawn).names == ["Oak"]
    every = Towns.of(asked, np.append(np.int32(0), drawn))
    assert every.names == ["Ash", "Oak"]
    assert [mine.sum() for mine in every.targets] == [FEWEST] * 2
    assert Towns.of(SimpleNamespace(people=people._replace(towns=("Ash",))), drawn) == ([], [])


def test_each_towns_sums_are_told_in_its_name():
    towns = Towns(["Ash", "Oak"], [])
    found = [[["all of it", "of Ash", "of Oak"]], [["later", "Ash later", "Oak later"]]]

    def told(part):
        assert len(part) == 2
        answer = Answer(part[0][0], part[1][0], "share", np.zeros((1, 1)), np.ones((1, 1), np.int64))
        return [question.tidy([answer], CASES[:1], ["all"], seed=1)]

    tables = by_town(towns, found, told)
    assert [(table.town[0], table.measure[0], table.statistic[0]) for table in tables] == [
        ("all", "all of it", "later"), ("Ash", "of Ash", "Ash later"), ("Oak", "of Oak", "Oak later"),
    ]  # fmt: skip


# --- beside what chance gives ---------------------------------------------------------------------------------------------


class FirstHalf:
    """A family that finds the homes of the first sixty cars."""

    def __init__(self, asked, every):
        self._town, self._towns = asked.people.town, asked.people.towns

    def rows(self):
        mine = [self._town == group for group in range(len(self._towns))] + [self._town >= 0]
        value, n = [[some[:60].sum() / some.sum()] for some in mine], [[some.sum()] for some in mine]
        answer = Answer("home_found", "within_250m", "share", np.array(value), np.array(n, np.int64))
        return [question.tidy([answer], CASES[:1], [*self._towns, "all"], seed=1)]


def test_groups_of_homes_are_compared_beside_what_shuffled_ones_give(monkeypatch):
    """Quarters of 120 cars: the first two are found whole, the others not at all; by chance about half of each."""
    people, key = residents([0] * 120, ("Ash",)), np.arange(120).astype(np.uint64)
    done = SimpleNamespace(settlement=SimpleNamespace(vehicles=SimpleNamespace(key=key)), lists=None)
    study = SimpleNamespace(measures=SimpleNamespace(near_home=(250.0,)))
    homes = equity.quarters("rank", "first", np.arange(120.0), np.ones(120, np.bool_))
    monkeypatch.setattr(_apart, "COUNTED", {"homes": FirstHalf})
    monkeypatch.setattr(_apart, "groupings", lambda asked: [homes, equity.by_town(people.towns, people.town)])
    tables = _apart.Apart(Asked(people, done, study), NO_CASES, ["equity", "homes"], []).rows([])
    ratio = {table.statistic[0]: (table.value[0], table.n[0]) for table in tables if table.measure[0] == "equity"}
    assert ratio["most_to_least_home_found"] == (np.inf, 4)
    value, n = ratio["most_to_least_home_found_by_chance"]
    assert 1 < value < 3
    assert n == 4
    assert _apart.Apart(Asked(people, done, study), NO_CASES, ["homes"], []).rows([]) == []


@dataclasses.dataclass
class Asked:
    people: question.Residents
    done: SimpleNamespace
    study: SimpleNamespace
    seed: int = 1
    moments: tuple = (0,)
    listed: bool = False
