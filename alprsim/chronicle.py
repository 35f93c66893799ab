"""A custody through what changes midway: a sample of reads run through the ledger, and who could obtain how much when."""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from alprsim import custody, results
from alprsim.dossier import Opened
from alprsim.ledger import Breach, Captured, Change, Hold, Ledger, Outage
from alprsim.randomness import below, choose, draw, stream, uniform
from alprsim.report import custody_chart as chart
from alprsim.results import words
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.scenario.regimes import moment, regimes
from alprsim.tables import DAY, UNLIMITED, Agencies, Float64, Int64, RecordClass

HIT_SHARE = 0.005
"""Of synthetic reads that match a hot list, where the scenario has some: assumption, between published shares of 0.1 and 1 %."""
READS_A_PLATE = 5
"""Of synthetic reads: assumption; only a request to preserve one plate asks for it."""
_STEP = DAY // 4
_OF_EDGES = ("sharing", "opt_out", "hops")


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
        return "\n".join([*lines, textwrap.fill(self.picture.basis, 130)])


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
    agencies = _agencies([rules.custody, *(after for _, after in changes)])
    row = {str(name): number for number, name in enumerate(agencies.name)}
    events = list(_events(study, rules.custody, changes, row))
    ledger = Ledger.run(rules.custody, agencies, sample.reads, study.length + 1, events)
    marks = list(_marks(study, rules.custody))
    moments = _moments(study, marks)
    picture = chart.Picture(
        title=f"{study.title}: {policy}",
        basis=f"{sample.basis} Side doors and looks by process are left out.",
        start=datetime.combine(study.start, time(4)),
        moments=moments,
        curves=[_curve(ledger, name, row[viewer.agency], moments) for name, viewer in rules.viewers.items()],
        marks=marks,
        loots=[_loot(ledger, agencies, number) for number in range(len(ledger.breached))],
    )
    return Chronicle(ledger, agencies, picture)


def synthetic(loaded: Loaded, policy: str, count: int, seed: int) -> Sample:
    """Make reads: a Poisson process given their number, by cameras in the groups' numbers and of their kinds."""
    study, spec = loaded.scenario, loaded.policies[policy].custody
    names, groups = list(spec.agencies), study.cameras.groups
    cameras = [group.count or len(group.sites) + len(group.poles) or study.cameras.count for group in groups]
    number = np.arange(count)
    at = np.sort(below(draw(stream(seed, "ledger: when"), number), study.length))
    group = choose(draw(stream(seed, "ledger: whose"), number), np.array(cameras, np.float64))
    plate = below(draw(stream(seed, "ledger: plate"), number), max(1, count // READS_A_PLATE))
    owner = np.array([names.index(one.agency) for one in groups])[group]
    kinds = [one.kind or study.cameras.kind for one in groups]
    reads = _drawn(loaded, policy, seed, at, owner, plate, [kinds[one] for one in group.tolist()])
    basis = (
        f"{count:,} synthetic reads spread evenly over {words.duration(study.length)}, by the number of each agency’s"
    )
    barred = any(
        custody.kept(after, name, "exclude")[0] for _, after in _eras(loaded, policy) for name in after.agencies
    )
    unknown = (
        " Cameras that `exclude` bars are not left out: without a run nobody knows what stands near." if barred else ""
    )
    return Sample(reads, f"{basis} cameras; nobody exists.{unknown}")


def of_run(loaded: Loaded, policy: str, folder: Path, count: int) -> Sample:
    """Take the reads of a finished run's first seed, about so many: all those of plates drawn by lot.

    What class each is, which stores take it and whether its camera may keep anything is as in the run's own measures, by
    the rules that held when it was captured.
    """
    eras = list(_eras(loaded, policy))
    rules = {f"{policy}, {number}": loaded.policies[policy].model_copy(update={"name": f"{policy}, {number}", "custody": after})
             for number, (_, after) in enumerate(eras)}  # fmt: skip
    finished = results.load(folder)
    opened = Opened(finished, finished.provenance["seeds"][0], replace(loaded, policies={**loaded.policies, **rules}))
    reads = opened.store.reads()
    if unknown := sorted({*map(str, opened.sites.agency)} - set(loaded.policies[policy].custody.agencies)):
        raise ValueError(f"{folder}: its cameras are of agencies that the scenario does not have: {', '.join(unknown)}")
    lots = uniform(draw(stream(opened.seed, "ledger: plates"), reads.plate))
    chosen = np.flatnonzero(lots < count / max(1, len(reads)))
    taken = reads.take(chosen[np.argsort(reads.time[chosen], kind="stable")])
    classed = [opened.captured(taken, one) for one in rules.values()]
    era = np.searchsorted([begin for begin, _ in eras[1:]], taken.time, side="right")
    row = {str(name): number for number, name in enumerate(_agencies([after for _, after in eras]).name)}
    names = [str(name) for name in opened.agencies.name]
    made = []
    for number, which in enumerate(era.tolist()):
        one = classed[which]
        hits = frozenset(row[names[owner]] for owner in one.listed[number].nonzero()[0] if names[owner] in row)
        made.append(
            Captured(
                int(one.time[number]), row[names[one.owner[number]]], int(one.record[number]), float(one.draw[number]), hits,
                int(taken.plate[number]), not one.barred[number],
            )
        )  # fmt: skip
    basis = f"{len(made):,} of {len(reads):,} simulated reads, all those of plates drawn by lot"
    return Sample(made, f"{basis}; every vehicle is synthetic.")


def _drawn(
    loaded: Loaded, policy: str, seed: int, at: ArrayLike, owner: ArrayLike, plate: ArrayLike, kinds: Sequence[str]
) -> list[Captured]:
    """Draw what class of record each synthetic read is and whether stores that sample take it, by the rules of its time."""
    lists = loaded.scenario.hot_lists.lists.values()
    names, number, eras = list(loaded.policies[policy].custody.agencies), np.arange(len(kinds)), _Eras(loaded, policy)
    owners = [one.owner for one in lists if one.owner in names]
    matched = uniform(draw(stream(seed, "ledger: hit"), number)) < (HIT_SHARE if lists else 0)
    whose = below(draw(stream(seed, "ledger: list"), number), max(1, len(owners)))
    held = uniform(draw(stream(seed, "ledger: held"), number))
    kept = uniform(draw(stream(seed, "ledger: sample"), number))
    made = []
    for when, of, seen, kind, hit, one, evidence, lot in zip(
        *(np.asarray(column).tolist() for column in (at, owner, plate)), kinds,
        *(column.tolist() for column in (matched, whose, held, kept)), strict=True,
    ):  # fmt: skip
        share, admissible = (eras.said(when, names[of], key) for key in ("held_share", "admissible"))
        record = RecordClass.HELD if evidence < (share or 0.0) else RecordClass.HIT if hit else RecordClass.PLAIN
        hits = frozenset({names.index(owners[one])}) if hit and owners else frozenset()
        made.append(Captured(when, of, record, lot, hits, seen, admissible is None or kind in admissible))
    return made


class _Eras:
    """What each agency goes by at any time."""

    def __init__(self, loaded: Loaded, policy: str) -> None:
        self.begins, self.rules = zip(*_eras(loaded, policy), strict=True)
        self._said: dict[tuple[int, str, str], Any] = {}

    def said(self, at: int, name: str, key: str) -> Any:
        """Return what a key of an agency says at a moment; nothing of one that there is no more."""
        era = bisect_right(self.begins, at) - 1
        if (era, name, key) not in self._said:
            rules = self.rules[era]
            self._said[era, name, key] = custody.kept(rules, name, key)[0] if name in rules.agencies else None
        return self._said[era, name, key]


def _eras(loaded: Loaded, policy: str) -> Iterator[tuple[int, models.Custody]]:
    """Yield the custody from the start on and from each change on, with the moment from which it holds."""
    spec = loaded.policies[policy].custody
    yield 0, spec
    for change, after in regimes(spec):
        yield moment(change.at, loaded.scenario.start), after


# --- what happens -----------------------------------------------------------------------------------------------------------


def _agencies(rules: Sequence[models.Custody]) -> Agencies:
    """Return every agency that is ever there, those of the beginning first."""
    later = {name: agency for spec in reversed(rules) for name, agency in spec.agencies.items()}
    first = rules[0].agencies
    return custody.agencies(rules[0].model_copy(update={"agencies": {**first, **later, **first}}))


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
        what = change.title or textwrap.shorten(", ".join(_patched(change.custody)), 80, placeholder=" …")
        marks.append(chart.Mark("change", at, at, "".join([what, *_reach(change)])))
    for outage in spec.outages:
        begin, end = (moment(when, study.start) for when in (outage.begin, outage.end))
        marks.append(chart.Mark("outage", begin, end, f"{outage.agency} is down"))
    for kind, events in (("breach", spec.breaches), ("hold", spec.holds)):
        for event in events:
            at = moment(event.at, study.start)
            told = "an intruder at" if kind == "breach" else "a request to preserve, to"
            marks.append(chart.Mark(kind, at, at, f"{told} {event.agency}"))
    yield from sorted(marks, key=lambda mark: mark.at)


def _reach(change: models.Change) -> Iterator[str]:
    """Say what a change reaches: of stores which reads, of edges what becomes of the copies that came over them."""
    if _touches_stores(change.custody):
        yield ", for all that is held" if change.applies_to == "all_held" else ", for reads captured from then on"
    if change.on_revoke == "delete":
        yield "; copies that came over an edge that ends go at once"
    elif any(key in change.custody for key in _OF_EDGES):
        yield "; copies that came over an edge that ends stay"


def _touches_stores(patch: Mapping[str, Any]) -> bool:
    agencies = patch.get("agencies")
    said = [patch, patch.get("departments"), *(agencies.values() if isinstance(agencies, dict) else ())]
    return any(key in one for one in said if isinstance(one, dict) for key in models.Keeping.model_fields)


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


def _moments(study: models.Scenario, marks: Sequence[chart.Mark]) -> Int64:
    """Return when to look: every quarter of a day, and the second before each thing that happens and its own."""
    happens = {at + shift for mark in marks for at in (mark.at, mark.end) for shift in (-1, 0)}
    inside = [at for at in happens if 0 <= at <= study.length]
    return np.union1d(np.arange(0, study.length + 1, _STEP), np.array(inside, np.int64))


def _curve(ledger: Ledger, name: str, row: int, moments: Int64) -> chart.Curve:
    times = np.sort([read.time for read in ledger.captured])
    so_far = np.searchsorted(times, moments, side="right").astype(np.float64)
    so_far[so_far == 0] = np.nan  # there is no share of nothing
    bulk, request = (_counts(ledger, row, sight, moments) for sight in ("bulk", "request"))
    return chart.Curve(name, bulk / so_far, request / so_far)


def _counts(ledger: Ledger, row: int, sight: Literal["bulk", "request"], moments: Int64) -> Float64:
    return np.array([len(ledger.held(row, sight, at)) for at in moments.tolist()], np.float64)


def _loot(ledger: Ledger, agencies: Agencies, number: int) -> chart.Loot:
    breach = ledger.breached[number]
    owners = [[ledger.captured[read].owner for read in reads] for reads in (breach.lying, breach.searchable)]
    lying, searchable = (np.bincount(np.array(one, np.int64), minlength=len(agencies)) for one in owners)
    title = f"{agencies.name[breach.agency]}, day {1 + breach.at // DAY}"
    return chart.Loot(title, list(map(str, agencies.name)), lying, searchable)


def _clock(picture: chart.Picture, at: int) -> str:
    return f"day {1 + at // DAY}, {(4 + at % DAY // 3600) % 24:02}:{at % 3600 // 60:02}"
