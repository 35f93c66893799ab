"""The cases that a scenario asks about: of looks that hang on somebody's grant, one for each outcome."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np

from alprsim import custody
from alprsim.experiment import World
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.sight import Case
from alprsim.tables import AS_WRITTEN, SightKind

SIGHTS: tuple[Literal["bulk"], Literal["request"]] = ("bulk", "request")
"""The sights that hang on nobody's grant."""

_GRANTED: tuple[Literal["process"], Literal["side_door"]] = ("process", "side_door")
"""Those that do."""


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
    for name in _GRANTED:
        seen = case._replace(sight=name)
        found += [seen._replace(least=least) for least in [0.0, *chances(seen)][:-1]]
    return found


def chances(case: Case) -> list[float]:
    """Return with which chances, rising, what hangs on a grant is granted to the case's viewer."""
    access = case.access
    rows = (access.viewer == case.viewer_row) & (access.sight == SightKind[case.sight.upper()]) & (access.chance > 0)
    found: list[float] = np.unique(access.chance[rows]).tolist()
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


def _ladder(loaded: Loaded, rules: models.Custody) -> Iterator[tuple[int, models.Custody]]:
    yield AS_WRITTEN, rules
    ladder = loaded.scenario.ladder
    for step in ladder.retention:
        yield step, custody.with_retention(rules, ladder.agencies, step)
