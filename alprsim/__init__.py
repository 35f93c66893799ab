"""alprsim: what a retention limit, or an end to sharing, changes about how much of people's movements can be rebuilt.

The listing tells the story. Roads (`roads`, `towns`) carry people and their trips (`population`, `routing`) as traffic
(`traffic`); cameras that stand (`siting`) or drive (`patrols`) see cars go by or parked and read them (`cameras`, `plates`);
all of a seed's readers together are `readers`; some reads alert (`hotlists`); custody (`custody`, `ledger`) decides who keeps
and shares them; what a viewer then holds (`sight`) is held against the truth (`measures`) and against what an investigation
needs (`utility`). `days` makes and drives one day, `experiment` runs the stages in order, `inquiry` asks every policy,
`sweep` runs many seeds; `results` and `report` are what people read. `survey` draws a day's traffic, `chronicle` runs the
ledger through changes of law, outages and breaches, `sensitivity` asks a study again under other assumptions, `counts` holds it
against what was counted and `calibration` fits volumes to that, `assignment` is the static equilibrium, `interop` reads and
writes other programs' files. `dossier` asks a finished run about one vehicle, and `audit` who searched for whom.

    alprsim.run("scenarios/quickstart.yaml").report()

Every vehicle is synthetic; alprsim tracks nobody.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alprsim.report.comparison import Comparison
    from alprsim.results import Run
    from alprsim.scenario.read import Loaded

__all__ = ["compare", "load", "run", "study"]


def run(
    scenario: str | Path, *, out: str | Path | None = None, seed: int | None = None, overrides: Sequence[str] = (),
    graph: str | Path | None = None, jobs: int = 1,
) -> Run:  # fmt: skip
    """Run a scenario file and return its result.

    Parameters
    ----------
    scenario
        A YAML file.
    out
        The result's folder; by default ``results/runs/NAME-DIGEST``.
    seed
        Run this one seed instead of the scenario's.
    overrides
        Keys to set, such as ``"cameras.count=40"``.
    graph
        A GraphML file in place of the scenario's own roads.
    jobs
        Processes; the answer is the same for any number.
    """
    from alprsim import sweep

    loaded = study(scenario, seed=seed, overrides=overrides, graph=graph)
    return sweep.run(loaded, out=Path(out) if out else None, jobs=jobs)


def study(
    scenario: str | Path, *, seed: int | None = None, overrides: Sequence[str] = (), graph: str | Path | None = None
) -> Loaded:
    """Read and check a scenario file, its roads taken from a GraphML file where one is given."""
    from alprsim.scenario.read import load

    if seed is not None:
        overrides = (*overrides, f"seeds=[{seed}]")
    loaded = load(scenario, overrides=overrides, graph=graph is not None)
    if graph is None:
        return loaded
    roads = loaded.scenario.roads
    if roads.kind == "builtin":
        raise ValueError(
            "--graph replaces a real place's streets; this scenario's roads are built in (roads.kind: builtin)"
        )
    if not Path(graph).is_file():
        raise ValueError(f"--graph: there is no file {graph}")
    told = roads.model_dump(mode="json", exclude={"kind", "file"})
    source = {**told, "kind": "graphml", "file": str(Path(graph).resolve())}
    return load(scenario, overrides=(*overrides, f"roads={json.dumps(source)}"))


def load(folder: str | Path) -> Run:
    """Open the result that a run left in a folder."""
    from alprsim import results

    return results.load(Path(folder))


def compare(
    *runs: str | Path | Run, policy: str | Sequence[str] = (), retention: str | Sequence[str] = ()
) -> Comparison:  # fmt: skip
    """Put two or more results side by side, or policies and limits of one; the first is A, which the others are held against.

    Parameters
    ----------
    runs
        Results, or their folders.
    policy
        Of several results the one to compare them by (default: each one's baseline); of one result those to compare.
    retention
        A limit of the ladder, such as ``"21 d"``; of one result several, beside its policies as practised.

    Returns
    -------
    Comparison
        ``table`` is a data frame, ``report(path)`` writes the page, and a notebook shows the main measures.
    """
    from alprsim.report.comparison import compare

    return compare(*runs, policy=policy, retention=retention)
