"""What the comparison's explorer moves through: every side's value under every choice, and how far it is from A's.

It has the shape of the page's own cube, with a list of sides where that has one value, so that one script moves both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprsim.measures.glossary import BY_NAME
from alprsim.report import cube
from alprsim.report.compared import Compared
from alprsim.report.comparison_ladders import lines
from alprsim.report.explorer import Choice, choices
from alprsim.report.figures import Bands, Pair, pairs
from alprsim.results import draws, words
from alprsim.results.run import Run
from alprsim.results.sides import Side
from alprsim.results.summary import paired
from alprsim.tables import AS_WRITTEN

_STATED = {"name": "as compared", "said": "as compared", "as": "as compared"}
"""The stop at which each side stands as its letter says."""


class Values:
    """The sides' values seed by seed, which differences are paired by; those of a town when they are first asked for."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], cube.Seeds] = {}

    def apart(
        self, first: Run, case: cube.Case, other: Run, other_case: cube.Case, town: str = "all"
    ) -> tuple[float, float, float]:
        """Return the difference to A and its interval; of runs that have other seeds the difference of means alone."""
        a, b = self._of(first, town).get(case), self._of(other, town).get(other_case)
        if a is None or b is None:
            return math.nan, math.nan, math.nan
        if first.provenance["seeds"] == other.provenance["seeds"]:
            return paired(a, b)
        return paired(*(np.array([_mean(values)]) for values in (a, b)))

    def drawn_off(self, run: Run, case: cube.Case, town: str = "all") -> float:
        """Return the standard error of the draw of one seed's figure; else NaN."""
        return cube.drawn_off(self._of(run, town), case)

    def _of(self, run: Run, town: str) -> cube.Seeds:
        key = (id(run), town)
        if key not in self._known:
            self._known[key] = cube.by_seed(run, town)
        return self._known[key]


def asked(found: Compared) -> list[Pair]:
    """Return the measures and statistics that any side drew, as the first orders them."""
    runs = {id(side.run): side.run for side in found.sides}
    return list(dict.fromkeys(pair for run in runs.values() for pair in pairs(run)))


def compared(
    found: Compared, drawn: Sequence[Pair], bands: Mapping[int, Bands], *, towns: bool = True
) -> dict[str, Any]:
    """Return what the page carries; ``cells["0~bulk~trips_detected.stock"][0][3]`` is policy 0, stop 3: a cell a side.

    A side's home towns have two texts more than the page's: how far it is from A's, and the interval of that.
    """
    first = found.sides[0].run
    viewers = list(first.info["viewers"])
    stops = [AS_WRITTEN, *found.steps]
    builder = _Builder(found, bands, cube.listed(first) if towns else [])
    cells: dict[str, list[list[list[cube.Cell | None] | None]]] = {}
    for (viewer, sight), pair in ((case, pair) for case in found.cases for pair in drawn):
        mine = [
            [builder.cells(choice, stop, viewer, sight, pair) for stop in stops] for choice in range(len(found.choices))
        ]
        if any(one for of_choice in mine for one in of_choice):
            cells[f"{viewers.index(viewer)}~{sight}~{'.'.join(pair)}"] = mine
    units = {(key[4], key[8]): answer.unit for side in found.sides for key, answer in side.run.answers.items()}
    return {
        "policies": found.choices,
        "baseline": found.choices[0],
        "viewers": [{"name": viewer, "title": first.titled(viewer)} for viewer in viewers],
        "sights": {name: said[0] for name, said in words.SIGHTS.items()},
        "stops": [{**cube.stop(AS_WRITTEN), **_STATED}, *map(cube.stop, found.steps)],
        "measures": {".".join(pair): _measure(found, pair, units[pair]) for pair in drawn},
        "towns": [first.place(town) for town in builder.towns],
        "sides": [_side(found, side, viewers) for side in found.sides],
        "where": [[[_where(found, side, k, stop) for side in found.sides] for stop in stops]
                  for k in range(len(found.choices))],
        "cells": cells,
        "looks": {},
    }  # fmt: skip


def offered(whole: dict[str, Any]) -> dict[str, list[Choice]]:
    """Return what can be chosen, home towns among it."""
    towns = [Choice("0", "all together"), *(Choice(str(row + 1), name) for row, name in enumerate(whole["towns"]))]
    return {**choices(whole), "town": towns if len(towns) > 1 else []}


class _Builder:
    """Says the sides' values at one place of the cube."""

    def __init__(self, found: Compared, bands: Mapping[int, Bands], towns: list[str]) -> None:
        self._found, self._bands, self.towns = found, bands, towns
        self._values = Values()

    def cells(self, choice: int, stop: int, viewer: str, sight: str, pair: Pair) -> list[cube.Cell | None] | None:
        """Return a cell a side; None where no side was measured."""
        sides = [(side, self._found.policy(side, choice)) for side in self._found.sides]
        cases = [(policy, viewer, sight, self._found.step(side, stop), *pair) for side, policy in sides]
        told = [
            cube.cell(side.run, case, {}, self._bands[id(side.run)], self.towns) if case[0] else None
            for (side, _), case in zip(sides, cases, strict=True)
        ]
        if not any(told):
            return None
        a, *others = zip((side for side, _ in sides), cases, told, strict=True)
        stated = stop == AS_WRITTEN and not choice
        return [self._first(a), *(self._other(a, one, stated) for one in others)]

    def _first(self, a: tuple[Side, cube.Case, cube.Cell | None]) -> cube.Cell | None:
        if a[2] is None:
            return None
        towns = [(*town, "", "") if town else None for town in a[2].towns]
        return a[2]._replace(change="", change_interval="", towns=towns)

    def _other(
        self, a: tuple[Side, cube.Case, cube.Cell | None], one: tuple[Side, cube.Case, cube.Cell | None], stated: bool
    ) -> cube.Cell | None:
        side, case, told = one
        if told is None:
            return None
        change = self._change(a, one)
        if stated and self._found.marks.known and change[0].endswith("points"):
            marked = (side.letter, case[1], case[2], *case[4:]) in self._found.marks.marked
            change = (f"{'◆' if marked else '◇'} {change[0]}", change[1])
        towns = [
            (*town, *self._change(a, one, name)) if town else None
            for name, town in zip(self.towns, told.towns, strict=False)
        ]
        return told._replace(change=change[0], change_interval=change[1], towns=towns)

    def _change(
        self, a: tuple[Side, cube.Case, cube.Cell | None], one: tuple[Side, cube.Case, cube.Cell | None], town: str = "all"
    ) -> tuple[str, str]:  # fmt: skip
        (first, first_case, first_told), (side, case, told) = a, one
        if first_told is None or told is None or first_told.so_far != told.so_far:
            return "not measured", ""
        name = case[5] + (words.SO_FAR if told.so_far else "")
        unit = side.run.answer(*case[:5], name).unit
        a_case, other = (*first_case[:5], name), (*case[:5], name)
        apart = self._values.apart(first.run, a_case, side.run, other, town)
        said, known = cube.apart(*apart, unit, than="A")
        off = (self._values.drawn_off(first.run, a_case, town), self._values.drawn_off(side.run, other, town))
        return said, known or (draws.said(*off, unit) if apart[0] else "")


def _measure(found: Compared, pair: Pair, unit: str) -> dict[str, Any]:
    entry = BY_NAME[pair[0]]
    return {
        "title": found.titled(*pair), "group": entry.title, "share": unit == "share", "definition": entry.told,
    }  # fmt: skip


def _side(found: Compared, side: Side, viewers: list[str]) -> dict[str, Any]:
    """Return a side's letter and name, and the rows that its own run has the viewers in."""
    own = list(side.run.info["viewers"])
    rows = [str(own.index(viewer)) if viewer in own else "" for viewer in viewers]
    return {"letter": side.letter, "name": side.name, "row": found.row(side), "viewers": rows}


def _where(found: Compared, side: Side, choice: int, stop: int) -> dict[str, Any]:
    """Return where a side stands under a choice: its policy's row in its run, its limit, both in words, its line."""
    policy, step = found.policy(side, choice), found.step(side, stop)
    if not policy:
        return {"policy": "", "step": str(step), "said": "it has no such policy", "line": ""}
    kept = "as practised" if step == AS_WRITTEN else f"with {words.limit(step)}"
    line = next((one.name for one in lines(found, choice) if side.letter in one.name.split(" · ")[0].split(", ")), "")
    return {
        "policy": str(list(side.run.info["policies"]).index(policy)), "step": str(step),
        "said": f"“{policy}” {kept}" if side.several else kept, "line": line,
    }  # fmt: skip


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
