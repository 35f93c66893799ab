"""Whether the next camera can be guessed, from what is held of everybody: for bulk sight only."""

from __future__ import annotations

from alprsim.inquiry._asked import SO_FAR, Asked, of_all_moments, so_far
from alprsim.inquiry._crowd import glances
from alprsim.inquiry._unique import Towns, by_town, in_bulk
from alprsim.measures import prediction, uniqueness
from alprsim.tables import Measured, Reads


def ask(asked: Asked, reads: Reads) -> list[Measured]:
    """Ask of every moment whose following time was simulated whole."""
    study, done, seed = asked.study.measures, asked.done, asked.seed
    bulk, of_read = in_bulk(asked), asked.records.of(reads)
    sites, cameras = done.placement.sites, done.placement.cameras
    targets = uniqueness.choose(done.settlement.vehicles, asked.people, study.prediction_targets, seed=seed)
    ahead = prediction.along_the_road(sites, cameras, asked.world.network.roads)
    order = prediction.by_time(reads)
    questions = asked.questions(bulk.lenses)
    towns = Towns.of(asked, targets)
    sums = [[[prediction.empty(n) for n in towns.sizes(len(targets))] for _ in row] for row in questions]
    for look in glances(asked, bulk, questions, reads, of_read):
        until = look.put.moment + study.prediction_ahead
        if until >= asked.study.length:
            continue
        whole, *apart = sums[look.moment][look.lens]
        prediction.add(
            whole, reads, look.seen.site, look.seen.time, look.masks, so_far(look.put),
            streams=of_read, order=order, targets=targets, camera=sites.camera, ahead=ahead, until=until,
            also=list(zip(apart, towns.targets, strict=True)),
        )  # fmt: skip
    tables = by_town(towns, sums, lambda part: [
        of_all_moments(part, questions, suffix, lambda by_lens: prediction.rows(
            by_lens, bulk.place, bulk.cases, seed=seed)) for suffix in ("", SO_FAR)
    ])  # fmt: skip
    return [table.take((table.measure != prediction.ENTROPY) | (table.town == "all")) for table in tables]
