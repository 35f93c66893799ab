"""Whom a rule spares: a listed driver may be followed where the average looks harmless."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import alprsim
from alprsim import hotlists
from alprsim.measures import question, wheel
from alprsim.scenario.models import HotLists
from alprsim.tables import AS_WRITTEN, Listings, Stratum, VehicleKind, Vehicles

WATCHED = """
extends: hamlet.yaml
name: watched
seeds: [1]
length: 2 d
roads: {population: 2400}
plates: {issued: 3200}
viewers: {East police: null, Vendor: null}
hot_lists:
  lists:
    Stolen: {kind: stolen, owner: NCIC, share: 4 %, wanted_for: 60 d, stale_for: 0 s, refresh: 0 s}
    West's own: {kind: custom, owner: West, matched: departments, count: 95, wanted_for: 60 d, refresh: 0 s}
custody:
  sharing: [{giver: departments, taker: ICE, kind: query}]
policies:
  Federal query: {}
  Searchable pool: null
  One partner: null
  No sharing: null
  Hits only: {custody: {departments: {keep: hits, hit_retention: 30 d}}}
  Three minutes: {custody: {retention: 3 min, departments: {hit_retention: 30 d}}}
  Hits for a day: {custody: {retention: 24 h, departments: {keep: hits}}}
  Exported:
    custody:
      retention: 24 h
      departments: {hit_retention: 30 d}
      sharing: [{giver: departments, taker: ICE, kind: query, sight: bulk}]
ladder: {retention: [6 h, unlimited]}
measures:
  families: [gaps, homes, paths, uniqueness, worst_case, linkability, company, prediction]
  moments: [38 h]
  path_targets: 5000
  unicity_targets: 40
  worst_case_targets: 40
  linkability_targets: 40
  prediction_targets: 40
  listed_targets: 35
  pseudonym_epochs: [19 h]
  prediction_ahead: 9 h
  company_reads: 2
utility: {incidents: 5}
"""
"""Few cars are listed, but 30 of either kind or more, and what matched a list is kept for a month, whatever else goes."""


@pytest.fixture(scope="module")
def watched(hamlet, tmp_path_factory):
    (hamlet.parent / "watched.yaml").write_text(WATCHED)
    return alprsim.run(hamlet.parent / "watched.yaml", out=tmp_path_factory.mktemp("runs") / "watched")


LISTED = ("custom-listed", "rightly listed")


def share(run, policy, who, measure="trips_detected"):
    return run.answer(policy, "ICE", "request", AS_WRITTEN, measure, "share_of_horizon_pooled", who=who)


@pytest.mark.whole
@pytest.mark.parametrize("policy", ["Hits only", "Three minutes"])
def test_a_rule_that_spares_the_average_leaves_listed_drivers_followed(watched, policy):
    average, custom, before = (
        share(watched, *of).mean
        for of in ((policy, "vehicles"), (policy, "custom-listed"), ("Federal query", "vehicles"))
    )
    assert average < 0.2 * before
    assert custom > 0.6 * share(watched, "Federal query", "custom-listed").mean > 5 * average
    assert share(watched, policy, "unlisted").mean < 0.01
    assert share(watched, policy, "rightly listed").mean > 5 * average


def column(run, policy, who, statistic, measure="trips_detected"):
    return run.answer(policy, "ICE", "request", AS_WRITTEN, measure, statistic, who=who)


@pytest.mark.whole
@pytest.mark.parametrize(("policy", "days"), [("Hits only", 0), ("Three minutes", 3 / 1440)])
def test_how_long_hits_are_kept_is_no_window_of_who_is_on_no_list(watched, policy, days):
    """Hits are kept for a month, longer than was simulated: of listed drivers their stock is not known, of others it is."""
    kept = {
        name: column(watched, policy, "vehicles", name, "effective_retention") for name in ("window", "window_of_hits")
    }
    assert kept["window"].mean == pytest.approx(days)
    assert kept["window_of_hits"].mean == 30
    for who in ("unlisted", "vehicles"):
        stock, last, window = (
            column(watched, policy, who, name) for name in ("stock", "share_of_horizon_pooled", "share_of_window_pooled")
        )  # fmt: skip
        assert stock.n > 0
        assert stock.mean < 0.2
        assert 0 <= last.mean < 0.1
        assert (window.n > 0) == (days > 0)
    for who in LISTED:
        assert column(watched, policy, who, "stock").n == 0
        assert column(watched, policy, who, "stock_so_far").mean > 0.2
        assert column(watched, policy, who, "share_of_horizon_pooled").mean > 0
        assert column(watched, policy, who, "share_of_window_pooled").n == 0


@pytest.mark.whole
def test_ways_of_listed_drivers_go_by_how_long_hits_are_kept(watched):
    """Hits are kept for as long as T: the window of listed drivers is T, and that of all others is of no length."""
    for who in (*LISTED, *map(wheel.people_of, LISTED)):
        last, window = (
            column(watched, "Hits for a day", who, f"share_of_{time}_pooled", "path_recall")
            for time in ("horizon", "window")
        )
        assert window.n == last.n > 0
        assert window.mean == pytest.approx(last.mean)
        assert window.mean > 0.1
        month = column(watched, "Hits only", who, "share_of_window_pooled", "path_recall")
        assert month.n == 0  # kept for longer than was simulated
    for who in ("unlisted", "vehicles", wheel.people_of("unlisted"), "people"):
        assert column(watched, "Hits for a day", who, "share_of_window_pooled", "path_recall").n == 0
        assert column(watched, "Hits for a day", who, "share_of_horizon_pooled", "path_recall").n > 0


@pytest.mark.whole
@pytest.mark.parametrize(("whose", "named"), [("vehicles", str), ("people", wheel.people_of)])
@pytest.mark.parametrize(
    ("measure", "statistic"),
    [
        ("exposure_rate", "share_of_horizon_pooled"), ("longest_gap", "median_of_horizon"),
        ("home_found", "within_250m_so_far"), ("work_found", "within_250m_so_far"), ("path_recall", "share_of_horizon_pooled"),
    ],
)  # fmt: skip
def test_strata_are_the_residents_apart(watched, whose, named, measure, statistic):
    """Listed ones, and their households, are walked by themselves: nobody is lost, nobody counted twice."""
    every = column(watched, "Federal query", whose, statistic, measure)
    parts = [column(watched, "Federal query", named(who), statistic, measure) for who in question.STRATA]
    assert sum(part.n for part in parts) == every.n > 0
    if measure not in ("longest_gap", "path_recall"):  # of which a median is told, and kilometres over kilometres
        assert sum(part.mean * part.n for part in parts if part.n) == pytest.approx(every.mean * every.n)
    assert parts[2].n == 0  # none is stale
    assert parts[1].n >= 30 <= parts[3].n


def pattern(run, measure, statistic, *whose):
    return (run.answer("Exported", "ICE", "bulk", AS_WRITTEN, measure, statistic, who=who) for who in whose)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("measure", "statistic"), [("unicity", "p2"), ("worst_case_risk", "p2"), ("prediction", "read_next")]
)
def test_patterns_of_listed_drivers_are_of_enough_and_by_how_long_hits_are_kept(watched, measure, statistic):
    """Of 40 drawn cars 1 is on a list: 35 of either kind are drawn beside, and change nothing of what all and others are of."""
    whose = ("vehicles", "unlisted", *LISTED)
    every, unlisted, *listed = pattern(watched, measure, statistic, *whose)
    assert (every.n, unlisted.n, [one.n for one in listed]) == (40, 39, [0, 0])  # a month of hits was not simulated
    every, unlisted, *listed = pattern(watched, measure, statistic + "_so_far", *whose)
    assert (every.n, unlisted.n, [one.n for one in listed]) == (40, 39, [35, 35])
    if measure != "prediction":
        for one, error in zip(listed, pattern(watched, measure, f"{statistic}_error_so_far", *LISTED), strict=True):
            assert one.mean > every.mean > 0  # who is on a list is held for longer
            assert 0 < error.mean < 0.1
            assert error.n == 35


@pytest.mark.whole
def test_listed_drivers_are_linked_as_everybody_is(watched):
    """It needs no more than the last two epochs, which the simulated time has whatever is kept."""
    every, unlisted, *listed = pattern(watched, "linkability", "present_19h", "vehicles", "unlisted", *LISTED)
    assert (every.n, unlisted.n, [one.n for one in listed]) == (40, 39, [35, 35])
    assert min(one.mean for one in listed) > every.mean > 0


@pytest.mark.whole
def test_company_of_listed_drivers_is_of_pairs_with_one_of_them(watched):
    unlisted, *listed = pattern(watched, "company", "base_rate", "unlisted", *LISTED)
    assert (unlisted.n > 0, [one.n for one in listed]) == (True, [0, 0])
    of = ("vehicles", "unlisted", *LISTED)
    pairs = {
        name: [one.n for one in pattern(watched, "company", f"{name}_so_far", *of)] for name in ("base_rate", "recall")
    }
    ties = [one.mean for one in pattern(watched, "company", "ties_so_far", *of)]
    residents = column(watched, "Exported", "vehicles", "stock_so_far").n
    cars = [column(watched, "Exported", who, "stock_so_far").n for who in ("unlisted", *LISTED)]
    assert sum(cars) == residents
    assert pairs["base_rate"] == [residents * (residents - 1) // 2] + [
        n * (n - 1) // 2 + n * (residents - n) for n in cars
    ]  # fmt: skip
    for whole, *parts in (*pairs.values(), ties):
        assert max(parts) < whole < sum(parts) <= 2 * whole


def test_without_hot_lists_nobody_is_told_apart(outpost_run):
    assert not outpost_run.measures["who"].isin(question.STRATA).any()


# --- who is in which stratum --------------------------------------------------------------------------------------------

NUMBERS = st.integers(0, 5)
SPELLS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), NUMBERS, NUMBERS, NUMBERS), max_size=6)
LISTS = {
    "Stolen": {"kind": "stolen", "owner": "NCIC", "count": 1},
    "Own": {"kind": "custom", "owner": "West", "count": 1},
    "Elsewhere": {"kind": "custom", "owner": "North", "matched": "own", "count": 1},
}


def naive(spells, vehicle, since, until):
    """Go through the seconds of the time asked about; the third list is matched by nobody."""
    said = {0}
    for plate, which, begins, wanted, ends in spells:
        for second in range(since + 1, until + 1):
            if plate == vehicle and which < 2 and begins <= second < ends:
                said |= {1} | ({2} if second >= wanted else set()) | ({3} if which == 1 else set())
    return max(said)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(SPELLS, st.integers(-1, 4), st.integers(1, 5))
def test_strata_are_those_of_the_naive_twin(spells, since, length):
    rows = np.array(sorted(spells), np.int64).reshape(-1, 5).T
    listings = Listings.of(
        plate=rows[0], hot_list=rows[1], listed=rows[2], wanted_until=rows[3], removed=rows[4], alerts_from=rows[2],
        alerts_until=rows[4],
    )  # fmt: skip
    lists = hotlists.Lists(
        HotLists.model_validate({"lists": LISTS}), listings, np.zeros(5, np.int64),
        np.array([[True, False, False], [True, True, False]]), np.zeros(2, np.int16),
    )  # fmt: skip
    zeros = np.zeros(3, int)
    vehicles = Vehicles.of(household=zeros, garage=zeros, town=zeros, kind=zeros + VehicleKind.RESIDENT, key=zeros)
    found = hotlists.strata(lists, vehicles, since=since, until=since + length)
    assert found.tolist() == [naive(spells, v, since, since + length) for v in range(3)]
    assert [Stratum(k).name.lower() for k in range(4)] == ["unlisted", "listed", "stale", "custom"]
    assert len(question.STRATA) == 4
    assert pd.Series(found).between(0, 3).all()
