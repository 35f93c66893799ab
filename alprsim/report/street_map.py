"""The map: the run's own roads, the cameras by owner and kind with the way they look, and the beats of cars, as SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alprsim.report.chart import MARKERS
from alprsim.results.run import Run
from alprsim.tables import ROVING, RoadKind

WIDTH = 900
_PAD = 24
_TALLEST = 1.1
"""Of the width; a tall region is drawn narrower."""

MOST_SEGMENTS = 30_000
"""What a browser still scrolls smoothly as one SVG, as measured in our trials."""

_CLASSES = (
    ("major", (RoadKind.MOTORWAY, RoadKind.TRUNK, RoadKind.RAMP)),
    ("arterial", (RoadKind.PRIMARY, RoadKind.SECONDARY)),
    ("collector", (RoadKind.TERTIARY,)),
    ("local", (RoadKind.UNCLASSIFIED, RoadKind.RESIDENTIAL)),
)


_ROVING = [kind.name.lower() for kind in ROVING]
"""They have a site a road, and are drawn as the streets of their beat."""

_NAME, _LINE = 320, 15
"""Room for a beat's name in the picture: wide, tall."""


class Owner(NamedTuple):
    """An owner of cameras in the legend: its mark's row and how many cameras of each kind it has."""

    name: str
    mark: int
    fill: bool
    """Owners beyond the sixth have the same marks, hollow."""
    cameras: str


class Map(NamedTuple):
    """The picture and what belongs beside it."""

    svg: str
    owners: list[Owner]
    dropped: str
    """What was left out to keep the picture light; empty if nothing was."""


class View(NamedTuple):
    """From metres to the picture."""

    west: float
    north: float
    scale: float
    width: int
    height: int

    def __call__(self, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
        """Return [n, 2] picture coordinates."""
        return np.stack([(x - self.west) * self.scale + _PAD, (self.north - y) * self.scale + _PAD], axis=1)


class Extent(NamedTuple):
    """A part of the map, m."""

    west: float
    south: float
    east: float
    north: float


class Streets(NamedTuple):
    """A run's streets alone, for pictures that put something else on them."""

    view: View
    svg: str
    credit: str
    places: NDArray[np.float64]
    """[junctions, 2] in the picture."""
    dropped: str


def streets(run: Run, within: Extent | None = None, width: int = WIDTH) -> Streets:
    """Draw the roads of a run as paths: all, or those that reach into a part."""
    junctions, roads = run.table("junctions"), run.roads
    corners = junctions if within is None else pd.DataFrame({"x": within[0::2], "y": within[1::2]})
    if within is not None:
        roads = roads[_reaches(within, junctions, roads)]
    view, (kept, dropped) = _view(corners, width), _segments(roads)
    places = view(junctions["x"].to_numpy(), junctions["y"].to_numpy())
    lines = [road_class(name, kept[kept["kind"].isin(kinds)], places) for name, kinds in reversed(_CLASSES)]
    return Streets(view, "".join(lines), run.info["attribution"] or "generated streets", places, dropped)


def _reaches(part: Extent, junctions: pd.DataFrame, roads: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which roads' bounding boxes touch a part of the map."""
    x, y = (junctions[name].to_numpy()[roads[["tail", "head"]].to_numpy()] for name in ("x", "y"))
    inside = (x.min(axis=1) <= part.east) & (x.max(axis=1) >= part.west)
    touches: NDArray[np.bool_] = inside & (y.min(axis=1) <= part.north) & (y.max(axis=1) >= part.south)
    return touches


def draw(run: Run) -> Map:
    """Draw the roads of a run and its first seed's cameras."""
    junctions, roads = run.table("junctions"), run.roads
    cameras = run.table("cameras", seed=run.provenance["seeds"][0])
    view = _view(junctions)
    kept, dropped = _segments(roads)
    owners = owners_of(cameras)
    places = view(junctions["x"].to_numpy(), junctions["y"].to_numpy())
    lines = [road_class(name, kept[kept["kind"].isin(kinds)], places) for name, kinds in reversed(_CLASSES)]
    roving = cameras["kind"].isin(_ROVING)
    marks = [owner_marks(owner, cameras[~roving & cameras["agency"].eq(owner.name)], view) for owner in owners]
    areas, labels = _beats(owners, cameras[roving], roads, kept, places)
    zones = _zones(run.table("zones", seed=run.provenance["seeds"][0]), view) if "zones" in run.tables else ""
    credit = run.info["attribution"] or "generated streets"
    n = cameras["camera"].nunique()
    label = f"Map of {len(kept):,} road segments and {n} cameras of {len(owners)} owners; {credit}."
    svg = (
        f'<svg class="map" viewBox="0 0 {view.width} {view.height}" role="img" aria-label="{escape(label, quote=True)}">'
        f"{areas}{''.join(lines)}{zones}{''.join(marks)}{labels}{scale_bar(view)}"
        f'<text class="credit" x="{view.width - 8}" y="{view.height - 8}" text-anchor="end">{escape(credit)}</text></svg>'
    )
    return Map(svg, owners, dropped)


def _view(junctions: pd.DataFrame, width: int = WIDTH) -> View:
    x, y = junctions["x"], junctions["y"]
    wide, tall = max(float(x.max() - x.min()), 1.0), max(float(y.max() - y.min()), 1.0)
    room = width - 2 * _PAD
    scale = min(room / wide, _TALLEST * room / tall)
    return View(x.min(), y.max(), scale, round(wide * scale) + 2 * _PAD, round(tall * scale) + 2 * _PAD)


def _segments(roads: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return one row a segment, whatever its directions; local streets are left out where there are too many."""
    ends = np.sort(roads[["tail", "head"]].to_numpy(), axis=1)
    segments = roads[["kind"]].assign(a=ends[:, 0], b=ends[:, 1]).drop_duplicates(["a", "b"])
    dropped = ""
    for names in (("local",), ("local", "collector")):
        if len(segments) <= MOST_SEGMENTS:
            break
        left_out = [kind for name, kinds in _CLASSES if name in names for kind in kinds]
        total, segments = len(segments), segments[~segments["kind"].isin(left_out)]
        which = "Residential and minor" if len(names) == 1 else "Residential, minor and tertiary"
        dropped = f"{which} streets are left out: {total:,} segments are too many for one picture."
    return segments, dropped


def road_class(name: str, segments: pd.DataFrame, places: NDArray[np.float64]) -> str:
    """Draw one class as a single path in tenths of a unit, chaining segments that follow each other."""
    at = np.rint(places * 10).astype(int)
    parts = []
    for chain in _chains(segments["a"].tolist(), segments["b"].tolist()):
        steps = at[chain]
        moves = np.diff(steps, axis=0)
        moves = moves[np.any(moves != 0, axis=1)]
        if len(moves):
            parts.append(f"M{steps[0, 0]} {steps[0, 1]}l" + " ".join(f"{x} {y}" for x, y in moves.tolist()))
    return f'<path class="{name}" transform="scale(.1)" d="{"".join(parts)}"/>' if parts else ""


def _chains(a: Sequence[int], b: Sequence[int]) -> Iterator[list[int]]:
    """Yield paths of junctions that together drive each segment once: longer paths make a smaller file."""
    at: dict[int, list[int]] = {}
    for row, ends in enumerate(zip(a, b, strict=True)):
        for junction in ends:
            at.setdefault(junction, []).append(row)
    used = [False] * len(a)
    for row in range(len(a)):
        if used[row]:
            continue
        used[row] = True
        chain = [a[row], b[row]]
        while (following := next((r for r in at[chain[-1]] if not used[r]), None)) is not None:
            used[following] = True
            chain.append(a[following] if b[following] == chain[-1] else b[following])
        yield chain


def owners_of(cameras: pd.DataFrame) -> list[Owner]:
    """Return the owners of cameras, each with its mark."""
    owners = []
    for row, (name, own) in enumerate(cameras.drop_duplicates("camera").groupby("agency", sort=False)):
        kinds = ", ".join(f"{n} {kind}" for kind, n in own["kind"].value_counts().items())
        owners.append(Owner(str(name), row % MARKERS, row % (2 * MARKERS) < MARKERS, kinds))
    return owners


def _beats(
    owners: list[Owner], sites: pd.DataFrame, roads: pd.DataFrame, kept: pd.DataFrame, places: NDArray[np.float64]
) -> tuple[str, str]:
    """Draw the streets that cars drive as one light area a beat, in its first owner's colour, with a name above it."""
    marks = {owner.name: owner.mark for owner in owners}
    areas, names = "", list[tuple[float, float, str, int]]()
    for segments, cars in _by_beat(sites, roads, kept):
        said = escape(" · ".join(f"{owner}: {n} {kind} car{'s' * (n > 1)}" for (owner, kind), n in cars.items()))
        mark = marks[next(iter(cars))[0]]
        areas += f'<g class="s{mark}"><title>{said}</title>{road_class("beat", segments, places)}</g>'
        at = places[np.unique(segments[["a", "b"]])]
        x, y = at[:, 0].mean(), max(at[:, 1].min() - 10, 14)
        while any(abs(x - other) < _NAME and abs(y - above) < _LINE for other, above, _, _ in names):
            y += _LINE
        names.append((x, y, said, mark))
    labels = (
        f'<text class="beatname s{mark}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{said}</text>'
        for x, y, said, mark in names
    )
    return areas, "".join(labels)


def _by_beat(
    sites: pd.DataFrame, roads: pd.DataFrame, kept: pd.DataFrame
) -> Iterator[tuple[pd.DataFrame, Counter[tuple[str, str]]]]:
    """Yield the drawn segments of each beat, and how many cars of each owner and kind drive just those."""
    cars: dict[frozenset[int], Counter[tuple[str, str]]] = {}
    for _, own in sites.groupby("camera", sort=True):
        cars.setdefault(frozenset(own["road"]), Counter())[own["agency"].iloc[0], own["kind"].iloc[0]] += 1
    for beat, whose in cars.items():
        ends = np.sort(roads.iloc[sorted(beat)][["tail", "head"]].to_numpy(), axis=1)
        segments = pd.DataFrame(ends, columns=["a", "b"]).drop_duplicates().merge(kept[["a", "b"]], on=["a", "b"])
        if len(segments):
            yield segments, whose


def owner_marks(owner: Owner, sites: pd.DataFrame, view: View) -> str:
    """Draw an owner's cameras: the mark, a tail the way traffic goes that it watches, a ring around a gantry.

    A trailer's every stop has a mark, in a dashed ring.
    """
    marks = []
    places = view(sites["x"].to_numpy(), sites["y"].to_numpy())
    angle = np.deg2rad(sites["heading"].to_numpy(float))
    tips = places + 15 * np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    rows = zip(places.tolist(), tips.tolist(), sites["kind"], sites["camera"], sites["heading"], strict=True)
    for (x, y), (to_x, to_y), kind, camera, heading in rows:
        look = {"gantry": "ring", "portable": "ring stop"}.get(kind)
        ring = f'<circle class="{look}" cx="{x:.1f}" cy="{y:.1f}" r="9"/>' if look else ""
        title = f"<title>{escape(owner.name)}, {kind} camera {camera}, traffic towards {heading:.0f}°</title>"
        tail = f'<path class="heading" d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"/>'
        marks.append(f'<g>{title}{tail}{ring}<use href="#m{owner.mark}" x="{x:.1f}" y="{y:.1f}"/></g>')
    look = "" if owner.fill else " hollow"
    return f'<g class="camera s{owner.mark}{look}">{"".join(marks)}</g>'


def _zones(corners: pd.DataFrame, view: View) -> str:
    """Draw where no camera may stand."""
    rims = []
    for _, rim in corners.groupby("ring"):
        places = view(rim["x"].to_numpy(), rim["y"].to_numpy())
        rims.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places.tolist()) + "Z")
    return f'<path class="zone" d="{"".join(rims)}"><title>No camera stands here: a zone to be avoided</title></path>'


def scale_bar(view: View) -> str:
    """Draw how long some round number of metres is."""
    widest = view.width / view.scale / 4
    metres = next((m for m in (20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100) if m <= widest), 50)
    length = metres * view.scale
    said = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
    y = view.height - 10
    return (
        f'<g class="scale"><path d="M12 {y - 5}v5h{length:.1f}v-5"/>'
        f'<text x="{18 + length:.1f}" y="{y}">{said}</text></g>'
    )
