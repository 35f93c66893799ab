"""By which routes a viewer reaches an owner's reads, told rule by rule, and what stands in the way."""

import json

import networkx as nx
import numpy as np
import pytest
from click.testing import CliRunner

from alprsim import custody as rules
from alprsim.cli import main
from alprsim.scenario import models
from alprsim.tables import RecordClass
from tests.naive_custody import custody, obtainable

DAY = 86_400


def policy(spec):
    return models.Policy(name="p", custody=spec, viewers={"ICE": models.Viewer(agency="ICE")})


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


def test_every_route_and_every_rule_is_told():
    found = rules.routes(CHAIN, "ICE", "Westport")
    assert [route.line() for route in found] == [
        "ICE finds in bulk Westport's reads from age 0 s to 365 d, in the store of Vendor (Westport → Vendor)",
        "ICE may ask for Westport's reads from age 0 s to 3 d, in the store of Westport (Westport)",
        "ICE may obtain by process, in 2 h, granted 90%, Westport's reads from age 70 h to 1893599 s, in the store of "
        "Westport (Westport)",
    ]
    assert list(found[0].steps) == [
        (
            "Westport keeps a plain read 21 d from capture, purged every 1 d at 04:00",
            "custody.agencies.Westport.retention",
        ),
        ("Westport sends Vendor copies of its own reads every 1 d at 06:00, as it receives them", "custody.sharing.0"),
        ("Vendor keeps a plain read 1826 d from capture", "custody.agencies.Vendor.retention"),
        ("ICE may search the store of Vendor for all it holds or can search, back to age 365 d", "custody.sharing.1"),
    ]
    assert found[2].steps[-1] == ("looks beyond age 3 d need a warrant: 2 h, granted 90%", "custody.sharing")
    hits = rules.routes(CHAIN, "ICE", "Westport", record=RecordClass.HIT)
    assert hits[0].steps[0].key == "custody.agencies.Westport.hit_retention"


def test_a_route_reaches_what_access_lets_be_obtained():
    access = rules.access(CHAIN, rules.agencies(CHAIN), [2])
    captures = [*range(0, DAY, 1800), DAY - 1, 7199]
    found = rules.routes(CHAIN, "ICE", "Westport")
    for age in (0, 1, 3 * DAY - 1, 3 * DAY, 22 * DAY - 1, 22 * DAY, 365 * DAY - 1, 365 * DAY):
        told = any(route.reaches(age) for route in found)
        assert told == any(obtainable(access, 2, 0, "process", time, time + age) for time in captures)


def test_what_stands_in_the_way_is_told():
    out = CHAIN.model_copy(update={"opt_out": (models.OptOut(agency="Westport"),)})
    (reason,) = rules.told(policy(out), "ICE", "Westport", {})["in_the_way"]
    assert reason.startswith("custody.opt_out stands in the way: without it, ICE finds in bulk Westport's reads")
    none = CHAIN.model_copy(update={"sharing": ()})
    (reason,) = rules.told(policy(none), "ICE", "Westport", {})["in_the_way"]
    assert reason == "no edge of custody.sharing leads from a store that holds Westport's reads to ICE"
    with pytest.raises(ValueError, match="'Wesport' is not one of custody\\.agencies"):
        rules.routes(CHAIN, "ICE", "Wesport")


def test_the_source_of_a_key_is_told():
    sources = {
        "custody.agencies.Westport.retention": "an ordinance",
        "policies.p.custody.sharing.0.sync.every": "a contract",
    }
    told = rules.told(policy(CHAIN), "ICE", "Westport", sources, age=30 * DAY)
    assert [rule["source"] for rule in told["routes"][0]["rules"]] == ["an ordinance", "a contract", "", ""]
    assert [route["reaches"] for route in told["routes"]] == [True, False, False]


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
