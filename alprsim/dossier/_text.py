"""A dossier as text for a terminal: numbers of each policy, then the reads by day."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from alprsim.report.dossier import Dossier, Holding

NOBODY = "Synthetic: this vehicle is simulated, nobody drives it and it is nobody's."


def as_text(dossier: Dossier) -> str:
    """Return the dossier as text."""
    d = dossier
    head = [
        NOBODY,
        f"{d.run}, seed {d.seed}",
        f"Vehicle {d.vehicle} ({d.kind}, {d.town}{_chosen(d)}) as {d.viewer} finds it by plate on {d.asked}, "
        f"sight {d.sight}: {d.sight_means}.",
        f"Ever read under its plate until then: {d.reads}.",
        f"What nobody in the model knows: {d.ghosts} of these are of another car, misread; it made {d.trips} trips.",
    ]
    return "\n".join([*head, *(line for holding in d.holdings for line in _policy(d, holding))])


def _chosen(d: Dossier) -> str:
    said = {"typical": "; the resident read the median number of times", "most": "; the resident read most"}
    return said.get(d.chosen, "")


def _policy(d: Dossier, holding: Holding) -> list[str]:
    baseline = " (baseline)" if holding is d.holdings[0] else ""
    seen = holding.seen
    lines = ["", f"{holding.policy}{baseline}: {len(seen)} of {d.reads} reads found, on {holding.days} days"]
    if seen:
        lines.append(f"  from {seen[0].said} to {seen[-1].said}")
    if holding.near:
        lines.append(f"  near places it went to: {', '.join(f'{kind} {n}' for kind, n in holding.near)}")
    if holding.pseudonymous:
        lines.append(f"  under a pseudonym, not found by plate: {holding.pseudonymous}")
    lines += [f"  not found, {loss.said}: {loss.reads}" for loss in holding.losses]
    if not baseline:
        lines += [f"  of the baseline's, {loss.said}: {loss.reads}" for loss in holding.against]
    lines.append(f"  nobody knows: trips with a read found {holding.trips} of {d.trips}; not this car {holding.ghosts}")
    return lines + _by_day(holding)


def _by_day(holding: Holding) -> list[str]:
    lines = []
    for date, reads in groupby(holding.seen, key=lambda seen: seen.date):
        lines.append(f"  {date}")
        for seen in reads:
            clock = seen.said.split(", ", 1)[1] if ", " in seen.said else "sometime"
            lines.append(f"    {clock}  {seen.place}; {seen.owner}’s, in the store of {seen.store}, {seen.sight}")
    return lines


def as_data(told: Any) -> Any:
    """Return a named tuple, and those within it, as what JSON can say."""
    if hasattr(told, "_asdict"):
        return {key: as_data(value) for key, value in told._asdict().items()}
    return [as_data(value) for value in told] if isinstance(told, list | tuple) else told
