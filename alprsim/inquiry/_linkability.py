"""Whether pseudonyms that change would hide people: for bulk sight only."""

from __future__ import annotations

from alprsim.inquiry._asked import Asked, of_all_moments, so_far
from alprsim.inquiry._crowd import glances
from alprsim.inquiry._drawn import by_group, draw
from alprsim.inquiry._unique import in_bulk
from alprsim.measures import linkability
from alprsim.scenario import units
from alprsim.tables import Measured, Reads

OWN = "policy"
"""The length of epochs of policies that rotate pseudonyms themselves."""


def ask(asked: Asked, reads: Reads) -> list[Measured]:
    """Ask of the last two epochs that were over; a policy that rotates is asked by its own clock alone."""
    study, seed = asked.study.measures, asked.seed
    bulk, of_read = in_bulk(asked), asked.records.of(reads)
    own = [0 if lens.seen is None else linkability.rotation(lens.seen.rotation) for lens in bulk.lenses]
    lengths = [*study.pseudonym_epochs, *([0] if any(own) else [])]
    names = [units.say_duration(length).replace(" ", "") for length in study.pseudonym_epochs]
    names += [OWN] if any(own) else []
    targets, groups = draw(asked, study.linkability_targets)
    questions = asked.questions(bulk.lenses)
    sums = [[[linkability.empty(len(lengths), n) for n in groups.sizes] for _ in row] for row in questions]
    for look in glances(asked, bulk, questions, reads, of_read):
        rotates = own[look.lens]
        for row, length in enumerate(lengths):
            if (length == 0) == (rotates > 0):
                linkability.add(
                    list(zip(sums[look.moment][look.lens], groups.targets, strict=True)), row, reads, look.seen.site,
                    look.seen.time, look.masks,
                    linkability.last_epochs(look.put.moment, length or rotates, by_clock=rotates > 0), targets,
                    len(asked.done.placement.sites),
                )  # fmt: skip

    def told(part: list[list[linkability.Sums]], whose: Asked) -> list[Measured]:
        simulated = [[so_far(put) for put in row] for row in whose.questions(bulk.lenses)]  # nobody looks back further
        return [
            of_all_moments(part, simulated, "", lambda by_lens: linkability.rows(
                by_lens, bulk.place, bulk.cases, names, seed=seed))
        ]  # fmt: skip

    return by_group(asked, groups, sums, told)
