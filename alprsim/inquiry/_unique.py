"""Whether what a viewer holds of everybody singles a car out: for bulk sight only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from alprsim.inquiry._asked import SO_FAR, Asked, Lenses, middles, of_all_moments, so_far
from alprsim.inquiry._cases import cases
from alprsim.inquiry._drawn import Groups, by_group, draw
from alprsim.measures import crowd, question, resolution, risk, uniqueness
from alprsim.measures.question import Question
from alprsim.tables import AS_WRITTEN, Bool, Measured, Reads, UInt64


class Look(NamedTuple):
    """What one lens holds of everybody at one moment."""

    moment: int
    lens: int
    put: Question
    known: crowd.Known
    masks: UInt64
    """[reads of `known`]: the sights that hold each."""
    alike: list[list[int]]
    """The sights of the lens that some case has, those together that hold the same reads."""


def in_bulk(asked: Asked, *, steps: bool = True) -> Lenses:
    """Return every case of bulk sight, of whatever is held: who looks for patterns needs no plate.

    Without ``steps``, only those with the retention that a policy says itself.
    """
    found = [case._replace(by_plate=False) for case in cases(asked.loaded, asked.world) if case.sight == "bulk"]
    found = found if steps else [case for case in found if case.retention == AS_WRITTEN]
    return Lenses.of(found, asked.records.streams)


def ask(asked: Asked, reads: Reads) -> list[Measured]:
    """Ask for unicity: how often random sightings single out targets drawn from the residents."""
    study, bulk = asked.study.measures, in_bulk(asked)
    targets, groups = draw(asked, study.unicity_targets)
    base, keys = uniqueness.draws(asked.done.settlement.vehicles, targets, seed=asked.seed), _site_keys(asked)

    def add(sums: list[uniqueness.Sums], look: Look) -> None:
        uniqueness.add(
            list(zip(sums, groups.targets, strict=True)), look.known, look.masks, look.put, targets=targets, base=base,
            site_key=keys, time_bin=study.unicity_bin,
        )  # fmt: skip

    found = _counted(asked, reads, bulk, _each(groups, lambda n: uniqueness.empty(study.unicity_points, n)), add)
    return by_group(asked, groups, found, lambda part, whose: _told(
        whose, bulk, part, lambda sums: uniqueness.rows(sums, bulk.place, bulk.cases, seed=asked.seed)
    ))  # fmt: skip


def ask_resolution(asked: Asked, reads: Reads) -> list[Measured]:
    """Ask how coarser times and places would change unicity, of every resident and every policy as it is written."""
    study, bulk = asked.study.measures, in_bulk(asked, steps=False)
    targets = np.flatnonzero(asked.people.town >= 0).astype(np.int32)
    base, groups = uniqueness.draws(asked.done.settlement.vehicles, targets, seed=asked.seed), Groups.of(asked, targets)
    x, y, keys = asked.sites.x, asked.sites.y, _site_keys(asked)
    merged = [question.middle_sites(x, y, step) if step else np.arange(len(x)) for step in study.resolution_places]
    cells = [
        resolution.Cell(bin_, step, len(x) / max(len(np.unique(middle)), 1))
        for step, middle in zip(study.resolution_places, merged, strict=True) for bin_ in study.resolution_bins
    ]  # fmt: skip

    def add(sums: list[resolution.Sums], look: Look) -> None:
        for bits in look.alike:
            held = _held(look, bits)
            ranges = look.known.read_targets(held, targets)
            for size, cell in enumerate(cells):
                middle = merged[size // len(study.resolution_bins)]
                known = look.known._replace(site=middle[look.known.site].astype(np.int32))
                everybody = crowd.gather(known, held, keys, cell.seconds)
                also = list(zip(sums[1:], groups.targets[1:], strict=True))
                resolution.add(sums[0], everybody, ranges, base, bits, size=size, also=also)

    empty = _each(groups, lambda _: resolution.empty(len(cells), study.unicity_points))
    found = _counted(asked, reads, bulk, empty, add)
    return by_group(asked, groups, found, lambda part, whose: _told(
        whose, bulk, part, lambda sums: resolution.rows(sums, bulk.place, bulk.cases, cells, seed=asked.seed)
    ))  # fmt: skip


def ask_sets(asked: Asked, reads: Reads) -> list[Measured]:
    """Ask who shares the few cameras that see a car most."""
    bulk, placed = in_bulk(asked), asked.done.placement
    camera = risk.ranked(placed.cameras, placed.sites)
    residents = np.flatnonzero(asked.people.town >= 0).astype(np.int32)
    groups = Groups.of(asked, residents)

    def add(sums: list[risk.Sets], look: Look) -> None:
        for bits in look.alike:
            sharing = risk.sharing_top(look.known, _held(look, bits), camera, residents)
            for total, some in zip(sums, groups.targets, strict=True):
                risk.add_sets(total, sharing[some], bits)

    found = _counted(asked, reads, bulk, _each(groups, lambda _: risk.no_sets()), add)
    return by_group(asked, groups, found, lambda part, whose: _told(
        whose, bulk, part, lambda sums: risk.rows_of_sets(sums, bulk.place, bulk.cases, seed=asked.seed)
    ))  # fmt: skip


def ask_worst_case(asked: Asked, reads: Reads) -> list[Measured]:
    """Ask how far the most telling sightings would single targets out."""
    study, bulk, keys = asked.study.measures, in_bulk(asked), _site_keys(asked)
    targets, groups = draw(asked, study.worst_case_targets)

    def add(sums: list[risk.Worst], look: Look) -> None:
        for bits in look.alike:
            held = _held(look, bits)
            everybody = crowd.gather(look.known, held, keys, study.unicity_bin)
            sharing, cut = risk.worst_sharing(everybody, look.known.read_targets(held, targets))
            for total, some in zip(sums, groups.targets, strict=True):
                risk.add_worst(total, sharing[some], cut[some], bits)

    found = _counted(asked, reads, bulk, _each(groups, risk.no_worst), add)
    return by_group(asked, groups, found, lambda part, whose: _told(
        whose, bulk, part, lambda sums: risk.rows_of_worst(sums, bulk.place, bulk.cases, seed=asked.seed)
    ))  # fmt: skip


def _each(groups: Groups, empty: Callable[[int], Any]) -> Callable[[], list[Any]]:
    """Return what makes sums of nothing, given how many targets, for each group's."""
    return lambda: [empty(n) for n in groups.sizes]


def looks(asked: Asked, reads: Reads, bulk: Lenses) -> Iterator[Look]:
    """Yield everybody's reads through each lens at each moment, windows cut at the start of the simulated time."""
    of_read, questions = asked.records.of(reads), asked.questions(bulk.lenses)
    for n, lens in enumerate(bulk.lenses):
        squares = middles(asked, lens)
        known = crowd.known(reads, of_read, lens.seen, squares)
        bits = sorted(set((bulk.place[bulk.place // 64 == n] % 64).tolist()))
        for m, row in enumerate(questions):
            put = so_far(row[n])
            if lens.routes is not None:
                known = crowd.known(reads, lens.known(of_read, reads.time, put.moment), lens.seen, squares)
            masks = question.held(put, reads, of_read)[known.row]
            yield Look(m, n, put, known, masks, _alike(masks, bits))


def _counted(
    asked: Asked, reads: Reads, bulk: Lenses, empty: Callable[[], Any], add: Callable[[Any, Look], None]
) -> list[list[Any]]:
    """Return what `add` has counted of each look: a row a moment, a sum a lens."""
    found = [[empty() for _ in bulk.lenses] for _ in asked.moments]
    for look in looks(asked, reads, bulk):
        add(found[look.moment][look.lens], look)
    return found


def _told(
    asked: Asked, bulk: Lenses, found: Sequence[Sequence[Any]], rows: Callable[[list[Any]], Measured]
) -> list[Measured]:
    """Return the rows of what reaches a steady state, and those of what was simulated so far."""
    questions = asked.questions(bulk.lenses)
    return [of_all_moments(found, questions, suffix, rows) for suffix in ("", SO_FAR)]


def _alike(masks: UInt64, bits: list[int]) -> list[list[int]]:
    """Group the sights that hold the same reads."""
    words, found = np.unique(masks), dict[bytes, list[int]]()
    for bit in bits:
        found.setdefault(((words >> np.uint64(bit)) & np.uint64(1)).tobytes(), []).append(bit)
    return list(found.values())


def _held(look: Look, bits: list[int]) -> Bool:
    held: Bool = (look.masks >> np.uint64(bits[0])) & np.uint64(1) == 1
    return held


def _site_keys(asked: Asked) -> UInt64:
    return uniqueness.site_keys(asked.done.placement.sites, asked.done.placement.cameras)
