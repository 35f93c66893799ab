"""Records kept coarse: what they may have been exactly, against the same said plainly, and in the long run."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.inquiry._position import _View
from alprsim.measures import filled, routines
from alprsim.measures.filled import Kept, Likely
from alprsim.randomness import draw, stream
from tests import naive_tracker as naive

few = settings(deadline=None, derandomize=True, max_examples=60)
HOUR = 3600
MIDDLES = {500.0: np.array([1, 1, 2, 3, 3], np.int32), 900.0: np.array([1, 1, 1, 4, 4], np.int32)}
SITES = np.array([1.0, 3.0, 1.0, 0.0, 2.0])
"""Five sites, of which the fourth reads nothing that may be held; in squares of 500 m and of 900 m."""


def kept(*records):
    """Return records, (time, site, step, side) each, as they are kept."""
    time, site, step, side = (np.array(column) for column in zip(*records, strict=True))
    bits = draw(stream(1, "test"), np.arange(len(time)))
    return Kept(time.astype(np.int32), site.astype(np.int32), step.astype(np.int32), side.astype(float), bits)


def likely(*busy):
    """Return what tells of draws: so many departures in each hour of a day, the last ones in all that follow."""
    hours = np.ones(routines.HOURS)
    hours[: len(busy)] = busy
    return Likely(hours, 0, MIDDLES, SITES)


records = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0, 1, HOUR, 3 * HOUR]), st.sampled_from([(0.0, 4), (500.0, 1), (900.0, 1)])),
    min_size=1, max_size=4,
)  # fmt: skip


@few
@given(records, st.integers(0, HOUR), st.integers(1, 6 * HOUR), st.lists(st.integers(1, 4), max_size=3))
def test_records_are_drawn_as_they_are_plainly(said, start, length, busy):
    """Within their steps, before the moment, and from sites that may be held; exact ones stay as they are."""
    moment = start + length
    every = kept(*[(cell * max(step, 1), site, step, side) for cell, step, (side, site) in said])
    some = every.take(filled.possible(every, start, moment))
    assert filled.possible(every, start, moment).tolist() == [
        any(start <= second < moment for second in range(time, time + max(step, 1)))
        for time, step in zip(every.time.tolist(), every.step.tolist(), strict=True)
    ]
    known = likely(*busy)
    for number in (0, 1):
        time, site = filled.filled(some, number, start, moment, known)
        rows = [
            naive.filled(*(column[row] for column in some), number, moment, known.hours, MIDDLES, SITES)
            for row in range(len(some.time))
        ]
        assert list(zip(time.tolist(), site.tolist(), strict=True)) == [one for one in rows if one[0] >= start]


def test_what_may_have_been_made_in_time():
    """A record of the ten seconds from 10 on, and one of second 5: in windows that just reach them, and just do not."""
    both = kept((10, 4, 10, 0.0), (5, 4, 0, 0.0))
    windows = [(19, 30), (20, 30), (0, 10), (0, 11), (5, 6), (6, 9), (4, 5)]
    told = [filled.possible(both, start, moment).tolist() for start, moment in windows]
    assert told == [[True, False], [False, False], [False, True], [True, True], [False, True], [False] * 2, [False] * 2]


def test_in_the_long_run_times_follow_the_hours_and_places_the_reads():
    """Three hours, the second as busy as both others together; a quarter of what the square reads is the first site's."""
    many = kept(*[(0, 1, 3 * HOUR, 500.0)] * 4000)
    time, site = filled.filled(many, 0, 0, 9 * HOUR, likely(1, 2, 1))
    assert np.bincount(time // HOUR) / 4000 == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    assert np.bincount(site, minlength=2)[:2] / 4000 == pytest.approx([0.25, 0.75], abs=0.03)
    again = filled.filled(many, 1, 0, 9 * HOUR, likely(1, 2, 1))[0]
    assert abs(np.corrcoef(time, again)[0, 1]) < 0.05
    assert abs(np.corrcoef(time, site)[0, 1]) < 0.05


def test_what_is_kept_exactly_needs_no_draws():
    assert kept((5, 1, 0, 0.0), (7, 1, 1, 0.0)).exact
    assert not kept((5, 1, 0, 0.0), (6, 1, 2, 0.0)).exact
    assert not kept((5, 1, 0, 1.0)).exact
    assert kept((5, 1, 0, 0.0), (HOUR, 1, HOUR, 0.0)).middle.tolist() == [5, HOUR + HOUR // 2]


def test_more_cars_leave_at_hours_at_which_more_are_there_to_leave():
    hours, begin = np.zeros((routines.HOURS, 6)), np.zeros((routines.HOURS, 3))
    hours[0], begin[0] = [0.5, 0.25, 0.125, 1, 1, 1], [0.25, 0.5, 0.25]
    nothing = np.zeros(0)
    known = routines.Routine(nothing, hours, nothing, begin, nothing)
    assert known.departures[:2].tolist() == [0.125 + 0.125 + 0.03125, 0]


def test_a_camera_may_have_made_a_record_of_which_some_reads_are_held_and_watches_if_all_are():
    """Two pieces of time, three groups of two streams: of the first some reads are held at first, of the second all."""
    view = object.__new__(_View)
    view.group_of_site = np.array([0, 1, 2, 1])
    view.held = [np.array([[True, False, True, True, False, False], [False] * 6])]
    assert view.holds(0).tolist() == [True, True, False, True]
    assert view._of_sites(view.held[0], every=True).tolist() == [[False, True, False, True], [False] * 4]
    view.group_of_site = np.empty(0, np.int64)
    assert view.holds(0).tolist() == []
