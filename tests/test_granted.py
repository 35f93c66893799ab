"""Looks that somebody must grant: every figure against ten investigations in ten, each asked by itself, and by hand."""

from dataclasses import replace
from itertools import count

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alprsim.inquiry._cases import _by_chance, label
from alprsim.inquiry._granted import expected
from alprsim.measures import completeness, gaps, nights, paths, places, question
from alprsim.sight import Case, Lens, Streams, lenses
from alprsim.tables import AS_WRITTEN, UNLIMITED, Access, Measured, RecordClass, SightKind
from tests import naive_measures, naive_visits, naive_windows, test_nights
from tests.test_inquiry import Hamlet
from tests.test_measures_paths import drives
from tests.test_measures_places import HOME, SITES, WORK
from tests.worlds import HOUR, ZOO, World, hours, worlds

few = settings(deadline=None, derandomize=True, max_examples=25)
DRAWS = [(k + 0.5) / 10 for k in range(10)]
"""Chances are tenths: of ten investigations so many are granted."""

FREE = 0


def terms(unit):
    """Owner, within which age and with how many tenths' chance: some of an owner's reads may need nobody's grant."""
    term = st.tuples(st.integers(0, 1), st.integers(1, 160).map(lambda n: n * unit), st.integers(FREE, 10))
    return st.lists(term, min_size=1, max_size=4).filter(lambda rows: any(tenths > FREE for *_, tenths in rows))


SOME = [(0, HOUR, FREE), (0, UNLIMITED, 3), (1, 30 * HOUR, 7), (1, UNLIMITED, 3)]
"""One owner's reads of the last hour by asking, older ones and another's by warrants of two chances: three outcomes."""


def cases(rows, sight="process"):
    """Return the case on request, and those of each outcome."""
    n, zero = len(rows), np.zeros(len(rows))
    owner, age, tenths = np.array(rows, np.int64).T
    access = Access.of(
        viewer=zero, owner=owner, record=zero + RecordClass.PLAIN, through=zero, period=zero, from_phase=zero,
        sight=np.where(tenths == FREE, SightKind.REQUEST, SightKind[sight.upper()]), to_phase=zero, from_age=zero,
        from_clock=zero, to_age=age, to_clock=zero, from_draw=zero, to_draw=np.ones(n), delay=zero,
        chance=np.where(tenths == FREE, 1.0, tenths / 10), time_step=zero, place_step=zero, rotation=zero,
    )  # fmt: skip
    alone = Case("Law", "Police", "request", 0, access, 0)
    return [alone, *_by_chance(alone)]


def asked(rows, measure, sight="process") -> dict[tuple[str, str], tuple[float, int]]:
    """Return what a family says by process of all towns; `measure` is given the lens, the cases' places and names."""
    whole = cases(rows, sight)
    (lens,), place = lenses(whole, Streams.of_owners(2))
    table: Measured = measure(lens, place, [label(case) for case in whole])
    told = expected(table, whole)
    assert set(told.sight) == {"request", sight}
    mine = told.take((told.sight == sight) & (told.town == "all"))
    keys = list(zip(mine.measure.tolist(), mine.statistic.tolist(), strict=True))
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, zip(mine.value.tolist(), mine.n.tolist(), strict=True), strict=True))


def in_ten(rows, figure, *, claims=False):
    """Average what ten investigations come to; of claims over those that make any."""
    found = []
    for drawn in DRAWS:
        granted = [(owner, age) for owner, age, tenths in rows if tenths == FREE or drawn < tenths / 10]
        found.append(figure(lambda o, age, those=granted: any(o == owner and age < limit for owner, limit in those)))
    if claims:
        found = [value for value in found if not np.isnan(value)]
    return pytest.approx(np.mean(found) if found else np.nan, nan_ok=True)


def put(world, lens: Lens, now, horizon):
    """Return the bucket, the question and the masks."""
    opened = question.open_bucket(world.bucket())
    question_ = question.ask(lens.at(now), world.sites(), moment=now, horizon=horizon)
    return opened, question_, question.held(question_, opened.bucket.reads)


def residents(world):
    people = question.residents(*world.tables())
    return people, [v for v in range(world.vehicles) if people.town[v] >= 0]


def held(world, vehicle, obtains, now):
    """Return the reads of a plate that are held."""
    mine = sorted(read for read in world.reads if read[2] == vehicle)
    yes = naive_measures.held(mine, obtains, world.owner_of_site, now)
    return [read for read, one in zip(mine, yes, strict=True) if one]


# --- gaps -------------------------------------------------------------------------------------------------------------


def told_gaps(world, now, horizon=24 * HOUR):
    def measure(lens, place, named):
        people, _ = residents(world)
        opened, question_, masks = put(world, lens, now, horizon)
        sums = gaps.empty(len(people.towns), longest=max(now, horizon))
        gaps.add(sums, opened, masks, question_, question.home_towns(people, opened.bucket.vehicle))
        return gaps.rows([sums], place, named, people.towns, seed=1)

    return measure


def gaps_are_those_of_ten_investigations(world, rows, now):
    _, cars = residents(world)

    def longest(obtains, past):
        times = [[time for time, *_, truth in held(world, v, obtains, now) if truth == v] for v in cars]
        return [naive_windows.longest_gap(one, now - past, now) for one in times]

    got = asked(rows, told_gaps(world, now))
    for statistic, past, figure in (
        ("at_least_24h_of_horizon", 24 * HOUR, lambda found: np.mean([gap >= 24 * HOUR for gap in found])),
        ("median_of_horizon", 24 * HOUR, lambda found: naive_windows.hours(naive_windows.lower_median(found))),
        ("max_so_far", now, lambda found: naive_windows.hours(max(found))),
    ):
        value, n = got["longest_gap", statistic]
        assert value == in_ten(rows, lambda obtains, past=past, figure=figure: figure(longest(obtains, past)))
        assert n == len(cars)


@few
@given(worlds(), terms(HOUR), st.integers(24, 80).map(lambda hour: hour * HOUR))
def test_gaps_are_those_of_ten_investigations(world, rows, now):
    assume(residents(world)[1])
    gaps_are_those_of_ten_investigations(world, rows, now)


@pytest.mark.parametrize("name", [name for name, world in ZOO.items() if residents(world)[1]])
def test_gaps_are_those_of_ten_investigations_in_the_zoo(name):
    gaps_are_those_of_ten_investigations(ZOO[name], SOME, 60 * HOUR)


def test_one_warrant_opens_all_the_reads_it_covers_or_none():
    """Read every six hours. With every read granted by itself a gap of 24 h would be rare; half of the warrants find none."""
    world = World(reads=tuple((hour * HOUR, 0, 0, 0) for hour in range(0, 49, 6)), vehicles=1, town=(0,), kind=(0,))
    got = asked([(0, UNLIMITED, 5)], told_gaps(world, 48 * HOUR))
    assert got["longest_gap", "at_least_24h_of_horizon"] == (0.5, 1)
    assert got["longest_gap", "median_of_horizon"] == ((24 + 6) / 2, 1)
    granted = asked([(0, UNLIMITED, 10)], told_gaps(world, 48 * HOUR))
    assert granted["longest_gap", "max_of_horizon"] == (6, 1)


def test_a_side_door_is_of_the_case_and_not_of_each_partner():
    """Two partners, of whom either would do: at a fifth and a half, not 1 − 0.8 × 0.5."""
    world = World(
        reads=tuple((h * HOUR, s, 0, 0) for h in range(0, 49, 6) for s in (0, 1)), vehicles=1, town=(0,), kind=(0,)
    )
    got = asked([(0, UNLIMITED, 2), (1, UNLIMITED, 5)], told_gaps(world, 48 * HOUR), sight="side_door")
    assert got["longest_gap", "at_least_24h_of_horizon"] == (0.5, 1)


# --- homes, nights and ways -------------------------------------------------------------------------------------------


@few
@given(worlds(), terms(HOUR), hours)
def test_homes_found_are_those_of_ten_investigations(world, rows, now):
    people, cars = residents(world)

    def measure(lens, place, named):
        sums, lives = (places.empty(people, within=(250.0,), days=10) for _ in range(2))
        opened, question_, masks = put(world, lens, now, HOUR)
        question_ = question_._replace(window=np.minimum(question_.window, now).astype(np.int32))
        known = places.Known(HOME, WORK)
        places.add(
            sums, lives, opened, masks, question_, people, drivers=world.drivers(), sites=SITES, cars=known,
            persons=known, first_weekday=0,
        )  # fmt: skip
        return places.rows([sums], place, named, people, seed=1)

    def near(obtains, kind, truth):
        has = [v for v in cars if not np.isnan(truth.x[v])]
        reads = {v: [read[:2] for read in held(world, v, obtains, now)] for v in has}
        guess = {v: naive_measures.home_and_work(reads[v], 0)[kind] for v in has}
        far = [
            np.inf if guess[v] is None else np.hypot(SITES.x[guess[v]] - truth.x[v], SITES.y[guess[v]] - truth.y[v])
            for v in has
        ]
        return np.mean([metres <= 250 for metres in far]) if has else np.nan

    got = asked(rows, measure)
    for kind, (name, truth) in enumerate((("home_found", HOME), ("work_found", WORK))):
        assert got[name, "within_250m"][0] == in_ten(rows, lambda o, k=kind, t=truth: near(o, k, t))


@few
@given(worlds(), terms(HOUR), st.lists(st.integers(0, 3), max_size=12), st.integers(24, 99).map(lambda h: h * HOUR))
def test_nights_away_are_those_of_ten_investigations(world, rows, destinations, now):
    people, cars = residents(world)
    rule, horizon = test_nights.RULE._replace(evening=HOUR), 24 * HOUR
    days = [d for d in range(now // (24 * HOUR)) if now - horizon < d * 24 * HOUR + 22 * HOUR <= now]
    trips = sorted(world.trips)
    to = dict(zip(trips, [*destinations, *[0] * len(trips)], strict=False))

    def measure(lens, place, named):
        sums = test_nights.counted(world, lens.at(now), destinations, now, rule=rule, horizon=horizon)
        return nights.rows([sums], place, named, people.towns, seed=1)

    def counts(obtains):
        total = np.zeros(4)
        for v in cars:
            mine = [(depart, arrive, to[one]) for one in trips for car, depart, arrive in [one] if car == v]
            away = [
                naive_visits.nights_away(mine, test_nights.HOMES[v], test_nights.PLACES, d * 24 * HOUR + 22 * HOUR, rule.away)
                for d in days
            ]  # fmt: skip
            seen = held(world, v, obtains, now)
            said = [
                one for one in naive_visits.claimed_nights(seen, test_nights.SITES, test_nights.HOMES[v], rule)
                if one[0] in days
            ]  # fmt: skip
            right = [ok and away[days.index(day)] for day, ok in said]
            total += len(days), sum(away), len(said), sum(right)
        return total

    def share(part, whole):
        return lambda obtains: np.divide(*counts(obtains)[[part, whole]]) if counts(obtains)[whole] else np.nan

    got = asked(rows, measure)
    assert got["nights_away", "claimed"][0] == in_ten(rows, share(2, 0))
    assert got["nights_away", "precision"][0] == in_ten(rows, share(3, 2), claims=True)
    assert got["nights_away", "base_rate"][0] == in_ten(rows, share(1, 0))


@few
@given(drives(), terms(1), st.integers(100, 160))
def test_ways_are_those_of_ten_investigations(drive, rows, now):
    """Ways drawn with a warrant may be wrong where those drawn without are right: neither is the way of half of the reads."""
    world, horizon = drive.world, 100

    def measure(lens, place, named):
        sums, people = drive.counted(lens.at(now), now, horizon), question.residents(*world.tables())
        cars = np.arange(world.vehicles, dtype=np.int32)
        return paths.rows([sums], place, named, cars, people, seed=1)

    def counts(obtains):
        twins = [drive.twin(v, obtains, 0, now, horizon)[0]["horizon"] for v in range(world.vehicles)]
        return np.sum(twins, axis=0)

    def share(part, wholes):
        def figure(obtains):
            counted = counts(obtains)
            whole = sum(counted[one] for one in wholes)
            return counted[part] / whole if whole else np.nan

        return figure

    got = asked(rows, measure)
    last = "share_of_horizon_pooled"
    assert got["path_recall", last][0] == in_ten(rows, share(0, [2]))
    assert got["trips_rebuilt", last][0] == in_ten(rows, share(3, [4]))
    assert got["path_precision", last][0] == in_ten(rows, share(0, [0, 1]), claims=True)


# --- policies ---------------------------------------------------------------------------------------------------------


@settings(few, max_examples=12)
@given(worlds(), terms(HOUR), st.integers(0, 3), st.integers(24, 80).map(lambda hour: hour * HOUR))
def test_a_warrant_granted_more_often_never_hides_a_trip_or_lengthens_a_gap(world, rows, which, now):
    people, cars = residents(world)
    assume(cars)
    owner, age, tenths = rows[which % len(rows)]
    assume(0 < tenths < 10)
    more = [*rows[: which % len(rows)], (owner, age, tenths + 1), *rows[which % len(rows) + 1 :]]

    def detected(lens, place, named):
        opened, question_, masks = put(world, lens, now, 24 * HOUR)
        sums = completeness.empty(len(people.towns))
        completeness.add(sums, opened, masks, question_, question.home_towns(people, opened.bucket.vehicle))
        return completeness.rows([sums], place, named, people.towns, seed=1)

    for measure, statistic, sign in (
        (detected, ("trips_detected", "share_of_horizon"), 1),
        (detected, ("observed_days", "share_of_horizon"), 1),
        (told_gaps(world, now), ("longest_gap", "at_least_24h_of_horizon"), -1),
        (told_gaps(world, now), ("longest_gap", "median_of_horizon"), -1),
    ):
        less, after = (asked(of, measure)[statistic][0] for of in (rows, more))
        assert np.isnan([less, after]).all() or sign * after >= sign * less - 1e-12


LAWS = """
extends: hamlet.yaml
name: granted
viewers: {East police: null, Vendor: null}
policies:
  Federal query: null
  Searchable pool: null
  One partner: {custody: {sharing: [{giver: West, taker: ICE, kind: query}]}}
  No sharing: {}
  All: {custody: {sharing: [{giver: departments, taker: ICE, kind: query}]}}
  Side door:
    custody:
      sharing:
        - {giver: East, taker: ICE, kind: side_door, chance: 20 %}
        - {giver: West, taker: ICE, kind: side_door, chance: 50 %}
  Young:
    custody:
      agencies: {East: {retention: 6 h}, West: {retention: 0 s}}
      sharing: [{giver: departments, taker: ICE, kind: query}]
  Warrant:
    custody:
      sharing:
        - {giver: East, taker: ICE, kind: query, warrant: {beyond: 6 h, delay: 0 s, granted: 0.5}}
        - {giver: West, taker: ICE, kind: query, warrant: {beyond: 0 s, delay: 0 s, granted: 0.5}}
ladder: {retention: [36 h]}
measures: {horizon: 1 d, moments: [38 h], path_targets: 40, families: [gaps, homes, nights, paths, visits]}
utility: {incidents: 5}
"""
ASKED = ("longest_gap", "home_found", "path_recall", "path_precision", "trips_rebuilt", "nights_away", "sensitive_visits",
         "trips_detected", "lookback_plate")  # fmt: skip


@pytest.fixture(scope="module")
def answers(hamlet, tmp_path_factory):
    (hamlet.parent / "granted.yaml").write_text(LAWS)
    folder = tmp_path_factory.mktemp("granted") / "seed=1"
    folder.mkdir()
    place = Hamlet(hamlet.parent / "granted.yaml", folder)
    found = place.ask(place.study()).reset_index()
    return found[(found["reads"] == "all") & (found["retention"] == AS_WRITTEN) & found["measure"].isin(ASKED)]


@pytest.mark.whole
@pytest.mark.parametrize(
    ("policy", "sight", "outcomes"),
    [
        ("Warrant", "process", {"Young": 0.5, "All": 0.5}),
        ("Side door", "side_door", {"No sharing": 0.5, "One partner": 0.3, "All": 0.2}),
    ],
)
def test_every_family_is_averaged_over_what_may_be_granted(answers, policy, sight, outcomes):
    """Each outcome is a policy of its own: of all statistics, of vehicles, people and towns."""

    def column(policy, sight):
        mine = answers[(answers["policy"] == policy) & (answers["sight"] == sight)]
        return mine.set_index(["measure", "statistic", "who", "town"])["value"]

    got = column(policy, sight)
    measure, statistic, who, _ = (got.index.get_level_values(level) for level in range(4))
    assert set(measure) == set(ASKED)
    assert set(who) >= {"vehicles", "people"}
    parts = pd.concat([column(name, "request").reindex(got.index) for name in outcomes], axis=1).to_numpy()
    judged = statistic.str.contains("precision|by_chance|at_decoys")
    judged |= (measure == "path_precision") & statistic.str.startswith("share_of_horizon")
    weight = np.where(np.isnan(parts) & judged[:, None], 0.0, list(outcomes.values()))
    naive = np.where(weight > 0, parts * weight, 0.0).sum(axis=1) / np.where(
        weight.any(axis=1), weight.sum(axis=1), np.nan
    )
    assert got.to_numpy() == pytest.approx(naive, nan_ok=True)
    assert got.notna().groupby(measure).any().all()


# --- tables -----------------------------------------------------------------------------------------------------------


def table(whole, *columns):
    """Return rows of (measure, statistic) in two towns, the values and n of each case for each."""
    names = [label(case) for case in whole]
    answers = [
        question.Answer(measure, statistic, "share", np.array([value] * 2, float), np.array([n] * 2))
        for measure, statistic, value, n in columns
    ]
    return question.tidy(answers, names, ["Ash", "all"], seed=1)


def said(told, statistic):
    mine = told.take((told.sight == "process") & (told.statistic == statistic))
    assert len(mine) in (0, 2)
    return list(zip(mine.value.tolist(), mine.n.tolist(), strict=True))[:1]


THREE = cases([(0, HOUR, FREE), (0, UNLIMITED, 3), (1, UNLIMITED, 9)])
"""Neither granted 10 %, the second alone 60 %, both 30 %: on request, both, the second alone."""


def test_outcomes_count_as_often_as_they_happen():
    assert [case.least for case in THREE] == [0.0, 0.0, 0.3]
    told = expected(table(THREE, ("home_found", "within_250m", [0.0, 1.0, 0.5], [7, 7, 7])), THREE)
    assert said(told, "within_250m") == [(pytest.approx(0.1 * 0 + 0.3 * 1 + 0.6 * 0.5), 7)]


def test_what_is_not_measured_in_one_outcome_is_not_measured():
    nothing = table(THREE, ("trips_detected", "stock", [1.0, np.nan, 2.0], [7, 0, 7]))
    [(value, n)] = said(expected(nothing, THREE), "stock")
    assert np.isnan(value)
    assert n == 0


def test_who_claims_nothing_is_not_judged():
    rows = [
        ("path_precision", "share_of_horizon_pooled_by_choice", [np.nan, 0.5, 0.8], [0, 4, 10]),
        ("path_precision", "share_of_window", [np.nan, 0.5, 0.8], [0, 4, 10]),
        ("nights_away", "precision", [np.nan, np.nan, np.nan], [0, 0, 0]),
    ]
    told = expected(table(THREE, *rows), THREE)
    assert said(told, "share_of_horizon_pooled_by_choice") == [(pytest.approx((0.3 * 0.5 + 0.6 * 0.8) / 0.9), 7)]
    for statistic in ("share_of_window", "precision"):
        assert np.isnan(said(told, statistic)[0][0])


def test_an_outcome_that_never_happens_hides_nothing():
    sure = cases([(0, HOUR, FREE), (0, UNLIMITED, 10)])
    told = expected(table(sure, ("trips_detected", "stock", [np.nan, 3.0], [0, 5])), sure)
    assert said(told, "stock") == [(3.0, 5)]
    endless = expected(table(sure, ("retention_of_reads", "mean", [np.inf, 3.0], [5, 5])), sure)
    assert said(endless, "mean") == [(3.0, 5)]


def test_what_has_no_end_in_one_outcome_has_none():
    told = expected(table(THREE, ("retention_of_reads", "mean", [1.0, np.inf, 3.0], [5, 5, 5])), THREE)
    assert said(told, "mean") == [(np.inf, 5)]


def test_ratios_of_figures_are_left_out_and_the_order_of_rows_stays():
    rows = [
        ("position_error", "tracker", [3.0, 1.0, 2.0], [7] * 3), ("position_error", "of_nearest", [0.5] * 3, [7] * 3),
        ("equity", "most_to_least_trips_detected", [2.0] * 3, [4] * 3), ("equity", "other", [2.0] * 3, [4] * 3),
        ("lookback_plate", "fast_of_no_limit", [2.0] * 3, [4] * 3), ("days_per_answer", "fast", [2.0] * 3, [4] * 3),
    ]  # fmt: skip
    told = expected(table(THREE, *rows), THREE)
    on_request = told.take(told.sight == "request")
    assert on_request.statistic.tolist() == [name for _, name, *_ in rows for _ in range(2)]
    mine = told.take(told.sight == "process")
    assert mine.statistic.tolist() == ["tracker"] * 2 + ["other"] * 2
    both = [
        (sight, town)
        for sight, town, name in zip(told.sight, told.town, told.statistic, strict=True)
        if name == "tracker"
    ]
    assert both == [("request", "Ash"), ("process", "Ash"), ("request", "all"), ("process", "all")]


def test_policies_and_limits_are_told_apart_and_what_hangs_on_no_grant_stays():
    other = [case._replace(policy="Bill") for case in THREE]
    later = [case._replace(retention=60) for case in THREE]
    whole = [*THREE, *other, *later]
    numbers = count()
    rows = table(whole, ("trips_detected", "stock", [float(next(numbers)) for _ in whole], [7] * 9))
    told = expected(rows, whole)
    mine = told.take((told.sight == "process") & (told.town == "all"))
    assert list(zip(mine.policy, mine.retention, strict=True)) == [("Law", 0), ("Bill", 0), ("Law", 60)]
    assert mine.value.tolist() == pytest.approx(
        [first * 0.1 + (first + 1) * 0.3 + (first + 2) * 0.6 for first in (0, 3, 6)]
    )
    alone = rows.take(rows.sight == "request")
    assert expected(alone, whole) is alone
    assert replace(told.take(told.sight == "request")).value.tolist() == alone.value.tolist()
