"""Who travels with whom, from what is held of everybody: for bulk sight only."""

from __future__ import annotations

import numpy as np

from alprsim.inquiry._asked import SO_FAR, Asked, of_all_moments
from alprsim.inquiry._drawn import Groups, by_group
from alprsim.inquiry._unique import in_bulk, looks
from alprsim.measures import company
from alprsim.store import Store
from alprsim.tables import Bool, Int32, Measured, Reads


def ask(asked: Asked, reads: Reads) -> list[Measured]:
    """Ask of every moment; where times are known no more finely than the window, nobody's company shows."""
    study, vehicles, seed = asked.study.measures, asked.done.settlement.vehicles, asked.seed
    bulk, of_read = in_bulk(asked), asked.records.of(reads)
    rule = company.Rule(study.company_reads, study.company_window, study.company_cameras)
    kept = Store(asked.folder)
    known = company.truth(vehicles, asked.people, (kept.bucket(number).truth for number in range(len(kept))))
    camera = asked.done.placement.sites.camera
    questions = asked.questions(bulk.lenses)
    everybody = np.flatnonzero(asked.people.town >= 0).astype(np.int32)
    groups = Groups.of(asked, everybody)
    whose = [known, *(company.among(known, _among(len(vehicles), everybody[mine])) for mine in groups.targets[1:])]
    sums = [[[company.empty() for _ in whose] for _ in row] for row in questions]
    for look in looks(asked, reads, bulk):
        told, masks, they = bulk.lenses[look.lens].seen, look.masks, look.known
        if told is not None:
            known_as = bulk.lenses[look.lens].known(of_read, reads.time, look.put.moment)[they.row]
            masks = np.where(told.time_step[known_as] > rule.window, np.uint64(0), masks)
        seen = company.arranged(they.site, they.time, they.who, masks, camera, they.plate)
        first, *rest = zip(sums[look.moment][look.lens], whose, strict=True)
        company.add(first[0], seen, look.put, rule, first[1], vehicles, seed=seed, also=rest)
    theirs = iter(whose)

    def rows(part: list[list[company.Sums]], of: Asked) -> list[Measured]:
        they, put = next(theirs), of.questions(bulk.lenses)
        return [
            of_all_moments(part, put, suffix, lambda by_lens: company.rows(
                by_lens, bulk.place, bulk.cases, they, seed=seed)) for suffix in ("", SO_FAR)
        ]  # fmt: skip

    return by_group(asked, groups, sums, rows)


def _among(vehicles: int, some: Int32) -> Bool:
    member = np.zeros(vehicles, np.bool_)
    member[some] = True
    return member
