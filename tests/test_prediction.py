"""The next camera guessed: against plain loops over steps, and by hand."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import prediction as kernels
from alprsim.measures import crowd, entropy, prediction, question
from alprsim.measures.glossary import BY_NAME
from alprsim.results import words
from alprsim.sight import Resolution
from alprsim.tables import UNLIMITED, CameraKind, Cameras, Roads, Sites
from tests import naive_company as naive
from tests import naive_entropy, naive_measures
from tests.test_measures_uniqueness import OWNERS, Case, lenses
from tests.worlds import HOUR, SIGHTS, Rules, table
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=50)
halves = st.integers(0, 60).map(lambda half: half * HOUR // 2)
crowds = st.lists(
    st.tuples(halves, st.integers(0, 3), st.integers(-1, 3), st.integers(0, 3)), max_size=40, unique_by=lambda r: (r[0], r[2])
).map(lambda reads: [(time, site, plate, plate if luck else 3) for time, site, plate, luck in reads])  # fmt: skip
SITE_OWNER = np.append(OWNERS, OWNERS[1]).astype(np.int16)
CAMERA, AHEAD, TARGETS = np.array([0, 1, 2, 2], np.int32), np.array([1, -1, 0], np.int32), (0, 2, 3)


def ordered(columns, lasts=0):
    """Return reads as one knows them whose pseudonyms last so long; 0: plates."""
    seen = Resolution(np.zeros(2, np.int32), np.zeros(2), np.full(2, lasts, np.int32))
    return prediction.by_time(columns, crowd.known(columns, SITE_OWNER[columns.site], seen if lasts else None, {}))


def added(reads, lens, now, until, targets=TARGETS, sums=None, also=(), lasts=0):
    columns, put = table(reads), question.ask(lens, SITE_OWNER, moment=now, horizon=HOUR)
    sums = sums or prediction.empty(len(targets))
    prediction.add(
        [(sums, np.ones(len(targets), np.bool_)), *also], columns, ordered(columns, lasts), question.held(put, columns), put,
        streams=SITE_OWNER[columns.site], targets=np.array(targets, np.int32), camera=CAMERA, ahead=AHEAD, until=until,
    )  # fmt: skip
    return sums


def ever(lens, sight, owner):
    return any(mask >> sight & 1 for _, mask in lens.pieces[owner])


@few
@given(crowds, lenses, st.lists(st.booleans(), min_size=3, max_size=3), st.integers(4, 30))
def test_some_targets_beside_are_as_if_asked_alone(reads, lens, mine, half):
    now, some, beside = half * HOUR // 2, np.array(mine, np.bool_), prediction.empty(sum(mine))
    whole = added(reads, lens, now, now + 6 * HOUR, also=[(beside, some)])
    alone = added(reads, lens, now, now + 6 * HOUR, targets=np.array(TARGETS)[some])
    for name in ("asked", "guessed", "reads", "hits", "own"):
        assert getattr(beside, name).tolist() == getattr(alone, name).tolist(), name
    assert whole.hits.tolist() == added(reads, lens, now, now + 6 * HOUR).hits.tolist()


def test_how_regular_some_targets_are_is_told_of_them_and_not_of_too_few():
    """Cars 0 and 3 have 25 and 22 held reads, car 2 has 19."""
    reads = [
        (hour * HOUR, (hour * (car + 1)) % 3, car, car) for car, n in ((0, 25), (2, 19), (3, 22)) for hour in range(n)
    ]
    end, some = 30 * HOUR, np.array([True, True, False])
    beside = prediction.empty(2)
    whole = added(reads, limits(end), end, end + HOUR, also=[(beside, some)])
    alone = added(reads, limits(end), end, end + HOUR, targets=TARGETS[:2])
    for name in ("regular", "looked_at", "annex"):
        assert getattr(beside, name).tolist() == getattr(alone, name).tolist(), name
    assert (whole.regular[0], beside.regular[0], beside.looked_at[0]) == (2, 1, 24)  # the first read is at 0 s

    def told(least):
        rows = prediction.rows([whole], np.zeros(1, np.int32), [Case()], seed=1, least=least)
        mine = rows.measure == prediction.ENTROPY
        return dict(zip(rows.statistic[mine], zip(rows.value[mine], rows.n[mine], strict=True), strict=True))

    assert told(2) == told(0)
    assert told(0)["looked_at"] == (pytest.approx(22.5), 2)
    few = told(3)
    assert few.pop("at_least_20_reads") == (pytest.approx(2 / 3), 3)
    assert all(np.isnan(value) and n == 0 for value, n in few.values())


@few
@given(crowds, lenses, st.integers(4, 40).map(lambda half: half * HOUR // 2))
def test_all_sights_at_once_equal_plain_loops_one_by_one(reads, lens, now):
    until = now + 6 * HOUR
    sums = added(reads, lens, now, until)
    for sight in range(SIGHTS):
        held = naive_measures.held(reads, lambda o, a, sight=sight: lens.obtains(sight, o, a), SITE_OWNER, now)
        past = [r for r, yes in zip(reads, held, strict=True) if yes and r[2] >= 0]
        after = [r for r in reads if now < r[0] <= until and r[2] >= 0 and ever(lens, sight, SITE_OWNER[r[1]])]
        measured = lens.window(sight) <= now
        found = [naive.guesses(past, after, target, CAMERA, AHEAD) for target in TARGETS]
        hits = [[sum(true == said[p] for true, said in mine) for mine in found] for p in range(4)]
        n = [len(mine) for mine in found]
        assert sums.asked[sight] == measured * len(TARGETS)
        assert sums.reads[sight] == measured * sum(n)
        assert sums.guessed[sight] == measured * sum(k > 0 for k in n)
        assert sums.hits[:, sight].tolist() == [measured * sum(row) for row in hits]
        assert sums.own[:, :, sight].tolist() == [[measured * a, measured * b] for a, b in zip(n, hits[0], strict=True)]


@few
@given(crowds, st.integers(4, 40).map(lambda half: half * HOUR // 2), st.integers(1, 40))
def test_under_pseudonyms_that_change_a_past_ends_with_its_pseudonym(reads, now, lasts):
    until, lasts = now + 6 * HOUR, lasts * HOUR
    sums = added(reads, limits(now), now, until, lasts=lasts)
    renamed = [
        (time, site, *(-1 if who < 0 else who * 100 + time // lasts for who in both)) for time, site, *both in reads
    ]
    past = [r for r in renamed if 0 < r[0] <= now and r[2] >= 0]
    after = [r for r in renamed if now < r[0] <= until and r[2] >= 0]
    names = sorted({r[2] for r in renamed if r[2] // 100 in TARGETS})
    found = [naive.guesses(past, after, name, CAMERA, AHEAD) for name in names]
    if lasts > until:  # all is under one name, as with plates
        assert sums.hits.tolist() == added(reads, limits(now), now, until, lasts=0).hits.tolist()
    assert sums.reads[0] == sum(len(mine) for mine in found)
    assert sums.hits[:, 0].tolist() == [sum(true == said[p] for mine in found for true, said in mine) for p in range(4)]
    of = [sum(len(mine) > 0 for n, mine in zip(names, found, strict=True) if n // 100 == car) > 0 for car in TARGETS]
    assert sums.guessed[0] == sum(of)


def test_a_car_is_as_regular_as_its_most_read_pseudonym():
    """Of 49 held reads an hour apart a pseudonym of 20 hours holds 20, one of 10 hours never enough; one of 24 holds 24."""
    many = [(hour * HOUR, hour % 3, 0, 0) for hour in range(50)]
    looked = [int(added(many, limits(50 * HOUR), 50 * HOUR, 51 * HOUR, (0, 1), lasts=lasts * HOUR).looked_at[0])
              for lasts in (10, 20, 24, UNLIMITED // HOUR)]  # fmt: skip
    assert looked == [0, 20, 24, 49]


@few
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0, 7, 23]), st.integers(0, 2)), max_size=14))
def test_a_guess_is_the_likeliest_way_at_any_hour(steps):
    column = [np.array(c, np.int32) for c in (zip(*steps, strict=True) if steps else ((), (), ()))]
    first, to, hourly = kernels.ways(*column, 3)
    counts = {
        (c, h, t): int(hourly[w, h])
        for c in range(3)
        for w, t in list(enumerate(to))[first[c] : first[c + 1]]
        for h in range(24)
    }
    assert (hourly[:, :24].sum(axis=1) == hourly[:, 24]).all()
    assert {key: n for key, n in counts.items() if n} == {step: steps.count(step) for step in steps}
    asked = [(here, hour) for here in range(-1, 3) for hour in (0, 7, 23)]
    guess = np.empty(2 * len(asked), np.int32)
    last, at = (np.array(c * 2, np.int32) for c in zip(*asked, strict=True))
    half = len(steps) // 2
    kernels.predict(
        np.array([0, half, len(steps)]), *column, np.array([0, len(asked), 2 * len(asked)]), last, at, first, to, hourly, guess
    )  # fmt: skip
    own = [steps[:half], steps[half:]]
    want = [naive.predicted(mine, steps, here, hour) for mine in own for here, hour in asked]
    assert guess.tolist() == want


ROUND = [(hour * HOUR, hour % 3, 0, 0) for hour in range(12)]


def test_a_car_that_goes_round_is_foreseen():
    sums = added(ROUND, limits(5 * HOUR), 8 * HOUR, 11 * HOUR, targets=(0, 1))
    assert sums.reads[0] == 3
    assert sums.guessed[0] == 1
    assert sums.asked[0] == 2
    assert sums.hits[:, 0].tolist() == [3, 1, 3, 2]  # held are 1, 2, 0, 1, 2; to come 0, 1, 2
    assert added(ROUND, limits(5 * HOUR), 8 * HOUR, 11 * HOUR - 1, targets=(0,)).reads[0] == 2


def test_only_cameras_that_the_viewer_ever_sees_count():
    nothing = added(ROUND, limits(0), 8 * HOUR, 11 * HOUR, targets=(0,))
    assert nothing.asked[0] == 1
    assert nothing.reads[0] == 0
    later = prediction.ever(question.ask(limits(0, 5, UNLIMITED), SITE_OWNER, moment=1, horizon=1))
    assert later.tolist() == [0b110, 0b110]


def test_what_is_not_known_is_guessed_by_what_is_most_frequent():
    crowd = [(hour * HOUR, 1, 3, 3) for hour in range(3)]
    sums = added([*crowd, (9 * HOUR, 1, 0, 0)], limits(8 * HOUR + 1), 9 * HOUR - 1, 10 * HOUR, targets=(0,))
    assert sums.hits[:, 0].tolist() == [1, 1, 1, 0]
    empty = added([(9 * HOUR, 0, 0, 0)], limits(8 * HOUR), 8 * HOUR, 10 * HOUR, targets=(0,))
    assert empty.reads[0] == 1
    assert empty.hits[:, 0].tolist() == [0, 0, 0, 0]


def test_unreadable_reads_are_left_out_and_the_rest_is_in_order():
    reads = table([(9, 0, 1, 1), (3, 1, 1, 1), (3, 0, 1, 1), (5, 0, -1, 1), (7, 2, 0, 0)])
    assert ordered(reads).row.tolist() == ordered(reads, lasts=4).row.tolist() == [4, 2, 1, 0]
    assert ordered(reads).who.tolist() == [0, 1, 1, 1]
    assert ordered(reads, lasts=4).who.tolist() == [0, 1, 1, 2]


def test_rows_print_the_predictor_its_baselines_and_the_error():
    sums = added(ROUND, limits(5 * HOUR), 8 * HOUR, 11 * HOUR, targets=(0, 1))
    sums.reads[:] += 2
    sums.own[1, 0] += 2
    rows = prediction.rows([sums], np.zeros(1, np.int32), [Case()], seed=1)
    got = {
        s: (v, n) for m, s, v, n in zip(rows.measure, rows.statistic, rows.value, rows.n, strict=True) if m == "prediction"
    }  # fmt: skip
    error = ((3 - 0.6 * 3) ** 2 + (0.6 * 2) ** 2) ** 0.5 / 5
    assert got == {
        "markov": (pytest.approx(0.6), 5), "own_most_frequent": (0.2, 5), "most_frequent_next": (0.6, 5),
        "along_the_road": (0.4, 5), "markov_error": (pytest.approx(error), 5), "read_next": (0.5, 2),
    }  # fmt: skip
    assert set(rows.measure) == {"prediction", "prediction_entropy"} <= set(BY_NAME)


def test_the_same_moment_entered_twice_leaves_the_error_as_it_is():
    sums, said = prediction.empty(2), []
    for _ in range(2):
        added([*ROUND, (9 * HOUR, 2, 1, 1)], limits(5 * HOUR), 8 * HOUR, 11 * HOUR, targets=(0, 1), sums=sums)
        rows = prediction.rows([sums], np.zeros(1, np.int32), [Case()], seed=1)
        said.append(float(rows.value[rows.statistic == "markov_error"][0]))
    assert said[0] == pytest.approx(said[1])
    assert said[0] > 0


def annex(reads, lens, now, targets, place=0):
    sums = added(reads, lens, now, now + 1, targets=targets)
    rows = prediction.rows([sums], np.array([place], np.int32), [Case()], seed=1)
    found = zip(rows.measure, rows.statistic, rows.value, rows.n, rows.unit, strict=True)
    return {s: (v, n, u) for m, s, v, n, u in found if m == "prediction_entropy"}


def test_the_annex_is_of_cars_with_enough_held_reads():
    """Car 0 has 24 reads and goes round; car 2 has 20 at one camera; car 1 has 19, car 3 one more that is after the moment."""
    counts = {0: 24, 1: 19, 2: 20, 3: 20}
    reads = [
        (hour * HOUR + HOUR, hour % 3 if car == 0 else 1, car, car) for car, n in counts.items() for hour in range(n)
    ]
    reads[-1] = (30 * HOUR, 1, 3, 3)
    got = annex(reads, limits(29 * HOUR), 29 * HOUR, (0, 1, 2, 3))
    lives = [0, 1, 2] * 8, [1] * 20
    real = [naive_entropy.real(list(life)) for life in lives]
    most = entropy.predictability(np.array(real[:1]), np.array([3]))[0]
    assert got == {
        "looked_at": (22, 2, "reads"), "at_least_20_reads": (0.5, 4, "share"),
        "real_shortest_unseen": (pytest.approx(sum(real) / 2), 2, "bits"),
        "uncorrelated": (pytest.approx(math.log2(3) / 2), 2, "bits"),
        "random": (pytest.approx(math.log2(3) / 2), 2, "bits"),
        "predictability_shortest_unseen": (pytest.approx((most + 1) / 2), 2, "share"),
    }  # fmt: skip
    assert 0.8 < most < 1
    assert not any(statistic.endswith("_") or words.statistic(statistic, 1) == statistic for statistic in got)


def test_where_nobody_has_enough_reads_the_annex_is_not_measured():
    got = annex(ROUND, limits(5 * HOUR), 8 * HOUR, (0, 1))
    assert got.pop("at_least_20_reads") == (0, 2, "share")
    assert all(np.isnan(value) and n == 0 for value, n, _ in got.values())
    many = [(hour * HOUR, 0, 0, 0) for hour in range(30)]
    assert annex(many, limits(19 * HOUR), 29 * HOUR, (0,))["looked_at"][1] == 0
    assert annex(many, limits(20 * HOUR), 29 * HOUR, (0,))["looked_at"][0] == 20
    assert annex(many, limits(19 * HOUR, 21 * HOUR), 29 * HOUR, (0,), place=1)["looked_at"][0] == 21
    assert annex(many, limits(30 * HOUR), 29 * HOUR, (0,))["at_least_20_reads"][1] == 0  # longer than was simulated


def foreseen(own, others, here, hour):
    """Return the camera guessed, twice, after steps {(come, hour, to): times} of one's own and of others."""
    steps = [step for made in (own, others) for step, n in made.items() for _ in range(n)]
    column = [np.array(c, np.int32) for c in zip(*steps, strict=True)]
    ways, guess = kernels.ways(*column, 3), np.empty(2, np.int32)
    last, at = np.array([here] * 2, np.int32), np.array([hour] * 2, np.int32)
    begin = np.array([0, sum(own.values())])
    kernels.predict(begin, *column, np.array([0, 2]), last, at, *ways, guess)
    assert guess.tolist() == [naive.predicted(steps[: begin[1]], steps, here, hour)] * 2
    return int(guess[0])


def test_many_steps_at_other_hours_outweigh_one_at_this():
    assert foreseen({(0, 7, 1): 1, (0, 8, 2): 1}, {}, 0, 7) == 1
    assert foreseen({(0, 7, 1): 1, (0, 8, 2): 30}, {}, 0, 7) == 2
    assert foreseen({(0, 7, 1): 30, (0, 8, 2): 30}, {}, 0, 7) == 1
    assert foreseen({(0, 7, 1): 30}, {(0, 7, 2): 30}, 0, 7) == 1
    assert foreseen({(0, 8, 1): 1}, {(0, 7, 2): 60}, 0, 7) == 2
    assert foreseen({(0, 7, 1): 2, (0, 8, 2): 3}, {(0, 7, 2): 7, (0, 8, 2): 6}, 0, 7) == 2


@few
@given(
    st.dictionaries(st.tuples(st.just(0), st.sampled_from([7, 8]), st.integers(0, 2)), st.integers(1, 6), min_size=1),
    st.dictionaries(st.tuples(st.just(0), st.sampled_from([7, 8]), st.integers(0, 2)), st.integers(1, 6), min_size=1),
)
def test_counts_weigh_as_a_plain_share_says(own, others):
    foreseen(own, others, 0, 7)


def test_a_read_at_the_moment_is_past_and_an_hour_ends_sharp():
    reads = [(hour * HOUR + HOUR - 1, hour % 2, 0, 0) for hour in range(4)]
    assert added(reads, limits(9 * HOUR), 0, 9 * HOUR, targets=(0,)).reads[1] == 0
    put = question.ask(limits(HOUR), SITE_OWNER, moment=2 * HOUR - 1, horizon=HOUR)
    assert put.measured[0]
    now = added(reads, limits(HOUR + 1), 2 * HOUR - 1 + 2, 9 * HOUR, targets=(0,))
    assert now.reads[0] == 2
    sharp = added([(2 * HOUR, 0, 0, 0), (3 * HOUR, 1, 0, 0)], limits(HOUR), 2 * HOUR, 3 * HOUR, targets=(0,))
    assert sharp.reads[0] == 1


def test_the_hour_turns_sharp():
    """Half past seven car 0 goes on to camera 1, half past eight to camera 2; asked about is eight sharp, a day later."""
    clock = (7.5, 0), (7.75, 1), (8.5, 0), (8.75, 2), (32, 0), (32.25, 2)
    reads = [(int(hour * HOUR), site, 0, 0) for hour, site in clock]
    sums = added(reads, limits(30 * HOUR), 32 * HOUR, 33 * HOUR, targets=(0,))
    assert (sums.reads[0], sums.hits[0, 0]) == (1, 1)


def test_a_read_at_the_moment_that_is_not_held_then_says_nothing():
    later = Rules((((0, 0), (HOUR, 1), (2 * HOUR, 0)),) * 2)
    sums = added([(3 * HOUR, 0, 0, 0), (4 * HOUR, 1, 0, 0)], later, 3 * HOUR, 5 * HOUR, targets=(0,))
    assert sums.hits[:, 0].tolist() == [0, 0, 0, 0]  # camera 1 is ahead of camera 0, whose read is not known


def test_ones_own_first_camera_is_ones_usual():
    crowd = [(hour * HOUR, 1, 3, 3) for hour in range(3)]
    sums = added(
        [*crowd, (HOUR, 0, 0, 0), (9 * HOUR, 0, 0, 0)], limits(8 * HOUR), 9 * HOUR - 1, 10 * HOUR, targets=(0,)
    )
    assert sums.hits[:, 0].tolist() == [1, 1, 0, 0]
    none = prediction.favourites(np.zeros(0, np.int64), np.zeros(0, np.int32), 2, 3)
    assert none.tolist() == [-1, -1]
    steps = (np.array(column, np.int32) for column in ((0, 0, 0, 2), (7, 8, 9, 7), (2, 1, 2, 0)))
    assert prediction._likeliest(kernels.Ways(*kernels.ways(*steps, 3))).tolist() == [2, -1, 0]


def test_the_error_is_of_what_targets_differ_in():
    """One has 3 of 6 right, another 1 of 4: six tenths more and less than the two fifths of all."""
    sums = prediction.empty(2)
    for part, value in zip(sums[:4], (4, 2, 10, 4), strict=True):
        part[..., 0] = value
    sums.own[:, :, 0] = (6, 3), (4, 1)
    table = prediction.rows([sums], np.zeros(1, np.int32), [Case()], seed=1)
    assert table.value[table.statistic == "markov_error"].tolist() == [pytest.approx((2 * 0.6**2) ** 0.5 / 10)]


# --- the next one along the road --------------------------------------------------------------------------------------


def road_table(*ends):
    """Return roads (tail, head, crossing in ms)."""
    column = np.array(sorted(ends)).T
    n = len(ends)
    return Roads.of(
        tail=column[0], head=column[1], length=[9] * n, crossing=column[2], lanes=[1] * n, headway=[9] * n, room=[9] * n,
        wave=[9] * n, kind=[0] * n,
    ), sorted(end[:2] for end in ends)  # fmt: skip


def ahead(ends, sites, kinds=None):
    """Return the next camera of each; sites are (camera, (tail, head), offset)."""
    roads, names = road_table(*ends)
    n = max(camera for camera, _, _ in sites) + 1
    cameras = Cameras.of(
        agency=[0] * n, kind=kinds or [0] * n, rate=[1] * n, room=[1] * n, capture=[1] * n, correct=[1] * n, key=range(n)
    )  # fmt: skip
    where = Sites.of(
        camera=[s[0] for s in sites], road=[names.index(s[1]) for s in sites], offset=[s[2] for s in sites],
        heading=[0] * len(sites),
    )  # fmt: skip
    return prediction.along_the_road(where, cameras, roads).tolist()


LINE = [(0, 1, 5), (1, 0, 5), (1, 2, 5), (2, 1, 5), (2, 3, 5), (3, 2, 5), (1, 4, 20), (4, 1, 20), (4, 5, 1), (5, 4, 1)]


def test_the_next_camera_is_the_nearest_ahead_without_turning_round():
    assert ahead(LINE, [(0, (0, 1), 1), (1, (1, 0), 1), (2, (2, 3), 1), (3, (4, 5), 1)]) == [2, -1, -1, -1]
    assert ahead(LINE, [(0, (0, 1), 1), (1, (1, 2), 1), (2, (2, 3), 1)]) == [1, 2, -1]
    assert ahead(LINE, [(0, (0, 1), 1), (1, (0, 1), 5), (2, (1, 2), 1)]) == [1, 2, -1]
    assert ahead([*LINE[:2], *LINE[6:]], [(0, (0, 1), 1), (1, (4, 5), 1)]) == [1, -1]


def test_the_quicker_of_two_ways_and_of_two_parallel_roads_is_taken():
    fork = [(0, 1, 1), (1, 2, 9), (1, 3, 4), (2, 4, 1), (3, 5, 5), (3, 5, 1)]
    assert ahead(fork, [(0, (0, 1), 1), (1, (2, 4), 1), (2, (3, 5), 1)]) == [2, -1, -1]
    longer = [(0, 1, 1), (1, 2, 5), (1, 3, 4), (2, 4, 1), (3, 6, 5), (3, 6, 3), (6, 5, 1)]
    assert ahead(longer, [(0, (0, 1), 1), (1, (2, 4), 1), (2, (6, 5), 1)]) == [1, -1, -1]
    slower = [(0, 1, 1), (1, 2, 8), (1, 3, 4), (2, 4, 1), (3, 6, 5), (3, 6, 3), (6, 5, 1)]
    assert ahead(slower, [(0, (0, 1), 1), (1, (2, 4), 1), (2, (6, 5), 1)]) == [2, -1, -1]


def test_the_least_time_of_a_road_is_a_thousandth_second():
    many = [(0, 1, 1), (1, 2, 1), (2, 4, 0), (4, 5, 1), (5, 6, 1)]
    assert ahead([*many, (1, 3, 1), (3, 7, 3), (7, 8, 1)], [(0, (0, 1), 1), (1, (5, 6), 1), (2, (7, 8), 1)])[0] == 1


def test_a_camera_is_not_its_own_next_and_cars_that_drive_are_none():
    circle = [(0, 1, 1), (1, 2, 1), (2, 0, 1)]
    pair = [(0, (0, 1), 3), (1, (0, 1), 3)]
    assert ahead([(0, 1, 1), (1, 2, 1)], pair) == [-1, -1]  # beside each other, neither is ahead
    assert ahead(circle, [(0, (1, 2), 1), (1, (0, 1), 1)]) == [1, 0]
    assert ahead(circle, [(0, (0, 1), 1)]) == [-1]
    assert ahead(circle, [(0, (0, 1), 1), (0, (1, 2), 1), (1, (2, 0), 1)]) == [-1, 0]
    patrol = [CameraKind.FIXED, CameraKind.PATROL, CameraKind.GANTRY]
    assert ahead(circle, [(0, (0, 1), 1), (1, (1, 2), 1), (2, (2, 0), 1)], patrol) == [2, -1, 0]
    assert ahead(circle, [(0, (0, 1), 1)], [CameraKind.SPOTTER]) == [-1]


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="plain Python has no signatures")
@pytest.mark.parametrize("kernel", [kernels.ways, kernels.predict])
def test_a_kernel_is_compiled_once(kernel):
    assert len(kernel.signatures) == 1
