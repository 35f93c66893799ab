"""A custody through what changes midway: a sample of reads run through the ledger, and who could obtain how much when."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from alprsim import custody, results
from alprsim.ledger import Breach, Captured, Change, Hold, Ledger, Outage
from alprsim.randomness import below, choose, draw, stream, uniform
from alprsim.report import custody_chart as chart
from alprsim.results import words
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.scenario.regimes import moment, regimes
from alprsim.store import Store
from alprsim.tables import DAY, UNLIMITED, Agencies, Float64, RecordClass

HIT_SHARE = 0.005
"""Of synthetic reads that match a hot list, where the scenario has some: assumption, between published shares of 0.1 and 1 %."""
READS_A_PLATE = 5
"""Of synthetic reads: assumption; only a request to preserve one plate asks for it."""
_STEP = DAY // 4


class Sample(NamedTuple):
    """Reads to run, and where they are from."""

    reads: list[Captured]
    basis: str


class Chronicle(NamedTuple):
    """One policy's ledger, what happened and what is drawn of it."""

    ledger: Ledger
    agencies: Agencies
    picture: chart.Picture

    def draw(self, file: Path) -> None:
        """Draw the picture, as its suffix says."""
        if file.suffix not in (".png", ".svg"):
            raise ValueError(f"{file} must end in .png or .svg")
        file.parent.mkdir(parents=True, exist_ok=True)
        chart.draw(self.picture, file)

    def as_dict(self) -> dict[str, Any]:
        """Return what is drawn as plain data."""
        picture = self.picture
        return {
            "moments": picture.moments.tolist(),
            "viewers": {one.viewer: {"bulk": one.bulk.tolist(), "request": one.request.tolist()} for one in picture.curves},
            "marks": [mark._asdict() for mark in picture.marks],
            "breaches": [
                {"agency": loot.text, "lying": dict(zip(loot.owners, loot.lying.tolist(), strict=True)),
                 "searchable": dict(zip(loot.owners, loot.searchable.tolist(), strict=True))}
                for loot in picture.loots
            ],
        }  # fmt: skip

    def table(self) -> str:
        """Return who could obtain how much just before each thing that happens and at the end, and each breach."""
        moments = self.picture.moments
        marked = [int(np.searchsorted(moments, mark.at, side="left")) - 1 for mark in self.picture.marks]
        columns = [*dict.fromkeys(row for row in marked if row > 0), len(moments) - 1]
        said = [f"{_clock(self.picture, int(moments[row])):>15}" for row in columns]
        lines = [f"{'share of all captured so far':<44}{''.join(said)}"]
        for curve in self.picture.curves:
            for sight, shares in (("in bulk", curve.bulk), ("on request", curve.request)):
                cells = "".join(f"{100 * shares[row]:>13.1f} %" for row in columns)
                lines.append(f"{f'{curve.viewer}, {sight}'[:43]:<44}{cells}")
        for loot in self.picture.loots:
            owners = zip(loot.owners, loot.lying, strict=True)
            whose = ", ".join(f"{owner} {reads:,}" for owner, reads in owners if reads)
            lines.append(f"{loot.text}: {loot.lying.sum():,} reads lie there ({whose or 'none'})")
            lines[-1] += f"; {loot.searchable.sum():,} more can be exported"
        return "\n".join(lines)


def run(loaded: Loaded, policy: str, sample: Sample) -> Chronicle:
    """Run a policy's custody, with all that changes midway, on a sample of reads.

    Raises
    ------
    ValueError
        There is no such policy.
    """
    if policy not in loaded.policies:
        raise ValueError(f"there is no policy {policy!r}; policies: {', '.join(loaded.policies)}")
    study, rules = loaded.scenario, loaded.policies[policy]
    changes = list(regimes(rules.custody))
    agencies = _agencies(rules.custody, changes)
    row = {str(name): number for number, name in enumerate(agencies.name)}
    events = list(_events(study, rules.custody, changes, row))
    ledger = Ledger.run(rules.custody, agencies, sample.reads, study.length + 1, events)
    picture = chart.Picture(
        title=f"{study.title}: {policy}",
        basis=f"{sample.basis} Side doors and looks by process are left out.",
        start=datetime.combine(study.start, time(4)),
        moments=np.arange(0, study.length + 1, _STEP),
        curves=[_curve(ledger, name, row[viewer.agency]) for name, viewer in rules.viewers.items()],
        marks=list(_marks(study, rules.custody)),
        loots=[_loot(ledger, agencies, number) for number in range(len(ledger.breached))],
    )
    return Chronicle(ledger, agencies, picture)


def synthetic(loaded: Loaded, policy: str, count: int, seed: int) -> Sample:
    """Make reads: a Poisson process given their number, owners in proportion to their cameras, all of them admitted."""
    study, spec = loaded.scenario, loaded.policies[policy].custody
    names = list(spec.agencies)
    cameras = np.zeros(len(names))
    for group in study.cameras.groups:
        listed = len(group.sites) + len(group.poles)
        cameras[names.index(group.agency)] += group.count or listed or study.cameras.count
    number = np.arange(count)
    at = np.sort(below(draw(stream(seed, "ledger: when"), number), study.length))
    owner = choose(draw(stream(seed, "ledger: whose"), number), cameras)
    plate = below(draw(stream(seed, "ledger: plate"), number), max(1, count // READS_A_PLATE))
    reads = _captured(study, spec, seed, at, owner, plate, number, np.ones(count, np.bool_))
    basis = (
        f"{count:,} synthetic reads spread evenly over {words.duration(study.length)}, by the number of each agency’s"
    )
    return Sample(reads, f"{basis} cameras; nobody exists.")


def of_run(loaded: Loaded, policy: str, folder: Path, count: int) -> Sample:
    """Take the reads of a finished run's first seed, about so many: all those of plates drawn by lot."""
    finished = results.load(folder)
    seed = int(finished.provenance["seeds"][0])
    reads = Store(folder / f"seed={seed}").reads()
    sites = finished.table("cameras", seed)
    spec = loaded.policies[policy].custody
    lots = uniform(draw(stream(seed, "ledger: plates"), reads.plate))
    chosen = np.flatnonzero(lots < count / max(1, len(reads)))
    chosen = chosen[np.argsort(reads.time[chosen], kind="stable")]
    names = {name: number for number, name in enumerate(spec.agencies)}
    owners = np.array([names.get(str(name), -1) for name in sites["agency"]])
    if (unknown := owners[reads.site[chosen]] < 0).any():
        raise ValueError(f"{folder}: {unknown.sum():,} reads are of agencies that the scenario does not have")
    admitted = np.array(
        [_admits(spec, str(name), str(kind)) for name, kind in zip(sites["agency"], sites["kind"], strict=True)]
    )
    made = _captured(
        loaded.scenario, spec, seed, reads.time[chosen], owners[reads.site[chosen]], reads.plate[chosen],
        reads.time[chosen].astype(np.int64) * len(sites) + reads.site[chosen], admitted[reads.site[chosen]],
    )  # fmt: skip
    basis = f"{len(made):,} of {len(reads):,} simulated reads, all those of plates drawn by lot"
    return Sample(made, f"{basis}; every vehicle is synthetic.")


def _captured(
    study: models.Scenario, spec: models.Custody, seed: int, at: ArrayLike, owner: ArrayLike, plate: ArrayLike,
    key: ArrayLike, admitted: ArrayLike,
) -> list[Captured]:  # fmt: skip
    """Draw what class of record each read is and whether stores that sample take it."""
    names = list(spec.agencies)
    owners = [one.owner for one in study.hot_lists.lists.values() if one.owner in spec.agencies]
    matched = uniform(draw(stream(seed, "ledger: hit"), key)) < (HIT_SHARE if study.hot_lists.lists else 0)
    whose = below(draw(stream(seed, "ledger: list"), key), max(1, len(owners)))
    held = uniform(draw(stream(seed, "ledger: held"), key))
    kept = uniform(draw(stream(seed, "ledger: sample"), key))
    share = [_held_share(spec, name) for name in names]
    return [
        Captured(
            int(time), int(whose_camera),
            RecordClass.HELD if evidence < share[whose_camera] else RecordClass.HIT if hit else RecordClass.PLAIN,
            float(lot), frozenset({names.index(owners[one])}) if hit and owners else frozenset(), int(number), bool(may),
        )
        for time, whose_camera, number, may, hit, one, evidence, lot in zip(
            *map(np.asarray, (at, owner, plate, admitted, matched, whose, held, kept)), strict=True
        )
    ]  # fmt: skip


def _held_share(spec: models.Custody, name: str) -> float:
    agency = spec.agencies[name]
    said = (
        spec.departments.held_share if agency.held_share is None and agency.kind == "department" else agency.held_share
    )
    return said or 0.0


def _admits(spec: models.Custody, name: str, kind: str) -> bool:
    agency = spec.agencies.get(name)
    if agency is None:
        return False
    own = (
        spec.departments.admissible if agency.admissible is None and agency.kind == "department" else agency.admissible
    )
    return own is None or kind in own


# --- what happens -----------------------------------------------------------------------------------------------------------


def _agencies(spec: models.Custody, changes: Sequence[tuple[models.Change, models.Custody]]) -> Agencies:
    later = {name: agency for _, after in changes for name, agency in after.agencies.items()}
    return custody.agencies(spec.model_copy(update={"agencies": {**spec.agencies, **later, **spec.agencies}}))


def _events(
    study: models.Scenario, spec: models.Custody, changes: Sequence[tuple[models.Change, models.Custody]],
    row: dict[str, int],
) -> Iterator[Change | Outage | Breach | Hold]:  # fmt: skip
    start = study.start
    for change, after in changes:
        yield Change(moment(change.at, start), after, change.applies_to, change.on_revoke)
    for outage in spec.outages:
        yield Outage(row[outage.agency], moment(outage.begin, start), moment(outage.end, start))
    for breach in spec.breaches:
        yield Breach(row[breach.agency], moment(breach.at, start))
    for hold in spec.holds:
        at = moment(hold.at, start)
        until = UNLIMITED if hold.keep == UNLIMITED else at + hold.keep
        yield Hold(at, row[hold.agency], hold.plate, at - hold.within, at, until)


def _marks(study: models.Scenario, spec: models.Custody) -> Iterator[chart.Mark]:
    marks = []
    for change in spec.changes:
        at = moment(change.at, study.start)
        reach = "for all that is held" if change.applies_to == "all_held" else "for reads captured from then on"
        fate = "; copies over edges that end go" if change.on_revoke == "delete" else ""
        told = f"{textwrap.shorten(', '.join(_patched(change.custody)), 80, placeholder=' …')}, {reach}{fate}"
        marks.append(chart.Mark("change", at, at, told))
    for outage in spec.outages:
        begin, end = (moment(when, study.start) for when in (outage.begin, outage.end))
        marks.append(chart.Mark("outage", begin, end, f"{outage.agency} is down"))
    for kind, events in (("breach", spec.breaches), ("hold", spec.holds)):
        for event in events:
            at = moment(event.at, study.start)
            told = "an intruder at" if kind == "breach" else "a request to preserve, to"
            marks.append(chart.Mark(kind, at, at, f"{told} {event.agency}"))
    yield from sorted(marks, key=lambda mark: mark.at)


def _patched(value: Any, *path: str) -> Iterator[str]:
    """Say each figure of a patch with the path of its key."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _patched(one, *path, str(key))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _patched(one, *path)
    else:
        yield f"{'.'.join(path)}: {'none' if value is None else value}"


def _curve(ledger: Ledger, name: str, row: int) -> chart.Curve:
    moments = range(0, int(ledger.env.now), _STEP)
    times = np.sort([read.time for read in ledger.captured])
    so_far = np.searchsorted(times, list(moments), side="right").astype(np.float64)
    so_far[so_far == 0] = np.nan  # there is no share of nothing
    bulk, request = (_counts(ledger, row, sight, moments) for sight in ("bulk", "request"))
    return chart.Curve(name, bulk / so_far, request / so_far)


def _counts(ledger: Ledger, row: int, sight: str, moments: range) -> Float64:
    return np.array([len(ledger.held(row, sight, moment)) for moment in moments], np.float64)  # type: ignore[arg-type]


def _loot(ledger: Ledger, agencies: Agencies, number: int) -> chart.Loot:
    breach = ledger.breached[number]
    owners = [[ledger.captured[read].owner for read in reads] for reads in (breach.lying, breach.searchable)]
    lying, searchable = (np.bincount(np.array(one, np.int64), minlength=len(agencies)) for one in owners)
    title = f"{agencies.name[breach.agency]}, day {1 + breach.at // DAY}"
    return chart.Loot(title, list(map(str, agencies.name)), lying, searchable)


def _clock(picture: chart.Picture, at: int) -> str:
    return f"day {1 + at // DAY}, {(4 + at % DAY // 3600) % 24:02}:00"
