"""The built-in Connecticut: towns whose streets are generated from published figures, for machines without a network.

Each of the 169 towns is known by its population, area, centre, jobs and census blocks, and the highways by a few points
set by hand. The streets between are invented: like the town's own in number, length and shape, and nowhere the same.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from alprsim import _highways, _places, _region, _streets, randomness
from alprsim._highways import Interchange
from alprsim._region import Bool, Region, TownFigures
from alprsim._streets import Pieces
from alprsim.tables import Float64, Int32, Int64, Junctions, Places, PlaceKind, RoadKind, Streets, Towns

__all__ = ["Built", "TownError", "TownFigures", "generate", "known"]

FULL_NEIGHBOURS = frozenset({"Bridgeport"})
"""Neighbours that get all their streets; the others get their main roads. Bridgeport lies between three of the eight
departments' towns. All streets of eight towns and ten neighbours would pass 30,000 junctions."""

_WIGGLE = 1.03
"""Length of a street over that of the straight pieces it is drawn with: what bends within 50 m add. Chosen so that
Danbury's circuity comes out (1.085)."""

_ID = 10_000_000


class TownError(ValueError):
    """A town that is not built in, or named twice."""


class Built(NamedTuple):
    """Generated streets. `towns`: the listed ones, their neighbours, then a row for each road that leaves, "beyond …"."""

    junctions: Junctions
    streets: Streets
    places: Places
    towns: Towns
    crs: str


class _Town(NamedTuple):
    """One town's streets, and where its lines' points and its interchanges lie among them."""

    pieces: Pieces
    samples: dict[tuple[int, int], int]
    interchanges: list[Interchange]


class _Net(NamedTuple):
    """All towns' streets together, before they are simplified."""

    pieces: Pieces
    town: Int64
    key: Int64
    interchanges: list[Interchange]
    exits: list[_highways.Exit]


def known() -> tuple[TownFigures, ...]:
    """Return the published figures of every built-in town, by name."""
    return _region.figures()


def generate(towns: Sequence[str], neighbours: Sequence[str], *, seed: int) -> Built:
    """Generate the streets and places of towns and of the neighbours that join them.

    Parameters
    ----------
    towns : names
        Built with all their streets.
    neighbours : names
        Built with their main roads and motorways (`FULL_NEIGHBOURS`: with all their streets).
    seed : int
        Redraws the streets. A town is the same whichever others are built with it.

    Returns
    -------
    Built
        Every junction reaches every other. Coordinates in metres, EPSG:6433.

    Raises
    ------
    TownError
        A name is not a built-in town's, or stands twice.

    """
    rows = _rows(towns, neighbours)
    region = _region.region(seed)
    met = _highways.meetings(region)
    parts = [
        _town(region, row, seed, met, full=i < len(towns) or region.towns[row].name in FULL_NEIGHBOURS)
        for i, row in enumerate(rows)
    ]
    net = _join(region, rows, parts)
    ...
