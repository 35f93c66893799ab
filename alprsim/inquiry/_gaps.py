"""Whether anyone can disappear from what a viewer holds: of cars, and of people over the cars they drive."""

from __future__ import annotations

from collections.abc import Sequence

from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.measures import apart, gaps, question, spans
from alprsim.measures.question import Residents
from alprsim.tables import Measured


class Gaps:
    """The longest unobserved gap of every case."""

    def __init__(self, asked: Asked, every: Lenses, also: Sequence[Residents] = ()) -> None:
        self._asked, self._every, self._people = asked, every, [asked.people, *also]
        longest = max(asked.study.measures.horizon, *asked.moments)
        self._cars, self._lives = (
            [[gaps.empty(len(one.towns), longest=longest) for _ in every.lenses] for one in self._people]
            for _ in (question.VEHICLES, question.PEOPLE)
        )

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        seen, time = self._every.lenses[look.lens].seen, look.opened.bucket.reads.time
        told = spans.spans(time, look.known, seen)
        driven, vehicle, person = look.driven, look.opened.bucket.vehicle, look.driven.opened.bucket.vehicle
        cars = [(s[look.lens], question.home_towns(p, vehicle)) for s, p in zip(self._cars, self._people, strict=True)]
        gaps.add(cars[0][0], look.opened, look.masks, look.put, cars[0][1], also=cars[1:], told=told)
        lives = [
            (s[look.lens], question.groups_of_drivers(p, person))
            for s, p in zip(self._lives, self._people, strict=True)
        ]
        told = told and (told[0][driven.read], told[1][driven.read])
        gaps.add(lives[0][0], driven.opened, look.masks[driven.read], look.put, lives[0][1], also=lives[1:], told=told)

    def rows(self) -> list[Measured]:
        """Return the rows: of vehicles, and of people."""
        return self.rows_of(0)

    def rows_of(self, number: int) -> list[Measured]:
        """Return the rows by home town, or by other groups."""
        every, towns, seed = self._every, self._people[number].towns, self._asked.seed
        return [
            gaps.rows(sums[number], every.place, every.named(), towns, seed=seed, who=who)
            for sums, who in ((self._cars, question.VEHICLES), (self._lives, question.PEOPLE))
        ]

    lives = staticmethod(apart.everybody)
