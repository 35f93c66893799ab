"""What one viewer holds on one synthetic vehicle at one moment, under each policy, and the rule behind every read it lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import custody
from alprsim.custody import Captured, Reason, Sight, Tracer, Why
from alprsim.dossier._opened import DossierError, Opened, Subject, kinds_near, roving
from alprsim.report.dossier import Dossier, Holding, Loss, Seen
from alprsim.results import words
from alprsim.results.run import Run
from alprsim.scenario import models
from alprsim.tables import DAY, DAY_STARTS, Access, Int64, RecordClass, SightKind

NEAR = 250.0
"""m: a place this near to a camera may be what the vehicle came for. The distance within which a home counts as found."""

_SAID = {
    Reason.MAY_NOT_KEEP: "{agency}: that camera’s reads may not be kept",
    Reason.HITS_ONLY: "{agency} keeps hits only",
    Reason.SAMPLED_OUT: "not in the sample that {agency} keeps",
    Reason.KEEPS_NOTHING: "{agency} keeps nothing",
    Reason.NEVER_COPIED: "gone from {agency} before it was copied, or the copy refused",
    Reason.OPTED_OUT: "{agency} opted out of sharing",
    Reason.NOT_PASSED_ON: "{agency}’s reads are not passed on so far",
    Reason.NO_EDGE: "no sharing of {agency}’s reads leads to {viewer}",
    Reason.NOT_YET_COPIED: "not yet copied to {agency}",
    Reason.PURGED: "purged by {agency}{limit}",
    Reason.LOOK_BACK: "older than a search of {agency} may look back",
    Reason.ON_REQUEST: "{agency} shows it only plate by plate",
    Reason.WARRANT: "{agency} shows it only to a warrant",
    Reason.WARRANT_TOO_LATE: "gone from {agency} before a warrant is served",
}

_KEPT_AS = {
    RecordClass.PLAIN: "", RecordClass.HIT: " for hits", RecordClass.HELD: " for reads held as evidence",
    RecordClass.ALERT: " for alerts",
}  # fmt: skip
"""What a clock is for, where it is not that of all reads."""


class _Asked(NamedTuple):
    """A viewer at a moment."""

    opened: Opened
    subject: Subject
    agency: str
    sight: Sight
    moment: int
    near: list[tuple[str, ...]]
    """Of every read: truth."""


class _Found(NamedTuple):
    """One policy's answer, a row a read."""

    policy: models.Policy
    access: Access
    row: Int64
    """Of Access; −1: not obtained."""
    whys: list[Why]
    limits: list[str]
    """The clock by which each read was purged, where that is the reason."""

    @property
    def named(self) -> NDArray[np.bool_]:
        """Which reads a search by plate finds."""
        if not len(self.access):
            return np.zeros(len(self.row), np.bool_)
        return np.asarray((self.row >= 0) & (self.access.rotation[self.row] == 0), np.bool_)


def dossier(
    run: Run, vehicle: str, viewer: str, at: str, *, hour: int = 12, seed: int | None = None,
    policies: Sequence[str] = (), sight: Sight = "request",
) -> Dossier:  # fmt: skip
    """Return what a viewer holds on one vehicle of a finished run.

    Parameters
    ----------
    vehicle
        Its number, "typical" or "most".
    viewer
        One of the run's viewers, or any of its agencies.
    at
        A day of the scenario, from 0, or a date; with the clock `hour`.
    policies
        Which of the run's; none: all. The run's baseline always comes first.

    Raises
    ------
    DossierError
        The run has no such vehicle, viewer, policy or moment.
    """
    opened = Opened.of(run, seed)
    moment, agency = opened.moment(at, hour), opened.viewer(viewer)
    baseline = next(iter(opened.loaded.policies))
    names = [opened.policy(name).name for name in policies] or list(opened.loaded.policies)
    subject = opened.subject(vehicle, moment)
    asked = _Asked(opened, subject, agency, sight, moment, near(opened, subject))
    base, *found = (_ask(asked, opened.loaded.policies[name]) for name in dict.fromkeys([baseline, *names]))
    title = f"{viewer} ({agency})" if viewer != agency and viewer in run.info["viewers"] else agency
    reads = subject.reads
    ghosts = int(np.count_nonzero(reads.vehicle != reads.plate))
    spots = opened.spots(reads.site)
    ever = tuple((int(time), float(x), float(y)) for time, (x, y) in zip(reads.time, spots, strict=True))
    return Dossier(
        run.info["title"], subject.vehicle, subject.chosen, subject.kind.name.lower(), subject.town, title, sight,
        words.SIGHTS[sight][1], opened.said(moment), moment, opened.seed, len(reads), ghosts, len(subject.truth), ever,
        tuple(_holding(asked, base, one) for one in (base, *found)),
    )  # fmt: skip


def _ask(asked: _Asked, policy: models.Policy) -> _Found:
    if asked.agency not in policy.custody.agencies:
        raise DossierError(f"the policy {policy.name!r} has no agency {asked.agency!r}")
    opened, sights = asked.opened, custody.SEEN[asked.sight]
    viewer = opened.row_of[asked.agency]
    reads = opened.captured(asked.subject.reads, policy)
    access = custody.access(policy.custody, opened.agencies, [viewer])
    row = custody.obtainable(access, viewer, reads, asked.moment, sights)
    tracer = custody.Tracer(policy.custody, opened.agencies)
    whys = tracer.why(reads, viewer, asked.moment, sights)
    limits = [_limit(tracer, reads, number, why) for number, why in enumerate(whys)]
    return _Found(policy, access, row, whys, limits)


def _limit(tracer: Tracer, reads: Captured, row: int, why: Why) -> str:
    """Say the clock by which a read was purged, if it was, and of what it is the clock."""
    if why.reason != Reason.PURGED:
        return ""
    record = tracer.purged_as(reads, row, why.agency)
    name = tracer.rules.names[why.agency]
    (length, _), (plain, _) = (custody.clock(tracer.spec, name, one) for one in (record, RecordClass.PLAIN))
    return f" ({words.duration(length)}{'' if length == plain else _KEPT_AS[record]})"


def _holding(asked: _Asked, base: _Found, found: _Found) -> Holding:
    named = found.named
    reads, truth = asked.subject.reads, asked.subject.truth
    own = named & (reads.vehicle == reads.plate)
    seen_at = np.sort(reads.time[own])
    trips = np.searchsorted(seen_at, truth.arrive) > np.searchsorted(seen_at, truth.depart)
    missing = base.named & ~named
    return Holding(
        found.policy.name, tuple(_seen(asked, found, int(row)) for row in np.flatnonzero(named)),
        int(np.count_nonzero((found.row >= 0) & ~named)), _losses(asked, found, found.row < 0),
        _losses(asked, found, missing), int(trips.sum()), int(np.count_nonzero(named & ~own)),
    )  # fmt: skip


def _losses(asked: _Asked, found: _Found, rows: NDArray[np.bool_]) -> tuple[Loss, ...]:
    """Count the reads of some rows by the rule that keeps them from the viewer, most first."""
    said = Counter(_reason(asked, found, int(row)) for row in np.flatnonzero(rows))
    return tuple(Loss(text, n) for text, n in said.most_common())


def _reason(asked: _Asked, found: _Found, row: int) -> str:
    reason, agency = found.whys[row]
    if reason == Reason.OBTAINED:
        return "kept under a pseudonym: no search by plate finds it"
    name = str(asked.opened.agencies.name[agency])
    return _SAID[reason].format(agency=name, viewer=asked.agency, limit=found.limits[row])


def _seen(asked: _Asked, found: _Found, row: int) -> Seen:
    """Say one read as the viewer's record has it: as coarse as its row of Access leaves it."""
    opened, reads, access = asked.opened, asked.subject.reads, found.access
    one = int(found.row[row])
    step, side = int(access.time_step[one]), float(access.place_step[one])
    time, site = int(reads.time[row]), int(reads.site[row])
    time -= time % step if step else 0
    x, y = (float(values[site]) for values in (opened.sites.x, opened.sites.y))
    if side:
        x, y = ((value // side + 0.5) * side for value in (x, y))
    return Seen(
        time, _when(opened, time, step), opened.said(time).split(",")[0], -1 if step >= DAY else _clock(time), x, y, side,
        where(opened, site, side), str(opened.agencies.name[opened.owner_of_site[site]]),
        str(opened.agencies.name[access.through[one]]), _how(access, one), () if side else asked.near[row],
    )  # fmt: skip


def _when(opened: Opened, time: int, step: int) -> str:
    if step >= DAY:
        return opened.said(time).split(",")[0]
    said = opened.said(time)
    return f"{said} to {opened.said(time + step).split(', ')[-1]}" if step >= 60 else said


def _clock(time: int) -> int:
    return (time + DAY_STARTS) % DAY // 3600


def where(opened: Opened, site: int, side: float) -> str:
    """Say where a camera stands, or the square that is left of it."""
    sites = opened.sites
    if side:
        return f"a square of {side / 1000:g} km" if side >= 1000 else f"a square of {side:g} m"
    kind, number = str(sites.kind[site]), int(sites.camera[site])
    car = f"{kind} car {number}, on road {sites.road[site]}" if roving(kind) else f"{kind} camera {number}"
    return f"{car}, {sites.town[site]}"


def _how(access: Access, row: int) -> str:
    sight = SightKind(int(access.sight[row]))
    if sight == SightKind.PROCESS:
        return f"by warrant, after {words.duration(int(access.delay[row]))}, granted {100 * access.chance[row]:.0f} %"
    return {SightKind.BULK: "in bulk", SightKind.REQUEST: "on request", SightKind.SIDE_DOOR: "by a side door"}[sight]


def near(opened: Opened, subject: Subject) -> list[tuple[str, ...]]:
    """Return for every read the kinds of the places, of those the vehicle went to, that lie near its camera."""
    places, kinds = opened.visited(subject.truth)
    at_site = {
        int(site): tuple(kinds_near(opened.spots(np.array([site]))[0], places, kinds, NEAR))
        for site in np.unique(subject.reads.site)
    }
    return [at_site[int(site)] for site in subject.reads.site]
