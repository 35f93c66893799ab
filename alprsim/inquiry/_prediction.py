"""Whether the next camera can be guessed, from what is held of everybody: for bulk sight only."""

from __future__ import annotations

from alprsim.inquiry._asked import SO_FAR, Asked, middles, of_all_moments, so_far
from alprsim.inquiry._drawn import FEWEST, by_group, draw
from alprsim.inquiry._unique import in_bulk
from alprsim.measures import crowd, prediction, question
from alprsim.tables import Measured, Reads


def ask(asked: Asked, reads: Reads) -> list[Measured]:
    """Ask of every moment whose following time was simulated whole."""
    study, done, seed = asked.study.measures, asked.done, asked.seed
    bulk, of_read = in_bulk(asked), asked.records.of(reads)
    sites, cameras = done.placement.sites, done.placement.cameras
    targets, groups = draw(asked, study.prediction_targets)
    ahead = prediction.along_the_road(sites, cameras, asked.world.network.roads)
    questions = asked.questions(bulk.lenses)
    sums = [[[prediction.empty(size) for size in groups.sizes] for _ in row] for row in questions]
    for n, lens in enumerate(bulk.lenses):
        squares = middles(asked, lens)
        known = prediction.by_time(reads, crowd.known(reads, of_read, lens.seen, squares))
        for m, row in enumerate(questions):
            until = row[n].moment + study.prediction_ahead
            if until >= asked.study.length:
                continue
            if lens.routes is not None:
                of = lens.known(of_read, reads.time, row[n].moment)
                known = prediction.by_time(reads, crowd.known(reads, of, lens.seen, squares))
            prediction.add(
                list(zip(sums[m][n], groups.targets, strict=True)), reads, known, question.held(row[n], reads, of_read),
                so_far(row[n]), streams=of_read, targets=targets, camera=sites.camera, ahead=ahead, until=until,
            )  # fmt: skip

    def told(part: list[list[prediction.Sums]], whose: Asked) -> list[Measured]:
        put = whose.questions(bulk.lenses)
        few = whose.listed or len(part[0][0].own) < groups.sizes[0]
        return [
            of_all_moments(part, put, suffix, lambda by_lens: prediction.rows(
                by_lens, bulk.place, bulk.cases, seed=seed, least=FEWEST if few else 0)) for suffix in ("", SO_FAR)
        ]  # fmt: skip

    return by_group(asked, groups, sums, told)
