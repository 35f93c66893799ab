"""A sharing network as large as the published one, for scale: nobody in it exists."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from alprsim.randomness import draw, stream, uniform
from alprsim.scenario import models
from alprsim.tables import Float64, Int64

AGENCIES, EDGES = 6_461, 140_000
"""Of the sharing graph built from transparency portals, April 2026. The numbers of partners published with it come to three
times as many edges (`PARTNERS` between its quantiles evenly in the logarithm: 458,000): both cannot be had, so either can be
asked for."""

PARTNERS = ((0.0, 1.0), (0.5, 30.0), (0.75, 72.0), (0.9, 127.0), (0.99, 1_478.0), (1.0, 3_982.0))
"""Partners of an agency there: share of agencies, at most so many. Its least is assumed to be 1."""

BOTH_WAYS, INBOUND = 0.35, 0.34
"""Of one department's 1,384 partners in 2025; the rest were outbound only."""

FEDERAL = "Federal"

_ROUNDS = 1_000


def published_like(
    *, agencies: int = AGENCIES, edges: int | None = None, seed: int = 1, through: str = "departments"
) -> models.Custody:
    """Generate a sharing network with the published numbers of partners, or edges, and a federal viewer.

    Who partners whom is as random as the expected numbers of partners allow (the maximum-entropy model of Park and Newman
    2004, with the fitness of each agency solved for); each pair shares both ways or one. In a smaller network agencies have
    partners in proportion. With ``edges`` so many directed edges are kept, drawn at random: the
    shape of the distribution stays. ``through`` lets the federal viewer search, and what it may search
    itself through it; with one agency there everything else is found through its partners.
    """
    wanted = partners(agencies)
    ends = _pairs(_fitness(wanted), seed)
    way = uniform(draw(stream(seed, "who gives"), ends[:, 0], ends[:, 1]))
    into, out = way < BOTH_WAYS + INBOUND, (way < BOTH_WAYS) | (way >= BOTH_WAYS + INBOUND)
    giver, taker = np.concatenate([ends[into, 1], ends[out, 0]]), np.concatenate([ends[into, 0], ends[out, 1]])
    if edges is not None:
        kept = np.sort(np.argsort(draw(stream(seed, "kept edges"), giver, taker))[:edges])
        giver, taker = giver[kept], taker[kept]
    takers: dict[int, list[str]] = defaultdict(list)
    for gives, takes in zip(giver.tolist(), taker.tolist(), strict=True):
        takers[gives].append(f"Agency {takes}")
    names = {f"Agency {number}": models.Agency() for number in range(agencies)}
    onward = through != "departments"
    sharing = [
        models.Edge(giver=f"Agency {row}", taker=tuple(found), kind="query", onward=onward)
        for row, found in sorted(takers.items())
    ]
    national = models.Edge(giver=through, taker=FEDERAL, kind="query", onward=True)
    federal = models.Agency.model_validate({"kind": "consumer", "retention": "0 s"})
    return models.Custody(agencies={**names, FEDERAL: federal}, sharing=(*sharing, national))


def partners(agencies: int) -> Float64:
    """Return how many partners each of so many agencies is to have, rising: the published quantiles, in proportion to all."""
    share, number = np.array(PARTNERS).T
    place = (np.arange(agencies) + 0.5) / agencies
    after = np.clip(np.searchsorted(share, place), 1, len(share) - 1)
    along = (place - share[after - 1]) / (share[after] - share[after - 1])
    found: Float64 = number[after - 1] * (number[after] / number[after - 1]) ** along
    return np.round(found) * (agencies / AGENCIES)


def _fitness(wanted: Float64) -> Float64:
    """Return each agency's fitness x: with the chance x y / (1 + x y) of each pair it expects so many partners.

    By the iteration of Chatterjee, Diaconis and Sly (2011); agencies that want as many share one.
    """
    degree, of, many = np.unique(wanted, return_inverse=True, return_counts=True)
    x = degree / np.sqrt(wanted.sum())
    for _ in range(_ROUNDS):
        share = x / (1 + x[:, None] * x)
        moved = degree / (share @ many - np.diagonal(share))
        converged = np.allclose(moved, x, rtol=1e-4)
        x = moved
        if converged:
            break
    fitness: Float64 = x[of.reshape(-1)]
    return fitness


def _pairs(fitness: Float64, seed: int) -> Int64:
    """Draw the pairs of partners, by (lower, higher) row."""
    base, found = stream(seed, "partners"), []
    for row in range(len(fitness) - 1):
        others = np.arange(row + 1, len(fitness))
        both = fitness[row] * fitness[others]
        partner = others[uniform(draw(base, np.full(len(others), row), others)) < both / (1 + both)]
        found.append(np.stack([np.full(len(partner), row), partner], axis=1))
    return np.concatenate([*found, np.empty((0, 2), np.int64)])
