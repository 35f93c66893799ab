"""A read as captured, and each copy of it that lies or lay somewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Literal, NamedTuple

from alprsim.tables import RecordClass

if TYPE_CHECKING:
    from alprsim.ledger._rules import Keeper, Relation


class Captured(NamedTuple):
    """A read: when and by whose camera, what class of record it is, and what decides who keeps it."""

    time: int
    owner: int
    record: int = RecordClass.PLAIN
    draw: float = 0.0
    """In [0, 1): of plain reads, stores that sample take those below their share."""
    hits: frozenset[int] = frozenset()
    """Agencies, by row, whose hot lists it matched."""
    plate: int = 0
    admitted: bool = True
    """Whether the owner may keep what this camera reads."""


class Resolution(NamedTuple):
    """How well a copy tells when, where and who."""

    time_step: int = 0
    """s; 0 exactly"""
    place_step: float = 0
    """m; 0 the camera"""
    rotation: int = 0
    """s that one pseudonym lasts; 0 the plate itself, 2³¹−1 for good"""

    def through(self, store: Resolution) -> Resolution:
        """Return what a store that blurs so leaves of it: the coarser step, the shorter-lived pseudonym."""
        hashes = [one for one in (self.rotation, store.rotation) if one]
        step = max(self.time_step, store.time_step), max(self.place_step, store.place_step)
        return Resolution(*step, min(hashes, default=0))

    def or_finer(self, other: Resolution) -> Resolution:
        """Return the finer of each; a plate is finer than any pseudonym, a lasting pseudonym than a short one."""
        step = min(self.time_step, other.time_step), min(self.place_step, other.place_step)
        plain = self.rotation == 0 or other.rotation == 0
        return Resolution(*step, 0 if plain else max(self.rotation, other.rotation))


EXACT = Resolution()


@dataclass(eq=False)
class Copy:
    """One read in one place; times in seconds since the start, `purged` infinite while it is there."""

    store: int
    """Row of Agencies."""
    read: int
    received: int
    start: int
    """What its clock counts from."""
    due: float
    rule: Keeper
    passed: int = 0
    """Edges from its camera's owner to here."""
    giver: int = -1
    """Over whose edge it came first; −1 its own camera's."""
    arrived: Resolution = EXACT
    """As it came in, before this store blurred it."""
    shelf: Literal["store", "alerts", "saved"] = "store"
    purged: float = inf
    until: float = 0
    """Held on request at least up to here."""
    came: set[tuple[int, tuple[Relation, ...]]] = field(default_factory=set)
    """From which stores, over which edges."""
    falls: float = inf
    """When its purge is planned."""

    @property
    def held(self) -> bool:
        """Whether somebody asked to preserve it."""
        return self.until > 0

    @property
    def resolution(self) -> Resolution:
        """What it tells."""
        return self.arrived if self.shelf == "saved" else self.arrived.through(self.rule.blur)

    @property
    def opened(self) -> Resolution:
        """What it tells with a warrant."""
        opens = self.rule.opens and self.shelf != "saved"
        return self.resolution._replace(rotation=self.arrived.rotation) if opens else self.resolution

    def lies(self, moment: float) -> bool:
        """Tell whether it is there at a moment."""
        return self.received <= moment < self.purged

    def restorable(self, moment: float) -> bool:
        """Tell whether it is gone but can be restored from a backup."""
        return self.purged <= moment < self.purged + self.rule.backup
