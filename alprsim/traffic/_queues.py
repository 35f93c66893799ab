"""The queue model, compiled: a day under way, which can be stopped at any moment, put away and gone on with."""

import os
from pathlib import Path
from typing import Self

import numpy as np

from alprsim.kernels import queue
from alprsim.tables import TableError
from alprsim.traffic._plan import Log, Plan, Progress

_KEPT = ("link", "car", "trip", "exits", "buckets", "flows", "clock")


class Queues:
    """A day's vehicles in ``kernels/queue.py``; `shift` is its buckets' width, log₂ ms, and changes only the speed."""

    def __init__(self, plan: Plan, *, shift: int | None = None) -> None:
        self._plan = plan
        shift = _shift(plan) if shift is None else shift
        roads = plan.roads
        self._state = queue.begin(
            roads.crossing, roads.headway, roads.room, plan.wave, plan.watched, plan.vehicle, plan.meant, plan.first,
            plan.end, plan.route, plan.passages, stuck=plan.stuck, shift=shift,
        )  # fmt: skip

    def advance(self, until: int) -> None:
        """Let everything happen that is due before `until`, in ms since the day's start; never past the day's end."""
        queue.advance(*self._state, until)

    @property
    def passed(self) -> int:
        """How many passages there were so far."""
        return int(self._state.clock[queue.PASSED])

    @property
    def log(self) -> Log:
        """The passages; those written may be put in another order."""
        return Log(self._state.time, self._state.road, self._state.who)

    def progress(self) -> Progress:
        """Return how far the trips have come."""
        flows, forced = self._state.flows, int(self._state.clock[queue.FORCED])
        return Progress(*queue.tell(self._state), flows[:, 0], flows[:, 1], self.log, passed=self.passed, forced=forced)

    def save(self, file: Path) -> None:
        """Write the whole state, under a temporary name first: a compressed NumPy archive (``.npz``)."""
        kept = {name: getattr(self._state, name) for name in _KEPT}
        kept |= {name: column[: self.passed] for name, column in self.log._asdict().items()}
        partial = file.with_name(f"{file.name}.part")
        with partial.open("wb") as out:
            np.savez_compressed(out, digest=self._plan.digest(), shift=self._state.shift, **kept)
        os.replace(partial, file)

    @classmethod
    def load(cls, file: Path, plan: Plan) -> Self:
        """Return the day as it was when it was saved.

        Raises
        ------
        TableError
            If the file is of another plan: other roads, trips, paths, watched roads, storage or stuck time.
        """
        with np.load(file) as saved:
            if str(saved["digest"]) != plan.digest():
                raise TableError(f"{file} holds the queues of another plan than this day's")
            queues = cls(plan, shift=int(saved["shift"]))
            for name in _KEPT:
                getattr(queues._state, name)[:] = saved[name]
            for name, column in queues.log._asdict().items():
                column[: queues.passed] = saved[name]
        return queues


def _shift(plan: Plan) -> int:
    """Return the width of buckets that are neither crowded at the busy hours nor nearly all empty."""
    moves = int(np.sum(plan.end - plan.first))
    span = int(np.ptp(plan.meant)) if len(plan.meant) else 0
    return max(0, (span // max(1, 4 * moves)).bit_length() - 1)  # a quarter of the mean time between two moves
