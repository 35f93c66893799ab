"""The same figures of some residents' vehicles and their drivers apart: by what hot lists say, and by where they are at home.

Whoever counts by home town can count by any other grouping: it is given that grouping in the towns' place, and what it says
of “towns” is then said of whose vehicles they are, and of the people who mainly drive them. A group of fewer than 30 vehicles,
or people, is not told.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from alprsim.measures.equity import LEAST, Grouping, apart
from alprsim.measures.question import PEOPLE, STRATA, VEHICLES, Residents, join
from alprsim.measures.wheel import people_of
from alprsim.tables import Bool, Int8, Int32, Int64, Measured

Lives = Callable[[str, Residents], tuple[Bool, Bool]]
"""Of which vehicles, and which drivers, a measure of that name can say something."""

LEAD = {
    "longest_gap": ("median_of_horizon", "max_of_horizon", "median_of_window", "median_so_far"),
    "path_recall": ("share_of_horizon_pooled", "share_of_horizon_pooled_error", "share_of_window_pooled"),
    "path_precision": ("share_of_horizon_pooled",),
    "trips_rebuilt": ("share_of_horizon_pooled", "share_of_horizon_pooled_error"),
    "position_error": ("tracker", "tracker_error", "nearest", "prior"),
    "position_within": ("tracker", "tracker_error", "nearest", "tracker_minus_nearest", "tracker_minus_nearest_error"),
    "journey_ends": ("tracker", "tracker_error", "nearest", "tracker_minus_nearest", "tracker_minus_nearest_error"),
    "nights_away": ("recall", "precision", "base_rate"),
    "sensitive_visits": ("recall", "precision", "by_chance"),
}
"""The statistics of a measure that are told of groups; of where people live and work also those that begin as `WITHIN` does: of
people what is found within each distance, of vehicles what guesses and bounds say of it too."""

LISTED = "listed"
"""The grouping of listed drivers' vehicles."""
REST = "the rest"
"""A group that is not told: whoever counts goes through all residents' vehicles, since several people drive one."""

WITHIN = "within_"
SO_FAR = "_so_far"
"""Ends a statistic of all that is held, where more is kept than was simulated."""
PLACES = ("home_found", "work_found")

COMPARED = {
    "longest_gap": "median_of_horizon",
    "path_recall": "share_of_horizon_pooled",
    "position_error": "tracker",
    "sensitive_visits": "recall",
}
"""The statistic of a measure by which the most exposed group is set beside the least; of homes, that of the least distance."""


def strata(people: Residents, stratum: Int8) -> tuple[Grouping, Grouping]:
    """Return the residents' vehicles by `Stratum`, int8[vehicles]: the unlisted, and apart from them the listed ones.

    What is kept of them differs, and so how long: what matched a list has clocks of its own.
    """
    inside, last = people.town >= 0, len(STRATA) - 1
    unlisted = np.where(inside, stratum != 0, -1).astype(np.int16)
    listed = np.where(inside, np.where(stratum == 0, last, stratum - 1), -1).astype(np.int16)
    return Grouping("unlisted", (STRATA[0], REST), unlisted), Grouping(LISTED, (*STRATA[1:], REST), listed)


def by(people: Residents, grouping: Grouping) -> Residents:
    """Return the same people, their vehicles' groups in the place of towns."""
    return people._replace(town=grouping.group, towns=grouping.groups)


def together(people: Residents, grouping: Grouping, household: Int32) -> Residents:
    """Return those people alone whose households have a car of a group that is told, with the groups in the place of towns.

    A household's cars stay together, since several people drive one.
    """
    kept = (grouping.group >= 0) & (np.array(grouping.groups)[grouping.group] != REST)
    inside = np.isin(household, household[kept]) & (grouping.group >= 0)
    mine = inside[people.car]
    group = np.where(inside, grouping.group, -1).astype(np.int16)
    return people._replace(
        town=group, towns=grouping.groups, drivers=people.drivers[mine], car=people.car[mine]
    )  # fmt: skip


def everybody(_measure: str, people: Residents) -> tuple[Bool, Bool]:
    """Return all vehicles and all drivers as those of whom a measure can say something."""
    return np.ones(len(people.town), np.bool_), np.ones(len(people.drivers), np.bool_)


def of_drawn(targets: Int32) -> Lives:
    """Return what tells the vehicles that were drawn, and the drivers whose main car was."""

    def drawn(_measure: str, people: Residents) -> tuple[Bool, Bool]:
        cars = np.zeros(len(people.town), np.bool_)
        cars[targets] = True
        return cars, cars[people.car]

    return drawn


def sizes(people: Residents, lives: tuple[Bool, Bool]) -> dict[str, Int64]:
    """Return how many different vehicles, and different drivers by the car that they mainly drive, each group has of some."""
    cars, drivers = lives
    of_cars, of_people = people.town[cars], people.town[people.car[drivers]]
    return {
        who: np.bincount(group[group >= 0], minlength=len(people.towns)).astype(np.int64)
        for who, group in ((VEHICLES, of_cars), (PEOPLE, of_people))
    }


def told(table: Measured, people: Residents, lives: Lives = everybody) -> Measured:
    """Return what a family said of groups in the towns' place as rows of whose vehicles, or which people, they are.

    Of fewer than 30 different ones, however often they were asked about, nothing is told.

    Parameters
    ----------
    people : Residents
        With the groups in the place of towns.
    lives
        Tells of which vehicles, and which drivers, a measure can say something.
    """
    told_of = [name for name in people.towns if name != REST]
    mine = table.take(np.isin(table.town, told_of) & _lead(table))
    small = np.zeros(len(mine), np.bool_)
    for measure in np.unique(mine.measure).tolist():
        for who, size in sizes(people, lives(measure, people)).items():
            few = np.array(people.towns)[size < LEAST]
            small |= (mine.measure == measure) & (mine.who == who) & np.isin(mine.town, few)
    of_people = np.array([people_of(name) for name in people.towns])[_rows_of(people.towns, mine.town)]
    return dataclasses.replace(
        mine, who=np.where(mine.who == PEOPLE, of_people, mine.town), town=np.full(len(mine), "all"),
        value=np.where(small, np.nan, mine.value), n=np.where(small, 0, mine.n),
    )  # fmt: skip


def enough(rows: Measured, size: int) -> Measured:
    """Return what is said of a group of so many different lives; of fewer than 30, however often they were asked, nothing."""
    if size >= LEAST:
        return rows
    return dataclasses.replace(rows, value=np.full(len(rows), np.nan), n=np.zeros(len(rows), np.int64))


def compared(table: Measured, name: str, people: Residents, distance: float, lives: Lives = everybody) -> Measured:
    """Return the most exposed group's figure over the least exposed one's, as `equity.rows` does, for each of `COMPARED`.

    Of vehicles, and of people. Not told where a group's figure is of fewer than 30 (visits, homes …).

    Parameters
    ----------
    table : Measured
        What a family said of groups in the towns' place, of all towns together last.
    name : str
        By what the groups are told apart.
    distance : float, m
        The least within which a home counts as found.
    """
    parts = [Measured.empty()]
    homes = [("home_found", f"{WITHIN}{distance:g}m{ending}", ending) for ending in ("", SO_FAR)]
    for measure, statistic, ending in [*((*one, "") for one in COMPARED.items()), *homes]:
        asked = np.flatnonzero((table.measure == measure) & (table.statistic == statistic))
        if not len(asked):
            continue
        for who, size in sizes(people, lives(measure, people)).items():
            mine = asked[table.who[asked] == who]
            if len(mine):
                row, big = np.array(np.split(mine, len(size) + 1)), size >= LEAST
                value = apart(np.where(table.n[row[:-1]] >= LEAST, table.value[row[:-1]], np.nan)[big])[0]
                said = name if who == VEHICLES else people_of(name)
                parts.append(_as_equity(table.take(row[-1]), said, measure + ending, value, int(big.sum())))
    return join(parts)


def _rows_of(names: Sequence[str], wanted: NDArray[np.str_]) -> NDArray[np.intp]:
    """Return which of some names, all different, each wanted one is."""
    order = np.argsort(np.array(names))
    return order[np.searchsorted(np.array(names)[order], wanted)]


def _as_equity(rows: Measured, who: str, name: str, value: NDArray[np.float64], groups: int) -> Measured:
    """Return rows of a measure as those of the comparison of its groups, under a name."""

    def same(text: str) -> NDArray[np.str_]:
        return np.full(len(rows), text)

    return dataclasses.replace(
        rows, measure=same("equity"), who=same(who), statistic=same(f"most_to_least_{name}"), value=value,
        unit=same("times"), n=np.where(np.isnan(value), 0, groups).astype(np.int64),
    )  # fmt: skip


def _lead(table: Measured) -> NDArray[np.bool_]:
    """Tell which rows are of a statistic that groups are told of."""
    found = np.char.endswith(table.statistic, "m") | np.char.endswith(table.statistic, "m" + SO_FAR)
    lead: Bool = np.isin(table.measure, PLACES) & np.char.startswith(table.statistic, WITHIN)
    lead &= found | (table.who == VEHICLES)
    for measure, statistics in LEAD.items():
        lead |= (table.measure == measure) & np.isin(table.statistic, statistics)
    return lead
