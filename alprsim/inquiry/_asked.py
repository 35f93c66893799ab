"""One seed's world, ready to be asked: its cases, through how many lenses they look, and one bucket seen through one of them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from alprsim import records, sight
from alprsim.experiment import Simulated, World
from alprsim.inquiry._cases import SIGHTS, Named, label
from alprsim.measures import places, question
from alprsim.measures.question import Driven, Opened, Question, Residents
from alprsim.measures.wheel import Wheel, keepers
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.sight import Case
from alprsim.tables import Bool, Int16, Int32, Measured, UInt64

SO_FAR = "_so_far"
"""Ends the name of a statistic of everything held that counts what the simulated time holds, even where the window is
longer: what has no steady state is reported against elapsed time, and is a lower bound."""


class Lenses(NamedTuple):
    """Some of the cases, their lenses, and where each case stands in them."""

    cases: list[Case]
    lenses: list[sight.Lens]
    place: Int32

    @classmethod
    def of(cls, cases: list[Case], streams: sight.Streams) -> Lenses:
        """Find the lenses of some cases."""
        return cls(cases, *sight.lenses(cases, streams))

    def only(self, reads: str) -> Lenses:
        """Return the cases of one kind of reads, with the lenses up to the last that they need: few for the first kind."""
        return self._some([case.reads == reads for case in self.cases])

    def certain(self) -> Lenses:
        """Return the cases that hang on nobody's grant."""
        return self._some([case.sight in SIGHTS for case in self.cases])

    def named(self) -> list[Named]:
        """Return the cases as rows of the tidy table name them: those that hang on a grant by the draw they stand for."""
        return [label(case) for case in self.cases]

    def _some(self, wanted: list[bool]) -> Lenses:
        rows = np.array(wanted, np.bool_)
        place = self.place[rows]
        cases = [case for case, yes in zip(self.cases, wanted, strict=True) if yes]
        return Lenses(cases, self.lenses[: int(place.max(initial=-1)) // 64 + 1], place)


@dataclasses.dataclass(frozen=True)
class Asked:
    """One seed's world, and whose lives it is asked about."""

    loaded: Loaded
    world: World
    done: Simulated
    seed: int
    people: Residents
    records: records.Records
    folder: Path
    listed: bool = False
    """Whether it is asked about listed drivers alone: what matched a list has clocks of its own, which are then the window."""

    @property
    def study(self) -> models.Scenario:
        """The scenario."""
        return self.loaded.scenario

    @property
    def moments(self) -> tuple[int, ...]:
        """s: when every question is put."""
        return self.study.measures.moments

    @cached_property
    def sites(self) -> places.Spots:
        """Where each site stands."""
        network = self.world.network
        return places.site_spots(self.done.placement.sites, network.roads, network.junctions)

    @cached_property
    def keepers(self) -> Int32:
        """Whom the plate of each vehicle names."""
        settled = self.done.settlement
        return keepers(settled.vehicles, settled.people, self.people)

    def questions(self, lenses: Sequence[sight.Lens]) -> list[list[Question]]:
        """Put every lens at every query moment: a row a moment.

        How long is kept is told by plain records; for listed drivers by hits and archived alerts too, never by evidence.
        """
        horizon, group = self.study.measures.horizon, self.records.group.astype(np.int16)

        def ask(lens: sight.Lens, moment: int) -> Question:
            held = None if lens.held is None else ~lens.held
            counted = held if self.listed else lens.plain
            return question.ask(lens.at(moment), group, moment=moment, horizon=horizon, counted=counted)

        return [[ask(lens, moment) for lens in lenses] for moment in self.moments]


class Look(NamedTuple):
    """One bucket through one lens at one moment: what every family that takes a vehicle at a time is given."""

    moment: int
    """Which of the query moments."""
    lens: int
    """Which of the lenses."""
    put: Question
    of_listed: Question
    """The same for listed drivers: its window is that of what matched a list too."""
    opened: Opened
    """The bucket by vehicle, times and places as they were."""
    seen: Opened
    """The same reads, with time and place as exactly as the lens's sights know them; each is still on the trip it was."""
    driven: Driven
    """`opened` by driver."""
    drivers: Wheel
    """Who drives the bucket's cars."""
    stream: Int16
    """[n_reads]: of reads that all policies treat alike."""
    known: Int16
    """[n_reads]: row of the lens's `seen` that tells how exactly its sights know each read."""
    masks: UInt64
    """[n_reads]: the sights that hold each read."""
    dated: UInt64 | None
    """[n_reads]: the same of the reads that are known to be of one day; None: all are."""

    @property
    def dated_by_driver(self) -> UInt64 | None:
        """The same of `driven`."""
        return None if self.dated is None else self.dated[self.driven.read]


class Counting(Protocol):
    """What needs one vehicle's, or one driver's, reads at a time."""

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment: called for each, in any order of buckets."""


class Family(Counting, Protocol):
    """Measures that are counted so."""

    def rows(self) -> list[Measured]:
        """Return the tidy rows of all cases."""


class Grouped(Family, Protocol):
    """A family that walks every car once for home towns and for other groups of the same people, given when it is made."""

    def rows_of(self, number: int) -> list[Measured]:
        """Return the tidy rows, told by groups in the place of towns: 0 home towns, then as they were given."""

    def lives(self, measure: str, people: Residents) -> tuple[Bool, Bool]:
        """Return which vehicles, and which of ``people.drivers``, a measure can say something of."""


class OfTargets(Protocol):
    """A family that counts each of its targets by itself, and so tells any groups of them."""

    def rows_of(self, asked: Asked) -> list[Measured]:
        """Return the tidy rows, told by the groups that ``asked.people`` has in the place of towns.

        If it is asked about listed drivers, their window is that of what matched a list too.
        """

    @property
    def targets(self) -> Int32:
        """The vehicles that were drawn out of everybody."""

    @property
    def listed(self) -> Int32:
        """The vehicles out of which what it says of listed drivers is: some may be drawn out of these alone."""


def middles(asked: Asked, lens: sight.Lens) -> dict[float, Int32]:
    """Return, for each step to which the lens's sights know places, the site in the middle of each site's cell."""
    steps = [] if lens.seen is None else np.unique(lens.seen.place_step).tolist()
    return {step: question.middle_sites(asked.sites.x, asked.sites.y, step) for step in steps if step > 0}


def so_far(put: Question) -> Question:
    """Count a window that reaches back beyond the simulated time as if it ended there: the caller tells them apart."""
    return put._replace(window=np.minimum(put.window, put.moment).astype(np.int32))


def of_all_moments(
    sums: Sequence[Sequence[Any]],
    questions: Sequence[Sequence[Question]],
    suffix: str,
    rows: Callable[[list[Any]], Measured],
) -> Measured:
    """Add the moments up, those outside the simulated time left out unless the statistic is of the time so far.

    ``sums[m][n]`` is a named tuple of arrays whose last axis is the 64 sights of lens n, as counted at moment m.
    """
    by_lens = []
    for lens in range(len(sums[0])):
        parts = [
            _times(row[lens], np.ones(64, np.bool_) if suffix else put[lens].measured)
            for row, put in zip(sums, questions, strict=True)
        ]
        by_lens.append(functools.reduce(_plus, parts))
    table = rows(by_lens)
    return dataclasses.replace(table, statistic=np.char.add(table.statistic, suffix)) if suffix else table


def _times(sums: Any, mask: Bool) -> Any:
    """Multiply every array of a named tuple of sums."""
    return sums._make(part * mask if isinstance(part, np.ndarray) else part for part in sums)


def _plus(one: Any, other: Any) -> Any:
    """Add two named tuples of sums, array by array."""
    both = zip(one, other, strict=True)
    return one._make(a + b if isinstance(a, np.ndarray) else a for a, b in both)
