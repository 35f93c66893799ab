"""The first screen: the answer in a sentence, a row of cars a policy, and the sentence's numbers in a table under it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alprsim.measures.glossary import BY_NAME
from alprsim.report.cube import Seeds, change
from alprsim.report.figures import Bands, Pair
from alprsim.report.tables import Cell, Grid, Head
from alprsim.results import draws, words
from alprsim.results.headline import REBUILT, TRIPS, Subject, lookbacks, opening, outlived
from alprsim.results.run import Answer, Run, horizon
from alprsim.results.sensitivity import ANY_AGE, Band
from alprsim.tables import AS_WRITTEN, UNLIMITED

_RULE = "≥ 80 % of their km on the simulated streets right and at most 20 % of the claimed wrong"


class Bar(NamedTuple):
    """A row of ten cars, or of small shares a thousand dots: the sentence's share in full, trips merely detected hatched."""

    name: str
    when: str
    answer: Answer
    detected: Answer | None
    baseline: bool
    band: Band | None
    many: int
    """Of how many it is told."""
    side: str = ""
    """Its letter, in a comparison."""
    granted: Sequence[str] = ()
    """What a grant that this sight does not count adds, as expected value."""
    expected: float | None = None
    """The trips detected by such a grant, a share: drawn thin."""

    @property
    def said(self) -> str:
        """How many of ten or more, with the interval."""
        if not self.answer.measured:
            return "not measured"
        value = of(self.answer.mean, self.many)
        if self.answer.n_seeds < 2:
            return value
        low, high = (words.of_many(end, self.many) for end in (self.answer.low, self.answer.high))
        return f"{value} ({low} to {high})"

    @property
    def dots(self) -> tuple[int, int]:
        """Of a thousand dots those in full, and those that stand for trips merely detected; one at the least for any."""
        return tuple(dots(share) for share in (self.share, self.more))  # type: ignore[return-value]

    @property
    def hoped(self) -> int:
        """Of a thousand dots those that stand for trips detected by a grant."""
        return dots(self.expected)

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
        """The band over assumptions, of as many."""
        if self.band is None:
            return ""
        low, high = (words.of_many(end, self.many) for end in (self.band.band_low, self.band.band_high))
        return f"{low if low == high else f'{low} to {high}'} over assumptions"

    @property
    def beside(self) -> str:
        """How many of ten are detected, where the row is about more."""
        if self.detected is None or not self.detected.measured:
            return ""
        return f"{words.of_many(self.detected.mean, self.many)} detected"


class Opening(NamedTuple):
    """What the page begins with."""

    about: Subject
    pair: Pair
    sentence: str
    brief: str
    """The sentence's first half for a phone."""
    more: str
    """What that leaves out."""
    rests: list[str]
    """What the sentence's words mean, and what it leaves out."""
    many: int
    """Of how many trips it tells."""
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
        about, pair, sentence(run, about, pair), *brief(run, about, pair), _rests(run, about, pair),
        _many(run, about, pair), _why(run, about, pair), _in_bulk(run, about, pair), list(_bars(run, about, pair, bands)),
        _numbers(run, about, pair, seeds, bands),
    )  # fmt: skip


def sentence(run: Run, about: Subject, pair: Pair) -> str:
    """Return the page's first sentence: how much a viewer can see in practice, under a limit, and what a limit costs."""
    number = _many(run, about, pair)
    now, *limited = (words.of_many(answer.mean, number) for answer in _asked(run, about, pair))
    text = f"{seen(run, about, pair, number)} {now} as practised"
    if not limited:
        return f"{text}; no limit that was tried is shorter than the {horizon(run)} looked back over."
    text += f", and {limited[0]} under {words.limit(about.step or 0)}{outlived(run, about)}."
    return f"{text} {_still(run, about, number)}".rstrip()


def brief(run: Run, about: Subject, pair: Pair) -> tuple[str, str]:
    """Say the first sentence for a phone, three lines long, and what it leaves out."""
    number = _many(run, about, pair)
    now, *limited = (words.of_many(answer.mean, number) for answer in _asked(run, about, pair))
    text = f"{briefly(about, pair, number)} {now} as practised"
    if not limited:
        return (
            f"{text}.",
            f"{model(run, about)} No limit that was tried is shorter than the {horizon(run)} looked back over.",
        )
    more = " Copies outlive that limit." if outlived(run, about) else ""
    return (
        f"{text}, {limited[0]} under {words.limit(about.step or 0)}.",
        f"{model(run, about)}{more} {_still(run, about, number)}",
    )


def _still(run: Run, about: Subject, number: int) -> str:
    left = sorted(answer.mean for answer in lookbacks(run, about, about.step or 0).values())
    said = words.of_many_range(left[0], left[-1], number) if left else ""
    return f"Of {number:,} look-backs by plate it would still answer {said}." if left else ""


def briefly(about: Subject, pair: Pair, number: int) -> str:
    """Begin `seen` for a phone; `model` says the rest of it."""
    return f"Of every {number:,} vehicle trips {about.viewer} can {'rebuild' if pair == REBUILT else 'detect'}"


def model(run: Run, about: Subject) -> str:
    """Say whose eyes they are, and that it is a model's answer."""
    titled = run.titled(about.viewer)
    return "In this synthetic model." if titled == about.viewer else f"In this synthetic model; {titled}."


def seen(run: Run, about: Subject, pair: Pair, number: int) -> str:
    """Begin a sentence on how many of a number of trips a viewer sees."""
    can = "can rebuild" if pair == REBUILT else "can detect"
    return f"In this synthetic model, of every {number:,} vehicle trips {run.titled(about.viewer)} {can}"


def means(run: Run, about: Subject, pair: Pair) -> str:
    """Say what the trips of the sentence are, by which sight they are seen, and what of them."""
    what = f"rebuilt: {_RULE}" if pair == REBUILT else "detected: at least one read, not rebuilt"
    asked = "" if about.sight == "bulk" else ", should it ask for every plate"
    return f"Trips: those that residents made in the last {horizon(run)}; {words.SIGHTS[about.sight][0]} sight{asked}; {what}."


def drawn(run: Run, about: Subject, pair: Pair, number: int, *steps: int) -> str:
    """Say of how many cars a sentence on ways is, and of one seed how far off that draw may be, of a number of trips."""
    name, statistic = pair
    found = [_ask(run, about, about.policy, step, pair) for step in steps]
    off = [_ask(run, about, about.policy, step, (name, f"{statistic}_error")) for step in steps]
    if not all(answer.measured for answer in (*found, *off)):
        return ""
    text = f"Of cars drawn out of all: n = {found[0].n:,} (cars × moments looked back from"
    told = " and ".join(f"{number * answer.mean:.1g}" for answer in off)
    return f"{text})." if found[0].n_seeds > 1 else f"{text}); standard error of the draw {told} of {number:,}."


def beside(run: Run, about: Subject, pair: Pair, number: int, *steps: int) -> str:
    """Say how many of a number of trips are merely detected, where the sentence is of more than that."""
    if pair != REBUILT:
        return ""
    found = [_ask(run, about, about.policy, step, TRIPS) for step in steps]
    if not all(answer.measured for answer in found):
        return ""
    told = " and ".join(words.of_many(answer.mean, number) for answer in found)
    return f"Detected, by at least one read: {told} of {number:,}."


def _rests(run: Run, about: Subject, pair: Pair) -> list[str]:
    steps = [AS_WRITTEN] + ([] if about.step is None else [about.step])
    number = _many(run, about, pair)
    told = [
        means(run, about, pair),
        drawn(run, about, pair, number, *steps),
        beside(run, about, pair, number, *steps),
        f"As practised: the baseline, “{about.policy}”.",
    ]
    left = [] if about.step is None else lookbacks(run, about, about.step)
    if left:
        whole = sorted(answer.mean for answer in lookbacks(run, about, UNLIMITED).values())
        without = f"; without a limit {words.of_many_range(whole[0], whole[-1], number)}" if whole else ""
        told.append(
            "Look-backs: some time after an incident its car’s plate is asked for, and a read near it is still there; over "
            f"{len(left)} assumed query ages (how long after){without}."
        )
    return [text for text in told if text]


def _asked(run: Run, about: Subject, pair: Pair) -> list[Answer]:
    steps = (AS_WRITTEN,) if about.step is None else (AS_WRITTEN, about.step)
    return [_ask(run, about, about.policy, step, pair) for step in steps]


def _many(run: Run, about: Subject, pair: Pair) -> int:
    return words.many([answer.mean for answer in _asked(run, about, pair)])


def _why(run: Run, about: Subject, pair: Pair) -> str:
    if pair != REBUILT or about.sight == "bulk":
        return ""
    return (
        f"Under the baseline {run.titled(about.viewer)} holds or searches no department’s reads in bulk: it has to ask for "
        "them plate by plate. So this sentence is of its on-request sight."
    )


def _in_bulk(run: Run, about: Subject, pair: Pair) -> str:
    if about.sight == "bulk":
        return ""
    found = {
        policy: _ask(run, about._replace(sight="bulk"), policy, AS_WRITTEN, TRIPS) for policy in run.info["policies"]
    }
    number = _many(run, about, pair)
    told = [f"“{policy}” {words.of_many(one.mean, number)}" for policy, one in found.items() if one.measured]
    return f"In bulk, without naming a plate, it detects of {number:,}: {', '.join(told)}." if told else ""


def _bars(run: Run, about: Subject, pair: Pair, bands: Bands) -> Iterator[Bar]:
    order = sorted(run.info["policies"], key=lambda policy: policy != about.policy)
    number = _many(run, about, pair)
    for policy in order:
        base = policy == about.policy
        for step in (AS_WRITTEN,) if about.step is None else (AS_WRITTEN, about.step):
            when = ("as practised" if base else "as written") if step == AS_WRITTEN else f"with {words.limit(step)}"
            detected = _ask(run, about, policy, step, TRIPS) if pair == REBUILT else None
            band = bands.get((policy, about.viewer, about.sight, step, *pair))
            mine = about._replace(policy=policy)
            more = granted(run, mine, step, pair, number)
            yield Bar(
                policy, when, _ask(run, about, policy, step, pair), detected, base, band, number, "", more,
                expected(run, mine, step),
            )  # fmt: skip


GRANTS = (
    ("process", "with a warrant", "without a warrant"),
    ("side_door", "through a partner", "without a partner’s search"),
)
"""Sights that hang on somebody's consent, how they are said, and what is said of the others."""


def expected(run: Run, about: Subject, step: int) -> float | None:
    """Return the most trips detected, a share, by a sight that hangs on a grant, as expected value; None where there is none."""
    asked = [_ask(run, about._replace(sight=sight), about.policy, step, TRIPS) for sight, *_ in GRANTS]
    return max((one.mean for one in asked if one.measured), default=None)


def ungranted(run: Run, about: Subject, step: int) -> str:
    """Say that a figure counts no grant, where some policy's viewer may get one: " without a warrant"."""
    found = [
        without
        for sight, _, without in GRANTS
        if _ask(run, about._replace(sight=sight), about.policy, step, TRIPS).measured
    ]
    return f" {' or '.join(found)}" if found and about.sight not in [sight for sight, *_ in GRANTS] else ""


def granted(run: Run, about: Subject, step: int, pair: Pair, number: int) -> list[str]:
    """Say what a policy's warrants, or a partner's searches, would add to a figure of bulk or on-request sight."""
    said = []
    for sight, how, _ in GRANTS:
        mine = about._replace(sight=sight)
        found = _ask(run, mine, about.policy, step, pair)
        if sight != about.sight and found.measured:
            seen = _ask(run, mine, about.policy, step, TRIPS)
            more = f", {words.of_many(seen.mean, number)} detected" if pair == REBUILT and seen.measured else ""
            left = sorted(answer.mean for answer in lookbacks(run, mine, step).values())
            more += f", look-backs {words.of_many_range(left[0], left[-1], number)}" if left else ""
            said.append(f"{how}, expected: {words.of_many(found.mean, number)}{more}")
    return said


# --- the table of the sentence -----------------------------------------------------------------------------------------


def _numbers(run: Run, about: Subject, pair: Pair, seeds: Seeds, bands: Bands) -> Grid:
    """Return the sentence's numbers: as practised, under the limit, their difference, and without a limit."""
    steps = [AS_WRITTEN] + ([] if about.step is None else [about.step])
    steps += [step for step in (UNLIMITED,) if step in run.steps and step not in steps]
    heads = [Head(_titled(step), "" if row else f"baseline “{about.policy}”", "") for row, step in enumerate(steps)]
    if about.step is not None:
        heads.insert(2, Head("Difference", "to the baseline as practised, paired by seed", ""))
    rows, number = [], _many(run, about, pair)
    for name, seen, asked in _rows(run, about, pair):
        found = [_ask(run, seen, about.policy, step, asked) for step in steps]
        if any(answer.mean > 0 for answer in found) or (seen == about and any(answer.measured for answer in found)):
            cells = [_cell(run, seen, step, asked, a, number, bands) for step, a in zip(steps, found, strict=True)]
            if about.step is not None:
                case = (about.policy, seen.viewer, seen.sight)
                said, known = change(
                    seeds, (*case, AS_WRITTEN, *asked), (*case, about.step, *asked), "share", draws.most
                )
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


def _cell(run: Run, about: Subject, step: int, pair: Pair, answer: Answer, number: int, bands: Bands) -> Cell:
    if not answer.measured:
        return Cell("not measured")
    known = [words.interval(answer.low, answer.high, "share")] if answer.n_seeds > 1 else []
    error = run.answer(about.policy, about.viewer, about.sight, step, pair[0], f"{pair[1]}_error")
    if error.mean > 0 and answer.n_seeds == 1:
        known.append(draws.own(error.mean, "share"))
    statistic = ANY_AGE if pair[0] == "lookback_plate" else pair[1]
    band = bands.get((about.policy, about.viewer, about.sight, step, pair[0], statistic))
    if band and statistic != ANY_AGE:
        known.append(f"{words.interval(band.band_low, band.band_high, 'share')} over assumptions")
    return Cell(f"{of(answer.mean, number)} ({words.quantity(answer.mean, 'share')})", "; ".join(known))


def _titled(step: int) -> str:
    if step == AS_WRITTEN:
        return "As practised"
    return "Without a limit" if step >= UNLIMITED else f"Under {words.limit(step)}"


def _ask(run: Run, about: Subject, policy: str, retention: int, pair: Pair) -> Answer:
    return run.answer(policy, about.viewer, about.sight, retention, *pair)


def of(share: float, number: int) -> str:
    """Say a share of a number: "6.2 of 10", "4 of 1,000"."""
    return f"{words.of_many(share, number)} of {number:,}"


def dots(share: float | None) -> int:
    """Return how many of a thousand dots stand for a share: one at the least, if there is any."""
    return max(round(1000 * share), 1) if share else 0


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
