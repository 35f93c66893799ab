"""The five numbers that matter, each in a plain sentence that names whose sight it is about."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from alprsim.results import words
from alprsim.results.run import NOTHING, Answer, Run, horizon
from alprsim.tables import AS_WRITTEN, DAY

_PREFERRED, _LONGEST = 21 * 86_400, 30 * 86_400
"""The limit the headline compares with: Connecticut's 21 days (PA 26-14, as reported), or the nearest step up to 30 d."""


class Subject(NamedTuple):
    """Whom the headline is about and what it compares: `step` is None where the ladder has no limit that could matter."""

    policy: str
    viewer: str
    sight: str
    step: int | None


TRIPS = ("trips_detected", "share_of_horizon_pooled")
"""Trips over trips, as "of every 10 trips" says; not the mean of each vehicle's own share."""

REBUILT = ("trips_rebuilt", "share_of_horizon_pooled")
"""Trips rebuilt by the quickest ways; measured where a scenario asks for the family ``paths``."""


def subject(run: Run) -> Subject:
    """Choose the baseline, the onlooker's widest sight, and the step nearest 21 d among those below 30 d and the horizon."""
    viewer = run.onlooker
    sights = {key[2] for key in run.answers if key[1] == viewer}
    sight = next((name for name in ("request", "bulk") if name in sights), "request")
    steps = [step for step in run.steps if step <= _LONGEST and step < run.info["horizon_s"]]
    nearest = min(steps, key=lambda step: abs(math.log(max(step, 1) / _PREFERRED)), default=None)
    return Subject(run.info["baseline"], viewer, sight, nearest)


def opening(run: Run) -> tuple[Subject, tuple[str, str]]:
    """Return what the page's first sentence is about: trips rebuilt where they were measured, else trips detected.

    Rebuilt trips are told by bulk sight where the baseline gives the onlooker any department's reads in bulk, else by the
    sight by which it has them: bulk sight would then be of private cameras alone, on which no limit here bears.
    """
    about = subject(run)
    reach = {
        sight: run.answer(about.policy, about.viewer, sight, AS_WRITTEN, "effective_retention", "max").mean
        for sight in ("bulk", "request")
    }
    for sight in ("bulk", "request") if reach["bulk"] > 0 else ("request", "bulk"):
        if run.answer(about.policy, about.viewer, sight, AS_WRITTEN, *REBUILT).measured:
            return about._replace(sight=sight), REBUILT
    return about, TRIPS


def headline(run: Run) -> list[dict[str, Any]]:
    """Return five numbers as {name, viewer, sight, value, low, high, unbounded, unit, text}; None is not measured.

    trips_as_practised, trips_with_limit: share of all trips in the last T with a read that the viewer can obtain, under the
    baseline as written and with a limit (the ladder's step nearest 21 d). retention: how long the viewer can obtain
    some department’s reads. identity: whether homes show, else the share that 4 sightings single out. lookbacks: low
    and high are the range over the assumed query ages; elsewhere they are the interval over seeds, and one seed has none.
    """
    about = subject(run)
    return [_trips(run, about, AS_WRITTEN), _trips(run, about, about.step), _lives(run, about), _identity(run, about),
            _lookbacks(run, about)]  # fmt: skip


def lookbacks(run: Run, about: Subject, retention: int) -> dict[str, Answer]:
    """Return the share of look-backs by plate still answered, by query-age shape."""
    shapes = [name for name in run.statistics.get("lookback_plate", []) if words.is_plain(name)]
    found = {shape: _ask(run, about, retention, "lookback_plate", shape) for shape in shapes}
    return {shape: answer for shape, answer in found.items() if answer.measured}


def outlived(run: Run, about: Subject) -> str:
    """Say it if what the viewer can reach outlives the limit that the headline tries; else say nothing."""
    if about.step is None:
        return ""
    longest = _ask(run, about, about.step, "effective_retention", "max")
    return ", which copies outlive" if longest.mean * DAY > about.step * 1.001 else ""


def _trips(run: Run, about: Subject, retention: int | None) -> dict[str, Any]:
    name = "trips_as_practised" if retention == AS_WRITTEN else "trips_with_limit"
    when = f"as “{about.policy}” is practised" if retention == AS_WRITTEN else ""
    if retention is None:
        text = f"No limit on the ladder is shorter than the {horizon(run)} the question looks back over."
        return _row(name, about, NOTHING, text)
    answer = _ask(run, about, retention, *TRIPS)
    when = when or f"under {words.limit(retention)}{outlived(run, about)} (“{about.policy}”)"
    text = (
        f"Of every 10 vehicle trips in the last {horizon(run)}, {_who(run, about)} can detect "
        f"{words.of_ten(answer.mean)} {when}; {_band(answer)}."
    )
    return _row(name, about, answer, text)


def _lives(run: Run, about: Subject) -> dict[str, Any]:
    answer = _ask(run, about, AS_WRITTEN, "effective_retention", "max")
    said = words.quantity(answer.mean, "d", measure="effective_retention")
    text = f"{_who(run, about)} can reach some department’s reads for {said} as “{about.policy}” is practised."
    if math.isinf(answer.mean):
        text = f"{_who(run, about)} can reach some department’s reads without end as “{about.policy}” is practised."
    return _row("retention", about, answer, text)


def _identity(run: Run, about: Subject) -> dict[str, Any]:
    """Take what was measured by the subject's sight: of homes, else of unicity; as written, else limited, else so far."""
    for sight in (about.sight, "bulk"):
        for ending, retention in (("", AS_WRITTEN), ("", about.step), (words.SO_FAR, AS_WRITTEN)):
            for measure, start in (("home_found", "within_"), ("unicity", "p4")):
                seen = about._replace(sight=sight)
                name, answer = _first(run, seen, retention, measure, start, ending)
                if answer.measured:
                    return _row("identity", seen, answer, _identity_text(run, seen, retention, name, answer))
    text = f"Whether homes show, or few sightings single a car out, was not measured: {_who(run, about)}"
    return _row("identity", about, NOTHING, text.rstrip(",") + ".")


def _identity_text(run: Run, about: Subject, retention: int | None, name: str, answer: Answer) -> str:
    when = "as it is practised" if retention == AS_WRITTEN else f"under {words.limit(retention or 0)}"
    if name.endswith(words.SO_FAR):
        when += f", from the {words.elapsed(run.info['moments_s'])} simulated by then"
    if name.startswith("within_"):
        near = words.statistic(name.removesuffix(words.SO_FAR), run.info["horizon_s"])
        return (
            f"For {words.percent(answer.mean)} % of residents’ cars {_who(run, about)} can place the home {near} of where it "
            f"is, from reads alone, “{about.policy}” {when}; {_band_percent(answer)}."
        )
    cell = words.bins(run.info.get("unicity_bin_s"))
    cell = f" ({cell})" if cell else ""
    return (
        f"Four sightings{cell} single out {words.of_ten(answer.mean)} of 10 cars in what {_who(run, about)} holds, "
        f"“{about.policy}” {when}; {_band(answer)}."
    )


def _lookbacks(run: Run, about: Subject) -> dict[str, Any]:
    retention = AS_WRITTEN if about.step is None else about.step
    answers = sorted(lookbacks(run, about, retention).values())
    if not answers:
        text = f"Look-backs still answered were not measured for {_who(run, about)} under {words.limit(retention)}."
        return _row("lookbacks", about, NOTHING, text)
    low, high = answers[0].mean, answers[-1].mean
    text = (
        f"Look-backs by plate that still find a read for {_who(run, about)} under {words.limit(retention)}: "
        f"{words.of_ten_range(low, high)} of 10 over {len(answers)} assumed query ages."
    )
    middle = answers[len(answers) // 2]
    return _row("lookbacks", about, middle._replace(low=low, high=high), text)


def _ask(run: Run, about: Subject, retention: int, measure: str, statistic: str) -> Answer:
    return run.answer(about.policy, about.viewer, about.sight, retention, measure, statistic)


def _first(
    run: Run, about: Subject, retention: int | None, measure: str, start: str, ending: str
) -> tuple[str, Answer]:
    """Return the first plain statistic of a measure that starts so, with this ending, as the run lists them."""
    if retention is None:
        return "", NOTHING
    names = [name for name in run.statistics.get(measure, []) if words.starts(name, start) and words.is_plain(name)]
    return next(((name + ending, _ask(run, about, retention, measure, name + ending)) for name in names), ("", NOTHING))


def _who(run: Run, about: Subject) -> str:
    return f"{run.titled(about.viewer)}, {words.SIGHTS[about.sight][0]} sight,"


def _band(answer: Answer) -> str:
    if answer.n_seeds < 2 or math.isnan(answer.low):
        return "one seed, no interval" if answer.n_seeds == 1 else "no interval"
    low, high = words.of_ten(answer.low), words.of_ten(answer.high)
    return f"{low} to {high}, 95 % t-interval of the mean over {answer.n_seeds} seeds"


def _band_percent(answer: Answer) -> str:
    if answer.n_seeds < 2 or math.isnan(answer.low):
        return _band(answer)
    return (
        f"{words.interval(answer.low, answer.high, 'share')}, 95 % t-interval of the mean over {answer.n_seeds} seeds"
    )


def _row(name: str, about: Subject, answer: Answer, text: str) -> dict[str, Any]:
    value, low, high = (None if not math.isfinite(v) else v for v in (answer.mean, answer.low, answer.high))
    return {
        "name": name,
        "viewer": about.viewer,
        "sight": about.sight,
        "value": value,
        "low": low,
        "high": high,
        "unbounded": math.isinf(answer.mean),
        "unit": answer.unit,
        "text": text,
    }
