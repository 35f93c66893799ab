"""A sharing network as large as the published one, for scale: nobody in it exists."""

from __future__ import annotations

from collections import defaultdict

import networkx as nx
import numpy as np

from alprsim.randomness import draw, stream, uniform
from alprsim.scenario import models
from alprsim.tables import Float64

AGENCIES, EDGES = 6_461, 140_000
"""Of the sharing graph built from transparency portals, April 2026."""

PARTNERS = ((0.0, 1.0), (0.5, 30.0), (0.75, 72.0), (0.9, 127.0), (0.99, 1_478.0), (1.0, 3_982.0))
"""Partners of an agency there: share of agencies, at most so many. Its least is assumed to be 1."""

BOTH_WAYS, INBOUND = 0.35, 0.34
"""Of one department's 1,384 partners in 2025; the rest were outbound only."""

FEDERAL = "Federal"


def published_like(*, agencies: int = AGENCIES, edges: int = EDGES, seed: int = 1) -> models.Custody:
    """Generate a sharing network of that many departments and about that many directed edges, and a federal viewer.

    Two agencies are partners with a chance in proportion to the product of their published numbers of partners (Chung and
    Lu 2002), none above 1, scaled to the number of edges: the published numbers of partners and of edges cannot both be
    had, as the first alone come to more than 40 partners an agency and the second to 32. Every department lets the
    federal viewer search, and what it may search itself through it.

    Raises
    ------
    ValueError
        More edges are asked for than agencies have pairs.
    """
    if not 0 <= edges <= agencies * (agencies - 1):
        raise ValueError(
            f"edges must be from 0 to {agencies * (agencies - 1):,} between {agencies:,} agencies, not {edges:,}"
        )
    places = (np.arange(agencies) + 0.5) / max(agencies, 1)
    share, partners = np.array(PARTNERS).T
    weight = np.exp(np.interp(places, share, np.log(partners)))
    scale = _scale(weight, edges / (1 + BOTH_WAYS))
    graph = nx.expected_degree_graph((weight * scale * weight.sum()).tolist(), seed=seed, selfloops=False)
    ends = np.array(sorted(graph.edges), np.int64).reshape(-1, 2)
    way = uniform(draw(stream(seed, "who gives"), ends[:, 0], ends[:, 1]))
    takers: dict[int, list[str]] = defaultdict(list)
    for one, other, at in zip(*ends.T.tolist(), way.tolist(), strict=True):
        if at < BOTH_WAYS + INBOUND:
            takers[other].append(f"Agency {one}")
        if at < BOTH_WAYS or at >= BOTH_WAYS + INBOUND:
            takers[one].append(f"Agency {other}")
    names = {f"Agency {number}": models.Agency() for number in range(agencies)}
    sharing = [
        models.Edge(giver=f"Agency {row}", taker=tuple(found), kind="query") for row, found in sorted(takers.items())
    ]
    national = models.Edge(giver="departments", taker=FEDERAL, kind="query", onward=True)
    federal = models.Agency.model_validate({"kind": "consumer", "retention": "0 s"})
    return models.Custody(agencies={**names, FEDERAL: federal}, sharing=(*sharing, national))


def _scale(weight: Float64, pairs: float) -> float:
    """Return the factor of the product of two agencies' weights (rising) at which so many pairs are expected, none above 1."""
    below, so_far = np.arange(len(weight)), np.concatenate([[0.0], np.cumsum(weight)])
    low, high = 0.0, 1.0 / max(float(weight[0] ** 2), 1e-300)
    for _ in range(60):
        middle = (low + high) / 2
        certain = np.minimum(
            np.searchsorted(weight, 1 / (middle * weight)), below
        )  # of those before, who are sure partners
        expected = (middle * weight * so_far[certain] + below - certain).sum()
        low, high = (middle, high) if expected < pairs else (low, middle)
    return (low + high) / 2
