"""By which routes a viewer reaches an owner's reads, told rule by rule, and what stands in the way."""

import json
from collections import defaultdict
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alprsim import custody as rules
from alprsim.cli import main
from alprsim.custody._blocked import in_the_way
from alprsim.scenario.read import loads
from alprsim.tables import UNLIMITED, RecordClass, SightKind
from tests.custody_worlds import worlds
from tests.naive_custody import custody, obtainable

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
DAY = 86_400


CHAIN = custody(
    {
        "Westport": {"retention": "21 d", "purge": {"every": "24 h", "at": "04:00"}, "hit_retention": "60 d"},
        "Vendor": {"kind": "pool", "retention": "1826 d"},
        "ICE": {"kind": "consumer", "retention": "0 s"},
    },
    {"giver": "Westport", "taker": "Vendor", "kind": "mirror", "sync": {"every": "24 h", "at": "06:00"}},
    {"giver": "Vendor", "taker": "ICE", "kind": "query", "sight": "bulk", "onward": True, "look_back": "365 d"},
    {"giver": "Westport", "taker": "ICE", "kind": "query", "warrant": {"beyond": "3 d", "delay": "2 h", "granted": "90 %"}},
)  # fmt: skip


def said(told):
    """Return what each rule in the way says, and its key."""
    return [(rule["said"], rule["key"]) for rule in told["in_the_way"]]


def test_every_route_and_every_rule_is_told():
    found = rules.routes(CHAIN, "ICE", "Westport")
    assert [route.line() for route in found] == [
        "ICE finds in bulk Westport's reads from age 0 s to 365 d, in the store of Vendor (Westport → Vendor)",
        "ICE may ask for Westport's reads from age 0 s to 3 d, in the store of Westport (Westport)",
        "ICE may obtain by process, in 2 h, granted 90%, Westport's reads from age 70 h to 1893599 s, in the store of "
        "Westport (Westport)",
    ]
    assert list(found[0].steps) == [
        ("Westport keeps a plain read 21 d from capture", "custody.agencies.Westport.retention"),
        ("what is due there is purged every 1 d at 04:00", "custody.agencies.Westport.purge"),
        ("Westport sends Vendor copies of its own reads every 1 d at 06:00, as it receives them", "custody.sharing.0"),
        ("Vendor keeps a plain read 1826 d from capture", "custody.agencies.Vendor.retention"),
        ("ICE may search the store of Vendor for all it holds or can search, back to age 365 d", "custody.sharing.1"),
    ]
    assert found[1].steps[-1] == found[2].steps[-1] == (
        "looks beyond age 3 d need a warrant: 2 h, granted 90%", "custody.sharing.2.warrant",
    )  # fmt: skip
    hits = rules.routes(CHAIN, "ICE", "Westport", record=RecordClass.HIT)
    assert hits[0].steps[0].key == "custody.agencies.Westport.hit_retention"


def test_a_route_reaches_what_access_lets_be_obtained():
    access = rules.access(CHAIN, rules.agencies(CHAIN), [2])
    captures = [*range(0, DAY, 1800), DAY - 1, 7199]
    found = rules.routes(CHAIN, "ICE", "Westport")
    for age in (0, 1, 3 * DAY - 1, 3 * DAY, 22 * DAY - 1, 22 * DAY, 365 * DAY - 1, 365 * DAY):
        told = any(route.reaches(age) for route in found)
        assert told == any(obtainable(access, 2, 0, "process", time, time + age) for time in captures)


CLASSES = [RecordClass.PLAIN, RecordClass.HIT, RecordClass.HELD, RecordClass.ALERT]


@pytest.mark.whole
@settings(deadline=None, derandomize=True, max_examples=150)
@given(worlds(), st.sampled_from(CLASSES), st.data())
def test_routes_reach_just_the_ages_of_access(spec, record, data):
    viewer, owner = (data.draw(st.integers(0, len(spec.agencies) - 1)) for _ in range(2))
    names = list(spec.agencies)
    access = rules.access(spec, rules.agencies(spec), [viewer])
    mine = ((access.owner == owner) & (access.record == record)).nonzero()[0]
    expected = defaultdict(list)
    for row in mine:
        expected[SightKind(access.sight[row]), int(access.delay[row])].append(rules.ages(access, int(row)))
    found = defaultdict(list)
    for route in rules.routes(spec, names[viewer], names[owner], record=record):
        found[route.sight, route.delay].append((route.from_age, route.to_age))
    assert found.keys() == expected.keys()
    for key, spans in expected.items():
        assert min(begin for begin, _ in found[key]) == min(begin for begin, _ in spans)
        assert max(end for _, end in found[key]) == max(end for _, end in spans)


@pytest.mark.whole
@settings(deadline=None, derandomize=True, max_examples=150)
@given(worlds(), st.sampled_from(CLASSES), st.data())
def test_that_no_edge_leads_there_is_said_only_where_none_does(spec, record, data):
    assume(all(agency.kind != "host" for agency in spec.agencies.values()))
    viewer, owner = (data.draw(st.sampled_from(list(spec.agencies))) for _ in range(2))
    assume(not rules.routes(spec, viewer, owner, record=record))
    reasons = in_the_way(spec, viewer, owner, record, ["fixed"])
    assert reasons
    if reasons[0].said.startswith("no edge of"):
        assert not rules.routes(opened(spec), viewer, owner, record=record)
    if any("sends" in reason.said and "only alerts" in reason.said for reason in reasons):
        assert rules.routes(opened(spec), viewer, owner, record=RecordClass.ALERT)
        assert not rules.routes(opened(spec), viewer, owner, record=record)


def opened(spec):
    """Return the same custody with every rule gone that could close an edge."""
    free = {"retention": UNLIMITED, "alert_retention": UNLIMITED, "keep": "all", "sample": 1.0}
    agencies = {name: agency.model_copy(update=free) for name, agency in spec.agencies.items()}
    edge = {"onward": True, "look_back": None, "chance": 1.0, "warrant": None}
    sharing = tuple(one.model_copy(update=edge) for one in spec.sharing)
    return spec.model_copy(update={"agencies": agencies, "sharing": sharing, "opt_out": (), "hops": None})


# --- one scenario, a policy a rule ------------------------------------------------------------------------------------

RULES = """
extends: eight_departments.yaml
cameras: {groups: [{agency: Westport, count: 4}, {agency: Fairfield, count: 1, kind: patrol}, {agency: Fairfield, count: 2}]}
custody:
  retention: 30 d
  agencies: {Partner: {kind: consumer, retention: 7 d}}
  sharing:
    - {giver: Westport, taker: ICE, kind: {value: query, source: a statute}}
policies:
  As it is: {}
  Federal query: null
  Searchable pool: null
  Peers mirror: null
  No sharing: null
  Opted out: {custody: {opt_out: [{agency: Fairfield}, {agency: Westport, to: [ICE, Partner]}]}}
  Replaced: {custody: {sharing: [{giver: Westport, taker: ICE, kind: query, warrant: {delay: {value: 2 h, source: a bill}}}]}}
  Not onward:
    custody:
      sharing: [{giver: Westport, taker: Vendor pool, kind: mirror}, {giver: Vendor pool, taker: ICE, kind: query}]
  No looking back: {custody: {sharing: [{giver: Westport, taker: ICE, kind: query, look_back: 0 s}]}}
  Alerts:
    custody:
      sharing: [{giver: Westport, taker: Partner, kind: alert}, {giver: Partner, taker: ICE, kind: query, onward: true}]
  One hop:
    custody:
      hops: 1
      sharing: [{giver: Westport, taker: Partner, kind: query}, {giver: Partner, taker: ICE, kind: query, onward: true}]
  Too late:
    custody:
      agencies: {Westport: {retention: {value: 3 min, source: RSA 261:75-b}}}
      sharing:
        - {giver: Westport, taker: Partner, kind: mirror, delay: 1 h}
        - {giver: Partner, taker: ICE, kind: query, onward: true}
  Hits only: {custody: {departments: {keep: hits}}}
  Patrol only: {custody: {departments: {admissible: [patrol]}}}
  Coarse:
    custody:
      departments:
        {time_step: 1 h, place_step: 1 km, sample: 10 %, backup: 14 d, exclude: {kinds: [school, clinic], within: 100 m}}
      agencies: {Westport: {identity: {kind: escrow, rotate: 24 h}}}
  Recalled:
    custody:
      sharing:
        - {giver: Westport, taker: Partner, kind: mirror, recalls: true}
        - {giver: Partner, taker: ICE, kind: query, onward: true}
"""


@pytest.fixture(scope="module")
def told():
    """Explain one policy of RULES: ICE and Westport unless said otherwise."""
    loaded = loads(RULES, base=SCENARIOS)

    def explain(policy, viewer="ICE", owner="Westport", **more):
        return rules.told(loaded, policy, viewer, owner, **more)

    return explain


def test_a_rule_is_of_the_policy_that_writes_it(told):
    (route,) = told("As it is")["routes"]
    assert [(rule["key"], rule["source"]) for rule in route["rules"]] == [
        ("custody.retention", ""), ("custody.sharing.0", "a statute"),
    ]  # fmt: skip
    line = next(n for n, text in enumerate(RULES.splitlines(), 1) if "a statute" in text)
    assert route["rules"][1]["place"] == f"<text>:{line}"
    found = told("Replaced")["routes"]
    assert {route["sight"] for route in found} == {"process"}
    said = {rule["key"]: rule["source"] for rule in found[0]["rules"]}
    assert (
        said["policies.Replaced.custody.sharing.0"] == said["policies.Replaced.custody.sharing.0.warrant"] == "a bill"
    )
    assert "a statute" not in said.values()
    (late,) = [rule for rule in told("Too late")["in_the_way"] if rule["source"]]
    assert (late["key"], late["source"]) == ("policies.Too late.custody.agencies.Westport.retention", "RSA 261:75-b")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("Opted out", ("Westport opted out of sharing with ICE", "policies.Opted out.custody.opt_out.1")),
        ("Not onward", ("not passed on: Vendor pool gives ICE only its own reads", "policies.Not onward.custody.sharing.1")),
        ("No looking back", (
            "ICE's looks through Westport reach back 0 s only", "policies.No looking back.custody.sharing.0.look_back",
        )),
        ("Alerts", (
            "Westport sends Partner only alerts of reads that match a hot list of Partner (--record alert)",
            "policies.Alerts.custody.sharing.0",
        )),
        ("One hop", ("a read may pass at most 1 edges; from Partner to ICE it would be 2", "policies.One hop.custody.hops")),
        ("Too late", (
            "no copy comes to Partner: gone from Westport before it is sent, or due as it comes",
            "policies.Too late.custody.sharing.0",
        )),
        ("Hits only", ("Westport keeps no plain read", "policies.Hits only.custody.departments.keep")),
        ("Patrol only", (
            "Westport may keep reads of patrol cameras only, not of its fixed ones",
            "policies.Patrol only.custody.departments.admissible",
        )),
    ],
)  # fmt: skip
def test_the_rule_that_closes_the_way_is_named(told, policy, expected):
    answer = told(policy)
    assert answer["routes"] == []
    assert said(answer)[0] == expected


def test_what_no_edge_and_no_camera_can_give_is_said(told):
    nothing = "no edge of custody.sharing leads from a store that holds Westport's reads to Partner"
    assert said(told("As it is", "Partner")) == [(nothing, "")]
    assert said(told("As it is", owner="Enfield")) == [("Enfield has no cameras", "cameras.groups")]
    with pytest.raises(ValueError, match="'Wesport' is not one of custody\\.agencies"):
        told("As it is", owner="Wesport")


def test_some_cameras_may_keep_others_not(told):
    (own,) = told("Patrol only", "Fairfield", "Fairfield")["routes"]
    assert own["rules"][0]["said"] == "Fairfield may keep reads of patrol cameras only, not of its fixed ones"


def test_what_is_sampled_coarsened_and_restored_is_told(told):
    ask, *processes = told("Coarse")["routes"]
    left = "the time to 1 h and the place to 1000 m"
    pseudonym = "a pseudonym in place of the plate, the same for 1 d, which no search by plate finds"
    assert ask["line"].endswith(f"(Westport); of each is left {left.replace(' and', ',')} and {pseudonym}")
    of = "policies.Coarse.custody.departments"
    assert [(rule["said"], rule["key"]) for rule in ask["rules"][:-1]] == [
        (
            "exclude bars cameras within 100 m of a school or clinic: Westport keeps none of their reads",
            f"{of}.exclude",
        ),
        ("Westport keeps a plain read 30 d from capture", "custody.retention"),
        ("Westport keeps a sample, 10 % of them", f"{of}.sample"),
        ("Westport keeps of each the time to 1 h", f"{of}.time_step"),
        ("Westport keeps of each the place to 1000 m", f"{of}.place_step"),
        (f"Westport keeps of each {pseudonym}", "policies.Coarse.custody.agencies.Westport.identity"),
    ]
    assert [(route["rules"][-1]["said"], route["from_age"], route["to_age"]) for route in processes] == [
        ("a warrant opens the pseudonyms of Westport", 0, 30 * DAY),
        ("what Westport purged can be restored for 14 d", 30 * DAY, 44 * DAY),
    ]
    assert all(route["line"].endswith(left) for route in processes)


def test_a_purge_that_reaches_the_copy_is_told(told):
    (route,) = told("Recalled")["routes"]
    rule = route["rules"][2]
    assert (rule["said"], rule["key"]) == (
        "what Westport purges Partner loses too", "policies.Recalled.custody.sharing.0.recalls",
    )  # fmt: skip


def test_alerts_are_followed_to_their_archives(told):
    (route,) = told("Alerts", record=RecordClass.ALERT, age=6 * DAY)["routes"]
    assert (
        route["line"]
        == "ICE may ask for Westport's alerts from age 0 s to 7 d, in the store of Partner (Westport → Partner)"
    )
    assert route["reaches"]
    assert [(rule["said"], rule["key"]) for rule in route["rules"][:2]] == [
        ("Westport alerts Partner of reads that match a hot list of Partner", "policies.Alerts.custody.sharing.0"),
        ("Partner keeps an alert 7 d from capture", "custody.agencies.Partner.retention"),
    ]
    (reason,) = said(told("As it is", record=RecordClass.ALERT))
    assert reason == ("no edge of kind alert leads from Westport to ICE or a store that it may search", "")


def test_the_figures_of_the_eight_departments_carry_their_sources():
    done = CliRunner().invoke(
        main, ["explain", str(SCENARIOS / "eight_departments.yaml"), "--viewer", "ICE", "--owner", "Westport"]
    )
    assert done.exit_code == 0, done.output
    assert "custody.retention (" in done.stdout
    assert done.stdout.count("source: ACLU of Connecticut, testimony on HB 6965 (2019)") == 2
    assert "source: contract documents of 2018: ICE could query five years back" in done.stdout
    assert "policies.Searchable pool.custody.sharing.1 (" in done.stdout
    assert "eight_departments.yaml:" in done.stdout


IMMORTAL = """
extends: {hamlet}
custody:
  agencies: {{A: {{}}, B: {{kind: pool}}}}
policies:
  Immortal:
    custody:
      sharing:
        - {{giver: {town}, taker: A, kind: mirror, onward: true, clock: receipt, on_duplicate: renew, delay: 12 h}}
        - {{giver: A, taker: {town}, kind: mirror, onward: true, clock: receipt, on_duplicate: renew, delay: 12 h}}
"""


def test_explain_prints_routes_ages_and_cycles(hamlet, tmp_path):
    owner = json.loads(CliRunner().invoke(main, ["check", str(hamlet), "--json"]).stdout)
    assert owner["policies"]
    text = hamlet.read_text()
    town = text.split("agency: ")[1].split(",")[0].split("}")[0].strip()
    file = hamlet.with_name("immortal.yaml")
    file.write_text(IMMORTAL.format(hamlet=hamlet.name, town=town))
    done = CliRunner().invoke(
        main, ["explain", str(file), "--viewer", "A", "--owner", town, "--age", "30 d", "--policy", "Immortal"]
    )
    assert done.exit_code == 0, done.output
    assert "to no end" in done.stdout
    assert "renew each other and never end (unbounded)" in done.stdout
    assert "[reaches it]" in done.stdout
    as_json = CliRunner().invoke(
        main, ["explain", str(file), "--viewer", "A", "--owner", town, "--json", "--policy", "Immortal"]
    )
    assert json.loads(as_json.stdout)[0]["cycles"]
    wrong = CliRunner().invoke(main, ["explain", str(file), "--viewer", "Nobody", "--owner", town])
    assert wrong.exit_code == 1
    assert "'Nobody' is not one of custody.agencies" in wrong.stderr


def test_a_published_like_network_has_the_published_numbers_of_partners():
    spec = rules.published_like(agencies=1_000, seed=3)
    graph = rules.sharing_graph(spec)
    assert set(graph.predecessors("Federal")) == set(graph) - {"Federal"}
    graph.remove_node("Federal")
    both = sum(1 for giver, taker in graph.edges() if graph.has_edge(taker, giver)) / graph.number_of_edges()
    assert abs(both - 2 * 0.35 / 1.35) < 0.03
    found = np.sort([number for _, number in nx.Graph(graph.to_undirected()).degree()])
    for share, number in ((0.5, 30), (0.75, 72), (0.9, 127), (0.99, 1_478), (1.0, 3_982)):
        wanted = number * 1_000 / 6_461
        assert abs(np.quantile(found, share) - wanted) < max(0.1 * wanted, 3)


def test_a_published_like_network_can_have_so_many_edges_and_one_way_in():
    spec = rules.published_like(agencies=300, edges=400, seed=3, through="Agency 299")
    graph = rules.sharing_graph(spec)
    assert graph.number_of_edges() == 401
    assert list(graph.predecessors("Federal")) == ["Agency 299"]
    table = rules.agencies(spec)
    access = rules.access(spec, table, [300], records=[RecordClass.PLAIN])
    found = {str(table.name[row]) for row in access.owner}
    assert found == nx.ancestors(graph, "Federal")
    assert 2 < len(found) < 300
