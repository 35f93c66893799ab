"""The cases that a scenario asks about, and what becomes of those that hang on somebody's grant."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import custody, sight
from alprsim.experiment import World
from alprsim.measures import question
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.sight import Case
from alprsim.tables import AS_WRITTEN, Measured, SightKind

SIGHTS: tuple[Literal["bulk"], Literal["request"]] = ("bulk", "request")
"""The sights that hang on nobody's grant."""

_GRANTED: tuple[tuple[SightKind, Literal["process", "side_door"]], ...] = (
    (SightKind.PROCESS, "process"),
    (SightKind.SIDE_DOOR, "side_door"),
)


def cases(loaded: Loaded, world: World) -> list[Case]:
    """Return every (policy, step of the ladder, viewer, sight); the first step is the retention the policy itself says."""
    row = {str(name): i for i, name in enumerate(world.agencies.name)}
    found = []
    for policy in loaded.policies.values():
        viewers = [row[viewer.agency] for viewer in policy.viewers.values()]
        for step, rules in _ladder(loaded, policy.custody):
            access = custody.access(rules, world.agencies, sorted(set(viewers)))
            for name, viewer in zip(policy.viewers, viewers, strict=True):
                found += [Case(policy.name, name, seen, step, access, viewer) for seen in SIGHTS]
                found += _by_chance(Case(policy.name, name, "request", step, access, viewer))
    return found


def _by_chance(case: Case) -> list[Case]:
    """Return what a case obtains beside, by process or a side door, once for each outcome of what is granted."""
    found: list[Case] = []
    for kind, name in _GRANTED:
        rows = (case.access.viewer == case.viewer_row) & (case.access.sight == kind)
        chances = np.unique(case.access.chance[rows])
        chances = chances[chances > 0]
        below = [0.0, *chances[:-1].tolist()][: len(chances)]
        found += [case._replace(sight=name, least=least) for least in below]
    return found


class Named(NamedTuple):
    """A case as the tidy table names it."""

    policy: str
    viewer: str
    sight: str
    reads: str
    retention: int


def label(case: Case) -> Named:
    """Name a case; one that somebody must grant, with the chance above which it is granted."""
    said = case.sight if case.sight in SIGHTS else f"{case.sight}>{case.least!r}"
    return Named(case.policy, case.viewer, said, case.reads, case.retention)


def expected(table: Measured, whole: Sequence[Case]) -> Measured:
    """Average over whether warrants, or favours of partners, are granted: each outcome counts as often as it happens.

    An investigation draws one number between 0 and 1 for all its warrants, and one for all its side doors; whatever is
    granted with a chance above that number is granted to it. So with chances of 30 % and 90 % there are three outcomes: both
    granted (30 % of investigations), only the second (60 %), neither (10 %). Ratios are left out, since the ratio of
    averages is not the average of ratios.
    """
    granted = np.char.find(table.sight, ">") >= 0
    names = dict.fromkeys(case.sight for case in whole if case.sight not in SIGHTS)
    return question.join([table.take(~granted), *(_mixed(table, whole, name) for name in names)])


def _mixed(table: Measured, whole: Sequence[Case], name: str) -> Measured:
    """Return the expected rows of one sight."""
    ratios = np.char.endswith(table.statistic, "_of_no_limit") | (table.measure == "days_per_answer")
    rows = table.take(~ratios)
    without = rows.sight == "request"
    keys = _keys(rows)
    found: list[Measured] = []
    groups: dict[tuple[str, str, int], list[Case]] = {}
    for case in whole:
        if case.sight == name:
            groups.setdefault((case.policy, case.viewer, case.retention), []).append(case)
    for (policy, viewer, step), cases in groups.items():
        mine = (rows.policy == policy) & (rows.viewer == viewer) & (rows.retention == step) & (rows.reads == sight.ALL)
        chances = np.unique(cases[0].access.chance[_rows_of(cases[0])])
        chances = chances[chances > 0]
        base = np.flatnonzero(mine & without)
        base = base[np.argsort(keys[base], kind="stable")]
        value = rows.value[base] * (1 - chances[-1])
        for case, high in zip(cases, chances, strict=True):
            open_ = np.flatnonzero(mine & (rows.sight == label(case).sight))
            open_ = open_[np.argsort(keys[open_], kind="stable")]
            value = value + rows.value[open_] * (high - case.least)
        table_ = rows.take(base)
        found.append(dataclasses.replace(table_, sight=np.full(len(base), name), value=value))
    return question.join(found)


def _rows_of(case: Case) -> NDArray[np.bool_]:
    kind = SightKind[case.sight.upper()]
    rows: NDArray[np.bool_] = (case.access.viewer == case.viewer_row) & (case.access.sight == kind)
    return rows


def _keys(rows: Measured) -> NDArray[np.str_]:
    """Return a text a row that tells rows of one case apart."""
    said = (rows.measure, rows.statistic, rows.who, rows.town)
    return functools.reduce(lambda left, right: np.char.add(np.char.add(left, "\n"), right), said)


def _ladder(loaded: Loaded, rules: models.Custody) -> Iterator[tuple[int, models.Custody]]:
    yield AS_WRITTEN, rules
    ladder = loaded.scenario.ladder
    for step in ladder.retention:
        yield step, custody.with_retention(rules, ladder.agencies, step)
