"""The ladders of a comparison: a line a policy or run, which ends in the letters of its sides, under every limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

from markupsafe import Markup

from alprsim.measures.glossary import BY_NAME
from alprsim.report import chart, tables
from alprsim.report.answer import line
from alprsim.report.compared import Compared
from alprsim.report.figures import NO_BAND, Bands, Figure, Pair, over_assumptions, uncounted
from alprsim.results.run import NOTHING, Run
from alprsim.results.sides import Side
from alprsim.tables import AS_WRITTEN


class Drawn(NamedTuple):
    """A line of a ladder: a run's policy, for the sides that are points of it."""

    name: str
    run: Run
    policy: str
    row: int
    """Of its colour and shape: its first side's."""


def ladders(found: Compared, pairs: Sequence[Pair], bands: Mapping[int, Bands]) -> list[Figure]:
    """Return a ladder for each policy that is chosen, viewer, sight and measure, the one that it begins with first.

    A key is those four: the policy by its row in ``found.choices``, the viewer by its row in the first run's. ``bands`` are
    those over assumptions, of each run by its ``id``.
    """
    viewers = list(found.sides[0].run.info["viewers"])
    figures = []
    for row, (viewer, sight), pair in product(range(len(found.choices)), found.cases, pairs):
        key = f"{row}~{viewers.index(viewer)}~{sight}~{'.'.join(pair)}"
        one = _ladder(found, key, found.choices[row], lines(found, row), (viewer, sight, pair), bands)
        figures += [one] if one else []
    start = f"0~{viewers.index(found.about.viewer)}~{found.about.sight}~{'.'.join(found.pair)}"
    return sorted(figures, key=lambda one: one.key != start)


def lines(found: Compared, choice: int) -> list[Drawn]:
    """Return the lines of a choice: of runs one for each that has the policy; of policies one for all their limits."""
    first = found.sides[0]
    if first.several:
        asked = [(side, found.policy(side, choice)) for side in found.sides]
        return [Drawn(line_name([side]), side.run, policy, found.row(side)) for side, policy in asked if policy]
    of: dict[str, list[Side]] = {}
    for side in found.sides:
        of.setdefault(side.policy, []).append(side)
    return [Drawn(line_name(sides), first.run, policy, found.row(sides[0])) for policy, sides in of.items()]


def line_name(sides: Sequence[Side]) -> str:
    """Return what a line ends in: the letters of its sides, and their policy or run."""
    return f"{', '.join(side.letter for side in sides)} · {sides[0].name}"


def _ladder(
    found: Compared,
    key: str,
    policy: str,
    drawn: Sequence[Drawn],
    asked: tuple[str, str, Pair],
    bands: Mapping[int, Bands],
) -> Figure | None:
    viewer, sight, pair = asked
    first = found.sides[0]
    steps = sorted({step for one in drawn for step in one.run.steps})
    found_lines = [_line(one, steps, one is drawn[0], asked, bands[id(one.run)]) for one in drawn]
    found_lines = [one for one in found_lines if any(answer.measured for answer in one.answers)]
    if not found_lines:
        return None
    unit = next(answer.unit for one in found_lines for answer in one.answers if answer.measured)
    subject_ = found.who(viewer, sight) + (f", “{policy}”" if policy else "")
    practised = first.run.answer(policy or first.policy, viewer, sight, AS_WRITTEN, *pair)
    limited = first.run.info["horizon_s"] if pair[1].startswith("share_of_horizon") else None
    panel = chart.Panel(found.titled(*pair), subject_, pair[0], unit, steps, found_lines, practised, limited)
    runs = {id(one.run): one.run for one in drawn}.values()
    more = dict.fromkeys(note for run in runs for note in uncounted(run, viewer, sight, pair))
    notes = [*chart.notes(panel), *more]
    return Figure(
        key, panel.title, panel.subject, Markup(chart.ladder(panel)), Markup(chart.narrow(panel)), notes,
        tables.numbers(panel), [(one.name, one.baseline, row) for row, one in chart.dressed(found_lines)], BY_NAME[pair[0]].told,
    )  # fmt: skip


def _line(drawn: Drawn, steps: Sequence[int], baseline: bool, asked: tuple[str, str, Pair], bands: Bands) -> chart.Line:
    """Return a run's policy over the steps of all; what it did not try was not measured."""
    viewer, sight, pair = asked
    own = line(drawn.run, drawn.policy, viewer, sight, *pair)
    known = dict(zip(drawn.run.steps, own.answers, strict=True))
    so_far = {drawn.run.steps[row] for row in own.so_far}
    answers = [known.get(step, NOTHING) for step in steps]
    practised = drawn.run.answer(drawn.policy, viewer, sight, AS_WRITTEN, *pair)
    rows = frozenset(row for row, step in enumerate(steps) if step in so_far)
    wide = [over_assumptions(bands, (drawn.policy, viewer, sight, step, *pair)) for step in steps]
    own_wide = over_assumptions(bands, (drawn.policy, viewer, sight, AS_WRITTEN, *pair))
    known_wide = [band or NO_BAND for band in wide] if any(wide) else ()
    return chart.Line(drawn.name, answers, baseline, rows, practised, known_wide, own_wide, drawn.row)
