"""Homes, jobs and the rest stand where the rules say, whatever else the study holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import _places
from alprsim.tables import Junctions, PlaceKind, Places, RoadKind, Streets, Towns

SIDE = 200.0


def grid(n=8, *, x0=0.0, town=0, first_id=100, main=RoadKind.SECONDARY):
    """Lay out n × n junctions 200 m apart; the middle row is the main street, all others are residential."""
    row, col = np.divmod(np.arange(n * n), n)
    pairs = [(i, i + 1) for i in range(n * n) if (i + 1) % n] + [(i, i + n) for i in range(n * n - n)]
    kinds = [main if b == a + 1 and a // n == n // 2 else RoadKind.RESIDENTIAL for a, b in pairs]
    tail, head = np.array([*pairs, *[(b, a) for a, b in pairs]]).T
    junctions = Junctions.of(
        osm_id=np.arange(n * n) + first_id, x=x0 + col * SIDE, y=row * SIDE, town=np.full(n * n, town)
    )
    nothing = np.zeros(len(tail))
    streets = Streets.of(
        tail=tail, head=head, length=np.full(len(tail), SIDE), kind=[*kinds, *kinds], lanes=nothing, speed=nothing
    )
    return junctions, streets


def towns(*population, x=(700.0, 5700.0)):
    n = len(population)
    return Towns.of(name=["Here", "There"][:n], x=x[:n], y=[800.0] * n, population=population, listed=[1, 0][:n])


def two_towns():
    (junctions, streets), (others, beside) = grid(), grid(6, x0=5000.0, town=1, first_id=900)
    joined = {name: np.concatenate([column, others.data()[name]]) for name, column in junctions.data().items()}
    shifted = {**beside.data(), "tail": beside.tail + np.int32(64), "head": beside.head + np.int32(64)}
    return Junctions(**joined), Streets(
        **{name: np.concatenate([column, shifted[name]]) for name, column in streets.data().items()}
    )


def placed(junctions, streets, town, jobs, **options):
    return _places.scatter(
        junctions, streets, town, jobs=np.array(jobs, np.int64), **{"known": None, "seed": 1, **options}
    )


def told(places, junctions, kind=None):
    """Say places as a set, by the junctions' own numbers."""
    rows = np.arange(len(places)) if kind is None else np.flatnonzero(places.kind == kind)
    return {
        (int(places.kind[r]), int(junctions.osm_id[places.junction[r]]), float(places.weight[r]), int(places.town[r]))
        for r in rows
    }


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.integers(1, 60_000), st.integers(0, 3_000), st.integers(0, 20_000), st.integers(0, 3))
def test_homes_sum_to_residents_and_work_to_jobs(residents, beside, jobs, seed):
    junctions, streets = two_towns()
    places = placed(junctions, streets, towns(residents, beside), [jobs, 7], seed=seed)
    for town, (people, work) in enumerate([(residents, jobs), (beside, 7)]):
        here = places.town == town
        assert places.weight[here & (places.kind == PlaceKind.HOME)].sum() == pytest.approx(people, rel=1e-5)
        assert places.weight[here & (places.kind == PlaceKind.WORK)].sum() == pytest.approx(work, rel=1e-5)
    assert (junctions.town[places.junction] == places.town).all()
    assert (places.weight > 0).all()


def test_every_inhabited_town_has_one_of_each_kind_and_the_study_one_court():
    junctions, streets = two_towns()
    places = placed(junctions, streets, towns(900, 300), [400, 100])
    for kind in set(_places.PER_10_000) - {PlaceKind.COURT}:
        assert set(places.town[places.kind == kind].tolist()) == {0, 1}, kind.name
    assert places.town[places.kind == PlaceKind.COURT].tolist() == [0]


def test_counts_follow_the_rates():
    junctions, streets = grid(20)
    places = placed(junctions, streets, towns(40_000), [18_000])
    counts = np.bincount(places.kind, minlength=len(PlaceKind))
    assert counts[PlaceKind.SHOP] == 120
    assert counts[PlaceKind.SCHOOL] == 14
    assert counts[PlaceKind.COURT] == 1
    assert counts[PlaceKind.BEYOND] == 0
    assert (places.weight[places.kind >= PlaceKind.SCHOOL] == 1).all()


def test_an_empty_neighbour_gets_nothing():
    junctions, streets = two_towns()
    places = placed(junctions, streets, towns(900, 0), [400, 0])
    assert set(places.town.tolist()) == {0}


def test_homes_stand_on_small_streets_in_proportion_to_their_length():
    junctions, streets = grid(8)
    places = placed(junctions, streets, towns(1000), [0])
    houses = places.take(places.kind == PlaceKind.HOME)
    homes = dict(zip(houses.junction.tolist(), houses.weight.tolist(), strict=True))
    assert homes[9] == pytest.approx(2 * homes[0], rel=1e-6)  # four streets against a corner's two
    assert homes[33] == pytest.approx(homes[0], rel=1e-6)  # on the main street: two side streets


def test_jobs_cluster_on_the_main_street_and_shops_too():
    junctions, streets = grid(20)
    places = placed(junctions, streets, towns(2_000, x=(1900.0,)), [800])
    main = np.arange(200, 220)
    for kind in (PlaceKind.WORK, PlaceKind.SHOP):
        share = np.isin(places.junction[places.kind == kind], main).mean()
        assert share > 5 * len(main) / len(junctions), kind.name


def test_a_few_work_places_have_most_of_the_jobs():
    junctions, streets = grid(20)
    places = placed(junctions, streets, towns(2_000), [8_000])
    size = np.sort(places.weight[places.kind == PlaceKind.WORK])[::-1]
    assert len(size) == 8_000 // _places.JOBS_A_PLACE
    assert size[: len(size) // 5].sum() > 0.5 * size.sum()
    assert size[0] / size[-1] <= 100.001


def test_places_belong_to_junctions_not_to_rows():
    junctions, streets = two_towns()
    order = np.random.default_rng(4).permutation(len(junctions))
    row = np.argsort(order).astype(np.int32)
    turned = Streets(**{**streets.data(), "tail": row[streets.tail], "head": row[streets.head]})
    before = placed(junctions, streets, towns(9_000, 700), [4_000, 80])
    after = placed(junctions.take(order), turned, towns(9_000, 700), [4_000, 80])
    assert told(before, junctions) == told(after, junctions.take(order))


def test_another_town_or_more_residents_move_no_place():
    junctions, streets = two_towns()
    alone = placed(junctions, streets, towns(9_000, 0), [4_000, 0])
    both = placed(junctions, streets, towns(9_000, 700), [4_000, 80])
    assert told(alone, junctions) <= told(both, junctions)
    grown = placed(junctions, streets, towns(12_000, 700), [4_000, 80])
    assert told(both, junctions, PlaceKind.SHOP) < told(grown, junctions, PlaceKind.SHOP)


def test_another_seed_moves_places_but_not_homes():
    junctions, streets = grid(20)
    one, two = (placed(junctions, streets, towns(9_000), [4_000], seed=seed) for seed in (1, 2))
    assert told(one, junctions, PlaceKind.HOME) == told(two, junctions, PlaceKind.HOME)
    assert told(one, junctions, PlaceKind.SHOP) != told(two, junctions, PlaceKind.SHOP)


def test_known_kinds_are_kept_and_not_generated():
    junctions, streets = grid()
    known = Places.of(junction=[5, 3], kind=[PlaceKind.SCHOOL] * 2, weight=[1, 1], town=[0, 0])
    places = placed(junctions, streets, towns(30_000), [100], known=known)
    assert places.junction[places.kind == PlaceKind.SCHOOL].tolist() == [3, 5]
    assert (places.kind == PlaceKind.SHOP).sum() > 1


def test_gateways_become_places_beyond():
    junctions, streets = grid()
    places = placed(
        junctions, streets, towns(1_000, 0), [100, 0],
        gateways=np.array([7, 0], np.int32), gateway_town=np.array([0, 1], np.int16),
    )  # fmt: skip
    beyond = places.kind == PlaceKind.BEYOND
    assert places.junction[beyond].tolist() == [0, 7]
    assert places.town[beyond].tolist() == [1, 0]
    assert places.weight[beyond].tolist() == [1, 1]


def test_a_town_of_motorways_alone_still_houses_its_residents():
    junctions, streets = grid(main=RoadKind.MOTORWAY)
    only = streets.take(streets.kind == RoadKind.MOTORWAY)
    places = placed(junctions, only, towns(500), [40])
    assert places.weight[places.kind == PlaceKind.HOME].sum() == pytest.approx(500)
    assert (places.kind == PlaceKind.WORK).sum() == 1


def test_residents_without_a_junction_are_an_error():
    junctions, streets = grid()
    with pytest.raises(ValueError, match="There has 20 residents and 0 jobs but no junction"):
        placed(junctions, streets, towns(1000, 20), [0, 0])
    with pytest.raises(ValueError, match=r"jobs must have one value a town \(1\), not 2"):
        placed(junctions, streets, towns(1000), [0, 0])
