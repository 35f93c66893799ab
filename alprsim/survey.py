"""A traffic survey: one day of a scenario driven by queue, looked at along a corridor, on the map and as a whole."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from alprsim import counts, days, experiment, parquet, provenance, traffic
from alprsim.days import Tell
from alprsim.experiment import World
from alprsim.report import corridor as stretch
from alprsim.report import traffic_pictures as pictures
from alprsim.report import traffic_states as states
from alprsim.scenario.read import Loaded
from alprsim.tables import DAY, DAY_STARTS, Float64, Int64, Network, Trips

RECORD = "traffic.json"
"""What a survey says of itself."""

_BEFORE, _AFTER = 1800, 5400
"""s: a corridor is shown from half an hour before the hour to half an hour after it."""


class _Seen(NamedTuple):
    """A day as driven, and what is looked at."""

    network: Network
    trips: Trips
    driven: traffic.Day
    leave: Int64
    """[passages] ms"""
    delay: Float64
    """[roads × 96] vehicle-hours"""
    hour: int
    start: int
    """Of the day, s since the scenario's start."""
    held: list[counts.Held]
    """The counts of such a day, beside it; the others wait for a run."""
    verdict: counts.Verdict
    warned: list[str]
    """What `experiment.warnings` says of this day."""
    doubts: list[str]
    """Of these, those that make the pictures doubtful."""


def usual_day(loaded: Loaded) -> int:
    """Return the scenario's first weekday, or its first day where it has none."""
    study = loaded.scenario
    days = range(min(study.length // DAY, 7))
    return next((day for day in days if (study.start + timedelta(days=day)).weekday() < 5), 0)


def run(
    loaded: Loaded, *, out: Path, day: int, hour: int | None, corridor: str | None, tell: Tell
) -> tuple[dict[str, Any], list[Path]]:
    """Drive one day of the scenario's first seed by queue and write tables, pictures and `RECORD`.

    Parameters
    ----------
    out
        The folder; of a finished run's folder its subfolder ``traffic``. An older survey there is replaced at the end; a
        folder that holds something else is refused.
    day
        From 0, counted from the scenario's start.
    hour
        Clock hour (0 to 23) of the maps and the corridor; None: the one in which most vehicle-hours are lost.
    corridor
        As ``corridor.named`` takes it; None: as ``corridor.choose`` chooses.

    Returns
    -------
    dict
        As written to `RECORD`.
    list of Path
        Every file written.

    Raises
    ------
    OSError
        When the folder cannot be written, before anything is computed.
    CorridorError
        What is named is no corridor (before anything is driven), or nobody drives.
    """
    target, partial = _claim(out)
    try:
        (scratch := partial / "scratch").mkdir()
        world = experiment.prepare(loaded, scratch=scratch, jobs=1, tell=tell, cache=experiment.ROUTES)
        road = stretch.named(world.network.roads, corridor) if corridor else None
        seen = _drive(loaded, world, day, hour, tell)
        del world  # its trees are as large as the day
        shutil.rmtree(scratch)
        record = _write(loaded, seen, road, partial, tell)
        _move(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return record, [target / name for name in [*record["files"], RECORD]]


def _claim(out: Path) -> tuple[Path, Path]:
    """Return where the survey goes and the hidden folder it is written to."""
    target = out / "traffic" if (out / "run.json").exists() else out
    if target.exists() and not (target / RECORD).exists() and (not target.is_dir() or any(target.iterdir())):
        raise OSError(
            f"{target} exists and is no traffic survey: it is left as it is; choose another folder with --out"
        )
    partial = target.with_name(f".{target.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as error:
        raise OSError(f"cannot write to {target}: {error.strerror}; choose another folder with --out") from error
    return target, partial


def _move(partial: Path, target: Path) -> None:
    """Put the whole survey in its place; an older one there goes."""
    shutil.rmtree(target, ignore_errors=True)
    os.replace(partial, target)


def _drive(loaded: Loaded, world: World, day: int, hour: int | None, tell: Tell) -> _Seen:
    trips, driven = experiment.drive_day(loaded, world, seed=loaded.scenario.seeds[0], day=day, tell=tell)
    delay = states.delays(world.network.roads, driven.flows)
    leave = states.exits(driven.passages, driven.journeys)
    chosen = states.worst_hour(delay) if hour is None else hour
    there = counts.modelled(world.counts, {days.day_type(loaded, day): driven.flows})
    held = counts.hold(world.counts, there)
    verdict = counts.verdict(held, fitted=loaded.fitted, changed=loaded.scenario.traffic.fitted is not None)
    queued = days.Queued(driven.moves, driven.forced, driven.unfinished)
    warned, doubts = experiment.warnings(loaded, world, queued), experiment.doubts(world.assignment, queued)
    return _Seen(world.network, trips, driven, leave, delay, chosen, day * DAY, held, verdict, warned, doubts)


def _write(loaded: Loaded, seen: _Seen, road: stretch.Corridor | None, folder: Path, tell: Tell) -> dict[str, Any]:
    """Write everything into the folder and return the record."""
    network, driven = seen.network, seen.driven
    tell("tables", 0)
    parquet.save(driven.passages, folder / "passages.parquet", fast=True)
    parquet.save(driven.flows, folder / "flows.parquet")
    tell("pictures", 0)
    caption = _caption(loaded, seen)
    road = road or stretch.choose(network.roads, driven.passages, seen.delay.sum(axis=1))
    through = _draw_corridor(seen, road, caption, folder)
    links = states.of_links(network.roads, driven.flows, seen.hour)
    pictures.maps(network.junctions, network.roads, links, seen.hour, caption, folder / "map.png", road)
    whole = states.of_network(network.roads, driven.passages, driven.journeys, seen.start // DAY)
    pictures.network(whole, caption, folder / "network.png")
    files = ["corridor.png", "map.png", "network.png", "passages.parquet", "flows.parquet"]
    if seen.held:
        counts.save(seen.held, folder, spreadsheet=True)
        files += ["counts.parquet", "counts.csv"]
    record = {**_record(loaded, seen), "corridor": _told(seen, road, through), "files": files}
    (folder / RECORD).write_text(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False), "utf-8")
    tell("pictures", 1)
    return record


def _draw_corridor(seen: _Seen, road: stretch.Corridor, caption: pictures.Caption, folder: Path) -> stretch.Throughs:
    roads = seen.network.roads
    crossed = stretch.crossings(road, seen.driven.passages, seen.leave, len(roads))
    through = stretch.throughs(road, crossed)
    crossing = roads.crossing[road.road]
    at = seen.start + (seen.hour * 3600 - DAY_STARTS) % DAY
    start, end = max(at - _BEFORE, seen.start), min(at + _AFTER, seen.start + DAY)
    pictures.corridor(road, crossed, through, crossing, start * 1000, end * 1000, caption, folder / "corridor.png")
    return through


def _caption(loaded: Loaded, seen: _Seen) -> pictures.Caption:
    study = loaded.scenario
    date = study.start + timedelta(seconds=seen.start)
    streets = seen.network.attribution or "generated streets"
    basis = [f"synthetic traffic, {seen.verdict.label}; {streets}", *seen.doubts]
    return pictures.Caption(
        f"{study.title} · {date:%A}, seed {study.seeds[0]}", " ".join(f"{said[0].upper()}{said[1:]}." for said in basis)
    )


def _record(loaded: Loaded, seen: _Seen) -> dict[str, Any]:
    """Return what the day came to."""
    study, driven, roads = loaded.scenario, seen.driven, seen.network.roads
    under_way = float(np.sum(driven.journeys.arrive - driven.journeys.depart, dtype=np.int64)) / 3600
    late = float(np.sum(driven.journeys.depart - seen.trips.depart, dtype=np.int64)) / 3600
    lost, trips = float(seen.delay.sum()), len(seen.trips)
    return {
        "scenario": study.name,
        "title": study.title,
        "day": seen.start // DAY,
        "date": (study.start + timedelta(seconds=seen.start)).isoformat(),
        "hour": seen.hour,
        "storage": study.traffic.storage,
        "engine": study.traffic.engine,
        "calibration": seen.verdict.label,
        "counts": seen.verdict.said,
        "streets": "generated" if seen.network.generated else "real",
        "attribution": seen.network.attribution,
        "trips": trips,
        "moves": driven.moves,
        "forced_moves": driven.forced,
        "unfinished_trips": driven.unfinished,
        "vehicle_km": round(float(roads.length[driven.passages.road].sum(dtype=np.float64)) / 1000, 1),
        "vehicle_hours": round(under_way, 1),
        "delay_vehicle_hours": round(lost, 1),
        "mean_delay_s": round(lost * 3600 / max(trips, 1), 1),
        "late_departures_vehicle_hours": round(late, 1),
        "notes": seen.warned,
        "provenance": provenance.record(scenario_digest=loaded.digest(), seeds=study.seeds[:1], seconds={}),
    }


def _told(seen: _Seen, road: stretch.Corridor, through: stretch.Throughs) -> dict[str, Any]:
    roads = seen.network.roads
    return {
        "rule": road.rule,
        "roads": road.road.tolist(),
        "junctions": [*roads.tail[road.road].tolist(), int(roads.head[road.road[-1]])],
        "length_m": round(float(road.start[-1]), 1),
        "vehicles_through": len(through.entered),
        "delay_vehicle_hours": round(float(seen.delay[road.road].sum()), 1),
    }
