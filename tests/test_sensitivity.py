"""Bands over assumptions: which scenarios are made, that finished ones are kept, and when two policies differ."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import alprsim
from alprsim import report, results, sensitivity, siting, sweep
from alprsim.cli import main
from alprsim.results import sensitivity as bands
from alprsim.results.leading import exceeds
from alprsim.tables import AS_WRITTEN, DAY
from tests import fake_run

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
TRIPS = ("trips_detected", "share_of_horizon_pooled")

# --- the variants -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["quickstart", "eight_departments", "every_reader", "a_year"])
def test_every_variant_of_what_ships_is_a_scenario(name):
    file = SCENARIOS / f"{name}.yaml"
    base = alprsim.study(file)
    asked, _ = sensitivity.variants(base.scenario)
    assert [v.name for v in asked] == [
        "as the scenario stands", "cameras × 2", "cameras × 4", "capture 80 %", "capture 98 %", "volumes −15 %", "volumes +15 %",
    ]  # fmt: skip
    loaded = {v.name: alprsim.study(file, overrides=v.overrides) for v in asked}
    assert len({one.world_digest() for one in loaded.values()}) == len({v.folder for v in asked}) == 7
    before, people = base.scenario.cameras.groups, base.scenario.population
    for times in (2, 4):
        after = loaded[f"cameras × {times}"].scenario.cameras.groups
        counts = [(one.count, other.count) for one, other in zip(before, after, strict=True)]
        assert all(other == (one and one * times) for one, other in counts)
        assert sum(one is not None for one, _ in counts) >= 1
    assert [loaded[f"capture {p} %"].scenario.cameras.capture for p in (80, 98)] == [0.8, 0.98]
    for sign, times in (("−", 0.85), ("+", 1.15)):
        scaled = loaded[f"volumes {sign}15 %"].scenario.population
        for key in ("trips_per_driver", "visitors", "through"):
            assert getattr(scaled, key) == pytest.approx(getattr(people, key) * times, abs=1e-3)
        assert scaled.taxis.share == pytest.approx(people.taxis.share * times)


def test_what_cannot_be_varied_is_said():
    asked, notes = sensitivity.variants(alprsim.study(SCENARIOS / "every_reader.yaml").scenario)
    assert notes == [
        "Camera counts: those of State tolls, University that a list, a plan or the streets decide were not multiplied.",
        "Capture: that of patrol, spotter, gantry readers, which the scenario sets apart, was not varied.",
    ]
    overrides = asked[1].overrides
    assert "cameras.groups.2.count=2" in overrides
    assert "cameras.groups.2.portable.stops=8" in overrides
    assert not any(text.startswith(("cameras.groups.3", "cameras.groups.4")) for text in overrides)
    assert [v.name for v in sensitivity.variants(alprsim.study(SCENARIOS / "quickstart.yaml").scenario, ["capture"])[0]] == [
        "as the scenario stands", "capture 80 %", "capture 98 %",
    ]  # fmt: skip


def test_where_all_cameras_are_listed_none_are_multiplied(outpost):
    sites = "cameras.groups=[{agency: East, siting: listed, sites: [[41.5, -73]]}]"
    asked, notes = sensitivity.variants(alprsim.study(outpost, overrides=(sites,)).scenario, ["cameras"])
    assert len(asked) == len(notes) == 1


# --- running them -------------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(outpost_run, monkeypatch):
    """Let every scenario be run by copying the outpost's result; return what was run, and what is to fail how."""
    ran, failing = [], {}

    def run_all(scenarios, *, outs, jobs, tell):
        for loaded, out in zip(scenarios, outs, strict=True):
            if out.name in failing:
                raise failing[out.name]
            ran.append((out.name, loaded.scenario.cameras.capture))
            shutil.copytree(outpost_run.folder, out, dirs_exist_ok=True)

    def write(run, tell):
        assert (run.folder / bands.FILE).exists()  # so that the page has the band
        return run.page

    monkeypatch.setattr(sweep, "run_all", run_all)
    monkeypatch.setattr(report, "write", write)
    return ran, failing


def asked_of(outpost):
    return lambda more: alprsim.study(outpost, overrides=more)


def test_finished_variants_are_kept_and_an_interrupted_study_goes_on(outpost, copied, tmp_path):
    ran, failing = copied
    failing["capture-98"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        sensitivity.run(asked_of(outpost), out=tmp_path, assumptions=["capture"])
    assert ran == [("base", 0.9), ("capture-80", 0.8)]
    assert not (tmp_path / bands.FILE).exists()
    ran.clear(), failing.clear()
    found = sensitivity.run(asked_of(outpost), out=tmp_path, assumptions=["capture"])
    assert ran == [("capture-98", 0.98)]
    assert found.file == tmp_path / bands.FILE
    assert list(found.runs) == ["as the scenario stands", "capture 80 %", "capture 98 %"]
    ran.clear()
    sensitivity.run(asked_of(outpost), out=tmp_path, assumptions=["capture"])
    assert ran == []
    changed = asked_of(outpost)
    sensitivity.run(lambda more: changed(("measures.horizon=12 h", *more)), out=tmp_path, assumptions=["capture"])
    assert [name for name, _ in ran] == ["base", "capture-80", "capture-98"]


def test_what_the_streets_have_no_room_for_is_left_out_and_said(outpost, copied, tmp_path):
    _, failing = copied
    failing["cameras-x4"] = siting.SitingError("16 asked for")
    found = sensitivity.run(asked_of(outpost), out=tmp_path, assumptions=["cameras"])
    assert list(found.runs) == ["as the scenario stands", "cameras × 2"]
    assert found.notes == ["Not in the bands: cameras × 4, which the streets have no room for (16 asked for)."]
    failing["base"] = failing["cameras-x4"]
    with pytest.raises(siting.SitingError):
        sensitivity.run(asked_of(outpost), out=tmp_path / "other", assumptions=["cameras"])


def test_the_command_prints_the_bands(outpost, copied, tmp_path):
    command = ["sensitivity", str(outpost), "--out", str(tmp_path), "--vary", "capture"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert "band over 3 runs" in done.stdout
    assert done.stdout.endswith(f"{tmp_path / 'base' / 'report.html'}\n{tmp_path / bands.FILE}\n")
    assert "variant: capture 80 %" in done.stderr
    told = json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)
    assert {row["runs"] for row in told["table"]} >= {3}
    assert told["page"] == str(tmp_path / "base" / "report.html")
    wrong = CliRunner().invoke(main, ["sensitivity", str(outpost), "--set", "cameras.cuont=1"])
    assert wrong.exit_code == 2
    assert "did you mean 'count'" in wrong.stderr


# --- the table ----------------------------------------------------------------------------------------------------------


def changed(folder, name, factors):
    """Return a copy of the made-up run whose values of a (policy, measure) are times a factor."""
    other = folder.parent / name
    shutil.copytree(folder, other)
    rows = pd.read_parquet(other / "measures.parquet")
    for (policy, measure), factor in factors.items():
        rows.loc[rows["policy"].eq(policy) & rows["measure"].eq(measure), "value"] *= factor
    rows.to_parquet(other / "measures.parquet")
    results.write_summary(other)
    return results.load(other)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = fake_run.build(tmp_path_factory.mktemp("bands") / "base", ladder=(21 * DAY, 1826 * DAY))
    less = {
        ("Searchable pool", TRIPS[0]): 0.9,
        ("Peers mirror", TRIPS[0]): 5.0,
        ("Federal query", "lookback_plate"): 0.5,
    }
    return {
        bands.BASE: results.load(folder), "fewer": changed(folder, "fewer", less),
        "more": changed(folder, "more", {("Searchable pool", "trips_detected"): 1.1, ("Federal query", "home_found"): 1.2}),
    }  # fmt: skip


@pytest.fixture(scope="module")
def table(runs):
    return bands.table(runs)


def row(table, policy, step, measure, statistic, *, town="all", who="vehicles"):
    mine = table[
        table["policy"].eq(policy) & table["viewer"].eq("ICE") & table["sight"].eq("request") & table["retention"].eq(step)
        & table["measure"].eq(measure) & table["statistic"].eq(statistic) & table["town"].eq(town) & table["who"].eq(who)
    ]  # fmt: skip
    assert len(mine) == 1
    return mine.iloc[0]


def test_a_band_runs_from_the_least_to_the_most_of_all_runs(runs, table):
    found = row(table, "Searchable pool", 21 * DAY, *TRIPS)
    here = runs[bands.BASE].answer("Searchable pool", "ICE", "request", 21 * DAY, *TRIPS)
    assert (found["mean"], found["low"], found["high"]) == pytest.approx(here[:3])
    assert (found["band_low"], found["band_high"]) == pytest.approx((here.mean * 0.9, here.mean * 1.1))
    assert (found["least_in"], found["most_in"], found["runs"], found["n_seeds"]) == ("fewer", "more", 3, 3)


@pytest.mark.parametrize(("town", "who"), [("Norwalk", "vehicles"), ("all", "people"), ("all", "visitors")])
def test_home_towns_and_other_lives_have_bands_of_their_own(runs, table, town, who):
    found = row(table, "Searchable pool", 21 * DAY, *TRIPS, town=town, who=who)
    base = row(table, "Federal query", AS_WRITTEN, *TRIPS, town=town, who=who)
    values = runs[bands.BASE].measures
    values = values[
        values["measure"].eq(TRIPS[0]) & values["statistic"].eq(TRIPS[1]) & values["viewer"].eq("ICE")
        & values["sight"].eq("request") & values["reads"].eq("all") & values["town"].eq(town) & values["who"].eq(who)
    ]  # fmt: skip
    pool = values[values["policy"].eq("Searchable pool") & values["retention"].eq(21 * DAY)]["value"].mean()
    query = values[values["policy"].eq("Federal query") & values["retention"].eq(AS_WRITTEN)]["value"].mean()
    assert pool != row(table, "Searchable pool", 21 * DAY, *TRIPS)["mean"]
    assert (found["mean"], base["mean"], found["difference"]) == pytest.approx((pool, query, pool - query))
    assert (found["band_low"], found["band_high"]) == pytest.approx((pool * 0.9, pool * 1.1))
    assert (found["least_in"], found["most_in"], base["differs"]) == ("fewer", "more", "")


def test_shapes_of_query_age_are_assumptions_too(runs, table):
    found = row(table, "Federal query", 21 * DAY, "lookback_plate", bands.ANY_AGE)
    shapes = sorted(
        runs[bands.BASE].answer("Federal query", "ICE", "request", 21 * DAY, "lookback_plate", s).mean
        for s in fake_run.SHAPES
    )
    assert found["mean"] == pytest.approx(shapes[1])
    assert (found["band_low"], found["band_high"]) == pytest.approx((shapes[0] / 2, shapes[2]))
    assert (found["least_in"], found["most_in"]) == ("fewer, cold questions", "as the scenario stands, fast questions")


def test_two_policies_differ_where_the_sign_holds_in_every_run_and_it_is_more_than_a_point(table):
    wanted = {
        ("Peers mirror", AS_WRITTEN): "no",  # below the baseline as it stands, above it in one run
        ("No sharing", AS_WRITTEN): "yes",
        ("Federal query", AS_WRITTEN): "",  # the baseline itself
        ("Federal query", 1826 * DAY): "no",  # no difference at all
        ("Federal query", 21 * DAY): "yes",
    }
    for (policy, step), said in wanted.items():
        assert row(table, policy, step, *TRIPS)["differs"] == said, policy
    found = row(table, "Peers mirror", AS_WRITTEN, *TRIPS)
    assert found["difference_low"] <= found["difference"] < 0 < found["difference_high"]
    assert row(table, "No sharing", AS_WRITTEN, "effective_retention", "max")["differs"] == "no"  # without end in both
    assert row(table, "No sharing", AS_WRITTEN, "exposure_rate", "share_of_horizon")["differs"] == "yes"


def test_what_stands_in_where_more_is_kept_than_was_simulated_has_a_band_of_its_own(runs, table):
    told = {False: 0, True: 0}
    for policy, viewer, sight, step, statistic in table[table["measure"].eq("home_found") & table["town"].eq("all")][
        ["policy", "viewer", "sight", "retention", "statistic"]
    ].itertuples(index=False):
        plain = statistic.removesuffix("_so_far")
        known = runs[bands.BASE].answer(policy, viewer, sight, step, "home_found", plain).measured
        assert (statistic == plain) == known
        told[statistic != plain] += 1
    assert min(told.values()) > 0


def test_of_no_share_a_percent_of_the_figure_is_enough_and_of_one_without_end_anything():
    assert exceeds(0.0101, "share", 0.5)
    assert not exceeds(0.0099, "share", 0.001)
    assert exceeds(-1.01, "h", 100.0)
    assert not exceeds(-0.99, "h", 100.0)
    assert exceeds(0.1, "km", 0.0)
    assert exceeds(-math.inf, "d", math.inf)
    assert not exceeds(0.0, "d", math.inf)
    assert bands._differs(0.5, 0.1, 2.0, "h", 40.0) == "yes"
    assert bands._differs(0.5, -0.1, 2.0, "h", 40.0) == bands._differs(0.3, 0.1, 2.0, "h", 40.0) == "no"


def test_the_rule_by_its_numbers():
    assert bands._differs(0.0101, 0.001, 0.5) == bands._differs(-0.0101, -0.5, -0.001) == "yes"
    assert bands._differs(0.01, 0.001, 0.5) == bands._differs(0.2, 0.0, 0.5) == bands._differs(-0.2, -0.5, 0.0) == "no"


def test_what_was_not_measured_in_every_run_is_not_said_to_differ(runs, tmp_path):
    folder = runs["more"].folder.parent / "holes"
    shutil.copytree(runs["more"].folder, folder)
    rows = pd.read_parquet(folder / "measures.parquet")
    rows.loc[rows["policy"].eq("No sharing") & rows["measure"].eq(TRIPS[0]), "value"] = math.nan
    rows.to_parquet(folder / "measures.parquet")
    results.write_summary(folder)
    found = row(bands.table({**runs, "holes": results.load(folder)}), "No sharing", AS_WRITTEN, *TRIPS)
    assert (found["differs"], found["runs"]) == ("", 3)
    with pytest.raises(results.ResultError, match="needs the run 'as the scenario stands'"):
        bands.table({"more": runs["more"]})


def test_the_csv_says_what_it_rests_on_and_nothing_is_called_significant(runs, table, tmp_path):
    rows = table
    written = pd.read_csv(bands.write(rows, runs[bands.BASE], tmp_path), keep_default_na=False)
    assert len(written) == len(rows)
    assert written["calibration"].eq("uncalibrated").all()
    looks = written["measure"].str.startswith("lookback")
    assert written["note"].ne("").equals(looks)
    assert set(written["differs"]) == {"", "yes", "no"}
    assert "significant" not in (tmp_path / bands.FILE).read_text("utf-8")
    text = bands.as_text(rows, runs[bands.BASE])
    assert "No sharing" in text
    assert np.all([len(line) < 130 for line in text.splitlines()])
