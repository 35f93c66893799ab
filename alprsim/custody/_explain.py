"""By which routes a viewer reaches an owner's reads, rule by rule, with the key that says each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from alprsim.custody import _compile
from alprsim.custody._course import Course, Kind
from alprsim.custody._moments import Batches, Moment, Phases
from alprsim.custody._rules import NO_WARRANT, Alert, Door, Mirror, Query, Resolution, Rules, Warrant, kept
from alprsim.custody._rules import clock as clock_of
from alprsim.custody._view import Look, looks, reachable
from alprsim.scenario import models, units
from alprsim.tables import UNLIMITED, Agencies, AgencyKind, RecordClass, SightKind

NOUNS = {
    RecordClass.PLAIN: "a plain read", RecordClass.HIT: "a hit read", RecordClass.HELD: "a held read",
    RecordClass.ALERT: "an alert",
}  # fmt: skip
"""What one record of a class is called."""


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
    record: RecordClass
    sight: SightKind
    from_age: int
    """s, as of asking: the least at which some read is obtainable."""
    to_age: int
    """s: and before; UNLIMITED no end."""
    delay: int
    chance: float
    passed: tuple[str, ...]
    """The stores that the copy passed through, the owner's first."""
    left: Resolution
    """What a record found this way still tells."""
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
        what = "reads" if self.record != RecordClass.ALERT else "alerts"
        left = f"; of each is left {_coarse(self.left)}" if self.left != Resolution() else ""
        return (
            f"{self.viewer} {how} {self.owner}'s {what} {ages}, in the store of {self.store} "
            f"({' → '.join(self.passed)}){left}"
        )

    def reaches(self, age: int) -> bool:
        """Tell whether some read of this age (s) is obtainable this way."""
        return self.from_age <= age and (age < self.to_age or self.to_age == UNLIMITED)


def routes(
    spec: models.Custody, viewer: str, owner: str, *, record: RecordClass = RecordClass.PLAIN,
    cameras: Sequence[str] | None = None,
) -> list[Route]:  # fmt: skip
    """Return every route of the sharing graph by which `viewer` obtains reads of `owner`'s cameras, of one class.

    `cameras` are the kinds of cameras that the owner has; None: not known, and all may keep.

    Raises
    ------
    ValueError
        There is no agency of that name.
    """
    names(spec, viewer, owner)
    told = _Told(spec, rules_of(spec), record, cameras)
    found = told.routes(told.rules.names.index(viewer), told.rules.names.index(owner))
    return [] if all_barred(spec, owner, cameras) else found


def names(spec: models.Custody, *agencies: str) -> None:
    """Refuse agencies that there are not."""
    for name in agencies:
        if name not in spec.agencies:
            raise ValueError(f"{name!r} is not one of custody.agencies; they are {', '.join(spec.agencies)}")


def rules_of(spec: models.Custody) -> Rules:
    """Return the rules of a custody by its own agencies."""
    return Rules(spec, Agencies.of(
        name=list(spec.agencies), kind=[AgencyKind[a.kind.upper()] for a in spec.agencies.values()],
        server_rate=[a.server_rate for a in spec.agencies.values()],
        server_room=[a.server_buffer for a in spec.agencies.values()],
    ))  # fmt: skip


def all_barred(spec: models.Custody, owner: str, cameras: Sequence[str] | None) -> bool:
    """Tell whether an owner may keep reads of none of the kinds of cameras that it has."""
    admissible, _ = kept(spec, owner, "admissible")
    return admissible is not None and cameras is not None and not set(cameras) & set(admissible)


def admitted(spec: models.Custody, owner: str, cameras: Sequence[str] | None) -> list[Step]:
    """Say which of an owner's cameras may keep reads at all."""
    steps = []
    admissible, key = kept(spec, owner, "admissible")
    if admissible is not None:
        barred = [kind for kind in cameras or () if kind not in admissible]
        not_of = "" if cameras is None else f", not of its {_or(barred)} ones" if barred else "; it has no others"
        steps.append(Step(f"{owner} may keep reads of {_or(admissible)} cameras only{not_of}", key))
    exclude, key = kept(spec, owner, "exclude")
    if exclude is not None:
        within, near = units.LENGTH.say(exclude.within), _or([kind.replace("_", " ") for kind in exclude.kinds])
        steps.append(Step(f"exclude bars cameras within {within} of a {near}: {owner} keeps none of their reads", key))
    return steps


class _Told:
    """Puts rules into words."""

    def __init__(
        self, spec: models.Custody, rules: Rules, record: RecordClass, cameras: Sequence[str] | None
    ) -> None:  # fmt: skip
        self.spec, self.rules, self.record, self.cameras = spec, rules, record, cameras
        self.compiler = _compile.Compiler(rules)

    def routes(self, viewer: int, owner: int) -> list[Route]:
        """Return the routes, each once, with the ages of all phases and draws."""
        found: dict[Route, tuple[int, int]] = {}
        view, last = looks(self.rules, viewer), max(self.compiler.period, 1)
        for draw, _ in self.compiler.draws(self.record):
            phase = 0
            while phase < last:
                phases = Phases(phase)
                shown = [
                    one
                    for shelf, came in self._shelves(Kind(owner, self.record, draw), phases)
                    for look in view.get(shelf.store, ()) if shelf.edges <= look.limit
                    for one in self._shown(viewer, owner, shelf, came, look, phases)
                ]  # fmt: skip
                until = min(phases.next, last)
                for route, begin, end in shown:
                    ages = _ages(begin, end, route.delay, phase, until)
                    known = found.get(route, ages)
                    found[route] = min(ages[0], known[0]), max(ages[1], known[1])
                phase = until
        every = [replace(route, from_age=ages[0], to_age=ages[1]) for route, ages in found.items()]
        return sorted(every, key=lambda route: (route.sight, route.store != route.viewer, route.store))

    def _shelves(self, kind: Kind, phases: Phases) -> list[tuple[_compile.Shelf, Course | Alert]]:
        """Return where a read lies, and how it came there."""
        if self.record == RecordClass.ALERT:
            ways = self.rules.alerts[kind.owner]
            return [(shelf, way) for way in ways for shelf in _compile.archive(self.rules, way, phases)]
        course = Course(self.compiler.ways, kind, phases, self.compiler.period)
        return [
            (_compile.Shelf(at, stay.received, course.purged(at), stay.edges, course.kept(at), stay.arrived), course)
            for at, stay in course.stays.items()
        ]

    def _shown(
        self, viewer: int, owner: int, shelf: _compile.Shelf, came: Course | Alert, look: Look, phases: Phases
    ) -> Iterator[tuple[Route, Moment, Moment]]:
        """Yield what one look shows, as a route whose ages are not known yet, with from when and to when."""
        name = self.rules.names
        passed = came.route(shelf.store) if isinstance(came, Course) else [owner, shelf.store]
        there = [*admitted(self.spec, name[owner], self.cameras), *self._came(passed, came), *self._searched(look)]
        needs = self._needed(shelf.store, look)
        for sight, delay, chance, left, begin, end in _compile.shown(self.rules, shelf, look, phases):
            steps = (*there, *(next(needs) if sight == SightKind.PROCESS else self._warrants(shelf.store, look)))
            if begin < end:
                yield Route(
                    name[viewer], name[owner], name[shelf.store], self.record, sight, 0, 0, delay, chance,
                    tuple(name[row] for row in passed), left, steps,
                ), begin, end  # fmt: skip

    # --- how reads came there -------------------------------------------------------------------------------------------

    def _came(self, passed: list[int], came: Course | Alert) -> list[Step]:
        if not isinstance(came, Course):
            late = f" after {units.say_duration(came.delay)}" if came.delay else ""
            owner, alerted = (self.rules.names[row] for row in passed)
            said = f"{owner} alerts {alerted} of reads that match a hot list of {alerted}{late}"
            return [Step(said, f"custody.sharing.{came.row}"), *self._keeps(passed[-1], _clock(came.from_receipt))]
        steps = self._keeps(passed[0], "capture")
        for giver, taker in pairwise(passed):
            steps += self._copied(giver, taker, came.stays[taker].row)
        return steps

    def _keeps(self, store: int, since: str) -> list[Step]:
        """Say what a store keeps: how long, when it purges, which of them, and what of each."""
        name, clocks = self.rules.names[store], self.rules.stores[store]
        length, key = clock_of(self.spec, name, self.record)
        said = "without limit" if length == UNLIMITED else f"{units.say_duration(length)} from {since}"
        steps = [Step(f"{name} keeps {NOUNS[self.record]} {said}", key)]
        if clocks.purge and length != UNLIMITED:
            steps.append(Step(f"what is due there is purged {_batches(clocks.purge)}", self._key(name, "purge")))
        if self.record == RecordClass.PLAIN and clocks.sample < 1:
            steps.append(Step(f"{name} keeps a sample, {100 * clocks.sample:g} % of them", self._key(name, "sample")))
        coarser = {
            "time_step": clocks.resolution._replace(place_step=0.0, rotation=0),
            "place_step": clocks.resolution._replace(time_step=0, rotation=0),
            "identity": Resolution(rotation=clocks.resolution.rotation),
        }
        return steps + [
            Step(f"{name} keeps of each {_coarse(left)}", self._key(name, key))
            for key, left in coarser.items() if left != Resolution()
        ]  # fmt: skip

    def _key(self, name: str, key: str) -> str:
        return kept(self.spec, name, key)[1]

    def _copied(self, giver: int, taker: int, row: int) -> list[Step]:
        edge, key = self.spec.sharing[row], f"custody.sharing.{row}"
        way = next(way for way in self.compiler.ways.mirrors if (way.giver, way.taker, way.row) == (giver, taker, row))
        names, sender = self.rules.names, self._sender(way) if edge.copies == "reachable" else giver
        what = _as_far_as(edge.onward, "what it holds")
        if edge.copies == "reachable":
            what = "all it can search in bulk" + (f", {names[giver]}'s store among it" if sender != giver else "")
        again = ", and again what comes again" if way.renews else ""
        steps = [Step(f"{names[sender]} sends {names[taker]} copies of {what} {_when(way)}{again}", key)]
        if way.recalls:
            steps.append(Step(f"what {names[giver]} purges {names[taker]} loses too", f"{key}.recalls"))
        return [*steps, *self._keeps(taker, edge.clock)]

    def _sender(self, way: Mirror) -> int:
        """Return the agency that searches a store in bulk to send on what it finds."""
        edges = [edge for edge in self.rules.reachable if (edge.row, edge.taker) == (way.row, way.taker)]
        return next(edge.giver for edge in edges if any(of.giver == way.giver for of in reachable(self.rules, edge)))

    # --- how it is searched ---------------------------------------------------------------------------------------------

    def _searched(self, look: Look) -> list[Step]:
        steps = [self._search(edge) for edge in reversed(look.edges)]
        if self.spec.hops is not None and steps:
            steps.append(Step(f"a read may pass at most {self.spec.hops} edges", "custody.hops"))
        return steps

    def _search(self, edge: Query | Door) -> Step:
        names, key = self.rules.names, f"custody.sharing.{edge.row}"
        cap = "" if edge.cap == UNLIMITED else f", back to age {units.say_duration(edge.cap)}"
        if isinstance(edge, Door):
            chance = f"with a chance of {edge.chance:g} a case"
            return Step(f"{names[edge.giver]} may search for {names[edge.taker]}, which may not, {chance}{cap}", key)
        how = "search the store of" if edge.sight == SightKind.BULK else "ask, plate by plate,"
        what = _as_far_as(self.spec.sharing[edge.row].onward, "all it holds or can search")
        return Step(f"{names[edge.taker]} may {how} {names[edge.giver]} for {what}{cap}", key)

    def _warrants(self, store: int, look: Look) -> list[Step]:
        """Say every warrant that a look needs, the store's own first."""
        own, name = self.rules.stores[store].warrant, self.rules.names[store]
        steps = [] if own == NO_WARRANT else [Step(_warranted(own), self._key(name, "warrant"))]
        return steps + [
            Step(_warranted(edge.warrant), f"custody.sharing.{edge.row}.warrant")
            for edge in reversed(look.edges) if isinstance(edge, Query) and edge.warrant != NO_WARRANT
        ]  # fmt: skip

    def _needed(self, store: int, look: Look) -> Iterator[list[Step]]:
        """Yield what a process does, in the order in which Access shows it: look, open pseudonyms, restore."""
        rules, name = self.rules.stores[store], self.rules.names[store]
        warrants = self._warrants(store, look)
        if look.warrant.and_(rules.warrant).beyond != UNLIMITED:
            yield warrants
        if rules.escrow:
            yield [*warrants, Step(f"a warrant opens the pseudonyms of {name}", self._key(name, "identity"))]
        if rules.backup:
            said = f"what {name} purged can be restored for {units.say_duration(rules.backup)}"
            yield [*warrants, Step(said, self._key(name, "backup"))]


def _as_far_as(onward: bool | int, every: str) -> str:
    """Say what an edge passes on."""
    if not onward:
        return "its own reads"
    return every if onward is True else f"what passed at most {onward} edges before"


def _warranted(warrant: Warrant) -> str:
    asked = f"{units.say_duration(warrant.delay)}, granted {warrant.granted:.0%}"
    if warrant.beyond == UNLIMITED:
        return f"a process takes {asked}; no age alone needs one"
    beyond = f" beyond age {units.say_duration(warrant.beyond)}" if warrant.beyond else ""
    return f"looks{beyond} need a warrant: {asked}"


def _coarse(left: Resolution) -> str:
    """Say what a record tells."""
    said = [f"the time to {units.say_duration(left.time_step)}"] if left.time_step else []
    said += [f"the place to {units.LENGTH.say(left.place_step)}"] if left.place_step else []
    if left.rotation:
        lasts = "for good" if left.rotation == UNLIMITED else f"for {units.say_duration(left.rotation)}"
        said.append(f"a pseudonym in place of the plate, the same {lasts}, which no search by plate finds")
    return _listed(said, "and")


def _clock(from_receipt: bool) -> str:
    return "receipt" if from_receipt else "capture"


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


def _or(kinds: Sequence[str]) -> str:
    return _listed(kinds, "or")


def _listed(words: Sequence[str], last: str) -> str:
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
