"""Times of one read's course, as functions of the time of day at which it was captured.

A nightly batch makes what happens to a read depend on when in the day it was captured. A course is followed for one phase of
capture with exact times, each of which moves with the capture or stays where a batch is; every comparison between the two
tells at which later phase it would come out otherwise, so one course is known to hold for all phases up to the next such.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering
from typing import NamedTuple

from alprsim.tables import UNLIMITED


class Batches(NamedTuple):
    """A schedule: every `every` s, one at `at` s since 04:00."""

    every: int
    at: int


class Phases:
    """One phase of capture (s since its period began) and the first later one at which a course would go otherwise."""

    def __init__(self, phase: int) -> None:
        self.phase = phase
        self.next = UNLIMITED
        self.capture = Moment(self, 0, clock=False)
        self.never = Moment(self, UNLIMITED, clock=False)

    def turns(self, phase: int) -> None:
        """Note that a course goes otherwise from `phase` on."""
        if self.phase < phase < self.next:
            self.next = phase

    def batch(self, batches: Batches | None, earliest: Moment) -> Moment:
        """Return the first batch at or after a moment: the moment itself where there are no batches."""
        if batches is None or earliest.endless:
            return earliest
        begin = earliest.value
        first = begin + (batches.at - begin) % batches.every
        if not earliest.clock:
            self.turns(first - earliest.offset + 1)
        return Moment(self, first, clock=True)


@total_ordering
@dataclass(slots=True, eq=False)
class Moment:
    """A time: `offset` s after the capture, or after the start of the capture's period (`clock`)."""

    phases: Phases
    offset: int
    clock: bool

    @property
    def value(self) -> int:
        """S since the start of the capture's period, at this phase."""
        return self.offset if self.clock else self.offset + self.phases.phase

    @property
    def endless(self) -> bool:
        """Whether this is never."""
        return not self.clock and self.offset >= UNLIMITED

    def __add__(self, seconds: int) -> Moment:
        if self.endless or seconds >= UNLIMITED:
            return self.phases.never
        return Moment(self.phases, self.offset + seconds, self.clock)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Moment):
            return NotImplemented
        self._compared(other)
        return self.value == other.value

    def __lt__(self, other: Moment) -> bool:
        self._compared(other)
        return self.value < other.value

    __hash__ = None  # type: ignore[assignment]

    def _compared(self, other: Moment) -> None:
        if self.clock != other.clock:
            age, clock = (other, self) if self.clock else (self, other)
            equal = clock.offset - age.offset  # the phase at which both are one
            self.phases.turns(equal)
            self.phases.turns(equal + 1)
