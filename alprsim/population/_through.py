"""Vehicles that only pass: between which motorway ends, out of which pool, on which days."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.population import _figures as figures
from alprsim.population._calendar import Date
from alprsim.population._choice import PopulationError, ordinal
from alprsim.population._clock import moment
from alprsim.population._figures import Ask
from alprsim.randomness import below, draw, stream
from alprsim.scenario import models
from alprsim.tables import Int32, Int64, Network, PlaceKind, Purpose, RoadKind, UInt64, Vehicles


class Pool(NamedTuple):
    """Row for row: vehicles that pass from one end to another, first those that return, then those seen once.

    Of a day's vehicles on a way the share `through_return` are regulars, who pass once in 5 days on average; the others
    pass once, and after 30 days their row stands for another vehicle, which keeps the pool bounded.
    """

    origin: Int32
    destination: Int32
    regulars: Int64
    others: Int64


def motorway_ends(network: Network) -> Int32:
    """Return one BEYOND place for each junction where a motorway or trunk road leaves the simulated streets.

    The BEYOND places of a town with residents stand at its interchanges, inside: nobody passes through to those.
    """
    roads, places = network.roads, network.places
    outside = (places.kind == PlaceKind.BEYOND) & (network.towns.population[places.town] == 0)
    rows = np.flatnonzero(outside)
    fast = np.isin(roads.kind, (RoadKind.MOTORWAY, RoadKind.TRUNK))
    touched = np.zeros(len(network.junctions), np.bool_)
    touched[roads.tail[fast]] = touched[roads.head[fast]] = True
    rows = rows[touched[places.junction[rows]]]
    return np.sort(rows[np.unique(places.junction[rows], return_index=True)[1]]).astype(np.int32)


def ends(network: Network) -> dict[str, int]:
    """Return the motorway ends by name, each a row of Places: the town it stands for; " #2" marks the second of a name."""
    named: dict[str, int] = {}
    for row in motorway_ends(network).tolist():
        name = str(network.towns.name[network.places.town[row]])
        nth = next(n for n in range(1, len(network.places) + 1) if _nth(name, n) not in named)
        named[_nth(name, nth)] = row
    return named


def _nth(name: str, n: int) -> str:
    return name if n == 1 else f"{name} #{n}"


def flows(network: Network, spec: models.Population) -> dict[tuple[str, str], float]:
    """Return the vehicles a day between each pair of motorway ends, both ways together.

    Raises
    ------
    PopulationError
        A flow without two ends, or a row of `through_pairs` that names no pair of them or one named before.
    """
    names = list(ends(network))
    if len(names) < 2 and (spec.through or spec.through_pairs):
        raise PopulationError(
            "population.through needs at least two ends of motorways or trunk roads where the map ends, "
            f"not {len(names)}; leave it out or use roads with two such ends"
        )
    daily = {(a, b): spec.through for i, a in enumerate(names) for b in names[i + 1 :]}
    given: set[tuple[str, str]] = set()
    for row, (pair, flow) in enumerate((p.ends, p.daily) for p in spec.through_pairs):
        for name in pair:
            if name not in names:
                raise PopulationError(
                    f"population.through_pairs[{row}]: '{name}' is not a motorway end; there are {', '.join(names)}"
                )
        a, b = sorted(pair, key=names.index)
        if a == b or (a, b) in given:
            raise PopulationError(
                f"population.through_pairs[{row}]: {a} – {b} {'is one end' if a == b else 'is listed twice'}"
            )
        given.add((a, b))
        daily[a, b] = flow
    return daily


def pool(network: Network, spec: models.Population) -> Pool:
    """Return both ways of each pair that has a flow, in the order of `flows`."""
    places = ends(network)
    ways = [
        (places[a], places[b], flow / 2) for (x, y), flow in flows(network, spec).items() for a, b in ((x, y), (y, x))
    ]
    origin, destination, daily = (np.array(column) for column in zip(*ways, strict=True)) if ways else 3 * [np.empty(0)]
    back = spec.through_return
    return Pool(
        origin.astype(np.int32),
        destination.astype(np.int32),
        np.rint(daily * back * figures.REGULAR).astype(np.int64),
        np.rint(daily * (1 - back) * figures.RECYCLE).astype(np.int64),
    )


def vehicles(network: Network, spec: models.Population, seed: int) -> tuple[Int32, UInt64]:
    """Return the garage and the key of each vehicle of the pool; keys belong to the way and a number on it."""
    of = pool(network, spec)
    size = of.regulars + of.others
    osm = network.junctions.osm_id[network.places.junction]
    way = draw(stream(seed, "through vehicles"), osm[of.origin], osm[of.destination])
    nth = ordinal(size) - np.repeat(of.regulars, size)
    return np.repeat(of.origin, size), draw(np.repeat(way, size), nth < 0, np.where(nth < 0, ~nth, nth))


def passing(
    network: Network, spec: models.Population, fleet: Vehicles, *, seed: int, day: int, on: Date
) -> dict[str, NDArray[Any]]:
    """Return the trips of the through vehicles that pass on a day, each from its garage to the other end of its way."""
    of = pool(network, spec)
    size = of.regulars + of.others
    first = len(fleet) - int(size.sum()) + np.cumsum(size) - size
    regular = _count_from(first, of.regulars)
    today = draw(stream(seed, "through traffic"), fleet.key[regular], day)
    regular = regular[below(today, figures.REGULAR) == 0]
    turn = -day % figures.RECYCLE
    others = np.maximum(of.others - turn + figures.RECYCLE - 1, 0) // figures.RECYCLE
    once = _count_from(first + of.regulars + turn, others, figures.RECYCLE)
    rows = np.sort(np.concatenate([regular, once])).astype(np.int32)
    way = np.searchsorted(first, rows, side="right") - 1
    hours = figures.SATURDAY if on.weekend_hours else figures.WEDNESDAY
    nobody = np.full(len(rows), -1, np.int32)
    return {
        "vehicle": rows,
        "driver": nobody,
        "companion": nobody,
        "depart": moment(draw(stream(seed, "through traffic"), fleet.key[rows], day, Ask.DAYS), hours),
        "origin": of.origin[way],
        "destination": of.destination[way],
        "purpose": np.full(len(rows), Purpose.THROUGH),
    }


def _count_from(first: Int64, count: Int64, step: int = 1) -> Int64:
    """Return `count[i]` numbers from `first[i]`, `step` apart, one after the other for all i."""
    return np.repeat(first, count) + step * ordinal(count)
