"""What is told of residents' cars together, told of some of them apart: by what hot lists say of them, by where they live."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from alprsim import hotlists
from alprsim.inquiry._asked import Asked, Family, Lenses, Look, OfTargets
from alprsim.inquiry._equity import groupings
from alprsim.inquiry._gaps import Gaps
from alprsim.inquiry._granted import expected
from alprsim.inquiry._homes import Homes
from alprsim.inquiry._nights import Nights
from alprsim.inquiry._visits import Visits
from alprsim.measures import apart, equity
from alprsim.measures.question import join
from alprsim.tables import Measured

COUNTED: dict[str, Callable[[Asked, Lenses], Family]] = {
    "gaps": Gaps,
    "homes": Homes,
    "nights": Nights,
    "visits": Visits,
}
"""Families that go through every car's reads: once more for each grouping."""


class Apart:
    """Those families, by the strata of listed drivers and, where equity is asked for, by groups of homes.

    A family of few targets counts each of them once, and tells any grouping of them.
    """

    def __init__(self, asked: Asked, every: Lenses, wanted: Sequence[str], of_targets: Sequence[OfTargets]) -> None:
        self._asked, self._every, self._of_targets = asked, every, of_targets
        self._groupings = list(strata(asked))
        homes = groupings(asked) if "equity" in wanted else []
        self._homes = [one for one in homes if one.name != equity.BY_TOWN]
        self._by_town = [one for one in homes if one.name == equity.BY_TOWN]
        self._groupings += self._homes
        key, seed = asked.done.settlement.vehicles.key, asked.seed
        self._chances = equity.chances([*self._homes, *self._by_town], key, seed=seed)
        self._every_one = [*self._groupings, *(one for _, shuffles in self._chances for one in shuffles)]
        self._families: list[list[Family]] = [
            [make(self._of(grouping), every) for name, make in COUNTED.items() if name in wanted]
            for grouping in self._every_one
        ]

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        for grouping, families in zip(self._every_one, self._families, strict=True):
            put = look.of_listed if grouping.name == apart.LISTED else look.put
            for family in families:
                family.add(look._replace(put=put))

    def rows(self, of_towns: Sequence[Measured]) -> list[Measured]:
        """Return the rows: of each group, and how far apart groups of homes, and towns, are, beside what chance gives.

        ``of_towns``: what the families say of home towns.
        """
        found = []
        families = iter(self._families)
        for grouping in self._groupings:
            tables = self._tables(grouping, next(families))
            found += [apart.told(table, grouping) for table in tables]
            found += self._compared(tables, grouping) if grouping in self._homes else []
        for names, shuffles in self._chances:
            compared = [
                join([Measured.empty(), *self._compared(self._tables(one, next(families)), one)]) for one in shuffles
            ]
            found.append(equity.by_chance(compared, names))
        return found + [table for towns in self._by_town for table in self._compared(of_towns, towns)]

    def _tables(self, grouping: equity.Grouping, families: Sequence[Family]) -> list[Measured]:
        """Return what is said of a grouping in the towns' place."""
        asked = self._of(grouping)
        tables = [table for family in families for table in family.rows()]
        tables += [table for family in self._of_targets for table in family.rows_of(asked)]
        return [expected(table, self._every.cases) for table in tables]

    def _compared(self, tables: Sequence[Measured], grouping: equity.Grouping) -> list[Measured]:
        distance = min(self._asked.study.measures.near_home)
        return [apart.compared(table, grouping, distance) for table in tables]

    def _of(self, grouping: equity.Grouping) -> Asked:
        listed = grouping.name == apart.LISTED
        return dataclasses.replace(self._asked, people=apart.by(self._asked.people, grouping), listed=listed)


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
