"""Cars with readers beside what is published of them, with like denominators; what falls outside is said, and why."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pytest

from alprsim import days, experiment, patrols, population
from alprsim.patrols import _rounds
from alprsim.scenario import load
from alprsim.tables import DAY, Passages, Sightings

pytestmark = [
    pytest.mark.verification,
    pytest.mark.skipif(
        bool(numba.config.DISABLE_JIT), reason="a whole town for weeks; the twins are compared elsewhere"
    ),
]

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"

DAYS = 56
"""So many that two cars make as many reads as a town of the Capitol region did in all."""
PATROL, SPOTTER = slice(0, 2), 2
"""Rows of the fleet's cars in scenarios/every_reader.yaml, here without its trailer."""

TOWN_READS, TOWN_IN_ALL = 575, 310_000
"""Ten towns of the Capitol region made 2.1 million reads in 2011, 5,753 a day: a tenth of that a town and day. In about 27
months 3.1 million reads of 1.3 million vehicles, 2.4 each; 13,597 on the busiest day (Hartford Courant, 21 February 2012).
How often a vehicle is read hangs on how many reads a town makes in all, so that is held alike, however soon they are made."""

ONCE, OFTEN = 0.839, 7
"""Of the plates that Seattle's mobile readers read in one week, those read once; reads of a plate, 99th percentile (a public
set of their reads)."""

OUTSIDE = {
    "patrol reads a town and day": (
        "our two cars begin 4.2 shifts a day; the region made as many reads a town as ours make in 0.3 shifts, so its readers "
        "were seldom on. The key for that is `manned`"
    ),
    "reads of each vehicle": (
        "four of five of our patrol reads are of parked cars, so that the same households' are read again and again. The "
        "region's reads named a third of the state's plates: more of them were of moving cars, on motorways too, which our "
        "beats leave out; and each misreading there counts as one vehicle more. Keys: `homes`, `watch`, `motorways`"
    ),
    "% of vehicles read in a week, read once": "as for reads of each vehicle: the same households' cars where they park",
    "reads of a vehicle a week, 99th percentile": "as for reads of each vehicle: the same households' cars where they park",
}


class Row(NamedTuple):
    """A simulated figure beside the published range."""

    what: str
    ours: float
    low: float
    high: float

    @property
    def within(self) -> bool:
        return self.low <= self.ours <= self.high


class Lived(NamedTuple):
    """Of each day: sightings by car, those of parked cars among them, whose the patrol cars' are, shifts begun by car."""

    seen: np.ndarray
    parked: np.ndarray
    vehicle: list[np.ndarray]
    shifts: np.ndarray


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Lived:
    """Let the cars of scenarios/every_reader.yaml drive for four weeks, traffic at free flow."""
    loaded = load(SCENARIOS / "every_reader.yaml")
    study = loaded.scenario
    world = experiment.prepare(
        loaded, scratch=tmp_path_factory.mktemp("town"), jobs=1, tell=lambda *_: None, cache=experiment.ROUTES
    )
    settled = population.settle(world.network, study.population, seed=1, base=loaded.base)
    fleet = patrols.deploy(world.network, world.agencies, study.cameras, towns_of={}, stops={})
    watched = fleet.watched(len(world.network.roads))
    seen, parked, vehicle, shifts = [], [], [], []
    for day in range(DAYS):
        made = days.make(loaded, world.network, world.routes, settled, seed=1, day=day)
        driven = days.drive(made, world.network, study.traffic, "free", watched=watched)
        for passages, counts in ((driven.passages, seen), (Passages.empty(), parked)):
            found = patrols.sightings(
                Sightings.empty(), fleet, fleet.sites, passages, driven.flows, made.trips, driven.journeys,
                settled.vehicles, world.network, seed=1, day=day,
            )  # fmt: skip
            car = fleet.sites.camera[found.site]
            counts.append(np.bincount(car, minlength=3))
            if counts is seen:
                vehicle.append(found.vehicle[car != SPOTTER])
        parts = [_rounds.shifts(car, seed=1, day=day) for car in fleet.cars]
        shifts.append([sum(part.start % (DAY * 1000) != 0 for part in of_car) for of_car in parts])
    return Lived(np.array(seen), np.array(parked), vehicle, np.array(shifts))


def _times(vehicle: np.ndarray, kept: float) -> np.ndarray:
    """Return how often each vehicle is read whose reads are some of these sightings."""
    read = vehicle[np.random.default_rng(1).random(len(vehicle)) < kept]
    return np.unique(read, return_counts=True)[1]


def test_yields_beside_published_figures(lived: Lived, show: Callable[[str, str], None]) -> None:
    quality = load(SCENARIOS / "every_reader.yaml").scenario.cameras.quality
    capture = np.array([quality[kind].capture for kind in ("patrol", "patrol", "spotter")])
    reads = lived.seen * capture
    patrol, spotter = reads[:, PATROL].sum(axis=1), reads[lived.shifts[:, SPOTTER] > 0, SPOTTER]
    kept = capture[0]
    as_many = np.concatenate(lived.vehicle)[: int(TOWN_IN_ALL / kept)]
    weeks = [np.concatenate(lived.vehicle[day : day + 7]) for day in range(0, DAYS, 7)]
    times = np.concatenate([_times(week, kept) for week in weeks])
    rows = [
        Row("patrol reads a shift of 8 h", patrol.sum() / lived.shifts[:, PATROL].sum(), 2500 * 8 / 12, 10_000),
        Row("spotter reads a day that it is out", spotter.mean(), 0.75 * 8000, 1.25 * 8000),
        Row("busiest day over mean day, patrol", patrol.max() / patrol.mean(), 1, 13_597 / 5753),
        Row("patrol reads a town and day", patrol.mean(), TOWN_READS / 2, 2 * TOWN_READS),
        Row("reads of each vehicle", len(as_many) * kept / len(np.unique(as_many)), 1.2, 4.8),
        Row("% of vehicles read in a week, read once", 100 * (times == 1).mean(), 100 * 0.75 * ONCE, 100),
        Row("reads of a vehicle a week, 99th percentile", np.quantile(times, 0.99), OFTEN / 2, 2 * OFTEN),
    ]
    lines = [
        f"{row.what:42}{row.ours:10,.1f}   published {row.low:8,.1f} to {row.high:8,.1f}{'' if row.within else '   OUTSIDE'}"
        for row in rows
    ]
    lines += [f"{row.what}: {OUTSIDE.get(row.what, 'not expected')}" for row in rows if not row.within]
    for name, which in (("patrol", PATROL), ("spotter", SPOTTER)):
        lines.append(f"of {name} reads of parked cars {lived.parked[:, which].sum() / lived.seen[:, which].sum():.1%}")
    lines.append(
        f"{len(as_many) * kept:,.0f} patrol reads in {DAYS} days; one of the region's towns made {TOWN_IN_ALL:,} in all"
    )
    show("Cars with readers beside published figures", "\n".join(lines))
    assert {row.what for row in rows if not row.within} == OUTSIDE.keys()
