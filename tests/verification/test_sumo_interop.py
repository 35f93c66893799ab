"""SUMO's routes as we read them against what SUMO itself counted, edge by edge; needs the extra: ``make verify-peers``."""

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from alprsim.interop import sumo
from tests.verification.roadway import BLUE, GREY, picture

pytestmark = pytest.mark.verification

FLOWS = """<routes>
  <flow id="f" begin="0" end="600" vehsPerHour="3600" from="A0B0" to="C3D3"/>
  <flow id="g" begin="0" end="600" vehsPerHour="3600" from="D0C0" to="A3B3"/>
  <flow id="h" begin="0" end="600" vehsPerHour="3600" from="A3A2" to="C0D0"/>
</routes>"""
COUNTS = '<additional><edgeData id="all" file="counts.xml" excludeEmpty="true"/></additional>'


def test_every_edge_is_entered_as_often_as_sumo_says(tmp_path, verified, plots):
    """Three crowded flows on a grid, some of whose vehicles are still under way in the end."""
    home = Path(pytest.importorskip("sumo", reason="SUMO is not installed: make verify-peers").SUMO_HOME)
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
    edges = sorted(ours.keys() | {edge for edge, count in theirs.items() if count})
    both = np.array([(ours.get(edge, 0), theirs.get(edge, 0)) for edge in edges])
    draw(both, plots / "sumo_edges.png")
    found = f"{both[:, 0].sum():,} passages of {len(edges)} edges"
    verified("SUMO's routes, read", "every edge entered as often", np.abs(np.diff(both)).max(), 0, "times", found=found)
    assert len(observed.passages) > 2000
    assert observed.left_out["trips unfinished, their passages kept"] > 0


def draw(both, file):
    figure, (axis,) = picture(
        "Passages of each edge: read from vehroutes, and counted by SUMO", "read", "counted by SUMO"
    )
    top = 1.05 * both.max()
    axis.plot([0, top], [0, top], color=GREY, linestyle="--", label="alike")
    axis.scatter(*both.T, color=BLUE, s=16, zorder=2, label="an edge")
    axis.set(xlim=(0, top), ylim=(0, top))
    axis.legend(frameon=False, fontsize=8)
    figure.savefig(file, dpi=120)
