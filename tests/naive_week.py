"""One car's week told again from a run's plain tables, and which of its reads the hamlet's policies leave to whom, by hand."""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from typing import Any, NamedTuple

from alprsim.results.run import Run
from alprsim.tables import AS_WRITTEN

HOUR, DAY = 3600, 86_400
OWN, POOL = 36 * HOUR, 1826 * DAY
"""How long the hamlet's departments, and its vendor's pool, keep a read."""


class Read(NamedTuple):
    """A read of the car's plate in its week, and the camera that made it."""

    owner: str
    camera: str
    age: int
    """s at the end of the week."""
    when: datetime

    @property
    def clock(self) -> str:
        """Say when: "Mon 08:12"."""
        return f"{self.when:%a %H:%M}"

    @property
    def day(self) -> str:
        """Say of which day, which ends at 04:00: "Mon 5 Oct"."""
        begun = self.when - timedelta(hours=4)
        return f"{begun:%a} {begun.day} {begun:%b}"


def reads(run: Run, chosen: str) -> list[Read]:
    """Return every read of the plate of the week's car, in order of time."""
    seed = run.provenance["seeds"][0]
    cars, every = run.table("week_cars", seed=seed), run.table("reads", seed=seed)
    car = cars[cars["chosen"].eq(chosen)].iloc[0]
    mine = every[every["plate"].eq(car["vehicle"]) & every["time"].gt(car["since"]) & every["time"].le(car["moment"])]
    sites = run.table("cameras", seed=seed)
    start = datetime.fromisoformat(run.info["start"]) + timedelta(hours=4)
    found = []
    for time, site in mine.sort_values("time", kind="stable")[["time", "site"]].itertuples(index=False):
        owner, kind, camera = sites.iloc[site][["agency", "kind", "camera"]]
        when = start + timedelta(seconds=int(time))
        found.append(Read(owner, f"{owner}, {kind} camera {camera}", int(car["moment"] - time), when))
    return found


def places(run: Run) -> dict[str, tuple[float, float]]:
    """Return where each camera stands, m."""
    sites = run.table("cameras", seed=run.provenance["seeds"][0])
    return {f"{one.agency}, {one.kind} camera {one.camera}": (one.x, one.y) for one in sites.itertuples()}


def holds(policy: str, viewer: str, step: int, read: Read) -> bool:
    """Tell whether a viewer of the hamlet can obtain a read, on request, under a policy and a limit for departments."""
    kept = read.age < (OWN if step == AS_WRITTEN else step)
    if viewer == "East police":
        return kept and read.owner == "East"
    if policy == "Searchable pool":
        return read.age < POOL
    return (
        viewer == "ICE" and kept and (policy == "Federal query" or (policy == "One partner" and read.owner == "East"))
    )


def compare(week: dict[str, Any], found: list[tuple[Read, bool]], places: dict[str, tuple[float, float]]) -> None:
    """Assert that a pane of the week shows some reads, of which the viewer holds those that are said to be held."""
    total = sum(held for _, held in found)
    assert f"It holds {total or 'none'} of {len(found)} read" in week["sentence"]
    said = {True: "held", False: "not held"}
    assert [row[1:] for row in week["rows"]] == [[read.camera, said[held]] for read, held in found]
    assert [row[0] for row in week["rows"]] == [read.clock for read, _ in found]
    _hours(week, found)
    at = _projected(week, places)
    discs: Counter[tuple[str, bool, str]] = Counter()
    for badge in week["badges"]:
        mine = _told(badge["told"])
        held = sum(one[1] for one in mine)
        assert badge["look"] == "badge " + ("none" if not held else "all" if held == len(mine) else "some")
        assert badge["number"] == str(held or len(mine))
        assert badge["said"] == f"{held} of {len(mine)} read{'s' * (len(mine) > 1)} held"
        far = [math.dist(badge["from"][:2], at[camera]) for camera, *_ in mine]
        assert min(far) < 0.2  # it stands at one of its cameras, and gathers others close by
        assert max(far) < 23
        assert badge["from"][2:] == badge["disc"]
        assert math.dist(badge["disc"], badge["from"][:2]) < 23
        discs.update(mine)
    assert discs == Counter((read.camera, held, read.clock) for read, held in found)


def _told(text: str) -> list[tuple[str, bool, str]]:
    """Take a disc's readout apart, "East, fixed camera 0 (not held): Mon 08:12, Tue 09:03; …": camera, whether held, when."""
    mine = []
    for part in text.removesuffix(".").split("; "):
        camera, held, times = re.fullmatch(r"(.*) \((held|not held)\): (.*)", part).groups()  # type: ignore[union-attr]
        mine += [(camera, held == "held", time) for time in times.split(", ")]
    return mine


def _projected(week: dict[str, Any], places: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Return where on the map every camera stands: two marks far apart say how it is projected, the others must agree."""
    marks = {title.split(", traffic")[0]: (x, y) for title, x, y in week["marks"]}
    assert len(marks) > 3
    a, b = max(combinations(marks, 2), key=lambda pair: math.dist(marks[pair[0]], marks[pair[1]]))
    scale = math.dist(marks[a], marks[b]) / math.dist(places[a], places[b])
    left, top = marks[a][0] - scale * places[a][0], marks[a][1] + scale * places[a][1]
    at = {name: (left + scale * x, top - scale * y) for name, (x, y) in places.items()}
    assert all(math.dist(at[name], place) < 0.2 for name, place in marks.items())
    length, unit = week["bar"][0].split(" ")
    assert abs(float(length) * {"m": 1, "km": 1000}[unit] * scale - float(week["bar"][1])) < 0.2
    return at


def _hours(week: dict[str, Any], found: list[tuple[Read, bool]]) -> None:
    """Assert that the calendar's cells stand at the hours of the reads, filled as many as are held."""
    clocks, days = week["clocks"], week["days"]
    wide = (clocks["12"] - clocks["08"]) / 4
    tall = min(b - a for a, b in pairwise(days.values()))
    shown = Counter()
    for x, y, width, height, look, title in week["hours"]:
        hour = (x + width / 2 - clocks["08"]) / wide + 4
        day = min(days, key=lambda name: abs(days[name] - (y + height / 2)))
        assert abs(days[day] - (y + height / 2)) < tall / 2
        shown[day, math.floor(hour), look, title] += 1
    cells: dict[tuple[str, int], list[tuple[Read, bool]]] = {}
    for read, held in found:
        cells.setdefault((read.day, (read.when.hour - 4) % 24), []).append((read, held))
    expected = Counter()
    for (day, hour), mine in cells.items():
        n, when = sum(held for _, held in mine), mine[0][0].when
        expected[day, hour, f"h{min(n, 4)}", f"{when:%a %H}: {n} of {len(mine)} held"] += 1
    assert shown == expected
