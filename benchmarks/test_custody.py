"""Speed of compiling a national sharing network, and of asking dozens of policies of one list of reads in one pass."""

import networkx as nx
import numpy as np
import pytest

from alprsim import custody
from alprsim.kernels import ladder
from alprsim.measures import question
from alprsim.scenario import models
from alprsim.sight import Case, Streams, lenses
from alprsim.tables import RecordClass, SightKind

DAY, READS, DAYS, POLICIES = 86_400, 10_000_000, 60, 48


NATIONAL = {
    "140,000 edges": {"edges": 140_000},
    "published partners": {},
    "through one agency": {"through": "Agency 6460"},
}


@pytest.mark.parametrize("kind", NATIONAL)
def test_access_of_a_federal_viewer(benchmark, kind):
    """6,461 agencies, each asked itself or through others: their own reads, on request, for as long as they keep."""
    spec = custody.published_like(**NATIONAL[kind])
    table = custody.agencies(spec)
    access = benchmark.pedantic(custody.access, (spec, table, [len(table) - 1]), rounds=5)
    graph = custody.sharing_graph(spec)
    assert graph.number_of_edges() >= 140_000
    reach = sorted(int(name.split()[1]) for name in nx.ancestors(graph, "Federal"))
    assert len(reach) == 6_461 if kind != "through one agency" else len(reach) > 6_000
    plain = access.take(access.record == RecordClass.PLAIN)
    assert np.array_equal(plain.owner, reach)
    assert np.array_equal(plain.through, plain.owner)
    assert set(plain.sight) == {SightKind.REQUEST}
    assert set(plain.from_age) == {0}
    assert set(plain.to_age) == {30 * DAY}


@pytest.fixture(scope="module")
def asked():
    """Return reads of three owners and the lens of 48 policies: 24 limits, purged at once or nightly."""
    rng = np.random.default_rng(1)
    time = np.sort(rng.integers(0, DAYS * DAY, READS)).astype(np.int32)
    site = rng.integers(0, 3, READS, np.int32)
    cases = []
    for number in range(POLICIES):
        keeping = {
            "retention": f"{number // 2 + 1} d",
            "purge": {"every": "24 h", "at": "04:00"} if number % 2 else None,
        }
        spec = models.Custody.model_validate(
            {
                "departments": keeping, "agencies": {name: {} for name in "abc"},
                "sharing": ({"giver": "departments", "taker": "a", "kind": "query"},),
            }
        )  # fmt: skip
        table = custody.agencies(spec)
        cases.append(Case(str(number), "a", "request", 0, custody.access(spec, table, [0]), 0))
    found, place = lenses(cases, Streams.of_owners(3))
    assert len(found) == 1
    return time, site, found[0], place


def test_48_policies_of_10_million_reads(benchmark, asked):
    """At 22:00 of the last day: a nightly purge leaves what came due since 04:00."""
    time, site, lens, place = asked
    now = DAYS * DAY - 6 * 3600
    put = question.ask(lens.at(now), np.arange(3, dtype=np.int16), moment=now, horizon=DAY)
    masks = benchmark(ladder.held, time, site, put.owner_of_site, put.steps, put.grid, now)
    begun = now - now % DAY
    for number, bit in enumerate(place):
        since = begun - (number // 2 + 1) * DAY if number % 2 else now - (number // 2 + 1) * DAY
        seen = np.searchsorted(time, now, side="right") - np.searchsorted(time, since, side="right")
        assert int(((masks >> np.uint64(bit)) & np.uint64(1)).sum()) == seen
