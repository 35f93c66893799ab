"""What one custody says of each agency and of each pair of agencies, as the ledger's processes need it."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any, NamedTuple

from alprsim.ledger._copies import EXACT, Captured, Resolution
from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Agencies, RecordClass

Relation = tuple[int, int, str]
"""Giver, taker, kind: an edge lasts through a change of its terms as long as some edge of the kind joins the two."""


class Keeper(NamedTuple):
    """What an agency's store does with a read; times in seconds, infinite where there is no limit."""

    clocks: tuple[float, float, float]
    """Of plain reads, hits and held ones."""
    alert: float
    sample: float
    purge: models.Schedule | None
    backup: float
    blur: Resolution
    opens: bool
    """Whether a warrant opens its hashes."""
    warrant: models.Warrant | None
    host: int
    """Row of Agencies; −1 its own servers."""

    def takes(self, captured: Captured) -> bool:
        """Tell whether the store keeps such a read at all."""
        sampled = captured.record != RecordClass.PLAIN or captured.draw < self.sample
        return self.clocks[captured.record] > 0 and sampled


NOBODY = Keeper((0, 0, 0), 0, 1, None, 0, EXACT, opens=False, warrant=None, host=-1)


class Link(NamedTuple):
    """An edge between two agencies, by row; `limit`: most edges that what goes over it may have passed before."""

    giver: int
    taker: int
    rule: models.Edge
    limit: float

    @property
    def relation(self) -> Relation:
        """The two and the kind."""
        return self.giver, self.taker, self.rule.kind


def tick(schedule: models.Schedule | None, moment: float) -> float:
    """Return the first tick of a schedule at or after a moment; without a schedule the moment itself."""
    if schedule is None or moment == inf:
        return moment
    return moment + (schedule.at - moment) % schedule.every


def seconds(duration: int | None, otherwise: float) -> float:
    """Return a key's seconds, infinite where unlimited; `otherwise` where nobody said."""
    return otherwise if duration is None else inf if duration == UNLIMITED else duration


def keepers(spec: models.Custody, agencies: Agencies) -> list[Keeper]:
    """Return every agency's; a row that the custody lacks keeps nothing."""
    row = {str(name): number for number, name in enumerate(agencies.name)}
    return [_keeper(spec, spec.agencies[name], row) if name in spec.agencies else NOBODY for name in row]


def _keeper(spec: models.Custody, agency: models.Agency, row: dict[str, int]) -> Keeper:
    if agency.kind == "host":
        return NOBODY

    def said(key: str) -> Any:
        own = getattr(agency, key)
        return getattr(spec.departments, key) if own is None and agency.kind == "department" else own

    retention = seconds(said("retention"), seconds(spec.retention, 0))
    hit = max(retention, seconds(said("hit_retention"), retention))
    held = max(hit, seconds(said("held_retention"), hit))
    identity = said("identity") or models.Identity(kind="plain")
    return Keeper(
        clocks=(0 if said("keep") == "hits" else retention, hit, held),
        alert=seconds(said("alert_retention"), hit),
        sample=1 if (sample := said("sample")) is None else sample,
        purge=said("purge"),
        backup=said("backup") or 0,
        blur=Resolution(said("time_step") or 0, said("place_step") or 0, _rotation(identity)),
        opens=identity.kind == "escrow",
        warrant=said("warrant"),
        host=row.get(agency.host, -1) if agency.host else -1,
    )


def _rotation(identity: models.Identity) -> int:
    return 0 if identity.kind == "plain" else identity.rotate


# --- who shares with whom -------------------------------------------------------------------------------------------------


def links(spec: models.Custody, agencies: Agencies) -> Iterator[Link]:
    """Yield every edge between two agencies that nobody opted out of."""
    row = {str(name): number for number, name in enumerate(agencies.name)}
    names = [name for name, agency in spec.agencies.items() if agency.kind != "host" and name in row]
    for rule in () if spec.hops == 0 else spec.sharing:
        limit = _limit(rule, spec.hops)
        for giver in (name for name in names if _is_of(spec, rule.giver, name, name)):
            for taker in (name for name in names if name != giver and _is_of(spec, rule.taker, name, giver)):
                if not _opted_out(spec, giver, taker):
                    yield Link(row[giver], row[taker], rule, limit)


def _limit(rule: models.Edge, hops: int | None) -> float:
    own = inf if rule.onward is True else int(rule.onward)
    return own if hops is None else min(own, hops - 1)


def _is_of(spec: models.Custody, end: str | tuple[str, ...], name: str, giver: str) -> bool:
    ends = end if isinstance(end, tuple) else (end,)
    return any(name == one or _in_group(spec, one, name, giver) for one in ends)


def _in_group(spec: models.Custody, group: str, name: str, giver: str) -> bool:
    agency, home = spec.agencies[name], spec.agencies[giver].state
    if group == "everyone":
        return True
    if group not in models.GROUPS or agency.kind != "department":
        return False
    attested = home in models.COMPACT and agency.state in models.COMPACT and agency.attests
    return group == "departments" or agency.state == home or (group == "compact" and attested)


def _opted_out(spec: models.Custody, giver: str, taker: str) -> bool:
    return any(_is_of(spec, out.agency, giver, giver) and _is_of(spec, out.to, taker, giver) for out in spec.opt_out)
