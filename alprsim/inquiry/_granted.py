"""What comes of looks that somebody must grant: what is found with the grant and without, each as often as it happens.

An investigation has one target and draws one number between 0 and 1 for all its warrants, and one for all its side doors;
whatever is granted with a chance above that number is granted to it, with all the reads it covers. So with chances of 30 % and
90 % there are three outcomes: both granted (30 % of investigations), only the second (60 %), neither (10 %). There are as many
outcomes as different chances and one, however many agencies grant. Each outcome is asked as a case of its own, and every
figure is averaged over them: never the figure of reads that were granted one by one. Nobody asks for a warrant and a favour.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from alprsim.inquiry._cases import SIGHTS, Named, chances, label
from alprsim.measures import question
from alprsim.sight import Case
from alprsim.tables import Bool, Float64, Int64, Measured

RATIOS = {
    "days_per_answer": "",
    "equity": "most_to_least_",
    "position_error": "of_nearest",
    **dict.fromkeys(("lookback_plate", "lookback_area"), "_of_no_limit"),
}
"""Statistics that set one figure beside another, by what their names hold: a ratio of averages is no average of ratios."""

_JUDGED = ("precision", "by_chance", "at_decoys")
CLAIMS = {
    "path_precision": ("share_of_horizon",),
    "nights_away": _JUDGED,
    **dict.fromkeys(("sensitive_visits", "sensitive_places", "sensitive_habits"), _JUDGED),
}
"""Statistics, by how they begin, that judge what is claimed of a time that every outcome asks about: without a claim none."""


def expected(table: Measured, whole: Sequence[Case]) -> Measured:
    """Return a table with the expected figures of looks by process and by a side door in the place of every outcome's.

    What judges claims is averaged over the outcomes in which there are any. Everything else is measured where it is in
    every outcome, and NaN with n = 0 where it is not in one. n is the expected number. `RATIOS` are left out. Averaged
    standard errors are at least those of the averages. Rows keep their order: where the first outcome's stood, its figures stand.

    Parameters
    ----------
    table : Measured
        For each of the cases that hang on a grant, and for the same on request, the same rows in the same order.
    whole : of all cameras' reads, as `cases` returns them
    """
    granted = ~np.isin(table.sight, SIGHTS)
    if not granted.any():
        return table
    claims, rows = _begins(table), _by_case(table, granted | (table.sight == "request"))
    value, n, seen = table.value.copy(), table.n.copy(), table.sight.copy()
    kept = ~granted
    for sight, outcomes in _investigations(whole):
        weight = np.array([chance for _, chance in outcomes])
        of = np.stack([rows[case] for case, _ in outcomes])
        first = of[1]  # that of the refused stands for the sight on request
        value[first], n[first] = _averaged(weight, table.value[of], table.n[of], claims[first])
        seen[first], kept[first] = sight, ~_ratios(table.take(first))
    return dataclasses.replace(table, sight=seen, value=value, n=n).take(kept)


def _investigations(whole: Sequence[Case]) -> Iterator[tuple[str, list[tuple[Named, float]]]]:
    """Yield the sight of each kind of investigation, and its outcomes, nothing granted first, with their chances."""
    together: dict[Named, list[Case]] = {}
    for case in whole:
        if case.sight not in SIGHTS:
            together.setdefault(label(case)._replace(sight=case.sight), []).append(case)
    for named, cases in together.items():
        high = chances(cases[0])
        refused = named._replace(sight="request"), 1.0 - high[-1]
        yield (
            named.sight,
            [refused, *((label(case), top - case.least) for case, top in zip(cases, high, strict=True))],
        )


def _averaged(weight: Float64, value: Float64, n: Int64, claims: Bool) -> tuple[Float64, Int64]:
    """Average over outcomes, [outcomes, rows]; of claims over those that make any."""
    weights = np.where(claims & (n == 0), 0.0, weight[:, None])
    with np.errstate(invalid="ignore"):  # what never ends has no share that is not granted
        parts = np.where(weights > 0, weights * value, 0.0).sum(axis=0)
    mean = question.ratio(parts, weights.sum(axis=0))
    counted = np.rint((weight[:, None] * n).sum(axis=0)).astype(np.int64)
    return mean, np.where(np.isnan(mean), 0, counted)


def _by_case(table: Measured, some: Bool) -> dict[Named, NDArray[np.intp]]:
    """Return the rows of each case, of some rows of a table, in their order."""
    row = np.flatnonzero(some)
    columns = [getattr(table, name)[row] for name in Named._fields]
    code = np.zeros(len(row), np.int64)
    for column in columns:
        values, which = np.unique(column, return_inverse=True)
        code = code * len(values) + which
    order = np.argsort(code, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(code[order])) + 1)
    return {Named(*(column[mine[0]].item() for column in columns)): row[mine] for mine in parts}  # any: 0


def _begins(table: Measured) -> Bool:
    """Tell which rows judge what is claimed."""
    found = np.zeros(len(table), np.bool_)
    for measure, names in CLAIMS.items():
        for name in names:
            found |= (table.measure == measure) & np.char.startswith(table.statistic, name)
    return found


def _ratios(table: Measured) -> Bool:
    """Tell which rows set one figure beside another."""
    found = np.zeros(len(table), np.bool_)
    for measure, name in RATIOS.items():
        found |= (table.measure == measure) & (np.char.find(table.statistic, name) >= 0)
    return found
