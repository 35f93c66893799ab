"""Whoever is told apart is walked once with everybody: other groups of the same people get what walking them alone gives."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.measures import completeness, equity, gaps, nights, places, question, sensitive, visits
from alprsim.tables import DAY, UNLIMITED
from tests import test_measures_places as homes
from tests import test_nights as slept
from tests import test_visits as visited
from tests.worlds import HOUR, ZOO, rules, worlds
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=12)
moments = st.integers(0, 80).map(lambda hour: hour * HOUR)
OTHER = ("near", "far", "the rest")


class Asked:
    """A world at a moment, with every trip to a place, and the same people by other groups."""

    def __init__(self, world, lens, now, destinations, groups):
        bucket = world.bucket()
        to = np.resize(np.array(destinations, np.int32), len(bucket.truth))
        self.world, self.drivers = world, world.drivers()
        self.opened = question.open_bucket(bucket._replace(truth=replace(bucket.truth, destination=to)))
        self.put = question.ask(lens, world.sites(), moment=now, horizon=DAY)
        self.held = question.held(self.put, bucket.reads)
        self.people = question.residents(*world.tables())
        group = np.where(
            self.people.town >= 0, np.resize(np.array(groups, np.int16), len(self.people.town)), -1
        ).astype(np.int16)
        self.other = self.people._replace(town=group, towns=OTHER)
        self.driven = question.by_driver(self.opened, self.people)

    def gaps(self, people, also=()):
        every = []
        for one in (people, *also):
            sums = gaps.empty(len(one.towns), longest=40 * HOUR), gaps.empty(len(one.towns), longest=40 * HOUR)
            groups = question.home_towns(one, self.opened.bucket.vehicle)
            every.append(
                (*zip(sums, (groups, question.groups_of_drivers(one, self.driven.opened.bucket.vehicle)), strict=True),)
            )
        (cars, lives), *rest = every
        gaps.add(cars[0], self.opened, self.held, self.put, cars[1], also=[one[0] for one in rest])
        held = self.held[self.driven.read]
        gaps.add(lives[0], self.driven.opened, held, self.put, lives[1], also=[one[1] for one in rest])
        return [[sums for sums, _ in one] for one in every]

    def places(self, people, also=()):
        def empty(one):
            return [places.empty(one, within=(250.0, 500.0), days=10) for _ in range(2)]

        known = places.Known(homes.HOME, homes.WORK)
        return self._added(
            places.add, empty, people, also, sites=homes.SITES, cars=known, persons=known, first_weekday=0
        )

    def nights(self, people, also=()):
        sites = slept.spots(slept.SITES)
        return self._added(
            nights.add, lambda one: [nights.empty(len(one.towns)) for _ in range(2)], people, also, sites=sites,
            home=slept.spots(slept.HOMES), places=slept.spots(slept.PLACES),
            together=nights.near_each_other(sites, slept.RULE.area), rule=slept.RULE,
        )  # fmt: skip

    def visits(self, people, also=()):
        rule, spots = visited.a_rule(), visited.at()
        x, y = np.array(visited.SITES, float).reshape(-1, 2).T.copy()
        return self._added(
            visits.add, lambda one: [visits.empty(len(one.towns), len(spots.kinds), rule) for _ in range(2)], people, also,
            sensitive=spots, near=sensitive.near_sites(spots, x, y, rule.within), rule=rule,
        )  # fmt: skip

    def equity(self, people, also=()):
        everybody = (people, *also)
        sums = [[equity.empty(equity.by_town(one.towns, one.town)) for one in everybody] for _ in range(2)]
        stream, metres = (
            self.world.sites()[self.opened.bucket.reads.site],
            np.arange(len(self.opened.bucket.truth)) * 100,
        )
        cars = [question.home_towns(one, self.opened.bucket.vehicle) for one in everybody]
        lives = [question.groups_of_drivers(one, self.driven.opened.bucket.vehicle) for one in everybody]
        equity.add(sums[0], self.opened, self.held, self.put, cars, metres=metres, stream=stream)
        equity.add(
            sums[1], self.driven.opened, self.held[self.driven.read], self.put, lives, metres=metres[self.driven.trip],
            stream=stream[self.driven.read],
        )  # fmt: skip
        return [list(both) for both in zip(*sums, strict=True)]

    def _added(self, add, empty, people, also, **how):
        every = [(one, *empty(one)) for one in (people, *also)]
        (first, cars, lives), *rest = every
        add(cars, lives, self.opened, self.held, self.put, first, drivers=self.drivers, also=rest, **how)
        return [list(sums) for _, *sums in every]


def flat(sums):
    """Return every array of some sums, of cars and of people."""
    found = []
    for one in sums:
        for part in one:
            found += list(part) if isinstance(part, completeness.Sums) else [part]
    return [part for part in found if isinstance(part, np.ndarray)]


def assert_walked_once(asked):
    for name in ("gaps", "places", "nights", "visits", "equity"):
        walk = getattr(asked, name)
        once = walk(asked.people, [asked.other])
        for together, people in zip(once, (asked.people, asked.other), strict=True):
            alone = walk(people)[0]
            assert all(np.array_equal(*both) for both in zip(flat(together), flat(alone), strict=True)), name
            assert flat(alone), name


@pytest.mark.parametrize("name", ZOO)
def test_other_groups_get_what_walking_them_alone_gives(name):
    assert_walked_once(Asked(ZOO[name], limits(UNLIMITED, DAY, 0), 3 * DAY, [0, 1, 2, 3], [1, 0, 2]))


@few
@given(
    worlds(),
    rules(),
    moments,
    st.lists(st.integers(0, 3), min_size=1, max_size=12),
    st.tuples(*[st.integers(0, 2)] * 3),
)
def test_other_groups_get_what_walking_them_alone_gives_whatever_they_do(world, lens, now, destinations, groups):
    assert_walked_once(Asked(world, lens, now, destinations, groups))
