"""SUMO's routes as we read them against what SUMO itself counted, edge by edge; needs ``pip install eclipse-sumo``."""

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from alprsim.interop import sumo

pytestmark = pytest.mark.verification

FLOWS = """<routes>
  <flow id="f" begin="0" end="600" vehsPerHour="3600" from="A0B0" to="C3D3"/>
  <flow id="g" begin="0" end="600" vehsPerHour="3600" from="D0C0" to="A3B3"/>
  <flow id="h" begin="0" end="600" vehsPerHour="3600" from="A3A2" to="C0D0"/>
</routes>"""
COUNTS = '<additional><edgeData id="all" file="counts.xml" excludeEmpty="true"/></additional>'


def test_every_edge_is_entered_as_often_as_sumo_says(tmp_path):
    """Three crowded flows on a grid, some of whose vehicles are still under way in the end."""
    home = Path(pytest.importorskip("sumo", reason="eclipse-sumo is not installed").SUMO_HOME)
    (tmp_path / "flows.xml").write_text(FLOWS)
    (tmp_path / "counts.add.xml").write_text(COUNTS)
    for command in (
        "netgenerate --grid --grid.number 4 -o net.xml",
        "sumo -n net.xml -r flows.xml -a counts.add.xml -e 900 --time-to-teleport -1 --no-step-log "
        "--vehroute-output routes.xml.gz --vehroute-output.exit-times --vehroute-output.internal "
        "--vehroute-output.write-unfinished",
    ):
        program, *options = command.split()
        subprocess.run([home / "bin" / program, *options], cwd=tmp_path, check=True, capture_output=True)
    observed = sumo.read(tmp_path / "routes.xml.gz")
    ours = dict(zip(observed.roads, np.bincount(observed.passages.road).tolist(), strict=True))
    theirs = {
        edge.get("id"): int(edge.get("departed")) + int(edge.get("entered"))
        for edge in ET.parse(tmp_path / "counts.xml").iter("edge")
        if not edge.get("id").startswith(":")
    }
    assert ours == {edge: count for edge, count in theirs.items() if count}
    assert len(observed.passages) > 2000
    assert observed.left_out["trips unfinished, their passages kept"] > 0
