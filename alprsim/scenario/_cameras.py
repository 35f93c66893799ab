"""The keys of a scenario that say which readers there are, where they stand and how well they read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from alprsim.scenario._fields import Coordinates, Count, FileName, Length, Model, Name, Rate, Share
from alprsim.scenario._patrols import Patrol, Portable, Rounds, Spotter

# A key, its unit, its default and its source stand on one line.
# fmt: off

Siting = Literal["busiest", "gateways", "random", "near_places", "listed", "file"]


ROVING = ("patrol", "spotter")
"""Kinds of camera that drive; they and trailers (`portable`) have keys of their own."""


class CameraGroup(Model):
    """Cameras of one owner, placed one way. What it leaves out is taken from `cameras`."""

    agency: Name
    count: Annotated[int | None, Field(ge=0)] = None
    kind: Literal["fixed", "gantry", "patrol", "spotter", "portable"] | None = None
    siting: Siting | None = None
    town: Annotated[Name | None, Field(description="Where they stand; by default the town of the agency's name.")] = None
    near: Annotated[Literal["school", "worship", "clinic", "support_group", "bar", "court", "shop"] | None, Field(description="With siting: near_places.")] = None
    sites: Annotated[tuple[Coordinates, ...], Field(description="With siting: listed. Pairs of latitude, longitude.")] = ()
    file: Annotated[FileName | None, Field(description="With siting: file. CSV with columns lat, lon and optionally direction, town, relative to the scenario file.")] = None
    patrol: Annotated[Patrol | None, Field(description="With kind: patrol.")] = None
    spotter: Annotated[Spotter | None, Field(description="With kind: spotter.")] = None
    portable: Annotated[Portable | None, Field(description="With kind: portable.")] = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> CameraGroup:
        for kind in (*ROVING, "portable"):
            if getattr(self, kind) is not None and self.kind != kind:
                raise ValueError(f"{kind} belongs to kind: {kind}; this group's kind is {self.kind or 'not given'}")
        if self.kind in ROVING and self.siting:
            raise ValueError(f"siting: {self.siting} has no meaning for kind: {self.kind}, which drives")
        return self

    @property
    def rounds(self) -> Rounds | None:
        """How its cars spend their days; None where they stand."""
        return {"patrol": self.patrol or Patrol(), "spotter": self.spotter or Spotter()}.get(self.kind or "")


class Cameras(Model):
    """The readers: how many, where, how good. A group's own value goes before these."""

    count: Annotated[Count, Field(description="Cameras of each group that does not say its own count. Assumption.")] = 10
    kind: Literal["fixed", "gantry"] = "fixed"
    siting: Siting = "busiest"
    both_directions: Annotated[Share, Field(description="Share of cameras that watch both directions of their road. Assumption, from the 12 % of Connecticut's mapped cameras that have another within 60 m (OpenStreetMap snapshot of 29 December 2025 compiled by DeFlock).")] = 0.12
    tolerance: Annotated[Length, Field(description="A listed camera farther than this from every road is refused. Assumption.")] = 60.0
    rate: Annotated[Rate, Field(gt=0, description="A reader's throughput; claimed are 1,800 a minute (Hartford Courant, 31 May 2016) to 60 a second (betaboston.com, 2014).")] = 1800.0
    buffer: Annotated[int, Field(ge=0, le=32000, description="Plates a busy reader can keep waiting. Assumption.")] = 16
    capture: Annotated[Share, Field(description="Passing plates recorded at all. Assumption between 0.80 (Genetec white paper's example) and 0.98 (British design minimum, remembered).")] = 0.90
    readable: Annotated[Share, Field(description="Recorded plates that yield any text. Assumption.")] = 0.98
    correct: Annotated[Share, Field(description="Texts read right: 0.93 as Flock told one city (checkcu.org); others 0.90 (NCRIC in The Verge, 2019) and 0.97 (British police, Daily Mail, 9 January 2018).")] = 0.93
    groups: Annotated[tuple[CameraGroup, ...], Field(min_length=1)]

    @property
    def portable(self) -> list[int]:
        """The rows of groups whose cameras are trailers."""
        return [row for row, group in enumerate(self.groups) if group.kind == "portable"]

    def standing(self) -> Cameras:
        """Return the cameras that stand for good; the groups of others keep their row, without a camera."""
        groups = [g.model_copy(update=_NOBODY) if g.kind in (*ROVING, "portable") else g for g in self.groups]
        return self.model_copy(update={"groups": tuple(groups)})

    def stops(self, row: int) -> Cameras:
        """Return the sites between which one group's trailers move, as cameras that stand, and no other camera."""
        own = self.groups[row]
        listed = (own.siting or self.siting) in ("listed", "file")
        stops = None if listed else (own.portable or Portable()).stops
        groups = [g.model_copy(update=_NOBODY) for g in self.groups]
        groups[row] = own.model_copy(update={"kind": "fixed", "count": stops})
        return self.model_copy(update={"groups": tuple(groups)})


_NOBODY = {"kind": "fixed", "siting": "random", "count": 0}


class PlateStock(Model):
    """The plates in circulation, so that a misread usually names another real car."""

    issued: Annotated[int, Field(gt=0, le=50_000_000, description="Active Connecticut plates (3,023,124 on 1 May 2019, ctbythenumbers.news).")] = 3_023_124
    out_of_state: Annotated[Share, Field(description="Of through vehicles. Assumption; one blog claims about 30 % on I-95 and I-84.")] = 0.30
