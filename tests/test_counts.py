"""Counts: read and found on the roads, held against what was driven, and what a result may call itself by them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import alprsim
from alprsim import counts, experiment, population, roads, survey, sweep
from alprsim.cli import main
from alprsim.counts import Count, CountError, Held
from alprsim.scenario import ScenarioError, models
from alprsim.tables import DAY, SLOT, Flows, Network, RoadKind
from tests.conftest import HAMLET
from tests.test_calibration import counted, crossing
from tests.test_population import PLAIN


@pytest.fixture(scope="module")
def streets(tmp_path_factory: pytest.TempPathFactory) -> Network:
    folder = tmp_path_factory.mktemp("cross")
    nx.write_graphml(crossing(), folder / "cross.graphml")
    spec = models.GraphmlRoads(kind="graphml", file="cross.graphml", place="Hamlet", population=300)
    return roads.load(spec, base=folder)


# --- reading ----------------------------------------------------------------------------------------------------------


def ends_of(network: Network, road: int) -> tuple[int, int]:
    osm, roads = network.junctions.osm_id, network.roads
    return int(osm[roads.tail[road]]), int(osm[roads.head[road]])


def test_counts_are_found_by_coordinates_junctions_and_rows(streets: Network, tmp_path: Path) -> None:
    text = """name,lat,lon,direction,class,from_osm,to_osm,road,vehicles,day,hour,use,remark
Main Road,41.5045,-72.997,,,,,,1200,,,,both ways
Main Road east,41.5045,-72.997,E,motorway,,,,70,weekday,8,validation,
Main Road at 265 degrees,41.5045,-72.997,265,,,,,65.5,Saturday,17,,
A street,41.5030,-72.9990,,residential,,,,55,average,,calibration,
By junctions,,,,,30 31,31 30,,900,,,,
By row,,,,,,,5,7,,0,,
"""
    found = counts.read(counted(tmp_path, text), streets)
    assert [count.name for count in found] == [line.split(",")[0] for line in text.splitlines()[1:]]
    assert [{ends_of(streets, road) for road in count.roads} for count in found[:3]] == [
        {(31, 32), (32, 31)}, {(31, 32)}, {(32, 31)},
    ]  # fmt: skip
    assert {ends_of(streets, road) for road in found[4].roads} == {(30, 31), (31, 30)}
    assert found[5].roads == (5,)
    assert [count.kind for count in found[:4]] == [*[RoadKind.MOTORWAY] * 3, RoadKind.RESIDENTIAL]
    assert len(found[3].roads) == 2
    assert [(count.day, count.hour, count.vehicles, count.use) for count in found[:3]] == [
        ("average", -1, 1200.0, "calibration"), ("weekday", 8, 70.0, "validation"), ("Saturday", 17, 65.5, "calibration"),
    ]  # fmt: skip
    assert [count.row for count in found] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        ("lat,lon,vehicles", "41.5,-72.9,10", r"no road within 250 m of 41\.5, -72\.9; the nearest is 7,\d{3} m away"),
        ("lat,lon,class,vehicles", "41.5045,-72.997,trunk,10", r"no trunk within 250 m .*; there is none"),
        ("lat,lon,class,vehicles", "41.5,-73,motorway,10", r"no motorway within 250 m of 41\.5, -73; the nearest is \d{3} m"),
        ("lat,lon,class,vehicles", "41.5045,-72.997,highway,10", "class must be motorway, trunk, .* not 'highway'"),
        ("lat,lon,direction,vehicles", "41.5045,-72.997,up,10", "direction must be both, one of N, .*, or degrees .* not 'up'"),
        ("lat,lon,direction,vehicles", "41.5045,-72.997,400,10", "direction must be both, .* not '400'"),
        ("lat,lon,vehicles", "95,-72.997,10", "lat must be degrees from -90 to 90, not '95'"),
        ("lat,lon,vehicles", "41.5,,10", "lon must be degrees from -180 to 180, not ''"),
        ("road,vehicles", "99999,10", r"road must be a row of Roads \(0 to \d+\), not '99999'"),
        ("road,vehicles", "-1,10", r"road must be a row of Roads \(0 to \d+\), not '-1'"),
        ("road,vehicles", ",10", r"road must be a row of Roads \(0 to \d+\), not ''"),
        ("road,vehicles", "A1,10", "road must be whole numbers, not 'A1'"),
        ("from_osm,to_osm,vehicles", "30,32,10", "no road leads from junction 30 to junction 32"),
        ("from_osm,to_osm,vehicles", "30 31,31,10", "from_osm has 2 junctions and to_osm 1; they must be as many"),
        ("road,vehicles", "3,-4", "vehicles must be a number of vehicles, not negative, not '-4'"),
        ("road,vehicles", "3,many", "vehicles must be a number of vehicles, not negative, not 'many'"),
        ("road,vehicles", "3,nan", "vehicles must be .* not 'nan'"),
        ("road,vehicles", "3,", "vehicles must be a number of vehicles, not negative, not ''"),
        ("road,vehicles,hour", "3,4,24", "hour must be a clock hour from 0 to 23 or empty, not '24'"),
        ("road,vehicles,day", "3,4,Monday", "day must be average, weekday, Saturday, Sunday, not 'Monday'"),
        ("road,vehicles,use", "3,4,test", "use must be calibration, validation, not 'test'"),
        ("road,count", "3,4", ":1: the header must have the column vehicles and one of .*; it has road, count"),
        ("street,vehicles", "Main,4", ":1: the header must have the column vehicles and one of .*; it has street, vehicles"),
    ],
)  # fmt: skip
def test_a_wrong_count_is_named_with_its_file_and_row(
    streets: Network, tmp_path: Path, header: str, row: str, says: str
) -> None:
    file = counted(tmp_path, f"{header}\n{row}\n")
    line = "" if ":1:" in says else r":2: "
    with pytest.raises(CountError, match=f"^{file}{line}.*{says}"):
        counts.read(file, streets)


def test_a_one_way_road_has_no_other_direction(tmp_path: Path) -> None:
    """PLAIN's motorway is two-way; with the ways back taken out, a count of both directions has nowhere to be."""
    roads = PLAIN.roads.take(PLAIN.roads.head > PLAIN.roads.tail)
    junctions = type(PLAIN.junctions)(
        **{**PLAIN.junctions.data(), "x": PLAIN.junctions.x + 300_000, "y": PLAIN.junctions.y + 200_000}
    )
    network = PLAIN._replace(roads=roads, junctions=junctions)
    from pyproj import Transformer

    lon, lat = Transformer.from_crs("EPSG:6433", "EPSG:4326", always_xy=True).transform(300_125, 200_000)
    with pytest.raises(CountError, match=r"counts\.csv:2: no road the other way within 100 m"):
        counts.read(counted(tmp_path, f"lat,lon,vehicles\n{lat},{lon},5\n"), network, tolerance=100)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, ": cannot be read as text .*No such file"),
        (b"", ": must have a header and at least one count; it is empty"),
        (b"\n\n", ": must have a header and at least one count; it is empty"),
        (b"road,vehicles\n", ": must hold at least one count, below its header"),
        (b"road,vehicles\n , \n", ": must hold at least one count, below its header"),
        (b"road,vehicles\n1,2,3,4\n", ":2: a row must have 2 fields, as the header: truncated[?] It has 4"),
        (
            b"road,vehicles,day\n1,2,weekday\n1,2\n",
            ":3: a row must have 3 fields, as the header: truncated[?] It has 2",
        ),
        (b"road,vehicles,road\n1,2,3\n", ":1: the header must name each column once; road stands twice"),
        (b'road,vehicles\n1,"2\n', ":2: must be CSV: unexpected end of data"),
        (b"road,vehicles\n1,\xff\n", ": cannot be read as text"),
        (b"road,vehicles\n5,10\n5 6,10\n6 5,12\n", ":4: the same roads, day and hour are counted in line 3 already"),
        (b"PK\x03\x04", ":1: the header must have the column vehicles"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(streets: Network, tmp_path: Path, text: bytes | None, says: str) -> None:
    file = tmp_path / "counts.csv"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(CountError, match=rf"^{file}{says}"):
        counts.read(file, streets)


def test_a_road_named_twice_is_counted_once(streets: Network, tmp_path: Path) -> None:
    found = counts.read(counted(tmp_path, "road,vehicles\n3 4 3,10\n"), streets)
    assert found[0].roads == (3, 4)


# --- criteria -----------------------------------------------------------------------------------------------------------


def test_geh_is_its_formula() -> None:
    np.testing.assert_allclose(counts.geh([1000, 0, 0, 30], [900, 0, 10, 30]), [(2 * 1e4 / 1900) ** 0.5, 0, 20**0.5, 0])


def test_a_day_may_be_missed_by_its_class_and_an_hour_by_a_geh_of_five() -> None:
    may = counts.allowed([10_000, 10_000, 10_000, 900, 0], [False, False, False, True, False], [0, 2, 6, 0, 4])
    np.testing.assert_allclose(may[:3], [700, 1500, 2500])
    assert counts.geh(900 + may[3], 900) == pytest.approx(5, rel=0.05)
    assert may[4] > 0


# --- held against what was driven -----------------------------------------------------------------------------------------


def count(
    *roads: int, vehicles: float = 100, day: str = "weekday", hour: int = -1, use: str = "calibration", kind: int = 0
) -> Count:
    return Count(1, f"road {roads}", roads, RoadKind(kind), day, hour, vehicles, use)


def carrying(vehicles: dict[tuple[int, int], int], n_roads: int = 3) -> Flows:
    """Return flows of roads by clock hour: all of an hour's vehicles enter in its third quarter."""
    grid = np.zeros((n_roads, DAY // SLOT), np.int32)
    for (road, hour), n in vehicles.items():
        grid[road, (hour - 4) % 24 * 4 + 2] = n
    return Flows(vehicles=grid.ravel(), time=np.ones(grid.size, np.int32))


def test_a_count_is_set_beside_its_roads_hour_and_day() -> None:
    driven = {
        "weekday": carrying({(0, 4): 10, (0, 3): 7, (1, 8): 100, (2, 8): 5}),
        "Saturday": carrying({(0, 4): 21}),
        "Sunday": carrying({(0, 4): 4}),
        "holiday": carrying({(0, 4): 999}),
    }
    asked = [
        count(0), count(0, hour=4), count(0, hour=3), count(1, 2, hour=8), count(1, hour=9), count(0, day="Sunday"),
        count(0, day="average"), count(0, day="Saturday", hour=4),
    ]  # fmt: skip
    assert counts.modelled(asked, driven) == [17, 10, 7, 105, 0, 4, pytest.approx((5 * 17 + 21 + 4) / 7), 21]
    del driven["Sunday"]
    lacking = counts.modelled(asked, driven)
    assert [np.isnan(n) for n in lacking] == [count.day in ("Sunday", "average") for count in asked]


def test_day_types_are_the_populations() -> None:
    kinds = {kind for days in counts.WEEK.values() for kind in days}
    assert kinds < set(population.DayType)
    assert all(sum(days.values()) == pytest.approx(1) for days in counts.WEEK.values())


def test_what_is_held_is_judged_and_kept(tmp_path: Path) -> None:
    asked = [
        count(0, vehicles=900, hour=8),
        count(1, vehicles=1000, use="validation", kind=2),
        count(0, use="validation"),
    ]
    held = counts.hold(asked, [810.0, 1160.0, np.nan])
    assert [row.geh for row in held[:2]] == pytest.approx(
        [(2 * 90**2 / 1710) ** 0.5, (2 * (160 / 24) ** 2 / (2160 / 24)) ** 0.5]
    )
    assert [(row.within, row.asked, row.apart, row.road_class) for row in held] == [
        (True, "GEH < 5", False, "motorway"), (False, "± 15 %", True, "primary"), (None, "± 7 %", False, "motorway"),
    ]  # fmt: skip
    counts.save(held, tmp_path, spreadsheet=True)
    kept = counts.load(tmp_path)
    assert kept[:2] == held[:2]
    assert (kept[2]._replace(geh=0, modelled=0), kept[2].within) == (held[2]._replace(geh=0, modelled=0), None)
    assert list(pd.read_csv(tmp_path / "counts.csv").columns) == list(Held._fields)


def test_the_mean_over_seeds_is_judged_anew() -> None:
    asked = [count(0, vehicles=100), count(1, day="Sunday")]
    seeds = [counts.hold(asked, [low, np.nan]) for low in (80.0, 120.0)]
    mean = counts.mean(seeds)
    assert [row.within for seed in seeds for row in seed] == [False, None, False, None]
    assert (mean[0].modelled, mean[0].within, mean[0].geh) == (100, True, 0)
    assert mean[1].within is None


# --- what a result may call itself ----------------------------------------------------------------------------------------


def hours(met: int, missed: int, *, use: str = "calibration", first: int = 0) -> list[Held]:
    """Return hourly counts on roads of their own, some met and some not."""
    asked = [count(first + i, vehicles=900, hour=8, use=use) for i in range(met + missed)]
    return counts.hold(asked, [900.0] * met + [0.0] * missed)


def days(*modelled: float, use: str = "calibration", first: int = 50) -> list[Held]:
    asked = [count(first + i, vehicles=1000, use=use) for i in range(len(modelled))]
    return counts.hold(asked, modelled)


KEPT = hours(17, 3, use="validation", first=20)  # 85 %
TRIVIAL = counts.hold([count(90, vehicles=12, hour=3, use="validation")], [0.0])
TRIVIAL_FIT = counts.hold([count(90, vehicles=12, hour=3)], [0.0])
SAME_ROAD = [row._replace(apart=False) for row in KEPT]
SUNDAY = counts.hold([count(91, day="Sunday", use="validation")], [np.nan])


@pytest.mark.parametrize(
    ("held", "fitted", "label", "says"),
    [
        ([], True, counts.UNCALIBRATED, "not calibrated against counts"),
        (hours(9, 0) + KEPT, False, counts.HELD, "no volume was fitted to them: 26 of 29 hourly"),
        (hours(9, 0) + KEPT, True, counts.CALIBRATED, "Kept for validation on other roads: 17 of 20 hourly ones"),
        (hours(9, 0), True, counts.UNVALIDATED, "None that tells anything was kept for validation on other roads"),
        (hours(9, 0) + SAME_ROAD, True, counts.UNVALIDATED, "None that tells anything was kept"),
        (hours(9, 0) + TRIVIAL, True, counts.UNVALIDATED, "None that tells anything was kept"),
        (hours(9, 0) + KEPT + SUNDAY, True, counts.UNVALIDATED, "1 could not be held against a day"),
        (hours(9, 0) + KEPT + hours(0, 1, use="validation", first=70), True, counts.MISSED, "17 of 21 hourly"),
        (hours(8, 2) + KEPT, True, counts.MISSED, "8 of 10 hourly ones have a GEH below 5 \\(85 % asked for\\)"),
        (days(1070) + days(930, use="validation", first=60), True, counts.CALIBRATED, "1 of 1 daily ones"),
        (TRIVIAL_FIT + KEPT, True, counts.MISSED, "Volumes were fitted to 1 count: none tells anything"),
        (days(1070, 1071) + KEPT, True, counts.MISSED, "1 of 2 daily ones lie within their class's share"),
        (days(1000) + days(*[1000] * 9, 900, use="validation", first=60), True, counts.MISSED, "9 of 10 daily"),
        (hours(9, 0) + KEPT * 3 + [*TRIVIAL] * 9 + hours(0, 1, use="validation", first=70), True, counts.MISSED, "51 of 61"),
    ],
)  # fmt: skip
def test_a_label_is_earned(held: list[Held], fitted: bool, label: str, says: str) -> None:
    found = counts.verdict(held, fitted=fitted)
    assert found.label == label
    assert ("Compare policies" in found.said) == (label != counts.CALIBRATED)
    with_spaces = " ".join(found.said.split())
    assert found.said == with_spaces
    assert re.search(says, found.said)


def test_a_scenario_changed_since_is_not_called_fitted() -> None:
    found = counts.verdict(hours(9, 0) + KEPT, fitted=False, changed=True)
    assert found.label == counts.HELD
    assert "was changed since its volumes were fitted" in found.said


# --- from counts to a labelled run ----------------------------------------------------------------------------------------

CROSSED = (
    HAMLET.replace("visitors: 0 %", "visitors: 20 %, through: 60 vehicles/d")
    .replace("hamlet.graphml", "cross.graphml")
    .replace("issued: 400", "issued: 200000")  # the pool that passes through is large
)


@pytest.fixture(scope="module")
def cross(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a scenario file with two motorways, and counts beside it: what more visitors and through traffic drive there."""
    folder = tmp_path_factory.mktemp("crossed")
    nx.write_graphml(crossing(), folder / "cross.graphml")
    (folder / "cross.yaml").write_text(CROSSED)
    more = ["seeds=[9]", "population.through=400 vehicles/d", "population.visitors=50 %"]
    truth = alprsim.run(folder / "cross.yaml", out=folder / "truth", overrides=more)
    assert truth.info["labels"]["calibration"] == counts.UNCALIBRATED
    assert "counts" not in truth.tables
    flows = truth.table("flows")["vehicles"].to_numpy().reshape(-1, DAY // SLOT)
    fast = np.flatnonzero(truth.roads["kind"].to_numpy() == RoadKind.MOTORWAY)[::2]
    uses = ["validation" if i % 3 == 0 else "calibration" for i in range(len(fast))]
    rows = [f"{road},{flows[road].sum()},weekday,,{use}" for road, use in zip(fast, uses, strict=True)]
    (folder / "counts.csv").write_text("\n".join(["road,vehicles,day,hour,use", *rows]))
    return folder / "cross.yaml"


@pytest.fixture(scope="module")
def fitted(cross: Path) -> Path:
    """Return the scenario that `alprsim calibrate --out` wrote."""
    out = cross.parent / "study" / "fitted.yaml"
    out.parent.mkdir()
    done = CliRunner().invoke(main, ["calibrate", str(cross), str(cross.with_name("counts.csv")), "--out", str(out)])
    assert done.exit_code == 0, done.output
    return out


@pytest.mark.whole
def test_a_fitted_scenario_carries_its_label_until_it_is_changed(fitted: Path, tmp_path: Path) -> None:
    loaded = alprsim.study(fitted)
    assert loaded.fitted
    assert [file.name for file in fitted.parent.iterdir()] == ["fitted.yaml"]
    assert "extends: ../cross.yaml" in fitted.read_text()
    run = alprsim.run(fitted, out=tmp_path / "run")
    held = run.table("counts")
    assert run.info["labels"]["calibration"] == counts.CALIBRATED, run.info["counts"]
    assert held["within"].all()
    seeds = [pd.read_parquet(run.folder / f"seed={seed}" / "counts.parquet")["modelled"] for seed in (1, 2)]
    np.testing.assert_allclose(held["modelled"], (seeds[0] + seeds[1]) / 2)
    usual = run.table("flows", seed=1)["vehicles"].to_numpy().reshape(-1, DAY // SLOT).sum(axis=1)
    named = pd.read_csv(fitted.parent.parent / "counts.csv")["road"]
    np.testing.assert_array_equal(seeds[0], usual[named])
    assert (run.folder / "counts.csv").exists()
    assert run.summary is not None
    assert pd.read_csv(run.folder / "summary.csv")["calibration"].eq(counts.CALIBRATED).all()
    page = (run.folder / "report.html").read_text()
    assert '<a href="#counts">count-calibrated</a>' in page
    assert page.count("± 7 %") == len(held)
    assert str(fitted.parent.parent) not in page
    again = alprsim.study(run.folder / "scenario.yaml")  # the resolved scenario keeps its seal
    assert again.fitted
    assert again.digest() == loaded.digest()


@pytest.mark.whole
def test_counts_alone_or_a_changed_scenario_are_only_held_against(cross: Path, fitted: Path, tmp_path: Path) -> None:
    plain = alprsim.run(cross, out=tmp_path / "plain", overrides=["traffic.counts=counts.csv", "seeds=[1]"])
    assert plain.info["labels"]["calibration"] == counts.HELD
    assert "no volume was fitted to them" in plain.info["counts"]
    assert not plain.table("counts")["within"].any()
    for change in ("population.visitors=90 %", "traffic.fidelity=table", "traffic.counts=../other.csv"):
        (fitted.parent.parent / "other.csv").write_text("road,vehicles\n0,10\n")
        assert not alprsim.study(fitted, overrides=[change]).fitted, change
    for change in ("length=10 d", "cameras.capture=0.5", "seeds=[4]", "title=Other"):
        assert alprsim.study(fitted, overrides=[change]).fitted, change


@pytest.mark.whole
def test_counts_change_no_traffic(cross: Path, tmp_path: Path) -> None:
    one, other = (
        alprsim.run(cross, out=tmp_path / name, overrides=["seeds=[1]", *more])
        for name, more in (("without", []), ("with", ["traffic.counts=counts.csv"]))
    )
    for name in ("reads", "flows", "tally"):
        pd.testing.assert_frame_equal(one.table(name), other.table(name))


@pytest.mark.whole
@pytest.mark.parametrize("fidelity", ["table", "queue"])
def test_counts_are_held_against_the_days_as_driven(cross: Path, tmp_path: Path, fidelity: str) -> None:
    overrides = ["seeds=[1]", "length=2 d", "measures.moments=[30 h]", f"traffic.fidelity={fidelity}"]
    changed = alprsim.study(cross, overrides=[*overrides, "traffic.counts=counts.csv"])
    run = sweep.run(changed, out=tmp_path / "run")
    _, files = survey.run(changed, out=tmp_path / "day", day=0, hour=8, corridor=None, tell=lambda *_: None)
    surveyed = pd.read_csv(tmp_path / "day" / "counts.csv")
    assert {"counts.csv", "counts.parquet"} < {file.name for file in files}
    np.testing.assert_array_equal(run.table("counts")["modelled"], surveyed["modelled"])
    record = json.loads((tmp_path / "day" / "traffic.json").read_text())
    assert record["calibration"] == counts.HELD
    assert record["counts"].startswith("Traffic was held against")


@pytest.mark.whole
def test_a_wrong_count_stops_a_run_before_anything_is_driven(cross: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(experiment, "_plan", None)
    (cross.parent / "wrong.csv").write_text("road,vehicles\n99999,10\n")
    with pytest.raises(CountError, match=r"wrong\.csv:2: road must be a row of Roads"):
        alprsim.run(cross, out=tmp_path / "run", overrides=["traffic.counts=wrong.csv"])
    assert not list(tmp_path.iterdir())


def test_a_counts_file_must_be_there_and_a_seal_be_one(cross_text: Path) -> None:
    with pytest.raises(ScenarioError, match=r"traffic\.counts: there is no file .*nowhere\.csv"):
        alprsim.study(cross_text, overrides=["traffic.counts=nowhere.csv"])
    with pytest.raises(ScenarioError, match=r"traffic\.fitted"):
        alprsim.study(cross_text, overrides=["traffic.fitted=yes"])


@pytest.fixture
def cross_text(tmp_path: Path) -> Path:
    nx.write_graphml(crossing(), tmp_path / "cross.graphml")
    (tmp_path / "cross.yaml").write_text(CROSSED)
    return tmp_path / "cross.yaml"


@pytest.mark.whole
def test_what_would_not_be_sealed_is_not_written(cross: Path, fitted: Path) -> None:
    file = cross.with_name("counts.csv")
    before = fitted.read_text()
    done = CliRunner().invoke(main, ["calibrate", str(cross), str(file), "--out", str(fitted)])
    assert done.exit_code == 2
    assert "exists and is left as it is" in done.output
    assert fitted.read_text() == before
    other = cross.with_name("other.yaml")
    args = ["calibrate", str(cross), str(file), "--out", str(other), "--set", "population.visitors=30 %"]
    done = CliRunner().invoke(main, args)
    assert done.exit_code == 1
    assert "an override (--set) of population would go before what was fitted" in done.output
    assert not list(cross.parent.glob("*other.yaml*"))
