"""The keys of a scenario that say which readers there are, where they stand and how well they read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from alprsim.scenario._fields import Coordinates, Count, FileName, Length, Model, Name, Rate, Share


def _whole(shares: dict[str, float]) -> dict[str, float]:
    if abs(sum(shares.values()) - 1) > 1e-9:
        raise ValueError(f"shares must add up to 1, not {sum(shares.values()):g}")
    return shares


# A key, its unit, its default and its source stand on one line.
# fmt: off

Siting = Literal["busiest", "gateways", "random", "near_places", "listed", "file"]


class CameraGroup(Model):
    """Cameras of one owner, placed one way. What it leaves out is taken from `cameras`."""

    agency: Name
    count: Annotated[int | None, Field(ge=0)] = None
    kind: Literal["fixed", "gantry"] | None = None
    siting: Siting | None = None
    town: Annotated[Name | None, Field(description="Where they stand; by default the town of the agency's name.")] = None
    near: Annotated[Literal["school", "worship", "clinic", "support_group", "bar", "court", "shop"] | None, Field(description="With siting: near_places.")] = None
    sites: Annotated[tuple[Coordinates, ...], Field(description="With siting: listed. Pairs of latitude, longitude.")] = ()
    file: Annotated[FileName | None, Field(description="With siting: file. CSV with columns lat, lon and optionally direction, town, relative to the scenario file.")] = None


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


class PlateStock(Model):
    """The plates in circulation, so that a misread usually names another real car."""

    issued: Annotated[int, Field(gt=0, le=50_000_000, description="Active Connecticut plates (3,023,124 on 1 May 2019, ctbythenumbers.news).")] = 3_023_124
    out_of_state: Annotated[Share, Field(description="Of through vehicles. Assumption; one blog claims about 30 % on I-95 and I-84.")] = 0.30
    formats: Annotated[dict[Literal["AB12345", "123ABC", "1ABCD2"], Share], AfterValidator(_whole), Field(min_length=1, description="Shares of the state's plates by series, each issued in sequence: AB·12345 since August 2015, 123·ABC 1980 to 2013, 1ABCD2 between (Hartford Courant, 18 September 2015). The shares are an assumption: 60 % make the newest series end at AS, and AU was reached by spring 2019 (ctbythenumbers.news).")] = {"AB12345": 0.6, "123ABC": 0.3, "1ABCD2": 0.1}
