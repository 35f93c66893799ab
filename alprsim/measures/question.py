"""What is asked: which of a policy's reads a viewer can obtain at one moment, and whose lives they are held against."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import ladder
from alprsim.tables import (
    UNLIMITED,
    Bucket,
    Float64,
    Int8,
    Int16,
    Int32,
    Int64,
    Measured,
    People,
    PersonKind,
    Places,
    Reads,
    Towns,
    Truth,
    UInt64,
    VehicleKind,
    Vehicles,
)

VEHICLES, PEOPLE, VISITORS, THROUGH, DELIVERY, TAXIS = "vehicles", "people", "visitors", "through", "delivery", "taxis"
"""Whose lives an answer is about: residents' vehicles, residents over the cars they drive; apart, others' and working cars."""

APART = (VISITORS, THROUGH, DELIVERY, TAXIS)
"""In the order of VehicleKind, from VISITOR on: never part of the residents' figures."""

STRATA = ("unlisted", "rightly listed", "stale-listed", "custom-listed")
"""In the order of Stratum: residents' vehicles by what hot lists said of them from the first moment's last T on."""

BITS = np.arange(ladder.CASES, dtype=np.uint64)
"""The places of a lens's sights in a mask."""


class Lens(Protocol):
    """Which of up to 64 sights can obtain a read of an owner at an age: owner o has the pieces ``first[o]:first[o + 1]``."""

    @property
    def first(self) -> Int64:
        """int64[n_owners + 1]."""

    @property
    def age(self) -> Int32:
        """int32[n_pieces], s: where a piece starts, ascending; the first of an owner is 0."""

    @property
    def cases(self) -> UInt64:
        """uint64[n_pieces]: bit k: sight k can obtain a read of that age."""


class Resolution(Protocol):
    """How exactly sights see the reads of each stream."""

    @property
    def time_step(self) -> Int32:
        """int32[n_streams], s; 0 exactly."""

    @property
    def place_step(self) -> Float64:
        """float64[n_streams], m; 0 the camera."""

    @property
    def rotation(self) -> Int32:
        """int32[n_streams], s: how long a pseudonym lasts; 0 the plate itself, UNLIMITED for good."""


class Case(Protocol):
    """One (policy, viewer, sight, step of the ladder), as the tidy table names it."""

    @property
    def policy(self) -> str:
        """The named policy."""

    @property
    def viewer(self) -> str:
        """Through whose eyes."""

    @property
    def sight(self) -> str:
        """Bulk, request or process."""

    @property
    def reads(self) -> str:
        """Whose cameras' reads: all, own, peers, commercial."""

    @property
    def retention(self) -> int:
        """The ladder's step, s."""


class Question(NamedTuple):
    """One lens at one moment, as the kernels take it. The last T is (moment − horizon, moment]."""

    moment: int
    horizon: int
    window: Int32
    """[64] s: each sight's effective retention, the least age from which no such read of any owner can be obtained."""
    owner_of_site: Int16
    steps: Int32
    """[steps] s: ages at which something changes."""
    grid: UInt64
    """[steps × owners]: the sights that can obtain a read."""
    in_window: UInt64
    """[steps]: the sights whose window reaches that far."""

    @property
    def measured(self) -> NDArray[np.bool_]:
        """[64]: whether the window lies inside the simulated time; if not, what it would hold is not known."""
        return self.window <= self.moment


class Opened(NamedTuple):
    """One bucket, ready for questions: the trip each read was made on is found once."""

    bucket: Bucket
    trip: Int32


class Driven(NamedTuple):
    """One bucket by driver: ``opened.bucket.vehicle`` are rows of People, who own the trips they drove and the reads on them."""

    opened: Opened
    read: Int64
    trip: Int64
    """The rows that its reads, and its trips, have in the bucket by vehicle."""


class Residents(NamedTuple):
    """Whose lives are measured, never-read ones included: the vehicles garaged in the listed towns, and who drives them."""

    town: Int16
    """[vehicles]: row of `towns`; −1 visitors, through traffic and neighbours."""
    towns: tuple[str, ...]
    kind: Int8
    """[vehicles]: VehicleKind."""
    drivers: Int32
    """[drivers], row of People, rising: adults of the listed towns who have a car to drive, driving or not."""
    car: Int32
    """[drivers]: the one each mainly drives, row of Vehicles."""


class Answer(NamedTuple):
    """One statistic of one measure: value and n, [towns, cases]."""

    measure: str
    statistic: str
    unit: str
    value: NDArray[np.float64]
    n: Int64


def ask(
    lens: Lens, owner_of_site: Int16, *, moment: int, horizon: int, counted: UInt64 | None = None
) -> Question:  # fmt: skip
    """Prepare a lens for one moment.

    Parameters
    ----------
    lens : Lens
        Over all owners that `owner_of_site` names.
    owner_of_site : int16[n_sites], row of Agencies
    moment, horizon : int, s
        Since the scenario's start; T, above 0.
    counted : uint64[n_owners]
        The sights to whose window the reads of each owner, or stream, count; None: all to all.

    Raises
    ------
    ValueError
        The moment or the horizon is out of range, or a site's owner is not in the lens.
    """
    owners = len(lens.first) - 1
    _require("moment", moment >= 0, moment, "0 or more seconds")
    _require("horizon", horizon > 0, horizon, "more than 0 seconds")
    if len(owner_of_site):
        owner = int(owner_of_site.max() if owner_of_site.max() >= owners else owner_of_site.min())
        _require("owner_of_site", 0 <= owner < owners, owner, f"0 to {owners - 1}, the owners of the lens")
    window = _windows(lens, counted)
    steps = np.unique(np.concatenate([[0], lens.age, window])).astype(np.int32)  # any: 0
    grid = np.empty((len(steps), owners), np.uint64)
    for owner in range(owners):
        pieces = slice(lens.first[owner], lens.first[owner + 1])
        grid[:, owner] = lens.cases[pieces][np.searchsorted(lens.age[pieces], steps, side="right") - 1]
    in_window = np.where(steps[:, None] < window, np.uint64(1) << BITS, np.uint64(0)).sum(axis=1, dtype=np.uint64)
    return Question(moment, horizon, window, owner_of_site, steps, grid.reshape(-1), in_window)  # any: 1


def open_bucket(bucket: Bucket) -> Opened:
    """Find the trip of each read: a read of the true vehicle on the trip last departed by then, if still under way."""
    reads, truth = bucket.reads, bucket.truth
    trip = ladder.trips_of_reads(
        bucket.vehicle, bucket.first_read, reads.time, reads.vehicle, bucket.first_trip, truth.depart, truth.arrive
    )
    return Opened(bucket, trip)


def held(question: Question, reads: Reads, stream: Int16 | None = None) -> UInt64:
    """Return for each read the sights that can obtain it at the moment: bit k is sight k of the lens.

    ``stream`` is the owner, or stream, of each read, where its site alone does not tell.
    """
    of, site = question.owner_of_site, reads.site
    if stream is not None:
        of, site = np.arange(len(question.grid) // len(question.steps), dtype=np.int16), stream.astype(np.int32)
    return ladder.held(reads.time, site, of, question.steps, question.grid, question.moment)


def coarsened(opened: Opened, stream: Int16, seen: Resolution | None, middles: Mapping[float, Int32]) -> Opened:
    """Return a bucket with each read's time and place as a sight knows them; which trip it was made on stays the truth.

    A time is known as the start of its step, a place as the site in the middle of its cell (`middle_sites`, by step).

    Parameters
    ----------
    stream : int16[n_reads], row of `seen`
    seen : None: everything is known as it was recorded.
    """
    if seen is None:
        return opened
    return opened._replace(bucket=opened.bucket._replace(reads=coarse(opened.bucket.reads, stream, seen, middles)))


def coarse(reads: Reads, stream: Int16, seen: Resolution | None, middles: Mapping[float, Int32]) -> Reads:
    """Return reads, in any order, with times and places as a sight knows them: as `coarsened`."""
    if seen is None:
        return reads
    step = np.maximum(seen.time_step[stream], 1)
    site = reads.site.copy()
    for size, middle in middles.items():
        mine = seen.place_step[stream] == size
        site[mine] = middle[site[mine]]
    return dataclasses.replace(reads, time=reads.time // step * step, site=site)


def middle_sites(x: Float64, y: Float64, step: float) -> Int32:
    """Return for each site the one nearest the centre of its cell of a square grid, `step` metres wide; of equals the first."""
    column, row = np.floor(x / step), np.floor(y / step)
    apart = np.hypot(x - (column + 0.5) * step, y - (row + 0.5) * step)
    order = np.lexsort((np.arange(len(x)), apart, row, column))
    first = np.flatnonzero((np.diff(column[order], prepend=np.nan) != 0) | (np.diff(row[order], prepend=np.nan) != 0))
    middle = np.empty(len(x), np.int32)
    middle[order] = np.repeat(order[first], np.diff(np.append(first, len(order))))
    return middle


def by_driver(opened: Opened, people: Residents) -> Driven:
    """Regroup a bucket by who was at the wheel: every read made on a trip goes to that trip's driver.

    The bucket must hold all cars of a household, as `store.layout` deals them: nobody drives another household's.
    Parked cars' reads and ghosts are nobody's.
    """
    bucket = opened.bucket
    person = people.drivers[np.isin(people.car, bucket.vehicle)]
    place = np.searchsorted(person, bucket.truth.driver)
    theirs = np.append(person, -1)[place] == bucket.truth.driver  # any: 1
    trips = np.flatnonzero(theirs)
    trips = trips[np.lexsort((bucket.truth.depart[trips], place[trips]))]
    renumbered = np.full(len(theirs) + 1, -1, np.int64)  # any: 1
    renumbered[trips] = np.arange(len(trips))
    on_trip = np.flatnonzero(opened.trip >= 0)
    on_trip = on_trip[theirs[opened.trip[on_trip]]]
    trip = renumbered[opened.trip[on_trip]]
    order = np.argsort(trip, kind="stable")
    read, trip = on_trip[order], trip[order]
    first_trip = np.searchsorted(place[trips], np.arange(len(person) + 1)).astype(np.int64)
    first_read = np.searchsorted(trip, first_trip).astype(np.int64)
    mine = Bucket(person, first_read, bucket.reads.take(read), first_trip, _regrouped(bucket.truth, trips))
    return Driven(Opened(mine, trip.astype(np.int32)), read, trips)


def residents(vehicles: Vehicles, people: People, places: Places, towns: Towns) -> Residents:
    """Name the vehicles and drivers that are measured, and their towns in the order of `towns`."""
    listed = np.flatnonzero(towns.listed == 1)
    row_of_town = np.full(len(towns) + 1, -1, np.int16)  # any: 1
    row_of_town[listed] = np.arange(len(listed))
    town = np.where(vehicles.kind == VehicleKind.RESIDENT, row_of_town[vehicles.town], -1).astype(np.int16)
    drives = (people.vehicle >= 0) & (people.kind != PersonKind.CHILD)
    drives &= (row_of_town[places.town[people.home]] >= 0) & (np.append(town, -1)[people.vehicle] >= 0)  # any: 1
    drivers = np.flatnonzero(drives).astype(np.int32)
    names = tuple(str(name) for name in towns.name[listed])
    return Residents(town, names, vehicles.kind, drivers, people.vehicle[drivers])


def home_towns(people: Residents, vehicle: Int32) -> Int16:
    """Return the measured vehicles' towns, −1 for plates of nobody simulated too (rows beyond Vehicles)."""
    town = np.full(len(vehicle), -1, np.int16)
    known = vehicle < len(people.town)
    town[known] = people.town[vehicle[known]]
    return town


def groups_of_vehicles(people: Residents, vehicle: Int32) -> Int16:
    """Return each vehicle's group: its home town, then those of `APART`; −1 nobody simulated."""
    group = home_towns(people, vehicle)
    known = np.flatnonzero(vehicle < len(people.kind))
    kind = people.kind[vehicle[known]]
    apart = kind >= VehicleKind.VISITOR
    group[known[apart]] = len(people.towns) + kind[apart] - VehicleKind.VISITOR
    return group


def groups_of_drivers(people: Residents, driver: Int32) -> Int16:
    """Return each driver's home town: that of the car they mainly drive."""
    return people.town[people.car[np.searchsorted(people.drivers, driver)]]


def tidy(
    answers: Sequence[Answer], cases: Sequence[Case], towns: Sequence[str], *, seed: int, who: str = VEHICLES
) -> Measured:
    """Write answers as rows of the tidy table: a row a (statistic, town, case)."""
    rows = len(towns) * len(cases)

    def each_case(values: list[str] | list[int]) -> NDArray[np.generic]:
        return np.tile(np.array(values), len(answers) * len(towns))

    def each_answer(values: list[str]) -> NDArray[np.generic]:
        return np.repeat(np.array(values, np.str_), rows)

    return Measured.of(
        policy=each_case([case.policy for case in cases]),
        viewer=each_case([case.viewer for case in cases]),
        sight=each_case([case.sight for case in cases]),
        retention=each_case([case.retention for case in cases]),
        measure=each_answer([answer.measure for answer in answers]),
        who=each_answer([who] * len(answers)),
        reads=each_case([case.reads for case in cases]),
        town=np.tile(np.repeat(np.array(towns, np.str_), len(cases)), len(answers)),
        statistic=each_answer([answer.statistic for answer in answers]),
        seed=np.full(rows * len(answers), seed),
        value=np.concatenate([answer.value.reshape(-1) for answer in answers]),  # any: 1
        unit=each_answer([answer.unit for answer in answers]),
        n=np.concatenate([answer.n.reshape(-1) for answer in answers]),  # any: 1
    )


def alike(words: UInt64) -> list[tuple[int, np.uint64]]:
    """Return the sights that hold anything of the reads, those that hold the same together: one of them, and the mask of all.

    Parameters
    ----------
    words : uint64[n_reads]
        As the answer of `held`.
    """
    bits = (np.unique(words)[:, None] >> BITS) & np.uint64(1)
    together: dict[bytes, int] = {}
    for bit in np.flatnonzero(bits.any(axis=0)).tolist():
        key = bits[:, bit].tobytes()
        together[key] = together.get(key, 0) | 1 << bit
    return [((mask & -mask).bit_length() - 1, np.uint64(mask)) for mask in together.values()]


def join(tables: Sequence[Measured]) -> Measured:
    """Return the rows of several tidy tables as one."""
    return Measured.of(**{c.name: np.concatenate([getattr(t, c.name) for t in tables]) for c in Measured.columns()})


def ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return part / whole, NaN where there is no whole: not measured."""
    share = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=share, where=np.asarray(whole) > 0)
    return share


def of_cases(by_lens: Sequence[Int64], place: Int32) -> Int64:
    """Return each case's sums, [towns + 1, …, cases]: the last town is all; case c stands at lens × 64 + bit ``place[c]``.

    Cases with the same sight share a place. Sums come a lens each, [towns, …, 64].
    """
    cases = np.concatenate(by_lens, axis=-1)[..., place]
    return np.concatenate([cases, cases.sum(axis=0, keepdims=True)])


def _regrouped(truth: Truth, trips: NDArray[np.intp]) -> Truth:
    """Return these trips, by driver: the drivers stand in place of the vehicles."""
    columns = {name: values[trips] for name, values in truth.data().items()}
    return Truth(**{**columns, "vehicle": columns["driver"].copy()})


def _windows(lens: Lens, counted: UInt64 | None) -> Int32:
    """Return the supremum of each sight's ages over the owners that count; UNLIMITED where the last piece has no end."""
    ends = np.append(lens.age[1:], UNLIMITED).astype(np.int32)
    ends[lens.first[1:] - 1] = UNLIMITED
    cases = lens.cases if counted is None else lens.cases & np.repeat(counted, np.diff(lens.first))
    obtainable = (cases[:, None] >> BITS) & np.uint64(1) == 1
    window: Int32 = np.where(obtainable, ends[:, None], 0).max(axis=0, initial=0).astype(np.int32)
    return window


def _require(what: str, right: bool, found: int, allowed: str) -> None:
    if not right:
        raise ValueError(f"{what} must be {allowed}, not {found}")
