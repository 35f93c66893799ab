import json
import math
import shutil
from pathlib import Path

import duckdb
import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from alprsim import inquiry, parquet, report, results
from alprsim.results import published, words
from alprsim.results.summary import KEYS, paired
from alprsim.scenario import read
from alprsim.tables import AS_WRITTEN, DAY, UNLIMITED, Agencies, AgencyKind, Measured, Roads
from tests import fake_run

BASELINE = ("Federal query", "ICE", "request")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fake_run.build(tmp_path_factory.mktemp("runs") / "fake")


@pytest.fixture
def run(folder: Path) -> results.Run:
    return results.load(folder)


def measured(values: list[float], *, sight: str = "bulk", unit: str = "d") -> pd.DataFrame:
    head = ("P", "V", sight, DAY, "m", "vehicles", "all", "all", "stock")
    rows = [(*head, seed, v, unit, 10) for seed, v in enumerate(values)]
    return pd.DataFrame(rows, columns=[c.name for c in Measured.columns()])


# --- summarise ---------------------------------------------------------------------------------------------------------


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.lists(st.integers(0, 9).map(float), min_size=2, max_size=5))
def test_the_interval_is_students_t_over_seeds(values: list[float]) -> None:
    row = results.summarise(measured(values)).iloc[0]
    n = len(values)
    mean = sum(values) / n
    half = student.ppf(0.975, n - 1) * math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1) / n)
    assert row["mean"] == pytest.approx(mean)
    assert (row["low"], row["high"]) == (pytest.approx(mean - half, abs=1e-9), pytest.approx(mean + half, abs=1e-9))
    assert (row["n_seeds"], row["n"]) == (n, 10 * n)


def test_one_seed_has_no_interval() -> None:
    row = results.summarise(measured([0.5])).iloc[0]
    assert row["mean"] == 0.5
    assert math.isnan(row["low"])
    assert math.isnan(row["high"])


def test_seeds_that_did_not_measure_are_not_zeros() -> None:
    row = results.summarise(measured([2.0, math.nan, 4.0])).iloc[0]
    assert (row["mean"], row["n_seeds"]) == (3.0, 2)
    nothing = results.summarise(measured([math.nan, math.nan])).iloc[0]
    assert math.isnan(nothing["mean"])
    assert nothing["n_seeds"] == 0


def test_without_end_in_every_seed_is_without_end() -> None:
    row = results.summarise(measured([math.inf, math.inf])).iloc[0]
    assert (row["mean"], row["low"], row["high"]) == (math.inf, math.inf, math.inf)


def test_an_interval_of_a_share_stays_a_share() -> None:
    row = results.summarise(measured([0.0, 1.0], unit="share")).iloc[0]
    assert (row["low"], row["high"]) == (0.0, 1.0)


def test_sights_are_never_mixed() -> None:
    both = pd.concat([measured([1.0, 1.0], sight="bulk"), measured([3.0, 3.0], sight="request")])
    assert results.summarise(both)["mean"].tolist() == [1.0, 3.0]


def test_the_summary_keeps_the_order_of_the_policies(run: results.Run) -> None:
    assert list(run.summary["policy"].unique()) == list(fake_run.REACH)
    assert not run.summary.duplicated(KEYS).any()


# --- a folder and its tables -------------------------------------------------------------------------------------------


def test_tables_come_by_name_with_their_seed(run: results.Run) -> None:
    assert {"measures", "summary", "towns", "roads", "cameras", "vehicles"} <= set(run.tables)
    assert run.table("vehicles", seed=2)["seed"].unique().tolist() == [2]
    assert run.table("reads", seed=3)["time"].tolist() == [0, 1]
    assert run.cameras["seed"].unique().tolist() == [1, 2, 3]
    assert list(run.towns["name"]) == list(fake_run.TOWNS)


def test_an_unknown_table_or_seed_says_which_there_are(run: results.Run) -> None:
    with pytest.raises(results.ResultError, match=r"no table 'trips'; it has .*vehicles"):
        run.table("trips")
    with pytest.raises(results.ResultError, match="no seed 9; it has 1, 2, 3"):
        run.table("vehicles", seed=9)


def test_an_answer_is_the_row_of_the_summary(run: results.Run) -> None:
    answer = run.answer(*BASELINE, 21 * DAY, "trips_detected", "share_of_horizon", "Norwalk")
    row = run.summary.query(
        "policy == 'Federal query' and viewer == 'ICE' and sight == 'request' and retention == 1814400 "
        "and measure == 'trips_detected' and statistic == 'share_of_horizon' and town == 'Norwalk'"
    ).iloc[0]
    assert (answer.mean, answer.low, answer.high) == (row["mean"], row["low"], row["high"])
    assert not run.answer(*BASELINE, 5, "trips_detected", "share_of_horizon").measured


def test_duckdb_and_pandas_open_the_summary(run: results.Run) -> None:
    file = run.folder / "summary.parquet"
    query = f"select count(*), count(distinct policy), max(high) from '{file}' where unit = 'share'"
    ((rows, policies, high),) = duckdb.sql(query).fetchall()
    shares = pd.read_parquet(file).query("unit == 'share'")
    assert (rows, policies, high) == (len(shares), len(fake_run.REACH), shares["high"].max())


def test_every_row_of_the_csv_says_what_it_rests_on(run: results.Run) -> None:
    rows = pd.read_csv(run.folder / "summary.csv")
    assert len(rows) == len(run.summary)
    assert rows["streets"].eq("generated").all()
    assert rows["calibration"].eq("uncalibrated").all()
    texts = dict(zip(rows["retention"], rows["retention_text"], strict=True))
    assert (texts[UNLIMITED], texts[AS_WRITTEN], texts[180]) == ("no limit", "as the policy says", "3 min")


def test_map_data_keeps_its_attribution(run: results.Run, tmp_path: Path) -> None:
    credit = "© OpenStreetMap contributors, ODbL 1.0"
    folder = fake_run.build(tmp_path / "real", seeds=(1,), attribution=credit)
    files = [folder / "summary.parquet"]
    assert pd.read_csv(folder / "summary.csv")["attribution"].eq(credit).all()
    network = fake_run.streets()._replace(attribution=credit)
    placed = fake_run.cameras(network, 5)
    agencies = parquet.read(Agencies, folder / "agencies.parquet")
    results.save_roads(network, tmp_path / "roads.parquet")
    results.save_cameras(network, agencies, *placed, tmp_path / "cameras.parquet")
    for file in [*files, tmp_path / "roads.parquet", tmp_path / "cameras.parquet"]:
        assert pq.read_schema(file).metadata[b"attribution"].decode() == credit
    crates = [json.loads((f / "ro-crate-metadata.json").read_text("utf-8")) for f in (folder, run.folder)]
    roots = [next(entry for entry in crate["@graph"] if entry["@id"] == "./") for crate in crates]
    assert [root.get("creditText") for root in roots] == [credit, None]
    assert not any("license" in root for root in roots)
    assert b"attribution" not in pq.read_schema(run.folder / "summary.parquet").metadata
    assert "attribution" not in pd.read_csv(run.folder / "summary.csv")


def test_the_crate_names_every_file(run: results.Run) -> None:
    crate = json.loads((run.folder / "ro-crate-metadata.json").read_text("utf-8"))
    names = {entry["@id"] for entry in crate["@graph"] if entry["@type"] == "File"}
    assert {"measures.parquet", "summary.csv", "run.json", "scenario.yaml"} <= names
    assert all((run.folder / name).is_file() for name in names)


# --- geography ---------------------------------------------------------------------------------------------------------


def test_roads_open_as_lines_in_their_place(run: results.Run) -> None:
    roads = geopandas.read_parquet(run.folder / "roads.parquet")
    network = fake_run.streets()
    assert set(roads.geom_type) == {"LineString"}
    assert roads.crs.to_string() == "OGC:CRS84"
    measured_length = roads.to_crs("EPSG:6433").length.to_numpy()
    np.testing.assert_allclose(measured_length, network.roads.length, rtol=1e-4)
    west, south, east, north = roads.total_bounds
    assert -73.8 < west < east < -72.9
    assert 40.9 < south < north < 41.6


def test_roads_are_still_a_table_of_the_contract(run: results.Run) -> None:
    np.testing.assert_array_equal(parquet.read(Roads, run.folder / "roads.parquet").head, fake_run.streets().roads.head)


def test_cameras_stand_on_their_roads(run: results.Run) -> None:
    cameras = geopandas.read_parquet(run.folder / "seed=1" / "cameras.parquet")
    roads = geopandas.read_parquet(run.folder / "roads.parquet").to_crs("EPSG:6433").geometry
    there = cameras.to_crs("EPSG:6433").geometry
    away = [point.distance(roads[road]) for point, road in zip(there, cameras["road"], strict=True)]
    assert max(away) < 0.1
    np.testing.assert_allclose(there.x, cameras["x"], atol=0.01)
    np.testing.assert_allclose(cameras.geometry.y, cameras["lat"])
    assert cameras["camera"].nunique() == len(cameras) - 1
    assert cameras["kind"].iloc[-1] == "gantry"


def test_duckdb_opens_the_geography(run: results.Run) -> None:
    query = f"select max(lon), count(distinct agency) from '{run.folder}/seed=1/cameras.parquet'"
    ((east, kinds),) = duckdb.sql(query).fetchall()
    assert -73.8 < east < -72.9
    assert kinds == 4


# --- headline ----------------------------------------------------------------------------------------------------------


def test_the_headline_is_about_the_federal_consumer_on_request(run: results.Run) -> None:
    rows = run.headline()
    assert [row["name"] for row in rows] == [
        "trips_as_practised",
        "trips_with_limit",
        "retention",
        "identity",
        "lookbacks",
    ]
    assert {row["viewer"] for row in rows} == {"ICE"}
    assert all("on-request sight" in row["text"] for row in rows)
    json.dumps(rows, allow_nan=False)


def test_headline_numbers_are_those_of_the_table(run: results.Run) -> None:
    practised, limited, lives, identity, lookbacks = run.headline()
    trips = ("trips_detected", "share_of_horizon_pooled")  # trips over trips, as the sentence says
    assert practised["value"] == run.answer(*BASELINE, AS_WRITTEN, *trips).mean
    assert limited["value"] == run.answer(*BASELINE, 21 * DAY, *trips).mean
    assert f"{10 * limited['value']:.1f} under a 21-day limit" in limited["text"]
    assert lives["unbounded"]
    assert "without end" in lives["text"]
    assert identity["value"] == run.answer(*BASELINE, 21 * DAY, "home_found", "within_250m").mean
    asked = [run.answer(*BASELINE, 21 * DAY, "lookback_plate", shape).mean for shape in fake_run.SHAPES]
    assert (lookbacks["low"], lookbacks["high"]) == (min(asked), max(asked))


def test_the_limit_must_be_shorter_than_the_horizon(tmp_path: Path) -> None:
    week = results.load(fake_run.build(tmp_path / "week", horizon_s=7 * DAY))
    assert "under a 72-hour limit" in week.headline()[1]["text"]
    none = results.load(fake_run.build(tmp_path / "none", ladder=(30 * DAY, UNLIMITED)))
    assert none.headline()[1]["value"] is None
    assert "No limit on the ladder is shorter" in none.headline()[1]["text"]


def test_a_copy_that_outlives_the_limit_is_said(tmp_path: Path) -> None:
    pool = results.load(fake_run.build(tmp_path / "pool", seeds=(1,), baseline="Searchable pool"))
    assert "under a 21-day limit, which copies outlive" in pool.headline()[1]["text"]
    identity = pool.headline()[3]  # the pool keeps five years, more than was simulated
    own = ("Searchable pool", "ICE", "request", AS_WRITTEN, "home_found", "within_250m_so_far")
    assert identity["value"] == pool.answer(*own).mean
    assert "from the 44 d to 55 d simulated by then" in identity["text"]


def test_one_seed_prints_no_interval(tmp_path: Path) -> None:
    one = results.load(fake_run.build(tmp_path / "one", seeds=(4,)))
    assert "no interval" in one.headline()[0]["text"]
    assert one.headline()[0]["low"] is None
    assert "no interval" in one._repr_html_()


# --- compare -----------------------------------------------------------------------------------------------------------


def shifted(run: results.Run, by: float, to: Path) -> results.Run:
    """Return a copy of a run whose every value is higher by so much."""
    shutil.copytree(run.folder, to)
    changed = pd.read_parquet(to / "measures.parquet")
    changed["value"] += by
    changed.to_parquet(to / "measures.parquet")
    info = json.loads((to / "run.json").read_text("utf-8"))
    info["provenance"]["scenario_sha256"] = "cd" * 32
    (to / "run.json").write_text(json.dumps(info), "utf-8")
    (to / "scenario.yaml").write_text("name: fake\ncustody:\n  retention: 21 d\n", "utf-8")
    return results.load(to)


def test_a_run_does_not_differ_from_itself(run: results.Run) -> None:
    table = results.compare([run, run])
    differences = table[["B − A", "B − A low", "B − A high"]].to_numpy()[table["A"].notna()]
    assert (differences == 0).all()
    assert table.attrs["notes"] == ["A and B ran the same scenario"]


def test_differences_are_paired_by_seed_and_changes_named(run: results.Run, tmp_path: Path) -> None:
    table = results.compare([run, shifted(run, 0.1, tmp_path / "other")])
    finite = table[np.isfinite(table["A"].to_numpy())]
    for column in ("B − A", "B − A low", "B − A high"):  # a constant shift: the seeds' own spread cancels
        np.testing.assert_allclose(finite[column], 0.1, atol=1e-9)
    assert table.attrs["notes"] == ["A and B ran different scenarios: custody.retention: 30 d → 21 d"]
    text = results.as_text(table)
    assert "custody.retention: 30 d → 21 d" in text
    assert "B − A: +10.0 percentage points (+10.0 to +10.0)" in text


def test_ladders_stand_side_by_side(run: results.Run, tmp_path: Path) -> None:
    text = results.as_text(results.compare([run, shifted(run, 0.1, tmp_path / "other")]))
    group = next(part for part in text.split("\n\n") if part.startswith("Federal query · ICE · on-request"))
    steps = group[group.index("by limit") :].splitlines()[1:]
    assert [line.split("  ")[2] for line in steps] == [words.duration(step) for step in fake_run.LADDER]
    answer = run.answer(*BASELINE, 21 * DAY, "trips_detected", "share_of_horizon_pooled")
    (line,) = (line for line in steps if line.strip().startswith("21 d"))
    assert line.split("  ")[2] == "21 d"
    assert f"{100 * answer.mean:.0f} %" in line
    assert "B − A: +10.0 percentage points" in line
    assert "standard error" not in text
    assert "as many" not in text


def test_without_end_is_not_lost_in_json(run: results.Run) -> None:
    rows = json.loads(results.as_json(results.compare([run, run])))
    lives = [row for row in rows if row["measure"] == "effective_retention" and row["statistic"] == "max"]
    endless = {row["A_unbounded"] for row in lives if row["retention"] == UNLIMITED}
    ended = {row["A_unbounded"] for row in lives if row["retention"] == 180}
    assert (endless, ended) == ({True}, {False})
    assert all(row["A"] is None for row in lives if row["A_unbounded"])
    assert not any(row["B − A_unbounded"] for row in rows)


def test_other_seeds_are_not_paired(run: results.Run, tmp_path: Path) -> None:
    table = results.compare([run, results.load(fake_run.build(tmp_path / "two", seeds=(1, 2)))])
    assert table["B − A low"].isna().all()
    assert "other seeds" in table.attrs["notes"][0]
    assert "no interval" in results.as_text(table)


def test_compare_needs_two(run: results.Run) -> None:
    with pytest.raises(results.ResultError, match="compare needs 2 to 26 results, not 1"):
        results.compare([run])


def test_a_paired_difference_is_students_t() -> None:
    mean, low, high = paired(np.array([1.0, 2.0, 4.0]), np.array([2.0, 4.0, 5.0]))
    half = student.ppf(0.975, 2) * np.std([1, 2, 1], ddof=1) / math.sqrt(3)
    assert (mean, low, high) == pytest.approx((4 / 3, 4 / 3 - half, 4 / 3 + half))


# --- folders that are no result ----------------------------------------------------------------------------------------


def test_what_is_no_result_says_why(folder: Path, tmp_path: Path) -> None:
    (tmp_path / ".gone.partial").mkdir()
    (tmp_path / "empty").mkdir()
    for name, content in {"torn": "{", "newer": '{"schema": 99}', "died": '{"schema": 1, "status": "running"}'}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(content)
    expected = {
        "gone": "interrupted; run the same command again",
        ".gone.partial": "interrupted",
        "nowhere": "not a folder",
        "empty": "not a result: it has no run.json",
        "torn": "not JSON",
        "newer": r"schema 99, newer than this alprsim reads \(1\)",
        "died": "ended as 'running', not 'done'",
    }
    for name, message in expected.items():
        with pytest.raises(results.ResultError, match=message):
            results.load(tmp_path / name)


# --- writing -----------------------------------------------------------------------------------------------------------


def test_a_run_is_completed_with_what_people_read(folder: Path, tmp_path: Path) -> None:
    """There are no answers here: a page must also be whole where nothing was measured."""
    done = tmp_path / "done"
    done.mkdir()
    parquet.save(Measured.empty(), done / "measures.parquet")
    shutil.copy(folder / "agencies.parquet", done)
    shutil.copytree(folder / "seed=1", done / "seed=1")
    loaded = read.load(Path(__file__).parents[1] / "scenarios" / "quickstart.yaml")
    record = fake_run.run_json((1,), ())["provenance"]
    results.write(done, loaded, fake_run.streets(), record)
    run = results.load(done)
    assert run.info["baseline"] == next(iter(loaded.policies))
    assert run.info["ladder"][-1] == {"seconds": None, "text": "no limit", "unlimited": True}
    assert run.info["labels"] == {"streets": "generated", "cameras": "assumed", "calibration": "uncalibrated"}
    assert read.loads(run.scenario_text).digest() == loaded.digest()
    assert "not measured" in run.headline()[0]["text"]
    assert run.info["unicity_bin_s"] == loaded.scenario.measures.unicity_bin
    assert not run.page.exists()
    assert '"report.html"' not in (done / "ro-crate-metadata.json").read_text("utf-8")
    assert "Nothing was measured." in report.write(run).read_text("utf-8")
    assert '"report.html"' in (done / "ro-crate-metadata.json").read_text("utf-8")


def test_a_like_denominator_stands_beside_what_portals_say(tmp_path: Path) -> None:
    for seed, days in ((1, 30), (2, 30), (3, 2)):
        (tmp_path / f"seed={seed}").mkdir()
        fake_run.counts(tmp_path / f"seed={seed}", days=days, notes=("jammed",) if seed != 2 else ())
    said = published.beside_published(tmp_path, (1, 2))
    assert "records 30 different plates a day (median)" in said  # 900 in 30 days
    assert (
        "Over 30 d the departments recorded 20 different plates a camera and a day" in said
    )  # 1,800 over 3 × 30, no pool's
    assert "449 a camera and a day (median; one in ten above 1,036), Connecticut's 803" in said
    assert "not like for like" not in said
    assert "not like for like, as only 2 d were simulated" in published.beside_published(tmp_path, (3,))
    assert published.simulated_notes(tmp_path, (1, 2, 3)) == ["jammed (seed 1, 3)"]


def test_a_pools_private_cameras_are_in_neither_figure_of_departments(tmp_path: Path) -> None:
    own = tmp_path / "seed=1"
    own.mkdir()
    fake_run.counts(own)
    alone = published.beside_published(tmp_path, (1,))
    tally, portals = (pd.read_parquet(own / f"{name}.parquet") for name in ("tally", "portals"))
    pool = portals.loc[portals["kind"].ne(AgencyKind.DEPARTMENT), "agency"].iloc[0]
    private = tally.assign(agency=pool, plates_a_day=9e6)
    pd.concat([tally, private, private]).to_parquet(own / "tally.parquet")
    assert published.beside_published(tmp_path, (1,)) == alone


def test_cars_with_readers_are_no_cameras_to_divide_by_but_have_a_sentence_of_their_own(tmp_path: Path) -> None:
    own = tmp_path / "seed=1"
    own.mkdir()
    fake_run.counts(own)
    alone = published.beside_published(tmp_path, (1,))
    assert published.cars(tmp_path, (1,)) == []
    tally = pd.read_parquet(own / "tally.parquet")
    added = pd.DataFrame(
        {"agency": ["Fairfield", "Westport", "Vendor pool"], "kind": [1, 1, 4], "plates_a_day": [9e5] * 3,
         "reads": [90_000, 150_000, 240_000], "days": [30] * 3}
    )  # fmt: skip
    pd.concat([tally, added]).to_parquet(own / "tally.parquet")
    assert published.beside_published(tmp_path, (1,)) == alone
    patrol, spotter = published.cars(tmp_path, (1,))
    assert patrol.startswith(
        "A patrol car makes 4,000 reads a day, days off included. Published: 2,500 in a 12-hour shift"
    )
    assert (
        spotter
        == "A spotter car makes 8,000 reads a day, days off included. Published: about 8,000 a day (betaboston.com, 2014)."
    )


def test_what_lies_outside_the_simulated_streets_is_said(tmp_path: Path) -> None:
    for seed in (1, 2):
        (tmp_path / f"seed={seed}").mkdir()
        fake_run.counts(tmp_path / f"seed={seed}")
    said = published.kilometres(tmp_path, (1, 2))
    assert "drives 12 km on the simulated streets on a mean day, in 2.5 trips. 20 % of them begin or end beyond" in said
    assert "about 4 km more are driven (an assumption), 25 % of the whole" in said
    for seed, changed in ((1, {"leaving": 0.0}), (2, {"trips": 0.0})):
        file = tmp_path / f"seed={seed}" / "simulated.json"
        told = json.loads(file.read_text())
        file.write_text(json.dumps({**told, "distance": {**told["distance"], **changed}}))
    assert published.kilometres(tmp_path, (1,)).endswith("in 2.5 trips; none leaves them.")
    assert published.kilometres(tmp_path, (2,)) == "No resident drives."


def test_how_far_tables_are_from_queues_is_said(tmp_path: Path) -> None:
    for seed in (1, 2):
        (tmp_path / f"seed={seed}").mkdir()
        fake_run.counts(tmp_path / f"seed={seed}")
    (said,) = published.fidelity(tmp_path, (1, 2))
    assert "another day of each kind, driven in queues too, trips arrive 6 s earlier or later than in queues" in said
    assert "on average, 97 % within a minute; on empty roads 20 s earlier or later" in said
    assert "On the sample days themselves, which the times are made of: 2 s" in said
    assert said.endswith("99 % within a minute. Not held against another day, as there is but one: Sunday.")
    file = tmp_path / "seed=1" / "simulated.json"
    told = json.loads(file.read_text())
    own = [row for row in told["fidelity"] if not row["held_out"]]
    file.write_text(json.dumps({**told, "fidelity": own}))
    (said,) = published.fidelity(tmp_path, (1,))
    assert "the sample days' own trips arrive 2 s earlier or later than in queues on average, 99 % within" in said
    assert said.endswith("no day type has a second one to hold its table against.")
    file.write_text(json.dumps({**told, "fidelity": []}))
    assert published.fidelity(tmp_path, (1,)) == []


# --- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(30, "30 s"), (180, "3 min"), (DAY, "24 h"), (3 * DAY, "72 h"), (7 * DAY, "7 d"), (1826 * DAY, "1,826 d"),
     (UNLIMITED, "no limit")],
)  # fmt: skip
def test_durations_are_said_as_laws_say_them(seconds: int, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0 %"), (0.0002, "under 0.1 %"), (0.052, "5.2 %"), (0.624, "62 %"), (0.9999, "over 99.9 %"), (1.0, "100 %"),
     (math.nan, "not measured"), (math.inf, "without end")],
)  # fmt: skip
def test_shares_are_said_without_rounding_away(value: float, said: str) -> None:
    assert words.quantity(value, "share") == said


def test_limits_are_nouns() -> None:
    assert words.limit(21 * DAY) == "a 21-day limit"
    assert words.limit(8 * DAY) == "an 8-day limit"
    assert words.limit(180) == "a 3-minute limit"
    assert words.limit(UNLIMITED) == "no limit"
    assert words.quantity(180 / DAY, "d", measure="effective_retention") == "3 min"


def test_statistics_are_said_in_words() -> None:
    assert words.statistic("share_of_horizon", 30 * DAY) == "of the last 30 d, mean over vehicles"
    assert words.statistic("share_of_horizon_pooled", 30 * DAY) == "of the last 30 d, all vehicles together"
    assert words.statistic("p4_eligible_only", DAY) == "4 sightings, of the cars with as many"
    assert words.bins(3600) == "camera site × 1 h"
    assert words.bins(None) == ""


@pytest.mark.parametrize(
    ("name", "plain"),
    [("p4", True), ("median_error", True), ("share_of_horizon_pooled", True), ("fast", True), ("p4_error", False),
     ("p4_eligible", False), ("p4_eligible_only", False), ("median_error_so_far", False), ("fast_coverage", False),
     ("within_250m", True), ("within_250m_by_constant_guess", False), ("within_250m_ceiling", False),
     ("within_250m_of_guessed", False), ("within_250m_any_car_so_far", False), ("most_to_least_x_by_chance", False)],
)  # fmt: skip
def test_an_error_of_a_finding_is_no_finding(name: str, plain: bool) -> None:
    assert words.is_plain(name) == plain


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0123, "+1.2"),
        (-0.25, "−25.0"),
        (0.0, "0"),
        (-0.0001, "−0.01"),
        (0.00049, "+0.05"),
        (4e-7, "+0.00004"),
        (-1e-17, "0"),
    ],
)
def test_differences_are_said_in_points(share: float, said: str) -> None:
    assert words.points(share) == said


def test_what_results_may_not_import_is_equal() -> None:
    assert words.SO_FAR == inquiry.SO_FAR
    assert published._PORTAL_DAYS == inquiry.PORTAL_DAYS
    assert words.statistic("within_250m_so_far", DAY) == "within 250 m, of what was simulated so far"
    assert words.statistic("p4", DAY) == "4 sightings"
    assert words.statistic("p1", DAY) == "1 sighting"
    assert (
        words.statistic("p2_certain_so_far", DAY)
        == "2 sightings, singled out for certain, of what was simulated so far"
    )
    assert words.statistic("p4_3600s_0m_sharing", DAY) == "4 sightings, each site × 1 h, plates that share them"
    assert words.statistic("p4_900s_2000m_eligible_only", DAY) == (
        "4 sightings, squares of 2000 m × 15 min, of the cars with as many"
    )
    assert words.statistic("p4_fitted_beta", DAY) == "4 sightings: β fitted"
    assert words.statistic("top1_defined", DAY) == "the camera that read it most, cars with a set"
    assert words.statistic("top2_below_5", DAY) == "the 2 cameras that read it most, shared by fewer than 5"
    assert words.statistic("p2_unheard_of", DAY) == "p2 unheard of"
    assert words.statistic("fast_of_no_limit", DAY) == "fast, as a share of no limit"
