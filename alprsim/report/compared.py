"""What a comparison holds: its sides, their answers and differences by viewer, sight and measure, and which are marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from alprsim.measures.glossary import BY_NAME
from alprsim.report.differences import Dot
from alprsim.results import comparison, draws, words
from alprsim.results.headline import TRIPS, Subject, opening, subject
from alprsim.results.marks import Marks, marks
from alprsim.results.sides import ROW, Side
from alprsim.tables import AS_WRITTEN


@dataclass(frozen=True)
class Compared:
    """What the page is made of: the sides, their answers and differences, which of them are marked, whom it is about."""

    sides: Sequence[Side]
    table: pd.DataFrame
    marks: Marks
    about: Subject
    pair: tuple[str, str]
    """The measure and statistic that it begins with."""

    @property
    def others(self) -> Sequence[Side]:
        """Every side but A."""
        return self.sides[1:]

    @cached_property
    def choices(self) -> list[str]:
        """The policies that can be chosen: of runs those that several have, the one compared first; of policies none."""
        first = self.sides[0]
        if not first.several:
            return [""]
        shared = [name for name in first.run.info["policies"] if name != first.policy]
        return [first.policy, *(name for name in shared if sum(bool(_has(side, name)) for side in self.sides) > 1)]

    @cached_property
    def steps(self) -> list[int]:
        """The limits that every side tried."""
        return [step for step in self.sides[0].run.steps if all(step in side.run.steps for side in self.sides)]

    def policy(self, side: Side, choice: int) -> str:
        """Return the policy of a side where one is chosen: the first is each side's own; empty where it has none such."""
        return side.policy if not choice else _has(side, self.choices[choice])

    def step(self, side: Side, stop: int) -> int:
        """Return the limit of a side where one is tried: sides as practised stay so beside sides with a limit."""
        moves = side.retention != AS_WRITTEN or all(other.retention == AS_WRITTEN for other in self.sides)
        return stop if moves and stop != AS_WRITTEN else side.retention

    def row(self, side: Side) -> int:
        """Return a side's place among the sides, which its colour and shape follow."""
        return [one.letter for one in self.sides].index(side.letter)

    @cached_property
    def rows(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        """The table's rows by viewer, sight, measure and statistic."""
        return {tuple(row[name] for name in ROW): row for row in self.table.to_dict("records")}

    @cached_property
    def cases(self) -> list[tuple[str, str]]:
        """The viewers and sights that any side asked, the subject's first."""
        viewers = self.sides[0].run.info["viewers"]
        asked = dict.fromkeys((viewer, sight) for viewer, sight, *_ in self.rows)
        known = [case for case in asked if case[0] in viewers and case[1] in words.SIGHTS]
        return sorted(known, key=lambda case: case != self.first)

    @property
    def first(self) -> tuple[str, str]:
        """The viewer and sight that it is about."""
        return self.about.viewer, self.about.sight

    @property
    def blind(self) -> list[tuple[str, str]]:
        """The viewers and sights that see nothing on any side, the first apart."""
        return [case for case in self.cases if case != self.first and not self.sees(self.main(*case))]

    def main(self, viewer: str, sight: str) -> list[dict[str, Any]]:
        """Return the rows of the main measures, in their order, that any side measured."""
        rows = [row for key, row in self.rows.items() if key[:2] == (viewer, sight)]
        rows = [row for row in rows if not all(math.isnan(row[side.letter]) for side in self.sides)]
        rank = {name: row for row, (name, _) in enumerate(comparison.MAIN)}
        chosen = [row for row in rows if comparison.is_main(row["measure"], row["statistic"])]
        return sorted(chosen, key=lambda row: rank[row["measure"]])

    def sees(self, rows: Sequence[dict[str, Any]]) -> bool:
        """Tell whether on any side any of these figures is above nothing."""
        return any(row[side.letter] > 0 for row in rows for side in self.sides)

    def who(self, viewer: str, sight: str) -> str:
        """Say through whose eyes, and with which sight."""
        return f"{self.sides[0].run.titled(viewer)}, {words.SIGHTS[sight][0]} sight"

    def titled(self, measure: str, statistic: str) -> str:
        """Say a measure and its statistic."""
        said = words.statistic(statistic, self.sides[0].run.info["horizon_s"])
        return f"{BY_NAME[measure].title}: {said}"

    def dot(self, side: Side, viewer: str, sight: str, measure: str, statistic: str) -> Dot:
        """Return a side's difference to A, with its place among the sides."""
        key, row = (viewer, sight, measure, statistic), self.row(side)
        if key not in self.rows:
            return Dot(side.letter, row, math.nan, math.nan, math.nan, None)
        mean, low, high = (self.rows[key][f"{side.letter} − A{end}"] for end in ("", " low", " high"))
        marked = (side.letter, *key) in self.marks.marked if self.marks.known else None
        return Dot(side.letter, row, mean, low, high, marked)

    def drawn_off(self, side: Side, viewer: str, sight: str, measure: str, statistic: str) -> float:
        """Return how far off one seed's figure may be because cars were drawn; NaN where seeds say it, or none were."""
        name = draws.error_of(statistic)
        found = side.run.answer(side.policy, viewer, sight, side.retention, measure, name)
        return found.mean if found.n_seeds == 1 else math.nan


def _has(side: Side, policy: str) -> str:
    return policy if policy in side.run.info["policies"] else ""


def of(sides: Sequence[Side], table: pd.DataFrame) -> Compared:
    """Gather what a page of these sides needs."""
    first = sides[0]
    about, pair = opening(first.run)
    if not all(
        side.run.answer(side.policy, about.viewer, about.sight, side.retention, *pair).measured for side in sides
    ):
        about, pair = subject(first.run), TRIPS
    return Compared(sides, table, marks(sides, table), about._replace(policy=first.policy), pair)
