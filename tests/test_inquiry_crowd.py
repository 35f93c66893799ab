"""Everybody's measures of a run: pseudonyms, coarse records and sizes of cells change them as they should."""

import numpy as np
import pandas as pd
import pytest

from alprsim.inquiry import _lookbacks
from alprsim.kernels import ladder
from alprsim.measures import completeness
from alprsim.measures.glossary import BY_NAME
from alprsim.results import words
from alprsim.tables import AS_WRITTEN, DAY
from tests.test_inquiry import HOUR, Hamlet, chosen

FAMILIES = {"unicity", "unicity_scaling", "top_anonymity_set", "worst_case_risk"}
KEPT = "custody: {departments: {%s}}"
BOTH = """{custody: {departments: {retention: 6 h}, agencies: {Vendor pool: {time_step: 24 h}}, sharing: [
    {giver: departments, taker: Vendor pool, kind: mirror},
    {giver: Vendor pool, taker: East, kind: query, sight: bulk, onward: true}]}}"""
"""Exact for six hours, and beyond them a pool's copy that is known to the day."""


@pytest.fixture(scope="module")
def everything(outpost, tmp_path_factory):
    """Ask one seed of the outpost under records plain, hashed for good, hashed for six hours, and known to the day."""
    folder = tmp_path_factory.mktemp("crowd") / "seed=1"
    folder.mkdir()
    place = Hamlet(outpost, folder)
    policies = {
        "For good": "identity: {kind: hashed}", "Rotating": "identity: {kind: hashed, rotate: 6 h}",
        "Coarse": "time_step: 24 h", "Coarser": "time_step: 17 h, place_step: 200 m", "Halves": "time_step: 30 min",
    }  # fmt: skip
    study = place.study(
        *(f"policies.{name}={{{KEPT % rule}}}" for name, rule in policies.items()), f"policies.Both={BOTH}",
        "measures.families=[uniqueness, resolution, sets, worst_case, gaps, distribution]", "ladder.retention=[6 h]",
        "utility.incidents=60", "utility.hold={chance: 1, within: 1 s, of: plate}",
        "measures.unicity_points=2", "measures.resolution_bins=[1 h, 4 h, 24 h]",
        "measures.resolution_places=[0 m, 400 m]", "measures.worst_case_targets=30", "measures.unicity_targets=30",
    )  # fmt: skip
    return place.ask(study)


@pytest.fixture(scope="module")
def answers(everything):
    """Return what is asked of everybody."""
    return everything[everything.index.get_level_values("measure").isin(FAMILIES)]


def of(answers, policy, **levels):
    """Return what the East police hold under one policy, as it is written."""
    rows = chosen(answers, policy=policy, viewer="East police", retention=AS_WRITTEN, **levels)["value"]
    return rows.droplevel(["policy", "viewer", "retention", "sight", "who", "reads", "town"])


def test_every_family_answers_for_bulk_sight_alone(answers):
    assert set(answers.index.get_level_values("measure")) == FAMILIES <= set(BY_NAME)
    assert set(answers.index.get_level_values("sight")) == {"bulk"}
    assert answers.index.is_unique
    said = {words.statistic(name, DAY) for name in answers.index.get_level_values("statistic")}
    assert len(said) == answers.index.get_level_values("statistic").nunique()
    assert not any("_" in one for one in said)


def test_pseudonyms_for_good_hide_nobody(answers):
    plain, lasting = of(answers, "No sharing"), of(answers, "For good")
    assert plain.notna().sum() > 50
    pd.testing.assert_series_equal(plain, lasting)


def test_pseudonyms_that_change_hide_some(answers):
    risk = {name: of(answers, name, measure="worst_case_risk") for name in ("No sharing", "Rotating")}
    known = [f"p{p}_so_far" for p in (2, 3)]
    for name in known:
        assert risk["Rotating"]["worst_case_risk", name] < risk["No sharing"]["worst_case_risk", name]
    cars = {name: of(answers, name, measure="unicity") for name in ("No sharing", "Rotating")}
    assert cars["Rotating"]["unicity", "p2_eligible_so_far"] < cars["No sharing"]["unicity", "p2_eligible_so_far"]
    one = "worst_case_risk", "p1_so_far"
    assert risk["Rotating"][one] == risk["No sharing"][one] > 0  # within an hour none changes


def test_records_known_to_the_day_are_cells_of_a_day(answers):
    plain, coarse = (of(answers, name, measure="unicity_scaling") for name in ("No sharing", "Coarse"))
    day = [one for one in plain.index if "_86400s_" in one[1]]
    assert len(day) > 10
    pd.testing.assert_series_equal(plain[day], coarse[day])
    hour = plain["unicity_scaling", "p2_3600s_0m_so_far"]
    assert hour > coarse["unicity_scaling", "p2_3600s_0m_so_far"]
    assert hour >= plain["unicity_scaling", "p2_14400s_0m_so_far"] > plain["unicity_scaling", "p2_86400s_0m_so_far"]
    fine, merged = (of(answers, name, measure="unicity") for name in ("No sharing", "Coarse"))
    assert fine["unicity", "p2_so_far"] > merged["unicity", "p2_so_far"]
    assert (
        of(answers, "No sharing", measure="worst_case_risk")["worst_case_risk", "p1_so_far"]
        > of(answers, "Coarse", measure="worst_case_risk")["worst_case_risk", "p1_so_far"]
    )


def test_the_law_is_fitted_to_six_sizes_of_cell(answers):
    plain = of(answers, "No sharing", measure="unicity_scaling")["unicity_scaling"]
    assert plain["p2_published_beta"] == pytest.approx(0.143)
    for p in (1, 2):
        alpha, beta, missed = (plain[f"p{p}_fitted_{part}_so_far"] for part in ("alpha", "beta", "residual"))
        assert 0 <= missed < 0.5
        assert pd.isna(alpha) == pd.isna(beta)
        assert pd.isna(beta) or 0.001 < beta < 2
    assert plain["p1_3600s_0m_sharing_so_far"] <= plain["p1_3600s_400m_sharing_so_far"]


LENGTHS = ("Coarse", "Coarser", "Halves")
VIEWS = ("_of_no_limit", "_coverage", words.WITH_LEADS, words.WITH_HOLDS)


def test_coarse_records_answer_fewer_look_backs_and_keep_their_leads(everything):
    queries = ["lookback_plate", "lookback_area"]
    told = {name: of(everything, name, sight="bulk", measure=queries) for name in ("No sharing", *LENGTHS)}
    shapes = [name for name in told["Coarse"].index if not name[1].endswith(VIEWS)]
    leads = [(measure, shape + words.WITH_LEADS) for measure, shape in shapes]
    plain = told["No sharing"][shapes].to_numpy()
    assert (plain > 0).all()
    for name in told:
        assert told[name][leads].tolist() == plain.tolist(), name
    assert (told["Coarse"][shapes] == 0).all()
    assert (told["Coarser"][shapes] == 0).all()
    assert (told["Halves"][shapes] <= plain).all()
    assert told["Halves"][shapes].sum() < plain.sum()
    assert not words.is_plain(leads[0][1])
    assert (
        words.statistic("mixed_with_leads", DAY)
        == "mixed, with records too coarse to say it was there (an upper bound)"
    )


def test_a_store_of_its_own_is_exact_no_longer_than_it_keeps(everything):
    """Look-backs are answered as by that store alone: the copy's records add leads, and those for longer."""
    looks = {"viewer": "East police", "sight": "bulk", "measure": ["lookback_plate", "lookback_area"]}
    both, alone, written = (
        chosen(everything, policy=policy, retention=limit, **looks)["value"].droplevel(["policy", "retention"])
        for policy, limit in (("Both", AS_WRITTEN), ("No sharing", 6 * HOUR), ("No sharing", AS_WRITTEN))
    )
    answered = [key for key in both.index if not key[-1].endswith(VIEWS)]
    leads = [(*key[:-1], key[-1] + words.WITH_LEADS) for key in answered]
    assert both[answered].tolist() == alone[answered].tolist()
    assert (both[leads].to_numpy() >= written[leads].to_numpy()).all()
    assert both[leads].sum() > written[answered].sum() > both[answered].sum()


def test_no_hold_names_a_plate_where_a_pseudonym_stands_for_it(everything):
    case = {"viewer": "East police", "sight": "bulk", "measure": "lookback_area", "retention": 6 * HOUR}
    added = {}
    for name in ("No sharing", "Rotating", "For good"):
        found = chosen(everything, policy=name, **case)["value"].droplevel([*case, "policy", "who", "reads", "town"])
        added[name] = [found[shape + words.WITH_HOLDS] - found[shape] for shape in ("fast", "mixed", "cold")]
    plain = added.pop("No sharing")
    assert min(plain) >= 0 < sum(plain)
    assert all(more == [0, 0, 0] for more in added.values())
    named = chosen(everything, policy="No sharing", **{**case, "measure": "lookback_plate"})["value"]
    by_plate = [named.xs(shape + words.WITH_HOLDS, level="statistic").item() for shape in ("fast", "mixed", "cold")]
    assert all(more <= held for more, held in zip(plain, by_plate, strict=True))


def test_days_held_are_of_all_towns_where_every_moment_is_measured():
    lives = completeness.empty(2, 1)
    lives.totals[:, ladder.DAYS, :3] = [[3, 4, 5], [10, 20, 30]]
    lives.lives[:, ladder.HORIZON, :3] = [[1, 1, 1], [2, 2, 2]]
    lives.lives[:, ladder.STOCK, :3] = [[1, 0, 1], [2, 2, 2]]
    held = _lookbacks._days_held([lives], np.array([2, 0, 1], np.int32))
    assert held.tolist() == pytest.approx([35, 13, np.nan], nan_ok=True)


def test_either_of_two_queries_answers_by_the_bit_of_each():
    found = np.zeros((2, 2, 3, 1), np.int64)  # queries, lenses, incidents, shapes
    found[0, 1, 0] = found[1, 0, 1] = 1 << 5
    found[0, 0, 2], found[1, 1, 1] = -(1 << 63), 1
    one, other = found
    places = [np.array(place, np.int32) for place in ((69, 63, 0), (5, 64, 5))]
    assert _lookbacks._either((one, places[0]), (other, places[1])).tolist() == [[2], [2], [1]]


def test_only_times_that_may_be_of_two_days_hide_days_and_they_lengthen_gaps(everything):
    plain, coarse, coarser = (
        of(everything, name, sight="bulk", who="vehicles", reads="all", town="all")
        for name in ("No sharing", "Coarse", "Coarser")
    )
    for measure in ("observed_days", "exposure_rate", "trips_detected", "trips_linked"):
        pd.testing.assert_series_equal(plain[measure], coarse[measure])
    assert 0 < coarser["observed_days", "stock_so_far"] < plain["observed_days", "stock_so_far"]
    pd.testing.assert_series_equal(plain["trips_linked"], coarser["trips_linked"])
    gaps = [one["longest_gap", "median_so_far"] for one in (plain, coarse, coarser)]
    assert gaps == sorted(gaps)
    assert gaps[0] < gaps[2]
