"""The map of one car's week: streets, cameras, where it went, what is drawn of it, and where it was read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alprsim.report import street_map
from alprsim.report.street_map import Extent
from alprsim.results.run import Run
from alprsim.tables import ROVING

WIDTH = 640
_LEAST = 1500.0
"""m: a week in a smaller part of the map is drawn in this much of it."""

_FLATTEST, _EDGE = 0.62, 0.06
"""Height of the part that is shown, at least, as a share of its width; what is shown around the week."""

_BADGE, _APART = 9.5, 23.0
"""Of a place's reads: the radius of the disc with their number, and how far two such discs stand apart."""

_ASIDE = ((13, -13), (-13, -13), (13, 13), (-13, 13))
"""Where a disc may stand beside its camera."""

_EVERY, _CROSS = 46.0, 4.5
"""How far apart wrong ways are crossed, and half the size of a cross."""

_LETTERS = {
    "home": "H", "work": "W", "school": "S", "worship": "✚", "clinic": "C", "support group": "G", "bar": "B", "court": "J",
    "shop": "P",
}  # fmt: skip
"""On a place's sign, beside its name; places beyond the streets have an arrow."""

_LETTER, _LINE = 7.8, 15.0
"""Size of a label's letters."""

_ROVING = [kind.name.lower() for kind in ROVING]


class _Box(NamedTuple):
    """A part of the picture that is taken."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        """Tell whether two overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


class _Spot(NamedTuple):
    """A place at which it was read, where its disc stands, and the rows of the reads."""

    x: float
    y: float
    disc_x: float
    disc_y: float
    reads: list[int]


class Picture:
    """One car's week on the map; runs and crosses are paths in tenths of a unit, which states of the page share.

    Parameters
    ----------
    roads : int[n_roads, 2]
        Tail and head.
    sites : DataFrame
        The seed's cameras, a row a site.
    drives, claims, reads : DataFrame
        The car's part of the tables of the week.
    stops : DataFrame
        Where it went: kind, junction.
    """

    def __init__(
        self, run: Run, roads: NDArray[np.int64], sites: pd.DataFrame, drives: pd.DataFrame, claims: pd.DataFrame,
        reads: pd.DataFrame, stops: pd.DataFrame,
    ) -> None:  # fmt: skip
        junctions = run.table("junctions")
        x, y = (junctions[name].to_numpy() for name in ("x", "y"))
        shown = [roads[drives["road"]].ravel(), roads[claims["road"]].ravel(), stops["junction"].to_numpy()]
        place = np.concatenate(shown)
        at = sites.iloc[reads["site"].to_numpy()]
        part = _part(np.append(x[place], at["x"]), np.append(y[place], at["y"]))
        self.streets = street_map.streets(run, part, WIDTH)
        self._roads, self._sites, self._part = roads, sites, part
        self._drives, self._stops = drives, stops
        self.runs: list[str] = []
        self.crosses: dict[int, str] = {}
        """Of the runs that are wrong anywhere."""
        self._row: dict[str, int] = {}
        self._of_claim = {int(claim): self._claim(rows) for claim, rows in claims.groupby("claim")}
        self._signs_at = self._gathered()
        signs = [_box(x, y, 9) for x, y, *_ in self._signs_at]
        self._spots = _spots(
            reads["site"].to_numpy(), self.streets.view(sites["x"].to_numpy(), sites["y"].to_numpy()), signs
        )
        self.spots = [spot.reads for spot in self._spots]

    def drawn(self, claims: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return the runs that some claims draw, right ones and wrong ones, each once."""
        found = [self._of_claim[int(claim)] for claim in claims]
        right, wrong = (sorted({run for pair in found for run in pair[kind]}) for kind in (0, 1))
        return right, wrong

    def svg(self, held: int, right: Sequence[int], wrong: Sequence[int], alt: str) -> str:
        """Draw the week in one state: bit k of ``held`` is read k of the car."""
        view = self.streets.view
        signs, labels = self._signs()
        crosses = "".join(self.crosses[run] for run in wrong)
        return (
            f'<svg class="map week" viewBox="0 0 {view.width} {view.height}" role="group" '
            f'aria-label="{escape(alt, quote=True)}">{self.streets.svg}'
            f"{_path('right', ''.join(self.runs[run] for run in right))}"
            f"{_path('wrong', ''.join(self.runs[run] for run in wrong))}{self._true()}{_path('crosses', crosses)}"
            f"{self._cameras()}{signs}{self._badges(held)}{labels}{street_map.scale_bar(view)}"
            f'<text class="credit" x="{view.width - 8}" y="{view.height - 8}" text-anchor="end">'
            f"{escape(self.streets.credit)}</text></svg>"
        )

    def _gathered(self) -> list[tuple[float, float, str, int]]:
        """Return the places visited, those of a kind that stand close by each other as one: x, y, kind and visits."""
        found: list[tuple[float, float, str, int]] = []
        visits: Counter[tuple[int, str]] = Counter(zip(self._stops["junction"], self._stops["kind"], strict=True))
        for (junction, kind), n in visits.most_common():
            at = self.streets.places[junction]
            same = (row for row, one in enumerate(found) if one[2] == kind and math.dist(at, one[:2]) < _APART)
            row = next(same, None)
            if row is None:
                found.append((float(at[0]), float(at[1]), kind, n))
            else:
                found[row] = (*found[row][:3], found[row][3] + n)
        return found

    def _claim(self, rows: pd.DataFrame) -> tuple[list[int], list[int]]:
        """Return the runs of one claim: its roads, cut where right turns to wrong, and where roads do not join."""
        ends, true = self._roads[rows["road"].to_numpy()], rows["drive"].to_numpy() >= 0
        cuts = np.flatnonzero((true[1:] != true[:-1]) | (ends[1:, 0] != ends[:-1, 1])) + 1
        found: tuple[list[int], list[int]] = ([], [])
        for some in np.split(np.arange(len(ends)), cuts):
            found[0 if true[some[0]] else 1].append(self._run(ends[some], wrong=not true[some[0]]))
        return found

    def _run(self, ends: NDArray[np.int64], *, wrong: bool) -> int:
        at = np.rint(10 * self.streets.places[np.append(ends[:, 0], ends[-1, 1])]).astype(int)
        moves = np.diff(at, axis=0)
        text = f"M{at[0, 0]} {at[0, 1]}l" + " ".join(f"{x} {y}" for x, y in moves.tolist())
        row = self._row.setdefault(text, len(self._row))
        if row == len(self.runs):
            self.runs.append(text)
        if wrong and row not in self.crosses:
            self.crosses[row] = _crossed(at / 10)
        return row

    def _true(self) -> str:
        """Draw every street that it drove once."""
        ends = np.sort(self._roads[self._drives["road"].to_numpy()], axis=1)
        segments = pd.DataFrame(ends, columns=["a", "b"]).drop_duplicates()
        return street_map.road_class("true", segments, self.streets.places)

    def _cameras(self) -> str:
        """Draw the cameras that stand in this part of the map, by owner."""
        sites, part = self._sites, self._part
        inside = sites["x"].between(part.west, part.east) & sites["y"].between(part.south, part.north)
        standing = sites[inside & ~sites["kind"].isin(_ROVING)]
        marks = [
            street_map.owner_marks(owner, standing[standing["agency"].eq(owner.name)], self.streets.view)
            for owner in street_map.owners_of(sites)
        ]
        return f'<g class="owners">{"".join(marks)}</g>'

    def _badges(self, held: int) -> str:
        """Draw a disc wherever it was read: filled, with the number of reads held, or hollow where none is."""
        parts = []
        for row, spot in enumerate(self._spots):
            look, number, said = badge(spot.reads, held)
            parts.append(
                f'<g class="badge {look}" role="img" tabindex="0" data-spot="{row}" aria-label="{said}"><title>{said}</title>'
                f'<path d="M{spot.x:.1f} {spot.y:.1f}L{spot.disc_x:.1f} {spot.disc_y:.1f}"/>'
                f'<circle cx="{spot.disc_x:.1f}" cy="{spot.disc_y:.1f}" r="{_BADGE}"/>'
                f'<text x="{spot.disc_x:.1f}" y="{spot.disc_y + 4.4:.1f}" text-anchor="middle">{number}</text></g>'
            )
        return "".join(parts)

    def _signs(self) -> tuple[str, str]:
        """Draw the places visited: a sign each, and its name where there is room."""
        taken = [_box(spot.disc_x, spot.disc_y, _BADGE + 2) for spot in self._spots]
        taken += [_box(x, y, 9) for x, y, *_ in self._signs_at]
        signs, labels = [], []
        for x, y, kind, n in self._signs_at:
            letter = _LETTERS.get(kind, "→")
            title = f"<title>{kind}, {n} time{'s' * (n > 1)}</title>"
            signs.append(
                f'<g class="sign">{title}<rect x="{x - 8:.1f}" y="{y - 8:.1f}" width="16" height="16" rx="3"/>'
                f'<text x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle">{letter}</text></g>'
            )
            name = kind if kind in _LETTERS else "beyond"
            box = next((box for box in _around(x, y, name) if self._free(box, taken)), None)
            if box is not None:
                taken.append(box)
                labels.append(f'<text class="visited" x="{box.left + 2:.1f}" y="{box.bottom - 4:.1f}">{name}</text>')
        return "".join(signs), "".join(labels)

    def _free(self, box: _Box, taken: list[_Box]) -> bool:
        view = self.streets.view
        inside = box.left > 2 and box.top > 2 and box.right < view.width - 2 and box.bottom < view.height - 18
        return inside and not any(box.meets(other) for other in taken)


def badge(reads: list[int], held: int) -> tuple[str, str, str]:
    """Return the look of a place's disc, the number on it, and what it says."""
    n = sum(held >> read & 1 for read in reads)
    look = "none" if not n else "all" if n == len(reads) else "some"
    return look, str(n or len(reads)), f"{n} of {len(reads)} read{'s' * (len(reads) > 1)} held"


def _part(x: NDArray[np.float64], y: NDArray[np.float64]) -> Extent:
    """Return the part of the map to show around some points: not too small, and not too flat."""
    wide, tall = (max(float(of.max() - of.min()), _LEAST) * (1 + 2 * _EDGE) for of in (x, y))
    tall, wide = max(tall, _FLATTEST * wide), max(wide, tall)
    middle_x, middle_y = (float(of.max() + of.min()) / 2 for of in (x, y))
    return Extent(middle_x - wide / 2, middle_y - tall / 2, middle_x + wide / 2, middle_y + tall / 2)


def _path(look: str, d: str) -> str:
    return f'<path class="{look}" transform="scale(.1)" d="{d}"/>'


def _crossed(at: NDArray[np.float64]) -> str:
    """Cross a way in its middle and at equal distances from there."""
    steps = np.hypot(*np.diff(at, axis=0).T)
    far = np.concatenate([[0], np.cumsum(steps)])
    n = max(1, round(far[-1] / _EVERY))
    crosses = []
    for middle in (np.arange(n) + 0.5) * far[-1] / n:
        x, y = (10 * (np.interp(middle, far, of) - _CROSS) for of in at.T)
        side = round(20 * _CROSS)
        crosses.append(f"M{round(x)} {round(y)}l{side} {side}m0 -{side}l-{side} {side}")
    return "".join(crosses)


def _box(x: float, y: float, half: float) -> _Box:
    return _Box(x - half, y - half, x + half, y + half)


def _spots(site: NDArray[np.int64], places: NDArray[np.float64], signs: list[_Box]) -> list[_Spot]:
    """Gather reads at cameras that stand close by each other in the picture; a disc stands where it hides least."""
    found: list[_Spot] = []
    taken = list(signs)
    for one, _ in Counter(site.tolist()).most_common():
        mine = np.flatnonzero(site == one).tolist()
        near = next((spot for spot in found if math.dist(spot[:2], places[one]) < _APART), None)
        if near is None:
            x, y = places[one].tolist()
            discs = [(x + across, y + down) for across, down in _ASIDE]
            hidden = [sum(_box(*disc, _BADGE).meets(other) for other in taken) for disc in discs]
            disc = discs[int(np.argmin(hidden))]
            taken.append(_box(*disc, _BADGE))
            found.append(_Spot(x, y, *disc, mine))
        else:
            near.reads.extend(mine)
    for spot in found:
        spot.reads.sort()
    return found


def _around(x: float, y: float, name: str) -> list[_Box]:
    """Return where the name of a place may stand: right, left, below, above."""
    wide = _LETTER * len(name) + 4
    corners = [(x + 10, y - 8), (x - 13 - wide, y - 8), (x - wide / 2, y + 9), (x - wide / 2, y - 24)]
    return [_Box(left, top, left + wide, top + _LINE) for left, top in corners]
