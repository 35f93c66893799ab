"""The keys of a scenario, mirroring the modules: each with its unit, its default and where the default comes from."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
    model_validator,
)

from alprsim.scenario import units
from alprsim.scenario._answer import Answer as Answer
from alprsim.scenario._answer import Column as Column
from alprsim.scenario._answer import OverMeasures as OverMeasures
from alprsim.scenario._answer import OverPolicies as OverPolicies
from alprsim.scenario._answer import OverRetention as OverRetention
from alprsim.scenario._answer import OverSubsets as OverSubsets
from alprsim.scenario._answer import OverTowns as OverTowns
from alprsim.scenario._answer import Reference as Reference
from alprsim.scenario._cameras import RANGES as RANGES
from alprsim.scenario._cameras import ROVING as ROVING
from alprsim.scenario._cameras import Blur as Blur
from alprsim.scenario._cameras import CameraGroup as CameraGroup
from alprsim.scenario._cameras import Cameras as Cameras
from alprsim.scenario._cameras import Faults as Faults
from alprsim.scenario._cameras import Geometry as Geometry
from alprsim.scenario._cameras import PlateStock as PlateStock
from alprsim.scenario._cameras import Pole as Pole
from alprsim.scenario._cameras import Quality as Quality
from alprsim.scenario._cameras import Siting as Siting
from alprsim.scenario._cameras import Spurious as Spurious
from alprsim.scenario._cameras import Upload as Upload
from alprsim.scenario._cameras import Weather as Weather
from alprsim.scenario._cameras import Worse as Worse
from alprsim.scenario._cameras import Zone as Zone
from alprsim.scenario._changes import Breach as Breach
from alprsim.scenario._changes import Change as Change
from alprsim.scenario._changes import Hold as Hold
from alprsim.scenario._changes import Outage as Outage
from alprsim.scenario._custody import COMPACT as COMPACT
from alprsim.scenario._custody import EDGE_KEYS as EDGE_KEYS
from alprsim.scenario._custody import GROUPS as GROUPS
from alprsim.scenario._custody import MIDWAY as MIDWAY
from alprsim.scenario._custody import Agency as Agency
from alprsim.scenario._custody import Custody as Custody
from alprsim.scenario._custody import Edge as Edge
from alprsim.scenario._custody import Exclusion as Exclusion
from alprsim.scenario._custody import Identity as Identity
from alprsim.scenario._custody import Keeping as Keeping
from alprsim.scenario._custody import OptOut as OptOut
from alprsim.scenario._custody import Schedule as Schedule
from alprsim.scenario._custody import Warrant as Warrant
from alprsim.scenario._custody import foreign_keys as foreign_keys
from alprsim.scenario._fields import (
    Count,
    Day,
    Duration,
    FileName,
    Flow,
    Length,
    Name,
    Retention,
    Share,
    Speed,
)
from alprsim.scenario._fields import Model as Model
from alprsim.scenario._hotlists import HotList as HotList
from alprsim.scenario._hotlists import HotLists as HotLists
from alprsim.scenario._patrols import Patrol as Patrol
from alprsim.scenario._patrols import Portable as Portable
from alprsim.scenario._patrols import Rounds as Rounds
from alprsim.scenario._patrols import Spotter as Spotter
from alprsim.scenario._searches import Searches as Searches
from alprsim.scenario._searches import Searching as Searching
from alprsim.scenario._utility import Holding as Holding
from alprsim.scenario._utility import QueryAge as QueryAge
from alprsim.scenario._utility import Utility as Utility
from alprsim.scenario._visits import Nights as Nights
from alprsim.scenario._visits import Visits as Visits


def _whole_days(length: int) -> int:
    if length < units.DAY or length % units.DAY:
        raise ValueError(f"'{units.say_duration(length)}' is not a whole number of days, at least 1 d")
    return length


def _agencies(value: object) -> object:
    names = value if isinstance(value, tuple) else ()
    if value != "departments" and not (names and all(isinstance(n, str) and 0 < len(n) <= 80 for n in names)):
        raise ValueError(f'{units.shown(value)} is neither "departments" nor a list of agencies')
    return value


def _in_order(days: tuple[date, ...]) -> tuple[date, ...]:
    for before, after in pairwise(days):
        if after <= before:
            said = "is listed twice" if after == before else f"follows {before}; write the dates in order"
            raise ValueError(f"{after} {said}")
    return days


def _apart(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    for before, after in pairwise(terms):
        if after.first <= before.last:
            rule = "overlaps" if after.last >= before.first else "comes before"
            said = f"the term {after.first} to {after.last} {rule} the one listed before it"
            raise ValueError(f"{said}, {before.first} to {before.last}; terms must follow each other")
    return terms


def _rising(steps: tuple[int, ...]) -> tuple[int, ...]:
    for before, after in pairwise(steps):
        if after <= before:
            said = f"'{units.say_duration(after)}' follows '{units.say_duration(before)}'"
            raise ValueError(f"must rise from step to step; {said}")
    return steps


def _ascending_hours(hours: tuple[int, ...]) -> tuple[int, ...]:
    for before, after in pairwise(hours):
        if after <= before:
            raise ValueError(f"must ascend from hour to hour; {after} follows {before}")
    return hours


# A key, its unit, its default and its source stand on one line.
# fmt: off


# --- roads ------------------------------------------------------------------------------------------------------------

RoadClassName = Literal["motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "ramp"]
"""`tables.RoadKind` as people write it."""

Speeds = Annotated[dict[RoadClassName, Annotated[Speed, Field(gt=0)]], Field(description="Speed by road class where the source does not say; e.g. {residential: 25 mph}. Classes left out keep Connecticut's (data/road_classes.csv).")]


class BuiltinRoads(Model):
    """Generated streets of Connecticut towns, for machines without a network."""

    kind: Literal["builtin"]
    towns: Annotated[tuple[Name, ...], Field(min_length=1, description="Towns whose residents are simulated; see `alprsim towns`.")]
    neighbours: Annotated[tuple[Name, ...], Field(description="Towns whose streets are built to join them; nobody there is measured.")] = ()
    streets_seed: Annotated[int, Field(ge=0, description="Redraws the generated streets; not changed by `seeds`.")] = 0
    speeds: Speeds = {}


class PlaceRoads(Model):
    """A place name, downloaded by OSMnx from OpenStreetMap."""

    kind: Literal["place"]
    place: Annotated[Name, Field(description='As Nominatim knows it: "Danbury, Connecticut, USA".')]
    population: Annotated[int, Field(gt=0, description="Residents, for sizing the synthetic population.")]
    consolidate: Annotated[Length, Field(description="Merge junctions closer than this; 0 m keeps all.")] = 0.0
    speeds: Speeds = {}


class GraphmlRoads(Model):
    """A GraphML file saved by OSMnx (.graphml or .graphml.gz)."""

    kind: Literal["graphml"]
    file: Annotated[FileName, Field(description="Relative to the scenario file.")]
    place: Annotated[Name, Field(description="What the map shows.")]
    population: Annotated[int, Field(gt=0, description="Residents, for sizing the synthetic population.")]
    consolidate: Annotated[Length, Field(description="Merge junctions closer than this; 0 m keeps all.")] = 0.0
    speeds: Speeds = {}


class OsmRoads(Model):
    """An OpenStreetMap extract (.osm, .osm.gz, .osm.bz2; .osm.pbf with the `pbf` extra)."""

    kind: Literal["osm"]
    file: Annotated[FileName, Field(description="Relative to the scenario file.")]
    place: Annotated[Name, Field(description="What the map shows.")]
    population: Annotated[int, Field(gt=0, description="Residents, for sizing the synthetic population.")]
    consolidate: Annotated[Length, Field(description="Merge junctions closer than this; 0 m keeps all.")] = 0.0
    speeds: Speeds = {}


RoadSource = Annotated[BuiltinRoads | PlaceRoads | GraphmlRoads | OsmRoads, Field(discriminator="kind")]


# --- people -----------------------------------------------------------------------------------------------------------


class Habit(Model):
    """How often people go to one kind of place, and how far they look for it."""

    share: Annotated[Share, Field(description="Of the people concerned (adults) who have such a habit.")]
    weekly: Annotated[float, Field(gt=0, le=28, description="Visits a week of one who has it, on average.")]
    places: Annotated[int, Field(ge=1, le=8, description="Different places of the kind they use.")] = 1


class Habits(Model):
    """Weekly habits. Every share and rate is an assumption unless the scenario gives its source."""

    shop: Habit = Habit(share=1.0, weekly=4.0, places=4)
    worship: Habit = Habit(share=0.30, weekly=0.8)
    bar: Habit = Habit(share=0.25, weekly=1.0, places=2)
    clinic: Habit = Habit(share=0.60, weekly=0.08)
    support_group: Habit = Habit(share=0.03, weekly=0.9)
    court: Habit = Habit(share=0.02, weekly=0.05)


class Term(Model):
    """Days of school, the first and the last included."""

    first: Day
    last: Day

    @model_validator(mode="after")
    def _forwards(self) -> Term:
        if self.last < self.first:
            raise ValueError(f"last, {self.last}, is before first, {self.first}")
        return self


class Calendar(Model):
    """Which dates are not like their day of the week. A day runs from 04:00 of its date."""

    holidays: Annotated[tuple[Day, ...], AfterValidator(_in_order), Field(description="Dates in order; schools, courts and clinics are closed, few work, errands are as on a Sunday. None by default, an assumption; Connecticut's legal holidays (General Statutes § 1-4) are listed in scenarios/school_year.yaml.")] = ()
    holiday_work: Annotated[Share, Field(description="Of the commutes due on a holiday that are made all the same. Assumption: with 82 % of the employed at work on a weekday it makes 33 %, as on a weekend day (American Time Use Survey 2017).")] = 0.40
    terms: Annotated[tuple[Term, ...], AfterValidator(_apart), Field(description="Days of school, in order and apart; outside them students stay at home. None: it is always term, an assumption.")] = ()


class Fleet(Model):
    """Vehicles that work: from a base in a listed town, many stops a day, each among its own places; apart in every measure."""

    share: Annotated[Share, Field(description="Vehicles of the kind, as a share of the residents' vehicles of each listed town. 0 by default, an assumption: no count of a town's delivery vehicles or taxis is at hand.")] = 0.0
    stops: Annotated[float, Field(gt=0, le=200, description="Stops on a working day, mean. Assumption.")]
    places: Annotated[int, Field(ge=2, le=400, description="Places one vehicle ever stops at: they bound what it explores. Assumption.")]


class ThroughPair(Model):
    """What passes between two motorway ends; `alprsim.calibration` writes such rows."""

    ends: Annotated[tuple[Name, Name], WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}), Field(description='Two ends by name: the town a gateway stands for, and " #2" for the second of a name; an unknown one is answered with all there are.')]
    daily: Annotated[Flow, Field(description="Vehicles a day, both ways together.")]


class Population(Model):
    """Who is simulated and how they move."""

    vehicles_per_person: Annotated[float, Field(gt=0, le=2, description="3,023,124 active plates on 1 May 2019 (ctbythenumbers.news) over about 3.6 M people.")] = 0.84
    household_size: Annotated[float, Field(ge=1, le=6, description="People a household, mean. Assumption, about Connecticut's in the American Community Survey, table B25010 (remembered).")] = 2.5
    commuters: Annotated[Share, Field(description="Of adults who go out to work. Assumption.")] = 0.62
    students: Annotated[Share, Field(description="Of adults who drive to a school or university. Assumption.")] = 0.06
    retirees: Annotated[Share, Field(description="Of adults who are retired. Assumption.")] = 0.22
    commute_days: Annotated[float, Field(gt=0, le=7, description="Days a week a commuter commutes, mean. Assumption.")] = 4.3
    trips_per_driver: Annotated[float, Field(gt=0, le=10, description="Vehicle trips a driver a day that the habits are scaled to. Assumption, about what NHTS 2017 found (remembered).")] = 2.7
    carpool: Annotated[Share, Field(description="Trips on which a household member rides along. Assumption, from the 8.2 % of Connecticut's commutes that carpool (press on Census figures).")] = 0.082
    skip: Annotated[Share, Field(description="Chance that a habitual trip is left out on its day. Assumption.")] = 0.10
    quiet_days: Annotated[float, Field(ge=0, lt=1, description="Share of days on which a person runs no errands at all; the others have the more. Assumption, set so that about as many drivers stay at home on a day as published (AAA Foundation, American Driving Survey 2013–14: 32 %).")] = 0.45
    explore: Annotated[Share, Field(description="Share of discretionary trips to a place outside the habit. Assumption.")] = 0.10
    explore_places: Annotated[int, Field(ge=2, description="Places of a kind, in the home town, among which those who live at one place explore: they bound the routes that are ever driven. Assumption.")] = 32
    jitter: Annotated[Duration, Field(description="Typical day-to-day spread of a habitual departure. Assumption.")] = 900
    commuting: Annotated[FileName | None, Field(description="A commuting table (CSV: home, home_state, work, work_state, jobs), relative to the scenario file; none: a gravity model.")] = None
    gravity: Annotated[Length, Field(gt=0, description="Distance at which a work place is half as likely, of equal jobs. Assumption.")] = 8000.0
    reach: Annotated[Length, Field(gt=0, description="Distance at which a place for errands or an evening out is half as likely, of equal kind. Assumption, set so that trips are about as long as published (see `population.evidence`).")] = 1500.0
    visitors: Annotated[Share, Field(description="Vehicles that come in from beyond to work, as a share of residents' vehicles. Assumption.")] = 0.10
    through: Annotated[Flow, Field(description="Through vehicles a day at each pair of motorway ends, both ways together. Assumption, to be calibrated to counts.")] = 0.0
    through_pairs: Annotated[tuple[ThroughPair, ...], Field(description="Pairs of motorway ends that have their own flow in place of `through`.")] = ()
    through_return: Annotated[Share, Field(description="Share of through vehicles that come back within the pool on a later day. Assumption.")] = 0.3
    leaving_trip: Annotated[Length, Field(description="Mean length of a whole trip that begins or ends beyond the simulated streets: 12.1 miles, the mean commute of 2001 (FHWA, National Household Travel Survey). What it drives inside is taken off; used only to print how many kilometres lie outside.")] = 19_473.0
    delivery: Annotated[Fleet, Field(description="Delivery vehicles, based at a work place, on a round of neighbouring addresses. A stop is a street, not a door.")] = Fleet(stops=40, places=80)
    taxis: Annotated[Fleet, Field(description="Taxis and ride-hail, based at the driver's home, between any addresses of the town: two stops a ride. New York's yellow taxis made 36 rides a day (485,000 by 13,437 taxis, Taxicab Fact Book 2014); a suburb's are assumed to make a third.")] = Fleet(stops=24, places=60)
    habits: Habits = Habits()
    calendar: Calendar = Calendar()

    @model_validator(mode="after")
    def _together(self) -> Population:
        busy = self.commuters + self.students + self.retirees
        if busy > 1 + 1e-9:  # 0.7 + 0.2 + 0.1 is not 1 in binary
            raise ValueError(f"commuters, students and retirees are shares of adults: together at most 1, not {busy:g}")
        return self


# --- traffic ----------------------------------------------------------------------------------------------------------


class RouteChoice(Model):
    """Which ways drivers take. They are chosen once, for a usual weekday, and kept on all days and by all seeds."""

    alternatives: Annotated[int, Field(ge=1, le=64, description="Ways of a pair, in a period of the day, that drivers choose among: each the quickest on streets perturbed by the noise in its own manner (choice sets by simulation: Prato 2009); several may be the same way and then count once (4: 2.8 ways a pair in a generated town; 16: more). With few, ways that hardly anybody would find are missing, so drivers err less than the noise says. Each costs a set of trees. One way of one destination is the least that is found anew at a time; without noise drivers are dealt to them evenly. Assumption.")] = 4
    noise: Annotated[float, Field(ge=0, le=1, description="Perception noise: standard deviation of what a driver, for good, takes a way of ten minutes' free driving to last, as a share of it. Its variance grows with the way's time (Sheffi and Powell 1982), so it does not matter how a map cuts streets into segments. Each driver errs about each alternative of a pair by a draw of their own, the same there and back, over the time that it is apart from the pair's quickest way; of three or more ways, errors about those beside the quickest are taken as independent. It also perturbs the streets (log-normal by road) to find alternatives. Assumption: 0.05 leaves 57 % of trips in a generated town on the quickest way and makes trips 1.7 % longer (4 alternatives; 53 % and 2.0 % with 16); about 67 % of private car trips in Chongqing matched the shortest path (Journal of Advanced Transportation 2022, 4100704), while most people in Minneapolis–St. Paul did not take it (Zhu and Levinson, PLoS ONE 2015).")] = 0.05
    periods: Annotated[tuple[Annotated[int, Field(ge=0, le=23)], ...], Field(min_length=1, description="Hours of the day at which other ways may be taken, ascending; before the first it is still the last one's period. Assumption."), AfterValidator(_ascending_hours)] = (6, 10, 15, 19)
    gap: Annotated[Share, Field(description="Drivers stop choosing anew when all together could gain no more than this share of the least time, as they see it (relative gap: by another alternative as they err about it, or by a better way; measured on the same 4,000 trips of the day each time: an estimate). Assumption.")] = 0.02
    iterations: Annotated[int, Field(ge=0, le=200, description="They choose anew so often at most; a run that stops there says so. Assumption.")] = 12


class Traffic(Model):
    """How vehicles move."""

    fidelity: Annotated[Literal["free", "table", "queue"], Field(description="free flow, at every hour alike (no hourly factor with a source is at hand; what each hour takes is what a table tells); quarter-hour times of sample days run by queue; every day by queue.")] = "table"
    storage: Annotated[Literal["newell", "simple"], Field(description="What limits the vehicles on a road.")] = "newell"
    engine: Annotated[Literal["compiled", "simpy"], Field(description="Both give the same passages to the bit.")] = "compiled"
    routes: RouteChoice = RouteChoice()
    stuck: Annotated[Duration, Field(gt=0, description="A vehicle that cannot move for so long is moved by force, and counted: at least 1 s, as nobody would queue otherwise. Assumption.")] = 60
    counts: Annotated[FileName | None, Field(description="Traffic counts (CSV, as `alprsim.counts.read` says: vehicles; lat and lon, from_osm and to_osm, or road; day, hour, use), relative to the scenario file: every run is held against them and shows the table; they change no traffic. None by default.")] = None
    fitted: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$", description="The seal of `alprsim calibrate --out`: sha256 of the roads, population, traffic and counts whose volumes it fitted. A scenario changed since is not called calibrated.")] = None


# --- custody ----------------------------------------------------------------------------------------------------------


class Viewer(Model):
    """Through whose eyes a policy is measured."""

    agency: Name
    title: Name | None = None


class Policy(Model):
    """What one policy comes to: the scenario's custody and viewers with the policy's patch applied."""

    name: Name
    custody: Custody
    viewers: Annotated[dict[Name, Viewer], Field(min_length=1)]


class Ladder(Model):
    """Retention limits tried under every policy."""

    agencies: Annotated[Literal["departments"] | tuple[Name, ...], BeforeValidator(_agencies), Field(description="Whose retention is varied.")] = "departments"
    retention: Annotated[tuple[Retention, ...], Field(min_length=1, max_length=64, description="In rising order."), AfterValidator(_rising)]


# --- questions --------------------------------------------------------------------------------------------------------


FamilyName = Literal["company", "distribution", "equity", "gaps", "homes", "linkability", "nights", "paths", "position", "prediction", "resolution", "sets", "uniqueness", "visits", "worst_case"]
"""Measures that a scenario may ask for."""


class Measures(Model):
    """What is asked of each viewer's sight, and when."""

    horizon: Annotated[Duration, Field(gt=0, description="T: shares are of the last T before each query moment.")]
    moments: Annotated[tuple[Duration, ...], Field(min_length=1, description="Query moments since the start, at least a horizon after it.")]
    families: Annotated[tuple[FamilyName, ...], Field(description="What is measured beside effective retention, exposure, days, trips and look-backs: families of measures, in any order; the glossary tells each measure's.")] = ("homes", "uniqueness")
    unicity_points: Annotated[int, Field(ge=1, le=6, description="Points known of a target: the 4 and the hour of de Montjoye et al., Scientific Reports 3:1376 (2013); measures go up to 6.")] = 4
    unicity_bin: Annotated[Duration, Field(gt=0, description="Time bin of a unicity cell, as de Montjoye et al. (2013).")] = 3600
    unicity_targets: Annotated[int, Field(ge=1, description="Vehicles drawn as targets; the background is everybody. Assumption.")] = 1000
    path_targets: Annotated[int, Field(ge=1, description="Residents' vehicles whose ways are rebuilt, drawn out of all of them, and of people those who mainly drive one; the error of the draw is told. Assumption.")] = 500
    path_tolerance: Annotated[Duration, Field(gt=0, description="A road that was driven is right if it is claimed for a moment no further than this from when it was driven (or than the step to which the viewer knows times). Assumption.")] = 300
    path_gap: Annotated[Duration, Field(ge=0, description="Gap rule: a car's consecutive reads belong to one leg, and the way between is claimed, if they lie no further apart in time than this, or than `path_gap_factor` says. Trip ends are commonly told from stops of 2 to 5 minutes in GPS traces; the longer, since a viewer sees no stop. Assumption.")] = 300
    path_gap_factor: Annotated[float, Field(ge=1, le=100, description="Gap rule: or no further apart than the quickest way between takes at free flow, times this: room for queues, lights and detours, not for a stop on a long way. Assumption.")] = 2.0
    pseudonym_epochs: Annotated[tuple[Annotated[Duration, Field(gt=0)], ...], Field(description="linkability: how long a pseudonym would last where the policy keeps plates, or pseudonyms for good: would rotating help? Where the policy rotates, its own rotation is asked instead. Assumption.")] = (86_400, 7 * 86_400)
    linkability_targets: Annotated[int, Field(ge=1, description="linkability: residents' vehicles drawn to be linked; candidates are everybody. Assumption.")] = 1000
    company_reads: Annotated[int, Field(ge=1, le=255, description="company: m, co-reads from which two plates are taken to travel together. Assumption.")] = 3
    company_window: Annotated[Duration, Field(ge=0, le=600, description="company: w, the most between two reads of one co-read; up to 10 min, since pairs grow with it. Assumption.")] = 30
    company_cameras: Annotated[int, Field(ge=1, description="company: q, different cameras at which they must have been read together. Assumption.")] = 2
    prediction_targets: Annotated[int, Field(ge=1, description="prediction: residents' vehicles drawn whose next reads are guessed; everybody's reads are learned from. Assumption.")] = 1000
    prediction_ahead: Annotated[Duration, Field(gt=0, description="prediction: how long after the moment reads are held out to be guessed. Assumption.")] = 86_400
    position_targets: Annotated[int, Field(ge=1, description="Residents' vehicles drawn to be tracked, and of people those who mainly drive one; the standard error of the draw is printed. Assumption.")] = 100
    position_instants: Annotated[int, Field(ge=1, description="Random moments of the last T at which each target's place is asked, at each query moment, and the most journeys asked about; a third as many moments beside when it is under way. Assumption.")] = 24
    position_zones: Annotated[int, Field(ge=2, le=256, description="Zones of streets that the tracker tells apart, with about as many junctions each. Time grows with their number, and with its square where reads are held. Assumption.")] = 64
    position_step: Annotated[Duration, Field(ge=300, le=3600, description="The tracker's step. Shorter stays than that are missed. Assumption.")] = 900
    position_within: Annotated[Length, Field(gt=0, description="Distance within which an estimate of a car's place counts as right. Assumption.")] = 500.0
    position_rehearsed: Annotated[int, Field(ge=1, description="Cars of another seed, read by the same cameras, by which the tracker learns how far it may trust itself. Assumption.")] = 40
    position_register: Annotated[bool, Field(description="Whether the tracker knows from the register in which zone the car is kept. By default reads alone.")] = False
    resolution_bins: Annotated[tuple[Annotated[Duration, Field(gt=0)], ...], Field(min_length=1, description="Family resolution: time bins of the cells that unicity is asked of, each with each of `resolution_places`; the range of de Montjoye et al. (2013) began at 1 h.")] = (900, 3600, 14_400, 86_400)
    resolution_places: Annotated[tuple[Length, ...], Field(min_length=1, description="Family resolution: sides of the squares that sites are merged in; 0: each site. Assumption.")] = (0.0, 500.0, 2000.0, 8000.0)
    worst_case_targets: Annotated[int, Field(ge=1, description="Family worst_case: vehicles drawn as targets; the background is everybody. Assumption.")] = 200
    listed_targets: Annotated[int, Field(ge=30, description="Families paths, uniqueness, worst_case, linkability and prediction: vehicles of each kind of listed drivers (rightly, stale-, custom-listed) that are targets at least, where there are so many: those that the draw out of everybody leaves out are drawn out of that kind, and count in no figure but its own. Assumption.")] = 100
    near_home: Annotated[tuple[Length, ...], Field(min_length=1, description="Distances within which a home or work place counts as found. Assumption.")] = (250.0, 500.0)
    visits: Visits = Visits()
    nights: Nights = Nights()


class Scenario(Model):
    """One study: one world, several policies."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Name
    question: Annotated[str, Field(description="What the study answers, in a sentence.")] = ""
    start: Annotated[Day, Field(description="First day; a day runs from 04:00 to 04:00.")]
    length: Annotated[Duration, AfterValidator(_whole_days), Field(description="Whole days.")]
    seeds: Annotated[tuple[Count, ...], Field(min_length=1, description="Each seed redraws people, trips, cameras' random sites, reads and misreads; not the streets.")] = (1,)
    roads: RoadSource
    population: Population = Population()
    traffic: Traffic = Traffic()
    cameras: Cameras
    plates: PlateStock = PlateStock()
    hot_lists: HotLists = HotLists()
    custody: Custody
    viewers: Annotated[dict[Name, Viewer], Field(min_length=1)]
    policies: Annotated[dict[Name, dict[str, object]], Field(min_length=1, description="Named patches; each may touch only custody and viewers. The first is the baseline.")]
    ladder: Ladder
    measures: Measures
    utility: Utility = Utility()
    searches: Searches = Searches()
    answer: Answer | None = None
    variants: Annotated[dict[Name, dict[str, object]], Field(description='Other worlds that the same is asked of, by name: keys in full, as for --set, with their values; e.g. {twice the cameras: {"cameras.groups.0.count": 14}}. Each is a whole result of its own, in variants/ of the run.')] = {}

    @model_validator(mode="after")
    def _plates_suffice(self) -> Scenario:
        for name, one in self.hot_lists.lists.items():
            most = self.plates.issued * one.wanted_for // (one.wanted_for + one.stale_for)
            if one.count and one.count >= most:
                raise ValueError(f"hot_lists.lists.{name}.count must be below {most:,} of plates.issued, {self.plates.issued:,}, not {one.count:,}")
        return self
