"""Who can look: against effective retention, monotone under longer limits and more partners, and by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import custody
from alprsim.measures import audience
from alprsim.measures.glossary import BY_NAME
from alprsim.scenario import models
from alprsim.tables import SEEN, UNLIMITED, RecordClass
from tests import custody_worlds

few = settings(deadline=None, derandomize=True, max_examples=40)
AGES = {"at_once": 0, "2s": 2, "4s": 4, "9s": 9}


@pytest.fixture(autouse=True)
def _short_ages(monkeypatch):
    """Worlds in seconds are asked about ages of seconds."""
    monkeypatch.setattr(audience, "AGES", AGES)


def policy(spec, users=None, name="baseline"):
    table = custody.agencies(spec)
    access = custody.access(spec, table, range(len(table)), records=[RecordClass.PLAIN])
    return audience.Policy(name, access, users or {}), table


def reached(spec):
    """Return {(sight, owner): [ages + 1, agencies]}."""
    one, table = policy(spec)
    return {(s, o): audience.reached(one, table, o, s) for s in SEEN for o in range(len(table))}


@few
@given(custody_worlds.worlds())
def test_who_reaches_a_read_is_whoever_has_an_age_of_it(spec):
    one, table = policy(spec)
    every = custody.access(spec, table, range(len(table)))
    for (sight, owner), able in reached(spec).items():
        for viewer in range(len(table)):
            other = viewer != owner
            life = custody.effective(every, viewer=viewer, owner=owner, sight=sight)
            gone = [any(begin <= age < end for begin, end in life.gaps) for age in AGES.values()]
            want = [life.supremum > 0, *(a < life.supremum and not g for a, g in zip(AGES.values(), gone, strict=True))]
            assert able[:, viewer].tolist() == [other and yes for yes in want]
    begin, end = audience.spans(one.access)
    spans = [custody.ages(one.access, row) for row in range(len(begin))]
    assert spans == list(zip(begin.tolist(), end.tolist(), strict=True))


LIMITS = st.sampled_from([0, 1, 3, 5, 10, UNLIMITED])
EDGES = st.lists(
    st.fixed_dictionaries({
        "giver": st.sampled_from("ab"), "taker": st.sampled_from("cde"), "kind": st.sampled_from(["query", "mirror"]),
        "onward": st.booleans(),
    }), min_size=1, max_size=6,
)  # fmt: skip


def world(limits, edges, longer=0):
    kept = ["unlimited" if limit == UNLIMITED else f"{limit + longer} s" for limit in limits]
    agencies = {name: {"retention": limit} for name, limit in zip("abcde", kept, strict=True)}
    return models.Custody.model_validate({"agencies": agencies, "sharing": tuple(edges)})


@few
@given(st.lists(LIMITS, min_size=5, max_size=5), EDGES, st.integers(1, 5))
def test_an_audience_never_falls_with_a_longer_limit_or_one_more_partner(limits, edges, longer):
    base = reached(world(limits, edges))
    for more in (world(limits, edges, longer), world(limits, [*edges, {"giver": "a", "taker": "e", "kind": "query"}])):
        wider = reached(more)
        assert all((wider[key] >= base[key]).all() for key in base)
    fewer = reached(world(limits, edges[:-1]))
    assert all((fewer[key] <= base[key]).all() for key in base)


def told(rows, **levels):
    mask = np.ones(len(rows), bool)
    for name, wanted in levels.items():
        mask &= getattr(rows, name) == wanted
    assert mask.sum() == 1, levels
    return rows.value[mask][0], int(rows.n[mask][0])


def test_rows_count_agencies_and_users_by_age():
    spec = world(
        [5, 0, 3, 0, 0], [{"giver": "a", "taker": "c", "kind": "mirror"}, {"giver": "a", "taker": "d", "kind": "query"}]
    )
    few_, table = policy(spec, {"a": 50, "c": 40, "d": 9000}, "some")
    some = few_._replace(name="some say", users={"c": None, "d": 9000})
    none = few_._replace(name="none says", users={})
    rows = audience.rows([few_, some, none], table, with_cameras=[0, 1], reads="all", retention=-1, seed=3)
    asked = {"sight": "request", "town": "a"}
    for age, agencies, users in (
        ("", 2, 9040),
        ("_at_once", 2, 9040),
        ("_2s", 2, 9040),
        ("_4s", 1, 9000),
        ("_9s", 0, 0),
    ):
        assert told(rows, policy="some", statistic=f"agencies{age}", **asked) == (agencies, 4)
        assert told(rows, policy="some", statistic=f"users{age}", **asked) == (users, agencies)
    assert told(rows, policy="some", statistic="agencies", sight="bulk", town="a") == (1, 4)
    assert told(rows, policy="some", statistic="agencies_unsaid", **asked) == (0, 4)
    assert told(rows, policy="some say", statistic="users", **asked) == (9000, 1)
    assert told(rows, policy="some say", statistic="agencies_unsaid", **asked) == (1, 4)
    assert np.isnan(told(rows, policy="none says", statistic="users", **asked)[0])
    assert told(rows, policy="none says", statistic="users", sight="request", town="b") == (0, 0)
    assert told(rows, policy="some", statistic="agencies", sight="request", town="b") == (0, 4)
    assert set(rows.measure) == {"audience"} <= set(BY_NAME)
    assert set(rows.viewer) == {audience.EVERYBODY}
    assert set(rows.sight) == set(SEEN)
    assert set(rows.retention) == {-1}
    assert {u for s, u in zip(rows.statistic, rows.unit, strict=True) if s.startswith("users")} == {"users"}


def test_an_owner_without_an_agency_that_has_users_has_none():
    one, table = policy(world([5, 0, 0, 0, 0], [{"giver": "a", "taker": "c", "kind": "query"}]), {"c": None})
    rows = audience.rows([one], table, with_cameras=[0], reads="all", retention=-1, seed=3)
    assert np.isnan(told(rows, statistic="users", sight="request", town="a")[0])
    assert told(rows, statistic="users", sight="bulk", town="a") == (0, 0)
    never = world([0, 0, 0, 0, 0], [{"giver": "a", "taker": "c", "kind": "query"}])
    assert not any(able.any() for able in reached(never).values())


@pytest.mark.parametrize(("begin", "ever"), [(1, 2), (4, 1), (5, 0)])
def test_what_is_reached_later_only_is_reached_ever_and_hits_apart(begin, ever):
    """Of reads kept five seconds by one route and four by another, those this old alone may be looked at."""
    one, table = policy(world([5, 0, 0, 0, 0], [{"giver": "a", "taker": name, "kind": "query"} for name in "cd"]))
    mine = np.flatnonzero((one.access.owner == 0) & (one.access.viewer != 0))
    rules = replace(one.access.take(mine), from_age=np.full(len(mine), begin, np.int32))
    rules = replace(rules, to_age=np.where(rules.viewer == 2, 4, 5).astype(np.int32))
    asked, said = {"sight": "request", "town": "a"}, {"reads": "all", "retention": -1, "seed": 3}
    rows = audience.rows([one._replace(access=rules)], table, with_cameras=[0], **said)
    assert told(rows, statistic="agencies_unsaid", **asked) == told(rows, statistic="agencies", **asked) == (ever, 4)
    assert told(rows, statistic="agencies_at_once", **asked) == (0, 4)
    assert "agencies_of_hits" not in rows.statistic
    hits = one._replace(access=replace(rules, record=np.full(len(mine), RecordClass.HIT, np.int8)))
    rows = audience.rows([hits], table, with_cameras=[0], records=audience.CLASSES[:2], **said)
    assert told(rows, statistic="agencies_of_hits", **asked) == (ever, 4)
    assert told(rows, statistic="agencies", **asked) == (0, 4)


def test_an_agency_may_have_no_users():
    one, table = policy(world([5, 0, 0, 0, 0], [{"giver": "a", "taker": "c", "kind": "query"}]), {"c": 0})
    rows = audience.rows([one], table, with_cameras=[0], reads="all", retention=-1, seed=3)
    assert told(rows, statistic="users", sight="request", town="a") == (0, 1)


def test_ages_are_a_day_a_month_and_a_year(monkeypatch):
    monkeypatch.undo()
    assert audience.AGES == {"at_once": 0, "24h": 86_400, "30d": 30 * 86_400, "365d": 365 * 86_400}


def test_users_of_an_agency_are_not_said_unless_they_are():
    assert models.Agency().users is None
    assert models.Agency(users=9000).users == 9000
    with pytest.raises(ValueError, match="users"):
        models.Agency(users=-1)
