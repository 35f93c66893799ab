"""What the explorer moves through: every value of policy, viewer, sight, limit, measure and home town, as it is printed.

Numbers are for drawing; what is said was worded here, so that a value reads the same wherever it stands on the page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.measures.glossary import BY_NAME
from alprsim.report import statutes
from alprsim.report.figures import Bands, Pair, over_assumptions, pairs, titled
from alprsim.results import draws, words
from alprsim.results.headline import Subject, lookbacks
from alprsim.results.run import Answer, Run
from alprsim.results.summary import paired, plain
from alprsim.tables import AS_WRITTEN, UNLIMITED

Case = tuple[str, str, str, int, str, str]
"""Policy, viewer, sight, retention, measure and statistic."""
Seeds = Mapping[Case, NDArray[np.float64]]

AS_PRACTISED = "as practised"


class Cell(NamedTuple):
    """A value at one place of the cube, as the page says it; what there is none of is empty."""

    value: float | None
    """For drawing: of a share four digits, of others three; None: without end."""
    said: str
    interval: str
    """Over seeds."""
    low: float | None
    high: float | None
    band: str
    """Over assumptions."""
    band_low: float | None
    band_high: float | None
    change: str
    """To the baseline as practised, the mean of the differences seed by seed."""
    change_interval: str
    towns: Sequence[tuple[Any, ...] | None]
    """Row for row with the towns: value, said, interval; None: not measured."""
    so_far: bool
    """Whether more is kept than was simulated."""


def by_seed(run: Run, town: str = "all") -> dict[Case, NDArray[np.float64]]:
    """Return every answer about residents' vehicles and all reads, a value a seed; of all towns together, or of one."""
    wide = plain(run.measures, town=town).set_index(
        ["policy", "viewer", "sight", "retention", "measure", "statistic", "seed"]
    )
    values = wide["value"].unstack("seed", sort=False).reindex(columns=run.provenance["seeds"])
    return dict(zip(values.index, values.to_numpy(float), strict=True))


def cube(run: Run, seeds: Seeds, bands: Bands, *, towns: bool = True) -> dict[str, Any]:
    """Return what the page carries: lists of what can be chosen, `cells` and `looks` by their rows in these.

    ``cells["0~bulk~trips_detected.stock"][1][3]`` is viewer 0, policy 1, stop 3, as `Cell`; null was not measured.
    ``looks["0~bulk"][1][3]`` is what is left of look-backs there.
    """
    shown = listed(run) if towns else []
    where = [(viewer, sight) for viewer in run.info["viewers"] for sight in words.SIGHTS]
    cells: dict[str, list[list[Cell | None]]] = {}
    for row, viewer in enumerate(run.info["viewers"]):
        for sight in words.SIGHTS:
            for pair in pairs(run):
                found = [
                    [cell(run, (policy, viewer, sight, stop, *pair), seeds, bands, shown) for stop in stops(run)]
                    for policy in run.info["policies"]
                ]
                if any(one is not None for mine in found for one in mine[1:]):
                    cells[f"{row}~{sight}~{'.'.join(pair)}"] = found
    viewers = list(run.info["viewers"])
    units = {(key[4], key[8]): answer.unit for key, answer in run.answers.items()}
    looks = {f"{viewers.index(viewer)}~{sight}": _looks(run, viewer, sight, bands) for viewer, sight in where}
    return {
        "policies": list(run.info["policies"]),
        "baseline": run.info["baseline"],
        "viewers": [{"name": viewer, "title": run.titled(viewer)} for viewer in viewers],
        "sights": {name: said[0] for name, said in words.SIGHTS.items()},
        "stops": [stop(step) for step in stops(run)],
        "measures": {".".join(pair): _measure(run, pair, units[pair]) for pair in pairs(run)},
        "towns": [run.place(town) for town in shown],
        "seeds": len(run.provenance["seeds"]),
        "cells": cells,
        "looks": {place: told for place, told in looks.items() if any(any(mine) for mine in told)},
    }


def stops(run: Run) -> list[int]:
    """Return where the slider stops: as practised, then the ladder's limits."""
    return [AS_WRITTEN, *run.steps]


def stop(step: int) -> dict[str, Any]:
    """Return a stop as the page names it, in the address too, with the laws that name it."""
    said = AS_PRACTISED if step == AS_WRITTEN else words.duration(step)
    named = statutes.at(step) if step != AS_WRITTEN else ()
    mark = statutes.mark(step) if named else None
    return {
        "seconds": step,
        "name": "unlimited" if step >= UNLIMITED else said,
        "said": said,
        "as": AS_PRACTISED if step == AS_WRITTEN else "without a limit" if step >= UNLIMITED else f"under {words.limit(step)}",
        "states": mark.states if mark else "",
        "read": mark.read if mark else "",
        "reported": mark.reported if mark else "",
        "laws": "; ".join(one.label for one in named),
    }  # fmt: skip


def listed(run: Run) -> list[str]:
    """Return the home towns that figures are told by."""
    return [town["name"] for town in run.info["towns"] if town["listed"]]


def cell(run: Run, case: Case, seeds: Seeds, bands: Bands, shown: list[str]) -> Cell | None:
    """Return one place of the cube; None where it was not measured."""
    measure, statistic = case[4:]
    name, answer = statistic, run.answer(*case)
    if not answer.measured:
        name = statistic + words.SO_FAR
        answer = run.answer(*case[:5], name)
    if not answer.measured:
        return None
    band = over_assumptions(bands, (*case[:5], name))
    local = [run.answer(*case[:5], name, town) for town in shown]
    return Cell(
        _drawn(answer.mean, answer.unit),
        words.quantity(answer.mean, answer.unit, measure=measure),
        _interval(answer, measure),
        _drawn(answer.low, answer.unit),
        _drawn(answer.high, answer.unit),
        words.interval(*band, answer.unit, measure=measure) if band else "",
        _drawn(band[0], answer.unit) if band else None,
        _drawn(band[1], answer.unit) if band else None,
        *_against_baseline(run, seeds, (*case[:5], name), answer.unit),
        [
            (_drawn(one.mean, one.unit), words.quantity(one.mean, one.unit, measure=measure), _interval(one, measure))
            if one.measured
            else None
            for one in local
        ]
        if any(one.measured for one in local)
        else [],
        name != statistic,
    )


def _against_baseline(run: Run, seeds: Seeds, case: Case, unit: str) -> tuple[str, str]:
    """Say how far an answer is from the baseline's as practised: by the same sight, or where nobody need grant it by request."""
    baseline: Case = (run.info["baseline"], *case[1:3], AS_WRITTEN, *case[4:])
    if baseline in seeds or case[2] not in ("process", "side_door"):  # bulk and request are never mixed
        return change(seeds, baseline, case, unit)
    said, known = change(seeds, (*baseline[:2], "request", *baseline[3:]), case, unit)
    return said, "; ".join(filter(None, (known, "the baseline on request"))) if said != "not measured" else ""


def change(
    seeds: Seeds, baseline: Case, other: Case, unit: str, off: Callable[[float, float, str], str] = draws.said
) -> tuple[str, str]:
    """Say how far an answer is from the baseline's as practised, seed by seed, and its interval; of one seed the draw's error."""
    if baseline == other:
        return "the baseline itself", ""
    if baseline not in seeds or other not in seeds:
        return "not measured", ""
    told = paired(seeds[baseline], seeds[other])
    said, known = apart(*told, unit)
    return said, known or (off(drawn_off(seeds, baseline), drawn_off(seeds, other), unit) if told[0] else "")


def drawn_off(seeds: Seeds, case: Case) -> float:
    """Return the standard error of the draw of one seed's figure; NaN of several seeds, or of what is not of drawn cars."""
    values = seeds.get((*case[:5], draws.error_of(case[5])), np.empty(0))
    return float(values[0]) if len(values) == 1 else math.nan


def apart(mean: float, low: float, high: float, unit: str, *, than: str = "the baseline") -> tuple[str, str]:
    """Say a difference and its interval: in points of shares, else in the measure's own unit."""
    if math.isnan(mean):
        return "not measured", ""
    if math.isinf(mean):
        return (f"without end, as {than} is not" if mean > 0 else f"{than} is without end"), ""
    if unit == "share":
        known = "" if math.isnan(low) else f"{words.points(low)} to {words.points(high)}"
        return f"{words.points(mean)} percentage points", known
    said = _signed(mean, unit)
    return said, "" if math.isnan(low) else f"{_signed(low, '')} to {_signed(high, '')}"


def looks(run: Run, about: Subject, step: int, bands: Bands) -> dict[str, Any] | None:
    """Say what is left of look-backs by plate: the range over query ages, each of them, without a limit, over assumptions."""
    left = lookbacks(run, about, step)
    if not left:
        return None
    means = sorted(answer.mean for answer in left.values())
    whole = sorted(answer.mean for answer in lookbacks(run, about, UNLIMITED).values())
    without = (
        f" ({words.interval(whole[0], whole[-1], 'share')} without a limit)" if whole and step != UNLIMITED else ""
    )
    ages = f"{len(means)} assumed query age{'s' if len(means) > 1 else ''}"
    band = over_assumptions(bands, (*about[:3], step, "lookback_plate", ""))
    wide = f"; {words.interval(*band, 'share')} over other assumptions too" if band else ""
    return {
        "said": f"{words.interval(means[0], means[-1], 'share')}{without}, over {ages}{wide}",
        "each": [[shape, _drawn(a.mean, "share"), words.quantity(a.mean, "share")] for shape, a in left.items()],
    }


def _looks(run: Run, viewer: str, sight: str, bands: Bands) -> list[list[dict[str, Any] | None]]:
    return [
        [looks(run, Subject(policy, viewer, sight, None), step, bands) for step in stops(run)]
        for policy in run.info["policies"]
    ]


def _measure(run: Run, pair: Pair, unit: str) -> dict[str, Any]:
    entry = BY_NAME[pair[0]]
    return {
        "title": titled(run, *pair),
        "group": entry.title,
        "share": unit == "share",
        "definition": entry.told,
    }


def _interval(answer: Answer, measure: str) -> str:
    if answer.n_seeds < 2 or math.isinf(answer.mean):
        return ""
    return words.interval(answer.low, answer.high, answer.unit, measure=measure)


def _signed(difference: float, unit: str) -> str:
    said = words.number(abs(difference))
    sign = "" if float(said.replace(",", "")) == 0 else "+" if difference > 0 else "−"
    return f"{sign}{said} {unit}".strip()


def _drawn(value: float, unit: str) -> float | None:
    """Return a number as short as a picture needs it."""
    if not math.isfinite(value):
        return None
    return round(value, 4) if unit == "share" else float(f"{value:.3g}")
