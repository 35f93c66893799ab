"""Effective retention as it is measured: against the custody's own reading, gaps included, and as windows and partners grow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import custody as rules
from alprsim.measures import retention
from alprsim.tables import DAY, AgencyKind, RecordClass
from tests.custody_worlds import worlds
from tests.naive_custody import DURATIONS, custodies, custody
from tests.test_measures import AGENCIES, BULK, Case, access

few = settings(deadline=None, derandomize=True, max_examples=25)
SIGHTS = ("bulk", "request", "process", "side_door")


def told(spec, sights):
    """Return what is measured in seconds, {(viewer, sight, department): {statistic: value}}."""
    table = rules.agencies(spec)
    obtained = rules.access(spec, table, range(len(table)), records=[RecordClass.PLAIN])
    cases = [
        Case(viewer=str(row), sight=sight, access=obtained, viewer_row=row)
        for row in range(len(table))
        for sight in sights
    ]
    rows, found = retention.rows(cases, table, with_cameras=[], seed=1), {}
    for viewer, sight, town, name, value in zip(
        rows.viewer.tolist(), rows.sight.tolist(), rows.town.tolist(), rows.statistic.tolist(), rows.value.tolist(),
        strict=True,
    ):  # fmt: skip
        found.setdefault((int(viewer), sight, town), {})[name] = value if name == "gaps" else value * DAY
    return table, obtained, {key: value for key, value in found.items() if key[2] != "all"}


@few
@given(worlds())
def test_what_is_measured_is_what_custody_tells_of_every_route(spec):
    table, obtained, found = told(spec, SIGHTS)
    names = table.name.tolist()
    assert len(found) == len(names) * len(SIGHTS) * (table.kind == AgencyKind.DEPARTMENT).sum()
    for (viewer, sight, owner), got in found.items():
        life = rules.effective(obtained, viewer=viewer, owner=names.index(owner), sight=sight)
        endless = [np.inf] * 2 if life.unbounded else [life.supremum, life.measure]
        assert [got["supremum"], got["covered"]] == pytest.approx(endless)
        assert got["gaps"] == len(life.gaps)
        assert got["uncovered"] == pytest.approx(sum(end - begin for begin, end in life.gaps))


def grown(spec, more):
    """Assert that until when, and for how long, reads can be had is never lessened by a window or partner more."""
    before, after = (told(one, ("bulk", "request"))[2] for one in (spec, more))
    for key, had in before.items():
        for name in ("supremum", "covered"):
            assert after[key][name] >= had[name] * (1 - 1e-12), (key, name)


def by_capture(spec):
    """Return the custody with all clocks from capture; `test_custody` says why."""
    return spec.model_copy(
        update={"sharing": tuple(edge.model_copy(update={"clock": "capture"}) for edge in spec.sharing)}
    )


@few
@given(custodies(), st.integers(0, 6), st.integers(0, 6))
def test_a_longer_window_lessens_nothing(spec, window, extra):
    grown(*(rules.with_retention(by_capture(spec), "departments", one) for one in (window, window + extra)))


@few
@given(custodies(), st.permutations("abc"), st.booleans(), DURATIONS, st.sampled_from(["query", "mirror"]))
def test_one_more_partner_lessens_nothing(spec, ends, onward, delay, kind):
    spec = by_capture(spec)
    edge = {"giver": ends[0], "taker": ends[1], "kind": kind, "onward": onward}
    more = custody({"a": {}, "b": {}, "c": {}}, edge | ({"delay": delay} if kind == "mirror" else {})).sharing
    grown(spec, spec.model_copy(update={"sharing": spec.sharing + more}))


@pytest.mark.parametrize(
    ("spans", "gaps"),
    [
        ([(0, 3), (10, 12)], (1, 7)),
        ([(2, 3)], (1, 2)),
        ([(2, 3), (5, 8), (7, 9), (9, 10), (12, np.inf)], (3, 6)),
        ([(0, 9), (2, 3)], (0, 0)),
        ([], (0, 0)),
    ],
)
def test_gaps_are_counted_below_the_supremum(spans, gaps):
    obtained = access(*((0, 0, BULK, begin, end, 0) for begin, end in spans))
    rows = retention.rows([Case(access=obtained)], AGENCIES, with_cameras=[0], seed=1)
    mine = {
        name: (value, unit, n)
        for name, town, value, unit, n in zip(
            *(getattr(rows, part).tolist() for part in ("statistic", "town", "value", "unit", "n")), strict=True
        )
        if town == "Ash"
    }
    assert (mine["gaps"], mine["uncovered"]) == ((gaps[0], "gaps", 1), (gaps[1], "d", 1))
