"""Whether anyone can disappear from what a viewer holds: of cars, and of people over the cars they drive."""

from __future__ import annotations

from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.measures import gaps, question
from alprsim.tables import Int16, Measured


class Gaps:
    """The longest unobserved gap of every case."""

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every
        towns, longest = len(asked.people.towns), max(asked.study.measures.horizon, *asked.moments)
        self._cars, self._lives = (
            [gaps.empty(towns, longest=longest) for _ in every.lenses] for _ in (question.VEHICLES, question.PEOPLE)
        )

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        people, driven = self._asked.people, look.driven
        town = question.home_towns(people, look.opened.bucket.vehicle)
        of_driver: Int16 = question.groups_of_drivers(people, driven.opened.bucket.vehicle)
        gaps.add(self._cars[look.lens], look.opened, look.masks, look.put, town)
        gaps.add(self._lives[look.lens], driven.opened, look.masks[driven.read], look.put, of_driver)

    def rows(self) -> list[Measured]:
        """Return the rows: of vehicles, and of people."""
        every, towns, seed = self._every, self._asked.people.towns, self._asked.seed
        return [
            gaps.rows(sums, every.place, every.named(), towns, seed=seed, who=who)
            for sums, who in ((self._cars, question.VEHICLES), (self._lives, question.PEOPLE))
        ]
