"""A finished run of a few streets for dossiers: simulated, but its measures are not asked, which a dossier does not look at."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import alprsim
from alprsim import inquiry, report
from alprsim.tables import AS_WRITTEN, Measured
from tests.conftest import HAMLET, grid

LANE = """
extends: hamlet.yaml
name: lane
seeds: [1]
cameras:
  groups:
    - {agency: East, count: 4, town: Hamlet}
    - {agency: West, count: 3, town: Hamlet, siting: random}
    - {agency: West, count: 1, town: Hamlet, kind: patrol}
hot_lists:
  lists:
    Stolen: {kind: stolen, owner: East, count: 40, refresh: 0 s}
viewers: {West police: {agency: West}}
policies:
  Federal query:
    custody:
      sharing: [{giver: departments, taker: ICE, kind: query, needs: case number}]
  Searchable pool:
    custody:
      sharing:
        - {giver: departments, taker: Vendor pool, kind: mirror, delay: 1 h}
        - {giver: Vendor pool, taker: ICE, kind: query, sight: bulk, onward: true}
  One partner: null
  East opts out:
    custody:
      sharing: [{giver: departments, taker: ICE, kind: query}]
      opt_out: [{agency: East}]
  By warrant:
    custody:
      retention: 24 h
      sharing: [{giver: departments, taker: ICE, kind: query, warrant: {beyond: 6 h, delay: 2 h, granted: 0.5}}]
  Pseudonyms:
    custody:
      departments: {identity: {kind: hashed, rotate: 24 h}}
      sharing: [{giver: departments, taker: ICE, kind: query}]
  Coarse:
    custody:
      departments: {time_step: 1 h, place_step: 1 km}
      sharing: [{giver: departments, taker: ICE, kind: query}]
  Samples:
    custody:
      departments: {sample: 0.5, held_share: 0.1, admissible: [fixed]}
      sharing: [{giver: departments, taker: ICE, kind: query}]
searches:
  departments: {monthly: 600}
  consumers: {monthly: 900}
  watched: 0.2
"""


def nothing_measured(*_, folder, **__):
    """Return the one row, and write the one table, that a result must have."""
    portals = {"agency": ["East"], "kind": [0], "cameras": [4], "days": [3], "plates": [10]}
    pd.DataFrame(portals).to_parquet(folder / "portals.parquet")
    row = {"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": AS_WRITTEN}
    row |= {"measure": "trips_detected", "who": "vehicles", "reads": "all", "town": "all", "statistic": "stock"}
    whole = {name: [value] for name, value in row.items()}
    return Measured.of(**whole, seed=[1], value=[np.nan], unit=["trips"], n=[0])


def build(folder):
    """Run the lane and return its result."""
    nx.write_graphml(grid(5), folder / "hamlet.graphml")
    (folder / "hamlet.yaml").write_text(HAMLET)
    (folder / "lane.yaml").write_text(LANE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inquiry, "ask", nothing_measured)
        patch.setattr(report, "write", lambda run, tell: run.page)
        return alprsim.run(folder / "lane.yaml", out=folder / "run")
