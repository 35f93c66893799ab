"""Ours against scikit-mobility's answers on the same reads: equal where it is right, named where it is not."""

import csv
from collections import Counter
from datetime import datetime
from fractions import Fraction

import numpy as np
import pytest

from alprsim.measures import attacks, crowd, entropy, mobility, risk
from alprsim.tables import DAY
from tests import naive_entropy
from tests.worlds import table

pytestmark = pytest.mark.data
EXACT = 1e-12
HOUR, EVER = 3600, 10**9


def read(folder, name):
    with (folder / "peer_fixtures" / name).open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def lives(shared_data):
    """Return each vehicle's reads in order: (seconds since Monday, camera, (latitude, longitude))."""
    found, monday = {}, datetime.fromisoformat("2025-03-03T00:00")
    for row in read(shared_data, "fixture_reads.csv"):
        time = int((datetime.fromisoformat(row["time"]) - monday).total_seconds())
        place = (float(row["lat"]), float(row["lng"]))
        found.setdefault(int(row["vehicle"]), []).append((time, int(row["camera"]), place))
    assert len(found) == 14
    assert all(life == sorted(life) for life in found.values())
    return found


@pytest.fixture(scope="module")
def risks(shared_data):
    """Return {attack: {(k, vehicle): risk}}."""
    found = {}
    for row in read(shared_data, "skmob_risks.csv"):
        found.setdefault(row["attack"], {})[int(row["k"]), int(row["vehicle"])] = float(row["risk"])
    return found


def same(mine, theirs):
    assert mine.keys() == theirs.keys()
    assert [mine[key] for key in theirs] == pytest.approx(list(theirs.values()), abs=EXACT, rel=EXACT)


# --- worst-case risk: the measure itself ------------------------------------------------------------------------------


def worst(lives, time_bin):
    columns = table([(t, camera, v, v) for v, life in lives.items() for t, camera, _ in life])
    known = crowd.known(columns, np.zeros(len(columns), np.int16), None, {})
    held = np.ones(len(columns), np.bool_)
    everybody = crowd.gather(known, held, np.arange(6, dtype=np.uint64), time_bin)
    sharing, cut = risk.worst_sharing(everybody, known.read_targets(held, known.plate))
    assert not cut.any()
    return {(k + 1, v): one for v, row in enumerate(risk.risks(sharing)) for k, one in enumerate(row)}


@pytest.mark.parametrize(
    ("attack", "time_bin"),
    [("UniqueLocationAttack", EVER), ("LocationTimeAttack_Day", DAY), ("LocationTimeAttack_Hour_corrected", HOUR)],
)
def test_worst_case_risk_is_scikit_mobilitys(lives, risks, attack, time_bin):
    mine = worst(lives, time_bin)
    same({key: mine[key] for key in risks[attack]}, risks[attack])


def test_its_hour_is_a_day(lives, risks):
    """As shipped, its times "to the hour" are cut to the day: equal to a day, and far below an hour."""
    shipped = risks["LocationTimeAttack_Hour_asshipped"]
    same({key: worst(lives, DAY)[key] for key in shipped}, shipped)
    assert sum(worst(lives, HOUR)[key] > shipped[key] for key in shipped) > 10


# --- its other attacks ------------------------------------------------------------------------------------------------


def attacked(lives, theirs, element, fits):
    traces = {v: element(life) for v, life in lives.items()}
    everybody = list(traces.values())
    return {(k, v): attacks.risk(traces[v], everybody, k, fits) for k, v in theirs}


def places(life):
    return [place for _, _, place in life]


def counted(life):
    return sorted(Counter(places(life)).items())


def shared_out(life):
    return [(place, Fraction(many, len(life))) for place, many in counted(life)]


@pytest.mark.parametrize(
    ("attack", "element", "fits"),
    [
        ("LocationAttack", places, attacks.as_often),
        ("LocationSequenceAttack", places, attacks.in_order),
        ("UniqueLocationAttack", lambda life: sorted(set(places(life))), attacks.at_all),
        ("LocationFrequencyAttack_tol0", counted, lambda known, trace: attacks.counts_within(known, dict(trace), 0)),
        ("LocationFrequencyAttack_tol0.5", counted, lambda known, trace: attacks.counts_within(known, dict(trace), 0.5)),
        ("LocationProbabilityAttack_tol0", shared_out, lambda known, trace: attacks.shares_within(known, dict(trace), 0)),
        ("LocationProportionAttack_tol0", counted, lambda known, trace: attacks.in_proportion(known, dict(trace))),
    ],
)  # fmt: skip
def test_its_other_attacks_are_ours(lives, risks, attack, element, fits):
    same(attacked(lives, risks[attack], element, fits), risks[attack])


def top_two(life, most):
    counts = Counter(places(life))
    return sorted(counts, key=lambda place: (-counts[place] if most else counts[place], place))[:2]


def shared(lives, top):
    tops = {v: frozenset(top(life)) for v, life in lives.items()}
    return {(0, v): 1 / sum(tops[v] <= other for other in tops.values()) for v in lives}


def test_home_and_work_are_the_two_places_seen_most(lives, risks):
    """As shipped it takes the two seen least, its frequencies being in rising order; corrected, it is our top-2 set."""
    corrected = risks["HomeWorkAttack_corrected_desc_ties_by_lat_lng"]
    same(shared(lives, lambda life: top_two(life, most=True)), corrected)
    shipped = risks["HomeWorkAttack_asshipped"]
    assert sum(shipped[key] != corrected[key] for key in shipped) >= 10


def test_the_top_two_set_is_its_corrected_home_and_work(lives, risks):
    order = sorted({place for life in lives.values() for place in places(life)})
    columns = table([(t, camera, v, v) for v, life in lives.items() for t, camera, _ in life])
    known = crowd.known(columns, np.zeros(len(columns), np.int16), None, {})
    where = {camera: place for life in lives.values() for _, camera, place in life}
    rank = np.array([order.index(where[camera]) for camera in range(len(where))], np.int32)
    sharing = risk.sharing_top(known, np.ones(len(columns), np.bool_), rank, known.plate)
    same(
        {(0, v): 1 / many for v, many in enumerate(sharing[:, 1])},
        risks["HomeWorkAttack_corrected_desc_ties_by_lat_lng"],
    )


# --- entropy and mobility ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "convention"),
    [
        ("skmob_1_3_1", "scikit-mobility"),
        ("skmob_convention_recomputed", "scikit-mobility"),
        ("shortest_unseen_convention", "shortest unseen"),
        ("zero_at_end_convention", "zero at end"),
        ("fastmob_0_3_2", "fastmob"),
    ],
)
def test_each_convention_of_entropy_gives_its_own_figures(shared_data, lives, column, convention):
    rows = {int(row["vehicle"]): row for row in read(shared_data, "fixture_entropy_conventions.csv")}
    for vehicle, life in lives.items():
        mine = mobility.entropy_in_order([camera for _, camera, _ in life], convention)
        assert mine == pytest.approx(float(rows[vehicle][column]), abs=EXACT), vehicle


def test_the_entropy_of_a_run_is_that_of_its_convention(shared_data, lives):
    """And its plainer two are scikit-mobility's."""
    known = read(shared_data, "fixture_entropy_conventions.csv")
    theirs = {int(row["vehicle"]): float(row["shortest_unseen_convention"]) for row in known}
    first = np.append(0, np.cumsum([len(life) for life in lives.values()]))
    mine = entropy.bounds(first, np.array([camera for life in lives.values() for _, camera, _ in life], np.int32))
    same(dict(zip(lives, mine.real.tolist(), strict=True)), theirs)
    rows = {int(row["vehicle"]): row for row in read(shared_data, "skmob_measures.csv")}
    for part in ("uncorrelated", "random"):
        found = dict(zip(lives, getattr(mine, part).tolist(), strict=True))
        same(found, {vehicle: float(row[f"{part}_entropy"]) for vehicle, row in rows.items()})


def night(life):
    """Return the places seen from 22:00 to 07:00, the first minute after included as it does; all, if there are none."""
    dark = [place for time, _, place in life if time % DAY >= 22 * HOUR or time % DAY <= 7 * HOUR]
    return dark or places(life)


@pytest.mark.parametrize(
    ("column", "mine"),
    [
        ("real_entropy", lambda life: mobility.entropy_in_order([camera for _, camera, _ in life], "scikit-mobility")),
        ("uncorrelated_entropy", lambda life: naive_entropy.uncorrelated(places(life))),
        ("random_entropy", lambda life: naive_entropy.random(places(life))),
        ("number_of_locations", lambda life: len(set(places(life)))),
        ("radius_of_gyration", lambda life: mobility.radius_of_gyration(places(life))),
        ("2k_radius_of_gyration", lambda life: mobility.radius_of_top(places(life), 2)),
        ("maximum_distance", lambda life: mobility.steps(places(life)).max()),
        ("distance_straight_line", lambda life: mobility.steps(places(life)).sum()),
        ("home_lat", lambda life: mobility.most_read(night(life))[0]),
        ("home_lng", lambda life: mobility.most_read(night(life))[1]),
    ],
)
def test_mobility_is_scikit_mobilitys(shared_data, lives, column, mine):
    rows = {int(row["vehicle"]): float(row[column]) for row in read(shared_data, "skmob_measures.csv")}
    same({vehicle: mine(life) for vehicle, life in lives.items()}, rows)
