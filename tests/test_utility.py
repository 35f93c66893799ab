"""Look-back value: incidents, query ages, and how often a useful read is still obtainable."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import custody as rules
from alprsim import utility
from alprsim.kernels import lookback as kernels
from alprsim.scenario import models
from alprsim.sight import Case, Lens, Streams, lenses
from alprsim.tables import (
    UNLIMITED,
    Junctions,
    PlaceKind,
    Places,
    Purpose,
    Reads,
    Roads,
    Sites,
    Truth,
    VehicleKind,
    Vehicles,
)  # fmt: skip
from tests import naive_custody as naive

DAY = 86_400
SMALL = st.integers(0, 6)


def spec_of(**keys):
    return models.Utility.model_validate({"incidents": 5, "within": "2 m", "around": "2 s", **keys})


# --- kernels ----------------------------------------------------------------------------------------------------------


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(SMALL, st.integers(0, 2)), max_size=8),
    st.lists(st.lists(SMALL, max_size=4), min_size=3, max_size=3),
    SMALL,
)
def test_near_reads_is_its_twin(reads, moments, around):
    time, site = np.array(reads, np.int32).reshape(-1, 2).T.copy()
    first = np.cumsum([0, *map(len, moments)])
    moment = np.array([m for each in moments for m in sorted(each)], np.int32)
    pairs = kernels.near_reads(time, site, first, moment, around)
    assert [tuple(pair) for pair in pairs.tolist()] == naive.near_reads(time, site, first, moment, around)


@st.composite
def small_lenses(draw):
    """Draw a lens of three streams with every bit used, the topmost too: (period, phases, begin, end, delay, word) rows."""
    first, rows, words = [0], [], []
    for _ in range(3):
        for _ in range(draw(st.integers(0, 3))):
            period = draw(st.sampled_from([0, 0, 3]))
            clock = st.integers(0, 1) if period else st.just(0)
            end = draw(st.one_of(SMALL, st.just(UNLIMITED)))
            phases = draw(st.integers(0, 2)), draw(st.integers(0, 3))
            rows.append((period, *phases, draw(SMALL), draw(clock), end, draw(clock), draw(SMALL)))
            words.append(draw(st.sampled_from([0, 1, 2, 2**63, 2**64 - 1])))
        first.append(len(rows))
    columns = [np.ascontiguousarray(c) for c in np.array(rows, np.int32).reshape(-1, 8).T]
    clocks = {4: np.int8, 6: np.int8}
    typed = [column.astype(clocks.get(number, np.int32)) for number, column in enumerate(columns)]
    return Lens(np.array(first), *typed, np.array(words, np.uint64))


@settings(deadline=None, derandomize=True, max_examples=300)
@given(small_lenses(), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(0, 2)), max_size=8))
def test_obtainable_is_its_twin(lens, pairs):
    incident, time, stream = (column.copy() for column in np.array(pairs, np.int32).reshape(-1, 3).T)
    asked = np.array([[0, 2], [4, 5], [3, 9]], np.int64)
    held = np.array([[kernels.NEVER, 1], [0, 5], [3, kernels.NEVER]])
    found = np.zeros((3, 2), np.int64)
    kernels.obtainable(
        incident, time, stream.astype(np.int16), asked, held, lens.first, lens.rules, lens.cases.view(np.int64), found
    )
    for row in range(3):
        for shape in range(2):
            bits = set()
            for i, made, who in pairs:
                if i == row:
                    since = None if held[row, shape] == kernels.NEVER else int(held[row, shape])
                    bits |= naive.can_obtain(lens, who, made, int(asked[row, shape]), since)
            assert {bit for bit in range(64) if int(found[row, shape]) >> bit & 1} == bits


@settings(deadline=None, derandomize=True, max_examples=300)
@given(small_lenses(), st.integers(0, 9))
def test_at_a_moment_a_lens_says_what_its_rules_say(lens, moment):
    steps = lens.at(moment)
    for stream in range(3):
        pieces = slice(steps.first[stream], steps.first[stream + 1])
        ages, words = steps.age[pieces], steps.cases[pieces]
        assert ages[0] == 0
        assert np.all(ages[1:] > ages[:-1])
        assert np.all(words[1:] != words[:-1])
        for time in range(moment + 1):
            word = int(words[np.searchsorted(ages, moment - time, side="right") - 1])
            assert {bit for bit in range(64) if word >> bit & 1} == naive.can_obtain(lens, stream, time, moment)


@pytest.mark.skipif(not hasattr(kernels.near_reads, "signatures"), reason="kernels run as plain Python")
def test_each_kernel_has_one_signature():
    assert [len(kernel.signatures) for kernel in (kernels.near_reads, kernels.obtainable)] == [1, 1]


# --- the whole question -----------------------------------------------------------------------------------------------

SITES = [(0, 0, 0), (0, 2, 1), (3, 0, 1), (9, 9, 0)]
INCIDENTS = st.lists(
    st.tuples(st.integers(0, 2), SMALL, st.integers(0, 3), st.integers(0, 3), st.tuples(SMALL, SMALL), SMALL),
    min_size=1,
    max_size=4,
)
READS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3), st.integers(-1, 2)), max_size=8)


def table_of(incidents):
    vehicle, time, x, y, ages, holds = zip(*sorted(incidents, key=lambda row: row[1]), strict=True)
    return utility.Incidents(
        np.arange(len(time), dtype=np.uint64), np.array(vehicle, np.int32), np.array(time, np.int32), np.array(x, float),
        np.array(y, float), np.array(ages, np.int32), np.array(holds, np.int32),
    )  # fmt: skip


def reads_of(rows):
    time, site, plate = np.array(rows, np.int32).reshape(-1, 3).T
    return Reads.of(time=time, site=site, plate=plate, vehicle=plate * 0)


def cases_of(spec, *retentions):
    table = rules.agencies(spec)
    cases = []
    for retention in retentions:
        access = rules.access(rules.with_retention(spec, "departments", retention), table, range(len(table)))
        cases += [
            Case("policy", str(table.name[v]), sight, retention, access, v)
            for v in range(len(table)) for sight in ("bulk", "request")
        ]  # fmt: skip
    return cases


def scene_of(incidents):
    x, y, _ = zip(*SITES, strict=True)
    return utility.surroundings(table_of(incidents), (np.array(x, float), np.array(y, float)), spec_of())


def find(incidents, rows, found, *, holds=False):
    reads = reads_of(rows)
    stream = np.array([s[2] for s in SITES], np.int16)[reads.site]
    return utility.find(scene_of(incidents), reads, stream, found, holds=holds)


def asked(incidents, rows, cases, *, holds=False):
    found, place = lenses(cases, Streams.of_owners(5))
    return utility.answers(find(incidents, rows, found, holds=holds), place)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(naive.custodies(coarse=True), INCIDENTS, READS)
def test_answers_follow_the_definition(spec, incidents, reads):
    cases = cases_of(spec, 1, 4)
    answers = asked(incidents, reads, cases)
    plate, area = naive.answered(incidents, reads, SITES, cases, 2, 2)
    assert answers.plate.tolist() == plate
    assert answers.area.tolist() == area
    assert answers.n == len(incidents)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(naive.custodies(coarse=True), INCIDENTS, READS)
def test_answers_with_holds_follow_the_definition(spec, incidents, reads):
    cases = cases_of(spec, 1, 4)
    answers = asked(incidents, reads, cases, holds=True)
    plate, area = naive.answered(incidents, reads, SITES, cases, 2, 2, holds=True)
    assert answers.plate.tolist() == plate
    assert answers.area.tolist() == area


@settings(deadline=None, derandomize=True)
@given(INCIDENTS, READS, SMALL, st.sampled_from(["area", "plate"]))
def test_holds_are_expected_by_their_chance_and_never_lose_a_read(incidents, reads, retention, of):
    found, place = lenses(cases_of(naive.custody({"a": {}, "b": {}}), retention), Streams.of_owners(2))
    without, held = (find(incidents, reads, found, holds=holds) for holds in (False, True))
    plain = utility.answers(without, place)
    none, half, sure = (
        utility.with_holds(without, held, place, models.Holding(chance=chance, of=of)) for chance in (0.0, 0.5, 1.0)
    )
    for kind in ("plate", "area"):
        assert np.array_equal(getattr(none, kind), getattr(plain, kind))
        assert np.array_equal(getattr(half, kind), (getattr(none, kind) + getattr(sure, kind)) / 2)
        assert np.all(getattr(sure, kind) >= getattr(plain, kind))
    assert np.array_equal(sure.plate, utility.answers(held, place).plate)


def test_a_hold_of_a_plate_keeps_no_other_cars_read():
    cases = cases_of(naive.custody({"a": {}}), 3)[:1]
    incident, other, own = (0, 5, 0, 0, (6, 1), 2), (6, 0, 1), (6, 0, 0)
    found, place = lenses(cases, Streams.of_owners(1))

    def sure(reads, of):
        without, held = (find([incident], reads, found, holds=holds) for holds in (False, True))
        return utility.with_holds(without, held, place, models.Holding(chance=1.0, of=of))

    assert sure([other], "plate").area.tolist() == [[0, 1]]
    assert sure([other], "area").area.tolist() == [[1, 1]]
    assert sure([own], "plate").area.tolist() == sure([own], "plate").plate.tolist() == [[1, 1]]
    assert asked([incident], [own], cases).plate.tolist() == [[0, 1]]


def test_a_hold_that_comes_with_the_question_keeps_the_read_until_it_is_served():
    """A warrant asked for at second 7 is served at 11; the read of second 5 goes at 8."""
    door = {"giver": "a", "taker": "b", "kind": "query", "warrant": {"beyond": "0 s", "delay": "4 s", "granted": 1.0}}
    spec = naive.custody({"a": {}, "b": {"kind": "consumer"}}, door, retention="3 s")
    case = cases_of(spec, 3)[3]._replace(sight="process")
    assert case.viewer == "b"
    for hold_age, answered in ((1, 1), (2, 1), (3, 0)):
        incident = [(0, 5, 0, 0, (2,), hold_age)]
        assert asked(incident, [(5, 0, 0)], [case], holds=True).plate.tolist() == [[answered]]


def test_a_hold_is_filed_within_its_time_at_any_moment_alike():
    drawn = draw([world()[0]], n=10_000)
    assert drawn.hold_age.min() >= 0
    assert drawn.hold_age.max() < 3 * DAY
    assert np.mean(drawn.hold_age) == pytest.approx(1.5 * DAY, rel=0.1)
    assert abs(np.corrcoef(drawn.hold_age, np.log1p(drawn.query_age[:, 0]))[0, 1]) < 0.15


@settings(deadline=None, derandomize=True)
@given(INCIDENTS, READS, SMALL, SMALL)
def test_a_longer_retention_or_a_partner_never_answers_less(incidents, reads, retention, extra):
    agencies = {"a": {}, "b": {}, "c": {}}
    edge = {"giver": "b", "taker": "a", "kind": "query"}
    alone, shared = naive.custody(agencies), naive.custody(agencies, edge)
    answers = asked(
        incidents, reads, cases_of(alone, retention) + cases_of(alone, retention + extra) + cases_of(shared, retention)
    )
    for kind in (answers.plate, answers.area):
        short, long, partner = kind.reshape(3, 6, 2)
        assert np.all(short <= long)
        assert np.all(short <= partner)
    assert np.all(answers.plate <= np.minimum(answers.area, answers.plate_ever))
    assert np.all(answers.area <= answers.area_ever)


# Two sites and an incident 5 s after the start at (0, 0): seconds 3 to 7 are near, and what lies within 2 m.
@pytest.mark.parametrize(
    ("keeping", "time", "site", "useful"),
    [
        ({"time_step": "2 s"}, 4, 0, True),  # 4 and 5
        ({"time_step": "2 s"}, 3, 0, False),  # or 2
        ({"time_step": "2 s"}, 6, 0, True),
        ({"time_step": "4 s"}, 4, 0, True),  # 4 to 7
        ({"time_step": "4 s"}, 3, 0, False),  # 0 to 3
        ({"time_step": "8 s"}, 5, 0, False),
        ({"time_step": "3 s"}, 3, 0, True),  # 3 to 5
        ({"time_step": "3 s"}, 7, 0, False),  # or 8
        ({"time_step": "1 s"}, 3, 0, True),
        ({"place_step": "1 m"}, 5, 0, True),  # as far as (1, 1)
        ({"place_step": "2 m"}, 5, 0, False),  # as far as (2, 2)
        ({"place_step": "1 m"}, 5, 1, False),  # as far as (1, 3)
        ({}, 5, 1, True),
        ({"time_step": "2 s", "place_step": "1 m"}, 4, 0, True),
    ],
)
def test_a_coarse_record_is_useful_only_if_all_it_leaves_open_is_near(keeping, time, site, useful):
    incident = [(0, 5, 0, 0, (20,), 0)]
    found, place = lenses(cases_of(naive.custody({"a": keeping, "b": keeping}), 100)[:4], Streams.of_owners(2))
    exact = [lens._replace(seen=None) for lens in found]
    useful_to, leads_of = (
        utility.answers(find(incident, [(time, site, 0)], of), place) for of in (found, exact)
    )  # fmt: skip
    mine = SITES[site][2] * 2  # its owner's bulk sight
    assert useful_to.plate[mine] == useful_to.area[mine] == useful
    assert leads_of.plate[mine] == leads_of.area[mine] == useful_to.plate_ever == 1


STEPS = st.sampled_from([(None, None), (2, None), (None, 1), (2, 2), (3, 1)])


@settings(deadline=None, derandomize=True, max_examples=60)
@given(INCIDENTS, READS, STEPS, st.sampled_from([1, 2, 3]))
def test_coarser_records_never_answer_more_and_never_lose_a_lead(incidents, reads, steps, times):
    """Cells that are joined to larger ones leave open all that they left open, and more."""

    def keeping(*factors):
        units = zip(("time_step", "place_step"), steps, (" s", " m"), factors, strict=True)
        said = {key: f"{step * factor}{unit}" for key, step, unit, factor in units if step and factor}
        return cases_of(naive.custody(dict.fromkeys("abc", said)), 4)

    exact, fine, coarse = keeping(0, 0), keeping(1, 1), keeping(times, times)
    found, place = lenses(exact + fine + coarse, Streams.of_owners(3))
    leads = utility.answers(find(incidents, reads, [lens._replace(seen=None) for lens in found]), place)
    answers = utility.answers(find(incidents, reads, found), place)
    for kind in ("plate", "area"):
        of_exact, of_fine, of_coarse = getattr(answers, kind).reshape(3, -1, 2)
        assert np.all(of_coarse <= of_fine)
        assert np.all(of_fine <= of_exact)
        assert all(np.array_equal(one, of_exact) for one in getattr(leads, kind).reshape(3, -1, 2))


@settings(deadline=None, derandomize=True)
@given(INCIDENTS, READS, st.integers(0, 8))
def test_parts_of_the_reads_add_up(incidents, reads, cut):
    found, _ = lenses(cases_of(naive.custody({"a": {}, "b": {}}), 3), Streams.of_owners(2))
    parts = [find(incidents, rows, found) for rows in (reads[cut:], reads[:cut])]
    assert np.array_equal(parts[0] | parts[1], find(incidents, reads, found))


@settings(deadline=None, derandomize=True)
@given(INCIDENTS, READS)
def test_where_all_is_kept_and_shared_only_coverage_limits(incidents, reads):
    spec = naive.custody({"a": {}, "b": {}}, {"giver": "b", "taker": "a", "kind": "query"}, retention="unlimited")
    answers = asked(incidents, reads, cases_of(spec, UNLIMITED)[:2])  # a, in bulk and on request
    assert np.array_equal(answers.plate[1], answers.plate_ever)
    assert np.array_equal(answers.area[1], answers.area_ever)


def test_a_read_after_the_question_answers_nothing():
    spec = naive.custody({"a": {}}, retention="unlimited")
    incident = (0, 5, 0, 0, (1, 2), 0)
    answers = asked([incident], [(7, 0, 0)], cases_of(spec, UNLIMITED)[:1])
    assert answers.plate.tolist() == [[0, 1]]
    assert answers.plate_ever.tolist() == [0, 1]


def test_ratios_have_no_value_where_nothing_is_answered():
    answered = np.array([[1, 0], [2, 0], [4, 3]])
    assert np.array_equal(
        utility.against_no_limit(answered, np.array([2, 1, 2])), [[0.25, 0], [1, math.nan], [1, 1]], equal_nan=True
    )
    days = utility.days_per_answer(np.array([10.0, 10.0, 60.0]), answered)
    assert np.array_equal(days, [[10, math.nan], [5, math.nan], [15, 20]], equal_nan=True)


# --- query ages -------------------------------------------------------------------------------------------------------

SHAPES = models.Utility().query_ages


def test_the_named_shapes_are_as_declared():
    fast, mixed, cold = (utility.quantiles(shape) for shape in SHAPES.values())
    assert abs(fast.mean() / (2 * DAY) - 1) < 1e-3
    for ages in (mixed, cold):
        assert abs(np.median(ages) / (5 * DAY) - 1) < 1e-3
    assert np.mean(mixed > 45 * DAY) == pytest.approx(0.05, abs=1 / utility.QUANTILES)
    assert np.mean(cold > 180 * DAY) == pytest.approx(0.10, abs=1 / utility.QUANTILES)
    assert all(np.all(np.diff(ages) >= 0) and ages[0] >= 0 for ages in (fast, mixed, cold))
    assert utility.quantiles(models.QueryAge(kind="exponential", mean="20000 d"))[-1] == UNLIMITED - 1


def test_an_age_belongs_to_its_incident_and_keeps_its_rank_in_every_shape():
    keys = np.arange(20_000, dtype=np.uint64)  # small keys, as those of drawn incidents are
    ages = utility.query_ages(keys, list(SHAPES.values()))
    assert np.array_equal(utility.query_ages(keys[500:], list(SHAPES.values())), ages[500:])
    order = np.argsort(ages[:, 0], kind="stable")
    assert np.all(np.diff(ages[order, 2]) >= 0)
    assert np.mean(ages[:, 0] < 2 * DAY) == pytest.approx(1 - math.exp(-1), abs=0.015)


def test_ages_of_a_log_are_those_of_its_searches(tmp_path):
    (tmp_path / "log.csv").write_text("age\n3 d\n1 h\n2 d\n2 d\n")
    shape = models.QueryAge(kind="audit_log", file=str(tmp_path / "log.csv"))
    ages = utility.quantiles(shape)
    assert [np.mean(ages == age) for age in (3600, 2 * DAY, 3 * DAY)] == [0.25, 0.5, 0.25]
    assert np.all(np.diff(ages) >= 0)


def test_a_tail_above_the_median_is_refused():
    shape = {"kind": "mixture", "median": "5 d", "beyond": "9 d", "beyond_share": 0.5}
    with pytest.raises(ValueError, match=r"beyond_share must be below 0\.5, since half are below median; not 0\.5"):
        utility.quantiles(models.QueryAge.model_validate(shape))


# --- incidents --------------------------------------------------------------------------------------------------------


def world(n=40):
    """Return a truth of one stop an hour for each of 40 vehicles, to places of every kind, and what it refers to."""
    rng = np.random.default_rng(1)
    vehicle = np.repeat(np.arange(n), 24)
    arrive = np.tile(np.arange(24) * 3600, n)
    destination = rng.integers(0, 10, len(vehicle))
    purpose = np.where(destination == PlaceKind.HOME, Purpose.HOME, Purpose.SHOP)
    zeros = np.zeros(len(vehicle), int)
    truth = Truth.of(
        vehicle=vehicle, driver=zeros, companion=zeros - 1, depart=arrive - 60, arrive=arrive, origin=zeros,
        destination=destination, purpose=purpose,
    )  # fmt: skip
    kinds = np.where(np.arange(n) % 4 == 3, VehicleKind.THROUGH, VehicleKind.RESIDENT)
    zeros = np.zeros(n, int)
    vehicles = Vehicles.of(household=zeros, garage=zeros, town=zeros, kind=kinds, key=np.arange(n) + 7)
    places = Places.of(junction=np.arange(10), kind=np.arange(10), weight=np.ones(10), town=np.zeros(10))
    junctions = Junctions.of(osm_id=np.arange(10), x=np.arange(10) * 100.0, y=np.arange(10) * -1.0, town=np.zeros(10))
    return truth, vehicles, places, junctions


def draw(parts, *, moments=(DAY,), horizon=DAY, n=50, seed=1, vehicles=None):
    _, ours, places, junctions = world()
    spec = spec_of(incidents=n, around="30 min")
    return utility.incidents(
        parts,
        ours if vehicles is None else vehicles,
        places,
        junctions,
        spec,
        seed=seed,
        moments=moments,
        horizon=horizon,
    )


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_incidents_are_stops_of_residents_away_from_home_within_reach():
    truth, vehicles, _, _ = world()
    drawn = draw([truth], n=10_000, horizon=DAY // 2)
    stops = set(zip(truth.vehicle.tolist(), truth.arrive.tolist(), (truth.destination * 100.0).tolist(), strict=True))
    assert set(zip(drawn.vehicle.tolist(), drawn.time.tolist(), drawn.x.tolist(), strict=True)) <= stops
    kinds = truth.destination
    expected = (
        (vehicles.kind[truth.vehicle] == VehicleKind.RESIDENT) & (kinds != PlaceKind.HOME) & (kinds != PlaceKind.BEYOND)
        & (truth.arrive >= DAY // 2) & (truth.arrive < DAY - 1800)
    )  # fmt: skip
    assert len(drawn.time) == expected.sum() > 100
    assert np.all(np.diff(drawn.time) >= 0)
    assert np.array_equal(drawn.y, -drawn.x / 100)
    assert drawn.query_age.shape == (len(drawn.time), 3)


def test_the_first_half_hour_is_left_out_and_the_last():
    assert draw([world()[0]], n=10_000, horizon=2 * DAY).time.min() == 3600
    times = [
        draw([world()[0]], n=10_000, moments=(moment,)).time.max() for moment in (5 * 3600 + 1800, 5 * 3600 + 1801)
    ]
    assert times == [4 * 3600, 5 * 3600]


def test_incidents_depend_on_keys_alone_not_on_parts_or_their_order():
    truth = world()[0]
    whole = draw([truth])
    assert len(whole.time) == 50
    parts = [truth.take(truth.vehicle % 3 == part) for part in (2, 0, 1)]
    assert same(draw(parts), whole)
    assert not same(draw([truth], seed=2), whole)


def test_a_vehicle_more_or_a_moment_more_changes_no_other_draw():
    truth = world()[0]
    whole, fewer = draw([truth]), draw([truth.take(truth.vehicle != 5)])
    kept = whole.key[whole.vehicle != 5]
    assert np.all(np.isin(kept, fewer.key))
    both = draw([truth], moments=(DAY // 2, DAY))
    assert len(both.time) == 100
    assert np.all(np.isin(whole.key, both.key))


def test_every_stop_is_as_likely():
    truth = world()[0]
    taken = np.concatenate([draw([truth], n=20, seed=seed).vehicle for seed in range(200)])
    share = np.bincount(taken, minlength=40)[[v % 4 != 3 for v in range(40)]] / len(taken)
    candidates = (
        (truth.destination != 0) & (truth.destination != 9) & (truth.arrive >= 1800) & (truth.arrive < DAY - 1800)
    )
    stops = np.bincount(truth.vehicle[candidates], minlength=40)[[v % 4 != 3 for v in range(40)]]
    assert np.abs(share - stops / stops.sum()).max() < 0.011  # four standard deviations of a share of 1/30 of 4,000


def test_a_site_stands_on_its_road():
    junctions = Junctions.of(osm_id=[1, 2], x=[0.0, 100.0], y=[0.0, 50.0], town=[0, 0])
    ones = [1, 1]
    roads = Roads.of(
        tail=[0, 1],
        head=[1, 0],
        length=[200, 200],
        crossing=ones,
        lanes=ones,
        headway=ones,
        room=ones,
        wave=ones,
        kind=ones,
    )
    sites = Sites.of(camera=[0, 1, 2], road=[0, 1, 1], offset=[50, 50, 999], heading=[0, 0, 0])
    x, y = utility.positions(sites, roads, junctions)
    assert x.tolist() == [25, 75, 0]
    assert y.tolist() == [12.5, 37.5, 0]
