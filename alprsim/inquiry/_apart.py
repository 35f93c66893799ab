"""What is told of residents' cars and people together, told of some apart: by what hot lists say, by where they live."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from alprsim import hotlists
from alprsim.inquiry._asked import Asked, Grouped, Lenses, Look, OfTargets
from alprsim.inquiry._equity import groupings
from alprsim.inquiry._gaps import Gaps
from alprsim.inquiry._granted import expected
from alprsim.inquiry._homes import Homes
from alprsim.inquiry._nights import Nights
from alprsim.inquiry._visits import Visits
from alprsim.measures import apart, equity, question
from alprsim.measures.question import Driven, Residents, join
from alprsim.measures.wheel import Wheel, wheel
from alprsim.tables import Bucket, Measured

COUNTED: dict[str, Callable[[Asked, Lenses, Sequence[Residents]], Grouped]] = {
    "gaps": Gaps,
    "homes": Homes,
    "nights": Nights,
    "visits": Visits,
}
"""Families that go through every car's reads: once for home towns and all other groups."""


class Apart:
    """Those families, by the strata of listed drivers and, where equity is asked for, by groups of homes.

    Listed drivers, whose reads are kept for other times, are gone through once more, with their households alone. A family
    of few targets counts each of them once, and tells any grouping of them.
    """

    def __init__(self, asked: Asked, every: Lenses, wanted: Sequence[str]) -> None:
        self._asked, self._every = asked, every
        self._strata = strata(asked)
        homes = groupings(asked) if "equity" in wanted else []
        self._homes = [one for one in homes if one.name != equity.BY_TOWN]
        self._by_town = [one for one in homes if one.name == equity.BY_TOWN]
        key, seed = asked.done.settlement.vehicles.key, asked.seed
        self._chances = equity.chances([*self._homes, *self._by_town], key, seed=seed)
        shuffles = [one for _, some in self._chances for one in some]
        self._shared = [apart.by(asked.people, one) for one in (*self._strata[:1], *self._homes, *shuffles)]
        self.counted = {
            name: make(asked, every, self._shared) for name, make in COUNTED.items() if name in wanted
        }  # fmt: skip
        self._listed: dict[str, Grouped] = {}
        for grouping in self._strata[1:]:
            of_listed = apart.together(asked.people, grouping, asked.done.settlement.vehicles.household)
            self._of_listed = dataclasses.replace(asked, people=of_listed, listed=True)
            self._listed = {name: COUNTED[name](self._of_listed, every, ()) for name in self.counted}
        self._last: tuple[Bucket, Driven, Wheel] | None = None

    def add(self, look: Look) -> None:
        """Count the listed ones of one bucket through one lens at one moment; the others are counted with everybody."""
        if not self._listed:
            return
        driven, drivers = self._of_households(look)
        mine = look._replace(put=look.of_listed, driven=driven, drivers=drivers)
        for family in self._listed.values():
            family.add(mine)

    def rows(self, of_towns: Mapping[str, Sequence[Measured]], drawn: Mapping[str, OfTargets]) -> list[Measured]:
        """Return the rows: of each group, and how far apart groups of homes, and towns, are, beside what chance gives.

        Parameters
        ----------
        of_towns
            What each family says of home towns.
        drawn
            The families that count targets.
        """
        found, shared = self._of_strata(drawn), iter(enumerate(self._shared, 1))
        for _ in self._strata[:1]:
            found += [apart.told(*one) for one in self._said(*next(shared), drawn)]
        for grouping in self._homes:
            said = list(self._said(*next(shared), drawn))
            found += [apart.told(*one) for one in said] + [self._compared(*one, grouping.name) for one in said]
        for names, shuffles in self._chances:
            compared = [
                join([Measured.empty(), *(self._compared(*one, names[0]) for one in self._said(*next(shared), drawn))])
                for _ in shuffles
            ]
            found.append(equity.by_chance(compared, names))
        for towns in self._by_town:
            found += [
                self._compared(table, self._asked.people, self._lives(name, drawn), towns.name)
                for name, tables in of_towns.items() if name in (*self.counted, *drawn) for table in tables
            ]  # fmt: skip
        return found

    def _of_strata(self, drawn: Mapping[str, OfTargets]) -> list[Measured]:
        """Return what is said of listed drivers."""
        if len(self._strata) < 2:
            return []
        people = apart.by(self._asked.people, self._strata[1])
        asked = dataclasses.replace(self._asked, people=people, listed=True)
        said = [
            (table, people, apart.of_drawn(one.listed)) for one in drawn.values() for table in one.rows_of(asked)
        ]  # fmt: skip
        people = self._of_listed.people
        said += [
            (table, people, self.counted[name].lives) for name, one in self._listed.items() for table in one.rows_of(0)
        ]  # fmt: skip
        return [apart.told(self._expected(table), whose, lives) for table, whose, lives in said]

    def _expected(self, table: Measured) -> Measured:
        return expected(table, self._every.cases)

    def _said(
        self, number: int, people: Residents, drawn: Mapping[str, OfTargets]
    ) -> Iterator[tuple[Measured, Residents, apart.Lives]]:
        """Yield what each family says of a grouping in the towns' place, and of which lives."""
        said = {name: one.rows_of(number) for name, one in self.counted.items()}
        said |= {name: one.rows_of(dataclasses.replace(self._asked, people=people)) for name, one in drawn.items()}
        for name, tables in said.items():
            yield from ((self._expected(table), people, self._lives(name, drawn)) for table in tables)

    def _lives(self, name: str, drawn: Mapping[str, OfTargets]) -> apart.Lives:
        return apart.of_drawn(drawn[name].targets) if name in drawn else self.counted[name].lives

    def _compared(self, table: Measured, people: Residents, lives: apart.Lives, name: str) -> Measured:
        return apart.compared(table, name, people, min(self._asked.study.measures.near_home), lives)

    def _of_households(self, look: Look) -> tuple[Driven, Wheel]:
        """Return the bucket by driver, and who drives its cars, of the listed ones' households."""
        bucket, people = look.opened.bucket, self._of_listed.people
        if self._last is None or self._last[0] is not bucket:
            by_driver = question.by_driver(look.opened, people)
            self._last = bucket, by_driver, wheel(bucket, people, self._asked.keepers)
        return self._last[1:]


def strata(asked: Asked) -> tuple[equity.Grouping, ...]:
    """Return the residents' cars by what hot lists said of them from the first moment's last T on to the last moment.

    The unlisted, and the listed ones; without hot lists nobody is told apart.
    """
    lists, moments = asked.done.lists, asked.moments
    if lists is None:
        return ()
    since = min(moments) - asked.study.measures.horizon
    return apart.strata(
        asked.people, hotlists.strata(lists, asked.done.settlement.vehicles, since=since, until=max(moments))
    )
