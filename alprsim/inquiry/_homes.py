"""Whether what is held gives away where people live and work."""

from __future__ import annotations

from functools import partial

import numpy as np

from alprsim.inquiry._asked import SO_FAR, Asked, Lenses, Look, middles, of_all_moments, so_far
from alprsim.measures import one_guess, places, question
from alprsim.tables import DAY, Bool, Measured


class Homes:
    """Home and work of every case."""

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every
        self._questions = asked.questions(every.lenses)
        network, settled = asked.world.network, asked.done.settlement
        self._cars = places.Known(
            places.homes(settled.vehicles, network.places, network.junctions),
            places.works(settled.vehicles, settled.people, network.places, network.junctions),
        )
        self._persons = places.of_people(settled.people, network.places, network.junctions)
        within, days = asked.study.measures.near_home, asked.study.length // DAY
        self._sums, self._lives = (
            [[places.empty(asked.people, within=within, days=days) for _ in every.lenses] for _ in asked.moments]
            for _ in range(2)
        )

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        places.add(
            self._sums[look.moment][look.lens], self._lives[look.moment][look.lens], look.seen, look.masks,
            so_far(look.put), self._asked.people, drivers=look.drivers, sites=self._asked.sites, cars=self._cars,
            persons=self._persons, first_weekday=self._asked.study.start.weekday(),
        )  # fmt: skip

    def rows(self) -> list[Measured]:
        """Return the rows, of vehicles and of people, and those of what was simulated so far."""
        told = [
            of_all_moments(sums, self._questions, suffix, partial(self._told, who=who))
            for sums, who in ((self._sums, question.VEHICLES), (self._lives, question.PEOPLE))
            for suffix in ("", SO_FAR)
        ]
        return told + self._whatever_is_held()

    def _whatever_is_held(self) -> list[Measured]:
        """Return what one guess for everybody finds, and what none can exceed."""
        every, asked, people = self._every, self._asked, self._asked.people
        named = np.concatenate([self._named(lens) for lens in range(len(every.lenses))], axis=1)[:, every.place]
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

    def _named(self, lens: int) -> Bool:
        """Return which sites each sight of a lens can name, at any of the moments."""
        seen, streams = self._every.lenses[lens].seen, len(self._asked.records.streams)
        centres = middles(self._asked, self._every.lenses[lens])
        itself = np.arange(len(self._asked.sites.x), dtype=np.int32)
        steps = [0.0] * streams if seen is None else seen.place_step.tolist()
        of_stream = [centres.get(step, itself) for step in steps]
        looks = [one_guess.can_be_named(row[lens], of_stream) for row in self._questions]
        named: Bool = np.logical_or.reduce(looks)
        return named

    def _told(self, sums: list[places.Sums], who: str) -> Measured:
        every, asked = self._every, self._asked
        return places.rows(sums, every.place, every.named(), asked.people, seed=asked.seed, who=who)
