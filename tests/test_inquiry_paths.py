"""Ways rebuilt in a hamlet, asked of every policy: against a plain count from the files, and against where cars drove."""

import numpy as np
import pandas as pd
import pytest

from alprsim import inquiry, records
from alprsim.inquiry import _paths
from alprsim.inquiry._asked import Asked, Lenses
from alprsim.inquiry._drawn import Groups
from alprsim.inquiry._paths import Ways
from alprsim.measures import drives, question
from alprsim.measures.glossary import BY_NAME
from alprsim.store import Store
from alprsim.tables import AS_WRITTEN, DAY, VehicleKind
from tests import naive_paths
from tests.test_inquiry import Hamlet, chosen

HOUR = 3600
TARGETS, MOMENTS, HORIZON = 40, (38 * HOUR, 62 * HOUR), DAY
NAMES = ("path_recall", "path_precision", "trips_rebuilt")


class Place(Hamlet):
    """One seed of the hamlet, asked for ways alone."""

    @property
    def loaded(self):
        return self.study(
            "measures.families=[paths]", f"measures.path_targets={TARGETS}", "measures.path_gap=10 min",
            "measures.path_tolerance=20 s", "population.visitors=10 %",
        )  # fmt: skip

    @property
    def asked(self):
        """What it is asked with."""
        settled, network, placed = self.done.settlement, self.world.network, self.done.placement
        people = question.residents(settled.vehicles, settled.people, network.places, network.towns)
        told = records.sort({}, self.world.agencies, placed.cameras, placed.sites, network, alerts=None, seed=1)
        return Asked(self.loaded, self.world, self.done, 1, people, told, self.folder)

    def family(self):
        """Return the family itself, before it was shown anything."""
        return Ways(self.asked, Lenses([], [], np.zeros(0, np.int32)))


@pytest.fixture(scope="module")
def place(hamlet, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ways") / "seed=1"
    folder.mkdir()
    return Place(hamlet, folder)


@pytest.fixture(scope="module")
def answers(place):
    return place.ask(place.loaded)


def test_every_case_is_answered_of_all_targets(place, answers):
    study = place.loaded
    rows = chosen(answers, measure=list(NAMES))
    assert rows.index.is_unique
    residents = int(np.sum(place.done.settlement.vehicles.kind == VehicleKind.RESIDENT))
    stock = chosen(answers, measure="path_recall", statistic="stock_so_far", town="all")
    assert len(stock) == len(inquiry.cases(study, place.world))
    assert set(stock["n"]) == {min(TARGETS, residents) * len(MOMENTS)}
    for name in NAMES:
        shares = chosen(answers, measure=name, statistic="share_of_horizon_pooled")
        assert set(shares["unit"]) == {BY_NAME[name].unit}
        assert shares["value"].dropna().between(0, 1).all()
    assert chosen(answers, measure="path_recall", statistic="share_of_horizon", sight="request")["value"].max() > 0.05


def test_cars_are_read_where_they_drive(place):
    """Of a table of times the middle of a road is told to seconds, so every true read lies on a way."""
    family, store, read = place.family(), Store(place.folder), 0
    roads = place.done.placement.sites.road
    for number in range(len(store)):
        opened = question.open_bucket(store.bucket(number))
        drives = family._driven(opened.bucket)
        for row, vehicle in enumerate(drives.row.tolist()):
            trips = slice(*drives.first_trip[row : row + 2])
            driven = slice(drives.first[trips.start], drives.first[trips.stop])
            when = {}
            for road, moment in zip(drives.road[driven].tolist(), drives.when[driven].tolist(), strict=True):
                when.setdefault(road, []).append(moment)
            reads = slice(*opened.bucket.first_read[vehicle : vehicle + 2])
            for time, site, trip in zip(
                opened.bucket.reads.time[reads], opened.bucket.reads.site[reads], opened.trip[reads], strict=True
            ):
                if trip >= 0:
                    assert min(abs(moment - time) for moment in when[int(roads[site])]) <= 20
                    read += 1
    assert read > 20


def test_of_listed_ones_ways_are_those_of_the_same_cars_and_people(place, monkeypatch):
    """Were every third car on a list, and some drawn beside: for whom each pair of car and driver counts, by plate and wheel."""
    people, some = place.asked.people, np.arange(len(place.done.settlement.vehicles)) % 3 == 0
    targets, beside = place.family().targets, (people.town >= 0) & some & (np.arange(len(some)) < len(some) // 2)
    drawn = np.union1d(targets, np.flatnonzero(beside)).astype(np.int32)
    groups = Groups([("vehicles", "all")], [np.isin(drawn, targets)], [False])
    monkeypatch.setattr(_paths, "draw_targets", lambda asked, count: (drawn, groups))
    monkeypatch.setattr(_paths, "_listed", lambda asked: some)
    family, store, counted = place.family(), Store(place.folder), 0
    assert family.targets.tolist() == targets.tolist()
    assert family.listed.tolist() == [car for car in drawn.tolist() if car % 3 == 0]
    assert len(drawn) > len(targets) + 9
    for number in range(len(store)):
        bucket = store.bucket(number)
        pairs = drives.pairs(family._driven(bucket))
        car = bucket.vehicle[family._drives.row[pairs.car]].tolist()
        main = dict(zip(people.drivers.tolist(), people.car.tolist(), strict=True))
        whose = car, [main.get(person, -1) for person in pairs.person.tolist()]
        for (target, of_pair), targets, want in zip(
            family._lives, (family.targets,) * 2 + (family.listed,) * 2, whose * 2, strict=True
        ):
            got = np.append(targets[target], -1)[of_pair]
            assert got.tolist() == [one if one in targets else -1 for one in want]
            counted += int((got >= 0).sum())
        lives = [len(target) for target, _ in family._lives]
        inside = [np.isin(family.targets, bucket.vehicle).sum(), np.isin(family.listed, bucket.vehicle).sum()]
        assert lives[::2] == inside
        main = people.car[np.isin(people.car, bucket.vehicle)]
        assert lives[1::2] == [np.isin(main, whose).sum() for whose in (family.targets, family.listed)]
    assert counted > len(family.targets)


@pytest.mark.parametrize("ending", ["", "_by_choice"])
def test_ways_are_what_a_plain_count_finds(place, answers, ending):
    """Count from the files, for ICE asking both departments, who keep 36 hours, at both moments."""
    roads, sites = place.world.network.roads, place.done.placement.sites
    columns = (roads.tail, roads.head, roads.length.astype(float), roads.crossing)
    streets = list(zip(*(column.tolist() for column in columns), strict=True))
    reads = pd.concat([pd.read_parquet(f) for f in (place.folder / "reads").rglob("*.parquet")])
    held = {now: reads[(reads["time"] <= now) & (now - reads["time"] < 36 * HOUR)] for now in MOMENTS}
    family, store, total = place.family(), Store(place.folder), np.zeros(5, np.int64)
    watched, n = np.unique(sites.road).tolist(), len(roads)
    family._ways.know(np.array([one * n + other for one in watched for other in watched if one != other], np.int64))
    pairs = family._ways.table.pairs
    ways = family._ways.drivers if ending else family._ways.quickest
    known = {
        divmod(code, n): ways.road[slice(*ways.first[(said >> 32) : (said >> 32) + 2])].tolist()
        for code, said in pairs[pairs[:, 0] >= 0].tolist()
    }
    for number in range(len(store)):
        bucket = store.bucket(number)
        drives = family._driven(bucket)
        for row, vehicle in enumerate(bucket.vehicle[drives.row].tolist()):
            if vehicle not in family.targets:
                continue  # driven by who mainly drives one
            trips = range(*drives.first_trip[row : row + 2])
            made = [
                (int(drives.depart[t]), int(drives.arrive[t]), drives.road[slice(*drives.first[t : t + 2])].tolist())
                for t in trips
            ]  # fmt: skip
            for now, left in held.items():
                mine = left[left["plate"] == vehicle]
                seen = [(time, int(sites.road[site]), 0) for time, site in zip(mine["time"], mine["site"], strict=True)]
                claimed = naive_paths.claims(seen, streets, known, minimum=600, factor=2.0, tolerance=20)
                counts = naive_paths.tally(made, streets, claimed, window=36 * HOUR, now=now, horizon=HORIZON)
                total += counts["horizon"]
    right, wrong, went, rebuilt, made = total.tolist()
    case = {"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": AS_WRITTEN, "town": "all"}
    for name, expected in zip(NAMES, (right / went, right / (right + wrong), rebuilt / made), strict=True):
        value = chosen(answers, **case, measure=name, statistic="share_of_horizon_pooled" + ending)["value"].iloc[0]
        assert value == pytest.approx(expected, rel=1e-12)
    assert 0 < right < went
    assert wrong > 0
