"""Counts: read and found on the roads, fitted, and matched by a scenario's volumes."""

from __future__ import annotations

import csv
import itertools
import json
from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from alprsim import calibration, experiment, population
from alprsim.counts import CountError
from alprsim.scenario import Loaded, loads, models
from alprsim.tables import RoadKind
from tests.conftest import HAMLET

SIDE = 7


def crossing() -> nx.MultiDiGraph:
    """Return a grid of streets with two motorways through its middle and a loop, which is left out, as OSMnx saves it."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for row, column in itertools.product(range(SIDE), repeat=2):
        graph.add_node(10 * row + column, x=f"{-73 + 0.002 * column:.4f}", y=f"{41.5 + 0.0015 * row:.4f}")
    middle = SIDE // 2
    for a, b in [(node, near) for node in graph for near in (node + 1, node + 10) if near in graph]:
        fast = a // 10 == b // 10 == middle or a % 10 == b % 10 == middle
        for ends in ((a, b), (b, a)):
            graph.add_edge(*ends, length="166.0", highway="motorway" if fast else "residential")
    graph.add_edge(0, 0, length="60.0", highway="residential")
    return graph


@pytest.fixture(scope="module")
def cross(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("cross")
    nx.write_graphml(crossing(), folder / "hamlet.graphml")
    return loads(HAMLET.replace("visitors: 0 %", "visitors: 20 %, through: 60 vehicles/d"), base=folder)


@pytest.fixture(scope="module")
def world(cross: Loaded, tmp_path_factory: pytest.TempPathFactory) -> experiment.World:
    return experiment.prepare(cross, scratch=tmp_path_factory.mktemp("routes"), jobs=1, tell=lambda *_: None)


def counted(folder: Path, text: str) -> Path:
    (folder / "counts.csv").write_text(text)
    return folder / "counts.csv"


# --- fitting ----------------------------------------------------------------------------------------------------------


def naive_fit(load, fixed, counted, allowed, prior, spread):
    """Return the scales by coordinate descent: one at a time to where the sum of squares is least, not below 0."""
    scale = [1.0] * len(prior)
    for _ in range(3000):
        for j in range(len(scale)):
            pull = slope = 0.0
            for row, base, aim, may in zip(load, fixed, counted, allowed, strict=True):
                others = base + sum(a * s for k, (a, s) in enumerate(zip(row, scale, strict=True)) if k != j)
                pull += row[j] * (aim - others) / may**2
                slope += row[j] ** 2 / may**2
            scale[j] = max(0.0, (pull + prior[j] / spread**2) / (slope + 1 / spread**2))
    return scale


small = st.integers(0, 9).map(float)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.data(), st.integers(1, 3), st.integers(1, 3), st.sampled_from([0.5, 1.0, 3.0]))
def test_the_fit_is_its_naive_twin(data: st.DataObject, n: int, volumes: int, spread: float) -> None:
    load = [[data.draw(small) for _ in range(volumes)] for _ in range(n)]
    fixed, count = ([data.draw(small) for _ in range(n)] for _ in range(2))
    may, prior = [data.draw(st.integers(1, 9).map(float)) for _ in range(n)], [data.draw(small) for _ in range(volumes)]
    found = calibration.fit(*map(np.array, (load, fixed, count, may)), prior=np.array(prior), spread=spread)
    np.testing.assert_allclose(found.scale, naive_fit(load, fixed, count, may, prior, spread), atol=1e-6)
    np.testing.assert_allclose(found.modelled, np.array(fixed) + np.array(load) @ found.scale)


def test_the_fit_is_scipys_bounded_one() -> None:
    rng = np.random.default_rng(2)
    load, count = rng.uniform(0, 5, (40, 7)), rng.uniform(0, 30, 40)
    may, prior = rng.uniform(1, 4, 40), rng.uniform(0, 2, 7)
    found = calibration.fit(load, np.zeros(40), count, may, prior=prior, spread=0.7)
    stacked = np.concatenate([load / may[:, None], np.eye(7) / 0.7]), np.concatenate([count / may, prior / 0.7])
    np.testing.assert_allclose(found.scale, lsq_linear(*stacked, bounds=(0, np.inf), tol=1e-12).x, atol=1e-6)


def test_what_no_count_sees_stays_as_it_was() -> None:
    found = calibration.fit(
        np.array([[2.0, 0.0]]), np.zeros(1), np.array([10.0]), np.ones(1), prior=np.array([1.0, 3.0]), spread=100.0
    )
    np.testing.assert_allclose(found.scale, [5, 3], rtol=1e-3)


def test_a_count_below_what_is_fixed_takes_volumes_to_nothing_and_not_below() -> None:
    found = calibration.fit(
        np.array([[2.0]]), np.array([50.0]), np.array([10.0]), np.ones(1), prior=np.ones(1), spread=1.0
    )
    assert found.scale[0] == 0
    assert found.modelled[0] == 50


def test_one_left_out_is_told_by_the_others() -> None:
    load, counted = np.array([[1.0], [1.0], [2.0]]), np.array([10.0, 12.0, 30.0])
    told = calibration.leave_one_out(load, np.zeros(3), counted, np.ones(3), prior=np.ones(1), spread=1e6)
    np.testing.assert_allclose(told, [(12 + 60) / 5, (10 + 60) / 5, 22.0], rtol=1e-6)
    alone = calibration.leave_one_out(load[:1], np.zeros(1), counted[:1], np.ones(1), prior=np.ones(1), spread=2.0)
    np.testing.assert_allclose(alone, [1])


def test_a_spread_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="spread must be above 0, not 0"):
        calibration.fit(np.ones((1, 1)), np.zeros(1), np.ones(1), np.ones(1), prior=np.ones(1), spread=0)


# --- a scenario -------------------------------------------------------------------------------------------------------


def truth(cross: Loaded, world: experiment.World) -> models.Population:
    names = list(population.ends(world.network))
    flows = {pair: 300.0 + 150 * i for i, pair in enumerate(itertools.combinations(names, 2))}
    pairs = tuple(models.ThroughPair(ends=pair, daily=f"{flow} vehicles/d") for pair, flow in flows.items())
    return cross.scenario.population.model_copy(update={"through_pairs": pairs, "visitors": 0.5})


def what_passes(cross: Loaded, world: experiment.World, spec: models.Population, file: Path) -> Path:
    """Write what a population drives on the roads of both motorways as daily and hourly counts; some for validation."""
    study = replace(cross, scenario=cross.scenario.model_copy(update={"population": spec}))
    settled = population.settle(world.network, spec, seed=9, base=cross.base)
    roads = np.flatnonzero(world.network.roads.kind == RoadKind.MOTORWAY)[::2]
    watched = np.isin(np.arange(len(world.network.roads)), roads)
    monday = cross.scenario.start.weekday()
    passed = {}
    for day in (2, 5, 6):
        _, passages = experiment.passing(study, world, settled, seed=9, day=day - monday, watched=watched)
        hour = (passages.time // 1000 - (day - monday) * 86_400 + 4 * 3600) // 3600 % 24
        passed[day] = np.histogram2d(passages.road, hour, bins=(np.arange(len(watched) + 1), np.arange(25)))[0]
    average = (5 * passed[2] + passed[5] + passed[6]).sum(axis=1) / 7
    rows = [
        {"road": int(road), "vehicles": float(average[road]), "use": "validation" if i % 3 == 0 else "calibration"}
        for i, road in enumerate(roads)
    ]
    rows += [
        {"road": int(road), "vehicles": float(passed[2][road, hour]), "day": "weekday", "hour": hour}
        for road in roads[:4]
        for hour in (8, 17)
    ]
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, ["road", "vehicles", "use", "day", "hour"])
        writer.writeheader()
        writer.writerows(rows)
    return file


@pytest.mark.whole
def test_counts_of_another_population_are_matched(cross: Loaded, world: experiment.World, tmp_path: Path) -> None:
    spec = truth(cross, world)
    file = what_passes(cross, world, spec, tmp_path / "counts.csv")
    told: list[str] = []
    found = calibration.calibrate(cross, file, scratch=tmp_path, tell=lambda stage, _: told.append(stage))
    daily = [row for row in found.rows if row.hour < 0]
    assert np.mean([abs(row.before / row.counted - 1) for row in daily]) > 0.6
    assert np.mean([abs(row.after / row.counted - 1) for row in daily]) < 0.05
    kept = [row for row in daily if row.use == "validation"]
    assert len(kept) > 3
    assert all(row.within and row.left_out is None for row in kept)
    assert all(abs(row.left_out / row.counted - 1) < 0.35 for row in daily if row.left_out is not None)
    assert found.hourly_share == 1
    asked = {pair.ends: pair.daily for pair in spec.through_pairs}
    ours = {pair.ends: pair.daily for pair in found.population.through_pairs}
    assert sum(ours.values()) == pytest.approx(sum(asked.values()), rel=0.1)
    assert ours.keys() == asked.keys()
    assert found.keys().keys() == {"visitors", "through_pairs"}
    lines = found.table().splitlines()
    assert len(lines) == 1 + len(found.rows) + 1 + 1 + 6 + 1
    assert lines[-1] == "roads: 1 streets from a junction to itself left out"
    assert "hourly counts with a GEH below 5: 100%, of the 85% asked for" in lines
    assert lines[1].split()[:4] == ["row", "1", "average", "validation"]
    assert lines[1].endswith("± 7 %")
    assert told[-2:] == ["counted roads", "counted roads"]
    said = HAMLET.replace("{vehicles_per_person: 0.5, visitors: 0 %}", json.dumps(found.keys()))
    written = loads(said, base=cross.base).scenario.population
    assert written.through_pairs == found.population.through_pairs
    assert written.visitors == found.population.visitors


@pytest.mark.whole
def test_what_is_not_free_stays(cross: Loaded, world: experiment.World, tmp_path: Path) -> None:
    file = what_passes(cross, world, truth(cross, world), tmp_path / "counts.csv")
    found = calibration.calibrate(cross, file, scratch=tmp_path, free=("visitors",))
    assert found.flows == {}
    assert set(found.scales) == {"visitors"}
    assert "roads: 1 streets from a junction to itself left out" in found.notes
    assert found.population.through_pairs == cross.scenario.population.through_pairs
    assert found.population.visitors == pytest.approx(min(1, 0.2 * found.scales["visitors"]), abs=1e-4)


def test_what_cannot_be_calibrated_is_named(cross: Loaded, tmp_path: Path) -> None:
    file = counted(tmp_path, "road,vehicles,use\n1,5,validation\n")
    with pytest.raises(CountError, match=r"counts\.csv: no row is for calibration; at least one must be"):
        calibration.calibrate(cross, file, scratch=tmp_path)
    with pytest.raises(ValueError, match="free must be of through, visitors, delivery, taxis, not residents"):
        calibration.calibrate(cross, file, scratch=tmp_path, free=("residents", "through"))
