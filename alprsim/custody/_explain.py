"""By which routes a viewer reaches an owner's reads, rule by rule, with the key that says each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from alprsim.custody import _compile
from alprsim.custody._course import Course, Kind
from alprsim.custody._moments import Batches, Moment
from alprsim.custody._rules import Door, Mirror, Query, Rules, Warrant, kept
from alprsim.custody._view import Look, looks
from alprsim.scenario import models, units
from alprsim.tables import UNLIMITED, Agencies, AgencyKind, RecordClass, SightKind

_CLOCK_KEYS = {
    RecordClass.PLAIN: ("retention",),
    RecordClass.HIT: ("hit_retention", "retention"),
    RecordClass.HELD: ("held_retention", "hit_retention", "retention"),
}
"""The keys that decide a class's clock, the longest of them."""


class Step(NamedTuple):
    """One rule of a route: what it says, and the path of the key that says it ("" a default)."""

    said: str
    key: str


@dataclass(frozen=True)
class Route:
    """One way by which a viewer obtains an owner's reads, over all times of capture."""

    viewer: str
    owner: str
    store: str
    sight: SightKind
    from_age: int
    """s, as of asking: the least at which some read is obtainable."""
    to_age: int
    """s: and before; UNLIMITED no end."""
    delay: int
    chance: float
    passed: tuple[str, ...]
    """The stores that the copy passed through, the owner's first."""
    steps: tuple[Step, ...]

    def line(self) -> str:
        """Say it in a line."""
        how = {
            SightKind.BULK: "holds" if self.store == self.viewer else "finds in bulk",
            SightKind.REQUEST: "may ask for",
            SightKind.PROCESS: f"may obtain by process, in {units.say_duration(self.delay)}, granted {self.chance:.0%},",
            SightKind.SIDE_DOOR: f"may have a partner look for, with a chance of {self.chance:g} a case,",
        }[self.sight]
        end = "no end" if self.to_age == UNLIMITED else units.say_duration(self.to_age)
        ages = f"from age {units.say_duration(self.from_age)} to {end}"
        return (
            f"{self.viewer} {how} {self.owner}'s reads {ages}, in the store of {self.store} ({' → '.join(self.passed)})"
        )

    def reaches(self, age: int) -> bool:
        """Tell whether some read of this age (s) is obtainable this way."""
        return self.from_age <= age and (age < self.to_age or self.to_age == UNLIMITED)


def routes(spec: models.Custody, viewer: str, owner: str, *, record: RecordClass = RecordClass.PLAIN) -> list[Route]:
    """Return every route of the sharing graph by which `viewer` obtains reads of `owner`'s cameras, of one class.

    Raises
    ------
    ValueError
        There is no agency of that name.
    """
    for name in (viewer, owner):
        if name not in spec.agencies:
            raise ValueError(f"{name!r} is not one of custody.agencies; they are {', '.join(spec.agencies)}")
    agencies = Agencies.of(
        name=list(spec.agencies), kind=[AgencyKind[a.kind.upper()] for a in spec.agencies.values()],
        server_rate=[a.server_rate for a in spec.agencies.values()],
        server_room=[a.server_buffer for a in spec.agencies.values()],
    )  # fmt: skip
    told = _Told(spec, Rules(spec, agencies), record)
    return told.routes(told.rules.names.index(viewer), told.rules.names.index(owner))


class _Told:
    """Puts rules into words."""

    def __init__(self, spec: models.Custody, rules: Rules, record: RecordClass) -> None:
        self.spec, self.rules, self.record = spec, rules, record
        self.compiler = _compile.Compiler(rules)

    def routes(self, viewer: int, owner: int) -> list[Route]:
        """Return the routes, each once, with the ages of all phases."""
        found: dict[tuple[object, ...], Route] = {}
        view = looks(self.rules, viewer)
        for course, until in self._courses(owner):
            for store, stay in course.stays.items():
                shelf = _compile.Shelf(
                    store, stay.received, course.purged(store), stay.edges, course.kept(store), stay.arrived
                )
                for look in view.get(store, ()):
                    if stay.edges <= look.limit:
                        for sight, delay, chance, _, begin, end in _compile.shown(
                            self.rules, shelf, look, course.phases
                        ):
                            if begin < end:
                                route = self._route(viewer, owner, course, store, look, sight, delay, chance)
                                ages = _ages(begin, end, delay, course.phases.phase, until)
                                key = (route.store, route.sight, route.delay, route.chance, route.passed, route.steps)
                                known = found.get(key)
                                if known:
                                    ages = min(ages[0], known.from_age), max(ages[1], known.to_age)
                                found[key] = Route(**{**vars(route), "from_age": ages[0], "to_age": ages[1]})
        return sorted(found.values(), key=lambda route: (route.sight, route.store != route.viewer, route.store))

    def _courses(self, owner: int) -> list[tuple[Course, int]]:
        courses, last = list(self.compiler.phases(Kind(owner, self.record, 0.0))), max(self.compiler.period, 1)
        return [(course, min(course.phases.next, last)) for course in courses]

    def _route(
        self, viewer: int, owner: int, course: Course, store: int, look: Look, sight: SightKind, delay: int, chance: float
    ) -> Route:  # fmt: skip
        name = self.rules.names
        passed = course.route(store)
        steps = [self._keeps(owner, "capture")]
        for giver, taker in pairwise(passed):
            steps += self._copied(giver, taker, course.stays[taker].row)
        for edge in reversed(look.edges):
            steps.append(self._searched(edge))
        warrant = look.warrant.and_(self.rules.stores[store].warrant)
        if sight == SightKind.PROCESS:
            steps.append(self._asked(store, warrant))
        return Route(
            name[viewer], name[owner], name[store], sight, 0, 0, delay, chance, tuple(name[row] for row in passed),
            tuple(steps),
        )  # fmt: skip

    def _keeps(self, store: int, clock: str) -> Step:
        name, clocks = self.rules.names[store], self.rules.stores[store]
        length = clocks.clocks[self.record]
        said = "without limit" if length == UNLIMITED else f"{units.say_duration(length)} from {clock}"
        purge = f", purged {_batches(clocks.purge)}" if clocks.purge else ""
        return Step(f"{name} keeps a {self.record.name.lower()} read {said}{purge}", self._clock_key(name, length))

    def _clock_key(self, name: str, length: int) -> str:
        for key in _CLOCK_KEYS[self.record]:
            value, path = kept(self.spec, name, key)
            if value == length:
                return path
        return ""

    def _copied(self, giver: int, taker: int, row: int) -> list[Step]:
        edge = self.spec.sharing[row]
        names = self.rules.names
        way = next(way for way in self.compiler.ways.mirrors if (way.giver, way.taker, way.row) == (giver, taker, row))
        when = _when(way)
        what = (
            "all it can search in bulk"
            if edge.copies == "reachable"
            else "its own reads"
            if way.limit == 0
            else "what it holds"
        )
        again = ", and again what comes again" if way.renews else ""
        sends = Step(f"{names[giver]} sends {names[taker]} copies of {what} {when}{again}", f"custody.sharing.{row}")
        return [sends, self._keeps(taker, edge.clock)]

    def _searched(self, edge: Query | Door) -> Step:
        names, key = self.rules.names, f"custody.sharing.{edge.row}"
        cap = "" if edge.cap == UNLIMITED else f", back to age {units.say_duration(edge.cap)}"
        if isinstance(edge, Door):
            chance = f"with a chance of {edge.chance:g} a case"
            return Step(f"{names[edge.giver]} may search for {names[edge.taker]}, which may not, {chance}{cap}", key)
        how = "search the store of" if edge.sight == SightKind.BULK else "ask, plate by plate,"
        what = "for its own reads" if edge.limit == 0 else "for all it holds or can search"
        return Step(f"{names[edge.taker]} may {how} {names[edge.giver]} {what}{cap}", key)

    def _asked(self, store: int, warrant: Warrant) -> Step:
        name = self.rules.names[store]
        value, path = kept(self.spec, name, "warrant")
        beyond = "" if warrant.beyond in (0, UNLIMITED) else f" beyond age {units.say_duration(warrant.beyond)}"
        said = f"looks{beyond} need a warrant: {units.say_duration(warrant.delay)}, granted {warrant.granted:.0%}"
        return Step(said, path if value else "custody.sharing")


def _when(way: Mirror) -> str:
    late = f"{units.say_duration(way.delay)} after it received them" if way.delay else "as it receives them"
    return f"{_batches(way.sync)}, {late}" if way.sync else late


def _batches(batches: Batches) -> str:
    at = (batches.at + 4 * units.HOUR) % units.DAY
    return f"every {units.say_duration(batches.every)} at {at // units.HOUR:02}:{at // units.MINUTE % 60:02}"


def _ages(begin: Moment, end: Moment, delay: int, phase: int, until: int) -> tuple[int, int]:
    least = begin.offset - (until - 1 if begin.clock else 0) - delay
    most = UNLIMITED if end.endless else end.offset - (phase if end.clock else 0) - delay
    return max(least, 0), most


def told(
    policy: models.Policy, viewer: str, owner: str, sources: Mapping[str, str], *, age: int | None = None,
    record: RecordClass = RecordClass.PLAIN,
) -> dict[str, Any]:  # fmt: skip
    """Explain one policy: every route with its rules, keys and sources, those that reach a read of an age (s) told apart.

    ``sources`` maps a key's path to its source, a policy's own keys as ``policies.NAME.custody…``. Without a route it is
    told which rule stands in the way: an opt-out, a limit of hops, or that no edge leads there.
    """
    found = routes(policy.custody, viewer, owner, record=record)
    said = [
        {
            "sight": route.sight.name.lower(), "store": route.store, "passed": list(route.passed),
            "from_age": route.from_age, "to_age": None if route.to_age == UNLIMITED else route.to_age,
            "delay": route.delay, "chance": route.chance, "line": route.line(),
            "reaches": None if age is None else route.reaches(age),
            "rules": [_sourced(step, policy.name, sources) for step in route.steps],
        }
        for route in found
    ]  # fmt: skip
    return {
        "policy": policy.name, "viewer": viewer, "owner": owner, "record": record.name.lower(), "age": age, "routes": said,
        "in_the_way": [] if found else _in_the_way(policy.custody, viewer, owner, record),
    }  # fmt: skip


def _sourced(step: Step, policy: str, sources: Mapping[str, str]) -> dict[str, str]:
    """Put a rule beside the key that says it and the source of that key, or of the nearest key above it."""
    parts = step.key.split(".")
    above = [".".join(parts[:n]) for n in range(len(parts), 1, -1)]
    names = [name for key in above for name in (f"policies.{policy}.{key}", key)]
    below = [
        name for name in sources if step.key and name.startswith((f"{step.key}.", f"policies.{policy}.{step.key}."))
    ]
    source = next((sources[name] for name in (*names, *below) if name in sources), "")
    return {"said": step.said, "key": step.key or "default", "source": source}


def _in_the_way(spec: models.Custody, viewer: str, owner: str, record: RecordClass) -> list[str]:
    """Say why there is no route: what would open one."""
    opened = {
        "custody.opt_out": spec.model_copy(update={"opt_out": ()}),
        "custody.hops": spec.model_copy(update={"hops": None}),
    }
    found = [
        f"{key} stands in the way: without it, {route.line()}"
        for key, other in opened.items() if other != spec
        for route in routes(other, viewer, owner, record=record)[:1]
    ]  # fmt: skip
    if not routes(spec, owner, owner, record=record):
        return [f"{owner} keeps no {record.name.lower()} read"]
    return found or [f"no edge of custody.sharing leads from a store that holds {owner}'s reads to {viewer}"]
