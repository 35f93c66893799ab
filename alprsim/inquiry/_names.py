"""What is asked of records that hold a pseudonym in the plate's place: home and work; where a plate is needed, nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from alprsim import sight
from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.inquiry._homes import Homes
from alprsim.measures import names
from alprsim.sight import Case
from alprsim.tables import Bool, Measured

BY_PLATE = ("paths", "position", "homes", "nights", "visits")
"""Families that go through one plate's reads: of records under pseudonyms they could only say that nothing is held."""


def hidden(cases: Sequence[Case]) -> list[Case]:
    """Return the cases of bulk sight that hold records under pseudonyms, as asked by who looks for no plate."""
    found = [case._replace(by_plate=False) for case in cases if case.sight == "bulk"]
    return [case for case in found if case.access.rotation[sight.visible(case)].any()]


class Named:
    """Home and work of those cases: guessed of each car from the name under which most of its reads are held."""

    def __init__(self, asked: Asked, cases: list[Case]) -> None:
        self.every = Lenses.of(cases, asked.records.streams)
        self._homes = Homes(asked, self.every)

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        seen = self.every.lenses[look.lens].seen
        if seen is not None:
            masks = names.most_read(look.opened.bucket, seen.rotation[look.known], look.masks)
            look = look._replace(masks=masks)
        self._homes.add(look)

    def rows(self) -> list[Measured]:
        """Return the rows of home and work."""
        return self._homes.rows()


def told(
    counted: Sequence[Measured], cases: Sequence[Case], by_plate: Sequence[str], instead: Sequence[Measured]
) -> list[Measured]:
    """Return what was counted, not measured in these cases where it was looked for by the plate.

    Parameters
    ----------
    by_plate : names of such measures
    instead : rows of these cases that take the place of those with the same measure, lives and town
    """
    answered = {key for table in instead for key in zip(*_keys(table), strict=True)}
    found = list(instead)
    for table in counted:
        blind = _of(table, cases) & _needs_plates(table, by_plate)
        again = np.array([key in answered for key in zip(*_keys(table), strict=True)], np.bool_) & blind
        value, n = np.where(blind, np.nan, table.value), np.where(blind, 0, table.n)
        found.append(dataclasses.replace(table, value=value, n=n).take(~again))
    return found


def _keys(table: Measured) -> tuple[list[str], ...]:
    return tuple(column.tolist() for column in (table.measure, table.who, table.town))


def _of(table: Measured, cases: Sequence[Case]) -> Bool:
    mine = np.zeros(len(table), np.bool_)
    for case in cases:
        said = (table.policy == case.policy) & (table.viewer == case.viewer) & (table.sight == case.sight)
        mine |= said & (table.retention == case.retention)
    return mine


def _needs_plates(table: Measured, by_plate: Sequence[str]) -> Bool:
    needs: Bool = np.isin(table.measure, by_plate)
    for measure in by_plate:
        needs |= np.char.startswith(table.statistic, f"most_to_least_{measure}")
    return needs
