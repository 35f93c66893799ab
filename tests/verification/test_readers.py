"""What readers of every kind see, beside what is published, with like denominators; what falls outside is said, and why.

Patrol cars have a table of their own (``test_patrols.py``). Every figure goes to ``readers.csv`` in the folder of the pictures.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import alprsim
from alprsim import days, experiment, population, siting
from alprsim.hotlists import Cause
from alprsim.results.published import PORTAL_CONNECTICUT, PORTAL_MEDIAN, PORTAL_P90
from alprsim.scenario import load, loads, models
from alprsim.store import Store
from alprsim.tables import (
    DAY,
    Agencies,
    CameraKind,
    Float64,
    Network,
    PersonKind,
    PlaceKind,
    Purpose,
    VehicleKind,
)
from tests.verification.roadway import BLUE, COMPILED, GREY, ORANGE, picture

pytestmark = [pytest.mark.verification, pytest.mark.whole, COMPILED]

SCENARIOS = Path(__file__).parents[2] / "scenarios"
STANDING = (CameraKind.FIXED, CameraKind.GANTRY, CameraKind.PORTABLE)
AS_FOUND = 0.10
"""By how much of it a figure may differ from what was found when this was written: a change beyond that is to be explained."""


class Row(NamedTuple):
    """A figure of ours beside what somebody published, from low to high."""

    what: str
    unit: str
    ours: float
    found: float
    low: float
    high: float
    source: str
    why: str = ""
    """Ours lies outside, if it does."""

    @property
    def within(self) -> bool:
        return self.low <= self.ours <= self.high


@pytest.fixture(scope="module")
def written(plots):
    """Return the list whose rows are written to the CSV at the end."""
    rows = []
    yield rows
    with (plots / "readers.csv").open("w", newline="", encoding="utf-8") as file:
        write = csv.writer(file, lineterminator="\n")
        write.writerow(("figure", "unit", "simulated", "published from", "to", "within", "published by", "why outside"))
        for row in rows:
            numbers = f"{row.ours:.3g}", f"{row.low:g}", f"{row.high:g}"
            write.writerow((row.what, row.unit, *numbers, "yes" if row.within else "no", row.source, row.why))


@pytest.fixture
def beside(written, verified, show):
    """Return a function that prints rows as a table, keeps them and asserts each as it was found."""

    def enter(title, rows):
        written.extend(rows)
        reasons = list(dict.fromkeys(row.why for row in rows if not row.within))
        lines = [
            f"{row.what:82}{row.ours:8.4g} {row.unit:18} published {row.low:g} to {row.high:g}"
            + ("" if row.within else f"   OUTSIDE ({reasons.index(row.why) + 1})")
            for row in rows
        ]
        lines += [f"({number}) {why}" for number, why in enumerate(reasons, 1)]
        show(title, "\n".join(lines))
        for row in rows:
            off = abs(row.ours - row.found) / (row.found or 1)
            verified(row.what, f"as found, {row.found:g} {row.unit}", off, AS_FOUND, "of it")
            assert row.within == (not row.why), row

    return enter


def lived(loaded, world, folder):
    """Return a simulated seed, its tally and all of its readable reads."""
    done = experiment.simulate(loaded, world, seed=1, folder=folder, tell=lambda *_: None)
    return done, pd.read_parquet(folder / "tally.parquet"), Store(folder).reads()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    loaded = load(SCENARIOS / "every_reader.yaml")
    return experiment.prepare(loaded, scratch=tmp_path_factory.mktemp("plan"), jobs=1, tell=lambda *_: None)


# --- a month of every reader ------------------------------------------------------------------------------------------

TOO_TRUE = (
    "a listed car drives as on any other day and meets the same cameras again, so that true alerts are too many; "
    "list sizes and staleness are assumptions"
)


def test_a_month_of_every_reader(world, tmp_path, beside):
    loaded = load(SCENARIOS / "every_reader.yaml", overrides=("length=30 d",))
    done, tally, reads = lived(loaded, world, tmp_path)
    cameras = done.placement.cameras
    police = (world.agencies.name[cameras.agency] == "Wethersfield") & np.isin(cameras.kind, STANDING)
    plates = len(np.unique(reads.plate[police[done.placement.sites.camera[reads.site]]]))
    cause = done.alerts.alerts.sum(axis=(0, 1, 2))[:, 0]
    alerts, matched = cause.sum(), done.alerts.reads.sum()
    fixed = tally[tally["kind"].eq(CameraKind.FIXED)]
    own, fixed = fixed[fixed["agency"].eq("Wethersfield")], fixed.sum()
    texts = fixed["reads"] - fixed["unreadable"]
    right = (texts - fixed["misread"]) / (fixed["passages"] - fixed["down"])
    portals = f"770 agencies' transparency portals, median and 90th percentile; Connecticut's five pooled {PORTAL_CONNECTICUT}"
    beside(
        "A month of every reader beside published figures",
        [
            Row(
                "different plates that police cameras record in 30 d", "a camera and day", plates / police.sum() / 30, 470,
                PORTAL_MEDIAN, PORTAL_P90, portals,
            ),
            Row(
                "reads of police's fixed cameras", "a camera and day", own["reads"].sum() / own["days"].sum(), 4880,
                PORTAL_MEDIAN, 10_000, "more than portals' different plates; at most an arterial's 5,000 to 10,000 one way",
            ),
            Row(
                "passing plates that working fixed cameras read right", "share", right, 0.779, 0.60, 0.93,
                "Genetec's example, end to end; British design minima, 0.98 x 0.95 (remembered)",
            ),
            Row(
                "wrong texts of fixed cameras", "share of texts", fixed["misread"] / texts, 0.0736, 0.03, 0.10,
                "British police 3 %; NCRIC and IPVM of one maker's camera about 10 %",
            ),
            Row("alerts", "for 1,000 reads", 1000 * alerts / matched, 2.80, 0.1, 5, "Rhinebeck 0.01 %; Vigilant's users 0.5 %"),
            Row(
                "alerts on misread plates", "share of alerts", cause[Cause.MISREAD] / alerts, 0.0468, 0.05, 0.37,
                "San Leandro's papers 5 %; Vallejo's fixed readers 37 % (secondary)", TOO_TRUE,
            ),
            Row(
                "alerts of stale lists", "share of alerts", cause[Cause.STALE] / alerts, 0.196, 0.28, 0.37,
                "161 of 498 in Los Angeles (Inspector General, secondary), 95 % interval", TOO_TRUE,
            ),
        ],
    )  # fmt: skip


# --- Norfolk ----------------------------------------------------------------------------------------------------------

MILE = 1.609344
CONNECTICUT, NORFOLK = 0.030 / MILE, 0.239 / MILE
"""Cameras a kilometre of road: mapped in Connecticut, and Norfolk's 176 (DeFlock / FlockHopper, April 2026)."""

SCHMIDT = "two drivers of Norfolk, 176 cameras (Schmidt v. City of Norfolk)"


def streets_km(network: Network) -> float:
    """Return kilometres of road, both directions of a street as one."""
    roads = network.roads
    ends = np.sort(np.column_stack((roads.tail, roads.head)), axis=1)
    _, one = np.unique(ends, axis=0, return_index=True)
    return float(roads.length[one].sum(dtype=np.float64)) / 1000


def right_reads(world, n, rank, folder):
    """Return the right reads a day of commuters' cars, each, at n cameras sited so."""
    group = f"{{agency: Wethersfield, count: {n}, siting: {rank}}}"
    text = f"extends: every_reader.yaml\nname: norfolk\ncameras: {{groups: [{group}]}}"
    loaded = loads(text, base=SCENARIOS)
    done, _, reads = lived(loaded, world, folder)
    vehicles, people = done.settlement.vehicles, done.settlement.people
    works = people.vehicle[(people.kind == PersonKind.COMMUTER) & (people.vehicle >= 0)]
    commuters = np.unique(works[vehicles.kind[works] == VehicleKind.RESIDENT])
    right = np.bincount(reads.vehicle[reads.vehicle == reads.plate], minlength=len(vehicles))
    return right[commuters] / (loaded.scenario.length / DAY)


def test_a_town_with_norfolks_cameras_a_mile_of_road(world, tmp_path, beside):
    n = round(NORFOLK * streets_km(world.network))
    rows = []
    for rank, found, why in (
        ("busiest", 4.79, ""),
        ("random", 0.610, "most streets drawn are side streets; police choose roads with traffic"),
    ):
        (tmp_path / rank).mkdir()
        daily = right_reads(world, n, rank, tmp_path / rank)
        name = f"reads of a commuter's car, {n} cameras on {rank} roads"
        rows.append(Row(f"{name}, mean", "a day", daily.mean(), found, 4.0, 6.4, SCHMIDT, why))
    beside("A town with Norfolk's cameras a mile of road", rows)


# --- commutes ---------------------------------------------------------------------------------------------------------

TRAMES = "TRAMES (github.com/KaraZajac/TRAMES), 17,580 commutes of 15 states, at f4fc783 and at 0f2dfe0"
DENSE = 0.089
"""Cameras a kilometre of road: three fifths of Norfolk's. (TRAMES' 0.089 is of kilometres driven.)"""

DENSITIES = {CONNECTICUT: "0.019 cameras a km of road", DENSE: "0.089 cameras a km of road"}
STREETS = {"danbury": "Danbury's real streets", "danbury_generated": "generated streets"}

PER_KM = "passed a km driven"
SUMMARY = (PER_KM, "passed, mean", "median", "share with 1 or more", "90th percentile", "99th percentile")
PUBLISHED = ((0.089, 0.105), (4.75, 5.63), (3, 3), (0.748, 0.787), (12, 14), (31, 35))
"""Of a commute, TRAMES' two snapshots: kilometres driven, then cameras."""

FOUND = {
    ("danbury", "wedge", CONNECTICUT): (0.111, 0.88, 1, 0.562, 2, 4),
    ("danbury", "wedge", DENSE): (0.300, 2.37, 1, 0.724, 7, 11),
    ("danbury", "disc", CONNECTICUT): (0.117, 0.923, 1, 0.588, 2, 4),
    ("danbury", "disc", DENSE): (0.335, 2.65, 2, 0.738, 8, 12),
    ("danbury_generated", "wedge", CONNECTICUT): (0.208, 1.99, 1, 0.696, 5, 7),
    ("danbury_generated", "wedge", DENSE): (0.426, 4.07, 3, 0.857, 10, 14),
    ("danbury_generated", "disc", CONNECTICUT): (0.240, 2.29, 1, 0.712, 6, 7),
    ("danbury_generated", "disc", DENSE): (0.476, 4.56, 3, 0.863, 11, 16),
}
"""As SUMMARY, on the busiest roads; by streets, what a camera watches, and cameras a kilometre of road."""

FOUND_AT_GATEWAYS = {
    ("danbury", "wedge"): 0.0655, ("danbury", "disc"): 0.0841,
    ("danbury_generated", "wedge"): 0.0986, ("danbury_generated", "disc"): 0.0999,
}  # fmt: skip
"""Passed a kilometre driven, of Connecticut's cameras a kilometre of road."""

BUSIEST = {
    CONNECTICUT: "the busiest roads are where most is driven: a bound from above; mapped cameras stand on others too",
    DENSE: "seven times the mapped cameras a km of road of the United States (142,255 on 11.2 million km: TRAMES at a6bc424)",
}
AT_GATEWAYS = "a town's edge is passed once a commute, and not by who works in town: a bound from below"


class Commutes(NamedTuple):
    """A weekday's ways from home to work: the roads of each, km, and what every road carries of all trips."""

    network: Network
    roads: sparse.csr_array
    km: Float64
    flow: Float64


@pytest.fixture(scope="module", params=STREETS)
def commutes(request, tmp_path_factory):
    """Return whose streets they are and the commutes, each the quickest way on empty roads, to the gateway if beyond."""
    graph = {}
    if request.param == "danbury":
        graph = {"graph": request.getfixturevalue("shared_data") / "roads" / "danbury_ct_drive.graphml.gz"}
    free = ("traffic.fidelity=free", "traffic.routes.alternatives=1", "traffic.routes.noise=0")
    loaded = alprsim.study(SCENARIOS / f"{request.param}.yaml", overrides=free, **graph)
    world = experiment.prepare(loaded, scratch=tmp_path_factory.mktemp("plan"), jobs=1, tell=lambda *_: None)
    network = world.network
    settled = population.settle(network, loaded.scenario.population, seed=1, base=loaded.base)
    made = days.usual(loaded, network, world.routes, settled, seed=1)
    n, shape = len(made.paths.first) - 1, (len(made.paths.first) - 1, len(network.roads))
    on = sparse.csr_array((np.ones(len(made.paths.road), np.int32), made.paths.road, made.paths.first), shape=shape)
    from_home = network.places.kind[made.trips.origin] == PlaceKind.HOME
    theirs = on[made.route[from_home & (made.trips.purpose == Purpose.WORK)]]
    km = theirs @ network.roads.length.astype(np.float64) / 1000
    return request.param, Commutes(network, theirs, km, on.T @ np.bincount(made.route, minlength=n).astype(np.float64))


def passed(of, geometry, density, rank="busiest"):
    """Return how many different cameras each commute passes, at so many cameras a kilometre of road."""
    agencies = Agencies.of(name=["Town"], kind=[0], server_rate=[np.inf], server_room=[0])
    group = models.CameraGroup(
        agency="Town", siting=rank, spacing="measured", geometry=geometry, count=round(density * streets_km(of.network))
    )
    placed = siting.place(
        of.network,
        agencies,
        models.Cameras(groups=(group,)),
        towns_of={"Town": None},
        flow=of.flow,
        seed=1,
        base=Path(),
    )
    watched = placed.sites.road, placed.sites.camera
    shape = len(of.network.roads), len(placed.cameras)
    return np.diff((of.roads @ sparse.csr_array((np.ones(len(watched[0])), watched), shape=shape)).indptr)


def test_commutes_beside_trames(commutes, beside, plots):
    name, of = commutes
    driven = f"{np.median(of.km):.1f} km of a commute (median) are on the simulated streets, 24.4 km of theirs"
    rows, seen = [], {}
    for geometry in ("wedge", "disc"):
        for density, said in DENSITIES.items():
            seen[geometry, said] = cameras = passed(of, geometry, density)
            tail = np.quantile(cameras, (0.9, 0.99))
            ours = (cameras.sum() / of.km.sum(), cameras.mean(), np.median(cameras), np.mean(cameras > 0), *tail)
            for what, value, found, range_ in zip(
                SUMMARY, ours, FOUND[name, geometry, density], PUBLISHED, strict=True
            ):
                why = BUSIEST[density] if what == PER_KM else f"{driven}; {BUSIEST[density]}"
                rows.append(of_commutes(f"{STREETS[name]}, {geometry}, {said}: {what}", value, found, range_, why))
        value = passed(of, geometry, CONNECTICUT, "gateways").sum() / of.km.sum()
        where = f"{STREETS[name]}, {geometry}, {DENSITIES[CONNECTICUT]}, at gateways: {PER_KM}"
        rows.append(of_commutes(where, value, FOUND_AT_GATEWAYS[name, geometry], PUBLISHED[0], AT_GATEWAYS))
    title = f"Cameras that a commute passes: {STREETS[name]}, {np.median(of.km):.1f} km (TRAMES: 24.4)"
    draw(seen, title, plots / f"cameras_a_commute_{name}.png")
    beside(f"Cameras that a commute passes: {STREETS[name]}", rows)


def of_commutes(where, value, found, published, why):
    """Return a row, with the reason only where ours lies outside."""
    low, high = published
    unit = "share" if where.endswith("1 or more") else "cameras"
    return Row(where, unit, float(value), found, low, high, TRAMES, "" if low <= value <= high else why)


def draw(seen, title, file):
    figure, (axis,) = picture(title, "cameras, at least", "share of commutes")
    looks = {"wedge": BLUE, "disc": ORANGE}
    for (geometry, said), cameras in seen.items():
        at = np.arange(1, 34)
        share = (cameras[:, None] >= at).mean(axis=0)
        style = "-" if said == DENSITIES[DENSE] else "--"
        axis.step(at, share, style, where="mid", color=looks[geometry], label=f"{geometry}, {said}")
    axis.plot((1, 3, 12, 31), (0.748, 0.5, 0.1, 0.01), "D", color=GREY, label="TRAMES: 1 or more, median, p90, p99")
    axis.set(yscale="log", ylim=(0.003, 1.1), xlim=(0, 33))
    axis.set_yticks((0.01, 0.1, 0.25, 0.5, 1), ("1 %", "10 %", "25 %", "50 %", "100 %"))
    axis.legend(fontsize=8, frameon=False)
    figure.savefig(file, dpi=150)
