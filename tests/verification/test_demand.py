"""Demand against published figures: rates, lengths, hours and commuting, what repetition hangs on, and what counts change.

Of each figure the table says whether it is an input, fitted or independent of the published one beside it.
"""

from __future__ import annotations

import csv
import math
from datetime import date
from pathlib import Path

import networkx as nx
import numba
import numpy as np
import pytest
from scipy.spatial import KDTree

from alprsim import calibration, population, roads
from alprsim.population import _figures as figures
from alprsim.scenario import load, loads
from alprsim.tables import DAY, DAY_STARTS, Trips
from tests.conftest import HAMLET
from tests.test_population import grid_town, network, varied
from tests.verification.roadway import BLUE, GREY, ORANGE, RED, SKY, picture

pytestmark = [
    pytest.mark.verification,
    pytest.mark.skipif(
        bool(numba.config.DISABLE_JIT), reason="a region of 400,000 vehicles; the twins are compared elsewhere"
    ),
]

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DEMAND, REPETITION, COUNTS = "demand", "repetition", "counts"
REPEATED = ("places", "last week", "weekday trips on", "days a week")
"""How the names of findings begin that are of repetition."""


# --- published figures ------------------------------------------------------------------------------------------------

BEYOND = "about half of the commutes end at a gateway, at free flow"
OUTSIDE = {
    ("a commute, to the gateway if beyond", "min, free flow"): (13.69, 14.17, 0.7, BEYOND),
    ("the same, Connecticut", "min, free flow"): (13.69, 14.17, 0.7, BEYOND),
    ("commutes under 15 minutes", "%"): (70.6, 67.9, 4, BEYOND),
    ("last week's trips to a new place", "%"): (
        7.41, 7.42, 0.4, "published of students who walk and ride too; ours follows `explore`",
    ),
    ("a trip", "km"): (8.94, 9.45, 0.5, "nobody's way is followed beyond the gateways"),
}  # fmt: skip
"""Figures known to lie outside their tolerance: as found by gravity and by LODES, how near to that they must stay, and why."""


def draw_hours(days: list[tuple[str, np.ndarray, np.ndarray]], file: Path) -> None:
    """Draw the shares of trips by hour: ours as bars, the published ones as a line."""
    figure, axes = picture(
        "Vehicle trips by clock hour of departure", "clock hour", "share of the day’s trips, %", panels=2
    )
    for axis, (name, ours, published) in zip(axes, days, strict=True):
        axis.bar(np.arange(24) + 0.5, 100 * ours, color=SKY, width=0.9, label="ours")
        axis.plot(
            np.arange(24) + 0.5, 100 * published, color=RED, label="FHWA Highway Statistics 2006, NT-3 (NHTS 2001)"
        )
        axis.set(title=name, xlim=(0, 24), ylim=(0, 12), xticks=range(0, 25, 4))
        axis.legend(frameon=False, fontsize=8)
    figure.savefig(file, dpi=120)


def by_hour(driven: Trips, day: int) -> np.ndarray:
    return np.bincount((driven.depart - day * DAY + DAY_STARTS) // 3600 % 24, minlength=24) / len(driven)


def test_hours_are_drawn_beside_the_published_ones(tmp_path: Path, verified, plots) -> None:
    world = network(grid_town("Alder", (0, 0), 32, 20_000, 1))
    spec = varied(visitors=0.0)
    settled = population.settle(world, spec, seed=1, base=tmp_path)
    days = []
    for name, day, table in (("Wednesday", 2, figures.WEDNESDAY), ("Saturday", 5, figures.SATURDAY)):
        driven = population.trips(settled, world, spec, seed=1, day=day, start=date(2025, 9, 1))
        days.append((name, by_hour(driven, day), np.array(table) / sum(table)))
    draw_hours(days, plots / "demand_hours.png")
    for name, ours, published in days:
        off = 100 * np.abs(ours - published).max()
        verified(DEMAND, f"{name}: share of trips in any hour (fitted)", off, 2.5, "points")


def test_the_eight_departments_people_beside_published_figures(shared_data: Path, verified, shown, plots) -> None:
    """The table is kept as evidence.csv; results/evidence.csv is a copy."""
    study = load(SCENARIOS / "eight_departments.yaml").scenario
    world = roads.load(study.roads, base=SCENARIOS)
    table = shared_data / "demand" / "ct_commute_od_lodes2014.csv.gz"
    found = {}
    for name, commuting in (("gravity", None), ("LODES 2014", str(table))):
        spec = study.population.model_copy(update={"commuting": commuting})
        settled = population.settle(world, spec, seed=1, base=SCENARIOS)
        found[name] = population.evidence(settled, world, spec, seed=1, start=date(2026, 9, 14), base=SCENARIOS)
    write_evidence(found, plots / "evidence.csv")
    draw_evidence(found, plots / "demand_evidence.png")
    for nth, (name, findings) in enumerate(found.items()):
        for finding in findings:
            enter(finding, name, nth, verified, shown)


def enter(finding, name: str, nth: int, verified, shown) -> None:
    """Enter a finding in the table: held to the published figure or, if known to miss that, to what was found before."""
    row = REPETITION if finding.what.startswith(REPEATED) else DEMAND
    what = f"{finding.what}{', ' + finding.unit if finding.unit else ''}"
    if finding.published is None:
        shown(row, f"{what}: {finding.source}", f"{finding.ours:.2f} ({name})")
        return
    said = f"{finding.ours:.2f} for {finding.published:.2f} ({name})"
    what = f"{what}: {finding.basis}"
    known = OUTSIDE.get((finding.what, finding.unit))
    if known is None:
        verified(row, what, abs(finding.ours - finding.published), finding.tolerance, "", found=said)
        return
    before, near = known[nth], known[2]
    assert finding.within is False  # else it is known no longer
    verified(row, f"{what}, KNOWN MISS", abs(finding.ours - before), near, f"from {before:g}", found=said)


def write_evidence(found, file: Path) -> None:
    with file.open("w", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["commuting", "figure", "unit", "ours", "published", "tolerance", "within", "basis", "source"])
        for name, findings in found.items():
            for f in findings:
                published = (
                    ("", "", "") if f.published is None else (f"{f.published:.4g}", f"{f.tolerance:g}", f.within)
                )
                table.writerow([name, f.what, f.unit, f"{f.ours:.4g}", *published, f.basis, f.source])


def draw_evidence(found, file: Path) -> None:
    """Draw how many tolerances each figure lies from the published one, by what that proves."""
    rows = [f for f in next(iter(found.values())) if f.published is not None]
    figure, (axis,) = picture("Demand: how far from the published figure", "off, in its tolerance (cut at 4)", "")
    for y, finding in enumerate(rows):
        off = (finding.ours - finding.published) / finding.tolerance
        label = f"{finding.what}{', ' + finding.unit if finding.unit else ''}: {finding.ours:.4g} for {finding.published:.4g}"
        axis.plot(np.clip(off, -4, 4), y, BASES[finding.basis][1], color=BASES[finding.basis][0], zorder=3)
        axis.text(-4.3, y, label, ha="right", va="center", fontsize=8)
    for basis, (colour, marker) in BASES.items():
        axis.plot([], [], marker, color=colour, label=basis)
    axis.axvspan(-1, 1, color=GREY, alpha=0.15, linewidth=0, label="within")
    axis.set(xlim=(-4.2, 4.2), ylim=(len(rows) - 0.5, -0.5), yticks=[])
    axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=4)
    figure.set_size_inches(9.5, 0.22 * len(rows) + 1.6)
    figure.savefig(file, dpi=120)


BASES = {"input": (GREY, "o"), "fitted": (ORANGE, "s"), "independent": (BLUE, "D")}


def test_repetition_under_other_variation(verified, shown, plots) -> None:
    world = network(grid_town("Alder", (0, 0), 32, 8000, 1))
    rows = population.sensitivity(world, varied(), seed=1, start=date(2025, 9, 1), base=Path())
    draw_repetition(rows, plots / "repetition.png")
    for name, what in MEASURED.items():
        values = [getattr(row, name) for row in rows]
        shown(
            REPETITION,
            f"{what}, over skip 0–0.2, explore 0–0.3, jitter 0–1 h",
            f"{min(values):.3g} to {max(values):.3g}",
        )
    by = {row[:3]: row for row in rows}
    assert len(rows) == 27
    wrong = 0
    for skip in (0.0, 0.1, 0.2):
        for jitter in (0, 900, 3600):
            there = [by[skip, explore, jitter].places for explore in (0.0, 0.1, 0.3)]
            ways = [by[skip, explore, jitter].repeated for explore in (0.0, 0.1, 0.3)]
            wrong += (there != sorted(there)) + (ways != sorted(ways, reverse=True))
        hours = [by[skip, 0.1, jitter].repeated_hour for jitter in (0, 900, 3600)]
        wrong += hours != sorted(hours, reverse=True)
    verified(REPETITION, "explore: more places, fewer repeated ways; jitter: fewer repeated hours", wrong, 0, "series")


MEASURED = {
    "places": "places a driver goes to in 28 days",
    "repeated": "weekday trips on a repeated way, share",
    "repeated_hour": "the same in the same hour, share",
    "commutes": "days a week a commuter commutes",
}


def draw_repetition(rows, file: Path) -> None:
    """Draw each measure over `explore`: colour for `skip`, style for `jitter`."""
    figure, axes = picture(
        "A month’s repetition, by what varies from day to day", "explore, share of errands", "", panels=4
    )
    for axis, (name, what) in zip(axes, MEASURED.items(), strict=True):
        for skip, colour in zip((0.0, 0.1, 0.2), (BLUE, ORANGE, RED), strict=True):
            for jitter, style in zip((0, 900, 3600), ("-", "--", ":"), strict=True):
                line = [(row.explore, getattr(row, name)) for row in rows if (row.skip, row.jitter) == (skip, jitter)]
                axis.plot(*zip(*line, strict=True), color=colour, linestyle=style, marker="o", markersize=3)
        axis.set_title(what, fontsize=9)
        axis.set(ylim=(0, {"places": 16, "commutes": 5}.get(name, 1)))
    for label, look in (
        *((f"skip {skip:g}", {"color": c}) for skip, c in zip((0.0, 0.1, 0.2), (BLUE, ORANGE, RED), strict=True)),
        *(
            (f"jitter {j} min", {"color": GREY, "linestyle": s})
            for j, s in zip((0, 15, 60), ("-", "--", ":"), strict=True)
        ),
    ):
        axes[-1].plot([], [], label=label, **look)
    axes[-1].legend(frameon=False, fontsize=8, loc="lower left", ncols=2)
    figure.set_size_inches(16, 4.4)
    figure.savefig(file, dpi=120)


# --- counts -----------------------------------------------------------------------------------------------------------

ANCHORS = """name,from_osm,to_osm,vehicles
"I-95 Norwalk, exits 13–14",83899786 316784672,83911481 69121439,146700
"I-95 Branford, exits 54–55",69120990 69120972,318266497 318265966,89300
"CT-15 Trumbull, exits 47–48",315382786 315497068,315377222 83911622,79300
"CT-15 Hamden, exits 59–60",315674853 315710320,678996107 678996101,78200
"""
"""Daily volumes of 2019 (CT DOT, as reported by the Journal Inquirer, 16 June 2024) on the motorways of OpenStreetMap: both
carriageways, by the junctions that their roads leave and reach. CT-15's exits have since been numbered anew."""


def closed(graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
    """Join each road that leaves the motorways to the nearest that enters them, so that all can be reached."""
    import osmnx as ox

    flat = ox.project_graph(graph, to_crs="EPSG:6433")
    at = {node: (data["x"], data["y"]) for node, data in flat.nodes(data=True)}
    leave = [node for node in graph if not graph.out_degree(node)]
    enter = [node for node in graph if not graph.in_degree(node)]
    joins = [(node, enter[KDTree([at[n] for n in enter]).query(at[node])[1]]) for node in leave]
    joins += [(leave[KDTree([at[n] for n in leave]).query(at[node])[1]], node) for node in enter]
    for tail, head in joins:
        graph.add_edge(tail, head, length=max(1.0, math.dist(at[tail], at[head])), highway="motorway_link", osmid=0)
    return graph


LEFT_OUT = {"I-95 Norwalk": 43_341, "I-95 Branford": 91_031, "CT-15 Trumbull": 39_803, "CT-15 Hamden": 91_009}
"""Volumes by the scales that the other three counts alone give: as found."""


def test_four_anchors_on_the_real_motorways(shared_data: Path, tmp_path: Path, verified, shown, plots) -> None:
    """No street carries local traffic here: all of a motorway's vehicles are fitted as passing through.

    With a free volume for each pair of motorway ends the fit must meet four counts: that it does says only that the fitter and
    the drive after it work. What the other three say of the fourth is the figure of the model, and it is far off.
    """
    import osmnx as ox

    corridor = closed(ox.load_graphml(shared_data / "roads" / "sw_corridor_motorway_trunk.graphml.gz"))
    ox.save_graphml(corridor, tmp_path / "hamlet.graphml")
    (tmp_path / "counts.csv").write_text(ANCHORS)
    study = loads(HAMLET.replace("visitors: 0 %", "visitors: 0 %, through: 8000 vehicles/d"), base=tmp_path)
    found = calibration.calibrate(study, tmp_path / "counts.csv", scratch=tmp_path)
    draw_counts(found.rows, plots / "counts.png")
    assert not any(abs(row.before / row.counted - 1) < 0.07 for row in found.rows)
    assert found.hourly_share is None  # of daily counts no share is claimed
    for row in found.rows:
        name = row.name.split(",")[0]
        said = f"{name}: {row.after:,.0f} for {row.counted:,.0f} (before: {row.before:,.0f})"
        off = 100 * abs(row.after / row.counted - 1)
        verified(COUNTS, "a daily count fitted, of the fitter: ± 7 %", off, 7, "%", found=said)
    for row in found.rows:
        name = row.name.split(",")[0]
        off = 100 * (row.left_out / row.counted - 1)
        shown(COUNTS, f"{name}: by the other three counts", f"{row.left_out:,.0f} for {row.counted:,.0f}, {off:+.0f} %")
        change = 100 * abs(row.left_out / LEFT_OUT[name] - 1)
        verified(COUNTS, "each left out in turn: as found before", change, 1, "%", found=f"{name}: {row.left_out:,.0f}")


def draw_counts(rows, file: Path) -> None:
    figure, (axis,) = picture("Four daily counts on the real motorways", "", "vehicles a day, thousands")
    at = np.arange(len(rows))
    axis.bar(at, [row.counted / 1000 for row in rows], color=SKY, width=0.7, label="counted; ± 7 %")
    axis.errorbar(
        at, [row.counted / 1000 for row in rows], [0.07 * row.counted / 1000 for row in rows], fmt="none", color=GREY
    )
    looks = (("before", "scenario as it is", GREY, "v"), ("after", "fitted to all four", BLUE, "o"))
    for name, label, colour, marker in (*looks, ("left_out", "fitted to the other three", RED, "D")):
        axis.plot(at, [getattr(row, name) / 1000 for row in rows], marker, color=colour, label=label)
    axis.set_xticks(at, [row.name.replace(", ", "\n") for row in rows], fontsize=8)
    axis.set(ylim=(0, None))
    axis.legend(frameon=False, fontsize=8)
    figure.savefig(file, dpi=120)
