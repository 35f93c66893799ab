"""The first screen: the answer in a sentence, a row of cars a policy, and the sentence's numbers in a table under it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from alprsim.measures.glossary import BY_NAME
from alprsim.report.cube import Seeds, change
from alprsim.report.figures import Bands, Pair
from alprsim.report.tables import Cell, Grid, Head
from alprsim.results import words
from alprsim.results.headline import REBUILT, TRIPS, Subject, lookbacks, opening, outlived
from alprsim.results.run import Answer, Run, horizon
from alprsim.results.sensitivity import ANY_AGE, Band
from alprsim.tables import AS_WRITTEN, UNLIMITED

_RULE = "≥ 80 % of the km right and at most 20 % of the claimed wrong"
_SMALL = 0.05
"""Of a share: below it its percentage is told beside so many of ten."""


class Bar(NamedTuple):
    """A row of ten cars on the first screen: the sentence's share in full, trips that were merely detected hatched."""

    name: str
    when: str
    answer: Answer
    detected: Answer | None
    baseline: bool
    band: Band | None
    side: str = ""
    """Its letter, in a comparison."""

    @property
    def said(self) -> str:
        """How many of ten, with the interval."""
        if not self.answer.measured:
            return "not measured"
        value = f"{words.of_ten(self.answer.mean)} of 10"
        if _is_small(self.answer.mean):
            known = words.interval(self.answer.low, self.answer.high, "share") if self.answer.n_seeds > 1 else ""
            return f"{value} ({words.quantity(self.answer.mean, 'share')}{known and ': '}{known})"
        if self.answer.n_seeds < 2:
            return value
        return f"{value} ({words.of_ten(self.answer.low)} to {words.of_ten(self.answer.high)})"

    @property
    def share(self) -> float | None:
        """What is drawn in full; None where it was not measured."""
        return _finite(self.answer.mean)

    @property
    def more(self) -> float | None:
        """What is hatched behind it; None where nothing is."""
        return _finite(self.detected.mean) if self.detected else None

    @property
    def low(self) -> float | None:
        """The interval over seeds."""
        return _finite(self.answer.low)

    @property
    def high(self) -> float | None:
        """See `low`."""
        return _finite(self.answer.high)

    @property
    def band_low(self) -> float | None:
        """The band over assumptions."""
        return _finite(self.band.band_low) if self.band else None

    @property
    def band_high(self) -> float | None:
        """See `band_low`."""
        return _finite(self.band.band_high) if self.band else None

    @property
    def wide(self) -> str:
        """The band over assumptions, of ten."""
        return f"{words.of_ten_range(self.band.band_low, self.band.band_high)} over assumptions" if self.band else ""

    @property
    def beside(self) -> str:
        """How many of ten are detected, where the row is about more."""
        if self.detected is None or not self.detected.measured:
            return ""
        return f"{words.of_ten(self.detected.mean)} detected"


class Opening(NamedTuple):
    """What the page begins with."""

    about: Subject
    pair: Pair
    sentence: str
    why: str
    """Which sight it is and why, where that needs saying."""
    bulk: str
    """What bulk sight detects under each policy, where the sentence is of another."""
    bars: list[Bar]
    numbers: Grid

    @property
    def verb(self) -> str:
        """What becomes of the trips."""
        return "rebuilt" if self.pair == REBUILT else "detected"


def opened(run: Run, seeds: Seeds, bands: Bands) -> Opening:
    """Return the first screen of a run."""
    about, pair = opening(run)
    return Opening(
        about, pair, sentence(run, about, pair), _why(run, about, pair), _in_bulk(run, about),
        list(_bars(run, about, pair, bands)), _numbers(run, about, pair, seeds, bands),
    )  # fmt: skip


def sentence(run: Run, about: Subject, pair: Pair) -> str:
    """Return the page's first sentence: how much a viewer can see in practice, under a limit, and what a limit costs."""
    text = f"{seen(run, about, pair, AS_WRITTEN)} as the baseline “{about.policy}” is practised"
    if about.step is None:
        return (
            text
            + f"{beside(run, about, pair, AS_WRITTEN)}; no limit that was tried is shorter than those {horizon(run)}."
        )
    limited = _ask(run, about, about.policy, about.step, pair)
    text += f", and {of_ten(limited.mean)} under {words.limit(about.step)}{outlived(run, about)}"
    return text + beside(run, about, pair, AS_WRITTEN, about.step) + answered(run, about, about.step)


def seen(run: Run, about: Subject, pair: Pair, step: int) -> str:
    """Say of how many of ten trips a viewer sees what the sentence is about, by which sight, and what that means."""
    can = "can rebuild" if pair == REBUILT else "can detect"
    now = _ask(run, about, about.policy, step, pair)
    small = [words.quantity(now.mean, "share")] if _is_small(now.mean) else []
    sight = "; ".join([*small, f"{words.SIGHTS[about.sight][0]} sight", *([_RULE] if pair == REBUILT else [])])
    return (
        f"In this synthetic model, of every 10 vehicle trips that residents made in the last {horizon(run)}, "
        f"{run.titled(about.viewer)} {can} {words.of_ten(now.mean)} ({sight})"
    )


def answered(run: Run, about: Subject, step: int) -> str:
    """Say what a limit leaves of look-backs by plate, beside what no limit leaves: coverage caps both."""
    limited, unlimited = (
        sorted(answer.mean for answer in lookbacks(run, about, limit).values()) for limit in (step, UNLIMITED)
    )
    if not limited:
        return "."
    without = f" ({words.of_ten_range(unlimited[0], unlimited[-1])} without a limit)" if unlimited else ""
    return (
        f"; of 10 look-backs by plate it would still answer {words.of_ten_range(limited[0], limited[-1])}{without}, over "
        f"{len(limited)} assumed query ages."
    )


def beside(run: Run, about: Subject, pair: Pair, *steps: int) -> str:
    """Say how many trips are merely detected, where the sentence is of more than that."""
    if pair != REBUILT:
        return ""
    found = [_ask(run, about, about.policy, step, TRIPS) for step in steps]
    if not all(answer.measured for answer in found):
        return ""
    return f" (detected, by at least one read: {' and '.join(of_ten(answer.mean) for answer in found)})"


def _why(run: Run, about: Subject, pair: Pair) -> str:
    if pair != REBUILT or about.sight == "bulk":
        return ""
    return (
        f"Under the baseline {run.titled(about.viewer)} holds or searches no department’s reads in bulk: it has to ask for "
        "them plate by plate. So this sentence is of its on-request sight."
    )


def _in_bulk(run: Run, about: Subject) -> str:
    if about.sight == "bulk":
        return ""
    found = {
        policy: _ask(run, about._replace(sight="bulk"), policy, AS_WRITTEN, TRIPS) for policy in run.info["policies"]
    }
    told = [f"“{policy}” {of_ten(answer.mean)}" for policy, answer in found.items() if answer.measured]
    return f"In bulk, without naming a plate, it detects of 10: {', '.join(told)}." if told else ""


def _bars(run: Run, about: Subject, pair: Pair, bands: Bands) -> Iterator[Bar]:
    order = sorted(run.info["policies"], key=lambda policy: policy != about.policy)
    for policy in order:
        base = policy == about.policy
        for step in (AS_WRITTEN,) if about.step is None else (AS_WRITTEN, about.step):
            when = ("as practised" if base else "as written") if step == AS_WRITTEN else f"with {words.limit(step)}"
            detected = _ask(run, about, policy, step, TRIPS) if pair == REBUILT else None
            band = bands.get((policy, about.viewer, about.sight, step, *pair))
            yield Bar(policy, when, _ask(run, about, policy, step, pair), detected, base, band)


# --- the table of the sentence -----------------------------------------------------------------------------------------


def _numbers(run: Run, about: Subject, pair: Pair, seeds: Seeds, bands: Bands) -> Grid:
    """Return the sentence's numbers: as practised, under the limit, their difference, and without a limit."""
    steps = [AS_WRITTEN] + ([] if about.step is None else [about.step])
    steps += [step for step in (UNLIMITED,) if step in run.steps and step not in steps]
    heads = [Head(_titled(step), "" if row else f"baseline “{about.policy}”", "") for row, step in enumerate(steps)]
    if about.step is not None:
        heads.insert(2, Head("Difference", "to the baseline as practised, paired by seed", ""))
    rows = []
    for name, seen, asked in _rows(run, about, pair):
        found = [_ask(run, seen, about.policy, step, asked) for step in steps]
        if any(answer.measured for answer in found):
            cells = [_cell(run, seen, step, asked, a, bands) for step, a in zip(steps, found, strict=True)]
            if about.step is not None:
                case = (about.policy, seen.viewer, seen.sight)
                said, known = change(seeds, (*case, AS_WRITTEN, *asked), (*case, about.step, *asked), "share")
                cells.insert(2, Cell(said.replace("percentage ", ""), known))
            rows.append((name, f"{words.SIGHTS[seen.sight][0]} sight", cells))
    who = run.titled(about.viewer)
    return Grid(f"The numbers of this sentence: {who}", heads, rows, open=True)


def _rows(run: Run, about: Subject, pair: Pair) -> Iterator[tuple[str, Subject, Pair]]:
    yield BY_NAME[pair[0]].title, about, pair
    if pair != TRIPS:
        yield BY_NAME[TRIPS[0]].title, about, TRIPS
        other = about._replace(sight="request" if about.sight == "bulk" else "bulk")
        yield BY_NAME[pair[0]].title, other, pair
        yield BY_NAME[TRIPS[0]].title, other, TRIPS
    for shape in [name for name in run.statistics.get("lookback_plate", []) if words.is_plain(name)]:
        yield f"Look-backs answered, {shape} questions", about, ("lookback_plate", shape)


def _cell(run: Run, about: Subject, step: int, pair: Pair, answer: Answer, bands: Bands) -> Cell:
    if not answer.measured:
        return Cell("not measured")
    known = [words.interval(answer.low, answer.high, "share")] if answer.n_seeds > 1 else []
    error = run.answer(about.policy, about.viewer, about.sight, step, pair[0], f"{pair[1]}_error")
    if error.mean > 0 and answer.n_seeds == 1:
        known.append(f"standard error of the draw {words.quantity(error.mean, 'share')}")
    statistic = ANY_AGE if pair[0] == "lookback_plate" else pair[1]
    band = bands.get((about.policy, about.viewer, about.sight, step, pair[0], statistic))
    if band and statistic != ANY_AGE:
        known.append(f"{words.interval(band.band_low, band.band_high, 'share')} over assumptions")
    return Cell(f"{words.of_ten(answer.mean)} of 10 ({words.quantity(answer.mean, 'share')})", "; ".join(known))


def _titled(step: int) -> str:
    if step == AS_WRITTEN:
        return "As practised"
    return "Without a limit" if step >= UNLIMITED else f"Under {words.limit(step)}"


def _ask(run: Run, about: Subject, policy: str, retention: int, pair: Pair) -> Answer:
    return run.answer(policy, about.viewer, about.sight, retention, *pair)


def of_ten(share: float) -> str:
    """Say a share of ten; with its percentage where ten are too few to tell it."""
    said = words.of_ten(share)
    return f"{said} ({words.quantity(share, 'share')})" if _is_small(share) else said


def _is_small(share: float) -> bool:
    return 0 < share < _SMALL


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
