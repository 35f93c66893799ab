"""Whether what a viewer holds of everybody singles a car out: for bulk sight only."""

from __future__ import annotations

from alprsim.inquiry._asked import SO_FAR, Asked, Lenses, of_all_moments, so_far
from alprsim.inquiry._cases import cases
from alprsim.measures import uniqueness
from alprsim.tables import Measured, Reads


def in_bulk(asked: Asked) -> Lenses:
    """Return every case of bulk sight, of whatever is held: who looks for patterns needs no plate."""
    found = [case._replace(by_plate=False) for case in cases(asked.loaded, asked.world) if case.sight == "bulk"]
    return Lenses.of(found, asked.records.streams)


def ask(asked: Asked, reads: Reads) -> list[Measured]:
    """Ask what needs everybody's reads, and so exists for bulk sight only."""
    study, vehicles = asked.study.measures, asked.done.settlement.vehicles
    bulk, of_read = in_bulk(asked), asked.records.of(reads)
    targets = uniqueness.choose(vehicles, asked.people, study.unicity_targets, seed=asked.seed)
    keys = uniqueness.site_keys(asked.done.placement.sites, asked.done.placement.cameras)
    questions = asked.questions(bulk.lenses)
    found = [[uniqueness.empty(study.unicity_points) for _ in row] for row in questions]
    for sums, row in zip(found, questions, strict=True):
        for total, put in zip(sums, row, strict=True):
            uniqueness.add(
                total, reads, so_far(put), targets=targets, vehicles=vehicles, site_key=keys,
                time_bin=study.unicity_bin, seed=asked.seed, streams=of_read,
            )  # fmt: skip
    return [
        of_all_moments(found, questions, suffix, lambda sums: uniqueness.rows(
            sums, bulk.place, bulk.cases, seed=asked.seed)) for suffix in ("", SO_FAR)
    ]  # fmt: skip
