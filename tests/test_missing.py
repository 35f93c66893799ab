"""Which reads a viewer obtains, row by row of Access, and the one rule that explains each that it does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import custody, ledger
from alprsim.custody import Captured, Reason
from alprsim.scenario import models
from alprsim.tables import UNLIMITED, RecordClass
from tests import naive_custody as naive

NAMES = "abcd"
SECONDS = st.integers(0, 6).map(lambda n: f"{n} s")
KEPT = st.one_of(st.integers(1, 9).map(lambda n: f"{n} s"), SECONDS, st.just("unlimited"))
SCHEDULES = st.sampled_from([{"every": "4 s", "at": "04:00"}, {"every": "6 s", "at": "04:00"}])
WARRANTS = st.builds(
    lambda beyond, delay: {"beyond": f"{beyond} s", "delay": f"{delay} s", "granted": 0.5},
    st.integers(0, 5), st.integers(0, 3),
)  # fmt: skip


@st.composite
def agencies(draw):
    extras = {
        "hit_retention": KEPT, "held_retention": KEPT, "alert_retention": KEPT, "keep": st.just("hits"),
        "sample": st.sampled_from([0.0, 0.5, 1.0]), "purge": SCHEDULES, "backup": SECONDS, "warrant": WARRANTS,
        "identity": st.sampled_from([{"kind": "hashed", "rotate": "4 s"}, {"kind": "escrow"}]), "time_step": SECONDS,
    }  # fmt: skip
    named = draw(st.lists(st.sampled_from(sorted(extras)), max_size=2, unique=True))
    kind = draw(st.sampled_from(["department", "department", "pool", "consumer", "host"]))
    return {"kind": kind, "retention": draw(KEPT), **{name: draw(extras[name]) for name in named}}


@st.composite
def edges(draw):
    giver, taker = draw(st.permutations(NAMES))[:2]
    both = {"giver": giver, "taker": taker}
    onward = draw(st.sampled_from([False, True, 1]))
    kind = draw(st.sampled_from(["query", "mirror", "mirror", "alert", "side_door"]))
    if kind == "alert":
        return {**both, "kind": kind, "delay": draw(SECONDS), "clock": draw(st.sampled_from(["capture", "receipt"]))}
    if kind == "mirror":
        more = {"sync": draw(SCHEDULES)} if draw(st.booleans()) else {}
        clock = draw(st.sampled_from(["capture", "receipt"]))
        more["copies"] = draw(st.sampled_from(["stream", "stream", "reachable"]))
        return {**both, "kind": kind, "onward": onward, "delay": draw(SECONDS), "clock": clock, **more}
    more = {"look_back": draw(KEPT)} if draw(st.booleans()) else {}
    if kind == "side_door":
        return {**both, "kind": kind, "chance": 0.5, **more}
    more |= {"warrant": draw(WARRANTS)} if draw(st.booleans()) else {}
    return {**both, "kind": kind, "onward": onward, "sight": draw(st.sampled_from(["bulk", "request"])), **more}


@st.composite
def custodies(draw):
    opt_out = draw(st.lists(st.fixed_dictionaries({"agency": st.sampled_from(NAMES)}), max_size=1))
    return models.Custody.model_validate({
        "agencies": {name: draw(agencies()) for name in NAMES}, "sharing": tuple(draw(st.lists(edges(), max_size=6))),
        "opt_out": tuple(opt_out), "hops": draw(st.sampled_from([None, None, 0, 1])),
    })  # fmt: skip


@st.composite
def captured(draw):
    n = draw(st.integers(1, 5))
    column = lambda values: draw(st.lists(values, min_size=n, max_size=n))  # noqa: E731
    return Captured(
        np.array(column(st.integers(0, 9)), np.int32), np.array(column(st.integers(0, 3)), np.int16),
        np.array(column(st.integers(0, 2)), np.int8), np.array(column(st.sampled_from([0.0, 0.25, 0.5, 0.75]))),
        np.array(column(st.lists(st.booleans(), min_size=4, max_size=4))), np.array(column(st.just(False))),
    )  # fmt: skip


SIGHTS = st.sampled_from(["bulk", "request", "process", "side_door"])


@pytest.mark.once
@settings(deadline=None, derandomize=True, max_examples=300)
@given(custodies(), captured(), st.integers(0, 3), st.integers(0, 20), SIGHTS, st.sampled_from([0.0, 0.6]))
def test_obtainable_is_what_going_through_the_rows_finds(spec, reads, viewer, moment, sight, case_draw):
    access = custody.access(spec, custody.agencies(spec), range(4))
    found = custody.obtainable(access, viewer, reads, moment, custody.SEEN[sight], case_draw=case_draw)
    for row in range(len(reads.time)):
        rows = [
            number for number in range(len(access))
            if access.sight[number] != 2 or access.chance[number] > case_draw
        ]  # fmt: skip
        plainly = naive.obtainable(
            access.take(np.array(rows, np.int64)), viewer, int(reads.owner[row]), sight, int(reads.time[row]), moment,
            record=int(reads.record[row]), draw=float(reads.draw[row]), hits=reads.listed[row].nonzero()[0],
            case_draw=case_draw,
        )  # fmt: skip
        assert (found[row] >= 0) == plainly


@pytest.mark.once
@settings(deadline=None, derandomize=True, max_examples=300)
@given(custodies(), captured(), st.integers(0, 3), st.integers(0, 20), SIGHTS)
def test_a_read_has_a_reason_exactly_if_it_is_not_obtained(spec, reads, viewer, moment, sight):
    agencies = custody.agencies(spec)
    reads = reads.take(reads.time <= moment)
    access = custody.access(spec, agencies, [viewer])
    found = custody.obtainable(access, viewer, reads, moment, custody.SEEN[sight])
    whys = custody.Tracer(spec, agencies).why(reads, viewer, moment, custody.SEEN[sight])
    assert [why.reason == Reason.OBTAINED for why in whys] == (found >= 0).tolist()


@pytest.mark.once
@settings(deadline=None, derandomize=True, max_examples=200)
@given(custodies(), captured(), st.integers(0, 3), st.integers(0, 20), SIGHTS)
def test_the_ledger_of_every_copy_agrees(spec, reads, viewer, moment, sight):
    """Where a read lies, when it came and when it goes, and that a reason stands exactly where the ledger finds nothing."""
    agencies = custody.agencies(spec)
    reads = reads.take(reads.time <= moment)
    booked = [
        ledger.Captured(int(time), int(owner), int(record), float(draw), frozenset(listed.nonzero()[0].tolist()))
        for time, owner, record, draw, listed, _ in zip(*reads, strict=True)
    ]
    told = ledger.Ledger.run(spec, agencies, booked, 60)
    tracer = custody.Tracer(spec, agencies)
    for row in range(len(booked)):
        here = [copy for copy in told.copies if (copy.read, copy.shelf) == (row, "store") and copy.lies(moment)]
        lying = tracer.lying(reads, row, moment)
        assert {copy.store: copy.received for copy in here} == {store: lies.received for store, lies in lying.items()}
        assert all(copy.purged == lying[copy.store].purged for copy in here if copy.purged < 60)
        assert all(lying[copy.store].purged >= 60 for copy in here if copy.purged >= 60)
    whys = tracer.why(reads, viewer, moment, custody.SEEN[sight])
    obtained = {row for row, why in enumerate(whys) if why.reason == Reason.OBTAINED}
    assert obtained == told.held(viewer, sight, moment)


def one(agencies, *edges, time=10, moment=20, viewer="b", sight="request", record=RecordClass.PLAIN, draw=0.0, **more):
    """Say why the viewer does not obtain one read of a's at a moment, and whose rule it is."""
    spec = models.Custody.model_validate({"agencies": agencies, "sharing": edges, **more})
    names = custody.agencies(spec)
    reads = Captured(
        np.array([time], np.int32), np.array([0], np.int16), np.array([record], np.int8), np.array([draw]),
        np.zeros((1, len(names)), np.bool_), np.zeros(1, np.bool_),
    )  # fmt: skip
    (why,) = custody.Tracer(spec, names).why(reads, list(spec.agencies).index(viewer), moment, custody.SEEN[sight])
    return why.reason, str(names.name[why.agency])


ASK = {"giver": "a", "taker": "b", "kind": "query"}
COPY = {"giver": "a", "taker": "b", "kind": "mirror"}


@pytest.mark.parametrize(
    ("agencies", "edges", "said", "more"),
    [
        ({"a": {}, "b": {}}, [ASK], (Reason.OBTAINED, "b"), {}),
        ({"a": {"keep": "hits"}, "b": {}}, [ASK], (Reason.HITS_ONLY, "a"), {}),
        ({"a": {"sample": 0.3}, "b": {}}, [ASK], (Reason.SAMPLED_OUT, "a"), {"draw": 0.4}),
        ({"a": {"retention": "0 s"}, "b": {}}, [ASK], (Reason.KEEPS_NOTHING, "a"), {}),
        ({"a": {}, "b": {}}, [], (Reason.NO_EDGE, "a"), {}),
        ({"a": {}, "b": {}}, [ASK], (Reason.OPTED_OUT, "a"), {"opt_out": ({"agency": "a"},)}),
        (
            {"a": {}, "c": {}, "b": {}},
            [{**COPY, "taker": "c"}, {**ASK, "giver": "c"}],
            (Reason.NOT_PASSED_ON, "a"),
            {},
        ),
        (
            {"a": {"retention": "3 s"}, "b": {}},
            [{**COPY, "sync": {"every": "1 h", "at": "04:00"}}],
            (Reason.NEVER_COPIED, "a"),
            {},
        ),
        ({"a": {}, "b": {"retention": "0 s"}}, [COPY], (Reason.NEVER_COPIED, "a"), {}),
        ({"a": {}, "b": {}}, [{**COPY, "delay": "1 min"}], (Reason.NOT_YET_COPIED, "b"), {}),
        ({"a": {"retention": "5 s"}, "b": {}}, [ASK], (Reason.PURGED, "a"), {}),
        ({"a": {"retention": "5 s"}, "b": {"retention": "8 s"}}, [ASK, COPY], (Reason.PURGED, "b"), {}),
        ({"a": {}, "b": {}}, [{**ASK, "look_back": "9 s"}], (Reason.LOOK_BACK, "a"), {}),
        ({"a": {}, "b": {}}, [ASK], (Reason.ON_REQUEST, "a"), {"sight": "bulk"}),
        ({"a": {}, "b": {}}, [{**ASK, "warrant": {"beyond": "3 s"}}], (Reason.WARRANT, "a"), {}),
        (
            {"a": {"retention": "1 h"}, "b": {}},
            [{**ASK, "warrant": {"beyond": "3 s", "delay": "24 h"}}],
            (Reason.WARRANT_TOO_LATE, "a"),
            {"sight": "process"},
        ),
    ],
)
def test_each_rule_is_named_where_it_alone_stands_in_the_way(agencies, edges, said, more):
    assert one(agencies, *edges, **more) == said


def test_a_barred_camera_explains_all():
    spec = models.Custody.model_validate({"agencies": {"a": {}}})
    reads = Captured(
        np.zeros(1, np.int32), np.zeros(1, np.int16), np.zeros(1, np.int8), np.zeros(1), np.zeros((1, 1), np.bool_),
        np.ones(1, np.bool_),
    )  # fmt: skip
    tracer = custody.Tracer(spec, custody.agencies(spec))
    assert tracer.why(reads, 0, 5, custody.SEEN["bulk"]) == [(Reason.MAY_NOT_KEEP, 0)]
    assert tracer.lying(reads, 0, 5) == {}


def test_where_a_read_lies_and_until_when():
    spec = models.Custody.model_validate({
        "retention": "unlimited", "agencies": {"a": {"retention": "5 s"}, "b": {}},
        "sharing": ({**COPY, "delay": "2 s"},),
    })  # fmt: skip
    reads = Captured(
        np.array([10], np.int32), np.zeros(1, np.int16), np.zeros(1, np.int8), np.zeros(1),
        np.zeros((1, 2), np.bool_), np.zeros(1, np.bool_),
    )  # fmt: skip
    tracer = custody.Tracer(spec, custody.agencies(spec))
    assert tracer.lying(reads, 0, 11) == {0: (10, 15, -1)}
    assert tracer.lying(reads, 0, 14) == {0: (10, 15, -1), 1: (12, UNLIMITED, 0)}
    assert tracer.lying(reads, 0, 15) == {1: (12, UNLIMITED, 0)}
