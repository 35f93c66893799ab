"""What every test may use."""

import os
import shutil
from pathlib import Path

import networkx as nx
import pytest

os.environ.setdefault("NUMBA_NUM_THREADS", "1")

GOLDEN = Path(__file__).parent / "golden"

HAMLET = """
name: hamlet
title: A hamlet of twenty-five corners
start: 2026-10-05
length: 3 d
seeds: [1, 2]
roads: {kind: graphml, file: hamlet.graphml, place: Hamlet, population: 300}
population: {vehicles_per_person: 0.5, visitors: 0 %}
traffic: {fidelity: free}
cameras:
  correct: 0.6 # so that there are ghosts
  groups:
    - {agency: East, count: 4, town: Hamlet}
    - {agency: West, count: 3, town: Hamlet, siting: random}
plates: {issued: 400}
custody:
  retention: 36 h
  agencies:
    East: {}
    West: {}
    Vendor pool: {kind: pool, retention: 1826 d}
    ICE: {kind: consumer, retention: 0 s}
viewers:
  East police: {agency: East}
  Vendor: {agency: Vendor pool}
  ICE: {agency: ICE}
policies:
  Federal query:
    custody:
      sharing: [{giver: departments, taker: ICE, kind: query}]
  Searchable pool:
    custody:
      sharing:
        - {giver: departments, taker: Vendor pool, kind: mirror}
        - {giver: Vendor pool, taker: ICE, kind: query, sight: bulk, onward: true}
  One partner:
    custody:
      sharing: [{giver: East, taker: ICE, kind: query}]
  No sharing: {}
ladder: {retention: [3 min, 6 h, 12 h, 24 h, 36 h, 21 d, unlimited]}
measures: {horizon: 1 d, moments: [38 h, 62 h], unicity_targets: 40, unicity_points: 2}
utility: {incidents: 60, within: 400 m}
"""
"""Small enough for kernels as plain Python."""

OUTPOST = """
extends: hamlet.yaml
name: outpost
length: 2 d
roads: {population: 60}
policies: {Searchable pool: null, One partner: null}
ladder: {retention: [6 h, unlimited]}
measures: {moments: [38 h], unicity_targets: 5}
utility: {incidents: 5}
"""
"""Smaller still: for what needs many runs."""


@pytest.fixture(scope="session", autouse=True)
def _routes_are_planned_anew():
    """Let no test find the routes that another planned."""
    from alprsim import experiment

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "ROUTES", None)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of shared validation data, or skip with the reason."""
    folder = Path(os.environ.get("ALPRSIM_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"shared validation data not found at {folder}; set ALPRSIM_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory) -> Path:
    """Return a scenario file of a few streets on a grid: two departments, a pool, a consumer, four policies, two seeds."""
    folder = tmp_path_factory.mktemp("hamlet")
    nx.write_graphml(grid(5), folder / "hamlet.graphml")
    (folder / "hamlet.yaml").write_text(HAMLET)
    (folder / "outpost.yaml").write_text(OUTPOST)
    return folder / "hamlet.yaml"


@pytest.fixture(scope="session")
def outpost(hamlet) -> Path:
    """Return a scenario file of the hamlet with a fifth of its people and half of its policies."""
    return hamlet.with_name("outpost.yaml")


@pytest.fixture(scope="session")
def hamlet_run(hamlet, tmp_path_factory):
    """Return the finished run of the hamlet; nobody may write to it."""
    import alprsim

    return alprsim.run(hamlet, out=tmp_path_factory.mktemp("runs") / "hamlet")


@pytest.fixture(scope="session")
def outpost_run(outpost, tmp_path_factory):
    """Return the finished run of the outpost; nobody may write to it."""
    import alprsim

    return alprsim.run(outpost, out=tmp_path_factory.mktemp("runs") / "outpost")


@pytest.fixture(scope="session")
def town_run(tmp_path_factory):
    """Return the finished run of the golden town; nobody may write to it."""
    import alprsim

    return alprsim.run(GOLDEN / "town.yaml", out=tmp_path_factory.mktemp("runs") / "town")


def grid(side: int) -> nx.MultiDiGraph:
    """Return two-way streets on a grid, a main road through the middle, as OSMnx saves a graph: every value as text."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for row in range(side):
        for column in range(side):
            graph.add_node(10 * row + column, x=f"{-73 + 0.002 * column:.4f}", y=f"{41.5 + 0.0015 * row:.4f}")
    for a in list(graph):
        for b in (a + 1, a + 10):
            if b in graph:
                kind = "primary" if a // 10 == b // 10 == side // 2 else "residential"
                graph.add_edge(a, b, length="166.0", highway=kind)
                graph.add_edge(b, a, length="166.0", highway=kind)
    return graph


def contents(folder: Path) -> dict[str, bytes]:
    """Return every table of a result, byte for byte; only run.json and the page may tell two equal runs apart."""
    files = [*folder.rglob("*.parquet"), *folder.rglob("*.csv")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(files)}


@pytest.fixture(scope="session")
def lane_run(tmp_path_factory):
    """Return the finished run of the lane, its measures not asked; nobody may write to it but dossiers."""
    from tests import dossier_run

    return dossier_run.build(tmp_path_factory.mktemp("lane"))


@pytest.fixture(scope="session")
def browser():
    """Return the machine's browser, open; skip where it has none."""
    from tests import browsing

    with browsing.opened() as found:
        yield found


@pytest.fixture(scope="session")
def browsed(hamlet_run, tmp_path_factory):
    """Return a copy of the hamlet's run with its page written anew."""
    from alprsim import report, results

    folder = tmp_path_factory.mktemp("browsed") / "hamlet"
    shutil.copytree(hamlet_run.folder, folder)
    fresh = results.load(folder)
    report.write(fresh)
    return fresh


@pytest.fixture
def visit(browser, browsed):
    """Open a page, the hamlet's unless said, from the disk; afterwards nothing was fetched and nothing complained of."""
    from tests import browsing

    with browsing.visiting(browser, browsed.page) as visit:
        yield visit
