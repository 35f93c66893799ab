"""All seventeen measures of a run: each asked of every viewer under every policy, and printed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import alprsim
from alprsim.cli import main
from alprsim.measures.glossary import BY_NAME
from alprsim.results import suite, words
from alprsim.results.suite import SUITE
from alprsim.scenario import models
from alprsim.scenario.read import load
from alprsim.tables import AS_WRITTEN

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
    ]
    return alprsim.run(hamlet, overrides=said, out=tmp_path_factory.mktemp("suite") / "every")


def test_the_seventeen_are_in_their_order_and_in_the_glossary():
    assert list(dict.fromkeys(shown.number for shown in SUITE)) == list(range(1, 18))
    assert all(shown.measure in BY_NAME for shown in SUITE)


@pytest.mark.whole
def test_every_measure_of_the_suite_is_told_under_its_name(run):
    known = run.summary.groupby("measure")["statistic"].agg(set)
    for shown in SUITE:
        statistic = shown.statistic.replace("_1d", "_12h").replace("_7d", "_12h")
        assert {statistic, statistic + words.SO_FAR} & known[shown.measure], shown
    assert suite.BY_CAMERA in set(run.summary["who"])


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
    assert len({name for name, _, _ in columns}) == 10
    for name, study, column in columns:
        if column.who != "vehicles":  # of hot lists, which this run has none of
            assert column.measure in ("alerts", "wrongful_stops")
            continue
        statistic = column.statistic.replace("_1d", "_12h").replace("_7d", "_12h").replace("_policy", "_12h")
        assert statistic in known[column.measure], (name, column)
        always = {"exposure_rate", "exposure_rate_driving", "observed_days", "trips_detected", "trips_linked"}
        always |= {"lookback_plate", "lookback_area", "days_per_answer"}
        assert column.measure in always or study.measures.families, (name, column)


@pytest.mark.whole
def test_every_viewer_and_policy_has_every_measure(run):
    told = {}
    for policy in run.info["policies"]:
        for line in suite.suite(run, policy):
            assert len(line.answers) == len(run.info["viewers"])
            told[line.shown.number] = told.get(line.shown.number, False) or any(a.measured for a in line.answers)
    assert [number for number, one in told.items() if not one] == [13]  # a day's pseudonyms need two of them
    police = dict(zip(run.info["viewers"], next(suite.suite(run, "No sharing")).answers, strict=True))
    assert police["East police"].mean > 0
    assert police["ICE"].mean == 0


@pytest.mark.whole
def test_the_command_prints_them_all(run):
    said = CliRunner().invoke(main, ["measures", str(run.folder)])
    assert said.exit_code == 0, said.output
    for policy in run.info["policies"]:
        assert f"{policy}; on-request sight, the retention it says itself" in said.output
    for shown in SUITE:
        assert f"{BY_NAME[shown.measure].title}, {shown.said}" in said.output
    few = ["--policy", "Federal query", "--who", "people"]
    people = CliRunner().invoke(main, ["measures", str(run.folder), *few, "--json"])
    told = {row["number"] for row in json.loads(people.output) if row["n_seeds"]}
    assert told == {1, 2, 3, 4, 5, 6, 7, 8, 9, 16}
    said = suite.as_text(run, ["No sharing"], who="people")
    assert "No sharing; on-request sight, the retention it says itself; of people, over the cars they drive" in said
    wrong = CliRunner().invoke(main, ["measures", str(run.folder), "--retention", "5 d"])
    assert wrong.exit_code == 2
    assert "found '5 d'; the run's ladder has 6 h, no limit" in wrong.output


def test_where_nothing_was_asked_nothing_is_said(outpost_run):
    lines = {line.shown.measure: line.answers for line in suite.suite(outpost_run, outpost_run.info["baseline"])}
    assert not any(answer.measured for answer in lines["path_recall"])
    assert any(answer.measured for answer in lines["trips_detected"])
    exposed = outpost_run.answer(
        outpost_run.info["baseline"], "ICE", "request", AS_WRITTEN, "observed_days", "share_of_horizon"
    )
    assert exposed in lines["observed_days"]
