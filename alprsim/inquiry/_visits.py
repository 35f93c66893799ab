"""Whether what is held gives away who goes to a clinic, a place of worship, a bar, a support group or a court."""

from __future__ import annotations

from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.measures import question, sensitive, visits
from alprsim.tables import Measured


class Visits:
    """Sensitive visits of every case."""

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every
        network, spec = asked.world.network, asked.study.measures.visits
        self._rule = visits.Rule(
            spec.within, spec.pace, spec.least, spec.most, spec.month, spec.weeks, asked.study.start.weekday()
        )
        self._places = sensitive.choose(
            network.places, network.junctions, spec.kinds, decoys=spec.decoys, seed=asked.seed
        )
        self._near = sensitive.near_sites(self._places, asked.sites.x, asked.sites.y, spec.within)
        self._cars, self._lives = (
            [visits.empty(len(asked.people.towns), len(spec.kinds), self._rule) for _ in every.lenses] for _ in range(2)
        )

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        visits.add(
            self._cars[look.lens], self._lives[look.lens], look.seen, look.masks, look.put, self._asked.people,
            drivers=look.drivers, sensitive=self._places, near=self._near, rule=self._rule,
        )  # fmt: skip

    def rows(self) -> list[Measured]:
        """Return the rows, of vehicles and of people; what is of the last month, also of as much of it as was simulated."""
        every, towns, seed = self._every, self._asked.people.towns, self._asked.seed
        return [
            visits.rows(sums, every.place, every.named(), towns, self._places, seed=seed, who=who)
            for sums, who in ((self._cars, question.VEHICLES), (self._lives, question.PEOPLE))
        ]
