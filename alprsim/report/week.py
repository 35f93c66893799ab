"""One synthetic car's week: where it went, which reads a viewer holds of it, and what is drawn from them, on a map."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from alprsim.report import _week_calendar, _week_map, street_map
from alprsim.results import words
from alprsim.results.headline import Subject
from alprsim.results.run import ResultError, Run
from alprsim.tables import AS_WRITTEN, DAY, DAY_STARTS, PlaceKind, Purpose

TABLES = ("cars", "trips", "drives", "reads", "cases", "held", "claims", "drawn")
KILOMETRE = 10_000
"""Decimetres."""

_CHOSEN = {
    "typical": (
        "The typical car",
        "of the residents’ cars that any camera read in this week, the one with the median number of reads (of several, one "
        "by a draw)",
    ),
    "most": ("The car read most", "of all residents’ cars, the one read most often in this week"),
}

_SAID = (
    "Of the {trips} that this synthetic resident’s car made in the week, {viewer}, {sight} sight, sees {seen} under "
    "“{policy}” {step}. It holds {held} of {reads}{drawn}."
)
_ALT = (
    "Map of one synthetic car’s week: {trips}, {driven} km, {places} visited, {reads}. {viewer}, {sight} "
    "sight, under “{policy}” {step} holds {held} of the reads and draws {right} km rightly and {wrong} km wrongly. {credit}."
)
_NOTHING_DRAWN: dict[str, Any] = {"h": "0", "k": {}, "r": [], "w": [], "n": {}}
_NOT_ASKED = "Not asked: what {viewer}, {sight} sight, would see under “{policy}” {step}. Only the truth is drawn."


class Tables(NamedTuple):
    """What the run kept of the week, of one seed."""

    cars: pd.DataFrame
    trips: pd.DataFrame
    drives: pd.DataFrame
    reads: pd.DataFrame
    cases: pd.DataFrame
    held: pd.DataFrame
    claims: pd.DataFrame
    drawn: pd.DataFrame


class Row(NamedTuple):
    """A read in the list under the map."""

    number: int
    when: str
    camera: str
    truth: str
    held: str


class Visit(NamedTuple):
    """A place in the list of those visited."""

    kind: str
    times: str


class Car(NamedTuple):
    """One car's pictures and lists, as they stand in the state that the page begins with."""

    chosen: str
    title: str
    rule: str
    sentence: str
    svg: Markup
    calendar: Markup
    rows: list[Row]
    visits: list[Visit]
    coarse: bool


class Week(NamedTuple):
    """What the page shows of the week: cars, and what the script needs to show them in another state, zipped later."""

    cars: list[Car]
    span: str
    credit: str
    owners: list[street_map.Owner]
    dropped: str
    data: dict[str, Any]


def section(
    run: Run, about: Subject, templates: Environment, zipped: Callable[[str], Markup], *, others: bool = True
) -> Markup:
    """Return the page's section on the week, of the first car alone unless ``others``; nothing where the run kept none."""
    week = shown(run, _seen(run, about), AS_WRITTEN)
    if week is None:
        return Markup("")
    week = week if others else alone(week)
    macros: Any = templates.get_template("week.html.j2").module
    return Markup(macros.section(week, carried(week, macros.block, zipped), run.info, run.provenance["seeds"]))


def alone(week: Week) -> Week:
    """Return the week of the first car."""
    return week._replace(cars=week.cars[:1], data={**week.data, "cars": week.data["cars"][:1]})


def carried(week: Week, block: Callable[[Car, Week], str], zipped: Callable[[str], Markup]) -> Markup:
    """Return what the script needs to show the week's cars in any state, zipped."""
    others = "".join(block(car, week) for car in week.cars[1:])
    return zipped(json.dumps({**week.data, "others": others}, ensure_ascii=False, separators=(",", ":")))


def _seen(run: Run, about: Subject) -> Subject:
    """Return what the page begins with, or, where its viewer is of other policies alone, the first of those."""
    if "week_cases" not in run.tables:
        return about
    cases = run.table("week_cases", seed=run.provenance["seeds"][0])
    mine = cases[cases["viewer"].eq(about.viewer) & cases["sight"].eq(about.sight) & cases["retention"].eq(AS_WRITTEN)]
    if mine.empty or mine["policy"].eq(about.policy).any():
        return about
    return about._replace(policy=mine["policy"].iloc[0])


def shown(run: Run, about: Subject, retention: int, *, strict: bool = True) -> Week | None:
    """Return the week of a run's first seed as one state shows it; of one that was not asked, unless strict, the truth alone.

    None where the run kept none, as older versions did, or no car was read.

    Raises
    ------
    ResultError
        The state was not asked.
    """
    if any(f"week_{name}" not in run.tables for name in TABLES):
        return None
    tables = Tables(*(run.table(f"week_{name}", seed=run.provenance["seeds"][0]) for name in TABLES))
    if not len(tables.cars):
        return None
    names = _Names.of(run)
    cases = [_case(names, row) for row in tables.cases.itertuples() if row.car == 0]
    start = names.key(about.policy, about.viewer, about.sight, retention)
    if start not in cases and strict:
        raise ResultError(_NOT_ASKED.format(**names.said(*start)))
    case = cases.index(start) if start in cases else None
    pairs = [_Drawing(run, tables, row, names).car(start, case) for row in range(len(tables.cars))]
    moment, since = (int(tables.cars[name].iloc[0]) for name in ("moment", "since"))
    cameras = run.table("cameras", seed=run.provenance["seeds"][0])
    data = {"cars": [data for _, data, _ in pairs], "cases": _grouped(cases), "names": names.data(), "start": start}
    span = f"{said(run, since, day=True)} to {said(run, moment, day=True)}"
    dropped = next((streets.dropped for *_, streets in pairs if streets.dropped), "")
    return Week([car for car, _, _ in pairs], span, pairs[0][2].credit, street_map.owners_of(cameras), dropped, data)


class _Names(NamedTuple):
    """The names of what a state of the page is made of."""

    policies: list[str]
    viewers: list[str]
    titled: list[str]
    baseline: str
    steps: list[int]

    @classmethod
    def of(cls, run: Run) -> _Names:
        viewers = list(run.info["viewers"])
        titled = [run.titled(viewer) for viewer in viewers]
        return cls(list(run.info["policies"]), viewers, titled, run.info["baseline"], run.steps)

    def key(self, policy: str, viewer: str, sight: str, retention: int) -> tuple[str, str, str, str]:
        """Return a state as the page's script names it."""
        return str(self.policies.index(policy)), str(self.viewers.index(viewer)), sight, str(retention)

    def step(self, policy: str, retention: int) -> str:
        """Say a step of the ladder after a policy's name."""
        if retention == AS_WRITTEN:
            return "as practised" if policy == self.baseline else "as written"
        return f"with {words.limit(retention)}"

    def said(self, policy: str, viewer: str, sight: str, retention: str) -> dict[str, str]:
        """Return the words of a state."""
        name = self.policies[int(policy)]
        return {
            "policy": name, "viewer": self.titled[int(viewer)], "sight": words.SIGHTS[sight][0],
            "step": self.step(name, int(retention)),
        }  # fmt: skip

    def data(self) -> dict[str, Any]:
        """Return what the script needs to say any state."""
        steps = {str(step): self.step("", step) for step in (*self.steps, AS_WRITTEN)}
        written = [self.step(policy, AS_WRITTEN) for policy in self.policies]
        sights = {name: title for name, (title, _) in words.SIGHTS.items()}
        return {"policies": self.policies, "viewers": self.titled, "sights": sights, "steps": steps, "written": written,
                "said": _SAID, "alt": _ALT, "none": _NOT_ASKED}  # fmt: skip


def _case(names: _Names, row: Any) -> tuple[str, str, str, str]:
    return names.key(row.policy, row.viewer, row.sight, int(row.retention))


def _grouped(cases: list[tuple[str, str, str, str]]) -> dict[str, dict[str, int]]:
    """Return the row of each case, by policy, viewer and sight, and by retention: a case's view is at its row."""
    found: dict[str, dict[str, int]] = {}
    for row, (policy, viewer, sight, retention) in enumerate(cases):
        found.setdefault(f"{policy}~{viewer}~{sight}", {})[retention] = row
    return found


def said(run: Run, seconds: int, *, day: bool = False) -> str:
    """Say a moment: "Mon 08:12", or with the date."""
    since = int(seconds) + DAY_STARTS
    at = date.fromisoformat(run.info["start"]) + timedelta(days=since // DAY)
    clock = f"{since % DAY // 3600:02}:{since % 3600 // 60:02}"
    return f"{at:%a} {at.day} {at:%b}, {clock}" if day else f"{at:%a} {clock}"


class _Drawing:
    """One car's part of the tables, drawn."""

    def __init__(self, run: Run, tables: Tables, car: int, names: _Names) -> None:
        def mine(table: pd.DataFrame) -> pd.DataFrame:
            return table[table["car"].eq(car)]

        self._run, self._names, self._moment = run, names, int(tables.cars["moment"].iloc[car])
        self._since = int(tables.cars["since"].iloc[car])
        self._chosen = str(tables.cars["chosen"].iloc[car])
        self._trips, self._reads, self._held = mine(tables.trips), mine(tables.reads), mine(tables.held)
        self._claims, self._drawn = mine(tables.claims), mine(tables.drawn)
        self._cases = mine(tables.cases)
        self._drives = tables.drives[tables.drives["trip"].isin(self._trips.index)]
        self._places = run.table("places")
        sites = run.table("cameras", seed=run.provenance["seeds"][0])
        roads = run.roads[["tail", "head"]].to_numpy()
        self._map = _week_map.Picture(run, roads, sites, self._drives, self._claims, self._reads, self._stops())
        self._sites = sites

    def car(self, start: tuple[str, str, str, str], case: int | None) -> tuple[Car, dict[str, Any], street_map.Streets]:
        """Return the car in one state, whose row of the cases is given if it was asked, and what the script needs for others."""
        views, notes = self._views()
        view = _NOTHING_DRAWN if case is None else views[int(self._cases["view"].iloc[case])]
        driven, credit = _km(int(self._cases["driven"].iloc[case or 0])), self._map.streets.credit
        facts = {"trips": _count(len(self._trips), "trip"), "reads": _count(len(self._reads), "read"),
                 "places": _count(len(self._visits()), "place"), "driven": driven, "credit": credit}  # fmt: skip
        words_of = {**facts, **self._names.said(*start), **view["n"]}
        held = _bits(view["h"])
        title, rule = _CHOSEN[self._chosen]
        drawn = {"runs": self._map.runs, "crosses": self._map.crosses, "spots": self._map.spots}
        data = {"facts": facts, "views": views, "of": self._cases["view"].tolist(), "notes": notes, **drawn,
                "cells": self._cells()}  # fmt: skip
        told, alt = (_NOT_ASKED, _NOT_ASKED) if case is None else (_SAID, _ALT)
        svg = self._map.svg(held, view["r"], view["w"], alt.format(**words_of))
        known = {int(read): notes[note] for read, note in view["k"].items()}
        rows = [
            row._replace(held="not asked" if case is None else _status(row.number, held, known)) for row in self._rows()
        ]
        car = Car(self._chosen, title, rule, told.format(**words_of), Markup(svg), Markup(self._calendar(held)), rows,
                  self._visits(), len(notes) > 0)  # fmt: skip
        return car, data, self._map.streets

    def _views(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Return what each view holds, knows, draws and counts; and the ways in which reads are known inexactly."""
        first, notes, views = int(self._reads.index[0]) if len(self._reads) else 0, list[str](), []
        for number, cases in self._cases.groupby("view"):
            held = self._held[self._held["view"].eq(number)]
            claims = self._drawn.loc[self._drawn["view"].eq(number), "claim"].unique()
            known = {}
            for read, time, step, side in held[["read", "time", "time_step", "place_step"]].itertuples(index=False):
                if step or side:
                    note = self._known(int(time), int(step), float(side))
                    notes += [note] if note not in notes else []
                    known[str(int(read) - first)] = notes.index(note)
            one = cases.iloc[0]
            counts = {"drawn": _drawn(one), "held": len(held) or "none", "seen": int(one["seen"]) or "none",
                      "right": _km(one["right"]), "wrong": _km(one["wrong"])}  # fmt: skip
            mask = sum(1 << int(read) - first for read in held["read"])
            right, wrong = self._map.drawn(claims)
            views.append({"h": f"{mask:x}", "k": known, "r": right, "w": wrong, "n": counts})
        return views, notes

    def _known(self, time: int, step: int, side: float) -> str:
        """Say how exactly a read is known."""
        when = said(self._run, time) if step < DAY else said(self._run, time).split(" ")[0]
        until = f" to {said(self._run, time + step).split(' ')[-1]}" if step and step < DAY else ""
        where = f", within a square of {side:g} m" if side else ""
        return f"as {when}{until}{where}"

    def _rows(self) -> Iterator[Row]:
        """Say every read."""
        cameras = self._sites.set_index(np.arange(len(self._sites)))
        for number, (time, site, ghost, trip) in enumerate(
            self._reads[["time", "site", "ghost", "trip"]].itertuples(index=False)
        ):
            truth = "another car’s plate, misread" if ghost else "parked, or on a trip begun before the week"
            if trip >= 0:
                truth = "on a trip " + _purpose(int(self._trips.loc[trip, "purpose"]))
            yield Row(number, said(self._run, time), camera(cameras.iloc[int(site)]), truth, "")

    def _stops(self) -> pd.DataFrame:
        """Return the places where trips of the week ended, and the one where the first began: kind, junction, arrival."""
        ends = self._trips[["destination", "arrive"]].set_axis(["place", "time"], axis=1)
        begun = self._trips[["origin", "depart"]].set_axis(["place", "time"], axis=1).head(1).assign(time=-1)
        stops = pd.concat([begun, ends], ignore_index=True)
        of = self._places.iloc[stops["place"].to_numpy()].reset_index(drop=True)
        return stops.assign(kind=[_kind(kind) for kind in of["kind"]], junction=of["junction"].to_numpy())

    def _visits(self) -> list[Visit]:
        """Say each place visited, most often first, and when the car came."""
        found = []
        for (_, kind), stops in self._stops().groupby(["place", "kind"], sort=False):
            times = [said(self._run, time) for time in stops["time"] if 0 <= time <= self._moment]
            found.append((len(times), Visit(kind, ", ".join(times) or "where the week began")))
        return [visit for _, visit in sorted(found, key=lambda one: -one[0])]

    def _calendar(self, held: int) -> str:
        start = date.fromisoformat(self._run.info["start"])
        return _week_calendar.calendar(start, (self._since, self._moment), self._cells(), len(self._reads), held)

    def _cells(self) -> list[list[int]]:
        """Return day (from the week's first), hour of the day from 04:00, and rows of reads, of every hour with reads."""
        cells: dict[tuple[int, int], list[int]] = {}
        for number, time in enumerate(self._reads["time"]):
            cells.setdefault((time // DAY - self._since // DAY, time % DAY // 3600), []).append(number)
        return [[int(day), int(hour), *reads] for (day, hour), reads in cells.items()]


def _drawn(of: Any) -> str:
    """Say what a viewer draws from the reads it holds: how much of it is right, how much wrong, how many trips are whole."""
    right, driven, wrong = (_km(int(of[name])) for name in ("right", "driven", "wrong"))
    if not int(of["right"]) + int(of["wrong"]):
        return ", and draws no way from them"
    rebuilds = "none" if right == "0.0" else right
    wrongly = f"{wrong} km more are" if wrong != "0.0" else "under 0.1 km more is" if int(of["wrong"]) else "nothing is"
    n = int(of["rebuilt"])
    whole = f"{n} of the trips {'are' if n > 1 else 'is'}" if n else "None of the trips is"
    return (
        f", and from them rebuilds {rebuilds} of the {driven} km driven; {wrongly} drawn wrongly. {whole} rebuilt from end to "
        "end"
    )


def _status(number: int, held: int, known: dict[int, str]) -> str:
    if not held >> number & 1:
        return "not held"
    return f"held, {known[number]}" if number in known else "held"


def _bits(mask: str) -> int:
    return int(mask, 16)


def _km(decimetres: int) -> str:
    return f"{decimetres / KILOMETRE:.1f}"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


def _kind(kind: int) -> str:
    name = PlaceKind(kind).name.lower().replace("_", " ")
    return "beyond the streets" if kind == PlaceKind.BEYOND else name


def _purpose(purpose: int) -> str:
    names = {Purpose.HOME: "home", Purpose.THROUGH: "passing through", Purpose.SERVICE: "that is its work"}
    return names.get(Purpose(purpose), f"to {Purpose(purpose).name.lower().replace('_', ' ')}")


def camera(site: Any) -> str:
    """Say which camera a site is of."""
    return f"{site['agency']}, {site['kind']} camera {site['camera']}"
