"""A zoo of tiny worlds: reads, trips and rules small enough to count by hand, with the edges where measures go wrong."""

from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st

from alprsim.measures import question, wheel
from alprsim.tables import (
    DAY,
    UNLIMITED,
    Bucket,
    People,
    PlaceKind,
    Places,
    Reads,
    Towns,
    Truth,
    VehicleKind,
    Vehicles,
)

HOUR = 3600


@dataclass(frozen=True)
class World:
    """Trips are (vehicle, depart, arrive), reads are (time, site, plate, true vehicle); everything else by row."""

    trips: tuple = ()
    reads: tuple = ()
    owner_of_site: tuple = (0, 1, 0)
    vehicles: int = 3
    town: tuple = (0, 1, 0)
    kind: tuple = (VehicleKind.RESIDENT,) * 3
    wheel: tuple = ()  # who drives: (vehicle, depart) and the person, where it is not the person of the vehicle's number
    main: tuple = ()  # the car that each mainly drives, all in one household; by default each has one, and a household

    def driver(self, vehicle, depart):
        """Return who drives a trip."""
        return dict(self.wheel).get((vehicle, depart), vehicle)

    def bucket(self, vehicles=None):
        """Return these vehicles' bucket; by default everybody's."""
        vehicles = range(self.vehicles) if vehicles is None else vehicles
        reads = [sorted(r for r in self.reads if r[2] == v) for v in vehicles]
        trips = [sorted(t for t in self.trips if t[0] == v) for v in vehicles]
        column = np.array([t for group in trips for t in group], np.int64).reshape(-1, 3)
        zero = np.zeros(len(column))
        driver = np.array([self.driver(v, depart) for group in trips for v, depart, _ in group], np.int64)
        truth = Truth.of(
            vehicle=column[:, 0], depart=column[:, 1], arrive=column[:, 2], driver=driver, companion=zero - 1,
            origin=zero, destination=zero, purpose=zero,
        )  # fmt: skip
        return Bucket(
            np.array(list(vehicles), np.int32), starts(reads), table([r for group in reads for r in group]),
            starts(trips), truth,
        )  # fmt: skip

    def tables(self):
        """Return Vehicles, People, Places and Towns: a driver a vehicle, two listed towns and a neighbour."""
        n = self.vehicles
        household = np.zeros(n) if self.main else range(n)
        vehicles = Vehicles.of(
            household=household, garage=np.zeros(n), town=self.town, kind=self.kind, key=np.arange(n) * 17 + 5
        )
        towns = Towns.of(name=["Ash", "Elm", "Oak"], x=[0] * 3, y=[0] * 3, population=[1] * 3, listed=[1, 1, 0])
        people = People.of(
            home=self.town,
            work=np.full(n, -1),
            household=household,
            vehicle=self.main or range(n),
            kind=np.zeros(n),
            key=range(n),
        )
        places = Places.of(junction=[0] * 3, kind=[PlaceKind.HOME] * 3, weight=[1] * 3, town=range(3))
        return vehicles, people, places, towns

    def drivers(self):
        """Return who is at the wheel of everybody's bucket."""
        vehicles, people, places, towns = self.tables()
        measured = question.residents(vehicles, people, places, towns)
        return wheel.wheel(self.bucket(), measured, wheel.keepers(vehicles, people, measured))

    def sites(self):
        """Return the owner of each site as the measures take it."""
        return np.array(self.owner_of_site, np.int16)

    def renumbered(self, new):
        """Return the same world with vehicle v called ``new[v]``."""
        order = np.argsort(new)
        return replace(
            self,
            trips=tuple((new[v], a, b) for v, a, b in self.trips),
            reads=tuple((t, s, new[p], new[v]) for t, s, p, v in self.reads),
            town=tuple(self.town[v] for v in order),
            kind=tuple(self.kind[v] for v in order),
        )


@dataclass(frozen=True)
class Rules:
    """Which of a few sights can obtain a read: for each owner, (age from which, set of sights), the first from 0."""

    pieces: tuple = field(default=(((0, 0),), ((0, 0),)))

    @property
    def first(self):
        return starts(self.pieces)

    @property
    def age(self):
        return np.array([age for owner in self.pieces for age, _ in owner], np.int32)

    @property
    def cases(self):
        return np.array([mask for owner in self.pieces for _, mask in owner], np.uint64)

    def obtains(self, sight, owner, age):
        """Say whether a sight obtains a read of this age (s): the rule itself."""
        mask = [mask for start, mask in self.pieces[owner] if start <= age][-1] if age >= 0 else 0
        return bool(mask >> sight & 1)

    def window(self, sight):
        """Return the age (s) from which nothing is obtained."""
        reach = 0
        for owner in self.pieces:
            for (_, mask), end in zip(owner, [*(start for start, _ in owner[1:]), UNLIMITED], strict=True):
                reach = max(reach, end) if mask >> sight & 1 else reach
        return reach


def ladder(*limits, owners=2):
    """Return rules under which sight k holds every owner's reads for ``limits[k]`` seconds."""
    ages = sorted({0, *(limit for limit in limits if limit < UNLIMITED)})
    return Rules((tuple((age, sum(1 << k for k, w in enumerate(limits) if age < w)) for age in ages),) * owners)


def starts(groups):
    return np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)


def table(reads):
    column = np.array(reads, np.int64).reshape(-1, 4)
    return Reads.of(time=column[:, 0], site=column[:, 1], plate=column[:, 2], vehicle=column[:, 3])


hours = st.integers(0, 80).map(lambda hour: hour * HOUR)
"""Moments on the hour in four days: ties, day ends and window edges happen."""

SIGHTS = 6
masks = st.integers(0, 2**SIGHTS - 1)


@st.composite
def trips(draw, vehicles=3):
    """Trips that do not overlap; some take no time, some follow at once, some pass 04:00."""
    made = []
    for vehicle in range(vehicles):
        times = sorted(draw(st.lists(st.integers(0, 75), max_size=8)))
        made += [(vehicle, a * HOUR, b * HOUR) for a, b in zip(times[::2], times[1::2], strict=False)]
    return tuple(made)


@st.composite
def worlds(draw, vehicles=3, parked=True):
    """Worlds of three vehicles and three sites; some reads are ghosts, some (if `parked`) of standing cars."""
    made = draw(trips(vehicles))
    who = st.integers(0, vehicles - 1)
    read = st.tuples(hours, st.integers(0, 2), who, who)
    reads = draw(st.lists(read, max_size=12)) if parked else []
    for vehicle, depart, arrive in made:
        seen = draw(st.lists(st.integers(depart, max(depart, arrive - 1)), max_size=3)) if arrive > depart else []
        reads += [(time, draw(st.integers(0, 2)), vehicle, vehicle) for time in seen]
    return World(made, tuple(reads))


@st.composite
def rules(draw, owners=2, ages=hours):
    """Rules of six sights for two owners, with gaps and sights that obtain nothing."""
    changes = st.lists(ages, max_size=4)
    pieces = []
    for _ in range(owners):
        ages = sorted({0, *draw(changes)})
        pieces.append(tuple((age, draw(masks)) for age in ages))
    return Rules(tuple(pieces))


@st.composite
def shared_cars(draw):
    """Worlds in which anybody may be at the wheel of any car, and several may mainly drive one."""
    world = draw(worlds())
    who = st.integers(0, world.vehicles - 1)
    wheel = tuple(((v, depart), draw(who)) for v, depart, _ in world.trips)
    return replace(world, wheel=wheel, main=tuple(draw(who) for _ in range(world.vehicles)), town=(0, 1, 0))


ZOO = {
    "nobody": World(vehicles=0, town=(), kind=()),
    "nothing happens": World(),
    "a trip nobody reads": World(trips=((0, HOUR, 2 * HOUR),)),
    "a read as it leaves and one as it arrives": World(
        trips=((0, HOUR, 2 * HOUR),), reads=((HOUR, 0, 0, 0), (2 * HOUR, 1, 0, 0))
    ),
    "a ghost on a trip": World(trips=((0, HOUR, 2 * HOUR),), reads=((HOUR + 5, 0, 0, 1),)),
    "a parked car is read": World(trips=((0, HOUR, 2 * HOUR),), reads=((5 * HOUR, 0, 0, 0),)),
    "over four in the morning": World(
        trips=((0, DAY - HOUR, DAY + HOUR),), reads=((DAY - 1, 0, 0, 0), (DAY, 1, 0, 0), (DAY + HOUR - 1, 0, 0, 0))
    ),
    "one trip after the other": World(
        trips=((0, HOUR, 2 * HOUR), (0, 2 * HOUR, 3 * HOUR)), reads=((2 * HOUR - 1, 0, 0, 0), (2 * HOUR, 1, 0, 0))
    ),
    "a trip of no length": World(trips=((0, HOUR, HOUR),), reads=((HOUR, 0, 0, 0),)),
    "under way at the moment": World(
        trips=((0, 47 * HOUR, 49 * HOUR),),
        reads=((48 * HOUR - 1, 0, 0, 0), (48 * HOUR, 1, 0, 0), (48 * HOUR + 1, 0, 0, 0)),
    ),
    "departed just before the horizon": World(
        trips=((0, 24 * HOUR, 26 * HOUR), (1, 24 * HOUR + 1, 26 * HOUR)),
        reads=((25 * HOUR, 0, 0, 0), (25 * HOUR, 1, 1, 1), (25 * HOUR + 9, 1, 1, 1)),
    ),
    "two days and a night": World(
        trips=tuple(
            (v, d * DAY + h * HOUR, d * DAY + (h + 1) * HOUR) for v in range(3) for d in range(3) for h in (3, 13)
        ),
        reads=tuple(
            (d * DAY + h * HOUR + 60 * s, s, v, v)
            for v in range(2)
            for d in range(3)
            for h in (3, 13)
            for s in (0, 1, 2)
        ),
    ),
}
