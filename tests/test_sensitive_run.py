"""Sensitive visits, nights away and equity of a whole hamlet: what exclusion near clinics changes, and how far cars drove."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from alprsim.measures.glossary import BY_NAME
from alprsim.tables import AS_WRITTEN, DAY, UNLIMITED, VehicleKind
from tests.test_inquiry import HOUR, Hamlet, beside, chosen

pytestmark = pytest.mark.whole
NEAR = "measures.visits.within=200 m"


@pytest.fixture(scope="module")
def place(hamlet, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sensitive") / "seed=1"
    folder.mkdir()
    return Hamlet(hamlet, folder)


def asked(place, *overrides):
    families = (
        "measures.families=[equity, nights, visits]",
        "policies.Searchable pool=null",
        "policies.One partner=null",
    )
    return place.ask(place.study(*families, "measures.moments=[62 h]", NEAR, *overrides))


@pytest.fixture(scope="module")
def answers(place):
    return asked(place, "measures.visits.month=2 d", "measures.visits.least=5 min")


def test_every_measure_is_told_once_and_is_in_the_glossary(answers):
    assert answers.index.is_unique
    new = {"sensitive_visits", "sensitive_places", "sensitive_habits", "nights_away", "reads_per_1000_km", "equity"}
    assert new <= set(answers.index.get_level_values("measure")) <= set(BY_NAME)
    visits = chosen(answers, measure="sensitive_visits", statistic="recall", town="all", policy="Federal query")
    assert len(visits) == 8 * 6
    assert (visits["n"] == visits["n"].iloc[0]).all()
    assert visits["n"].iloc[0] > 0


def test_a_longer_limit_shows_no_fewer_visits(answers):
    both = beside(chosen(answers, measure="sensitive_visits", statistic="recall"), "retention", 6 * HOUR, UNLIMITED)
    known = both.dropna()
    assert (known["other"] >= known["one"]).all()
    nothing = chosen(answers, measure="sensitive_visits", statistic="recall", policy="No sharing", viewer="ICE")
    assert (nothing["value"].dropna() == 0).all()


def test_cameras_barred_near_clinics_show_no_clinic(place, answers):
    """Every camera within the rule's distance of a clinic is barred, so no clinic is ever inferred; a bar elsewhere may be."""
    case = {"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": AS_WRITTEN, "town": "all"}
    inferred = {kind: {"measure": "sensitive_visits", "statistic": f"precision_{kind}"} for kind in ("clinic", "bar")}
    keys = "measures.visits.month=2 d", "measures.visits.least=5 min"
    before = {kind: chosen(answers, **case, **rows)["n"].iloc[0] for kind, rows in inferred.items()}
    assert min(before.values()) > 0
    barred = asked(place, *keys, "custody.departments.exclude={kinds: [clinic], within: 200 m}")
    after = {kind: chosen(barred, **case, **rows)["n"].iloc[0] for kind, rows in inferred.items()}
    assert after["clinic"] == 0
    assert after["bar"] > before["bar"]  # fewer reads break a gap: what is left is taken for more visits elsewhere
    made = {"measure": "sensitive_visits", "statistic": "recall_clinic"}
    assert chosen(barred, **case, **made)["n"].iloc[0] == chosen(answers, **case, **made)["n"].iloc[0] > 0
    assert chosen(barred, **case, **made)["value"].iloc[0] == 0
    hardly = asked(place, *keys, "custody.departments.exclude={kinds: [clinic], within: 1 m}")
    sight = {name: chosen(hardly, **case, **rows)["n"].iloc[0] for name, rows in inferred.items()}
    assert sight == before


def test_kilometres_are_those_of_the_ways_driven(place, answers):
    reads = pd.concat([pd.read_parquet(f) for f in (place.folder / "reads").rglob("*.parquet")])
    truth = pd.concat([pd.read_parquet(f) for f in (place.folder / "truth").rglob("*.parquet")])
    resident = np.flatnonzero(place.done.settlement.vehicles.kind == VehicleKind.RESIDENT)
    last = truth[truth["vehicle"].isin(resident) & (truth["depart"] > 62 * HOUR - DAY) & (truth["depart"] <= 62 * HOUR)]
    network = place.world.network
    streets = nx.DiGraph()
    streets.add_weighted_edges_from(zip(network.roads.tail, network.roads.head, network.roads.length, strict=True))
    shortest = dict(nx.all_pairs_dijkstra_path_length(streets))
    ends = [network.places.junction[last[column]] for column in ("origin", "destination")]
    km = sum(float(shortest[int(a)][int(b)]) for a, b in zip(*ends, strict=True)) / 1000
    held = reads[(reads["plate"] == reads["vehicle"]) & reads["vehicle"].isin(resident)]
    age = 62 * HOUR - held["time"]
    held = held[(age >= 0) & (age < DAY)]
    case = {"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": 36 * HOUR, "town": "all"}
    got = chosen(answers, **case, measure="reads_per_1000_km")["value"].iloc[0]
    assert 1000 * len(held) / km / 1.5 < got <= 1000 * len(held) / km * (1 + 1e-9)
    groups = answers[answers.index.get_level_values("who").str.startswith("homes by")]
    assert {"homes by distance to a camera, 1 of 4 (nearest first)", "homes by town"} <= set(
        groups.index.get_level_values("who")
    )
