"""Whether what is held gives away where people live and work."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial

import numpy as np

from alprsim.inquiry._asked import SO_FAR, Asked, Lenses, Look, middles, of_all_moments, so_far
from alprsim.measures import one_guess, places, question
from alprsim.measures.question import Residents
from alprsim.tables import DAY, Bool, Measured


class Homes:
    """Home and work of every case."""

    def __init__(self, asked: Asked, every: Lenses, also: Sequence[Residents] = ()) -> None:
        self._asked, self._every, self._people = asked, every, [asked.people, *also]
        self._questions = asked.questions(every.lenses)
        network, settled = asked.world.network, asked.done.settlement
        self._cars = places.Known(
            places.homes(settled.vehicles, network.places, network.junctions),
            places.works(settled.vehicles, settled.people, network.places, network.junctions),
        )
        self._persons = places.of_people(settled.people, network.places, network.junctions)
        within, days = asked.study.measures.near_home, asked.study.length // DAY
        self._sums, self._lives = (
            [
                [[places.empty(one, within=within, days=days) for _ in every.lenses] for _ in asked.moments]
                for one in self._people
            ]
            for _ in range(2)
        )

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        m, n = look.moment, look.lens
        every = zip(self._people, self._sums, self._lives, strict=True)
        (people, cars, lives), *also = [(one, cars[m][n], they[m][n]) for one, cars, they in every]
        places.add(
            cars, lives, look.seen, look.masks, so_far(look.put), people, drivers=look.drivers,
            sites=self._asked.sites, cars=self._cars, persons=self._persons,
            first_weekday=self._asked.study.start.weekday(), also=also,
        )  # fmt: skip

    def rows(self) -> list[Measured]:
        """Return the rows, of vehicles and of people, and those of what was simulated so far."""
        return self.rows_of(0)

    def rows_of(self, number: int) -> list[Measured]:
        """Return the rows by home town, or by other groups."""
        people = self._people[number]
        told = [
            of_all_moments(sums[number], self._questions, suffix, partial(self._told, people, who=who))
            for sums, who in ((self._sums, question.VEHICLES), (self._lives, question.PEOPLE))
            for suffix in ("", SO_FAR)
        ]
        return told + self._whatever_is_held(people)

    def lives(self, measure: str, people: Residents) -> tuple[Bool, Bool]:
        """Return which vehicles, and which drivers, have a home, or work, that could be found."""
        which = "work" if measure.startswith("work") else "home"
        cars, persons = (~np.isnan(getattr(known, which).x) for known in (self._cars, self._persons))
        return cars, persons[people.drivers]

    def _whatever_is_held(self, people: Residents) -> list[Measured]:
        """Return what one guess for everybody finds, and what none can exceed."""
        every, asked = self._every, self._asked
        named = self._nameable
        drivers = places.Known(*(places.here(spots, people.drivers) for spots in self._persons))
        return [
            one_guess.rows(
                truths, town, people.towns, asked.sites, named, asked.study.measures.near_home, every.named(),
                seed=asked.seed, who=who,
            )
            for who, truths, town in (
                (question.VEHICLES, self._cars, people.town), (question.PEOPLE, drivers, people.town[people.car])
            )
        ]  # fmt: skip

    @cached_property
    def _nameable(self) -> Bool:
        """[sites, cases]: which sites each case can name, at any of the moments."""
        every = self._every
        named: Bool = np.concatenate([self._named(lens) for lens in range(len(every.lenses))], axis=1)[:, every.place]
        return named

    def _named(self, lens: int) -> Bool:
        """Return which sites each sight of a lens can name, at any of the moments."""
        through = self._every.lenses[lens]
        centres = middles(self._asked, through)
        itself = np.arange(len(self._asked.sites.x), dtype=np.int32)
        looks = []
        for row in self._questions:
            steps = through.place_steps(row[lens].moment)
            for number in range(max(map(len, steps), default=0)):
                of_stream = [centres.get(of[min(number, len(of) - 1)], itself) for of in steps]
                looks.append(one_guess.can_be_named(row[lens], of_stream))
        named: Bool = np.logical_or.reduce(looks)
        return named

    def _told(self, people: Residents, sums: list[places.Sums], who: str) -> Measured:
        every, asked = self._every, self._asked
        return places.rows(sums, every.place, every.named(), people, seed=asked.seed, who=who)
