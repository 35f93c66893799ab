"""What a population is held against: published figures, and its own repetition."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from alprsim import population
from alprsim.population import _figures as figures
from alprsim.population._ways import quickest
from alprsim.scenario import models
from alprsim.tables import PersonKind, PlaceKind, Purpose, Roads, Settlement, VehicleKind
from tests.test_population import HERE, PLAIN, START, grid_town, network, varied

WORLD = network(grid_town("Alder", (0, 0), 16, 1500, 1), grid_town("Danbury", (6000, 0), 12, 700, 900))
WHEN = {"seed": 3, "start": START}


@pytest.fixture(scope="module")
def settled() -> Settlement:
    return population.settle(WORLD, varied(), seed=3, base=HERE)


def by_name(findings: tuple[population.Finding, ...]) -> dict[tuple[str, str], population.Finding]:
    return {(finding.what, finding.unit): finding for finding in findings}


@pytest.mark.whole
def test_repetition_is_its_naive_twin(settled: Settlement) -> None:
    people, vehicles, places = settled.people, settled.vehicles, WORLD.places
    home_is = places.kind[people.home] == PlaceKind.HOME
    drivers = [p for p in range(len(people)) if home_is[p] and people.vehicle[p] >= 0]
    cars = [v for v in range(len(vehicles)) if vehicles.kind[v] == VehicleKind.RESIDENT]
    gone: dict[int, Counter[int]] = {p: Counter() for p in range(len(people))}
    early: dict[int, set[int]] = {p: {int(people.home[p])} for p in drivers}
    ways, hours, commutes, made = Counter(), Counter(), set(), Counter()
    fresh = late = 0
    seen: set[tuple[int, int]] = set()
    for day in range(35):
        trips = population.trips(settled, WORLD, varied(), day=day, **WHEN)
        for row in zip(*(column.tolist() for column in trips.data().values()), strict=True):
            vehicle, driver, companion, depart, origin, destination, purpose = row
            if vehicles.kind[vehicle] != VehicleKind.RESIDENT:
                continue
            made[vehicle, day] += 1
            for who in (driver, companion):
                if who >= 0:
                    gone[who][destination] += 1
                    if day < 28 and who in early:
                        early[who].add(destination)
            if day < 28 and day % 7 < 5:
                ways[vehicle, origin, destination] += 1
                hours[vehicle, origin, destination, depart // 3600 % 24] += 1
            if purpose == Purpose.WORK and people.kind[driver] == PersonKind.COMMUTER:
                commutes.add((driver, day))
            if purpose != Purpose.HOME:
                new = (driver, destination) not in seen
                seen.add((driver, destination))
                fresh, late = fresh + (new and day >= 28), late + (day >= 28)
    found = by_name(population.repetition(settled, WORLD, varied(), **WHEN))
    assert found["places a driver goes to in 28 days", "mean"].ours == pytest.approx(
        np.mean([len(early[p]) for p in drivers])
    )
    twice = [1 + sum(n > 1 for place, n in gone[p].items() if place != people.home[p]) for p in drivers]
    assert found["places driven to twice or more in 5 weeks", "mean"].ours == pytest.approx(np.mean(twice))
    for name, counted in (("way", ways), ("way and hour", hours)):
        again = sum(n for n in counted.values() if n > 1) / counted.total()
        assert found[f"weekday trips on a repeated {name}", "%"].ours == pytest.approx(100 * again)
    assert found["last week's trips to a new place", "%"].ours == pytest.approx(100 * fresh / late)
    junction = places.junction
    far = [p for p in drivers if people.kind[p] == PersonKind.COMMUTER and people.work[p] >= 0]
    far = [p for p in far if junction[people.work[p]] != junction[people.home[p]]]
    assert found["days a week a commuter commutes", ""].ours == pytest.approx(len(commutes) / len(far) / 5)
    assert found["trips a vehicle", "a day"].ours == pytest.approx(made.total() / 35 / len(cars))
    assert found["days on which a vehicle makes 5 or more", "%"].ours == pytest.approx(
        100 * sum(n > 4 for n in made.values()) / 35 / len(cars)
    )
    parts = [
        found[f"days on which a vehicle makes {some}", "%"].ours for some in ("none", "1 or 2", "3 or 4", "5 or more")
    ]
    assert sum(parts) == pytest.approx(100)


@pytest.mark.whole
def test_a_sample_of_households_says_about_the_same(settled: Settlement, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = by_name(population.repetition(settled, WORLD, varied(), **WHEN))
    monkeypatch.setattr("alprsim.population._repetition.HOUSEHOLDS", 300)
    some = by_name(population.repetition(settled, WORLD, varied(), **WHEN))
    assert some != everyone
    for key, finding in some.items():
        assert finding.ours == pytest.approx(everyone[key].ours, rel=0.12, abs=1), key


def test_a_month_is_needed(settled: Settlement) -> None:
    with pytest.raises(ValueError, match="weeks must be at least 4, not 3"):
        population.repetition(settled, WORLD, varied(), weeks=3, **WHEN)


@pytest.mark.whole
def test_variation_makes_less_repetition() -> None:
    world = network(grid_town("Alder", (0, 0), 20, 500, 1))
    rows = population.sensitivity(
        world, varied(), base=HERE, skip=(0.0, 0.3), explore=(0.0, 0.4), jitter=(0, 7200), **WHEN
    )
    assert [row[:3] for row in rows[:3]] == [(0.0, 0.0, 0), (0.0, 0.0, 7200), (0.0, 0.4, 0)]
    by = {row[:3]: row for row in rows}
    for skip, jitter in ((0.0, 0), (0.3, 7200)):
        steady, straying = by[skip, 0.0, jitter], by[skip, 0.4, jitter]
        assert straying.places > steady.places + 1
        assert straying.repeated < steady.repeated - 0.03
        assert straying.new > steady.new
    assert by[0.0, 0.0, 7200].repeated_hour < by[0.0, 0.0, 0].repeated_hour - 0.05
    assert abs(by[0.0, 0.0, 7200].places - by[0.0, 0.0, 0].places) < 0.3


def test_exploring_stays_within_a_bounded_list() -> None:
    world = network(grid_town("Alder", (0, 0), 40, 60, 1))
    spec = varied(explore=1.0, explore_places=5, visitors=0.0)
    settled = population.settle(world, spec, seed=3, base=HERE)
    shops: dict[int, set[int]] = {}
    for day in range(120):
        trips = population.trips(settled, world, spec, day=day, **WHEN)
        mine = trips.take(trips.purpose == Purpose.SHOP)
        for driver, shop in zip(mine.driver.tolist(), mine.destination.tolist(), strict=True):
            shops.setdefault(int(settled.people.home[driver]), set()).add(shop)
    assert len(shops) > 15
    assert max(map(len, shops.values())) == 5
    assert len(set().union(*shops.values())) > 30  # but not the same for everybody


@pytest.mark.whole
def test_evidence_names_what_it_compares(settled: Settlement) -> None:
    found = population.evidence(settled, WORLD, varied(), base=HERE, **WHEN)
    table = by_name(found)
    assert table["adults", "% of people"].within
    assert table["vehicles a person", ""].within
    assert table["vehicle trips a driver", "a day"].within
    assert table["Wednesday's trips in the same hour", "%"].ours > 85
    assert table["Danbury: work in their own town", "%"].published == pytest.approx(39)
    assert table["Alder: work in their own town", "%"].published is None
    assert table["Alder: work in their own town", "%"].within is None
    assert all(finding.source for finding in found)
    assert all(
        (finding.basis in ("input", "fitted", "independent")) == (finding.published is not None) for finding in found
    )
    assert not any(np.isnan(finding.ours) for finding in found)
    lines = population.table(found).splitlines()
    assert len(lines) == len(found) + 1
    assert next(line for line in lines if line.startswith("adults")).split()[5:9] == ["79.60", "±", "1", "fitted"]


@pytest.mark.whole
def test_hours_are_those_of_a_wednesday_that_is_no_holiday(settled: Settlement) -> None:
    spec = varied(calendar=models.Calendar(holidays=("2025-09-03", "2025-09-06")))
    found = by_name(population.evidence(settled, WORLD, spec, base=HERE, **WHEN))
    assert found["Wednesday's trips in the same hour", "%"].ours > 80  # of another weekday


@pytest.mark.whole
def test_commuting_is_compared_with_its_own_table(tmp_path: Path) -> None:
    rows = "Alder,CT,Alder,CT,30\nAlder,CT,Danbury,CT,50\nAlder,CT,Elm,CT,20\nDanbury,CT,Danbury,CT,9\n"
    (tmp_path / "flows.csv").write_text("home,home_state,work,work_state,jobs\n" + rows)
    spec = varied(commuting="flows.csv")
    settled = population.settle(WORLD, spec, seed=3, base=tmp_path)
    found = by_name(population.evidence(settled, WORLD, spec, base=tmp_path, **WHEN))
    own, right = found["Alder: work in their own town", "%"], found["Alder: jobs in the right town", "%"]
    assert own.published == pytest.approx(30)
    assert own.ours == pytest.approx(30, abs=5)
    assert 92 < right.ours <= 100
    assert "flows.csv, 100 jobs" in own.source


def test_the_quickest_way_is_networkxs() -> None:
    rng = np.random.default_rng(3)
    n, m = 12, 60
    tail, head = np.sort(rng.integers(0, n, m)), rng.integers(0, n, m)
    keep = tail != head
    ones = np.ones(int(keep.sum()))
    roads = Roads.of(
        tail=tail[keep], head=head[keep], kind=ones, length=rng.integers(50, 900, len(ones)).astype(np.float64),
        crossing=rng.permutation(len(ones)) * 97 + 1000, lanes=ones, headway=ones, room=ones, wave=ones,
    )  # fmt: skip
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(n))
    for a, b, ms, metres in zip(roads.tail, roads.head, roads.crossing, roads.length, strict=True):
        graph.add_edge(int(a), int(b), ms=int(ms), km=float(metres) / 1000)
    origin, destination = (part.reshape(-1).astype(np.int32) for part in np.indices((n, n)))
    km, minutes = quickest(roads, origin, destination)
    for a, b, far, long in zip(origin.tolist(), destination.tolist(), km.tolist(), minutes.tolist(), strict=True):
        if not nx.has_path(graph, a, b):
            assert np.isinf(long)
            assert np.isnan(far)
            continue
        path = nx.shortest_path(graph, a, b, weight="ms")
        roads_taken = [min(graph[u][v].values(), key=lambda road: road["ms"]) for u, v in itertools.pairwise(path)]
        assert long == pytest.approx(sum(road["ms"] for road in roads_taken) / 60_000)
        assert far == pytest.approx(sum(road["km"] for road in roads_taken))


def test_profiles_are_published_ones() -> None:
    """The table's own sum says that it was typed in whole: 50.7 and 53.1 thousand, as NT-3 adds up."""
    assert sum(figures.WEDNESDAY) == pytest.approx(50_700, rel=0.001)
    assert sum(figures.SATURDAY) == pytest.approx(53_100, rel=0.001)
    assert PLAIN.towns.listed[0] == 1
    assert date(2025, 9, 1).weekday() == 0
