"""The keys of a scenario that say which readers there are, where they stand and how well they read."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from alprsim.scenario import units
from alprsim.scenario._fields import (
    Coordinates,
    Count,
    Duration,
    FileName,
    Length,
    Model,
    Name,
    Rate,
    Retention,
    Share,
    Speed,
)
from alprsim.scenario._patrols import Patrol, Portable, Rounds, Spotter
from alprsim.tables import ROVING as _ROVING
from alprsim.tables import UNLIMITED


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder's name, a path, an unknown zone
        raise ValueError(f"'{name}' is not a time zone; write one like America/New_York") from None
    return name


def _whole(shares: dict[str, float]) -> dict[str, float]:
    if abs(sum(shares.values()) - 1) > 1e-9:
        raise ValueError(f"shares must add up to 1, not {sum(shares.values()):g}")
    return shares


RANGES = {"wedge": 60.0, "disc": 100.0}
"""How far a reader's shape reaches, metres, in the studies that use it: wedge TRAMES (KaraZajac/TRAMES at 4456b09), disc
PredictiveSurveillanceRisk (MertKarakayaPhD, at d736e34)."""


def _spacing(text: object) -> object:
    return text if text == "measured" else units.LENGTH.parse(text)


def _say_spacing(value: float | str) -> str:
    return value if isinstance(value, str) else units.LENGTH.say(value)


# A key, its unit, its default and its source stand on one line.
# fmt: off

Siting = Literal["busiest", "gateways", "random", "near_places", "listed", "file", "osm", "betweenness", "flow_capture", "hot_spots", "campus_gates", "motorways"]
Sought = Literal["school", "worship", "clinic", "support_group", "bar", "court", "shop"]
Geometry = Literal["road", "wedge", "disc"]
Heading = Annotated[float, Field(ge=0, le=360)]
Spacing = Annotated[
    float | Literal["measured"], BeforeValidator(_spacing), PlainSerializer(_say_spacing),
    WithJsonSchema({"type": "string", "pattern": units.LENGTH.pattern() + r"|^measured$"}),
]


class Pole(Model):
    """A fixed camera at a known place."""

    at: Annotated[Coordinates, Field(description="Latitude, longitude.")]
    headings: Annotated[tuple[Heading, ...], Field(description="Directions of travel that are read, degrees clockwise from north; none: the busier one.")] = ()
    lanes: Annotated[int | None, Field(gt=0, description="Lanes it covers in each direction; none: all. Not of a trailer's stop.")] = None


class Zone(Model):
    """Where no camera may stand: one of places, centre, polygon or file."""

    places: Annotated[tuple[Sought, ...], Field(description="Around every place of these kinds.")] = ()
    centre: Annotated[Coordinates | None, Field(description="Around a latitude, longitude.")] = None
    polygon: Annotated[tuple[Coordinates, ...], Field(description="Corners of an area, latitude, longitude.")] = ()
    file: Annotated[FileName | None, Field(description="GeoJSON whose geometries are the area, relative to the scenario file.")] = None
    within: Annotated[Length, Field(description="As far around; 0 m is in the area itself.")] = 0.0

    @model_validator(mode="after")
    def _one(self) -> Zone:
        given = [key for key in ("places", "centre", "polygon", "file") if getattr(self, key)]
        if len(given) != 1:
            raise ValueError(f"must say one of places, centre, polygon, file; found {', '.join(given) or 'none'}")
        if given[0] in ("places", "centre") and self.within <= 0:
            raise ValueError(f"{given[0]} needs within, more than 0 m")
        if given[0] == "polygon" and len(self.polygon) < 3:
            raise ValueError(f"polygon needs at least 3 corners; found {len(self.polygon)}")
        return self


CameraKindName = Literal["fixed", "patrol", "gantry", "portable", "spotter"]
"""`tables.CameraKind` as people write it."""


ROVING = tuple(kind.name.lower() for kind in _ROVING)
"""Kinds of camera that drive; they and trailers (`portable`) have keys of their own."""


class CameraGroup(Model):
    """Cameras of one owner, placed one way. What it leaves out is taken from `cameras`."""

    agency: Name
    count: Annotated[int | None, Field(ge=0)] = None
    kind: Literal["fixed", "gantry", "patrol", "spotter", "portable"] | None = None
    siting: Siting | None = None
    town: Annotated[Name | None, Field(description="Where they stand; by default the town of the agency's name.")] = None
    near: Annotated[Sought | None, Field(description="With siting: near_places.")] = None
    sites: Annotated[tuple[Coordinates, ...], Field(description="With siting: listed. Pairs of latitude, longitude.")] = ()
    file: Annotated[FileName | None, Field(description="With siting: file. CSV with columns lat, lon and optionally direction (degrees or compass points, several apart by ;), town; or GeoJSON points with such properties; relative to the scenario file.")] = None
    place: Annotated[Name | None, Field(description='With siting: osm. A place as Nominatim knows it; its elements tagged surveillance:type=ALPR are downloaded by OSMnx.')] = None
    poles: Annotated[tuple[Pole, ...], Field(description="With siting: listed. Cameras whose headings or lanes are known.")] = ()
    kinds: Annotated[tuple[Sought, ...], Field(description="With siting: hot_spots. Kinds of place whose clusters are sought: [shop] for retail lots.")] = ()
    bandwidth: Annotated[Length | None, Field(gt=0, description="With siting: hot_spots. Standard deviation of the Gaussian that each place spreads; by default 300 m, an assumption.")] = None
    maximise: Annotated[Literal["trips", "vehicles"] | None, Field(description="With siting: flow_capture. What is to be seen at least once on the usual day; by default trips.")] = None
    campus: Annotated[Coordinates | None, Field(description="With siting: campus_gates. Its middle; by default a school of the town, drawn for the agency.")] = None
    radius: Annotated[Length | None, Field(gt=0, description="With siting: campus_gates. Of the circle whose gates are watched; by default 500 m, an assumption, from a campus of 0.7 km² (remembered of Southern Connecticut State University).")] = None
    plan: Annotated[Literal["ct_2019", "ct_2030"] | None, Field(description="With siting: motorways. The state's toll gantries (53 in the plan of 2019, hqpress.org, 6 March 2019; 14 in that of 2019 to 2030, ctnewsjunkie.com, 7 November 2019) × km of motorway here / 1,014 in the state, rounded, at least 1.")] = None
    both_directions: Annotated[Share | None, Field(description="0 watches one approach, 1 both.")] = None
    lanes: Annotated[int | None, Field(gt=0, description="Lanes a camera covers in each direction; none: all. A road's vehicles are in any of its lanes alike, so the share captured is times lanes covered / lanes. Not with a wedge or disc, nor of trailers, whose stops may have other numbers of lanes.")] = None
    spacing: Spacing | None = None
    geometry: Geometry | None = None
    range: Annotated[Length | None, Field(gt=0)] = None
    angle: Annotated[float | None, Field(gt=0, le=180)] = None
    avoid: Annotated[tuple[Zone, ...] | None, Field(description="In place of cameras.avoid.")] = None
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


class Worse(Model):
    """By what the shares of plates read well are multiplied while something makes reading harder."""

    capture: Share = 1.0
    readable: Share = 1.0
    correct: Share = 1.0
    state: Share = 1.0


class Quality(Model):
    """How well, and how fast, one kind of reader reads. What it leaves out is taken from `cameras`."""

    capture: Share | None = None
    readable: Share | None = None
    correct: Share | None = None
    state: Share | None = None
    rate: Annotated[Rate | None, Field(gt=0, description="Of the kind's readers: claimed for cars are 1,800 (Hartford Courant, 31 May 2016) to 3,600 plates/min (betaboston.com, 2014).")] = None
    buffer: Annotated[int | None, Field(ge=0, le=32000)] = None
    night: Worse | None = None
    foul: Worse | None = None


class Weather(Model):
    """Spells of weather over the whole study: both last exponential times. Made only where foul weather changes reading."""

    fair: Annotated[Duration, Field(gt=0, description="Mean length of fair weather. Assumption.")] = 3 * 86_400
    foul: Annotated[Duration, Field(gt=0, description="Mean length of foul weather: rain or snow that dirties plates. Assumption.")] = 8 * 3600


class Blur(Model):
    """Plates too fast to be captured: all are sharp up to one speed, none from another on, a falling share between."""

    all_up_to: Annotated[Speed, Field(description="A maker claims 120 mph closing speed (Vigilant, Flemington case study), so no road's speed limit comes near. Patrol cars add their own speed to oncoming traffic's.")] = 120 * 0.44704
    none_from: Annotated[Speed, Field(description="Assumption.")] = 180 * 0.44704

    @model_validator(mode="after")
    def _falling(self) -> Blur:
        if self.none_from <= self.all_up_to:
            raise ValueError(f"none_from must be faster than all_up_to, {self.all_up_to:g} m/s; not {self.none_from:g} m/s")
        return self


class Faults(Model):
    """When a camera is down: broken (both times exponential), or being serviced. It then sees nothing."""

    between: Annotated[Retention, Field(gt=0, description="Mean time from a repair to the next failure. Unlimited by default, an assumption: no uptime was found published.")] = UNLIMITED
    repair: Annotated[Duration, Field(gt=0, description="Mean time to repair. Assumption.")] = 2 * 86_400
    service_every: Annotated[Retention, Field(gt=0, description="Time between two services of a camera, the first drawn within it. Unlimited by default: none, an assumption.")] = UNLIMITED
    service: Annotated[Duration, Field(gt=0, description="How long a service takes. Assumption.")] = 3600


class Upload(Model):
    """How reads come from a camera to its agency's server: in batches, over a link that can be down. A read's time stays the capture."""

    every: Annotated[Duration, Field(description="A camera uploads what waits once in this time; 0 s: each read at once. Assumption.")] = 0
    size: Annotated[int | None, Field(ge=1, description="It uploads earlier when so many reads wait; none: never. Only with `every`. Assumption.")] = None
    latency: Annotated[Duration, Field(description="From leaving the camera to reaching the server. Assumption.")] = 0
    store: Annotated[int, Field(ge=1, le=2_000_000_000, description="Reads that can wait in the camera; those beyond are dropped. Assumption.")] = 100_000
    outage_every: Annotated[Retention, Field(gt=0, description="Mean time a link works between two outages. Unlimited by default, an assumption: no figure was found published.")] = UNLIMITED
    outage: Annotated[Duration, Field(gt=0, description="Mean length of a link's outage. Assumption.")] = 600

    @model_validator(mode="after")
    def _in_batches(self) -> Upload:
        if self.size is not None and not self.every:
            raise ValueError("size has no effect without every: each read is uploaded at once")
        return self


class Spurious(Model):
    """Signs, decals and even grass that a camera takes for a plate, unless it drives (Record-Journal, Wallingford); no rate was found published."""

    daily: Annotated[float, Field(ge=0, le=100_000, description="Such reads a camera and day, mean. 0 by default, an assumption.")] = 0.0
    issued: Annotated[Share, Field(description="Of them that spell a plate somebody bears, any as likely; the rest are nobody's. Assumption.")] = 0.1


class Cameras(Model):
    """The readers: how many, where, how good. A group's own value goes before these."""

    count: Annotated[Count, Field(description="Cameras of each group that does not say its own count. Assumption.")] = 10
    kind: Literal["fixed", "gantry"] = "fixed"
    siting: Siting = "busiest"
    both_directions: Annotated[Share, Field(description="Share of cameras that watch both directions of their road. Assumption, from the 12 % of Connecticut's mapped cameras that have another within 60 m (OpenStreetMap snapshot of 29 December 2025 compiled by DeFlock).")] = 0.12
    spacing: Annotated[Spacing, Field(description="Between a group's cameras: three quarters of Connecticut's mapped cameras have no other nearer (OpenStreetMap snapshot of 29 December 2025 compiled by DeFlock). Or measured: pairs at the distances to the nearest other that are mapped there, 0.05, 0.15, 0.37, 1.1 and 2.3 km at the 10th, 25th, 50th, 75th and 90th percentile. Not kept by flow_capture and campus_gates.")] = 150.0
    geometry: Annotated[Geometry, Field(description="What a camera watches: its road, or as other studies count every road that enters a wedge or a disc.")] = "road"
    range: Annotated[Length | None, Field(gt=0, description="Of the wedge or disc; by default 60 m for a wedge (TRAMES; others take 50 and 75), 100 m for a disc (PredictiveSurveillanceRisk).")] = None
    angle: Annotated[float, Field(gt=0, le=180, description="Degrees a wedge spans: 45 (TRAMES; 82 % of mapped arcs); FlockHopper takes 70.")] = 45.0
    avoid: Annotated[tuple[Zone, ...], Field(description="Zones where strategies put no camera and listed ones are left out.")] = ()
    tolerance: Annotated[Length, Field(description="A listed camera farther than this from every road is refused. Assumption.")] = 60.0
    rate: Annotated[Rate, Field(gt=0, description="A reader's throughput; claimed are 1,800 a minute (Hartford Courant, 31 May 2016) to 60 a second (betaboston.com, 2014).")] = 1800.0
    buffer: Annotated[int, Field(ge=0, le=32000, description="Plates a busy reader can keep waiting. Assumption.")] = 16
    capture: Annotated[Share, Field(description="Passing plates recorded at all. Assumption between 0.80 (Genetec white paper's example) and 0.98 (British design minimum, remembered).")] = 0.90
    readable: Annotated[Share, Field(description="Recorded plates that yield any text. Assumption.")] = 0.98
    correct: Annotated[Share, Field(description="Texts read right: 0.93 as Flock told one city (checkcu.org); others 0.90 (NCRIC in The Verge, 2019) and 0.97 (British police, Daily Mail, 9 January 2018).")] = 0.93
    state: Annotated[Share, Field(description="Texts whose state is read right. A wrong state makes it another state's plate of that text, mostly nobody's (see plates.lookalikes). 1 by default, so that only the text errs; a test of one maker's camera found 1 in 10 wrong (IPVM, Flock Falcon, 2021).")] = 1.0
    quality: Annotated[dict[CameraKindName, Quality], Field(description="Kinds of readers that read otherwise; e.g. {patrol: {capture: 0.8, night: {capture: 0.9}}}. A kind's own value goes before those beside.")] = {}
    night: Annotated[Worse, Field(description="Between the end of civil twilight and its beginning, as the sun stands at the place and date. No factor was found published: 1, an assumption.")] = Worse()
    foul: Annotated[Worse, Field(description="In foul weather. No factor was found published: 1, an assumption.")] = Worse()
    weather: Weather = Weather()
    blur: Blur = Blur()
    faults: Faults = Faults()
    upload: Upload = Upload()
    spurious: Spurious = Spurious()
    timezone: Annotated[str, AfterValidator(_zone), Field(description="Whose clock the place lives by, for the sun.")] = "America/New_York"
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
        listed = (own.siting or self.siting) in ("listed", "file", "osm")
        stops = None if listed else (own.portable or Portable()).stops
        groups = [g.model_copy(update=_NOBODY) for g in self.groups]
        groups[row] = own.model_copy(update={"kind": "fixed", "count": stops})
        return self.model_copy(update={"groups": tuple(groups)})


_NOBODY = {"kind": "fixed", "siting": "random", "count": 0}


class PlateStock(Model):
    """The plates in circulation, so that a misread usually names another real car."""

    issued: Annotated[int, Field(gt=0, le=50_000_000, description="Active Connecticut plates (3,023,124 on 1 May 2019, ctbythenumbers.news).")] = 3_023_124
    out_of_state: Annotated[Share, Field(description="Of through vehicles. Assumption; one blog claims about 30 % on I-95 and I-84.")] = 0.30
    lookalikes: Annotated[Share, Field(description="Of the plates from elsewhere, those that spell a Connecticut plate too, so that a wrong state names a Connecticut car: no other text of theirs does. Assumption: few other states issue such series (Illinois AB·12345, remembered).")] = 0.02
    formats: Annotated[dict[Literal["AB12345", "123ABC", "1ABCD2"], Share], AfterValidator(_whole), Field(min_length=1, description="Shares of the state's plates by series, each issued in sequence: AB·12345 since August 2015, 123·ABC 1980 to 2013, 1ABCD2 between (Hartford Courant, 18 September 2015). The shares are an assumption: 60 % make the newest series end at AS, and AU was reached by spring 2019 (ctbythenumbers.news).")] = {"AB12345": 0.6, "123ABC": 0.3, "1ABCD2": 0.1}
