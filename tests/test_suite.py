"""All seventeen measures of a run: each asked of every viewer under every policy, and printed."""

import json
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import alprsim
from alprsim.cli import main
from alprsim.measures import question, wheel
from alprsim.measures.glossary import BY_NAME
from alprsim.results import leading, sensitivity, suite, words
from alprsim.results.suite import SUITE
from alprsim.scenario import models
from alprsim.scenario.read import load
from alprsim.tables import AS_WRITTEN, DAY, UNLIMITED

EVERY = [*models.FamilyName.__args__]


@pytest.fixture(scope="module")
def run(hamlet, tmp_path_factory):
    """Return the hamlet with every family asked for, the heavy ones of few targets."""
    few = (
        "position_targets=4",
        "position_rehearsed=4",
        "position_zones=4",
        "path_targets=20",
        "pseudonym_epochs=[12 h]",
        "unicity_points=4",
    )
    said = [
        f"measures.families=[{', '.join(EVERY)}]",
        *(f"measures.{key}" for key in few),
        "seeds=[1]",
        "ladder.retention=[6 h, unlimited]",
        "utility.incidents=5",
        "custody.agencies.ICE.users=9000",
        "utility.hold={chance: 50 %, within: 3 d}",
        "hot_lists={lists: {Stolen: {kind: stolen, owner: NCIC, share: 40 %, wanted_for: 60 d, stale_for: 0 s, refresh: 0 s}}}",
    ]
    return alprsim.run(hamlet, overrides=said, out=tmp_path_factory.mktemp("suite") / "every")


def test_the_seventeen_are_in_their_order_and_in_the_glossary():
    assert list(dict.fromkeys(shown.number for shown in SUITE)) == list(range(1, 18))
    assert all(shown.measure in BY_NAME for shown in SUITE)


@pytest.mark.whole
def test_every_measure_of_the_suite_is_told_under_its_name(run):
    known = run.summary.groupby("measure")["statistic"].agg(set)
    shown = suite.lines(run)
    for one in shown:
        assert {one.statistic, one.so_far or one.statistic + words.SO_FAR} & known[one.measure], one
    assert {one.number for one in shown} == {*range(1, 21)}
    assert {one.statistic for one in shown if one.measure == "linkability"} == {"first_12h"}
    assert {suite.BY_CAMERA, wheel.people_of(suite.BY_CAMERA)} <= set(run.summary["who"])


QUESTIONS = sorted((Path(__file__).parents[1] / "scenarios" / "questions").glob("*_*.yaml"))


@pytest.mark.whole
def test_every_column_of_the_shipped_questions_is_a_statistic_that_runs_tell(run):
    known = run.summary.groupby("measure")["statistic"].agg(set)
    asked = [(path.name, load(path).scenario) for path in QUESTIONS]
    columns = [
        (name, study, column)
        for name, study in asked
        if isinstance(study.answer, models.OverMeasures)
        for column in study.answer.columns
    ]
    assert len({name for name, _, _ in columns}) == 11
    for name, study, column in columns:
        if column.who not in ("vehicles", "people"):  # of hot lists, which this run has none of
            assert column.measure in ("alerts", "wrongful_stops", "hot_list_value")
            continue
        statistic = column.statistic.replace("_1d", "_12h").replace("_7d", "_12h").replace("_policy", "_12h")
        assert statistic in known[column.measure], (name, column)
        always = {"exposure_rate", "exposure_rate_driving", "observed_days", "trips_detected", "trips_linked"}
        always |= {"lookback_plate", "lookback_area", "days_per_answer"}
        assert column.measure in always or study.measures.families, (name, column)


class Table:
    """The tidy table of a run's one seed, looked up line by line."""

    def __init__(self, run):
        self.simulated = min(run.info["moments_s"]) / DAY
        self.rows = {}
        answers = run.measures[
            run.measures["retention"].eq(UNLIMITED) & run.measures["measure"].str.startswith("lookback")
        ]
        case = ["policy", "viewer", "sight", "measure", "statistic"]
        self.no_limit = answers.set_index(case)["value"].to_dict()
        rows = run.measures[run.measures["retention"] == AS_WRITTEN]
        columns = ["policy", "viewer", "sight", "measure", "who", "reads", "statistic", "town", "value", "n"]
        for *case, town, value, n in rows[columns].itertuples(index=False, name=None):
            self.rows.setdefault(tuple(case), {})[town] = (value, n)

    def reach(self, *case):
        """Return how far back a viewer can reach, d."""
        return self.rows[(*case, "effective_retention", "vehicles", "all", "window")]["all"][0]

    def told(self, one, policy, viewer, sight):
        """Return the value, n, and whether it is of the time so far; None: not measured."""
        case = (policy, one.viewer or viewer, "bulk" if one.bulk else sight, one.measure, one.who, "all")
        case = ("all", "all", "all", one.measure, "all", "all") if one.of_no_case else case
        for statistic in (one.statistic, one.so_far or one.statistic + "_so_far"):
            found = {town: row for town, row in self.rows.get((*case, statistic), {}).items() if not np.isnan(row[0])}
            if found:
                return *(found["all"] if "all" in found else max(found.values())), statistic != one.statistic
        return None

    def why(self, one, policy, viewer, sight):
        """Name why a line may say nothing of a viewer under a policy; None: it must say something."""
        reach = self.reach(policy, viewer, sight)
        names = (one.statistic, one.so_far or one.statistic + "_so_far")
        none = not any(
            self.rows.get((policy, viewer, "bulk" if one.bulk else sight, one.measure, one.who, "all", name), {}).get(
                "all", (0, 0)
            )[1]
            for name in names
        )
        if one.bulk and self.reach(policy, viewer, "bulk") == 0:
            return "nothing held whole"
        if one.span == "window" and reach == 0:
            return "nothing is kept"
        if one.span == "window" and reach > self.simulated and not one.so_far:
            return "more is kept than was simulated"
        if one.measure == "days_per_answer" and (reach > self.simulated or reach == 0):
            return "a store that still fills, or none"
        if one.statistic in ("precision", "by_chance", "at_decoys") and none:
            return "nothing inferred"
        if one.statistic == "days_until_found" and none:
            return "nothing found"
        if one.measure == "prediction_entropy" and none:
            return "no car with twenty reads"
        if one.measure == "path_precision" and none:
            return "nothing claimed"
        if (one.measure, one.statistic) in NEVER and none:
            return "nothing to find"
        if one.statistic.endswith("_of_no_limit"):
            plain = self.no_limit[policy, viewer, sight, one.measure, one.statistic.removesuffix("_of_no_limit")]
            return "no limit answers none" if plain == 0 else None
        if one.statistic in OF_TOO_FEW:
            return "groups of too few"
        if one.statistic == "most_to_least_retention_of_reads" and np.isinf(reach):
            return "kept without end"
        if one.measure == "equity" and self.exposed(one, policy, viewer, sight) == 0:
            return "nobody exposed"
        if one.statistic == "most_to_least_sensitive_visits" and self.fewest_visits(policy, viewer, sight) < 30:
            return "a group with few visits"
        return None

    def fewest_visits(self, policy, viewer, sight):
        """Return of how many visits the recall of some quarter of homes is."""
        whose = (key for key in self.rows if key[4].startswith(suite.BY_CAMERA + ","))
        wanted = (policy, viewer, sight, "sensitive_visits"), ("all", "recall")
        return min(self.rows[key]["all"][1] for key in whose if (key[:4], key[5:]) == wanted)

    def exposed(self, one, policy, viewer, sight):
        """Return the figure of all homes together of what equity compares; NaN where it is not measured."""
        measure = one.statistic.removeprefix("most_to_least_")
        statistic = {"home_found": "within_250m", "sensitive_visits": "recall", "retention_of_reads": "mean"}
        name = statistic.get(measure, "share_of_horizon")
        return self.rows[(policy, viewer, sight, measure, "vehicles", "all", name)]["all"][0]


NEVER = {
    ("position_error", "tracker_moving"), ("position_error", "nearest_moving"), ("position_error", "prior_moving"),
    ("position_error", "of_nearest_moving"), ("position_region", "coverage_moving"),
    ("nights_away", "recall"), ("sensitive_habits", "recall"),
}  # fmt: skip
"""Nobody was under way at a moment asked about, slept elsewhere, or went to a place in several weeks, in three days."""

OF_TOO_FEW = {"most_to_least_path_recall", "most_to_least_position_error"}
"""Of 20 and 4 cars drawn, no quarter has 30."""

ALLOWED = {
    "nothing held whole": 552,
    "nothing is kept": 110,
    "more is kept than was simulated": 44,
    "a store that still fills, or none": 42,
    "nothing inferred": 100,
    "nothing claimed": 20,
    "nobody exposed": 70,
    "groups of too few": 48,
    "a group with few visits": 14,
    "nothing to find": 168,
    "no limit answers none": 60,
    "nothing found": 54,
    "no car with twenty reads": 48,
}
"""How often each reason stands for a “–” in the run of the hamlet, over policies, viewers and sights."""


@pytest.mark.whole
def test_every_figure_is_the_tables_and_what_is_not_told_has_a_reason(run):
    said, table = Counter(), Table(run)
    for policy, sight in product(run.info["policies"], ("bulk", "request")):
        for line in suite.suite(run, policy, sight=sight):
            for viewer, got in zip(run.info["viewers"], line.told, strict=True):
                case = (line.shown, policy, viewer, sight)
                if got.answer.measured:
                    assert (got.answer.mean, got.answer.n, got.so_far) == table.told(*case), case
                    assert not line.shown.bulk or table.reach(policy, viewer, "bulk"), case
                    reach = table.reach(policy, viewer, sight) * DAY
                    assert got.beyond == (line.shown.span == "horizon" and reach > run.info["horizon_s"]), case
                else:
                    assert table.told(*case) is None or line.shown.bulk, case
                    said[table.why(*case) or case] += 1
    assert said == ALLOWED


@pytest.mark.whole
def test_every_figure_that_hangs_on_a_policy_has_a_band(run):
    """Of each line of the suite, and each case that says something of it, in every town and of whatever lives.

    Equity's are of the quarters of homes compared.
    """
    table = sensitivity.table({sensitivity.BASE: run, "the same again": run})
    mine = table.set_index(["policy", "viewer", "sight", "retention", "town", "who", "measure", "statistic"])
    assert mine.index.is_unique
    ages = table["measure"].isin(leading.LOOKBACKS)
    assert (table["band_low"] == table["band_high"])[~ages].all()
    assert table["runs"].eq(2).all()
    rows = run.measures[run.measures["value"].notna() & run.measures["reads"].eq("all")]
    values, units = (rows.set_index(mine.index.names)[name].to_dict() for name in ("value", "unit"))
    mean, unit = mine["mean"].to_dict(), mine["unit"].to_dict()
    told, stood_in, lives = Counter(), Counter(), Counter()
    leads = [one for one in leading.leading(run) if one.measure not in leading.LOOKBACKS]
    own = {(one.who, one.measure) for one in leads}
    for one in leads:
        names = [one.statistic, *([one.so_far] if one.so_far else [])]
        theirs = {one.who} | ({key[-3] for key in values if key[-3:-1] not in own} if one.who == "vehicles" else set())
        for *case, _ in (key for key in values if key[-2] == one.measure and key[-3] in theirs and key[-1] in names):
            name = next(name for name in names if (*case, name) in values)
            key = (*case, name)
            assert (mean[key], unit[key]) == (values[key], units[key]), key
            assert len({(*case, other) for other in names} & mean.keys()) == 1, case
            told[one.measure] += 1
            stood_in[name != one.statistic] += 1
            lives[case[-2]] += 1
    assert {"vehicles", "people", "unlisted", "people, unlisted"} <= {*lives}
    assert min(stood_in.values()) > 0
    shown = {one.measure for one in SUITE if one.viewer is None}
    assert shown - {*told} == {
        "nights_away",
        "sensitive_habits",
        "prediction_entropy",
    }  # nobody has any, or 20 reads, in three days


FEW = {"path_recall", "path_precision", "trips_rebuilt", "position_error", "position_within", "journey_ends"}
"""Of 20 and 4 cars drawn, no stratum has 30; of ways more listed ones are drawn."""


@pytest.mark.whole
def test_listed_drivers_and_groups_of_homes_are_told_apart_by_every_family(run):
    """Parts of everybody add up to everybody; of fewer than 30 there is no figure, whoever they are."""
    rows = run.measures[(run.measures["town"] == "all") & (run.measures["reads"] == "all")]
    told = rows[rows["value"].notna()].groupby("measure")["who"].agg(set)
    strata = ("unlisted", "rightly listed")
    patterns = {
        "unicity",
        "worst_case_risk",
        "linkability",
        "prediction",
        "company",
        "unicity_scaling",
        "top_anonymity_set",
    }
    lives = {
        "exposure_rate",
        "observed_days",
        "trips_detected",
        "longest_gap",
        "home_found",
        "work_found",
        "sensitive_visits",
    }
    for measure in patterns | lives:
        assert {*strata} <= told[measure], measure
        people = {wheel.people_of(name) for name in (*strata, f"{suite.BY_CAMERA}, 1 of 4 (nearest first)")}
        assert measure in patterns or people <= told[measure], measure
    apart = {wheel.people_of(name) for name in question.STRATA} | {*question.STRATA}
    listed = {"rightly listed", wheel.people_of("rightly listed")}  # of ways as many are drawn as a figure needs
    for measure in FEW:
        assert apart & told[measure] == (listed if measure.startswith(("path", "trips")) else set()), measure
    assert set(rows[rows["measure"].isin(FEW)]["who"]) >= {*question.STRATA}
    everybody = ("top_anonymity_set", "top2_defined"), ("longest_gap", "median_of_horizon")
    for measure, statistic in everybody:
        mine = rows[rows["measure"].eq(measure) & rows["statistic"].eq(statistic) & rows["retention"].eq(6 * 3600)]
        n = mine.groupby("who")["n"].max()
        assert n[[*strata]].sum() == n["vehicles"] > 0, measure


@pytest.mark.whole
def test_the_police_are_told_what_they_hold_and_who_has_no_access_nothing(run):
    police = dict(zip(run.info["viewers"], next(suite.suite(run, "No sharing")).answers, strict=True))
    assert police["East police"].mean > 0
    assert police["ICE"].mean == 0


@pytest.mark.whole
def test_the_command_prints_them_all(run):
    said = CliRunner().invoke(main, ["measures", str(run.folder)])
    assert said.exit_code == 0, said.output
    for policy in run.info["policies"]:
        assert f"{policy}; on-request sight, the retention it says itself" in said.output
    for shown in suite.lines(run):
        assert f"  {BY_NAME[shown.measure].title}" in said.output
        assert f"\n      {shown.said} " in said.output
    head = "\nUtility: follows from the assumed delay of the question; measures the availability of a read, not solved crimes\n"
    assert said.output.count(head) == len(run.info["policies"])
    told = CliRunner().invoke(main, ["measures", str(run.folder), "--policy", "No sharing", "--n"])
    n = next(line for line in suite.suite(run, "No sharing") if line.shown.measure == "trips_linked").answers[0].n
    assert f"[n {n:,}]" in told.output
    few = ["--policy", "Federal query", "--who", "people"]
    people = CliRunner().invoke(main, ["measures", str(run.folder), *few, "--json"])
    told = {row["number"] for row in json.loads(people.output) if row["n_seeds"]}
    assert told == {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 18, 19, 20}
    said = suite.as_text(run, ["No sharing"], who="people")
    assert "No sharing; on-request sight, the retention it says itself; of people, over the cars they drive" in said
    wrong = CliRunner().invoke(main, ["measures", str(run.folder), "--retention", "5 d"])
    assert wrong.exit_code == 2
    assert "found '5 d'; the run's ladder has 6 h, no limit" in wrong.output


DRAWN = {
    ("path_recall", "share_of_horizon_pooled", "of the last T, pooled, quickest ways"): "share_of_horizon_pooled_error",
    ("path_recall", "share_of_horizon_pooled_by_choice", "of the last T, pooled, drivers’ ways"): (
        "share_of_horizon_pooled_error_by_choice"
    ),
    ("position_error", "tracker", "Bayesian tracker"): "tracker_error",
    ("journey_ends", "tracker_either", "one end at least, Bayesian tracker"): "tracker_either_error",
    ("unicity", "p2", "2 sightings, of all cars"): "p2_error",
    ("worst_case_risk", "p2", "2 sightings"): "p2_error",
    ("linkability", "first_12h", ""): "first_12h_error",
    ("prediction", "markov", "Markov chain"): "markov_error",
}
"""What of a measure is of a draw, as it is said (of linkability, the words are the epoch's), and where its error stands."""


@pytest.mark.whole
def test_what_is_of_a_draw_stands_beside_its_standard_error(run):
    rows = list(suite.as_rows(run, "Searchable pool"))
    table = Table(run).rows
    for (measure, statistic, said), error in DRAWN.items():
        mine = [
            row for row in rows if (row["measure"], row["statistic"], row["viewer"]) == (measure, statistic, "Vendor")
        ]
        assert len(mine) == 1
        assert mine[0]["said"] == said or not said
        case = ("Searchable pool", "Vendor", mine[0]["sight"], measure, "vehicles", "all")
        names = [error + "_so_far"] if mine[0]["so_far"] else [error]
        assert mine[0]["standard_error"] == table[(*case, *names)]["all"][0], measure
    assert {row["standard_error"] for row in rows if row["measure"] in ("observed_days", "equity", "audience")} == {
        None
    }
    line = next(
        line for line in suite.suite(run, "Searchable pool") if line.shown[1:3] == ("position_error", "tracker")
    )
    told = next(one for one in line.told if one.answer.measured)
    pair = (words.quantity(told.answer.mean, "m"), words.quantity(told.error, "m"))
    assert told.error > 0
    assert (
        "{} T<W ± {}".format(*pair) in (text := suite.as_text(run, ["Searchable pool"]))
        or "{} ± {}".format(*pair) in text
    )


@pytest.mark.whole
def test_utility_stands_beside_no_limit_and_what_coverage_caps(run):
    rows = {
        row["statistic"]: row
        for row in suite.as_rows(run, "Federal query", sight="request")
        if row["measure"] == "lookback_plate" and row["viewer"] == "East police"
    }
    assert {name.removeprefix("mixed") for name in rows if name.startswith("mixed")} == {
        "",
        "_of_no_limit",
        "_coverage",
        "_with_holds",
    }
    assert rows["mixed"]["mean"] <= rows["mixed_coverage"]["mean"]
    assert rows["mixed_of_no_limit"]["said"] == "query ages: mixed, as a share of no limit"
    assert "Useful: a read within " in suite.as_text(run, ["Federal query"])


@pytest.mark.whole
def test_as_data_it_carries_everything(run):
    said = CliRunner().invoke(main, ["measures", str(run.folder), "--policy", "Searchable pool", "--json"])
    rows, viewers = json.loads(said.output), run.info["viewers"]
    assert len(rows) == len(viewers) * len(suite.lines(run))
    spans = [row["statistic"] for row in rows if row["measure"] == "trips_detected" and row["viewer"] == "Vendor"]
    assert spans == ["stock", "share_of_horizon_pooled", "share_of_window_pooled"]
    held, last, kept = (row for row in rows if row["measure"] == "trips_detected" and row["viewer"] == "Vendor")
    assert held["so_far"]
    assert (
        held["mean"]
        == run.answer("Searchable pool", "Vendor", "request", AS_WRITTEN, "trips_detected", "stock_so_far").mean
    )
    assert last["window_beyond_horizon"]
    assert last["n"] > 0
    assert kept["mean"] is None
    assert {row["sight"] for row in rows if row["number"] in range(10, 16)} == {"bulk"}
    assert {row["who"] for row in rows if row["measure"] == "days_per_answer"} == {"people"}


def test_where_nothing_was_asked_nothing_is_said(outpost_run):
    said = suite.suite(outpost_run, outpost_run.info["baseline"])
    lines = {(line.shown.measure, line.shown.span): line.answers for line in said}
    assert not any(answer.measured for answer in lines["path_recall", "horizon"])
    assert any(answer.measured for answer in lines["trips_detected", "horizon"])
    exposed = outpost_run.answer(
        outpost_run.info["baseline"], "ICE", "request", AS_WRITTEN, "observed_days", "share_of_horizon"
    )
    assert exposed in lines["observed_days", "horizon"]


# --- of whom --------------------------------------------------------------------------------------------------------------

APART = {
    "longest_gap": "median_of_horizon",
    "home_found": "within_250m",
    "nights_away": "base_rate",
    "sensitive_visits": "recall",
}


@pytest.mark.whole
def test_groups_of_homes_and_listed_drivers_are_told_apart(run):
    rows = run.measures[(run.measures["policy"] == "Federal query") & (run.measures["viewer"] == "ICE")]
    rows = rows[(rows["sight"] == "request") & (rows["retention"] == 6 * 3600) & (rows["town"] == "all")]
    quarters = [who for who in rows["who"].unique() if who.startswith(suite.BY_CAMERA + ",")]
    assert len(quarters) == 4
    for measure, statistic in APART.items():
        mine = rows[(rows["measure"] == measure) & (rows["statistic"] == statistic)].set_index("who")
        whole, listed = mine.loc["vehicles"], list(question.STRATA[:2])
        for parts in (quarters, listed):
            of = mine.loc[parts]
            assert of["n"].sum() == whole["n"]
            assert statistic.startswith("median") or (of["value"] * of["n"]).sum() == pytest.approx(
                whole["value"] * whole["n"]
            )
        assert mine.loc[list(question.STRATA[2:]), "n"].eq(0).all()  # nobody is on such a list
        assert mine.loc[list(question.STRATA[2:]), "value"].isna().all()
    found = rows[rows["measure"].eq("home_found") & rows["statistic"].eq("within_250m")].set_index("who")["value"]
    apart = rows[rows["statistic"].eq("most_to_least_home_found")].set_index("who")["value"]
    assert apart[suite.BY_CAMERA] == pytest.approx(found[quarters].max() / found[quarters].min())
    few = rows[
        rows["measure"].isin(["path_recall", "position_error"]) & rows["who"].isin([*quarters, *question.STRATA])
    ]
    drawn_apart = few["measure"].eq("path_recall") & few["who"].eq("rightly listed")  # as many as a figure needs
    assert len(few) > 40
    assert few["n"].eq(0).equals(~drawn_apart)  # of 20 and 4 cars drawn
