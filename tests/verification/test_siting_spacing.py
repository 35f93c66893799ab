"""Generated placements at the scale of a region, beside the distances between Connecticut's mapped cameras."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

import alprsim
from alprsim import roads, siting
from alprsim.scenario import models
from alprsim.siting._ground import survey
from alprsim.tables import Agencies

pytestmark = pytest.mark.verification

PUBLISHED = {10: 0.05, 25: 0.15, 50: 0.37, 75: 1.1, 90: 2.3}
"""Kilometres to the nearest other camera (OpenStreetMap snapshot of 29 December 2025 compiled by DeFlock)."""

CAMERAS, TOLERANCE, ONE_POST = 300, 0.15, (0.12, 0.03)
"""As many as the region of 24 towns has room for; relative, of each quantile; share within 60 m and what it may be off."""


@pytest.fixture(scope="module")
def region():
    loaded = alprsim.study("scenarios/eight_departments.yaml")
    return roads.load(loaded.scenario.roads, base=loaded.base)


def nearest(region, rank, seed):
    agencies = Agencies.of(name=["State"], kind=[0], server_rate=[np.inf], server_room=[0])
    group = models.CameraGroup(agency="State", siting=rank, spacing="measured", count=CAMERAS)
    flow = 1 + np.arange(len(region.roads)) * 37 % 1009
    placed = siting.place(
        region, agencies, models.Cameras(groups=(group,)), towns_of={"State": None}, flow=flow, seed=seed, base=None
    )
    ground, road = survey(region, flow), placed.sites.road
    along = (placed.sites.offset / region.roads.length[road])[:, None]
    points = ground.tail[road] + along * (ground.head[road] - ground.tail[road])
    assert len(points) == CAMERAS
    return cKDTree(points).query(points, 2)[0][:, 1] / 1000


@pytest.mark.parametrize(("rank", "seed"), [("random", 1), ("random", 2), ("busiest", 1)])
def test_generated_cameras_stand_as_far_apart_as_mapped_ones(region, verified, rank, seed):
    found = nearest(region, rank, seed)
    for percent, kilometres in PUBLISHED.items():
        off = abs(np.quantile(found, percent / 100) / kilometres - 1)
        verified(f"{rank}, seed {seed}", f"nearest other camera, p{percent} = {kilometres} km", off, TOLERANCE, "of it")
    share, allowed = ONE_POST
    verified(f"{rank}, seed {seed}", "12 % within 60 m", abs(np.mean(found < 0.06) - share), allowed, "")
