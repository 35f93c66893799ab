"""What a finished run leaves for people: the resolved scenario, run.json, the world's tables and the summary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from alprsim import counts, parquet
from alprsim.results import answer_table, frontier, words
from alprsim.results.geography import save_roads
from alprsim.results.published import beside_published, cars, fidelity, kilometres, simulated_notes
from alprsim.results.run import SCHEMA, Run
from alprsim.results.summary import write_crate, write_summary
from alprsim.scenario.models import Answer, OverMeasures, Policy, Scenario
from alprsim.tables import DAY_STARTS, UNLIMITED, CameraKind, Network

if TYPE_CHECKING:
    from alprsim.scenario.read import Loaded

_MAPPED = ("listed", "file", "osm")


def write(folder: Path, loaded: Loaded, network: Network, record: dict[str, Any]) -> Run:
    """Complete a run's folder, which already holds ``measures.parquet``, ``agencies.parquet`` and the seeds.

    The page is ``report.write``'s.

    Parameters
    ----------
    folder
        Where the run is being written.
    loaded
        The scenario that ran.
    network
        Its roads, places and towns.
    record
        The answer of ``provenance.record``.
    """
    (folder / "scenario.yaml").write_text(loaded.text(), "utf-8")
    for name in ("towns", "junctions", "places"):
        parquet.save(getattr(network, name), folder / f"{name}.parquet")
    save_roads(network, folder / "roads.parquet")
    info = describe(loaded, network, record)
    seeds = loaded.scenario.seeds
    info["notes"] += [kilometres(folder, seeds), *fidelity(folder, seeds), beside_published(folder, seeds)]
    info["notes"] += cars(folder, seeds)
    info["notes"] += simulated_notes(folder, seeds)
    info["notes"] += [note for policy in loaded.policies.values() for note in _coarse(policy)]
    held = _held(folder, loaded)
    info["labels"]["calibration"], info["counts"] = counts.verdict(
        held, fitted=loaded.fitted, changed=loaded.scenario.traffic.fitted is not None
    )
    (folder / "run.json").write_text(json.dumps(info, indent=1, ensure_ascii=False, allow_nan=False), "utf-8")
    write_summary(folder)
    answer_table.write(Run(folder, info))
    frontier.write(Run(folder, info))
    _write_cameras(folder, seeds)
    write_crate(folder)
    return Run(folder, info)


def _held(folder: Path, loaded: Loaded) -> list[counts.Held]:
    """Set the counts beside the mean over seeds, as a table of the run; nothing where the scenario names none."""
    if loaded.scenario.traffic.counts is None:
        return []
    held = counts.mean([counts.load(folder / f"seed={seed}") for seed in loaded.scenario.seeds])
    counts.save(held, folder, spreadsheet=True)
    return held


def describe(loaded: Loaded, network: Network, record: dict[str, Any]) -> dict[str, Any]:
    """Return what run.json says: how the run was made, what was asked, and what its figures rest on."""
    study = loaded.scenario
    towns = network.towns
    viewers = {name: viewer for policy in loaded.policies.values() for name, viewer in policy.viewers.items()}
    return {
        "schema": SCHEMA,
        "name": study.name,
        "title": study.title,
        "question": study.question,
        "status": "done",
        "provenance": record,
        "seconds": record["seconds"],
        "labels": {
            "streets": "generated" if network.generated else "real",
            "cameras": "mapped" if _mapped(study) else "assumed",
            "calibration": counts.UNCALIBRATED,  # until it was held against counts
        },
        "attribution": network.attribution,
        "baseline": next(iter(loaded.policies)),
        "policies": list(loaded.policies),
        "viewers": {name: {"agency": viewer.agency, "title": viewer.title} for name, viewer in viewers.items()},
        "ladder": [
            {
                "seconds": None if step == UNLIMITED else step,
                "text": words.duration(step),
                "unlimited": step == UNLIMITED,
            }
            for step in study.ladder.retention
        ],
        "horizon_s": study.measures.horizon,
        "moments_s": list(study.measures.moments),
        "length_s": study.length,
        "unicity_bin_s": study.measures.unicity_bin,
        "utility": frontier.described(study.utility),
        "start": study.start.isoformat(),
        "towns": [
            {"name": str(name), "population": int(people), "listed": bool(listed)}
            for name, people, listed in zip(towns.name, towns.population, towns.listed, strict=True)
        ],
        "notes": _notes(study),
        **({"variants": list(study.variants)} if study.variants else {}),
        **({"answer": _answer(study.answer)} if study.answer else {}),
        **_hot_lists(study),
    }


def _answer(asked: Answer) -> dict[str, Any]:
    """Return what the answer asks, limits in seconds."""
    said: dict[str, Any] = asked.model_dump(mode="json")
    if isinstance(asked, OverMeasures):
        for column, told in zip(asked.columns, said["columns"], strict=True):
            told["retention"] = column.retention
    return said


def _hot_lists(study: Scenario) -> dict[str, dict[str, str]]:
    """Say of each hot list what it is, whose, and how old the readers' copy gets; nothing where there is none."""
    said = {
        name: f"{one.kind}; {one.owner}’s; copied "
        + (f"every {words.duration(one.refresh)}" if one.refresh else "at once")
        for name, one in study.hot_lists.lists.items()
    }
    return {"hot_lists": said} if said else {}


def _write_cameras(folder: Path, seeds: Sequence[int]) -> None:
    """Write ``cameras.csv``: what became of the plates that passed each camera, a row a camera and seed."""
    parts = [pd.read_parquet(folder / f"seed={seed}" / "tally.parquet").assign(seed=seed) for seed in seeds]
    every = pd.concat(parts, ignore_index=True)
    names = {kind.value: kind.name.lower() for kind in CameraKind}
    every.assign(kind=every["kind"].map(names)).to_csv(folder / "cameras.csv", index=False, lineterminator="\n")


def _mapped(study: Scenario) -> bool:
    return all((group.siting or study.cameras.siting) in _MAPPED for group in study.cameras.groups)


def _notes(study: Scenario) -> list[str]:
    asked = ", ".join(
        f"{study.start + timedelta(seconds=moment + DAY_STARTS):%A} after {words.duration(moment)}"
        for moment in study.measures.moments
    )
    return [f"The viewers' reads were looked at {_times(len(study.measures.moments))}: {asked}."]


_INFERRED = "whatever is inferred (homes, ways, visits, places, patterns) is inferred from these; "
_TIMES = _INFERRED + (
    "only a record of one day shows a day, gaps are as long as records leave open, and only a record all of whose time is near "
    "an incident answers a look-back; reads and trips are seen whatever the time"
)
_PLACES = _INFERRED + (
    "only a record all of whose square is near an incident answers a look-back; reads, days, trips and gaps do not hang on places"
)


def _coarse(policy: Policy) -> list[str]:
    """Say what a policy leaves coarse, and what that does to the measures."""
    keeping = [policy.custody.departments, *policy.custody.agencies.values()]
    steps = max((one.time_step or 0 for one in keeping), default=0)
    squares = max((one.place_step or 0.0 for one in keeping), default=0.0)
    said = []
    if steps:
        said.append(f"keeps times in steps of {words.duration(steps)}: {_TIMES}")
    if squares:
        said.append(f"keeps places as squares of {squares:g} m: {_PLACES}")
    return [f"Policy “{policy.name}” {what}." for what in said]


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")
