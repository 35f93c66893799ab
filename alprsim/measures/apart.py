"""The same figures of some residents' vehicles apart: by what hot lists say of them, and by where they are at home.

Whoever counts by home town can count by any other grouping: it is given that grouping in the towns' place, and what it says
of “towns” is then said of whose vehicles they are. A group of fewer than 30 vehicles is not told.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from alprsim.measures.equity import LEAST, Grouping, apart
from alprsim.measures.question import STRATA, VEHICLES, Residents, join
from alprsim.tables import Int8, Measured

LEAD = {
    "longest_gap": ("median_of_horizon", "max_of_horizon", "median_of_window", "median_so_far"),
    "path_recall": ("share_of_horizon_pooled", "share_of_horizon_pooled_error", "share_of_window_pooled"),
    "path_precision": ("share_of_horizon_pooled",),
    "trips_rebuilt": ("share_of_horizon_pooled", "share_of_horizon_pooled_error"),
    "position_error": ("tracker", "tracker_error", "nearest", "prior"),
    "position_within": ("tracker", "tracker_error", "nearest", "tracker_minus_nearest", "tracker_minus_nearest_error"),
    "nights_away": ("recall", "precision", "base_rate"),
    "sensitive_visits": ("recall", "precision", "by_chance"),
}
"""The statistics of a measure that are told of groups; of where people live and work all that begin as `WITHIN` does."""

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


def told(table: Measured, grouping: Grouping) -> Measured:
    """Return what a family said of a grouping in the towns' place as rows of whose vehicles they are."""
    told_of = [name for name in grouping.groups if name != REST]
    mine = table.take(np.isin(table.town, told_of) & (table.who == VEHICLES) & _lead(table))
    small = np.isin(mine.town, np.array(grouping.groups)[grouping.sizes < LEAST])
    return dataclasses.replace(
        mine, who=mine.town, town=np.full(len(mine), "all"), value=np.where(small, np.nan, mine.value),
        n=np.where(small, 0, mine.n),
    )  # fmt: skip


def enough(rows: Measured, grouping: Grouping, group: int) -> Measured:
    """Return what is said of one group's vehicles; of fewer than 30, however often they were asked about, nothing."""
    if grouping.sizes[group] >= LEAST:
        return rows
    return dataclasses.replace(rows, value=np.full(len(rows), np.nan), n=np.zeros(len(rows), np.int64))


def compared(table: Measured, grouping: Grouping, distance: float) -> Measured:
    """Return the most exposed group's figure over the least exposed one's, as `equity.rows` does, for each of `COMPARED`.

    Not told where a group's figure is of fewer than 30 (visits, homes …).

    Parameters
    ----------
    table : Measured
        What a family said of the grouping in the towns' place, of all towns together last.
    distance : float, m
        The least within which a home counts as found.
    """
    big = grouping.sizes >= LEAST
    parts = [Measured.empty()]
    homes = [("home_found", f"{WITHIN}{distance:g}m{ending}", ending) for ending in ("", SO_FAR)]
    for measure, statistic, ending in [*((*one, "") for one in COMPARED.items()), *homes]:
        mine = np.flatnonzero((table.measure == measure) & (table.statistic == statistic) & (table.who == VEHICLES))
        if len(mine):
            row = mine.reshape(len(big) + 1, -1)
            value = apart(np.where(table.n[row[:-1]] >= LEAST, table.value[row[:-1]], np.nan)[big])[0]
            parts.append(_as_equity(table.take(row[-1]), grouping, measure + ending, value, int(big.sum())))
    return join(parts)


def _as_equity(rows: Measured, grouping: Grouping, name: str, value: NDArray[np.float64], groups: int) -> Measured:
    """Return rows of a measure as those of the comparison of its groups, under a name."""

    def same(text: str) -> NDArray[np.str_]:
        return np.full(len(rows), text)

    return dataclasses.replace(
        rows, measure=same("equity"), who=same(grouping.name), statistic=same(f"most_to_least_{name}"), value=value,
        unit=same("times"), n=np.where(np.isnan(value), 0, groups).astype(np.int64),
    )  # fmt: skip


def _lead(table: Measured) -> NDArray[np.bool_]:
    """Tell which rows are of a statistic that groups are told of."""
    lead = np.isin(table.measure, PLACES) & np.char.startswith(table.statistic, WITHIN)
    for measure, statistics in LEAD.items():
        lead |= (table.measure == measure) & np.isin(table.statistic, statistics)
    return lead
