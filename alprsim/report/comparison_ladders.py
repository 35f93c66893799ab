"""The ladders of a comparison: a line a side under every limit, by policy, viewer, sight and measure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from markupsafe import Markup

from alprsim.measures.glossary import BY_NAME
from alprsim.report import chart, tables
from alprsim.report.answer import line
from alprsim.report.compared import Compared
from alprsim.report.explorer import Choice
from alprsim.report.figures import Figure
from alprsim.results import words
from alprsim.results.run import NOTHING, Run
from alprsim.tables import AS_WRITTEN


class _Drawn(NamedTuple):
    """A line of a ladder: a run's policy."""

    name: str
    run: Run
    policy: str


def ladders(found: Compared) -> tuple[list[Figure], dict[str, list[Choice]]]:
    """Return the ladders of the main measures and what can be chosen: of runs a policy, viewer, sight and measure."""
    first, about = found.sides[0], found.about
    main = [(row["measure"], row["statistic"]) for case in found.cases for row in found.main(*case)]
    asked = list(dict.fromkeys(main))
    policies = _policies(found)
    figures = []
    for (row, (policy, drawn)), (viewer, sight), pair in product(enumerate(policies.items()), found.cases, asked):
        key = f"{row}~{list(first.run.info['viewers']).index(viewer)}~{sight}~{'.'.join(pair)}"
        one = _ladder(found, key, policy, drawn, viewer, sight, pair)
        figures += [one] if one else []
    start = (f"0~{list(first.run.info['viewers']).index(about.viewer)}~{about.sight}~", ".".join(found.pair))
    figures.sort(key=lambda one: one.key != "".join(start))
    parts = [one.key.split("~") for one in figures]
    return figures, {
        "policy": [Choice(str(row), name) for row, name in enumerate(policies)] if len(policies) > 1 else [],
        "viewer": [Choice(str(row), first.run.titled(v)) for row, v in enumerate(first.run.info["viewers"])
                   if any(part[1] == str(row) for part in parts)],
        "sight": [Choice(s, words.SIGHTS[s][0]) for s in words.SIGHTS if any(part[2] == s for part in parts)],
        "measure": [Choice(".".join(pair), found.titled(*pair)) for pair in asked if any(p[3] == ".".join(pair) for p in parts)],
    }  # fmt: skip


def _policies(found: Compared) -> dict[str, list[_Drawn]]:
    """Return the lines of each choice: of runs one for each policy that several of them have; of policies one, for all."""
    first = found.sides[0]
    if not first.several:
        names = dict.fromkeys(side.policy for side in found.sides)
        return {"": [_Drawn(name, first.run, name) for name in names]}
    named = {first.policy: [_Drawn(f"{side.letter} · {side.name}", side.run, side.policy) for side in found.sides]}
    for policy in first.run.info["policies"]:
        have = [side for side in found.sides if policy in side.run.info["policies"]]
        if policy not in named and len(have) > 1:
            named[policy] = [_Drawn(f"{side.letter} · {side.name}", side.run, policy) for side in have]
    return named


def _ladder(
    found: Compared, key: str, policy: str, drawn: Sequence[_Drawn], viewer: str, sight: str, pair: tuple[str, str]
) -> Figure | None:
    first = found.sides[0]
    steps = sorted({step for one in drawn for step in one.run.steps})
    lines = [_line(one, steps, one is drawn[0], viewer, sight, pair) for one in drawn]
    lines = [one for one in lines if any(answer.measured for answer in one.answers)]
    if not lines:
        return None
    unit = next(answer.unit for one in lines for answer in one.answers if answer.measured)
    subject_ = found.who(viewer, sight) + (f", “{policy}”" if policy else "")
    practised = first.run.answer(policy or first.policy, viewer, sight, AS_WRITTEN, *pair)
    limited = first.run.info["horizon_s"] if pair[1].startswith("share_of_horizon") else None
    panel = chart.Panel(found.titled(*pair), subject_, pair[0], unit, steps, lines, practised, limited)
    return Figure(
        key, panel.title, panel.subject, Markup(chart.ladder(panel)), chart.notes(panel), tables.numbers(panel),
        [(one.name, one.baseline) for one in lines], BY_NAME[pair[0]].told,
    )  # fmt: skip


def _line(
    drawn: _Drawn, steps: Sequence[int], baseline: bool, viewer: str, sight: str, pair: tuple[str, str]
) -> chart.Line:
    """Return a run's policy over the steps of all; what it did not try was not measured."""
    own = line(drawn.run, drawn.policy, viewer, sight, *pair)
    known = dict(zip(drawn.run.steps, own.answers, strict=True))
    so_far = {drawn.run.steps[row] for row in own.so_far}
    answers = [known.get(step, NOTHING) for step in steps]
    return chart.Line(drawn.name, answers, baseline, frozenset(row for row, step in enumerate(steps) if step in so_far))
