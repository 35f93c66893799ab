"""Households, habits and a day's trips."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from alprsim.scenario import models
from alprsim.tables import Junctions, Network, PlaceKind, Places, RoadKind, Roads, Towns

START = date(2025, 9, 1)  # a Monday
SPACING = 250.0
HERE = Path()


def grid_town(name: str, at: tuple[float, float], side: int, population: int, first_id: int) -> dict[str, list[object]]:
    """Make a town of side × side junctions: a home at each, a few places of every kind spread over them."""
    n = side * side
    x, y = at[0] + np.arange(n) % side * SPACING, at[1] + np.arange(n) // side * SPACING
    every = {
        PlaceKind.HOME: 1, PlaceKind.WORK: 4, PlaceKind.SCHOOL: 61, PlaceKind.WORSHIP: 47, PlaceKind.CLINIC: 53,
        PlaceKind.SUPPORT_GROUP: 71, PlaceKind.BAR: 37, PlaceKind.COURT: 97, PlaceKind.SHOP: 9,
    }  # fmt: skip
    place = [(int(junction), kind) for kind, step in every.items() for junction in range(int(kind) % step, n, step)]
    homes, work = n, sum(kind == PlaceKind.WORK for _, kind in place)
    weight = {PlaceKind.HOME: population / homes, PlaceKind.WORK: population / 2 / work}
    return {
        "name": [name], "population": [population], "x": list(x), "y": list(y), "id": list(range(first_id, first_id + n)),
        "junction": [j for j, _ in place], "kind": [k for _, k in place], "weight": [weight.get(k, 1.0) for _, k in place],
    }  # fmt: skip


def network(*towns: dict[str, list[object]], gateways: bool = True) -> Network:
    """Join towns into a network; each has a motorway and a BEYOND place at its first and last junction."""
    columns: dict[str, list[object]] = {c: [] for c in ("osm", "x", "y", "jtown", "junction", "kind", "weight", "ptown")}
    tail, head, kind = [], [], []
    for row, town in enumerate(towns):
        first, n = len(columns["osm"]), len(town["x"])
        columns["osm"] += town["id"]
        columns["x"] += town["x"]
        columns["y"] += town["y"]
        columns["jtown"] += [row] * n
        beyond = [0, n - 1] if gateways else []
        columns["junction"] += [first + int(j) for j in town["junction"]] + [first + j for j in beyond]
        columns["kind"] += town["kind"] + [PlaceKind.BEYOND] * len(beyond)
        columns["weight"] += town["weight"] + [1.0] * len(beyond)
        columns["ptown"] += [row] * (len(town["junction"]) + len(beyond))
        tail += [*range(first, first + n - 1), *range(first + 1, first + n)]
        head += [*range(first + 1, first + n), *range(first, first + n - 1)]
        kind += [RoadKind.MOTORWAY, *[RoadKind.RESIDENTIAL] * (n - 3), RoadKind.MOTORWAY] * 2
    order = np.argsort(tail, kind="stable")
    ones = np.ones(len(tail))
    roads = Roads.of(
        tail=np.array(tail)[order], head=np.array(head)[order], kind=np.array(kind)[order], length=ones * SPACING,
        crossing=ones * 20_000, lanes=ones, headway=ones * 2000, room=ones * 30, wave=ones * 50_000,
    )  # fmt: skip
    x, y = np.array(columns["x"]), np.array(columns["y"])
    town_of = np.array(columns["jtown"])
    places = Places.of(
        junction=columns["junction"], kind=columns["kind"], weight=np.array(columns["weight"]), town=columns["ptown"]
    )
    return Network(
        junctions=Junctions.of(osm_id=columns["osm"], x=x, y=y, town=town_of),
        roads=roads,
        places=places,
        towns=Towns.of(
            name=[t["name"][0] for t in towns],
            x=[x[town_of == t].mean() for t in range(len(towns))],
            y=[y[town_of == t].mean() for t in range(len(towns))],
            population=[t["population"][0] for t in towns],
            listed=[1] * len(towns),
        ),
        crs="EPSG:6433",
        attribution="",
        generated=True,
    )
