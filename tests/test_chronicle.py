"""A custody through what changes midway, from the scenario to the picture."""

import json
import textwrap

import numpy as np
import pytest
from click.testing import CliRunner

from alprsim import chronicle
from alprsim.cli import main
from alprsim.report import custody_chart as chart
from alprsim.scenario import ScenarioError, loads
from alprsim.scenario.regimes import moment, regimes
from alprsim.tables import DAY

HOUR = 3600
TEXT = textwrap.dedent(
    """
    name: law
    title: Two departments across a law
    start: 2026-09-28
    length: 8 d
    roads: {kind: builtin, towns: [Wethersfield]}
    cameras: {groups: [{agency: Wethersfield, count: 3}, {agency: Berlin, town: Wethersfield, count: 1}]}
    custody:
      retention: unlimited
      agencies:
        Wethersfield: {}
        Berlin: {}
        Cloud: {kind: host}
        ICE: {kind: consumer, retention: 0 s}
      sharing:
        - {giver: departments, taker: ICE, kind: query}
        - {giver: Wethersfield, taker: ICE, kind: query, sight: bulk}
      changes:
        - {at: 2026-10-01, custody: {departments: {retention: 24 h}}, applies_to: all_held}
        - {at: 5 d, custody: {agencies: {Berlin: {retention: null, host: Cloud}}, opt_out: [{agency: Berlin}]}}
      outages: [{agency: Berlin, begin: 1 d, end: 1 d 6 h}]
      breaches: [{agency: Wethersfield, at: 2 d}, {agency: Cloud, at: 6 d}]
      holds: [{agency: Wethersfield, at: 12 h, keep: 6 d}]
    viewers: {ICE: {agency: ICE}, Berlin police: {agency: Berlin}}
    policies: {today: {}, without: {custody: {changes: [], outages: [], breaches: [], holds: []}}}
    ladder: {retention: [24 h, unlimited]}
    measures: {horizon: 1 d, moments: [2 d]}
    """
)


def test_each_change_is_merged_over_what_held_until_then():
    loaded = loads(TEXT)
    first, second = regimes(loaded.policies["today"].custody)
    assert [moment(change.at, loaded.scenario.start) for change, _ in (first, second)] == [3 * DAY - 4 * HOUR, 5 * DAY]
    assert (first[1].departments.retention, second[1].departments.retention) == (DAY, DAY)
    assert (first[1].agencies["Berlin"].host, second[1].agencies["Berlin"].host) == (None, "Cloud")
    assert (len(first[1].opt_out), len(second[1].opt_out), second[1].changes) == (0, 1, ())
    assert list(regimes(loaded.policies["without"].custody)) == []
    assert loads(loaded.text()).policies == loaded.policies


def test_a_law_takes_effect_by_name_over_each_policys_own_rules():
    text = TEXT.replace("custody: {departments: {retention: 24 h}}", "custody: {preset: ct_pa26_14}")
    text = text.replace(
        "today: {}",
        "today: {}, pooled: {custody: {agencies: {Pool: {kind: pool}}, sharing: [{giver: Pool, taker: ICE, kind: query}]}}",
    )
    loaded = loads(text)
    (change, law), (_, after) = regimes(loaded.policies["pooled"].custody)
    assert (change.title, law.departments.retention) == ("Connecticut Public Act 26-14", 21 * DAY)
    assert [edge.giver for edge in law.sharing] == ["Pool", "departments", "departments"]
    assert [edge.giver for edge in next(regimes(loaded.policies["today"].custody))[1].sharing] == ["departments"] * 2
    assert (len(after.sharing), after.departments.held_retention) == (3, law.departments.held_retention)
    assert loads(loaded.text()).policies == loaded.policies


WRONG = [
    ("{departments: {retention: 24 h}}", "{preset: ct_pa26_15}",
     "19:42: custody.changes.0.custody.preset: there is no preset 'ct_pa26_15'"),
    ("at: 2026-10-01", "at: 2026-09-28", "19:12: custody.changes.0.at: '2026-09-28' begins before the study does"),
    ("at: 2026-10-01", "at: 9 d", "19:12: custody.changes.0.at: '9 d' is after the end (length: 8 d)"),
    ("at: 2026-10-01", "at: soon", "19:12: custody.changes.0.at: 'soon' is not a duration"),
    ("at: 2026-10-01", "at: 2026-13-01", "19:12: custody.changes.0.at: '2026-13-01' is not a date"),
    ("at: 5 d", "at: 2 d", "20:12: custody.changes.1.at: '2 d' is not after the change before it"),
    ("retention: 24 h}}", "retension: 24 h}}", "19:48: custody.changes.0.custody.departments.retension: is not a key here"),
    ("[{agency: Berlin}]", "[{agency: Berlim}]", "20:98: custody.changes.1.custody.opt_out.0.agency: found 'Berlim'"),
    ("host: Cloud}}", "host: Clout}}", "20:26: custody.changes.1.custody: agencies.Berlin.host: found 'Clout'"),
    ("host: Cloud}}", "town: Berlin}}", "custody.changes.1.custody.agencies.Berlin.town: would change the world"),
    ("custody: {departments", "custody: {breaches: [], departments", "19:34: custody.changes.0.custody.breaches: is said beside"),
    ("{agency: Berlin, begin", "{agency: Berlim, begin", "21:22: custody.outages.0.agency: found 'Berlim'; it must be one of"),
    ("end: 1 d 6 h", "end: 1 d", "21:47: custody.outages.0.end: '1 d' is not after begin"),
    ("applies_to: all_held", "applies_to: all", "custody.changes.0.applies_to: found 'all'; allowed: new_captures, all_held"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), WRONG)
def test_what_is_wrong_is_said_where_it_is_written(old, new, expected):
    assert TEXT.count(old) == 1
    with pytest.raises(ScenarioError) as error:
        loads(TEXT.replace(old, new))
    assert expected in str(error.value)


def test_a_policys_changes_are_checked_as_the_bases_are():
    text = TEXT.replace("today: {}", "today: {custody: {changes: [{at: 1 d, custody: {hops: many}}]}}")
    with pytest.raises(
        ScenarioError, match=r"policies\.today\.custody\.changes\.0\.custody\.hops: 'many' is not a whole"
    ):
        loads(text)


def test_synthetic_reads_are_shared_out_by_cameras_and_drawn_again_alike():
    loaded = loads(TEXT)
    sample = chronicle.synthetic(loaded, "today", 4000, 1)
    owners = np.bincount([read.owner for read in sample.reads])
    assert owners.tolist() == pytest.approx([3000, 1000], abs=120)
    assert max(read.time for read in sample.reads) < 8 * DAY
    assert chronicle.synthetic(loaded, "today", 4000, 1) == sample != chronicle.synthetic(loaded, "today", 4000, 2)


def test_the_picture_says_what_the_ledger_found():
    loaded = loads(TEXT)
    told = chronicle.run(loaded, "today", chronicle.synthetic(loaded, "today", 400, 1))
    ice = told.picture.curves[0]
    moments = told.picture.moments.tolist()
    law = moments.index(3 * DAY - 4 * HOUR)
    assert moments[law - 1] == moments[law] - 1  # looked at a second before, so that nothing falls before it happens
    assert ice.request[law - 1] > 0.9
    assert ice.request[law] == pytest.approx(0.5, abs=0.2)  # what was held on request, and a day's reads
    assert (ice.bulk <= ice.request)[1:].all()
    assert [mark.kind for mark in told.picture.marks] == ["hold", "outage", "breach", "change", "change", "breach"]
    ledger, at = told.ledger, 3 * DAY
    assert ice.request[moments.index(at)] * sum(read.time <= at for read in ledger.captured) == len(
        ledger.held(3, "request", at)
    )
    own, cloud = told.picture.loots
    assert own.lying[0] == sum(read.owner == 0 and read.time <= 2 * DAY for read in ledger.captured)
    assert (cloud.lying[0], cloud.lying[1] > 0) == (0, True)
    assert "an intruder" not in told.table()
    assert told.table().count("\n") == 8
    assert [mark.text for mark in told.picture.marks if mark.kind == "change"] == [
        "departments.retention: 24 h, for all that is held",
        "agencies.Berlin.retention: none, agencies.Berlin.host: Cloud, opt_out.agency: …, for reads captured from then on;"
        " copies that came over an edge that ends stay",
    ]


WASHINGTON = TEXT.replace(
    "departments: {retention: 24 h}", "departments: {admissible: [patrol], held_share: 1, sample: 0}"
)


def test_a_law_decides_what_is_kept_of_what_is_captured_under_it():
    """Fixed cameras keep nothing from the law on, and what they read is all evidence; before it nothing is."""
    loaded, law = loads(WASHINGTON), 3 * DAY - 4 * HOUR
    reads = chronicle.synthetic(loaded, "today", 300, 1).reads
    assert {(read.admitted, read.record == 2, read.time >= law) for read in reads} == {
        (True, False, False), (False, True, True),
    }  # fmt: skip
    patrol = WASHINGTON.replace("count: 1}", "count: 1, kind: patrol}")
    admitted = {
        (read.owner, read.admitted)
        for read in chronicle.synthetic(loads(patrol), "today", 300, 1).reads
        if read.time >= law
    }
    assert admitted == {(0, False), (1, True)}


def test_without_a_run_nobody_knows_what_stands_near():
    near = TEXT.replace("departments: {retention: 24 h}", "departments: {exclude: {kinds: [school], within: 100 m}}")
    assert "`exclude`" in chronicle.synthetic(loads(near), "today", 10, 1).basis
    assert "`exclude`" not in chronicle.synthetic(loads(near), "without", 10, 1).basis


def test_nothing_midway_is_no_marks():
    loaded = loads(TEXT)
    told = chronicle.run(loaded, "without", chronicle.synthetic(loaded, "without", 50, 1))
    assert (told.picture.marks, told.picture.loots) == ([], [])
    with pytest.raises(ValueError, match="there is no policy 'other'; policies: today, without"):
        chronicle.run(loaded, "other", chronicle.synthetic(loaded, "today", 5, 1))


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_command_prints_the_table_and_draws_the_picture(tmp_path, suffix):
    (tmp_path / "law.yaml").write_text(TEXT)
    out = tmp_path / f"deep/law.{suffix}"
    done = CliRunner().invoke(main, ["ledger", str(tmp_path / "law.yaml"), "--reads", "60", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "ICE, on request" in done.output
    assert out.stat().st_size > 10_000


def test_the_command_answers_in_json_and_refuses_what_it_does_not_know(tmp_path):
    (tmp_path / "law.yaml").write_text(TEXT)
    ask = ["ledger", str(tmp_path / "law.yaml"), "--reads", "30", "--out", str(tmp_path / "law.svg")]
    told = json.loads(CliRunner().invoke(main, [*ask, "--json", "--policy", "without"]).output)
    assert (told["breaches"], len(told["moments"])) == ([], 33)
    wrong = CliRunner().invoke(main, [*ask, "--policy", "nothing"])
    assert (wrong.exit_code, "is none of 'today', 'without'" in wrong.output) == (2, True)
    assert CliRunner().invoke(main, [*ask[:-1], "law.pdf"]).exit_code == 1


def test_many_owners_share_the_last_colour():
    owners = [f"town {n}" for n in range(9)]
    loot = chart.Loot("pool", owners, np.arange(9), np.zeros(9, np.int64))
    assert chart._largest([loot]) == [f"town {n}" for n in (8, 7, 6, 5, 4, 3)]
    assert chart._of(loot, loot.lying, "others", chart._largest([loot])) == 0 + 1 + 2
