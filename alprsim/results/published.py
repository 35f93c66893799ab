"""Simulated figures beside published ones, with their denominators: what agencies' transparency portals say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from alprsim.results import words
from alprsim.tables import ROVING, AgencyKind, CameraKind

ROVING_PUBLISHED = (
    (
        CameraKind.PATROL,
        "patrol car",
        "2,500 in a 12-hour shift with three cameras (Vigilant), 5,000 to 10,000 in 8 hours with four (PIPS), 2,230 a day that "
        "560 cars were built for (Toronto)",
    ),
    (CameraKind.SPOTTER, "spotter car", "about 8,000 a day (betaboston.com, 2014)"),
)
"""Kind, name and published yield; in Connecticut ten towns' cars made 5,753 reads a day together in 2011 (Hartford Courant,
21 February 2012), but how many cars those were is not known."""

PORTAL_MEDIAN, PORTAL_P90, PORTAL_CONNECTICUT = 449, 1036, 803
"""Vehicles detected in 30 days, a camera and a day: 770 agencies' portals, and five of Connecticut's pooled (60 cameras);
compiled from agencies' transparency portals by DeFlock / FlockHopper, April 2026."""


class Hits(NamedTuple):
    """What somebody published of hits: cells of the page's table, each with what it is of; empty: not said."""

    who: str
    source: str
    per_1000: tuple[str, str] = ("", "")
    stale: tuple[str, str] = ("", "")
    misread: tuple[str, str] = ("", "")


HITS = (
    Hits("Vigilant’s users", "2016–17, 2.5 billion reads; EFF’s data set of 2018", ("5", "")),
    Hits(
        "Los Angeles police",
        "hits: secondary compilation; 161 of 498 alerts: its Inspector General, as compiled",
        ("about 1", ""),
        ("32 %", "stale or wrong list"),
    ),
    Hits("Piedmont, California", "7,500 hits of 21.3 million reads, 28 arrests; The Verge, 2019", ("0.35", "")),
    Hits(
        "Connecticut’s portals",
        "pooled; transparency portals compiled by DeFlock, April 2026",
        ("4.0", "vehicles, not reads"),
    ),
    Hits("Vallejo, California", "fixed readers; secondary compilation", misread=("37 %", "")),
    Hits("A vendor", "San Leandro’s council papers", misread=("5 %", "“of hits wrong”")),
)

_PORTAL_DAYS = 30  # equal to inquiry.PORTAL_DAYS, which results may not import: a test holds them together


def beside_published(folder: Path, seeds: Sequence[int]) -> str:
    """Say how many different plates a camera records, a day and over the portals' 30 days, beside what portals say.

    Portals are police departments': so are the agencies counted here, without a pool's private cameras. They count cameras
    that stand, and so do we: a car with readers is no camera that one could divide by.

    Parameters
    ----------
    folder
        A run's, with ``tally.parquet`` and ``portals.parquet`` in each seed's folder.
    seeds
        Over which the figures are means.
    """
    portals = pd.concat([pd.read_parquet(folder / f"seed={seed}" / "portals.parquet") for seed in seeds])
    tally = pd.concat([pd.read_parquet(folder / f"seed={seed}" / "tally.parquet") for seed in seeds])
    portals = portals[portals["kind"].eq(AgencyKind.DEPARTMENT)]
    camera_days = float((portals["cameras"] * portals["days"]).sum())
    if not camera_days:
        return "No department has a camera that stands in this study."
    days = int(portals["days"].max())
    stands = ~tally["kind"].isin(ROVING)
    tally = tally[stands & tally["agency"].isin(portals["agency"])]
    a_day = float(np.median(tally["plates_a_day"] / tally["days"]))
    pooled = float(portals["plates"].sum()) / camera_days
    like = "" if days == _PORTAL_DAYS else f"; not like for like, as only {days} d were simulated"
    return (
        f"A camera records {a_day:,.0f} different plates a day (median). Over {days} d the departments recorded {pooled:,.0f} "
        f"different plates a camera and a day. Real departments' transparency portals publish “vehicles detected in the last 30 "
        f"days”, which we take to mean different plates too: {PORTAL_MEDIAN} a camera and a day (median; one in ten above "
        f"{PORTAL_P90:,}), Connecticut's {PORTAL_CONNECTICUT}{like}."
    )


def cars(folder: Path, seeds: Sequence[int]) -> list[str]:
    """Say how many reads a day a patrol car and a spotter car make, beside what is published; nothing where none drives."""
    tally = pd.concat([pd.read_parquet(folder / f"seed={seed}" / "tally.parquet") for seed in seeds])
    said = []
    for kind, name, beside in ROVING_PUBLISHED:
        own = tally[tally["kind"].eq(kind)]
        if len(own):
            a_day = float(own["reads"].sum() / own["days"].sum())
            said.append(f"A {name} makes {words.number(a_day)} reads a day, days off included. Published: {beside}.")
    return said


def kilometres(folder: Path, seeds: Sequence[int]) -> str:
    """Say how far residents drive on the simulated streets, and how much of their driving lies outside them."""
    told = [json.loads((folder / f"seed={seed}" / "simulated.json").read_text("utf-8"))["distance"] for seed in seeds]
    total = {name: sum(seed[name] for seed in told) for name in told[0]}
    if not total["trips"]:
        return "No resident drives."
    inside, outside = (total[name] / total["vehicles"] for name in ("km_inside", "km_outside"))
    said = (
        f"A resident's car drives {words.number(inside)} km on the simulated streets on a mean day, in "
        f"{total['trips'] / total['vehicles']:.1f} trips"
    )
    if not total["leaving"]:
        return f"{said}; none leaves them."
    return (
        f"{said}. {words.percent(total['leaving'] / total['trips'])} % of them begin or end beyond those streets, where about "
        f"{words.number(outside)} km more are driven (an assumption), "
        f"{words.percent(outside / (inside + outside))} % of the whole: not simulated, not read, in no figure here."
    )


def fidelity(folder: Path, seeds: Sequence[int]) -> list[str]:
    """Say how far days run by table are from days in queues, both driven; nothing where none was.

    What counts is the days that the table was not made of; how well it gives back the sample days, too, stands beside it.
    """
    told = [
        difference
        for seed in seeds
        for difference in json.loads((folder / f"seed={seed}" / "simulated.json").read_text("utf-8"))["fidelity"]
    ]
    if not told:
        return []
    others = [row for row in told if row["held_out"]]
    own = _off([row for row in told if not row["held_out"]], "table")
    said = "Days run by the travel times of sample days, which run in queues. "
    if not others:
        return [
            f"{said}By those times the sample days' own trips arrive {own}. That says nothing of other days: no day type has a "
            "second one to hold its table against."
        ]
    alone = sorted({row["day_type"] for row in told} - {row["day_type"] for row in others})
    lacking = f" Not held against another day, as there is but one: {', '.join(alone)}." if alone else ""
    return [
        f"{said}Held against another day of each kind, driven in queues too, trips arrive {_off(others, 'table')}; on empty "
        f"roads {_off(others, 'free')}. On the sample days themselves, which the times are made of: {own}.{lacking}"
    ]


def _off(told: list[dict[str, Any]], fidelity: str) -> str:
    """Say the mean difference of arrivals and the share within a minute, over all trips driven by a fidelity."""
    mean, near = _of_fidelity(told, fidelity)
    return f"{mean:.0f} s earlier or later than in queues on average, {words.percent(near)} % within a minute"


def _of_fidelity(told: list[dict[str, Any]], name: str) -> tuple[float, float]:
    """Return the mean difference of arrivals (s) and the share within a minute, over all trips of a fidelity."""
    rows = [row for row in told if row["fidelity"] == name]
    trips = sum(row["trips"] for row in rows)
    mean, near = (sum(row["trips"] * row[what] for row in rows) / trips for what in ("mean_s", "within_a_minute"))
    return mean, near


def simulated_notes(folder: Path, seeds: Sequence[int]) -> list[str]:
    """Return what the simulation itself warned of, once for all seeds that did."""
    notes: dict[str, list[int]] = {}
    for seed in seeds:
        for note in json.loads((folder / f"seed={seed}" / "simulated.json").read_text("utf-8"))["notes"]:
            notes.setdefault(note, []).append(seed)
    return [f"{note} (seed {', '.join(map(str, which))})" for note, which in notes.items()]
