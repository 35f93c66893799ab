"""Which reads the policies treat alike: hits, evidence, samples, barred cameras; and looks that hang on a grant."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from alprsim import custody, records
from alprsim.sight import Case, held, lenses
from alprsim.store import Store
from alprsim.tables import PlaceKind
from alprsim.utility import positions
from tests.naive_custody import obtainable
from tests.test_inquiry import Hamlet, chosen

HOUR = 3600

RULES = """
extends: {hamlet}
name: rules
seeds: [1]
hot_lists:
  lists:
    stolen: {{kind: stolen, owner: East, share: 10 %, matched: departments}}
    custom: {{kind: custom, owner: ICE, share: 10 %, matched: [West]}}
    national: {{kind: wanted, owner: NCIC, share: 5 %, matched: departments}}
policies:
  Federal query: null
  Searchable pool: null
  One partner: null
  No sharing: null
  All: {{custody: {{sharing: [{{giver: departments, taker: ICE, kind: query}}]}}}}
  Hits only:
    custody:
      departments: {{keep: hits}}
      sharing: [{{giver: departments, taker: ICE, kind: query}}, {{giver: departments, taker: departments, kind: mirror}}]
  Hits longer:
    custody:
      retention: 6 h
      departments: {{hit_retention: unlimited, alert_retention: 20 h}}
      sharing: [{{giver: West, taker: ICE, kind: alert}}, {{giver: West, taker: East, kind: alert, delay: 1 h}}]
  Evidence:
    custody:
      retention: 6 h
      departments: {{held_share: 20 %, held_retention: unlimited, sample: 50 %}}
      agencies: {{West: {{held_share: 40 %, sample: 30 %}}}}
      sharing: [{{giver: departments, taker: departments, kind: mirror}}]
  Barred:
    custody:
      departments: {{admissible: [patrol]}}
      agencies: {{West: {{admissible: [fixed], exclude: {{kinds: [shop, school], within: 60 m}}}}}}
      sharing: [{{giver: departments, taker: ICE, kind: query}}]
  Nightly:
    custody:
      retention: 12 h
      departments: {{purge: {{every: 24 h, at: "10:00"}}}}
      sharing:
        - {{giver: departments, taker: Vendor pool, kind: mirror, sync: {{every: 12 h, at: "05:00"}}}}
        - {{giver: departments, taker: ICE, kind: query}}
  Warrant:
    custody:
      sharing: [{{giver: departments, taker: ICE, kind: query, warrant: {{beyond: 6 h, delay: 0 s, granted: 1.0}}}}]
  Half granted:
    custody:
      sharing: [{{giver: departments, taker: ICE, kind: query, warrant: {{beyond: 6 h, delay: 0 s, granted: 0.5}}}}]
  Side door:
    custody:
      sharing:
        - {{giver: East, taker: ICE, kind: side_door, chance: 20 %}}
        - {{giver: West, taker: ICE, kind: side_door, chance: 50 %}}
  Hashed:
    custody:
      departments: {{identity: {{kind: hashed, rotate: 24 h}}}}
      sharing: [{{giver: departments, taker: ICE, kind: query, sight: bulk}}]
  In bulk: {{custody: {{sharing: [{{giver: departments, taker: ICE, kind: query, sight: bulk}}]}}}}
ladder: {{retention: [36 h]}}
"""
VIEWERS = {"East police": 0, "Vendor": 2, "ICE": 3}


@pytest.fixture(scope="module")
def place(hamlet, tmp_path_factory):
    file = hamlet.with_name("rules.yaml")
    file.write_text(RULES.format(hamlet=hamlet.name))
    folder = tmp_path_factory.mktemp("ruled") / "seed=1"
    folder.mkdir()
    return Hamlet(file, folder)


@pytest.fixture(scope="module")
def sorted_(place):
    loaded, done = place.study(), place.done
    policies = {name: policy.custody for name, policy in loaded.policies.items()}
    placement = done.placement
    found = records.sort(
        policies, place.world.agencies, placement.cameras, placement.sites, place.world.network,
        alerts=place.folder / "alerts.parquet", seed=1,
    )  # fmt: skip
    return policies, found


def plain_classes(place, found, policies, name, reads):
    """Say for each read its class, draw, whom it alerted and whether its camera is barred, straight from the rules."""
    spec, placement, network = policies[name], place.done.placement, place.world.network
    alerts = pq.read_table(place.folder / "alerts.parquet").to_pandas()
    rows = {str(agency): row for row, agency in enumerate(place.world.agencies.name)}
    alerted = {}
    for row in alerts.itertuples():
        alerted.setdefault((row.time, row.site, row.plate), set()).add(rows.get(row.owner, -1))
    evidence, sample = found._draws(reads, "evidence"), found._draws(reads, "sampled keeping")
    x, y = positions(placement.sites, network.roads, network.junctions)
    for read in range(len(reads)):
        site = reads.site[read]
        owner = int(placement.cameras.agency[placement.sites.camera[site]])
        agency = str(place.world.agencies.name[owner])
        hits = alerted.get((int(reads.time[read]), int(site), int(reads.plate[read])), set())
        share = {"Evidence": {"East": 0.2, "West": 0.4}}.get(name, {}).get(agency, 0)
        record = 2 if evidence[read] < share else 1 if hits else 0
        barred = name == "Barred" and agency == "East"  # fixed cameras, where only patrol cars' reads may be kept
        if name == "Barred" and agency == "West":
            places = network.places
            for kind, junction in zip(places.kind, places.junction, strict=True):
                if kind in (PlaceKind.SHOP, PlaceKind.SCHOOL):
                    apart = np.hypot(network.junctions.x[junction] - x[site], network.junctions.y[junction] - y[site])
                    barred |= bool(apart <= 60)
        assert custody.kept(spec, agency, "retention")[0] > 0
        yield owner, record, float(sample[read]), hits, barred


@pytest.mark.parametrize(
    "name", ["All", "Hits only", "Hits longer", "Evidence", "Barred", "Nightly", "Warrant", "Side door"]
)
def test_a_read_is_held_as_its_class_draw_and_camera_have_it(place, sorted_, name):
    policies, found = sorted_
    table, moment = place.world.agencies, 62 * HOUR
    access = custody.access(policies[name], table, sorted(VIEWERS.values()))
    reads = Store(place.folder).reads()
    reads = reads.take(slice(0, len(reads), 7))
    stream = found.of(reads)
    classes = list(plain_classes(place, found, policies, name, reads))
    seen = 0
    for viewer, row in VIEWERS.items():
        for sight in ("bulk", "request", "process", "side_door"):
            case = Case(name, viewer, sight, 0, access, row, least=0.3 if sight == "side_door" else 0.0)
            plain = [
                not barred and obtainable(
                    access, row, owner, sight, int(reads.time[read]), moment, record=record, draw=draw, hits=hits,
                    case_draw=case.least,
                )
                for read, (owner, record, draw, hits, barred) in enumerate(classes)
            ]  # fmt: skip
            assert held(reads, stream, found.streams, case, moment).tolist() == plain
            (lens,), (bit,) = lenses([case], found.streams)
            steps = lens.at(moment)
            masks = [
                steps.cases[
                    steps.first[s] + np.searchsorted(steps.age[steps.first[s] : steps.first[s + 1]], moment - t, side="right") - 1
                ]
                if t <= moment else 0
                for s, t in zip(stream.tolist(), reads.time.tolist(), strict=True)
            ]  # fmt: skip
            assert [bool(int(word) >> int(bit) & 1) for word in masks] == plain
            seen += sum(plain)
    assert seen > 10


def test_rules_that_tell_reads_apart_hold_different_ones(place, sorted_):
    """So that the test above is not one of reads all alike."""
    _, found = sorted_
    assert len(found.samples) == 3
    assert len(found.held) == 3
    assert len(found.alerted) >= 3
    reads = Store(place.folder).reads()
    assert len(np.unique(found.of(reads))) > 40


@pytest.fixture(scope="module")
def answers(place):
    return place.ask(place.study())


def shares(answers, policy, sight, statistic="share_of_horizon"):
    measures = ["observed_days", "trips_detected", "trips_linked", "exposure_rate"]
    asked = chosen(answers, policy=policy, viewer="ICE", sight=sight, statistic=statistic, measure=measures)
    return asked["value"].droplevel(["policy", "sight"]).sort_index()


@pytest.mark.once
def test_a_warrant_that_is_granted_at_once_shows_what_no_warrant_hides(answers):
    open_, sure = shares(answers, "All", "request"), shares(answers, "Warrant", "process")
    pd.testing.assert_series_equal(open_, sure)
    young = shares(answers, "Warrant", "request")
    assert (young <= open_ + 1e-12).all()
    assert (young < open_).any()


@pytest.mark.once
def test_what_hangs_on_a_grant_counts_by_its_expected_value(answers):
    young, sure = shares(answers, "Warrant", "request"), shares(answers, "Warrant", "process")
    half = shares(answers, "Half granted", "process")
    pd.testing.assert_series_equal(half, (young + sure) / 2)


@pytest.mark.once
def test_two_side_doors_share_one_draw(answers):
    """With a chance of a fifth either partner searches, with three tenths more West alone."""
    found = shares(answers, "Side door", "side_door", "stock")
    reads = found.loc[(slice(None), slice(None), "exposure_rate")]
    both = shares(answers, "All", "request", "stock").loc[(slice(None), slice(None), "exposure_rate")]
    assert (reads <= 0.5 * both + 1e-12).all()
    assert (reads >= 0.2 * both - 1e-12).all()
    assert (reads[both > 0] < 0.5 * both[both > 0]).any()


@pytest.mark.once
def test_what_is_no_mean_is_left_out_where_it_hangs_on_a_grant(answers):
    granted = answers[answers.index.get_level_values("sight") == "process"]
    statistics = set(granted.index.get_level_values("statistic"))
    assert not any(name.endswith("_of_no_limit") for name in statistics)
    assert "days_per_answer" not in set(granted.index.get_level_values("measure"))
    assert {"share_of_horizon", "supremum"} <= statistics
    effective = chosen(
        answers, policy="Warrant", viewer="ICE", measure="effective_retention", statistic="max", town="all"
    )
    assert effective.xs("request", level="sight")["value"].tolist()[0] == 0.25
    assert effective.xs("process", level="sight")["value"].tolist()[0] == 1.5


def test_too_many_kinds_of_reads_are_refused(place, sorted_):
    policies, _ = sorted_
    spec = policies["All"]
    many = {
        str(number): spec.model_copy(
            update={
                "departments": spec.departments.model_copy(update={"sample": number / 700, "held_share": number / 700})
            }
        )
        for number in range(700)
    }
    placement = place.done.placement
    with pytest.raises(ValueError, match=r"the policies tell [\d,]+ kinds of reads apart; at most 32,767 are allowed"):
        records.sort(
            many, place.world.agencies, placement.cameras, placement.sites, place.world.network, alerts=None, seed=1
        )


@pytest.mark.once
def test_a_pseudonym_hides_from_who_looks_for_a_plate_only(answers):
    assert (shares(answers, "Hashed", "request") == 0).all()
    assert (shares(answers, "In bulk", "request") > 0).any()
    for measure in ("lookback_plate", "lookback_area", "unicity"):
        asked = {"viewer": "ICE", "sight": "bulk", "measure": measure}
        plain, hashed = (
            chosen(answers, policy=policy, **asked)["value"].droplevel("policy").sort_index().dropna()
            for policy in ("In bulk", "Hashed")
        )
        answered = ~plain.index.get_level_values("statistic").str.contains("_coverage")
        assert (plain[answered] > 0).any()
        statistic = hashed.index.get_level_values("statistic")
        if measure == "lookback_plate":
            assert (hashed[~statistic.str.contains("_coverage")] == 0).all()
        elif measure == "lookback_area":
            pd.testing.assert_series_equal(plain, hashed)
        else:  # an epoch holds fewer sightings than all that is kept
            fewer = statistic.str.endswith("_eligible")
            assert (hashed[fewer] <= plain[fewer]).all()
            assert (hashed[fewer] < plain[fewer]).any()
