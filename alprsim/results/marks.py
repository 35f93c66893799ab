"""Which differences hold under other assumptions too: a mark where every sensitivity run agrees on the sign, and it is large.

A difference is marked when its sign is the same in every run of the sensitivity study and, in the runs compared, it exceeds
one percentage point, or of what is no share one percent of A's figure. Where no sensitivity was run, nothing is marked, and it
is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from alprsim.results import sensitivity, words
from alprsim.results.comparison import by_seed
from alprsim.results.leading import BENCH, LOOKBACKS, exceeds
from alprsim.results.run import Run, load
from alprsim.results.sides import ROW, Side
from alprsim.results.summary import PLAIN
from alprsim.tables import AS_WRITTEN

Key = tuple[str, str, str, str, str]
"""Letter, viewer, sight, measure and statistic of a difference to A."""


class Marks(NamedTuple):
    """Which differences are marked, and what that rests on."""

    marked: frozenset[Key]
    known: bool
    """Whether sensitivity was run; if not, nothing is marked."""
    note: str


def marks(sides: Sequence[Side], table: pd.DataFrame) -> Marks:
    """Mark the differences of ``sides.differences`` that hold in every sensitivity run and are large enough to count."""
    folders = {side.letter: sensitivity.find(side.run) for side in sides}
    missing = [side for side in sides if folders[side.letter] is None]
    if missing:
        return Marks(frozenset(), False, _lacking(missing))
    variants = [sensitivity.variants(folder) for folder in folders.values() if folder is not None]
    common = [name for name in variants[0] if all(name in other for other in variants)]
    if len(common) > 1:
        return _of_variants(sides, table, variants, common)
    first = sides[0]
    if not first.several and (first.policy, first.retention) == (first.run.info["baseline"], AS_WRITTEN):
        return _of_table(sides, table, folders[first.letter] or Path())
    note = "No difference is marked: the runs of the sensitivity study that both sides share are not there."
    return Marks(frozenset(), False, note)


def _of_variants(
    sides: Sequence[Side], table: pd.DataFrame, variants: Sequence[Mapping[str, Path]], common: Sequence[str]
) -> Marks:
    """Ask every sensitivity run of both sides for its own difference."""
    index = pd.MultiIndex.from_frame(table[[*ROW, "unit"]])
    opened: dict[Path, Run] = {}
    means = np.full((len(sides), len(common), len(table)), np.nan)
    for row, side in enumerate(sides):
        for column, name in enumerate(common):
            run = opened.setdefault(variants[row][name], load(variants[row][name]))
            values = by_seed(run, ROW, policy=side.policy, retention=side.retention)
            means[row, column] = values.reindex(index).mean(axis=1).to_numpy()
    with np.errstate(invalid="ignore"):
        apart = means[1:] - means[0]
    agree = {
        side.letter: (more > 0).all(axis=0) | (more < 0).all(axis=0)
        for side, more in zip(sides[1:], apart, strict=True)
    }
    said = (
        f"Marked (◆): the sign is the same in all {len(common)} runs of the sensitivity study ({', '.join(common)}), of "
        f"look-backs under every assumed query age, and the difference exceeds {BENCH}. ◇: not so."
    )
    return Marks(frozenset(_large(table, agree)), True, said)


def _of_table(sides: Sequence[Side], table: pd.DataFrame, folder: Path) -> Marks:
    """Read which differences to the baseline hold from ``sensitivity.csv``."""
    rows = sensitivity.read(folder)
    found = rows[rows["differs"].eq("yes")]
    found = found[found["town"].eq("all") & found["who"].eq(PLAIN["who"])]
    held = set(found[["policy", "retention", *ROW]].itertuples(index=False, name=None))

    def holds(side: Side, row: tuple[str, ...]) -> bool:
        *case, measure, statistic = row
        said = sensitivity.ANY_AGE if measure in LOOKBACKS else statistic
        return (side.policy, side.retention, *case, measure, said) in held

    keys = [tuple(row) for row in table[ROW].itertuples(index=False, name=None)]
    agree = {side.letter: np.array([holds(side, row) for row in keys]) for side in sides[1:]}
    said = (
        f"Marked (◆): {sensitivity.FILE} says that it differs from the baseline: the sign is the same in every sensitivity run, "
        f"and the difference exceeds {BENCH}. ◇: not so."
    )
    return Marks(frozenset(_large(table, agree)), True, said)


def _large(table: pd.DataFrame, agree: Mapping[str, np.ndarray]) -> list[Key]:
    """Return the differences that agree and are large enough; of look-backs, under whose shapes all agree."""
    found = []
    look = table["measure"].isin(LOOKBACKS).to_numpy()
    other = ~table["statistic"].map(words.is_plain).to_numpy(bool)
    for letter, same in agree.items():
        shapes = table.assign(same=same | other).groupby(["viewer", "sight", "measure"], sort=False)["same"]
        every = shapes.transform("all").to_numpy()
        figures = zip(*(table[name].tolist() for name in (f"{letter} − A", "unit", "A")), strict=True)
        large = np.array([exceeds(*one) for one in figures], bool)
        chosen = large & np.where(look, every, same)
        found += [(letter, *row) for row in table.loc[chosen, ROW].itertuples(index=False, name=None)]
    return found


def _lacking(missing: Sequence[Side]) -> str:
    runs = {str(side.run.folder): side for side in missing}
    which = ", ".join(side.letter for side in runs.values()) if missing[0].several else "this run"
    commands = "; ".join(
        f"alprsim sensitivity {side.run.folder.name}/scenario.yaml --out {side.run.folder.name}/sensitivity"
        for side in runs.values()
    )
    return f"No difference is marked: sensitivity was not run for {which} (command: {commands})."
