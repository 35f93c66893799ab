"""The week on the page's map: what it draws and says in every state is what the run's tables hold."""

import base64
import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from jinja2 import Environment
from markupsafe import Markup

from alprsim import report, results
from alprsim.report import _week_map, week
from alprsim.results.headline import subject
from alprsim.tables import AS_WRITTEN, DAY, UNLIMITED, PlaceKind, Purpose
from tests import fake_run
from tests.test_report import CHROMIUM, Outline, said

MOMENT = 20 * DAY
POLICIES, VIEWERS, STEPS = list(fake_run.REACH)[:3], list(fake_run.VIEWERS), (DAY, UNLIMITED, AS_WRITTEN)
LADDER = (DAY, 21 * DAY, UNLIMITED)
KILOMETRES = ("right", "wrong", "driven")
UNASKED = ("Searchable pool", "Vendor", "bulk", DAY)


def road(run: results.Run, tail: int, head: int) -> int:
    """Return the road of the fake streets from one corner to the next."""
    roads = run.roads
    return int(roads.index[(roads["tail"] == tail) & (roads["head"] == head)][0])


def tables(run: results.Run) -> dict[str, pd.DataFrame]:
    """Return the week of two cars: the first drives 0 … 4 and back, is read thrice, and drawn once rightly, once not."""
    out, back = [road(run, n, n + 1) for n in range(4)], [road(run, n + 1, n) for n in reversed(range(4))]
    aside = [road(run, 1, 10), road(run, 10, 11)]
    trips = [(0, MOMENT - 3 * DAY, 0, 1), (0, MOMENT - 3 * DAY + 7200, 1, 0), (1, MOMENT - DAY, 0, 1)]
    drives = [
        (trip, one, trips[trip][1] + 9 * n) for trip, way in enumerate((out, back, out)) for n, one in enumerate(way)
    ]
    reads = [(0, MOMENT - 3 * DAY, 0, 0, 0), (0, MOMENT - 3 * DAY + 30, 1, 0, 0), (0, MOMENT - 600, 6, 1, -1),
             (1, MOMENT - DAY, 0, 0, 2)]  # fmt: skip
    claims = [(0, 0, one, 9 * n, n) for n, one in enumerate(out[:3])]
    claims += [(0, 1, out[3], 27, 3), *((0, 1, one, 30, -1) for one in aside)]
    claims += [(1, 2, out[0], 0, 8)]
    seen = {0: [], 1: [0, 1], 2: [0, 1, 2]}
    cases, held, drawn = [], [], [(0, 1, 0), (0, 2, 0), (0, 2, 1), (1, 1, 2), (1, 2, 2)]
    for car, view in product(range(2), seen):
        rows = seen[view] if car == 0 else [3][:view]
        held += [(car, view, k, reads[k][1] // 600 * 600, reads[k][2], 600 if view == 1 else 0, 0.0) for k in rows]
    for car, policy, viewer, sight, step in product(range(2), POLICIES, VIEWERS, ("bulk", "request"), STEPS):
        if (policy, viewer, sight, step) != UNASKED:
            view = 2 if step == UNLIMITED else int(viewer == "ICE" and sight == "request")
            counts = (view, int(view > 1), 24_300 * view, 11_400 * (view == 2), 81_000)
            cases.append((car, policy, viewer, sight, step, view, *counts))
    return {
        "cars": pd.DataFrame({"chosen": ["typical", "most"], "vehicle": [7, 8], "since": MOMENT - 7 * DAY, "moment": MOMENT}),
        "trips": pd.DataFrame(
            [(car, leave, leave + 600, a, b, Purpose.WORK if b else Purpose.HOME) for car, leave, a, b in trips],
            columns=["car", "depart", "arrive", "origin", "destination", "purpose"],
        ),
        "drives": pd.DataFrame(drives, columns=["trip", "road", "time"]),
        "reads": pd.DataFrame(reads, columns=["car", "time", "site", "ghost", "trip"]),
        "cases": pd.DataFrame(
            cases, columns=["car", "policy", "viewer", "sight", "retention", "view", "seen", "rebuilt", *KILOMETRES]
        ),
        "held": pd.DataFrame(held, columns=["car", "view", "read", "time", "site", "time_step", "place_step"]),
        "claims": pd.DataFrame(claims, columns=["car", "claim", "road", "time", "drive"]),
        "drawn": pd.DataFrame(drawn, columns=["car", "view", "claim"]),
    }  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> results.Run:
    folder = fake_run.build(tmp_path_factory.mktemp("weeks") / "fake", seeds=(1,), ladder=LADDER, policies=POLICIES)
    for name, table in tables(results.load(folder)).items():
        table.to_parquet(folder / "seed=1" / f"week_{name}.parquet")
    return results.load(folder)


@pytest.fixture(scope="module")
def html(run: results.Run) -> str:
    return report.write(run).read_text("utf-8")


@pytest.fixture(scope="module")
def data(html: str) -> Any:
    (packed,) = re.findall(r'<template id="week-data">(.*?)</template>', html, flags=re.S)
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def section(html: str) -> str:
    return html[html.index('<section id="week">') : html.index("</section>", html.index('<section id="week">'))]


def segments(d: str) -> set[tuple[float, ...]]:
    """Return the pieces of a path, whichever way they are drawn, in tenths."""
    found = set()
    for part in d.split("M")[1:]:
        start, moves = part.split("l", 1)
        x, y = map(int, start.split())
        numbers = list(map(int, moves.split()))
        for across, down in zip(numbers[::2], numbers[1::2], strict=True):
            ends = sorted([(x, y), (x + across, y + down)])
            found.add((*ends[0], *ends[1]))
            x, y = x + across, y + down
    return found


def views(run: results.Run, data: Any) -> Iterator[tuple[int, pd.Series, Any, Any]]:
    """Yield car, row of its cases, the script's car and the view that it shows for that row's state."""
    policies, viewers = list(run.info["policies"]), list(run.info["viewers"])
    for row in run.table("week_cases", seed=1).itertuples():
        key = "~".join((str(policies.index(row.policy)), str(viewers.index(row.viewer)), row.sight))
        car = data["cars"][row.car]
        yield row.car, row, car, car["views"][car["of"][data["cases"][key][str(row.retention)]]]


def test_a_notebook_draws_the_week_of_any_state(run: results.Run, html: str) -> None:
    figure = run.week()
    sentence = re.search(r'<p class="sentence"[^>]*>([^<]*)<', section(html))
    assert sentence is not None
    assert unescape(sentence[1]).split(",")[0] in re.sub(r"(<[^>]*>|\s)+", " ", figure.svg)
    assert not re.search(r"class=|var\(|currentColor|tabindex", figure.svg)
    assert figure.alt.startswith("Map of one synthetic car’s week: ")
    other = run.week(policy="Searchable pool", sight="bulk", retention="no limit")
    assert other.name == "week-searchable_pool-ice-bulk-no_limit-typical"
    assert "holds 3 of the reads" in other.alt
    assert run.week(car=1).name.endswith("-most")
    for asked, told in (({"car": 2}, "car: found 2"), ({"policy": "None"}, "policy: found 'None'")):
        with pytest.raises(results.ResultError, match=told):
            run.week(**asked)


def test_a_run_that_kept_no_week_shows_none(tmp_path: Path) -> None:
    older = results.load(fake_run.build(tmp_path / "older", seeds=(1,), ladder=LADDER))
    assert week.section(older, subject(older), Environment(), Markup) == ""
    for name, table in tables(older).items():
        table.head(0).to_parquet(older.folder / "seed=1" / f"week_{name}.parquet")
    assert week.shown(results.load(older.folder), subject(older), AS_WRITTEN) is None


def test_the_sentence_is_the_baselines_as_practised(run: results.Run, html: str) -> None:
    text = said(section(html))
    assert (
        "Of the 2 trips that this synthetic resident’s car made in the week, ICE (federal consumer), on-request sight, sees "
        "1 under “Federal query” as practised. It holds 2 of 3 reads, and from them rebuilds 2.4 of the 8.1 km driven; "
        "nothing is drawn wrongly. None of the trips is rebuilt from end to end."
    ) in text
    assert "Map of one synthetic car’s week: 2 trips, 8.1 km, 2 places visited, 3 reads." in section(html)
    assert "generated streets" in text
    assert Outline(html).open == []


def test_every_state_shows_what_its_case_holds_and_counts(run: results.Run, data: Any) -> None:
    held, reads = (run.table(f"week_{name}", seed=1) for name in ("held", "reads"))
    asked = 0
    for car, row, drawn, view in views(run, data):
        first = int(reads.index[reads["car"] == car][0])
        mine = held[(held["car"] == car) & (held["view"] == row.view)]
        assert [first + k for k in range(8) if int(view["h"], 16) >> k & 1] == mine["read"].tolist()
        told = {"held": len(mine) or "none", "seen": row.seen or "none", "right": f"{row.right / 1e4:.1f}",
                "wrong": f"{row.wrong / 1e4:.1f}"}  # fmt: skip
        assert {name: view["n"][name] for name in told} == told
        counted = re.findall(r"rebuilds (\S+) of|; (\S+)(?: km more are)? |\. (\S+) of the trips", view["n"]["drawn"])
        whole = str(row.rebuilt) if row.rebuilt else "None"
        assert ["".join(one) for one in counted] == (
            [told["right"], told["wrong"] if row.wrong else "nothing", whole] if row.right + row.wrong else []
        )
        assert drawn["facts"]["driven"] == "8.1"
        asked += 1
    assert asked == 2 * (len(POLICIES) * len(VIEWERS) * 2 * len(STEPS) - 1)
    assert str(DAY) not in data["cases"]["1~1~bulk"]


def test_every_state_draws_what_is_claimed_right_and_wrong_apart(run: results.Run, data: Any) -> None:
    claims, drawn = (run.table(f"week_{name}", seed=1) for name in ("claims", "drawn"))
    ends = run.roads[["tail", "head"]].to_numpy()
    about = subject(run)
    places = [week._Drawing(run, week.Tables(*(run.table(f"week_{n}", seed=1) for n in week.TABLES)), car,
                            week._Names.of(run))._map.streets.places for car in range(2)]  # fmt: skip
    assert about.viewer == "ICE"
    for car, row, shown, view in views(run, data):
        made = drawn[(drawn["car"] == car) & (drawn["view"] == row.view)]["claim"]
        roads = claims[claims["claim"].isin(made)]
        for name, right in (("r", True), ("w", False)):
            expected = set()
            for one in roads[(roads["drive"] >= 0) == right]["road"]:
                at = sorted(tuple(np.rint(10 * places[car][end]).astype(int).tolist()) for end in ends[one])
                expected.add((*at[0], *at[1]))
            assert segments("".join(shown["runs"][run_] for run_ in view[name])) == expected
        assert all(shown["crosses"][str(run_)] for run_ in view["w"])


def test_reads_are_listed_with_times_and_how_exactly_they_are_known(html: str) -> None:
    rows = re.findall(r'<tr data-read="\d">(.*?)</tr>', section(html))
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    assert [cell[0] for cell in cells] == ["Thu 04:00", "Thu 04:00", "Sun 03:50"]
    assert cells[0][1].endswith("camera 0")
    assert [cell[2] for cell in cells] == ["held, as Thu 04:00 to 04:10", "held, as Thu 04:00 to 04:10", "not held"]
    assert [cell[3] for cell in cells] == ["on a trip to work", "on a trip to work", "another car’s plate, misread"]


def test_discs_and_hours_say_how_many_reads_are_held(html: str) -> None:
    discs = re.findall(
        r'class="badge (\w+)" role="img" tabindex="0" data-spot="\d" aria-label="([^"]+)"', section(html)
    )
    assert sorted(discs) == [("all", "1 of 1 read held"), ("all", "1 of 1 read held"), ("none", "0 of 1 read held")]
    hours = re.findall(r'<rect class="(h\d)"[^>]*data-name="([^"]+)"><title>([^<]+)', section(html))
    assert hours == [("h2", "Thu 04", "Thu 04: 2 of 2 held"), ("h0", "Sun 03", "Sun 03: 0 of 1 held")]
    assert _week_map.badge([0, 3, 5], 0b1001) == ("some", "2", "2 of 3 reads held")


def test_no_name_or_disc_hides_another(html: str) -> None:
    picture = section(html)
    discs = [tuple(map(float, at)) for at in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="9.5"', picture)]
    assert len(discs) == 3
    assert min(np.hypot(a - c, b - d) for (a, b), (c, d) in zip(discs, discs[1:] + discs[:1], strict=True)) > 19
    assert re.findall(r'<text class="visited"[^>]*>([^<]+)', picture) == ["home", "work"]


def test_cameras_that_stand_together_share_a_disc_beside_the_signs() -> None:
    places = np.array([[100.0, 100.0], [110.0, 100.0], [300.0, 100.0]])
    sign = _week_map._Box(105, 80, 121, 96)
    together, alone = _week_map._spots(np.array([1, 0, 0, 2]), places, [sign])
    assert together.reads == [0, 1, 2]
    assert not _week_map._box(together.disc_x, together.disc_y, 9).meets(sign)
    assert alone[2:] == (313, 87, [3])


def test_places_are_named_by_kind() -> None:
    assert {week._kind(kind) for kind in PlaceKind if kind != PlaceKind.BEYOND} == set(_week_map._LETTERS)
    assert week._kind(PlaceKind.BEYOND) == "beyond the streets"
    assert [week._purpose(one) for one in (Purpose.HOME, Purpose.BAR)] == ["home", "to bar"]


def test_a_wrong_way_is_crossed_all_along() -> None:
    (one,) = _week_map._crossed(np.array([[0.0, 0.0], [10.0, 0.0]])).split("M")[1:]
    assert one.startswith("5 -45l90 90")
    assert _week_map._crossed(np.array([[0.0, 0.0], [140.0, 0.0]])).count("M") == 3


STATES = """
const found = [];
const tell = (policy, viewer, sight, retention) => {
  document.dispatchEvent(new CustomEvent("alprsim:state", {detail: {policy, viewer, sight, retention, measure: "m.s"}}));
  const at = (name) => document.querySelector("#whose-week " + name);
  const drawn = (look) => at("svg.week ." + look).getAttribute("d").length;
  found.push([at(".sentence").textContent, drawn("right"), drawn("wrong"),
    [...document.querySelectorAll("#whose-week svg.week .badge")].map((one) => one.getAttribute("class").slice(6)).join(),
    [...document.querySelectorAll("#whose-week td.held")].map((one) => one.textContent).join()]);
};
setTimeout(() => {
  tell("1", "0", "bulk", "2147483647"); tell("1", "1", "bulk", "86400"); tell("0", "0", "request", "-1");
  const list = document.querySelector("#week select");
  list.selectedIndex = 1;
  list.dispatchEvent(new Event("change", {bubbles: true}));
  tell("2", "0", "bulk", "86400");
  document.title = JSON.stringify(found);
}, 700);
"""


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium")
def test_it_follows_the_state_of_the_page(html: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"  # the policy would refuse a test's script
    text = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", html)
    page.write_text(text.replace("</body>", f"<script>{STATES}</script></body>"), "utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
               "--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000",
               "--dump-dom", page.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    shutil.rmtree(tmp_path / "profile", ignore_errors=True)
    title = re.search(r"<title>(\[.*?)</title>", done.stdout)
    assert title is not None
    unlimited, unasked, practised, other = json.loads(title[1].replace("&amp;", "&"))
    assert (
        "sees 2 under “Searchable pool” with no limit. It holds 3 of 3 reads, and from them rebuilds 4.9"
        in unlimited[0]
    )
    assert "1.1 km more are drawn wrongly" in unlimited[0]
    assert unlimited[3:] == ["all,all,all", "held,held,held"]
    assert min(unlimited[1:3]) > 0
    assert unasked[0] == (
        "Not asked: what Vendor, bulk sight, would see under “Searchable pool” with a 24-hour limit. Only the truth is drawn."
    )
    assert unasked[1:] == [0, 0, "none,none,none", "not asked,not asked,not asked"]
    assert practised[0] in re.sub(r"\s+", " ", section(html))
    assert practised[2] == 0
    assert practised[4] == "held, as Thu 04:00 to 04:10,held, as Thu 04:00 to 04:10,not held"
    assert "Of the 1 trip that" in other[0]
    assert other[4] == "not held"
