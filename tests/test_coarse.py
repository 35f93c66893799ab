"""Times and places as coarse as a policy leaves them: what a sight knows of a read, and what it does not change."""

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alprsim import custody as rules
from alprsim.measures import question
from alprsim.sight import Case, Resolution, Streams, lenses
from alprsim.tables import UNLIMITED, Bucket, Reads, Truth
from tests.naive_custody import custody

HOUR = 3600


def case(spec, viewer, by_plate=True):
    table = rules.agencies(spec)
    row = [str(name) for name in table.name].index(viewer)
    access = rules.access(spec, table, range(len(table)))
    return Case("policy", viewer, "request", 0, access, row, by_plate=by_plate), Streams.of_owners(len(table))


def shared(**keeping):
    """Return two departments, of which one keeps as said, and a consumer that asks both."""
    agencies = {
        "Exact": {"retention": "7 d"},
        "Coarse": {"retention": "7 d", **keeping},
        "ICE": {"kind": "consumer", "retention": "0 s"},
    }
    return custody(agencies, {"giver": "departments", "taker": "ICE", "kind": "query"})


def test_sights_that_know_times_or_places_otherwise_stand_in_different_lenses():
    exact, streams = case(shared(), "ICE")
    coarse, _ = case(shared(time_step="1 h", place_step="500 m"), "ICE")
    made, place = lenses([exact, coarse, exact], streams)
    assert place.tolist() == [0, 64, 0]
    assert made[0].seen is None
    assert made[1].seen.time_step.tolist() == [0, HOUR, 0]
    assert made[1].seen.place_step.tolist() == [0, 500, 0]


def test_of_several_routes_the_finest_counts():
    spec = shared(time_step="1 h")
    coarse, streams = case(spec, "ICE")
    both = coarse.access.take(np.r_[0 : len(coarse.access), 0 : len(coarse.access)])
    steps = both.time_step.copy()
    steps[len(coarse.access) :] = np.minimum(steps[len(coarse.access) :], 60)
    made, _ = lenses([coarse._replace(access=dataclasses.replace(both, time_step=steps))], streams)
    assert made[0].seen.time_step.max() == 60


def test_a_pseudonym_lasts_as_its_rule_says_unless_the_plate_is_seen_too():
    spec = shared(identity={"kind": "hashed", "rotate": "1 d"})
    blind, streams = case(spec, "ICE", by_plate=False)
    made, _ = lenses([blind], streams)
    assert made[0].seen.rotation.tolist() == [0, 86_400, 0]


def bucket(times, sites):
    reads = Reads(
        time=np.array(times, np.int32), site=np.array(sites, np.int32), plate=np.zeros(len(times), np.int32),
        vehicle=np.zeros(len(times), np.int32),
    )  # fmt: skip
    nothing = {
        name: np.empty(0, values.dtype)
        for name, values in Truth.of(**{c.name: [] for c in Truth.columns()}).data().items()
    }
    return question.Opened(
        Bucket(np.zeros(1, np.int32), np.array([0, len(times)]), reads, np.array([0, 0]), Truth(**nothing)),
        np.full(len(times), -1, np.int32),
    )


@given(st.lists(st.integers(0, 50_000), max_size=6), st.sampled_from([0, 60, HOUR]), st.integers(0, 2))
def test_times_are_known_to_the_start_of_their_step_and_stay_in_order(times, step, other):
    times = sorted(times)
    seen = Resolution(np.array([0, step], np.int32), np.zeros(2), np.zeros(2, np.int32))
    stream = np.full(len(times), min(other, 1), np.int16)
    known = question.coarsened(bucket(times, [0] * len(times)), stream, seen, {}).bucket.reads.time
    wanted = [time - time % step if step and other else time for time in times]
    assert known.tolist() == wanted == sorted(wanted)


@given(
    st.lists(st.tuples(st.integers(-900, 900), st.integers(-900, 900)), min_size=1, max_size=7),
    st.sampled_from([200, 500]),
)
def test_the_middle_site_is_in_the_same_cell_and_nobody_is_nearer_its_centre(points, step):
    x, y = np.array(points, np.float64).T
    middle = question.middle_sites(x, y, float(step))
    for site, (a, b) in enumerate(points):
        cell = a // step, b // step
        mates = [n for n, (c, d) in enumerate(points) if (c // step, d // step) == cell]
        apart = {
            n: np.hypot(points[n][0] - (cell[0] + 0.5) * step, points[n][1] - (cell[1] + 0.5) * step) for n in mates
        }
        assert middle[site] == min(mates, key=lambda n: (apart[n], n)), site


def test_places_are_known_as_the_middle_of_their_cell_where_the_rule_says_so():
    middles = {500.0: np.array([1, 1, 2], np.int32)}
    seen = Resolution(np.zeros(2, np.int32), np.array([0, 500.0]), np.zeros(2, np.int32))
    opened = bucket([1, 2, 3], [0, 0, 2])
    known = question.coarsened(opened, np.array([0, 1, 1], np.int16), seen, middles)
    assert known.bucket.reads.site.tolist() == [0, 1, 2]
    assert known.trip is opened.trip
    assert question.coarsened(opened, np.zeros(3, np.int16), None, {}) is opened


def test_nothing_ever_said_is_without_end():
    exact, streams = case(shared(), "Exact")
    made, _ = lenses([exact], streams)
    assert made[0].at(UNLIMITED // 2).first[-1] >= len(streams)
