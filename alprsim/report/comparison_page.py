"""The page of a comparison: what another policy, limit or world changes, in a sentence, pictures, tables, with its limits."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alprsim.measures.glossary import GLOSSARY
from alprsim.report import (
    chart,
    comparison_cube,
    comparison_explorer,
    comparison_ladders,
    comparison_tables,
    comparison_week,
    differences,
    fitting,
    opening,
    rings,
)
from alprsim.report.compared import Compared
from alprsim.report.explorer import stops
from alprsim.report.page import asset, security, without_folders, zipped
from alprsim.results import comparison, draws, frontier, sensitivity, words
from alprsim.results.headline import REBUILT, TRIPS, Subject, lookbacks
from alprsim.results.run import Answer, Run, horizon
from alprsim.results.sides import ROW, Side
from alprsim.tables import AS_WRITTEN, DAY

SCRIPTS = ("script.js", "week.js", "explorer.js", "comparison.js")
"""Files of the page's one script, as of the page's own."""

_SAID = 4
"""Sides that the sentence has room for, A among them."""

_BESIDE = (opening.drawn, opening.beside)
"""What is said beside A's figure: of how many cars, and what is merely detected."""


class Key(NamedTuple):
    """A key of the scenarios and what each side says."""

    path: str
    values: list[str]


def render(found: Compared, without: frozenset[str] = frozenset()) -> str:
    """Return the page as one HTML document, without some of what ``fitting.LEFT_OUT`` names."""
    environment = _templates()
    asked, measured = comparison_cube.asked(found), set(found.sides[0].run.summary["measure"])
    main = [pair for pair in asked if comparison.is_main(*pair)]
    bands = {id(run): sensitivity.bands(run) for _, run in _runs(found.sides)}
    drawn = comparison_ladders.ladders(found, main if "charts" in without else asked, bands)
    whole = comparison_cube.compared(found, asked, bands, towns="cube" not in without)
    style = "".join(map(asset, ("style.css", "week.css", "comparison.css"))) + stops(whole)
    script = "\n".join(map(asset, SCRIPTS))
    macros = environment.get_template("figures.html.j2").module
    charts = {one.key: macros.figure(one) for one in drawn[1:]}  # type: ignore[attr-defined]
    begun = [
        rings.Chosen(stands["line"], int(stands["step"]), side.letter)
        for stands, side in zip(whole["where"][0][0], found.sides, strict=True)
    ]
    drawn[:1] = [
        one._replace(svg=rings.ringed(one.svg, begun), narrow=rings.ringed(one.narrow, begun)) for one in drawn[:1]
    ]
    rows = list(_bars(found))
    pictures = [(case, both) for case in found.cases if (both := _picture(found, *case))]
    return environment.get_template("comparison.html.j2").render(
        title=title(found.sides),
        sides=found.sides,
        runs=_runs(found.sides),
        labels=_labels(found.sides),
        sentences=sentences(found),
        brief=brief(found),
        rows=rows,
        many=many(found),
        verb="rebuilt" if found.pair == REBUILT else "detected",
        bands=any(bar.band for bar in rows),
        known=any(bar.answer.n_seeds > 1 for bar in rows),
        about=found.about,
        who=found.who(*found.first),
        pictures=[(found.who(*case), [Markup(svg) for svg in both]) for case, both in pictures],
        marks=found.marks,
        tables=comparison_tables.grids(found),
        blind=[found.who(*case) for case in found.blind],
        towns=comparison_tables.towns(found),
        ladders=drawn,
        charts=zipped(json.dumps(charts, ensure_ascii=False)),
        cube=zipped(json.dumps(whole, ensure_ascii=False, separators=(",", ":"))),
        tried=comparison_explorer.begun(found, whole, drawn),
        week=comparison_week.section(found, environment, others="week" not in without),
        keys=_keys(found.sides),
        notes=_notes(found.sides),
        spreads=frontier.spreads(found.sides[0].run),
        remarks=_remarks(found.sides),
        glossary=[entry for entry in GLOSSARY if entry.name in measured],
        csv="" if "csv" in without else zipped(as_csv(found)),
        left_out=fitting.note(without, "All of it is in the tables of the runs."),
        shapes=Markup(chart.SHAPES),
        style=Markup(style),
        script=Markup(script),
        policy=security(style, script),
        words=words,
        horizon=horizon(found.sides[0].run),
        step=found.about.step,
    )


def briefly(found: Compared) -> str:
    """Return the sentence and the subject's grid as HTML, for a notebook."""
    parts = [Markup("<p>{}</p>").format(" ".join(sentences(found)))]
    macros = _templates().get_template("figures.html.j2").module
    parts += [macros.grid(grid, grid.caption) for grid in comparison_tables.grids(found)[:1]]  # type: ignore[attr-defined]
    return "".join([*parts, Markup("<small>{}</small>").format(found.marks.note)])


def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("alprsim.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals["told"] = {entry.title: entry.told for entry in GLOSSARY}
    return environment


def title(sides: Sequence[Side]) -> str:
    """Say what is compared: "What would 21 d change here?" of one policy with one limit, else which sides there are."""
    policies, steps = ({side.policy for side in sides}, [side.retention for side in sides if side.retention >= 0])
    if sides[0].several:
        return f"Compared: {' and '.join(dict.fromkeys(side.name for side in sides))}"
    where = f": {sides[0].run.info['title']}"
    if len(policies) == 1:
        return f"What would {' or '.join(words.limit(step) for step in steps)} change here{where}?"
    return f"What would another policy change here{where}?"


def sentences(found: Compared) -> list[str]:
    """Say in one sentence what each side lays open, then what each other changes of A's and of look-backs; all computed."""
    first, about = found.sides[0], found.about
    sides = found.sides[:_SAID]
    number = many(found)
    each = [_under(found, side, number) for side in sides]
    rest = f"; {len(found.sides) - _SAID} more are below" if len(found.sides) > _SAID else ""
    said = [f"{opening.seen(first.run, about, found.pair, number)} {', '.join(each[:-1])} and {each[-1]}{rest}."]
    said.append(
        f"{opening.means(first.run, about, found.pair)} A, {_named(first)}. "
        f"{' '.join(filter(None, (say(first.run, about, found.pair, number, first.retention) for say in _BESIDE)))}"
        f"{_looked(first, about, number, ' Of {:,} look-backs by plate it can answer {}, over {} assumed query ages.')}"
    )
    for side in sides[1:]:
        beside = opening.beside(side.run, about._replace(policy=side.policy), found.pair, number, side.retention)
        looked = _looked(side, about, number, " Of {:,} look-backs it would answer {}.")
        change = _change(found, side, *found.pair)
        more = opening.granted(side.run, about._replace(policy=side.policy), side.retention, found.pair, number)
        grants = "".join(f" {one[0].upper()}{one[1:]}." for one in more)
        said.append(
            f"{side.letter}, {_named(side)}{_outlives(side, about)}: {change}. {beside}{looked}{grants}".rstrip()
        )
    return said


def brief(found: Compared) -> tuple[str, str]:
    """Say the first sentence for a phone, and what it leaves out."""
    sides, about = found.sides[:_SAID], found.about
    each = [_under(found, side, many(found)) for side in sides]
    more = f" {len(found.sides) - _SAID} more sides are below." if len(found.sides) > _SAID else ""
    said = opening.briefly(about, found.pair, many(found))
    return f"{said} {', '.join(each)}.", f"{opening.model(found.sides[0].run, about)}{more}"


def _under(found: Compared, side: Side, number: int) -> str:
    """Say how many trips a side lays open, and that no grant is counted where one could lay open more."""
    without = opening.ungranted(side.run, found.about._replace(policy=side.policy), side.retention)
    return f"{words.of_many(_first_answer(found, side).mean, number)} under {side.letter}{without}"


def many(found: Compared) -> int:
    """Return of how many trips the sentence tells."""
    return words.many([_first_answer(found, side).mean for side in found.sides])


def _first_answer(found: Compared, side: Side) -> Answer:
    return side.run.answer(side.policy, *found.first, side.retention, *found.pair)


def as_csv(found: Compared) -> str:
    """Return every answer and difference, tidy: a row a (viewer, sight, measure, statistic), and which are marked."""
    wide = found.table.copy()
    for side in found.others:
        keys = [(side.letter, *row) in found.marks.marked for row in wide[ROW].itertuples(index=False, name=None)]
        wide[f"{side.letter} − A marked"] = (
            pd.Series(keys, index=wide.index).map({True: "yes", False: "no"}) if found.marks.known else "not asked"
        )
    told = {
        f"{side.letter} is": f"{side.run.folder.name}, {side.policy}, {_plain_when(side)}, scenario "
        f"{side.run.provenance['scenario_sha256'][:8]}"
        for side in found.sides
    }
    text: str = wide.assign(**told).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return text


# --- the sentence ---------------------------------------------------------------------------------------------------------


def _named(side: Side) -> str:
    return f"{side.name}, {side.when}" if side.several else f"“{side.policy}” {side.when}"


def _plain_when(side: Side) -> str:
    return "as the policy says" if side.retention == AS_WRITTEN else words.duration(side.retention)


def _change(found: Compared, side: Side, measure: str, statistic: str) -> str:
    dot = found.dot(side, *found.first, measure, statistic)
    if math.isnan(dot.mean):
        return "the difference was not measured"
    if dot.mean == dot.low == dot.high == 0 or (dot.mean == 0 and math.isnan(dot.low)):
        return "no difference"
    first, other = (found.drawn_off(one, *found.first, measure, statistic) for one in (found.sides[0], side))
    band = (
        "; ".join(filter(None, ("no interval", draws.said(first, other, "share")))) if math.isnan(dot.low)
        else f"{words.points(dot.low)} to {words.points(dot.high)} over seeds"
    )  # fmt: skip
    return f"{words.points(dot.mean)} percentage points ({band})"


def _looked(side: Side, about: Subject, number: int, text: str) -> str:
    asked = about._replace(policy=side.policy)
    values = sorted(answer.mean for answer in lookbacks(side.run, asked, side.retention).values())
    if not values:
        return ""
    return text.format(number, words.of_many_range(values[0], values[-1], number), len(values))


def _outlives(side: Side, about: Subject) -> str:
    """Say it where copies outlive the limit tried."""
    if side.retention == AS_WRITTEN:
        return ""
    longest = side.run.answer(side.policy, about.viewer, about.sight, side.retention, "effective_retention", "max")
    return " (copies outlive the limit)" if longest.mean * DAY > side.retention * 1.001 else ""


def _bars(found: Compared) -> Iterator[opening.Bar]:
    bands = {id(run): sensitivity.bands(run) for _, run in _runs(found.sides)}
    number = many(found)
    for side in found.sides:
        case = (side.policy, *found.first, side.retention)
        detected = side.run.answer(*case, *TRIPS) if found.pair == REBUILT else None
        band = bands[id(side.run)].get((*case, *found.pair))
        answer, first = _first_answer(found, side), side.letter == "A"
        about = found.about._replace(policy=side.policy)
        more = opening.granted(side.run, about, side.retention, found.pair, number)
        hoped = opening.expected(side.run, about, side.retention)
        yield opening.Bar(side.name, side.when, answer, detected, first, band, number, side.letter, more, hoped)


# --- pictures and tables of differences -----------------------------------------------------------------------------------


def _picture(found: Compared, viewer: str, sight: str) -> list[str]:
    """Draw the differences of the shares that any side has, wide and narrow; empty where there are none."""
    rows = [row for row in found.main(viewer, sight) if row["unit"] == "share"]
    rows = [row for row in rows if found.sees([row]) and _is_known(found, row)]
    if not rows:
        return []
    groups = [
        differences.Group(
            found.titled(row["measure"], row["statistic"]),
            [found.dot(side, viewer, sight, row["measure"], row["statistic"]) for side in found.others],
        )
        for row in rows
    ]  # fmt: skip
    about = f"Differences to A in percentage points; {found.who(viewer, sight)}."
    return [differences.draw(groups, about, narrow=narrow) for narrow in (False, True)]


def _is_known(found: Compared, row: dict[str, Any]) -> bool:
    return any(not math.isnan(row[f"{side.letter} − A"]) for side in found.others)


# --- what differs, and what it all rests on -------------------------------------------------------------------------------


def _runs(sides: Sequence[Side]) -> list[tuple[str, Run]]:
    """Return each run once, with the letters of its sides."""
    runs: dict[int, tuple[list[str], Run]] = {}
    for side in sides:
        runs.setdefault(id(side.run), ([], side.run))[0].append(side.letter)
    return [(", ".join(letters), run) for letters, run in runs.values()]


def _labels(sides: Sequence[Side]) -> list[str]:
    """Return what the figures rest on; seeds where they are shared."""
    said: dict[str, None] = {}
    for side in sides:
        of = side.run.info["labels"]
        said |= dict.fromkeys((f"{of['streets']} streets", f"{of['cameras']} cameras", of["calibration"]))
    counts = {len(side.run.provenance["seeds"]) for side in sides}
    seeds = [f"{count} seed{'s' if count > 1 else ': no interval'}" for count in sorted(counts)]
    return [*said, *seeds]


def _keys(sides: Sequence[Side]) -> list[Key]:
    """Return the keys in which any side differs from A: of scenarios, or of the policies of one."""
    told = [_told(side) for side in sides]
    differ = [{path: (a, b) for path, a, b in comparison.changes(told[0], other)} for other in told[1:]]
    first = {path: a for of in differ for path, (a, _) in of.items()}
    return [
        Key(path, [comparison.brief(a), *(comparison.brief(of.get(path, (a, a))[1]) for of in differ)])
        for path, a in first.items()
    ]


def _told(side: Side) -> Any:
    scenario = yaml.safe_load(without_folders(side.run.scenario_text))
    if side.several:
        return scenario
    policy = (scenario.get("policies") or {}).get(side.policy)
    return {"policy": policy or {}, "limit tried": _plain_when(side)}


def _remarks(sides: Sequence[Side]) -> list[str]:
    """Return the runs' own notes, each once, with the runs that it is not of all of."""
    runs = _runs(sides)
    said: dict[str, list[str]] = {}
    for letters, run in runs:
        for note in run.info["notes"]:
            said.setdefault(note, []).append(letters)
    return [note if len(of) == len(runs) else f"{', '.join(of)}: {note}" for note, of in said.items()]


def _notes(sides: Sequence[Side]) -> list[str]:
    """Return what must be known before comparing: other seeds, other horizons."""
    first = sides[0].run
    if not sides[0].several:
        return [
            "Every policy and limit is asked of the same simulated reads: two sides differ by that and by nothing else."
        ]
    said = [note for side in sides[1:] for note in comparison.notes(side.letter, first, side.run)]
    return [f"{note}." for note in said if "ran different scenarios" not in note]
