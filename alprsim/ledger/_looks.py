"""What a viewer obtains at a moment, and how well: its ways into stores against the copies that lie there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from alprsim.ledger._book import Book
from alprsim.ledger._copies import Copy, Resolution
from alprsim.ledger._routes import Rules, Way
from alprsim.tables import Sight as Sight


class Found(NamedTuple):
    """A copy that a viewer finds, what it tells and the way to it."""

    copy: Copy
    resolution: Resolution
    way: Way
    granted: float = 1.0
    """Share of such looks that a warrant is granted for; 1 where none is needed."""


class Looks(Book):
    """The ledger as viewers see it; `by_store` must be right, as it is once a run has ended."""

    @property
    def by_store(self) -> list[list[Copy]]:
        """All copies that ever lay at each agency."""
        if not self._sorted or sum(map(len, self._sorted)) != len(self.copies):
            self._sorted = [[] for _ in self.stores]
            for copy in self.copies:
                self._sorted[copy.store].append(copy)
        return self._sorted

    _sorted: list[list[Copy]] = []  # noqa: RUF012 (never changed in place)

    def regime(self, moment: int) -> Rules:
        """Return the custody that holds at a moment."""
        return next(rules for at, rules in reversed(self.regimes) if at <= moment)

    def finds(self, viewer: int, sight: Sight, moment: int, case_draw: float = 0.0) -> Iterator[Found]:
        """Yield what a viewer finds; of one read as many copies as there are."""
        rules = self.regime(moment)
        for way in rules.ways(viewer):
            if way.bulk or sight != "bulk":
                yield from self._free(way, moment)
            if sight == "process":
                yield from self._served(way, moment)
        if sight == "side_door":
            yield from self._aside(rules, viewer, moment, case_draw)

    def _free(self, way: Way, moment: int) -> Iterator[Found]:
        """Yield what a way shows without a warrant."""
        if not self.is_up(way.store, *way.agencies, moment=moment):
            return
        for copy in self.by_store[way.store]:
            age = moment - self.captured[copy.read].time
            if copy.lies(moment) and self._open(copy, way) and age < min(way.cap, way.beyond):
                yield Found(copy, copy.resolution, way)

    def _served(self, way: Way, asked: int) -> Iterator[Found]:
        """Yield what a process gives when it is served: what needs a warrant, of any age what is hashed in escrow or restored."""
        moment = asked + way.delay
        lasting = set(way.relations) <= self.regime(moment).relations
        if not lasting or not self.is_up(way.store, *way.agencies, moment=moment):
            return
        for copy in self.by_store[way.store]:
            time = self.captured[copy.read].time
            age = moment - time
            needs = way.warranted and age >= way.beyond
            there = copy.lies(moment) and (needs or copy.rule.opens)
            if time <= asked and (there or copy.restorable(moment)) and age < way.cap and self._open(copy, way):
                yield Found(copy, copy.opened, way, way.granted)

    def _aside(self, rules: Rules, viewer: int, moment: int, case_draw: float) -> Iterator[Found]:
        """Yield what givers look up for a viewer on the side."""
        for door in rules.of("side_door"):
            if door.taker != viewer or case_draw >= door.rule.chance or not self.is_up(door.giver, moment=moment):
                continue
            cap = Way(door.giver).over(door).cap
            for way in rules.ways(door.giver):
                for found in self._free(way, moment):
                    age = moment - self.captured[found.copy.read].time
                    edges = found.copy.passed + len(way.edges) + 1
                    if age < cap and edges <= rules.hops and found.copy.shelf != "saved":
                        yield found

    def _open(self, copy: Copy, way: Way) -> bool:
        """Tell whether a way shows a copy that has passed so many edges; saved results are nobody else's to see."""
        return copy.passed <= way.slack and (copy.shelf != "saved" or not way.edges)
