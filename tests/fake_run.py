"""A run's folder with plausible answers and a few streets, for tests of what people read; nothing was simulated."""

import json
import math
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alprsim import parquet, results
from alprsim.results.summary import write_crate
from alprsim.tables import (
    AS_WRITTEN,
    DAY,
    UNLIMITED,
    Agencies,
    AgencyKind,
    CameraKind,
    Cameras,
    Junctions,
    Measured,
    Network,
    Places,
    Reads,
    RoadKind,
    Roads,
    Sites,
    Towns,
    Vehicles,
    ViewersDistribution,
)

TOWNS = {"Fairfield": 61_512, "Westport": 27_141, "Norwalk": 91_184}
VIEWERS = {"ICE": ("ICE", "federal consumer"), "Vendor": ("Vendor pool", None), "Fairfield police": ("Fairfield", None)}
REACH = {"Federal query": 0.62, "Searchable pool": 0.62, "Peers mirror": 0.17, "No sharing": 0.17}
LADDER = (180, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 21 * DAY, 30 * DAY, 90 * DAY, 1826 * DAY, UNLIMITED)
HORIZON, LENGTH = 30 * DAY, 60 * DAY
SHAPES = {"fast": 2 * DAY, "mixed": 8 * DAY, "cold": 40 * DAY}


def build(folder: Path, *, seeds: tuple[int, ...] = (1, 2, 3), ladder: tuple[int, ...] = LADDER, **info: Any) -> Path:
    """Write a whole result; ``info`` replaces parts of run.json."""
    folder.mkdir(parents=True)
    network = streets()
    agencies = Agencies.of(
        name=[*TOWNS, "Vendor pool", "ICE"],
        kind=[AgencyKind.DEPARTMENT] * len(TOWNS) + [AgencyKind.POOL, AgencyKind.CONSUMER],
        server_rate=[np.inf] * (len(TOWNS) + 2),
        server_room=[1000] * (len(TOWNS) + 2),
    )
    for name, table in {"towns": network.towns, "junctions": network.junctions, "places": network.places}.items():
        parquet.save(table, folder / f"{name}.parquet")
    parquet.save(agencies, folder / "agencies.parquet")
    results.save_roads(network, folder / "roads.parquet")
    for seed in seeds:
        own = folder / f"seed={seed}"
        own.mkdir()
        results.save_cameras(network, agencies, *cameras(network, len(agencies)), own / "cameras.parquet")
        (own / "reads" / "bucket=0").mkdir(parents=True)
        for block in range(2):
            reads = Reads.of(time=[block], site=[0], plate=[0], vehicle=[0])
            parquet.save(reads, own / "reads" / "bucket=0" / f"{block}.parquet", fast=True)
        counts(own)
        distributions(own, seed)
        key = np.arange(4, dtype=np.uint64)
        same = np.zeros(4, np.int32)
        parquet.save(
            Vehicles.of(household=np.arange(4), garage=same, town=same, kind=same, key=key), own / "vehicles.parquet"
        )
    measured = pd.DataFrame(list(answers(seeds, ladder)), columns=[c.name for c in Measured.columns()])
    parquet.save(
        Measured.of(**{name: measured[name].to_numpy() for name in measured.columns}), folder / "measures.parquet"
    )
    (folder / "scenario.yaml").write_text("name: fake\ncustody:\n  retention: 30 d\n", "utf-8")
    (folder / "run.json").write_text(json.dumps(run_json(seeds, ladder) | info), "utf-8")
    results.write_summary(folder)
    write_crate(folder)
    return folder


def counts(own: Path, *, days: int = 30, notes: tuple[str, ...] = ()) -> None:
    """Write what a seed says of its cameras and its traffic: 3 cameras, two of one agency."""
    lost = {"spurious": 6, "down": 8000, "missed": 4200, "dropped_reader": 0, "dropped_store": 300, "dropped_server": 0}
    wrong = {"unreadable": 2000, "misread": 7000, "wrong_state": 0, "ghosts": 3100, "down_s": 9000 * days}
    passages = [42_000, 60_000, 150_000]
    reads = [n + lost["spurious"] - sum(list(lost.values())[1:]) for n in passages]
    tally = pd.DataFrame(
        {
            "camera": [0, 1, 2], "agency": ["Fairfield", "Fairfield", "Westport"], "kind": [0, 0, 0],
            "passages": passages, **lost, **wrong, "reads": reads, "plates_a_day": [600, 900, 3000], "days": [days] * 3,
        }
    )  # fmt: skip
    portals = pd.DataFrame(
        {
            "agency": ["Fairfield", "Westport", "Vendor pool"],
            "kind": [0, 0, 1],
            "cameras": [2, 1, 9],
            "days": [days] * 3,
            "plates": [1200, 600, 7],
        }
    )
    tally.to_parquet(own / "tally.parquet")
    portals.to_parquet(own / "portals.parquet")
    distance = {"vehicles": 1000, "trips": 2500.0, "leaving": 500.0, "km_inside": 12_000.0, "km_outside": 4000.0}
    fidelity = [
        {"day_type": kind, "day": day, "held_out": held_out, "trips": 1000, "p95_s": 9.0, **found}
        for kind, day, held_out, by_table in (
            ("weekday", 0, False, 2.0),
            ("weekday", 2, True, 6.0),
            ("Sunday", 6, False, 2.0),
        )
        for found in (
            {"fidelity": "table", "mean_s": by_table, "within_a_minute": 1 - by_table / 200},
            {"fidelity": "free", "mean_s": 20.0, "within_a_minute": 0.9},
        )
    ]
    said = {"notes": list(notes), "distance": distance, "fidelity": fidelity}
    (own / "simulated.json").write_text(json.dumps(said), "utf-8")


def distributions(own: Path, seed: int) -> None:
    """Write what each viewer sees of cars as a seed tells it: more than half of a tenth that drives most, nothing of a tenth."""
    rows = []
    for policy, viewer, sight, town in product(REACH, VIEWERS, ("bulk", "request"), ("all", *TOWNS)):
        most = 100 * REACH[policy] * (1 if sight == "request" else 0.7) * (0.9 if town == "Norwalk" else 1)
        for statistic in ("days_seen", "days_seen_of_horizon", "trips_detected_of_horizon"):
            part = 0.5 if statistic.startswith("trips") else 1.0
            tenths = {f"p{tenth}": int(most * part * (tenth - 10) / 90) for tenth in range(10, 100, 10)}
            rows.append({
                "policy": policy, "viewer": viewer, "sight": sight, "retention": AS_WRITTEN,
                "so_far": int(statistic == "days_seen"), "town": town, "statistic": statistic,
                "vehicles": 12 if town == "Westport" else 4000 + 10 * seed, "none": 0.1, "mean": most * part / 2, "min": 0,
                **tenths, "p99": int(most * part) + 1, "max": int(most * part) + 2,
            })  # fmt: skip
    columns = pd.DataFrame(rows)
    parquet.save(
        ViewersDistribution.of(**{name: columns[name].to_numpy() for name in columns.columns}),
        own / "viewers_distribution.parquet",
    )


def run_json(seeds: tuple[int, ...], ladder: tuple[int, ...]) -> dict[str, Any]:
    return {
        "schema": 1,
        "name": "fake",
        "title": "Three departments, a vendor’s pool & ICE",
        "question": "What did it matter how the departments shared and how long they kept?",
        "status": "done",
        "provenance": {
            "alprsim": "0.1.0",
            "commit": None,
            "scenario_sha256": "ab" * 32,
            "seeds": list(seeds),
            "ended": "2026-10-06T12:00:00+00:00",
            "python": "3.11.9",
            "libraries": {"numpy": "2.0.0"},
            "machine": {"system": "Linux", "processor": "x86_64", "cores": 2},
            "seconds": {"seeds": 61.0},
            "peak_memory_bytes": 1_500_000_000,
        },
        "seconds": {"seeds": 61.0},
        "labels": {"streets": "generated", "cameras": "assumed", "calibration": "uncalibrated"},
        "attribution": "",
        "baseline": "Federal query",
        "policies": list(REACH),
        "viewers": {name: {"agency": agency, "title": title} for name, (agency, title) in VIEWERS.items()},
        "ladder": [],
        "horizon_s": HORIZON,
        "moments_s": [44 * DAY, 55 * DAY],
        "length_s": LENGTH,
        "unicity_bin_s": 3600,
        "utility": {
            "within_m": 1000.0, "around_s": 1800, "hold": None,
            "query_ages": {name: f"half within {age // DAY} d" for name, age in SHAPES.items()},
        },
        "start": "2026-09-07",
        "towns": [{"name": name, "population": people, "listed": True} for name, people in TOWNS.items()],
        "notes": [],
    }  # fmt: skip


def answers(seeds: tuple[int, ...], ladder: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield rows of the tidy table: of vehicles and all reads, then of other lives and of each source of reads."""
    for row in _plain(seeds, ladder):
        yield (*row[:5], "vehicles", "all", *row[5:])
        if row[4] in ("trips_detected", "observed_days", "exposure_rate"):
            lives = {"people": 1.1, "visitors": 0.5, "through": 0.9} if row[5] == "all" else {"people": 1.1}
            yield from ((*row[:5], who, "all", *row[5:8], row[8] * times, *row[9:]) for who, times in lives.items())
        if row[4] in ("trips_detected", "exposure_rate") and row[5] == "all":
            parts = {"own": 0.0, "peers": 0.7, "commercial": 0.3}
            yield from ((*row[:5], "vehicles", of, *row[5:8], row[8] * part, *row[9:]) for of, part in parts.items())


def _plain(seeds: tuple[int, ...], ladder: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield rows without whose lives and whose reads."""
    for policy, viewer, sight, step, seed in product(REACH, VIEWERS, ("bulk", "request"), (*ladder, AS_WRITTEN), seeds):
        limit = UNLIMITED if step == AS_WRITTEN else step
        kept = (
            1826 * DAY if policy == "Searchable pool" and viewer != "Fairfield police" and limit < 1826 * DAY else limit
        )
        reach = (REACH[policy] if viewer == "ICE" else 0.45) * (1 if sight == "request" else 0.7)
        noise = 1 + 0.02 * math.sin(7 * seed + len(policy))
        head = (policy, viewer, sight, step)
        for town, size in {"all": 1.0, **dict.fromkeys(TOWNS, 1.1)}.items():
            yield from _completeness(head, town, seed, reach * size * noise, kept)
        yield from _others(head, seed, reach * noise, kept)


def _completeness(head: tuple[Any, ...], town: str, seed: int, reach: float, kept: int) -> Iterator[tuple[Any, ...]]:
    full = min(kept, HORIZON) / HORIZON
    known = 1.0 if kept <= 44 * DAY else math.nan
    n = 29 if town == "Westport" else 5000
    for measure, most, stock in (
        ("trips_detected", 1.0, "trips"),
        ("observed_days", 1.3, "d"),
        ("trips_linked", 0.4, "trips"),
    ):
        share = min(reach * most, 1)
        values = {
            "stock": (share * kept / DAY * known, stock),
            "share_of_horizon": (share * full, "share"),
            "share_of_horizon_pooled": (share * full * 0.98, "share"),
            "share_of_window": (share * known, "share"),
        }
        for statistic, (value, unit) in values.items():
            yield (*head, measure, town, statistic, seed, value, unit, n)
    yield (*head, "exposure_rate", town, "share_of_horizon", seed, 4 * reach * full, "reads/d", n)


def _others(head: tuple[Any, ...], seed: int, reach: float, kept: int) -> Iterator[tuple[Any, ...]]:
    days = math.inf if kept == UNLIMITED else kept / DAY
    yield (*head, "effective_retention", "all", "max", seed, days, "d", 3)
    yield (*head, "effective_retention", "all", "mean", seed, days, "d", 3)
    for town in TOWNS:
        yield (*head, "effective_retention", town, "supremum", seed, days, "d", 1)
    known = 1.0 if kept <= 44 * DAY else math.nan
    for metres in (250, 500):
        found = min(1.0, reach * (1 - math.exp(-days / 5)) * metres / 600)
        yield (*head, "home_found", "all", f"within_{metres}m", seed, found * known, "share", 5000)
        yield (*head, "home_found", "all", f"within_{metres}m_so_far", seed, found, "share", 5000)
    if head[2] == "bulk":
        for p in range(1, 5):
            yield (*head, "unicity", "all", f"p{p}", seed, (1 - 0.5**p) * known, "share", 1000)
            yield (*head, "unicity", "all", f"p{p}_eligible", seed, min(1, days / 10 / p) * known, "share", 1000)
            yield (*head, "unicity", "all", f"p{p}_eligible_only", seed, (1 - 0.4**p) * known, "share", 900)
            yield (*head, "unicity", "all", f"p{p}_error", seed, 0.01 * known, "share", 1000)
    for shape, mean in SHAPES.items():
        value = reach * (1 - math.exp(-kept / mean))
        yield (*head, "lookback_plate", "all", shape, seed, value, "share", 2000)
        yield (*head, "lookback_plate", "all", f"{shape}_of_no_limit", seed, value / reach, "share", 2000)
        yield (*head, "lookback_plate", "all", f"{shape}_coverage", seed, 0.9, "share", 2000)


def streets() -> Network:
    """Return a grid of streets around Fairfield with a motorway along one side (EPSG:6433)."""
    side = 9
    column, row = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    x, y = 265_000 + 900.0 * column.ravel() + 60 * row.ravel(), 190_000 + 700.0 * row.ravel()
    along = [(a, a + 1) for a in range(side * side) if (a + 1) % side]
    across = [(a, a + side) for a in range(side * (side - 1))]
    pairs = np.array([pair for a, b in along + across for pair in ((a, b), (b, a))])
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    tail, head = pairs.T
    length = np.hypot(x[tail] - x[head], y[tail] - y[head])
    south = (tail % side == 0) & (head % side == 0)
    middle = (tail // side == 4) & (head // side == 4)
    kind = np.where(south, RoadKind.MOTORWAY, np.where(middle, RoadKind.PRIMARY, RoadKind.RESIDENTIAL))
    town = (np.arange(side * side) // 27).astype(np.int16)
    one = np.ones(len(tail), np.int32)
    return Network(
        Junctions.of(osm_id=np.arange(side * side), x=x, y=y, town=town),
        Roads.of(
            tail=tail, head=head, length=length, crossing=(length * 70).astype(int), lanes=one, headway=1800 * one,
            room=50 * one, wave=1000 * one, kind=kind,
        ),
        Places.of(junction=[0, 40], kind=[0, 1], weight=[1, 1], town=[0, 1]),
        Towns.of(
            name=list(TOWNS), x=x[[13, 40, 67]], y=y[[13, 40, 67]], population=list(TOWNS.values()), listed=[1, 1, 1]
        ),
        "EPSG:6433", "", True,
    )  # fmt: skip


def cameras(network: Network, n_agencies: int) -> tuple[Cameras, Sites]:
    """Return twelve cameras, the last one a gantry that watches both ways; the consumer has none."""
    n = 12
    roads = np.linspace(5, len(network.roads) - 6, n).astype(int)
    kind = [CameraKind.FIXED] * (n - 1) + [CameraKind.GANTRY]
    placed = Cameras.of(
        agency=np.arange(n) % (n_agencies - 1), kind=kind, rate=np.full(n, 1800), room=np.full(n, 16),
        capture=np.full(n, 0.5), correct=np.full(n, 0.5), key=np.arange(n, dtype=np.uint64),
    )  # fmt: skip
    camera, road = np.append(np.arange(n), n - 1), np.append(roads, roads[-1] - 1)
    tail, head = network.roads.tail[road], network.roads.head[road]
    east, north = (of[head] - of[tail] for of in (network.junctions.x, network.junctions.y))
    heading = np.degrees(np.arctan2(east, north)) % 360
    sites = Sites.of(
        camera=camera, road=road, offset=network.roads.length[road] / 2, heading=heading.astype(np.float32)
    )
    return placed, sites


def rebuilt(folder: Path, *, bulk: bool = True, hot_lists: bool = False) -> Path:
    """Add trips rebuilt to a made-up result, a third of those detected; ``bulk``: whether the baseline gives reads in bulk."""
    rows = pd.read_parquet(folder / "measures.parquet")
    mine = rows["measure"].eq("trips_detected") & rows["statistic"].eq("share_of_horizon_pooled")
    found = rows[mine].assign(measure="trips_rebuilt")
    found["value"] /= 3
    if not bulk:
        rows.loc[rows["measure"].eq("effective_retention") & rows["sight"].eq("bulk"), "value"] = 0.0
    everybody = dict.fromkeys(("policy", "viewer", "sight", "who", "reads", "town"), "all") | {"retention": AS_WRITTEN}
    worth = {"true_hits": 3.0, "false_alerts": 1.5, "true_for_each_false": 2.0} if hot_lists else {}
    hits = [
        {**everybody, "measure": "hot_list_value", "statistic": name, "seed": seed, "value": value, "unit": "", "n": 9}
        for seed in rows["seed"].unique()
        for name, value in worth.items()
    ]
    parts = [rows, found, *([pd.DataFrame(hits).astype(rows.dtypes)] if hits else [])]
    pd.concat(parts, ignore_index=True).to_parquet(folder / "measures.parquet")
    results.write_summary(folder)
    return folder
