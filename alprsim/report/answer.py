"""The one figure that answers a scenario's question, beside the table it is drawn from: ``answer.svg``, and on the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from alprsim.report import chart
from alprsim.report._measures import measures
from alprsim.report._measures import notes as of_measures
from alprsim.report._numbers import numbers
from alprsim.report._picture import placed, standalone
from alprsim.report._subsets import subsets
from alprsim.report.tables import Grid
from alprsim.results import answer_table as table
from alprsim.results import words
from alprsim.results.answer_sentence import one, sentence, values, what, who
from alprsim.results.run import Answer, Run

FILE = "answer.svg"
_ROW, _LABEL, _BAR, _TEXT, _EDGE = 27, 232, 560, 90, 890
"""Height of a bar's row; where names end, bars end, room for a bar's value, the right edge."""
_WIDTH = chart.WIDTH + 25
"""Room for the longest name beside a ladder, set bold."""
_WHO = "agencies"


class Shown(NamedTuple):
    """What the page shows first."""

    sentence: str
    title: str
    svg: Markup
    notes: list[str]
    numbers: Grid


def shown(run: Run) -> Shown | None:
    """Return the answer as the page shows it; None where the scenario asks for none."""
    rows = table.table(run)
    if rows is None:
        return None
    asked = run.info["answer"]
    return Shown(
        sentence(run, rows), what(run, asked), Markup(figure(run, rows)), _notes(run, asked, rows), numbers(run, rows)
    )


def figure(run: Run, rows: pd.DataFrame) -> str:
    """Return the figure as SVG that the page's style dresses."""
    asked = run.info["answer"]
    draw: dict[str, Callable[[Run, dict[str, Any], pd.DataFrame], tuple[str, float]]] = {
        "retention": _retention, "policies": _policies, "towns": _towns, "subsets": subsets,
        "measures": measures,
    }  # fmt: skip
    inside, height = draw[asked["over"]](run, asked, rows)
    label = escape(sentence(run, rows), quote=True)
    return f'<svg class="ladder" viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{label}">{inside}</svg>'


def save(run: Run) -> None:
    """Write ``answer.svg`` into the run's folder: the figure with its style, title and sentence, to be shown anywhere."""
    found = shown(run)
    if found is not None:
        (run.folder / FILE).write_text(whole(run, found), "utf-8")


def whole(run: Run, found: Shown) -> str:
    """Return the figure as a picture of its own, with the sentence above it."""
    own = ("retention", "measures")  # their panels have titles of their own
    head = "" if run.info["answer"]["over"] in own else found.title
    return standalone(
        str(found.svg), title=run.info["question"] or run.info["title"], above=[found.sentence], below=found.notes,
        width=_WIDTH, head=head,
    )  # fmt: skip


def line(run: Run, policy: str, viewer: str, sight: str, measure: str, statistic: str) -> chart.Line:
    """Return a policy's answers over the ladder; where more is kept than was simulated, those of the time so far."""
    answers, so_far = [], []
    for row, step in enumerate(run.steps):
        answer = run.answer(policy, viewer, sight, step, measure, statistic)
        if not answer.measured:
            answer = run.answer(policy, viewer, sight, step, measure, statistic + words.SO_FAR)
            so_far += [row] if answer.measured else []
        answers.append(answer)
    return chart.Line(policy, answers, policy == run.info["baseline"], frozenset(so_far))


def _notes(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> list[str]:
    if asked["over"] == "measures":
        return of_measures(asked)
    said = []
    if asked["beside"]:
        said.append(
            "Look-backs: share of look-backs by plate that still find a useful read for the viewer; it follows from the assumed "
            f"age of the question ({', '.join(asked['beside'])})."
        )
    if asked.get("audience"):
        said.append(f"Agencies: how many of this scenario can look at {asked['audience']}’s reads.")
    if asked["over"] == "policies" and any(
        values(rows, measure=asked["measure"])["sight"].isin(["process", "side_door"])
    ):
        said.append(
            "Full bar: on-request sight, which nobody need grant. Pale: what a warrant or a side door adds, as expected value."
        )
    if asked["over"] == "towns":
        said.append(
            "Columns: who opts out. Rows: a town’s residents; their share under the baseline, then its change in points."
        )
    if asked["over"] == "subsets":
        said.append(
            "The best order is the one along which least is seen in all; it need not pass the best choice of each number."
        )
    if asked["over"] == "retention" and max(run.steps) > run.info["horizon_s"]:
        said.append(
            f"Hollow points: the limit is longer than the last {words.duration(run.info['horizon_s'])} asked about."
        )
    return said


# --- the ladder -----------------------------------------------------------------------------------------------------------


def _retention(run: Run, asked: dict[str, Any], _: pd.DataFrame) -> tuple[str, float]:
    viewer, sight = asked["viewer"], asked["sight"]
    lines = [line(run, p, viewer, sight, asked["measure"], asked["statistic"]) for p in run.info["policies"]]
    panels = [_panel(run, asked, what(run, asked), asked["measure"], lines)]
    if asked["beside"]:
        baseline = run.info["baseline"]
        looks = [line(run, baseline, viewer, sight, table.LOOKBACK, shape) for shape in asked["beside"]]
        looks = [one_._replace(name=f"{shape} questions") for one_, shape in zip(looks, asked["beside"], strict=True)]
        panels.append(_panel(run, asked, f"Look-backs by plate answered, “{baseline}”", table.LOOKBACK, looks))
    parts = [
        f'<text class="name base" x="{chart.LEFT}" y="{16 + at}">{escape(panel.title)}; {escape(panel.subject)}</text>'
        + placed(chart.ladder(panel), 0, 22 + at, chart.WIDTH, chart.HEIGHT)
        for at, panel in zip(range(0, 9999, chart.HEIGHT + 30), panels, strict=False)
    ]
    return "".join(parts), len(parts) * (chart.HEIGHT + 30)


def _panel(run: Run, asked: dict[str, Any], title: str, measure: str, lines: Sequence[chart.Line]) -> chart.Panel:
    limit = run.info["horizon_s"] if measure != table.LOOKBACK else None
    nothing = Answer(math.nan, math.nan, math.nan, 0, "", 0)
    subject = who(run, asked["viewer"], asked["sight"])
    return chart.Panel(title, subject, measure, "share", run.steps, lines, nothing, limit)


# --- bars -----------------------------------------------------------------------------------------------------------------


def _policies(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> tuple[str, float]:
    """Draw a block a viewer, a bar a policy; look-backs and the audience as columns of numbers beside them."""
    parts, top = [], 0.0
    largest = values(rows, measure=asked["measure"])["mean"].max()
    scale = chart.Linear(largest, "share").top
    for viewer in asked["viewers"]:
        parts.append(f'<text class="base" x="4" y="{top + 15:.0f}">{escape(who(run, viewer, "request"))}</text>')
        parts.append(_heads(asked, top + 15, audience=viewer == asked["viewers"][0]))
        for policy in run.info["policies"]:
            top += _ROW
            parts.append(_bar(run, asked, rows, viewer, policy, top, scale))
        top += _ROW + 22
    return "".join(parts), top - 6


def _columns(asked: dict[str, Any]) -> list[tuple[str, float]]:
    """Return what stands beside the bars and where: the shapes of query age, then the audience."""
    names = [*asked["beside"], *([_WHO] if asked.get("audience") else [])]
    width = min(80.0, (_EDGE - _BAR - _TEXT) / max(len(names), 1))
    return [(name, _EDGE - width * (len(names) - 1 - row)) for row, name in enumerate(names)]


def _heads(asked: dict[str, Any], y: float, *, audience: bool) -> str:
    said = [
        f'<text class="tick" x="{x:.0f}" y="{y:.0f}" text-anchor="end">{escape(name)}</text>'
        for name, x in _columns(asked)
        if audience or name != _WHO
    ]
    if asked["beside"]:
        first = _columns(asked)[0][1]
        said.append(f'<text class="tick" x="{first - 60:.0f}" y="{y:.0f}" text-anchor="end">look-backs:</text>')
    return "".join(said)


def _bar(
    run: Run, asked: dict[str, Any], rows: pd.DataFrame, viewer: str, policy: str, top: float, scale: float
) -> str:  # fmt: skip
    def x(share: float) -> float:
        return _LABEL + (_BAR - _LABEL) * share / scale

    mine = rows[rows["policy"].eq(policy) & rows["quantity"].eq(table.VALUE)]
    shares = {
        s: one(mine, viewer=viewer, sight=s, measure=asked["measure"]) for s in ("request", "process", "side_door")
    }
    free = shares["request"]
    more = [share for share in (shares["process"], shares["side_door"]) if not math.isnan(share)]
    widest = max([free, *more])
    middle = top + _ROW / 2 + 4
    said = _arrow([free, *more])
    colour = "s0" if policy == run.info["baseline"] else "s5"
    name = policy if len(policy) <= 34 else policy[:33] + "…"
    parts = [
        f'<text class="{"base" if policy == run.info["baseline"] else "name"}" x="{_LABEL - 8}" y="{middle:.0f}" '
        f'text-anchor="end">{escape(name)}</text>',
        f'<g class="{colour}"><title>{escape(f"{policy}: {said}")}</title>',
        f'<rect x="{_LABEL}" y="{top + 5:.0f}" width="{x(widest) - _LABEL:.1f}" height="17" fill="currentColor" opacity=".3"/>',
        f'<rect x="{_LABEL}" y="{top + 5:.0f}" width="{x(free) - _LABEL:.1f}" height="17" fill="currentColor"/></g>',
        f'<text class="tick" x="{x(widest) + 6:.0f}" y="{middle:.0f}">{said}</text>',
    ]
    for column, at in _columns(asked):
        if column == _WHO:
            number = one(mine, viewer=table.EVERYBODY, sight="request")
            text = f"{number:.0f}" if viewer == asked["viewers"][0] else ""
        else:
            text = _looked(mine, viewer, column)
        parts.append(f'<text x="{at:.0f}" y="{middle:.0f}" text-anchor="end">{text}</text>')
    return "".join(parts)


def _looked(mine: pd.DataFrame, viewer: str, shape: str) -> str:
    """Say look-backs answered: on request, and as expected with what hangs on a grant."""
    found = [
        one(mine, viewer=viewer, sight=s, measure=table.LOOKBACK, statistic=shape)
        for s in ("request", "process", "side_door")
    ]
    return _arrow([share for share in found if not math.isnan(share)])


def _arrow(shares: Sequence[float]) -> str:
    """Say a share and what it becomes with a grant, where that can be told apart: "8.4→14 %"."""
    said = list(dict.fromkeys(words.percent(share) for share in shares))
    return f"{'→'.join(said)} %" if said else ""


# --- towns ----------------------------------------------------------------------------------------------------------------


def _towns(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> tuple[str, float]:
    """Draw what each policy changes for each town's residents: a row a town, a column a policy."""
    policies, baseline = run.info["policies"], run.info["baseline"]
    towns = [town["name"] for town in run.info["towns"] if town["listed"]] + ["all"]
    left, top, height = 150, 112, 30
    width = (chart.WIDTH - left - 20) / len(policies)
    changes = values(rows, table.CHANGE)
    largest = max(float(changes["mean"].abs().max()), 1e-9)
    parts = [f'<text class="name base" x="4" y="14">{escape(who(run, asked["viewer"], asked["sight"]))}</text>']
    for column, policy in enumerate(policies):
        x = left + width * (column + 0.5)
        name = f"{policy}: share, %" if policy == baseline else policy
        parts.append(
            f'<text class="{"base" if policy == asked["policy"] else "tick"}" '
            f'transform="translate({x - 4:.0f} {top - 8})rotate(-35)">{escape(name)}</text>'
        )
    for row, town in enumerate(towns):
        y = top + height * row
        name = "all together" if town == "all" else run.place(town)
        own = "base" if town == asked["town"] else "name"
        parts.append(f'<text class="{own}" x="{left - 8}" y="{y + 20}" text-anchor="end">{escape(name)}</text>')
        for column, policy in enumerate(policies):
            told = one(rows, policy=policy, town=town) if policy == baseline else one(
                changes, table.CHANGE, policy=policy, town=town
            )  # fmt: skip
            x = left + width * column
            shade = 0.0 if policy == baseline or math.isnan(told) else abs(told) / largest
            said = f"{words.percent(told)}" if policy == baseline else words.points(told)
            frame = (
                ' stroke="currentColor" stroke-width="2.5"'
                if (town, policy) == (asked["town"], asked["policy"])
                else ""
            )
            parts.append(
                f'<g class="{"s0" if told <= 0 else "s1"}"><rect x="{x + 1:.1f}" y="{y + 1}" width="{width - 2:.1f}" '
                f'height="{height - 2}" fill="currentColor" fill-opacity="{0.55 * shade:.3f}"{frame}/></g>'
                f'<text x="{x + width / 2:.1f}" y="{y + 20}" text-anchor="middle">{said}</text>'
            )
    return "".join(parts), top + height * len(towns) + 8
