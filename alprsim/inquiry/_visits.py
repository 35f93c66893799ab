"""Whether what is held gives away who goes to a clinic, a place of worship, a bar, a support group or a court."""

from __future__ import annotations

from collections.abc import Sequence

from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.measures import apart, question, sensitive, visits
from alprsim.measures.question import Residents
from alprsim.tables import Measured


class Visits:
    """Sensitive visits of every case."""

    def __init__(self, asked: Asked, every: Lenses, also: Sequence[Residents] = ()) -> None:
        self._asked, self._every, self._people = asked, every, [asked.people, *also]
        network, spec = asked.world.network, asked.study.measures.visits
        self._rule = visits.Rule(
            spec.within, spec.pace, spec.least, spec.most, spec.month, spec.weeks, asked.study.start.weekday()
        )
        self._places = sensitive.choose(
            network.places, network.junctions, spec.kinds, decoys=spec.decoys, seed=asked.seed
        )
        self._near = sensitive.near_sites(self._places, asked.sites.x, asked.sites.y, spec.within)
        self._cars, self._lives = (
            [[visits.empty(len(one.towns), len(spec.kinds), self._rule) for _ in every.lenses] for one in self._people]
            for _ in range(2)
        )

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        every = zip(self._people, self._cars, self._lives, strict=True)
        (people, cars, lives), *also = [(one, cars[look.lens], they[look.lens]) for one, cars, they in every]
        visits.add(
            cars, lives, look.seen, look.masks, look.put, people, drivers=look.drivers, sensitive=self._places,
            near=self._near, rule=self._rule, also=also,
        )  # fmt: skip

    def rows(self) -> list[Measured]:
        """Return the rows, of vehicles and of people; what is of the last month, also of as much of it as was simulated."""
        return self.rows_of(0)

    def rows_of(self, number: int) -> list[Measured]:
        """Return the rows by home town, or by other groups."""
        every, towns, seed = self._every, self._people[number].towns, self._asked.seed
        return [
            visits.rows(sums[number], every.place, every.named(), towns, self._places, seed=seed, who=who)
            for sums, who in ((self._cars, question.VEHICLES), (self._lives, question.PEOPLE))
        ]

    lives = staticmethod(apart.everybody)
