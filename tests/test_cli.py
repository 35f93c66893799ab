"""The command line as people use it: exit status, data on standard output, everything else on standard error."""

import errno
import gzip
import json
import re
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import networkx as nx
import osmnx as ox
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from alprsim.cli import main
from alprsim.tables import contracts
from tests.conftest import grid

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


def alprsim(*arguments):
    """Call the command line in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def in_a_process(*arguments):
    """Call it as a shell does."""
    command = [sys.executable, "-c", "from alprsim.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def refused(done, status, *said):
    """Check that a command ended with a message and nothing else."""
    assert done.exit_code == status, done.output
    assert isinstance(done.exception, SystemExit)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for text in said:
        assert text in done.stderr


# --- check ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted(SCENARIOS.glob("*.yaml")), ids=lambda f: f.stem)
def test_every_scenario_that_ships_is_valid(file):
    done = alprsim("check", file)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{file}: valid. ")
    assert done.stderr == ""


def test_check_says_what_would_run(hamlet):
    done = alprsim("check", hamlet, "--json")
    assert done.exit_code == 0
    facts = json.loads(done.stdout)
    assert facts["policies"] == ["Federal query", "Searchable pool", "One partner", "No sharing"]
    assert (facts["days"], facts["seeds"], facts["ladder_steps"]) == (3, [1, 2], 7)
    changed = json.loads(alprsim("check", hamlet, "--json", "--seed", 9, "--set", "cameras.capture=0.5").stdout)
    assert changed["seeds"] == [9]
    assert changed["sha256"] != facts["sha256"]
    assert "3 days × 2 seeds, 4 policies × 7 retention steps × 3 viewers" in alprsim("check", hamlet).stdout


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ("cameras.cuont=4", "cameras.cuont", "did you mean 'count'"),
        ("measures.horizon=30 miles", "measures.horizon", "30 miles"),
        ("custody.retention=-1", "custody.retention", "-1"),
        ("custody.retention=-1 d", "custody.retention", "-1 d"),
        ("custody.sharing=[{giver: East, taker: FBI, kind: query}]", "custody.sharing.0.taker", "FBI"),
        ("custody.sharing=[{giver: East, taker: East, kind: mirror}]", "custody.sharing.0", "East"),
    ],
)
def test_what_is_wrong_is_named(hamlet, change, key, said):
    for command in (("check",), ("run", "--out", "never")):
        refused(alprsim(*command, hamlet, "--set", change), 2, key, said)
    done = alprsim("check", hamlet, "--set", change, "--json")
    assert done.exit_code == 2
    problems = json.loads(done.stdout)["problems"]
    assert any(problem["key"].startswith(key) and said.split("'")[-1] in problem["message"] for problem in problems)


def test_all_that_is_wrong_is_named_at_its_line(hamlet, tmp_path):
    text = hamlet.read_text().replace("title:", "titel:").replace("length: 3 d", "length: 3")
    (tmp_path / "wrong.yaml").write_text(text)
    done = alprsim("check", tmp_path / "wrong.yaml")
    line = text.splitlines().index("length: 3") + 1
    refused(done, 2, f"wrong.yaml:{line}:9: length:", "did you mean 'title'", "hamlet.graphml")


def test_a_scenario_that_is_not_there_is_named(tmp_path):
    refused(alprsim("check", tmp_path / "none.yaml"), 2, "none.yaml: there is no such file")


def test_check_answers_at_once_and_loads_nothing_heavy(hamlet):
    took = []
    for _ in range(3):  # the best of three: other work may be on the machine
        start = time.perf_counter()
        done = in_a_process("check", SCENARIOS / "eight_departments.yaml")
        assert done.returncode == 0, done.stderr
        took.append(time.perf_counter() - start)
    assert min(took) < 2
    code = f"""
import sys
from alprsim.cli import main
for command in (["check", {str(hamlet)!r}], ["run", {str(hamlet)!r}, "--set", "cameras.cuont=1"], ["schema"], ["columns"]):
    try:
        main(command)
    except SystemExit:
        pass
heavy = {{"numba", "pandas", "osmnx", "scipy", "pyarrow", "networkx", "simpy", "jinja2", "rich", "matplotlib"}}
print(*heavy & set(sys.modules), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == ""
    assert "cameras.cuont" in done.stderr


# --- run --------------------------------------------------------------------------------------------------------------


def test_run_ends_with_where_the_result_is_and_what_matters(outpost, tmp_path):
    done = alprsim("run", outpost, "--out", tmp_path / "result", "--seed", 1)
    assert done.exit_code == 0, done.output
    where, numbers, notes = (part.splitlines() for part in done.stdout.strip("\n").split("\n\n"))
    assert where == [f"result  {tmp_path / 'result'}", f"page    {tmp_path / 'result' / 'report.html'}"]
    assert len(numbers) == 5
    assert "ICE" in numbers[0]
    assert "looked at once" in notes[0]
    assert "seed 1: days" in done.stderr
    assert "seed 2" not in done.stderr
    assert (tmp_path / "result" / "report.html").stat().st_size > 10_000


def test_run_says_it_as_json_too(outpost, tmp_path):
    done = alprsim(
        "run", outpost, "--out", tmp_path / "result", "--seed", 1, "--jobs", 2, "--set", "title=Other", "--json"
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["folder"] == str(tmp_path / "result")
    assert Path(said["page"]).exists()
    assert len(said["headline"]) == 5
    info = json.loads((tmp_path / "result" / "run.json").read_text())
    assert (info["title"], info["provenance"]["seeds"]) == ("Other", [1])


def test_run_keeps_data_and_progress_apart(outpost, tmp_path):
    done = in_a_process("run", outpost, "--out", tmp_path / "result", "--seed", 1, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["folder"] == str(tmp_path / "result")
    assert [line.split("s  ")[1] for line in done.stderr.splitlines()][:3] == [
        "roads: roads", "roads: routes", "seed 1: people",
    ]  # fmt: skip
    assert "\x1b" not in done.stderr


def test_an_interruption_has_its_own_status(outpost, tmp_path):
    code = f"""
import os, signal
from alprsim import experiment
from alprsim.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs this behind a shell's & has it ignored
experiment.simulate = lambda *_, **__: os.kill(os.getpid(), signal.SIGINT)
main(["run", {str(outpost)!r}, "--out", {str(tmp_path / "result")!r}])
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr.endswith("interrupted; seeds that were finished are kept, the same command goes on from there\n")
    assert not (tmp_path / "result").exists()


def test_a_result_that_cannot_be_written_is_an_error(outpost, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    said = "alprsim: cannot write results to", "Not a directory; choose another folder with --out"
    refused(alprsim("run", outpost, "--out", tmp_path / "file" / "result"), 1, *said)
    refused(alprsim("run", outpost, "--out", tmp_path), 1, "is not a result: it is left as it is")

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "Error writing bytes to file")

    monkeypatch.setattr(pq, "write_table", full)
    refused(
        alprsim("run", outpost, "--out", tmp_path / "result"), 1, "alprsim: the disk is full; make room, and the same"
    )
    assert not (tmp_path / "result").exists()


def test_what_cannot_be_simulated_is_an_error(hamlet, tmp_path):
    for change, said in (
        ("plates.issued=10", "plates.issued must be at least"),
        ('cameras.groups=[{"agency": "East", "siting": "listed", "sites": [[42.5, -72.99]]}]', "from the nearest road"),
        ("cameras.count=1000", "cameras"),
    ):
        groups = () if "groups" in change else ("--set", 'cameras.groups=[{"agency": "East", "town": "Hamlet"}]')
        refused(alprsim("run", hamlet, "--out", tmp_path / "result", *groups, "--set", change), 1, "alprsim: ", said)


# --- graphs -----------------------------------------------------------------------------------------------------------


def save(graph, path):
    nx.write_graphml(graph, path)
    return path


def one_way(graph):
    """Leave the streets one way, out of a corner: nobody comes back."""
    graph.remove_edges_from([(a, b, k) for a, b, k in graph.edges if b < a])
    return graph


def without_lengths(graph):
    for *_, data in graph.edges(data=True):
        del data["length"]
    return graph


def test_graph_takes_the_place_of_the_scenarios_roads(outpost, tmp_path):
    wider = save(grid(6), tmp_path / "wider.graphml")
    with open(wider, "rb") as plain, gzip.open(tmp_path / "wider.graphml.gz", "wb") as packed:
        packed.write(plain.read())
    done = alprsim("run", outpost, "--graph", tmp_path / "wider.graphml.gz", "--out", tmp_path / "result", "--seed", 1)
    assert done.exit_code == 0, done.output
    assert pq.read_metadata(tmp_path / "result" / "junctions.parquet").num_rows == 36


def test_graphs_that_cannot_be_used_are_refused(outpost, tmp_path):
    whole = save(grid(5), tmp_path / "whole.graphml").read_bytes()
    (tmp_path / "truncated.graphml.gz").write_bytes(gzip.compress(whole)[:-300])
    (tmp_path / "empty.graphml").write_text("")
    save(one_way(grid(5)), tmp_path / "one_way.graphml")
    save(without_lengths(grid(5)), tmp_path / "no_lengths.graphml")
    for name, *said in (
        ("missing.graphml", "--graph: there is no file"),
        ("truncated.graphml.gz", "truncated"),
        ("empty.graphml", "cannot be read as GraphML"),
        ("one_way.graphml", "only 1 of 25 junctions can all be reached from each other"),
        ("no_lengths.graphml", "edges without 'length'"),
    ):
        done = alprsim("run", outpost, "--graph", tmp_path / name, "--out", tmp_path / "result")
        refused(done, 2 if name == "missing.graphml" else 1, name, *said)
        assert not (tmp_path / "result").exists()


def test_graph_cannot_replace_built_in_streets(tmp_path):
    done = alprsim(
        "run", SCENARIOS / "quickstart.yaml", "--graph", tmp_path / "any.graphml", "--out", tmp_path / "result"
    )
    refused(done, 2, "--graph replaces a real place's streets; this scenario's roads are built in")


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """Forbid every connection, and keep OSMnx's replies in a folder of this test's."""

    def unknown(*_args, **_kwargs):
        raise socket.gaierror("names are not looked up in this test")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(socket, "gethostbyname", unknown)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(ox.settings, "cache_folder", str(tmp_path / "cache"))
    return tmp_path


DANBURY = (
    "--set", "length=2 d", "--set", "measures.horizon=24 h", "--set", "measures.moments=[32 h]",
    "--set", "cameras.count=9", "--set", "traffic.routes.iterations=6", "--seed", "1",
)  # fmt: skip


def test_without_a_network_a_place_is_refused_and_the_way_out_named(offline):
    done = alprsim("run", SCENARIOS / "danbury.yaml", *DANBURY, "--out", offline / "result")
    refused(done, 1, "Danbury", "give --graph PATH or use built-in towns")


@pytest.mark.whole
@pytest.mark.data
def test_the_real_danbury_from_its_graph(shared_data, tmp_path):
    graph = shared_data / "roads" / "danbury_ct_drive.graphml.gz"
    done = alprsim(
        "run", SCENARIOS / "danbury.yaml", "--graph", graph, *DANBURY, "--out", tmp_path / "result", "--json"
    )
    assert done.exit_code == 0, done.output
    result = tmp_path / "result"
    tally = pq.read_table(result / "seed=1" / "tally.parquet").to_pandas()
    assert len(tally) == 9
    lost = tally[["down", "missed", "dropped_reader", "dropped_store", "dropped_server"]].sum(axis=1)
    assert (tally["passages"] == lost + tally["reads"]).all()
    cameras = pq.read_table(result / "seed=1" / "cameras.parquet", columns=["camera", "road"]).to_pandas()
    roads = pq.read_table(result / "roads.parquet", columns=["headway"]).to_pandas()
    most = (86_400_000 / roads["headway"].iloc[cameras["road"]]).groupby(cameras["camera"].to_numpy()).sum()
    different = tally["plates_a_day"] / tally["days"]  # distinct vehicles a camera and day, as recorded
    assert (different > 100).all()
    assert (different < most).all()
    assert (different < tally["reads"] / tally["days"]).all()
    info = json.loads((result / "run.json").read_text())
    assert info["labels"]["streets"] == "real"
    assert "OpenStreetMap" in info["attribution"]
    assert "OpenStreetMap contributors" in (result / "report.html").read_text()
    trips = pq.read_table(result / "measures.parquet").to_pandas()
    trips = trips.query("measure == 'trips_detected' and statistic == 'share_of_horizon' and town == 'all'")
    trips = trips.query("who == 'vehicles' and reads == 'all'")
    seen = trips.query("policy == 'Federal query' and viewer == 'ICE' and sight == 'request'").set_index("retention")[
        "value"
    ]
    assert 0 < seen[180] < seen[86_400] <= seen[-1] < 1


@pytest.mark.whole
@pytest.mark.data
def test_the_real_danbury_by_name_from_replayed_replies(offline, shared_data):
    with tarfile.open(shared_data / "overpass_cache" / "danbury.osmnx_cache.tar.gz") as replies:
        replies.extractall(offline, filter="data")
    fewer = ("--set", "population.vehicles_per_person=0.05", "--set", "population.through=0 vehicles/d")
    done = alprsim("run", SCENARIOS / "danbury.yaml", *DANBURY, *fewer, "--out", offline / "result", "--json")
    assert done.exit_code == 0, done.output
    assert pq.read_metadata(offline / "result" / "junctions.parquet").num_rows == 2073
    assert json.loads((offline / "result" / "run.json").read_text())["labels"]["streets"] == "real"


# --- traffic ----------------------------------------------------------------------------------------------------------

DRAWN = ["corridor.png", "map.png", "network.png", "passages.parquet", "flows.parquet", "traffic.json"]


def test_traffic_prints_the_paths_of_what_it_wrote(outpost, tmp_path):
    done = alprsim("traffic", outpost, "--out", tmp_path / "day", "--seed", 1, "--hour", 8, "--day", 1)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [str(tmp_path / "day" / name) for name in DRAWN]
    assert all((tmp_path / "day" / name).stat().st_size for name in DRAWN)
    assert "traffic: queue" in done.stderr


def test_traffic_says_what_of_the_map_was_left_out(outpost, tmp_path):
    streets = grid(5)
    streets.add_edge(1, 1, highway="residential", length="60")
    streets.add_edge(1, 99, highway="residential", length="60")
    streets.add_node(99, x="-73.0", y="41.5")
    done = alprsim("traffic", outpost, "--graph", save(streets, tmp_path / "odd.graphml"), "--out", tmp_path / "day")
    assert done.exit_code == 0, done.output
    assert "roads: 1 streets from a junction to itself left out\n" in done.stderr
    assert "roads: 1 of 26 junctions left out" in done.stderr
    assert "left out" not in done.stdout


def test_traffic_says_it_as_json_too(outpost, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wider = save(grid(6), tmp_path / "wider.graphml")
    done = alprsim("traffic", outpost, "--graph", wider, "--set", "title=Other", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["title"], said["day"], said["files"]) == ("Other", 0, DRAWN[:-1])
    assert said["moves"] > said["forced_moves"] == 0
    assert Path(said["folder"]).parent == Path("results/runs")
    assert Path(said["folder"]).name.startswith("outpost-traffic-")
    assert (tmp_path / said["folder"] / "traffic.json").exists()


def test_traffic_that_cannot_be_shown_is_refused(outpost, tmp_path):
    out = "--out", tmp_path / "day"
    refused(
        alprsim("traffic", outpost, *out, "--day", 2), 2, "--day must be one of the scenario's 2 days, 0 to 1, not 2"
    )
    refused(alprsim("traffic", outpost, *out, "--hour", 24), 2, "--hour")
    refused(alprsim("traffic", outpost, *out, "--corridor", "I-95"), 1, 'must be "roads:" or "junctions:"')
    refused(alprsim("traffic", outpost, *out, "--set", "cameras.cuont=1"), 2, "did you mean 'count'")
    refused(alprsim("traffic", outpost, "--out", outpost.parent), 1, "is no traffic survey: it is left as it is")
    assert not list(tmp_path.iterdir())


# --- calibrate --------------------------------------------------------------------------------------------------------


@pytest.mark.whole
def test_calibrate_prints_the_table_and_what_to_write_into_the_scenario(outpost, tmp_path):
    counts = tmp_path / "counts.csv"
    counts.write_text("road,vehicles,name\n0,20,first\n1,10,second\n")
    more = "--set", "population.visitors=20 %"
    done = alprsim("calibrate", outpost, counts, *more)
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.stdout.splitlines()[1:3]] == ["first", "second"]
    said = json.loads(alprsim("calibrate", outpost, counts, *more, "--json").stdout)
    assert [(row["name"], row["counted"], row["use"]) for row in said["counts"]] == [
        ("first", 20, "calibration"), ("second", 10, "calibration"),
    ]  # fmt: skip
    assert f"population: {json.dumps(said['population'])}" in done.stdout
    counts.write_text("road,vehicles\n9999,20\n")
    refused(alprsim("calibrate", outpost, counts), 1, "counts.csv")


# --- compare ----------------------------------------------------------------------------------------------------------


@pytest.mark.whole
def test_two_results_stand_side_by_side(outpost, outpost_run, tmp_path):
    other = tmp_path / "other"
    assert alprsim("run", outpost, "--out", other, "--set", "cameras.capture=0.4").exit_code == 0
    done = alprsim("compare", outpost_run.folder, other)
    assert done.exit_code == 0, done.output
    assert "cameras.capture: 0.9 → 0.4" in done.stdout
    assert "B − A" in done.stdout
    rows = json.loads(alprsim("compare", outpost_run.folder, other, "--json").stdout)
    seen = [
        row for row in rows
        if (row["measure"], row["statistic"], row["policy"], row["viewer"], row["sight"], row["retention"])
        == ("trips_detected", "share_of_horizon", "Federal query", "ICE", "request", -1)
    ]  # fmt: skip
    assert len(seen) == 1
    assert 0 < seen[0]["B"] < seen[0]["A"]
    assert seen[0]["B − A"] == pytest.approx(seen[0]["B"] - seen[0]["A"])


def test_compare_wants_two_results(outpost_run, tmp_path):
    refused(alprsim("compare", outpost_run.folder), 2, "compare needs two results")
    refused(alprsim("compare"), 2, "Missing argument")
    (tmp_path / "no_result").mkdir()
    (tmp_path / ".died.partial").mkdir()
    for name, said in (("no_result", "is not a result: it has no run.json"), ("none", "is not a folder"),
                       ("died", "the run was interrupted")):  # fmt: skip
        refused(alprsim("compare", outpost_run.folder, tmp_path / name), 1, f"{tmp_path / name}", said)


# --- what is built in -------------------------------------------------------------------------------------------------


def test_columns_prints_every_declaration():
    declared = list(contracts())
    rows = json.loads(alprsim("columns", "--json").stdout)
    assert [(row["table"], row["name"], row["dtype"]) for row in rows] == [(c.table, c.name, c.dtype) for c in declared]
    text = alprsim("columns").stdout
    assert "\nReads\n  time          int32    s              since the scenario's start\n" in text
    assert text.count("\n\n") == len({c.table for c in declared}) - 1


def test_schema_is_the_one_beside_the_scenarios():
    done = alprsim("schema")
    assert json.loads(done.stdout) == json.loads((SCENARIOS / "scenario.schema.json").read_text())


def test_presets_are_listed_and_shown_in_full():
    rows = {row["name"]: row for row in json.loads(alprsim("presets", "--json").stdout)}
    assert rows["ct_hb5716_2025"]["verified"] is True
    assert rows["new_hampshire"]["confidence"] == ["read in the named source", "read in a secondary compilation"]
    assert json.loads(alprsim("presets", "maine", "--json").stdout) == rows["maine"]
    lines = alprsim("presets").stdout.splitlines()
    assert lines[0].split() == ["name", "jurisdiction", "retention", "effective", "verified"]
    assert len(lines) == len(rows) + 1
    (act,) = [line for line in lines if line.startswith("ct_pa26_14")]
    assert re.split(r"  +", act) == ["ct_pa26_14", "Connecticut", "21 d", "2026-10-01", "as reported"]
    full = alprsim("presets", "ct_pa26_14").stdout
    assert "status        law; as reported, Act not read" in full
    assert "  departments: {retention: 21 d, held_retention: unlimited}" in full
    done = alprsim("presets", "ct_pa2614")
    refused(done, 2, "there is no preset 'ct_pa2614'; did you mean 'ct_pa26_14'? `alprsim presets` lists them")


def test_towns_lists_the_eight_departments_and_more():
    rows = {row["name"]: row for row in json.loads(alprsim("towns", "--json").stdout)}
    assert {"Fairfield", "Westport", "Enfield", "Wethersfield", "Stratford", "Trumbull", "Norwalk", "New Haven"} < set(
        rows
    )
    assert rows["Wethersfield"]["population"] == 27_298
    assert "Wethersfield       27,298" in alprsim("towns").stdout


def test_help_and_version():
    for arguments, said in (
        (["-h"], "alprsim tracks nobody"),
        (["--version"], "version 0.1.0"),
        (["run", "-h"], "--graph"),
    ):
        done = alprsim(*arguments)
        assert done.exit_code == 0
        assert said in done.stdout
    assert alprsim("fly").exit_code == 2
    assert alprsim("run", "any.yaml", "--jobs", 0).exit_code == 2
