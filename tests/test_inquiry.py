"""Policies asked of the same reads: what limits, partners and copies change, and what they cannot."""

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alprsim
from alprsim import experiment, inquiry, parquet
from alprsim.measures.glossary import BY_NAME
from alprsim.results import words
from alprsim.scenario.read import Loaded
from alprsim.sight import SOURCES, Streams
from alprsim.tables import AS_WRITTEN, DAY, UNLIMITED, Reads, VehicleKind

HOUR = 3600
SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
VIEWERS = ("East police", "Vendor", "ICE")
KEYS = ["policy", "viewer", "sight", "retention", "measure", "who", "reads", "town", "statistic"]
NEVER_FALL = ("observed_days", "trips_detected", "trips_linked", "exposure_rate", "lookback_plate", "lookback_area")
"""Measures that a longer limit, or one more partner, can only raise."""

SHARES = ("stock", "share_of_horizon", "share_of_horizon_pooled", "fast", "mixed", "cold")
"""Their statistics that do not divide by what the limit itself keeps."""


class Hamlet:
    """One seed of the hamlet, to be asked anything."""

    def __init__(self, file, folder):
        self.file, self.folder = file, folder
        loaded = alprsim.study(file)
        self.world = experiment.prepare(loaded, scratch=folder.parent, jobs=1, tell=lambda *_: None)
        self.done = experiment.simulate(loaded, self.world, seed=1, folder=folder, tell=lambda *_: None)

    def study(self, *overrides) -> Loaded:
        return alprsim.study(self.file, overrides=overrides)

    def ask(self, loaded, folder=None):
        """Return the answers as a series by KEYS, and their n."""
        measured = inquiry.ask(
            loaded, self.world, self.done, seed=1, folder=folder or self.folder, tell=lambda *_: None
        )
        return pd.DataFrame(measured.data()).set_index(KEYS)

    def without(self, folder, *, before=-1, after=UNLIMITED):
        """Return a copy of the reads' folder from which the reads at or before one time, and after another, are gone."""
        shutil.copytree(self.folder, folder)
        gone = 0
        for file in (folder / "reads").rglob("*.parquet"):
            reads = parquet.read(Reads, file)
            kept = (reads.time > before) & (reads.time <= after)
            gone += (~kept).sum()
            parquet.save(reads.take(kept), file, fast=True)
        assert gone > 100
        return folder


@pytest.fixture(scope="module")
def place(hamlet, tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked") / "seed=1"
    folder.mkdir()
    return Hamlet(hamlet, folder)


@pytest.fixture(scope="module")
def answers(place):
    return place.ask(place.study())


def chosen(answers, **levels):
    """Return the rows with the given keys, one value or several; of residents' vehicles and all reads if not said."""
    index, levels = answers.index, {"who": "vehicles", "reads": "all", **levels}
    mask = np.ones(len(answers), bool)
    for name, wanted in levels.items():
        mask &= index.get_level_values(name).isin(wanted if isinstance(wanted, list | tuple) else [wanted])
    assert mask.any(), levels
    return answers[mask]


def beside(answers, level, one, other):
    """Return the values at one value of a level, and at another, row for row."""
    first, second = (chosen(answers, **{level: key})["value"].droplevel(level) for key in (one, other))
    both = pd.concat([first, second], axis=1, keys=["one", "other"])
    assert len(both) == len(first) == len(second)
    return both


def assert_never_falls(both, least_risen):
    known = both.dropna()
    assert len(known) > 10
    assert (known["other"] >= known["one"] - 1e-12).all()
    assert (known["other"] > known["one"]).sum() >= least_risen


# --- every policy, step, viewer and sight is asked --------------------------------------------------------------------


def test_every_case_gets_every_answer_once(place, answers):
    study = place.study()
    asked = inquiry.cases(study, place.world)
    steps = [AS_WRITTEN, *study.scenario.ladder.retention]
    assert len(asked) == len(study.policies) * len(steps) * 3 * len(inquiry.SIGHTS) == 192
    assert [case.retention for case in asked[: 8 * 6 : 6]] == steps
    assert answers.index.is_unique
    assert set(answers.index.get_level_values("measure")) <= set(BY_NAME)
    trips = chosen(answers, measure="trips_detected", statistic="share_of_horizon", town="all")
    assert len(trips) == len(asked)
    lookbacks = [name for name in BY_NAME if name.startswith(("lookback", "days_per"))]
    units = chosen(answers, measure=lookbacks)["unit"]
    assert all(BY_NAME[key[KEYS.index("measure")]].unit == unit for key, unit in units.items())
    assert set(chosen(answers, measure="unicity").index.get_level_values("sight")) == {"bulk"}


def test_trips_detected_is_what_a_reader_would_count(place, answers):
    """Count from the files alone, for ICE asking both departments, who keep 36 hours."""
    reads = pd.concat([pd.read_parquet(f) for f in (place.folder / "reads").rglob("*.parquet")])
    truth = pd.concat([pd.read_parquet(f) for f in (place.folder / "truth").rglob("*.parquet")])
    kind = place.done.settlement.vehicles.kind
    truth = truth[kind[truth["vehicle"]] == VehicleKind.RESIDENT].sort_values("depart").reset_index(names="trip")
    truth["trip"] = np.arange(len(truth))
    right = reads[reads["plate"] == reads["vehicle"]].sort_values("time")
    made = pd.merge_asof(right, truth, left_on="time", right_on="depart", by="vehicle")
    shares, seen, driven = [], 0, 0
    for moment in (38 * HOUR, 62 * HOUR):
        held = made[(made["time"] <= moment) & (moment - made["time"] < 36 * HOUR)]
        last = truth[(truth["depart"] <= moment) & (truth["depart"] > moment - DAY)]
        detected = last["trip"].isin(held["trip"])
        shares += detected.groupby(last["vehicle"]).mean().tolist()
        seen, driven = seen + detected.sum(), driven + len(last)
    case = {"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": AS_WRITTEN}
    mean = chosen(answers, **case, measure="trips_detected", statistic="share_of_horizon", town="all").iloc[0]
    pooled = chosen(answers, **case, measure="trips_detected", statistic="share_of_horizon_pooled", town="all").iloc[0]
    assert mean["value"] == pytest.approx(np.mean(shares), abs=1e-8)
    assert mean["n"] == len(shares)
    assert pooled["value"] == pytest.approx(seen / driven, rel=1e-12)
    assert 0 < seen < driven


@pytest.mark.once
def test_an_answer_over_two_moments_is_the_mean_of_both(place, answers):
    means = {"trips_detected": ["stock", "share_of_horizon"], "home_found": ["right_town"], "unicity": ["p1", "p2_so_far"],
             "lookback_plate": ["fast", "mixed"], "lookback_area": ["mixed"]}  # fmt: skip
    parts = [place.ask(place.study(f"measures.moments=[{hours} h]")) for hours in (38, 62)]
    for measure, statistics in means.items():
        both = chosen(answers, measure=measure, statistic=statistics, town="all", retention=[AS_WRITTEN, 12 * HOUR])
        one, other = (part.loc[both.index] for part in parts)
        assert (both["n"] == one["n"] + other["n"]).all(), measure
        total = (one["value"] * one["n"] + other["value"] * other["n"]) / both["n"]
        assert both["value"].tolist() == pytest.approx(total.tolist(), abs=1e-8, nan_ok=True), measure
        assert (one["value"] - other["value"]).abs().max() > 0, measure


def test_look_backs_are_set_against_no_limit_where_the_ladder_has_that_step(place, answers):
    shares, of_no_limit = (
        chosen(answers, measure="lookback_area", statistic=name, policy="Federal query", viewer="ICE", sight="request")
        for name in ("mixed", "mixed_of_no_limit")
    )
    answered = shares["value"].to_numpy()
    assert of_no_limit["value"].tolist() == pytest.approx((answered / answered[-1]).tolist())
    assert 0 <= answered[1] < answered[-1]
    limited = place.ask(place.study("ladder.retention=[6 h, 21 d]"))
    assert chosen(limited, statistic="mixed_of_no_limit")["value"].isna().all()
    assert chosen(limited, statistic="mixed", measure="lookback_area")["value"].notna().all()


def test_days_held_for_an_answer_are_those_of_the_stock(answers):
    """Of vehicles and people: days held by all over the look-backs answered, where what is kept is in a steady state."""
    case = {
        "policy": "Federal query",
        "viewer": "ICE",
        "sight": "request",
        "town": "all",
        "retention": [6 * HOUR, 24 * HOUR],
    }
    for who, unit in (("vehicles", "vehicle-days/answer"), ("people", "person-days/answer")):
        stock = chosen(answers, **case, who=who, measure="observed_days", statistic="stock").droplevel("statistic")
        held = chosen(answers, **case, who=who, measure="days_per_answer", statistic="mixed").droplevel("statistic")
        asked = chosen(answers, **case, measure="lookback_plate", statistic="mixed").droplevel("statistic")
        assert set(held["unit"]) == {unit}
        answered = (asked["value"] * asked["n"]).to_numpy()
        total = (stock["value"] * stock["n"]).to_numpy()
        assert answered[-1] > 0 < total[-1]
        expected = np.divide(total, answered, out=np.full(len(total), np.nan), where=answered > 0)
        assert held["value"].tolist() == pytest.approx(expected.tolist(), nan_ok=True)
    endless = chosen(answers, **{**case, "retention": UNLIMITED}, measure="days_per_answer", statistic="mixed")
    assert endless["value"].isna().all()


@pytest.mark.once
def test_holds_defeat_the_cut_off(place, answers):
    """A hold of the area, filed at once for every incident, leaves what no limit leaves; of no incident, none."""
    keys = ("utility.hold.chance=1", "utility.hold.within=1 s", "policies.One partner=null")
    sure = place.ask(place.study(*keys))
    half = place.ask(place.study("utility.hold.chance=0.5", *keys[1:]))
    case = {"policy": "Federal query", "viewer": "ICE", "sight": "request"}
    for measure in ("lookback_plate", "lookback_area"):
        plain, held, halved = (
            chosen(table, **case, measure=measure, statistic=name)["value"].to_numpy()
            for table, name in ((answers, "mixed"), (sure, "mixed_with_holds"), (half, "mixed_with_holds"))
        )
        assert halved.tolist() == pytest.approx(((plain + held) / 2).tolist())
        assert np.all(held >= plain)
        assert held[2] > plain[2]  # 6 h
        assert plain[-1] * 0.9 < held[2] <= plain[-1]
    assert (inquiry.WITH_HOLDS, inquiry.WITH_LEADS) == (words.WITH_HOLDS, words.WITH_LEADS)
    added = answers.index.get_level_values("statistic").str.endswith((inquiry.WITH_HOLDS, inquiry.WITH_LEADS))
    assert not added.any()


# --- retention --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hours", [pytest.param(6, marks=pytest.mark.once), 24, pytest.param(36, marks=pytest.mark.once)]
)
def test_retention_is_deletion(place, tmp_path, hours):
    """Hiding old reads from the viewer and deleting them outright are the same policy."""
    moment, step = 62 * HOUR, hours * HOUR
    study = place.study("measures.moments=[62 h]", "policies.Searchable pool=null")
    hidden = place.ask(study)
    deleted = place.ask(study, place.without(tmp_path / "deleted", before=moment - step))
    of_one_moment = [name for name in BY_NAME if not name.startswith(("lookback", "days_per_answer"))]
    limit = chosen(hidden, retention=step, measure=of_one_moment)
    pd.testing.assert_frame_equal(chosen(deleted, retention=step, measure=of_one_moment), limit)
    # Nothing is left to hide: no limit at all gives the same, in what does not ask how long the policy keeps.
    known = [name for name in set(hidden.index.get_level_values("statistic")) if name.endswith("_so_far")]
    known += ["share_of_horizon", "share_of_horizon_pooled"]
    same = beside(chosen(deleted, measure=of_one_moment, statistic=known), "retention", step, UNLIMITED)
    assert (same["one"] > 0).any()
    pd.testing.assert_series_equal(same["one"], same["other"], check_names=False)


@pytest.mark.once
def test_nobody_sees_what_was_read_after_they_looked(place, tmp_path):
    study = place.study("measures.moments=[38 h]")
    pd.testing.assert_frame_equal(place.ask(study), place.ask(study, place.without(tmp_path / "now", after=38 * HOUR)))


def test_a_longer_limit_never_hides_anything(place, answers):
    steps = place.study().scenario.ladder.retention
    whole = chosen(answers, measure=NEVER_FALL, statistic=SHARES)
    for shorter, longer in pairwise(steps):
        assert_never_falls(beside(whole, "retention", shorter, longer), least_risen=1 if longer <= 24 * HOUR else 0)


def test_a_limit_of_the_policys_own_length_changes_nothing(answers):
    cases = chosen(
        answers, policy=["Federal query", "No sharing"], viewer=list(VIEWERS)
    )  # an audience is as written alone
    own = beside(cases, "retention", AS_WRITTEN, 36 * HOUR)
    pd.testing.assert_series_equal(own["one"], own["other"], check_names=False)


def test_a_limit_longer_than_the_simulated_time_is_not_measured(answers):
    case = {"policy": "Federal query", "viewer": "ICE", "sight": "request"}
    trips = chosen(answers, **case, measure="trips_detected", town="all")
    for step in (21 * DAY, UNLIMITED):
        for statistic in ("stock", "share_of_window"):
            row = chosen(trips, retention=step, statistic=statistic).iloc[0]
            assert np.isnan(row["value"])
            assert row["n"] == 0
        assert chosen(trips, retention=step, statistic="share_of_horizon")["value"].iloc[0] > 0
    homes = chosen(answers, **case, measure="home_found", town="all", statistic=["right_town", "right_town_so_far"])
    so_far = {step: chosen(homes, retention=step)["value"].tolist() for step in (24 * HOUR, UNLIMITED)}
    assert so_far[24 * HOUR][0] == so_far[24 * HOUR][1] > 0
    assert np.isnan(so_far[UNLIMITED][0])
    assert so_far[UNLIMITED][1] >= so_far[24 * HOUR][1]


@pytest.mark.once
def test_many_steps_take_several_lenses_and_change_no_answer(place, answers):
    ladder = ", ".join(f"{hour} h" for hour in range(1, 50))
    many = place.ask(place.study(f"ladder.retention=[{ladder}, 21 d, unlimited]"))
    cases = inquiry.cases(place.study(f"ladder.retention=[{ladder}]"), place.world)
    distinct = inquiry.Lenses.of(cases, Streams.of_owners(len(place.world.agencies)))
    assert len(distinct.lenses) > 1
    steps = [AS_WRITTEN, 6 * HOUR, 12 * HOUR, 24 * HOUR, 36 * HOUR, 21 * DAY, UNLIMITED]
    common = chosen(answers, retention=steps)
    pd.testing.assert_frame_equal(many.loc[common.index], common)


# --- sharing ----------------------------------------------------------------------------------------------------------


def test_one_more_partner_never_hides_anything(answers):
    asked = chosen(answers, viewer="ICE", sight="request", measure=NEVER_FALL, statistic=SHARES)
    for fewer, more in (("No sharing", "One partner"), ("One partner", "Federal query")):
        assert_never_falls(beside(asked, "policy", fewer, more), least_risen=10)


def test_without_sharing_a_consumer_sees_nothing(answers):
    nothing = chosen(answers, policy="No sharing", viewer=["ICE", "Vendor"])
    never = nothing.index.get_level_values("statistic").str.contains("_coverage|until")  # of all, or without an end
    known = nothing[~never]["value"].dropna()
    measured = set(known.index.get_level_values("measure"))
    assert {"trips_detected", "effective_retention", "home_found", "unicity", "lookback_plate"} <= measured
    assert (known == 0).all()
    assert (
        chosen(answers, policy="No sharing", viewer="East police", statistic="stock", retention=24 * HOUR)[
            "value"
        ].max()
        > 0
    )


def test_a_mirror_outlives_its_source(answers):
    life = chosen(answers, measure="effective_retention", statistic="supremum", town="East", sight="bulk")
    pool = chosen(life, policy="Searchable pool")
    for viewer, step, days in (
        ("East police", 21 * DAY, 21), ("Vendor", 21 * DAY, 1826), ("ICE", 21 * DAY, 1826),
        ("Vendor", 180, 1826), ("Vendor", AS_WRITTEN, 1826), ("Vendor", UNLIMITED, 1826),
    ):  # fmt: skip
        assert chosen(pool, viewer=viewer, retention=step)["value"].tolist() == [days], (viewer, step)
    on_request = chosen(answers, measure="effective_retention", statistic="max", policy="Federal query", viewer="ICE")
    assert chosen(on_request, sight="request")["value"].tolist() == [
        1.5, 180 / DAY, 0.25, 0.5, 1, 1.5, 21, np.inf,
    ]  # fmt: skip
    assert (chosen(on_request, sight="bulk")["value"] == 0).all()


def test_a_departments_limit_does_not_reach_the_pools_copies(answers):
    pool = chosen(answers, policy="Searchable pool", viewer=["Vendor", "ICE"], measure=NEVER_FALL)
    shortest = beside(pool, "retention", 180, UNLIMITED)
    assert (shortest["one"] > 0).any()
    pd.testing.assert_series_equal(shortest["one"], shortest["other"], check_names=False)


def test_who_may_search_a_pool_sees_what_it_holds_in_bulk(answers):
    pool = chosen(answers, policy="Searchable pool")
    for level, one, other in (("viewer", "ICE", "Vendor"), ("sight", "bulk", "request")):
        rows = chosen(pool, viewer=["ICE", "Vendor"])
        rows = rows[rows.index.get_level_values("measure") != "unicity"] if level == "sight" else rows
        same = beside(rows, level, one, other)
        assert (same["one"] > 0).any()
        pd.testing.assert_series_equal(same["one"], same["other"], check_names=False)
    unique = chosen(pool, viewer="ICE", measure="unicity", statistic="p2_so_far", retention=180)["value"]
    assert unique.iloc[0] > 0


def test_asking_plate_by_plate_holds_nothing_in_bulk(answers):
    asked = chosen(answers, policy="Federal query", viewer="ICE", measure=NEVER_FALL, statistic=SHARES)
    both = beside(asked, "sight", "bulk", "request")
    assert (both["one"].dropna() == 0).all()
    assert (both["other"] > 0).sum() > 10


def test_on_request_a_viewer_sees_at_least_what_it_holds(answers):
    shared = chosen(
        answers, measure=(*NEVER_FALL, "effective_retention"), statistic=(*SHARES, "max", "mean", "supremum")
    )
    assert_never_falls(beside(shared, "sight", "bulk", "request"), least_risen=10)


# --- whose lives, whose cameras ---------------------------------------------------------------------------------------


def test_people_are_the_union_over_the_cars_they_drive(place, answers):
    """Count days by driver from the files alone, for ICE asking both departments, who keep 36 hours."""
    reads = pd.concat([pd.read_parquet(f) for f in (place.folder / "reads").rglob("*.parquet")])
    truth = pd.concat([pd.read_parquet(f) for f in (place.folder / "truth").rglob("*.parquet")])
    people, vehicles = place.done.settlement.people, place.done.settlement.vehicles
    truth = truth[vehicles.kind[truth["vehicle"]] == VehicleKind.RESIDENT].sort_values("depart").reset_index(drop=True)
    right = reads[reads["plate"] == reads["vehicle"]].sort_values("time")
    made = pd.merge_asof(right, truth, left_on="time", right_on="depart", by="vehicle").query("time < arrive")
    shares = []
    for moment in (38 * HOUR, 62 * HOUR):
        last = truth[(truth["depart"] <= moment) & (truth["depart"] > moment - DAY)]
        held = made[(made["time"] <= moment) & (moment - made["time"] < 36 * HOUR) & (made["depart"] > moment - DAY)]
        days = {}
        for driver, depart, arrive in last[["driver", "depart", "arrive"]].to_numpy():
            until = max(depart, min(arrive - 1, moment))
            days.setdefault(driver, set()).update(range(depart // DAY, until // DAY + 1))
        seen = held.groupby("driver")["time"].agg(lambda times: len({t // DAY for t in times}))
        shares += [seen.get(driver, 0) / len(driven) for driver, driven in days.items()]
    case = {"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": AS_WRITTEN, "town": "all"}
    mean = chosen(answers, **case, measure="observed_days", statistic="share_of_horizon", who="people").iloc[0]
    assert mean["value"] == pytest.approx(np.mean(shares), abs=1e-8)
    assert mean["n"] == len(shares)
    by_car = chosen(answers, **case, measure="observed_days", statistic="share_of_horizon").iloc[0]
    assert mean["value"] != by_car["value"]  # some drive several cars
    assert (people.vehicle[truth["driver"]] != truth["vehicle"]).any()


def test_everybodys_trips_are_the_cars_trips(answers):
    pooled = {"measure": ["trips_detected", "trips_linked"], "statistic": "share_of_horizon_pooled", "town": "all"}
    cars, people = (chosen(answers, **pooled, who=who)["value"] for who in ("vehicles", "people"))
    assert cars.tolist() == pytest.approx(people.tolist(), nan_ok=True)
    assert cars.max() > 0


def test_through_traffic_and_visitors_stand_apart_and_change_no_residents_figure(answers):
    apart = chosen(answers, who=["visitors", "through"])
    assert set(apart.index.get_level_values("town")) == {"all"}
    assert apart["n"].max() == 0  # the hamlet has neither


def test_reads_are_told_apart_by_whose_camera_made_them(answers):
    """What East police hold, when the departments mirror nothing to it, is its own; ICE has none of its own."""
    stock = {"measure": "exposure_rate", "statistic": "share_of_horizon", "town": "all", "retention": 24 * HOUR}
    whole = chosen(answers, **stock)["value"].droplevel("reads").sort_index()
    parts = [chosen(answers, **stock, reads=source)["value"].droplevel("reads").sort_index() for source in SOURCES]
    assert (sum(parts) - whole).abs().max() < 1e-12
    own = chosen(answers, **stock, policy="Federal query", viewer="East police", sight="request", reads="own")["value"]
    assert own.iloc[0] == whole.loc["Federal query", "East police", "request"].iloc[0] > 0
    peers = chosen(answers, **stock, policy="Searchable pool", viewer="Vendor", sight="bulk", reads="peers")["value"]
    assert peers.iloc[0] == whole.loc["Searchable pool", "Vendor", "bulk"].iloc[0] > 0  # whose camera, not whose store


# --- the tables beside the answers ------------------------------------------------------------------------------------


def test_exposure_is_what_the_baselines_consumer_sees_of_each_car(place):
    last = place.ask(place.study("measures.moments=[62 h]"))
    cars = pd.read_parquet(place.folder / "exposure.parquet")
    assert cars["vehicle"].is_monotonic_increasing
    assert len(cars) == (place.done.settlement.vehicles.kind == VehicleKind.RESIDENT).sum()
    assert set(cars["town"]) == {"Hamlet"}
    case = {"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": AS_WRITTEN, "town": "all"}
    for measure in ("trips_detected", "trips_linked", "observed_days"):
        mean = chosen(last, **case, measure=measure, statistic="share_of_horizon")["value"].iloc[0]
        assert cars[measure].mean() == pytest.approx(mean, abs=1e-8)
    rate = chosen(last, **case, measure="exposure_rate", statistic="share_of_horizon")["value"].iloc[0]
    assert cars["reads_a_day"].mean() == pytest.approx(rate, abs=1e-8)


def test_portals_count_different_plates_of_the_last_thirty_days(place, answers):
    reads = pd.concat([pd.read_parquet(f) for f in (place.folder / "reads").rglob("*.parquet")])
    reads = reads[(reads["plate"] >= 0) & (reads["time"] < 3 * DAY)]
    cameras, sites = place.done.placement.cameras, place.done.placement.sites
    owner = cameras.agency[sites.camera][reads["site"]]
    portals = pd.read_parquet(place.folder / "portals.parquet").set_index("agency")
    assert portals.index.tolist() == ["East", "West", "Vendor pool", "ICE"]
    assert portals["plates"].tolist() == [reads["plate"][owner == row].nunique() for row in range(4)]
    assert portals["cameras"].tolist() == [4, 3, 0, 0]
    assert (portals["days"] == 3).all()
    assert portals["plates"]["East"] > 50


# --- the longest gaps, and the distribution over cars ------------------------------------------------------------------


GAPS = ("median", "max", "at_least_24h")


@pytest.fixture(scope="module")
def unseen(place):
    """Return the answers of both families, at one moment."""
    return place.ask(place.study("measures.families=[gaps, distribution]", "measures.moments=[62 h]"))


def test_a_longer_limit_or_one_more_partner_never_lengthens_a_gap(place, unseen):
    statistics = [f"{name}_{time}" for name in GAPS for time in ("of_horizon", "so_far")]
    whole = chosen(unseen, measure="longest_gap", statistic=statistics, who=["vehicles", "people"])
    for shorter, longer in pairwise(place.study().scenario.ladder.retention):
        assert_never_falls(beside(whole, "retention", longer, shorter), least_risen=1 if longer <= 24 * HOUR else 0)
    asked = chosen(whole, viewer="ICE", sight="request", who=["vehicles", "people"])
    for fewer, more in (("No sharing", "One partner"), ("One partner", "Federal query")):
        assert_never_falls(beside(asked, "policy", more, fewer), least_risen=5)


def test_gaps_are_what_a_reader_would_count(place, unseen):
    """Count from the files alone, for ICE asking both departments, who keep 36 hours, at 62 h; T is a day."""
    reads = pd.concat([pd.read_parquet(f) for f in (place.folder / "reads").rglob("*.parquet")])
    kind = place.done.settlement.vehicles.kind
    right = reads[(reads["plate"] == reads["vehicle"]) & (reads["time"] <= 62 * HOUR)]
    told = []
    for car in np.flatnonzero(kind == VehicleKind.RESIDENT):
        times = right["time"][(right["vehicle"] == car) & (right["time"] > 38 * HOUR)]
        told.append(np.diff([38 * HOUR, *sorted(times), 62 * HOUR]).max() // HOUR)
    case = {"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": AS_WRITTEN, "town": "all"}
    said = {name: chosen(unseen, **case, statistic=f"{name}_of_horizon").iloc[0] for name in GAPS}
    assert [said[name]["n"] for name in GAPS] == [len(told)] * 3
    assert said["median"]["value"] == sorted(told)[(len(told) - 1) // 2]
    assert said["max"]["value"] == max(told)
    assert said["at_least_24h"]["value"] == pytest.approx(np.mean(np.array(told) >= 24))
    assert 0 < said["at_least_24h"]["value"] < 1
    assert set(chosen(unseen, measure="longest_gap")["unit"]) == {"h", "share"}


def test_the_distribution_over_cars_is_in_the_folder(place, unseen):
    """The longest window, of who holds all, shows in the mean what the measures of completeness say without a limit."""
    table = pd.read_parquet(place.folder / "distribution.parquet")
    assert set(table["town"]) == {"Hamlet", "all"}
    last = table[(table["window"] == table["window"].max()) & (table["town"] == "all")].set_index("statistic")
    assert last["window"].unique().tolist() == [62 * HOUR]
    case = {"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": UNLIMITED, "town": "all"}
    measures = ("exposure_rate", "observed_days", "trips_detected", "trips_linked")
    for statistic, measure in zip(("reads_held", "days_seen", "trips_detected", "trips_linked"), measures, strict=True):
        stock = chosen(unseen, **case, measure=measure, statistic="stock_after_2.58333d").iloc[0]
        assert last.loc[statistic, "mean"] == pytest.approx(stock["value"])
        assert last.loc[statistic, "vehicles"] == stock["n"]
        assert 0 < last.loc[statistic, "none"] < 1
        rising = table[(table["statistic"] == statistic) & (table["town"] == "all")].sort_values("window")
        for name in ("p50", "p90", "max", "mean"):
            assert rising[name].is_monotonic_increasing
        assert rising["none"].is_monotonic_decreasing


def test_what_each_viewer_sees_of_cars_is_in_the_folder(place, unseen):
    """Its mean is the stock at the last moment, and nobody sees more of the median car than who holds everything."""
    table = pd.read_parquet(place.folder / "viewers_distribution.parquet")
    case = ["policy", "viewer", "sight", "retention"]
    everything = pd.read_parquet(place.folder / "distribution.parquet")
    everything = everything[everything["window"] == everything["window"].max()].set_index(["town", "statistic"])
    measures = ("exposure_rate", "observed_days", "trips_detected", "trips_linked")
    for statistic, measure in zip(("reads_held", "days_seen", "trips_detected", "trips_linked"), measures, strict=True):
        stock = chosen(unseen, measure=measure, statistic="stock_after_2.58333d", town="all", sight=["bulk", "request"])
        mine = table[table["statistic"].eq(statistic) & table["town"].eq("all")].set_index(case)
        assert mine.index.is_unique
        assert mine["min"].eq(0).all()
        values = stock["value"].droplevel([name for name in stock.index.names if name not in case])
        assert mine["mean"].to_dict() == pytest.approx(values.to_dict())
        most = everything.loc["all", statistic]
        assert (mine[["p50", "p90", "max"]] <= most[["p50", "p90", "max"]]).all(axis=None)
        assert mine["max"].max() == most["max"]
        known = chosen(unseen, measure=measure, statistic="stock", town="all", sight=["bulk", "request"])["n"] > 0
        known = known.droplevel([name for name in known.index.names if name not in case])
        assert mine["so_far"].eq(0).to_dict() == known.to_dict()


def test_what_each_viewer_sees_of_cars_own_days_is_in_the_folder(place, unseen):
    """The mean over cars of what part of the last T is seen is what the measures of completeness say at that one moment."""
    table = pd.read_parquet(place.folder / "viewers_distribution.parquet")
    case = ["policy", "viewer", "sight", "retention"]
    for measure in ("observed_days", "trips_detected", "trips_linked"):
        name = {"observed_days": "days_seen"}.get(measure, measure)
        told = chosen(unseen, measure=measure, statistic="share_of_horizon", town="all", sight=["bulk", "request"])
        told = told.droplevel([level for level in told.index.names if level not in case])
        mine = table[table["statistic"].eq(f"{name}_of_horizon") & table["town"].eq("all")].set_index(case)
        assert (mine["mean"] / 100).to_dict() == pytest.approx(told["value"].to_dict())
        assert mine["vehicles"].to_dict() == told["n"].to_dict()
        assert mine["max"].max() == 100


# --- what needs everybody, and who can look ---------------------------------------------------------------------------

CROWD = (
    "measures.families=[linkability, company, prediction]",
    "measures.company_reads=1",
    "measures.company_cameras=1",
)


@pytest.fixture(scope="module")
def crowd(place):
    keys = (
        "measures.pseudonym_epochs=[19 h, 2 d]",
        "measures.prediction_ahead=9 h",
        "ladder.retention=[24 h, 21 d, unlimited]",
    )
    return place.ask(place.study(*CROWD, *keys))


@pytest.mark.whole
def test_patterns_are_asked_of_bulk_sight_alone(place, crowd):
    found = chosen(crowd, measure=["linkability", "company", "prediction"])
    assert set(found.index.get_level_values("sight")) == {"bulk"}
    assert len(found) == len(place.study().policies) * 3 * 4 * (2 * 7 + 2 * 7 + 2 * 6)
    pool = chosen(found, policy="Searchable pool", viewer="Vendor", retention=UNLIMITED)["value"].droplevel(KEYS[:4])
    values = {key[KEYS[4:].index("statistic")]: value for key, value in pool.items()}
    assert 0 < values["first_19h"] <= values["top5_19h"] <= values["present_19h"] <= 1
    assert np.isnan(values["ties"])
    assert values["ties_so_far"] > 0
    assert values["recall_so_far"] <= 1
    assert 0 < values["markov_so_far"] < 1
    assert 0 < values["read_next_so_far"] <= 1
    regular = chosen(
        crowd, measure="prediction_entropy", policy="Searchable pool", viewer="Vendor", retention=UNLIMITED
    )
    assert set(regular["unit"]) == {"bits", "reads", "share"}
    assert 0 <= chosen(regular, statistic="at_least_20_reads_so_far")["value"].iloc[0] < 1
    assert (regular["value"].isna() == (regular["n"] == 0)).all()


@pytest.mark.whole
def test_two_epochs_need_no_more_than_their_own_time(crowd):
    """Both of 19 h end now: 38 h are as good as no limit, and a day leaves less; two days do not fit into the time."""
    linked = chosen(crowd, measure="linkability", policy="No sharing", viewer="East police")
    known = beside(chosen(linked, statistic=["first_19h", "present_19h"]), "retention", 21 * DAY, UNLIMITED)
    assert (known["one"] == known["other"]).all()
    shorter = beside(chosen(linked, statistic="present_19h"), "retention", 24 * HOUR, UNLIMITED)
    assert (shorter["one"] < shorter["other"]).all()
    assert (chosen(linked, statistic="first_2d", retention=UNLIMITED)["n"] == 0).all()


@pytest.mark.whole
def test_without_sharing_no_pattern_shows(crowd):
    nothing = chosen(
        crowd, measure=["linkability", "company", "prediction"], policy="No sharing", viewer=["ICE", "Vendor"]
    )
    nothing = nothing[~nothing.index.get_level_values("statistic").str.startswith("base_rate")]
    assert (nothing["value"].dropna() == 0).all()


@pytest.mark.whole
def test_a_policy_that_rotates_pseudonyms_is_asked_by_its_own_clock(place):
    hashed = "{agencies: {East: {identity: {kind: hashed, rotate: 12 h}, time_step: 1 h}}}"
    answers = place.ask(
        place.study(
            *CROWD,
            f"policies.Rotating.custody={hashed}",
            "measures.moments=[50 h]",
            "measures.pseudonym_epochs=[12 h]",
            "ladder.retention=[unlimited]",
        )
    )
    own = chosen(answers, policy="Rotating", viewer="East police", retention=UNLIMITED, sight="bulk")
    assert chosen(own, statistic="candidates_policy")["value"].iloc[0] > 0
    assert chosen(own, statistic="candidates_12h")["n"].iloc[0] == 0
    plain = chosen(answers, policy="No sharing", viewer="East police", retention=UNLIMITED, sight="bulk")
    assert chosen(plain, statistic="candidates_12h")["value"].iloc[0] > 0
    assert chosen(plain, statistic="candidates_policy")["n"].iloc[0] == 0
    # Whoever knows only the hour cannot tell who was there within seconds.
    assert chosen(own, statistic="ties_so_far")["value"].iloc[0] == 0
    assert chosen(plain, statistic="ties_so_far")["value"].iloc[0] > 0


@pytest.fixture(scope="module")
def hashed(place):
    """East's own store as it is, under pseudonyms for good, and under such as change twice a day."""
    policies = {"For good": "{kind: hashed}", "Half a day": "{kind: hashed, rotate: 12 h}"}
    return place.ask(
        place.study(
            *(f"policies.{name}.custody={{agencies: {{East: {{identity: {how}}}}}}}" for name, how in policies.items()),
            "measures.company_reads=2",
            "measures.company_window=10 min",
            "measures.company_cameras=1",
            "measures.families=[homes, nights, visits, company, prediction]",
            "measures.prediction_ahead=9 h",
            "measures.moments=[50 h]",
            "ladder.retention=[unlimited]",
            *(f"policies.{name}=null" for name in ("Federal query", "Searchable pool", "One partner")),
        )
    )


@pytest.mark.whole
def test_pseudonyms_that_change_leave_less_of_company_and_of_the_past(hashed):
    asked = {"viewer": "East police", "sight": "bulk", "retention": UNLIMITED, "measure": ["company", "prediction"]}
    plain, good, rotating = (
        chosen(hashed, policy=policy, **asked)["value"].droplevel("policy") for policy in ("No sharing", "For good", "Half a day")
    )  # fmt: skip
    pd.testing.assert_series_equal(plain, good)
    said = [values.droplevel([0, 1, 2, 4, 5, 6]).droplevel(0) for values in (plain, rotating)]
    known, changing = (values[["ties_so_far", "recall_so_far", "markov_so_far"]] for values in said)
    assert (changing < known)[["ties_so_far", "recall_so_far"]].all()
    assert changing["markov_so_far"] != known["markov_so_far"]
    assert said[0]["read_next_so_far"] == said[1]["read_next_so_far"]


@pytest.mark.whole
def test_home_and_work_need_no_plate_and_what_needs_one_is_not_measured(hashed):
    asked = {"viewer": "East police", "sight": "bulk", "retention": UNLIMITED}
    plain, good, rotating = (
        chosen(hashed, policy=policy, **asked)[["value", "n"]].droplevel("policy").sort_index()
        for policy in ("No sharing", "For good", "Half a day")
    )
    homes = [
        part.loc[(slice(None), slice(None), slice(None), ["home_found", "work_found"])]
        for part in (plain, good, rotating)
    ]
    pd.testing.assert_frame_equal(homes[0], homes[1])
    found = [part.xs("right_town_so_far", level="statistic")["value"] for part in homes]
    assert (found[1] > 0).any()
    assert (found[2] >= 0).all()
    assert (homes[2]["n"] <= homes[0]["n"]).all()
    needs = ["nights_away", "sensitive_visits"]
    assert chosen(plain, measure=needs)["value"].notna().any()
    for part in (good, rotating):
        said = chosen(part, measure=needs)
        assert len(said)
        assert said["value"].isna().all()
        assert (said["n"] == 0).all()
        assert chosen(part, measure="exposure_rate")["value"].notna().any()
    request = chosen(hashed, policy="For good", viewer="East police", sight="request", measure=needs)
    assert request["n"].gt(0).any()


@pytest.mark.whole
def test_every_run_says_who_can_look(place):
    answers = place.ask(
        place.study("measures.families=[]", "custody.agencies.ICE.users=9000", "policies.One partner=null")
    )
    found = chosen(answers, measure="audience", viewer="everybody", retention=AS_WRITTEN)["value"]
    said = {(key[0], key[2], key[7], key[8]): value for key, value in found.items()}
    assert {key[2] for key in said} == {"East", "West"}
    assert said["No sharing", "request", "East", "agencies"] == said["No sharing", "request", "East", "users"] == 0
    assert (
        said["Federal query", "request", "East", "agencies"]
        == said["Federal query", "request", "East", "agencies_24h"]
        == 1
    )
    assert said["Federal query", "request", "East", "users"] == 9000
    assert (
        said["Federal query", "request", "East", "agencies_30d"]
        == said["Federal query", "bulk", "East", "agencies"]
        == 0
    )
    assert said["Searchable pool", "bulk", "West", "agencies_365d"] == 2
    assert said["Searchable pool", "bulk", "West", "agencies_unsaid"] == 1


# --- a whole year -----------------------------------------------------------------------------------------------------

YEAR = """
extends: hamlet.yaml
name: year
seeds: [1]
start: {start}
length: {days} d
roads: {{population: 40}}
viewers: {{East police: null, Vendor: null}}
policies: {{Searchable pool: null, One partner: null, No sharing: null}}
ladder: {{retention: [30 d, 365 d, unlimited]}}
measures: {{horizon: 365 d, moments: [{moments}], families: [homes]}}
utility: {{incidents: 2}}
"""


@pytest.mark.whole
def test_of_a_year_the_stock_and_both_shares_are_measured(hamlet, tmp_path):
    """A few people for as long as the shipped study of a year, asked about the same T at the first of its moments."""
    shipped = alprsim.study(SCENARIOS / "a_year.yaml").scenario
    first, days = shipped.measures.moments[0], shipped.length // DAY
    assert (shipped.measures.horizon, days) == (365 * DAY, 393)
    assert {30 * DAY, 365 * DAY, UNLIMITED} <= set(shipped.ladder.retention)
    file = hamlet.with_name("year.yaml")
    file.write_text(YEAR.format(start=shipped.start, days=days, moments=f"{first} s"))
    (tmp_path / "seed=1").mkdir()
    place = Hamlet(file, tmp_path / "seed=1")
    answers = place.ask(place.study())

    def columns(measure, step):
        told = chosen(answers, viewer="ICE", sight="request", retention=step, measure=measure, town="all")
        return told.droplevel([name for name in KEYS if name != "statistic"])[["value", "n"]]

    month, year, no_limit = (columns("trips_detected", step) for step in (30 * DAY, 365 * DAY, UNLIMITED))
    assert (year.loc[["stock", "share_of_horizon", "share_of_window"], "n"] > 0).all()
    assert year.loc["share_of_window", "value"] == pytest.approx(year.loc["share_of_horizon", "value"])
    assert 5 * month.loc["stock", "value"] < year.loc["stock", "value"] < 20 * month.loc["stock", "value"]
    assert 5 * month.loc["share_of_horizon", "value"] < year.loc["share_of_horizon", "value"] < 1
    assert no_limit.loc["share_of_horizon", "value"] == pytest.approx(year.loc["share_of_horizon", "value"])
    assert no_limit.loc["stock_so_far", "value"] > year.loc["stock", "value"]
    assert not no_limit.loc[["stock", "share_of_window"], "n"].any()  # kept for longer than was simulated
    homes = [columns("home_found", step).loc["within_250m", "n"] for step in (365 * DAY, UNLIMITED)]
    assert homes[0] > homes[1] == 0
