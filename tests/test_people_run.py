"""People of a whole hamlet over the cars they drive: every family tells of them, and of all of them what it tells of all cars."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from alprsim import inquiry, records
from alprsim.inquiry._asked import Asked, Lenses
from alprsim.inquiry._cases import cases
from alprsim.inquiry._position import Position
from alprsim.measures import question
from alprsim.store import Store
from tests.test_inquiry import Hamlet, chosen

pytestmark = pytest.mark.whole
FEW = ("policies.Searchable pool=null", "policies.One partner=null", "ladder.retention=[6 h, unlimited]")


@pytest.fixture(scope="module")
def place(hamlet, tmp_path_factory):
    folder = tmp_path_factory.mktemp("people") / "seed=1"
    folder.mkdir()
    return Hamlet(hamlet, folder)


@pytest.fixture(scope="module")
def answers(place):
    told = "measures.families=[homes, nights, paths, visits]", "measures.path_targets=9999", "measures.moments=[62 h]"
    return place.ask(place.study(*told, *FEW, "measures.visits.within=200 m", "measures.visits.least=5 min"))


@pytest.mark.parametrize(
    ("measure", "statistics"),
    [
        ("path_recall", ["share_of_horizon_pooled", "share_of_horizon_pooled_by_choice"]),
        ("path_precision", ["share_of_horizon_pooled"]),
        ("trips_rebuilt", ["share_of_horizon_pooled"]),
        ("sensitive_visits", ["recall", "recall_bar"]),
    ],
)
def test_what_all_people_drive_is_what_all_cars_drive(answers, measure, statistics):
    rows = {"measure": measure, "statistic": statistics, "town": "all"}
    cars, people = (chosen(answers, **rows, who=who)["value"].droplevel("who") for who in ("vehicles", "people"))
    assert cars.sort_index().equals(people.sort_index())
    assert len(cars.dropna()) > 0


def test_people_differ_where_cars_are_shared(place, answers):
    found = {
        who: chosen(answers, measure="home_found", statistic="within_250m", who=who) for who in ("vehicles", "people")
    }
    drivers = question.residents(
        place.done.settlement.vehicles, place.done.settlement.people, place.world.network.places, place.world.network.towns
    ).drivers  # fmt: skip
    assert found["people"]["n"].max() == len(drivers)
    assert len(found["people"]) == len(found["vehicles"]) > 0
    ways = [chosen(answers, measure="path_recall", statistic="stock_so_far", town="all", who=who)["n"] for who in found]
    assert ways[1].max() == len(drivers)
    precise = {"measure": "sensitive_visits", "statistic": "precision", "town": "all"}
    cars, people = (chosen(answers, **precise, who=who)["value"].to_numpy() for who in ("vehicles", "people"))
    assert (people <= cars + 1e-12)[~np.isnan(cars)].all()
    assert (people < cars)[~np.isnan(cars)].any()


def test_who_alone_drives_a_car_is_where_the_car_is(place):
    """With the draws of their car, too: asked at the same moments, then, person and car are at one place."""
    loaded = place.study("measures.families=[position]", *FEW, "measures.moments=[62 h]", "measures.position_targets=40",
                         "measures.position_rehearsed=4", "measures.position_zones=4")  # fmt: skip
    settled, network, placed = place.done.settlement, place.world.network, place.done.placement
    people = question.residents(settled.vehicles, settled.people, network.places, network.towns)
    key = settled.people.key.copy()
    key[people.drivers] = settled.vehicles.key[people.car]
    done = place.done._replace(settlement=settled._replace(people=dataclasses.replace(settled.people, key=key)))
    told = records.sort(
        {name: policy.custody for name, policy in loaded.policies.items()}, place.world.agencies, placed.cameras,
        placed.sites, network, alerts=None, seed=1,
    )  # fmt: skip
    asked = Asked(loaded, place.world, done, 1, people, told, place.folder)
    family = Position(asked, Lenses.of(cases(loaded, place.world), told.streams).certain())
    inquiry._ask_buckets(asked, family._every, [family], Store(place.folder), lambda *_: None)
    store, uses, rides = Store(place.folder), set(), set()
    for number in range(len(store)):
        truth = store.bucket(number).truth
        uses |= set(zip(truth.vehicle.tolist(), truth.driver.tolist(), strict=True))
        rides |= set(truth.companion.tolist())
    cars, drivers = Counter(person for _, person in uses), Counter(car for car, _ in uses)
    same = {True: 0, False: 0}
    for (_, vehicle), (car, *lives) in family._truths.items():
        persons = people.drivers[people.car == vehicle].tolist()
        assert len(lives) == len(persons)
        for person, life in zip(persons, lives, strict=True):
            alone = drivers[vehicle] == 1 and cars[person] == 1 and (vehicle, person) in uses and person not in rides
            asked = [pair for both in zip(car, life, strict=True) for pair in zip(*both, strict=True)]
            equal = all(np.array_equal(one, other) for one, other in asked)
            assert equal or not alone
            same[alone] += 1
    assert min(same.values()) > 0
    rows = family.rows()
    error = [table.take((table.measure == "position_error") & (table.statistic == "tracker_error")) for table in rows]
    n = [int(table.n[table.town == "all"].max()) for table in error]
    assert [set(table.who) for table in rows] == [{"vehicles"}, {"people"}]
    assert n == [len(family._truths), sum(same.values())]
