"""Of whom figures of drawn cars are told: of all that were drawn, and of home towns and listed drivers apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from alprsim.inquiry import _apart
from alprsim.inquiry._asked import Asked
from alprsim.measures import apart, question, uniqueness
from alprsim.tables import Bool, Int32, Measured

FEWEST = 30
"""Targets that a town's, or a stratum's, figure must be of."""


class Groups(NamedTuple):
    """Of which targets figures are told: of all that were drawn out of everybody; apart, of a home town's or a stratum's.

    Not of those with too few targets, nor of a single town, which is all.
    """

    names: list[tuple[str, str]]
    """Of each whose lives, and the town, as the tidy table names them."""
    targets: list[Bool]
    """[n] each: which are of that group."""
    listed: list[bool]
    """Whether they are listed drivers', whose window is that of what matched a list too."""

    @property
    def sizes(self) -> list[int]:
        """Return how many targets are in each group."""
        return [int(mine.sum()) for mine in self.targets]

    @classmethod
    def of(cls, asked: Asked, targets: Int32, drawn: Bool | None = None) -> Groups:
        """Find the groups of some residents' vehicles.

        Parameters
        ----------
        drawn : bool[targets]
            Those out of everybody, all if None; others were drawn out of listed drivers, and count among these alone.
        """
        people, every = asked.people, np.ones(len(targets), np.bool_) if drawn is None else drawn
        town = people.town[targets]
        found = [(question.VEHICLES, name, every & (town == row), False) for row, name in enumerate(people.towns)]
        found = found if len(people.towns) > 1 else []
        for grouping in _apart.strata(asked):
            listed = grouping.name == apart.LISTED
            found += [
                (name, "all", (every | listed) & (grouping.group[targets] == row), listed)
                for row, name in enumerate(grouping.groups) if name != apart.REST
            ]  # fmt: skip
        some = [(question.VEHICLES, "all", every, False), *(one for one in found if one[2].sum() >= FEWEST)]
        return cls([(who, town) for who, town, *_ in some], [one[2] for one in some], [one[3] for one in some])


def draw(asked: Asked, count: int) -> tuple[Int32, Groups]:
    """Draw up to so many residents' vehicles; where few of them are of a kind of listed drivers, more of that kind alone.

    All are those with the lowest draws of their keys, of everybody and of the kind: whatever was read of them.
    """
    vehicles, people, least = asked.done.settlement.vehicles, asked.people, asked.study.measures.listed_targets
    parts = [uniqueness.choose(vehicles, people, count, seed=asked.seed)]
    for grouping in _apart.strata(asked)[1:]:
        for row, name in enumerate(grouping.groups):
            alone = people._replace(town=np.where(grouping.group == row, people.town, np.int16(-1)))  # any: 1
            if name != apart.REST and (alone.town >= 0).sum() >= FEWEST:
                parts.append(uniqueness.choose(vehicles, alone, least, seed=asked.seed))
    targets = np.unique(np.concatenate(parts))
    return targets, Groups.of(asked, targets, np.isin(targets, parts[0]))


def by_group(
    asked: Asked, groups: Groups, found: Sequence[Sequence[list[Any]]],
    told: Callable[[list[list[Any]], Asked], list[Measured]],
) -> list[Measured]:  # fmt: skip
    """Return the rows of each group, whose sums ``found`` has in their order."""
    return [
        dataclasses.replace(table, who=np.full(len(table), who), town=np.full(len(table), town))
        for number, ((who, town), listed) in enumerate(zip(groups.names, groups.listed, strict=True))
        for table in told([[sums[number] for sums in row] for row in found], dataclasses.replace(asked, listed=listed))
    ]
