"""Every kind of reader at once, under conditions that make reading hard: nothing is lost uncounted, and none changes another."""

import json

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from alprsim import experiment, scenario
from alprsim.store import Store
from alprsim.tables import CameraKind, Cause
from tests.conftest import grid

STAYS = {"agency": "East", "kind": "portable", "count": 1, "siting": "busiest", "portable": {"stops": 3, "stay": "6 h"}}
DRIVES = {
    "agency": "East",
    "kind": "patrol",
    "count": 1,
    "town": "Hamlet",
    "patrol": {"manned": 1, "homes": 0.5, "lots": 0.3},
}
GROUPS = [
    {"agency": "East", "count": 3, "town": "Hamlet"},
    {"agency": "West", "kind": "gantry", "count": 1, "town": "Hamlet", "siting": "busiest", "spacing": "0 m"},
    STAYS,
    {**STAYS, "siting": "random"},
    DRIVES,
    {**DRIVES, "agency": "West"},
    {"agency": "Vendor pool", "kind": "spotter", "count": 1, "spotter": {"towns": ["Hamlet"], "manned": 1}},
]  # fmt: skip

HARD = {
    "both_directions": 0.5,
    "readable": 0.9,
    "state": 0.9,
    "night": {"capture": 0.6},
    "foul": {"correct": 0.8},
    "quality": {"patrol": {"capture": 0.8, "rate": "4 plates/min", "buffer": 0}, "gantry": {"capture": 0.98}},
    "blur": {"all_up_to": "5 m/s", "none_from": "40 m/s"},
    "faults": {"between": "1 d", "repair": "2 h", "service_every": "1 d", "service": "1 h"},
    "upload": {"every": "1 h", "size": 4, "latency": "5 s", "store": 5, "outage_every": "8 h", "outage": "2 h"},
    "spurious": {"daily": 30, "issued": 0.5},
}

LISTS = {"Stolen": {"kind": "stolen", "owner": "NCIC", "share": 0.2, "refresh": "0 s"}}


@pytest.fixture(scope="module")
def crossroads(outpost, tmp_path_factory):
    """Return the outpost with a trunk road through its middle, which a gantry needs."""
    folder, graph = tmp_path_factory.mktemp("crossroads"), grid(5)
    for a, b, road in graph.edges(data=True):
        if {a, b} in ({21, 22}, {22, 23}):
            road["highway"] = "trunk"
    nx.write_graphml(graph, folder / "hamlet.graphml")
    for file in (outpost, outpost.with_name("hamlet.yaml")):
        (folder / file.name).write_text(file.read_text())
    return folder / outpost.name


@pytest.fixture(scope="module")
def made(crossroads, tmp_path_factory):
    """Return a function that simulates some groups: each camera's reads, its alerts and its row of the tally, by its key."""

    def make(groups):
        given = {"cameras": {**HARD, "groups": groups}, "hot_lists": {"lists": LISTS}}
        overrides = [f"{at}.{key}={json.dumps(value)}" for at, keys in given.items() for key, value in keys.items()]
        loaded = scenario.load(crossroads, overrides=overrides)
        folder = tmp_path_factory.mktemp("made")
        world = experiment.prepare(loaded, scratch=folder, jobs=1, tell=lambda *_: None)
        done = experiment.simulate(loaded, world, seed=1, folder=folder, tell=lambda *_: None)
        cameras, sites = done.placement.cameras, done.placement.sites
        key = cameras.key.tolist()
        assert len(set(key)) == len(key)
        reads, alerts = Store(folder).reads(), pd.read_parquet(folder / "alerts.parquet")
        told = {
            mine: {"kind": CameraKind(kind), "reads": [], "alerts": []}
            for mine, kind in zip(key, cameras.kind, strict=True)
        }
        whole = zip(
            reads.time.tolist(), reads.plate.tolist(), reads.vehicle.tolist(), sites.camera[reads.site], strict=True
        )
        for *read, camera in whole:
            told[key[camera]]["reads"].append(tuple(read))
        columns = alerts[["time", "plate", "vehicle", "list", "cause", "outcome"]].astype({"list": str})
        for alert, camera in zip(columns.itertuples(index=False, name=None), sites.camera[alerts["site"]], strict=True):
            told[key[camera]]["alerts"].append(alert)
        tally = pd.read_parquet(folder / "tally.parquet")
        for mine, row in zip(key, tally.drop(columns="camera").to_dict("records"), strict=True):
            told[mine]["tally"] = row
            told[mine]["reads"].sort()
        return told

    return make


@pytest.fixture(scope="module")
def every(made):
    return made(GROUPS)


@pytest.mark.whole
def test_every_plate_before_every_kind_of_reader_is_accounted_for(every):
    assert {one["kind"] for one in every.values()} == set(CameraKind)
    assert len(every) == 3 + 1 + 2 + 2 + 1
    for one in every.values():
        of = one["tally"]
        lost = sum(of[name] for name in ("down", "missed", "dropped_reader", "dropped_store", "dropped_server"))
        assert of["passages"] + of["spurious"] == lost + of["reads"]
        assert 0 < len(one["reads"]) <= of["reads"] - of["unreadable"]  # the rest spell nobody's plate
        assert sum(plate != vehicle for _, plate, vehicle in one["reads"]) == of["ghosts"]
        assert (of["spurious"] > 0) == (not one["kind"].drives)
    tally = pd.DataFrame([one["tally"] for one in every.values()])
    causes = [
        "down",
        "missed",
        "dropped_reader",
        "dropped_store",
        "unreadable",
        "misread",
        "wrong_state",
        "ghosts",
        "down_s",
    ]
    assert (tally[causes].sum() > 0).all()
    alerts = [alert for one in every.values() for alert in one["alerts"]]
    assert {cause for *_, cause, _ in alerts} >= {Cause.TRUE, Cause.STALE, Cause.MISREAD, Cause.SIGN}
    assert all((vehicle < 0) == (cause == Cause.SIGN) for _, _, vehicle, _, cause, _ in alerts)


MORE = {
    "a camera more of the first group": [{**GROUPS[0], "count": 4}, *GROUPS[1:]],
    "a trailer more of the first that move": [*GROUPS[:2], {**STAYS, "count": 2}, *GROUPS[3:]],
    "a car more of the first that drive": [*GROUPS[:4], {**DRIVES, "count": 2}, *GROUPS[5:]],
    "groups before all others": [
        {**STAYS, "siting": "gateways"},
        {**DRIVES, "patrol": {"manned": 1}},
        {"agency": "West", "count": 2, "town": "Hamlet", "siting": "random"},
        *GROUPS,
    ],
}


@pytest.mark.whole
@pytest.mark.parametrize("groups", MORE.values(), ids=MORE)
def test_a_reader_more_changes_no_others_reads_losses_or_alerts(every, made, groups):
    more = made(groups)
    assert len(more) > len(every)
    for key, one in every.items():
        assert more[key] == one, one["kind"].name
    added = [one for key, one in more.items() if key not in every]
    assert np.all([len(one["reads"]) > 0 for one in added])
