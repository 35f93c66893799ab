"""What one camera named for everybody finds, and what no guess of a camera can exceed: by hand and beside plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.measures import one_guess, places, question
from alprsim.tables import DAY, UNLIMITED
from tests import test_measures_places as homes
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=25)
SITES = homes.spots((0, 0, 0), (1000, 0, 0), (5000, 0, 1))
LIVES = homes.spots((100, 0, 0), (0, 250, 0), (1000, 200, 0), (np.inf, 0, 1), (np.nan, np.nan, -1), (1001, 0, 0))
TOWN = np.array([0, 0, 1, 1, 0, -1], np.int16)
"""The fourth lives beyond the map, the fifth has no such place, the last is nobody who is measured."""


def told(named, within=(250.0,), lives=LIVES, town=TOWN):
    known = places.Known(lives, lives)
    cases = [homes.Case()] * np.array(named).shape[1]
    table = one_guess.rows(
        known, town, ["Ash", "Elm"], SITES, np.array(named, np.bool_), within, cases, seed=1, who="vehicles"
    )
    number = np.arange(len(table)) % len(cases)
    keys = zip(table.measure, table.statistic, table.town, number.tolist(), strict=True)
    return {key: (value, int(n)) for key, value, n in zip(keys, table.value, table.n, strict=True)}


def test_one_site_for_everybody_and_any_site_by_hand():
    got = told([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]])
    said = {name: [got["home_found", f"within_250m_{name}", town, case] for town in ("all", "Ash", "Elm") for case in range(4)]
            for name in ("by_constant_guess", "ceiling")}  # fmt: skip
    assert said["by_constant_guess"] == [
        (0.5, 4), (0.25, 4), (0.0, 4), (0.0, 4), (1.0, 2), (0.0, 2), (0.0, 2), (0.0, 2), (0.0, 2), (0.5, 2), (0.0, 2), (0.0, 2)
    ]  # fmt: skip
    assert said["ceiling"] == [
        (0.75, 4), (0.25, 4), (0.0, 4), (0.0, 4), (1.0, 2), (0.0, 2), (0.0, 2), (0.0, 2), (0.5, 2), (0.5, 2), (0.0, 2), (0.0, 2)
    ]  # fmt: skip
    assert {measure for measure, *_ in got} == {"home_found", "work_found"}


@few
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1)), max_size=8),
    st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=3),
)
def test_both_equal_plain_loops_and_no_guess_exceeds_the_ceiling(lives, sights):
    spots = homes.spots(*((1000 * at, 0, 0) for at, _ in lives))
    got = told(np.array(sights).T, (500.0, 1000.0), spots, np.array([town for _, town in lives], np.int16))
    for case, named in enumerate(sights):
        for metres in (500, 1000):
            near = [
                [abs(x - 1000 * at) <= metres for at, _ in lives] for x, yes in zip(SITES.x, named, strict=True) if yes
            ]
            value, n = got["home_found", f"within_{metres}m_by_constant_guess", "all", case]
            least, _ = got["home_found", f"within_{metres}m_ceiling", "all", case]
            assert n == len(lives)
            if n:
                assert value == pytest.approx(max(map(sum, near), default=0) / n)
                assert least == pytest.approx(sum(map(any, zip(*near, strict=True))) / n if near else 0)
                assert value <= least


def test_a_site_can_be_named_whose_reads_can_be_had_as_far_as_its_place_is_known():
    put = question.ask(limits(DAY, 0, UNLIMITED), np.array([0, 1, 1], np.int16), moment=2 * DAY, horizon=DAY)
    itself = np.arange(3, dtype=np.int32)
    assert one_guess.can_be_named(put, [itself] * 2)[:, :4].tolist() == [[True, False, True, False]] * 3
    middle = np.array([1, 1, 2], np.int32)
    assert one_guess.can_be_named(put, [middle] * 2)[:, 0].tolist() == [False, True, True]


def test_all_sites_may_be_of_one_owner_and_of_several_kinds_of_read():
    itself = np.arange(3, dtype=np.int32)
    put = question.ask(limits(DAY, 0, owners=2), np.zeros(3, np.int16), moment=DAY, horizon=DAY)
    for middles, named in (([itself] * 2, [True] * 3), ([itself // 2, itself // 3 + 2], [True, True, True])):
        found = one_guess.can_be_named(put, middles)
        assert found[:, 0].tolist() == named
        assert not found[:, 1].any()


def test_without_sites_nothing_is_found():
    asked, right = one_guess.found(LIVES, TOWN, 2, homes.NOBODY, np.zeros((0, 2), np.bool_), (250.0,))
    assert asked.tolist() == [2, 2, 4]
    assert not right.any()
