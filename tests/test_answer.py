"""A scenario's answer: one table, one figure and one sentence, each from what the run measured and from nothing else."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import alprsim
from alprsim import inquiry, results, sweep
from alprsim.cli import main
from alprsim.report import answer as figures
from alprsim.results import answer_sentence, answer_table, words
from alprsim.scenario.errors import ScenarioError
from alprsim.scenario.read import load
from alprsim.tables import AS_WRITTEN

ALL = """
extends: outpost.yaml
name: {name}
question: What does it matter?
policies:
  Warrant: {{custody: {{sharing: [{{giver: departments, taker: ICE, kind: query, warrant: {{beyond: 6 h}}}}]}}}}
  Door: {{custody: {{sharing: [{{giver: East, taker: ICE, kind: side_door, chance: 20 %}}]}}}}
  Opted out:
    custody:
      sharing: [{{giver: departments, taker: ICE, kind: query}}]
      opt_out: [{{agency: departments, to: ICE}}]
answer: {answer}
"""
FORMS = {
    "retention": "{over: retention, viewer: ICE, beside: [fast, cold]}",
    "policies": "{over: policies, viewers: [ICE, East police], beside: [fast], audience: East}",
    "towns": "{over: towns, viewer: ICE, town: Hamlet, policy: Warrant, most: No sharing}",
    "subsets": "{over: subsets, viewer: ICE, opt_out: [West, East], to: ICE, beside: [cold]}",
    "measures": """
  over: measures
  rows: policies
  viewer: ICE
  columns:
    - {title: Trips, measure: trips_detected, statistic: share_of_horizon_pooled}
    - {title: Reads, measure: exposure_rate, statistic: share_of_horizon, reference: [{value: 4, label: N, source: a court}]}
    - {title: People, measure: trips_detected, statistic: share_of_horizon, who: people, viewer: East police, sight: bulk}
    - {title: Limited, measure: trips_detected, statistic: share_of_horizon_pooled, retention: 6 h}
""",
}
MAIN = {"measure": "trips_detected", "statistic": "share_of_horizon_pooled"}


@pytest.fixture(scope="module")
def runs(outpost, tmp_path_factory):
    """Return the results of the outpost asked in each form, of the same reads."""
    studies = []
    for name, answer in FORMS.items():
        file = outpost.with_name(f"asked_{name}.yaml")
        file.write_text(ALL.format(name=f"asked_{name}", answer=answer))
        studies.append(load(file))
    folder = tmp_path_factory.mktemp("answers")
    done = sweep.run_all(studies, outs=[folder / name for name in FORMS])
    return dict(zip(FORMS, done, strict=True))


def wanted(rows, quantity="value", **levels):
    """Return the mean of the one row with these levels."""
    found = answer_sentence.values(rows, quantity, **levels)
    assert len(found) == 1, levels
    return found["mean"].iloc[0]


# --- the table ----------------------------------------------------------------------------------------------------------


@pytest.mark.whole
def test_over_retention_a_value_a_step_and_its_change_against_no_limit(runs):
    run, rows = runs["retention"], answer_table.table(runs["retention"])
    for policy in run.info["policies"]:
        values = [wanted(rows, policy=policy, retention=step, **MAIN) for step in run.steps]
        assert values == [run.answer(policy, "ICE", "request", step, *MAIN.values()).mean for step in run.steps]
        change = wanted(rows, "change", policy=policy, retention=run.steps[0], **MAIN)
        assert change == pytest.approx(values[0] - values[-1])
    looks = answer_sentence.values(rows, measure="lookback_plate")
    assert set(looks["statistic"]) == {"fast", "cold"}
    assert rows["n_seeds"].eq(2).all()


@pytest.mark.whole
def test_over_policies_each_sight_stands_apart_and_what_is_granted_by_its_expected_value(runs):
    run, rows = runs["policies"], answer_table.table(runs["policies"])
    main = {"viewer": "ICE", **MAIN}
    free, granted = (wanted(rows, policy="Warrant", sight=sight, **main) for sight in ("request", "process"))
    everything = wanted(rows, policy="Federal query", sight="request", **main)
    assert (
        free < granted <= free + 0.9 * (everything - free) + 1e-12
    )  # nine in ten; what a day later is gone stays hidden
    door = wanted(rows, policy="Door", sight="side_door", **main)
    assert 0 < door < 0.2 * everything
    assert wanted(rows, policy="Door", sight="request", **main) == 0
    change = wanted(rows, "change", policy="Warrant", sight="request", **main)
    assert change == pytest.approx(free - everything)
    assert set(rows["sight"]) == {"bulk", "request", "process", "side_door"}
    assert run.answer("Warrant", "ICE", "process", AS_WRITTEN, *MAIN.values()).mean == granted


@pytest.mark.whole
def test_the_audience_counts_the_agencies_that_can_look(runs):
    rows = answer_table.table(runs["policies"])
    counted = {
        (policy, sight): mean
        for policy, sight, mean in answer_sentence.values(rows, measure="audience")[
            ["policy", "sight", "mean"]
        ].itertuples(index=False)
    }
    assert counted["Federal query", "request"] == 1  # ICE
    assert counted["Warrant", "process"] == 1
    assert counted["Door", "request"] == counted["No sharing", "side_door"] == 0
    assert counted["Door", "side_door"] == 1


@pytest.mark.whole
def test_over_towns_a_change_a_policy(runs):
    rows = answer_table.table(runs["towns"])
    before, after = (wanted(rows, policy=policy, town="Hamlet") for policy in ("Federal query", "Warrant"))
    assert wanted(rows, "change", policy="Warrant", town="Hamlet") == pytest.approx(after - before)
    assert answer_sentence.values(rows, "change", policy="Federal query").empty


@pytest.mark.whole
def test_several_measures_stand_side_by_side_each_as_measured(runs):
    run, rows = runs["measures"], answer_table.table(runs["measures"])
    for policy in run.info["policies"]:
        for column, asked in (
            ("Trips", ("ICE", "request", AS_WRITTEN, *MAIN.values())),
            ("Limited", ("ICE", "request", 6 * 3600, *MAIN.values())),
            ("Reads", ("ICE", "request", AS_WRITTEN, "exposure_rate", "share_of_horizon")),
        ):
            assert wanted(rows, column=column, policy=policy) == run.answer(policy, *asked).mean
        people = run.answer(
            policy, "East police", "bulk", AS_WRITTEN, "trips_detected", "share_of_horizon", who="people"
        )
        assert wanted(rows, column="People", policy=policy) == people.mean
    baseline, other = run.info["policies"][:2]
    values = [wanted(rows, column="Trips", policy=policy) for policy in (baseline, other)]
    assert wanted(rows, "change", column="Trips", policy=other) == pytest.approx(values[1] - values[0])
    assert rows[rows["column"].eq("Reads")]["reference"].eq(4).all()
    assert "Dashed, reads: N, 4 (a court)." in (run.folder / "answer.svg").read_text()


VARIANTS = """
extends: outpost.yaml
name: varied
variants:
  Nobody reads: {cameras.capture: 0 %}
  Three days: {length: 3 d}
answer:
  over: measures
  rows: variants
  viewer: ICE
  columns: [{title: Trips, measure: trips_detected, statistic: share_of_horizon_pooled}]
"""


@pytest.mark.whole
def test_variants_of_a_world_are_whole_results_and_stand_in_the_answer(outpost, outpost_run, tmp_path):
    file = outpost.with_name("varied.yaml")
    file.write_text(VARIANTS)
    run = sweep.run(load(file), out=tmp_path / "varied")
    rows = answer_table.table(run)
    main = (run.info["baseline"], "ICE", "request", AS_WRITTEN, *MAIN.values())
    assert wanted(rows, variant="as written") == outpost_run.answer(*main).mean > 0
    assert wanted(rows, variant="Nobody reads") == 0
    assert wanted(rows, variant="Three days") == run.variants["Three days"].answer(*main).mean
    assert run.variants["Three days"].info["length_s"] == 3 * 86_400
    assert wanted(rows, "change", variant="Nobody reads") == -wanted(rows, variant="as written")
    again = sweep.run(load(file), out=tmp_path / "varied")
    assert answer_table.table(again).equals(rows)


@pytest.mark.parametrize(("variant", "said"), [
    ("{cameras.captur: 0 %}", "variants.V: cameras.captur"),
    ("{length: 1 h}", "variants.V: length"),
    ("{roads.towns: [Nowhere]}", "variants.V: roads"),
])  # fmt: skip
def test_what_is_wrong_in_a_variant_is_named_with_its_line(outpost, tmp_path, variant, said):
    file = outpost.with_name("wrong_variant.yaml")
    file.write_text(f"extends: outpost.yaml\nname: wrong\nvariants:\n  V: {variant}\n")
    with pytest.raises(ScenarioError) as caught:
        load(file)
    assert said in str(caught.value)
    assert "wrong_variant.yaml:4" in str(caught.value)


@pytest.mark.whole
def test_of_subsets_nobody_is_the_baseline_and_everybody_the_policy_of_all(runs):
    run, rows = runs["subsets"], answer_table.table(runs["subsets"])
    for policy, who in (("Federal query", "nobody"), ("Opted out", "West + East")):
        asked = run.answer(policy, "ICE", "request", AS_WRITTEN, *MAIN.values())
        row = answer_sentence.values(rows, policy=who, **MAIN).iloc[0]
        assert (row["mean"], row["n"]) == (asked.mean, asked.n)
        looks = run.answer(policy, "ICE", "request", AS_WRITTEN, "lookback_plate", "cold")
        assert wanted(rows, policy=who, measure="lookback_plate", statistic="cold") == looks.mean
    assert list(answer_sentence.values(rows, **MAIN)["k"]) == [0, 1, 1, 2]


@pytest.mark.whole
def test_a_subset_is_as_a_policy_with_its_opt_out(outpost, runs):
    one = 'policies.Opted out={custody: {sharing: [{giver: departments, taker: ICE, kind: query}], opt_out: [{agency: East, to: ICE}]}}'  # noqa: E501 # fmt: skip
    loaded = alprsim.study(outpost.with_name("asked_subsets.yaml"), overrides=[one])
    alone = sweep.run(loaded, out=runs["subsets"].folder.with_name("one_opted_out"))
    asked = alone.answer("Opted out", "ICE", "request", AS_WRITTEN, *MAIN.values())
    assert wanted(answer_table.table(runs["subsets"]), policy="East", **MAIN) == asked.mean


@pytest.mark.whole
def test_of_subsets_shares_add_up_and_orders_end_alike(runs):
    rows = answer_table.table(runs["subsets"])
    fall = wanted(rows, k=0, **MAIN) - wanted(rows, k=2, **MAIN)
    assert answer_sentence.values(rows, "Shapley value")["mean"].sum() == pytest.approx(fall)
    for order in answer_table.ORDERS:
        steps = answer_sentence.values(rows, order)
        assert sorted(steps["policy"]) == ["East", "West"]
        assert steps["mean"].iloc[-1] == wanted(rows, k=2, **MAIN)
    assert wanted(rows, "least", k=1) <= wanted(rows, "mean", k=1) <= wanted(rows, "most", k=1)
    best = wanted(rows, "tipping point of 50 %, best")
    assert best <= wanted(rows, "tipping point of 50 %, worst") <= 2


def test_subsets_have_the_names_that_the_inquiry_gives_them():
    for n in (2, 8):
        assert [answer_table._code(s, n) for s in range(2**n)] == [inquiry.subset_name(s, n) for s in range(2**n)]
    assert inquiry.subset_name(0b01, 2) == "opt_out:10"
    assert answer_table.subset_names({"opt_out": ["West", "East"]}) == ["nobody", "West", "East", "West + East"]


def test_changes_are_paired_by_seed():
    found = {
        answer_table.Key(policy, "ICE", "request", AS_WRITTEN, *MAIN.values()): answer_table.Found(values, "share", 10)
        for policy, values in (("A", np.array([0.2, 0.6])), ("B", np.array([0.1, 0.5])))
    }
    one, other = found
    rows = list(answer_table._both(found, other, one))
    assert [row.quantity for row in rows] == ["value", "change"]
    assert (rows[1].mean, rows[1].low, rows[1].high) == pytest.approx((-0.1, -0.1, -0.1))
    assert rows[0].high == 1  # a share's interval ends at 1
    assert rows[0].low == 0


# --- files, page and command --------------------------------------------------------------------------------------------


@pytest.mark.whole
def test_a_run_leaves_its_table_and_figure_and_names_them(runs):
    for run in runs.values():
        written = pd.read_csv(run.folder / "answer.csv")
        assert len(written) == len(answer_table.table(run))
        assert {"streets", "cameras", "calibration", "retention_text"} < set(written.columns)
        crate = json.loads((run.folder / "ro-crate-metadata.json").read_text())
        assert {"answer.csv", "answer.svg"} <= {part["@id"] for part in crate["@graph"]}


@pytest.mark.whole
def test_the_figure_is_an_svg_that_says_the_sentence(runs):
    for name, run in runs.items():
        text = (run.folder / "answer.svg").read_text("utf-8")
        root = ElementTree.fromstring(text)
        said = " ".join(part.text or "" for part in root.iter() if part.tag.endswith("text"))
        sentence = answer_sentence.sentence(run, answer_table.table(run))
        assert sentence.split(". ")[0][:40] in said, name
        assert "What does it matter?" in said
        assert "nan" not in text.lower().replace("nantucket", "")


@pytest.mark.whole
def test_the_page_begins_with_the_answer(runs):
    for run in runs.values():
        page = run.page.read_text("utf-8")
        assert '<section id="question"' in page
        assert page.index('id="question"') < page.index('id="answer"')
        assert page.index("(Real streets, assumed cameras") < page.index('id="answer"')


@pytest.mark.whole
def test_the_page_shows_the_numbers_of_the_figure(runs):
    rows = answer_table.table(runs["subsets"])
    grid = figures.shown(runs["subsets"]).numbers
    assert [name for name, _, _ in grid.rows] == ["0 opt out", "1 opt out", "2 opt out"]
    assert [head.title for head in grid.heads][:3] == ["least", "mean", "most"]
    best = answer_sentence.values(rows, "least", k=1).iloc[0]
    assert grid.rows[1][2][0].value == words.quantity(best["mean"], "share")
    assert grid.rows[1][2][0].band.startswith(best["policy"])
    assert grid.rows[2][2][0].band.startswith("all")
    steps = figures.shown(runs["retention"]).numbers
    assert [name for name, _, _ in steps.rows] == ["6 h", "no limit"]
    policies = figures.shown(runs["policies"]).numbers
    assert {name for name, _, _ in policies.rows} == set(runs["policies"].info["policies"])
    assert [name for name, _, _ in figures.shown(runs["towns"]).numbers.rows][-1] == "all together"


@pytest.mark.whole
def test_sentences_say_whose_sight_and_over_what(runs):
    for run in runs.values():
        said = answer_sentence.sentence(run, answer_table.table(run))
        assert "ICE, on-request sight" in said
        assert "last 24 h" in said
        assert "2 seeds" in said
    policies = answer_sentence.sentence(runs["policies"], answer_table.table(runs["policies"]))
    assert "expected" in policies
    assert "can look at East’s reads: 1 under “Federal query”" in policies
    assert "exact over all 4 subsets" in answer_sentence.sentence(runs["subsets"], answer_table.table(runs["subsets"]))


@pytest.mark.whole
def test_where_nothing_can_be_taken_away_the_sentence_says_so(runs):
    run, rows = runs["subsets"], answer_table.table(runs["subsets"])
    flat = rows.assign(mean=0.25)
    assert "Whoever opts out changes nothing." in answer_sentence.sentence(run, flat)
    assert figures.figure(run, flat)


def test_without_the_key_there_is_neither(outpost_run):
    assert answer_table.table(outpost_run) is None
    assert figures.shown(outpost_run) is None
    assert not (outpost_run.folder / "answer.csv").exists()
    assert not (outpost_run.folder / "answer.svg").exists()
    assert 'id="question"' not in outpost_run.page.read_text("utf-8")
    assert answer_table.load(outpost_run.folder) is None


@pytest.mark.whole
def test_the_command_prints_table_and_sentence(runs, outpost_run):
    run = runs["subsets"]
    done = CliRunner().invoke(main, ["answer", str(run.folder)])
    assert done.exit_code == 0
    assert done.stdout.startswith("quantity,policy,viewer")
    assert "Shapley value,West" in done.stdout
    assert "on-request sight" in done.stderr
    told = json.loads(CliRunner().invoke(main, ["answer", str(run.folder), "--json"]).stdout)
    assert told["sentence"].startswith("ICE, on-request sight")
    assert {row["quantity"] for row in told["table"]} >= {"value", "best order", "alone", "last"}
    none = CliRunner().invoke(main, ["answer", str(outpost_run.folder)])
    assert none.exit_code == 2
    assert "no key `answer`" in none.stderr


@pytest.mark.whole
def test_several_scenarios_are_run_by_one_command(outpost, tmp_path):
    others = ["--set", "seeds=[1]", "--out", str(tmp_path / "both"), "--json"]
    scenarios = [str(outpost.with_name(f"asked_{name}.yaml")) for name in ("towns", "subsets")]
    for name in ("towns", "subsets"):
        outpost.with_name(f"asked_{name}.yaml").write_text(ALL.format(name=f"asked_{name}", answer=FORMS[name]))
    done = CliRunner().invoke(main, ["run", *scenarios, *others])
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["folder"] for one in told] == [
        str(tmp_path / "both" / f"asked_{name}") for name in ("towns", "subsets")
    ]
    assert all("one seed, so no interval" in one["answer"] for one in told)


@pytest.mark.whole
def test_every_sight_has_its_words(runs):
    assert set(words.SIGHTS) == set(answer_table.SIGHTS)
    text = results.as_text(results.compare([runs["policies"], runs["retention"]]))
    assert "side-door" in text


# --- keys ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("{over: retention, viewer: FBI}", "answer.viewer: found 'FBI'; it must be one of viewers"),
        ("{over: retention, viewer: ICE, beside: [hot]}", "answer.beside.0: found 'hot'"),
        ("{over: towns, viewer: ICE, town: Hamlet, policy: Warant, most: Door}", "answer.policy: found 'Warant'"),
        ("{over: subsets, viewer: ICE, opt_out: [East, ICE]}", "answer.opt_out.1: found 'ICE'"),
        ("{over: subsets, viewer: ICE, opt_out: [East, East]}", "'East' is listed twice"),
        ("{over: subsets, viewer: ICE, opt_out: [East, West], to: FBI}", "answer.to: found 'FBI'"),
        ("{over: policies, viewers: [ICE], audience: Vendor pool}", "answer.audience: found 'Vendor pool'"),
        ("{over: policies, viewers: [ICE], town: East}", "answer.town: is not a key here; allowed: "),
        ("{over: places, viewer: ICE}", "answer.over: found 'places'; allowed: retention, policies, towns, subsets"),
        ("{viewer: ICE}", "answer.over: is missing; allowed: retention, policies, towns, subsets"),
        ("{over: retention}", "answer.viewer: is missing"),
    ],
)
def test_what_is_wrong_in_an_answer_is_named(outpost, tmp_path, answer, said):
    file = outpost.with_name("wrong_answer.yaml")
    file.write_text(ALL.format(name="wrong", answer=answer))
    with pytest.raises(ScenarioError) as caught:
        load(file)
    assert said in str(caught.value)


def test_an_answer_changes_the_digest_and_none_does_not(outpost):
    plain = load(outpost)
    asked = load(outpost, overrides=["answer={over: retention, viewer: ICE}"])
    assert asked.digest() != plain.digest()
    assert asked.world_digest() == plain.world_digest()
    dumped = plain.scenario.model_dump(mode="json")
    assert dumped["answer"] is None


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("title=Another", True),
        ("name=another", True),
        ("ladder.retention=[1 h]", True),
        ("measures.horizon=20 h", True),
        ("utility.incidents=3", True),
        ("custody.agencies.East.retention=1 h", True),
        ("custody.agencies.East.state=NY", True),
        ("custody.sharing=[{giver: East, taker: West, kind: query}]", True),
        ("custody.agencies.East.town=Hamlet", False),
        ("custody.agencies.East.server_rate=2 plates/s", False),
        ("custody.agencies.FBI={kind: consumer}", False),
        ("cameras.correct=0.7", False),
        ("seeds=[3]", False),
        ("length=3 d", False),
    ],
)
def test_a_world_is_what_decides_the_reads(outpost, change, same):
    assert (load(outpost, overrides=[change]).world_digest() == load(outpost).world_digest()) is same


def test_a_world_knows_the_order_of_its_agencies(outpost):
    loaded = load(outpost)
    custody = loaded.scenario.custody
    turned = custody.model_copy(update={"agencies": dict(reversed(custody.agencies.items()))})
    other = replace(loaded, scenario=loaded.scenario.model_copy(update={"custody": turned}))
    assert other.world_digest() != loaded.world_digest()
