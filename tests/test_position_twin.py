"""Measure 7's sums beside the same said plainly: who and when is asked about, scores, shares of error, and their errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.measures import position, question, regions
from alprsim.measures.position import Truths
from tests import naive_position as naive
from tests.test_position import CUT, Case
from tests.worlds import ZOO, World

few = settings(deadline=None, derandomize=True, max_examples=25)
POINTS = list(zip(CUT.x.tolist(), CUT.y.tolist(), CUT.zone.tolist(), CUT.share.tolist(), strict=True))
parts = st.lists(st.integers(0, 4), min_size=9, max_size=9)


@st.composite
def beliefs(draw, rows=3):
    """Draw what is held likely of a car that stands and of one under way, [2, rows, zones], ties and certainties among them."""
    belief = np.array(draw(st.lists(parts, min_size=2 * rows, max_size=2 * rows)), float).reshape(2, rows, 9)
    belief[0, :, 3] += 1
    return belief / belief.sum(axis=(0, 2), keepdims=True)


def truths_at(zone, moving):
    """Return where a car was, on the line at each zone, at random moments but for those under way."""
    zone, moving = np.array(zone, np.int32), np.array(moving)
    kinds = np.stack([~moving, ~moving, moving], axis=1)
    return Truths(np.arange(len(zone), dtype=np.int32), kinds, zone, np.minimum(zone, 7) * 1000.0, zone * 0.0)


@few
@given(beliefs(), st.lists(st.integers(0, 8), min_size=3, max_size=3), st.sampled_from([0.0, 500.0, 1000.0]))
def test_beliefs_score_as_they_do_one_by_one(belief, zone, within):
    truth = truths_at(zone, [False] * 3)
    got = position.score(CUT, belief, truth, position.from_truth(CUT, truth, within), within)
    for row in range(3):
        where = truth.x[row], truth.y[row], zone[row]
        said = naive.scores(POINTS, belief[0, row].tolist(), belief[1, row].tolist(), where, within, 0.9)
        loose = [position.COVERED, position.POINT, position.WITHIN, position.ZONE]
        exact = [what for what in range(position.SCORES) if what not in loose]
        assert got[row, exact] == pytest.approx(np.array(said)[exact], abs=1e-9)
        if not tied(belief[:, row]):  # of two equal guesses or zones rounding may choose the other
            assert got[row, loose] == pytest.approx(np.array(said)[loose], abs=1e-9)


def tied(belief):
    """Tell whether two zones, or two sums of zones, are so nearly equal that rounding parts them."""
    return len(set(np.round(belief.sum(axis=0), 9))) < belief.shape[1]


@few
@given(beliefs())
def test_the_region_holds_nine_tenths_of_either_case_in_hardly_more_zones_than_it_must(belief):
    inside = regions.fewest(belief, 0.9)
    for row in range(belief.shape[1]):
        masses = [case / case.sum() for case in belief[:, row] if case.sum() > 0]
        assert all(mass @ inside[row] >= 0.9 - 1e-9 for mass in masses)
        alone = [regions.fewest(mass[None, None], 0.9).sum() for mass in masses]
        assert max(alone) - 1e-9 <= inside[row].sum() <= sum(alone) + 1e-9
    assert ((inside >= 0) & (inside <= 1)).all()


def test_a_case_that_is_hardly_possible_is_left_out():
    belief = np.zeros((2, 1, 3))
    belief[0, 0, 0], belief[1, 0, 2] = 1 - 1e-4, 1e-4
    assert regions.fewest(belief, 0.9)[0].tolist() == pytest.approx([0.9, 0, 0])
    belief[1, 0, 2] = 2e-4
    assert regions.fewest(belief, 0.9)[0].tolist() == pytest.approx([0.9, 0, 0.9])


def test_of_two_regions_of_one_size_the_first_case_chooses():
    belief = np.array([[[0, 1, 7]], [[0, 7, 1]]]) / 8
    assert regions.fewest(belief, 7 / 8)[0].tolist() == pytest.approx([0, 6 / 7, 1])
    assert regions.fewest(belief[::-1], 7 / 8)[0].tolist() == pytest.approx([0, 1, 6 / 7])


@pytest.mark.parametrize("world", ZOO.values() if isinstance(ZOO, dict) else ZOO)
def test_who_is_asked_about_and_when(world):
    vehicles, people, places, towns = world.tables()
    known = question.residents(vehicles, people, places, towns)
    for count in (0, 1, 2, 9):
        chosen = position.choose(vehicles, known, count, seed=3).tolist()
        assert chosen == naive.targets(vehicles.key, known.town >= 0, count, 3)
    bucket = world.bucket()
    for row, key in enumerate(vehicles.key.tolist()):
        trips = range(*bucket.first_trip[row : row + 2].tolist())
        goes = np.zeros(25, np.bool_)
        for trip in trips:
            hour = np.arange(25) * 3600
            goes |= (bucket.truth.depart[trip] <= hour) & (bucket.truth.arrive[trip] > hour)
        step, kinds = position.instants(key, goes, moment=1, count=5, seed=3)
        got = sorted((int(s), *map(bool, kind)) for s, kind in zip(step, kinds, strict=True))
        assert got == naive.instants(key, goes.tolist(), 1, 5, 3)


@few
@given(
    st.lists(
        st.lists(st.tuples(beliefs(1), beliefs(1), st.integers(0, 8), st.booleans()), min_size=1, max_size=3),
        min_size=2,
        max_size=3,
    )
)
def test_scores_of_cars_add_up_as_they_do_one_by_one(cars):
    """Some draws, each of a few moments, tracked and guessed by two others; two towns and all."""
    people, sums = question.residents(*World().tables()), position.empty(len(cars))
    plain = {kind: ([], [], [], []) for kind in position.KINDS}
    for row, moments in enumerate(cars):
        truth = truths_at(
            [zone for *_, zone, _ in moments], [number > 0 and moving for number, (*_, moving) in enumerate(moments)]
        )
        known = position.from_truth(CUT, truth, 1000.0)
        mine, prior = (np.concatenate([one[which] for one in moments], axis=1) for which in (0, 1))
        three = [position.score(CUT, belief, truth, known, 1000.0) for belief in (mine, 0.5 * (mine + prior), prior)]
        position.add(sums, row, np.array([0]), [(truth, np.stack(three))])
        for number, kind in enumerate(position.KINDS):
            for what, column in ((0, position.POINT), (1, position.WITHIN)):
                for method, into in ((0, plain[kind][2 * what]), (2, plain[kind][2 * what + 1])):
                    into.append(np.array(three)[method, truth.moments[:, number], column].tolist())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(position, "FEWEST", 1)
        groups = position.of_groups(sums, np.zeros(len(cars), np.int16), 2)
        table = position.rows([groups], np.zeros(1, np.int32), [Case()], people, moments=1, seed=1)
    keys = zip(table.measure, table.statistic, table.town, strict=True)
    got = dict(zip(keys, table.value.tolist(), strict=True))
    for kind, (off, off_prior, near, _) in plain.items():
        if not sum(map(len, off)):
            continue
        assert got["position_error", f"tracker{kind}", "all"] == pytest.approx(naive.mean_and_error(off)[0], abs=1e-3)
        mean = got["position_within", f"tracker{kind}", "all"], got["position_within", f"tracker{kind}_error", "all"]
        assert mean == pytest.approx(naive.mean_and_error(near), abs=1e-6)
        if sum(map(sum, off_prior)) > 0:
            share, error = (got["position_error", f"of_prior{kind}{end}", "all"] for end in ("", "_error"))
            said = naive.ratio_and_error(off, off_prior)
            assert share == pytest.approx(said[0], rel=1e-5)
            assert error == pytest.approx(said[1], rel=1e-2, abs=2e-3)  # of whole metres
