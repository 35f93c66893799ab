"""What keeps an owner's reads from a viewer whom no route serves: each rule that closes the best way there would be."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alprsim.custody._compile import Compiler, archive
from alprsim.custody._course import Kind
from alprsim.custody._explain import NOUNS, Step, admitted, all_barred, rules_of
from alprsim.custody._moments import Phases
from alprsim.custody._rules import Rules, clock, expanded, kept
from alprsim.scenario import models, units
from alprsim.tables import RecordClass


class _Leg(NamedTuple):
    """A sharing edge between two agencies, whether or not anything may pass it."""

    row: int
    giver: str
    taker: str


def in_the_way(
    spec: models.Custody, viewer: str, owner: str, record: RecordClass, cameras: Sequence[str] | None
) -> list[Step]:
    """Say which rules stand in the way of a viewer that obtains nothing, in the order in which a read would meet them."""
    if cameras is not None and not cameras:
        return [Step(f"{owner} has no cameras", "cameras.groups")]
    if all_barred(spec, owner, cameras):
        return admitted(spec, owner, cameras)[:1]
    search = _Search(spec, record)
    if record != RecordClass.ALERT and (refused := search.refused(owner)):
        return [refused]
    path = search.path(owner, viewer)
    if path is None:
        return _no_edge(spec, viewer, owner, record)
    closed = [step for n, leg in enumerate(path) for step in search.closed(leg, n)]
    return closed or _too_late(spec, search.rules, path, owner, record)


def _no_edge(spec: models.Custody, viewer: str, owner: str, record: RecordClass) -> list[Step]:
    """Say that no edge leads there; an edge of alerts is named, which carries another class of record."""
    alerts = None if record == RecordClass.ALERT else _Search(spec, RecordClass.ALERT).path(owner, viewer)
    if alerts:
        row, giver, taker = alerts[0]
        said = f"{giver} sends {taker} only alerts of reads that match a hot list of {taker} (--record alert)"
        return [Step(said, f"custody.sharing.{row}")]
    if record == RecordClass.ALERT:
        return [Step(f"no edge of kind alert leads from {owner} to {viewer} or a store that it may search", "")]
    return [Step(f"no edge of custody.sharing leads from a store that holds {owner}'s reads to {viewer}", "")]


class _Search:
    """Looks for the way on which the fewest rules would have to go."""

    def __init__(self, spec: models.Custody, record: RecordClass) -> None:
        self.spec, self.record, self.rules = spec, record, rules_of(spec)
        self.open = set(expanded(spec))
        self.leaving: dict[str, list[_Leg]] = defaultdict(list)
        for row, giver, taker in expanded(spec.model_copy(update={"opt_out": ()})):
            self.leaving[giver].append(_Leg(row, giver, taker))

    def path(self, owner: str, viewer: str) -> list[_Leg] | None:
        """Return the edges from owner to viewer, of all ways one with the fewest rules against it; None: no edge leads there.

        Reads are first copied and then looked at, so that a copy can only follow a look that ``copies: reachable`` sends on.
        """
        waiting: list[tuple[int, int, str, bool, tuple[_Leg, ...]]] = [(0, 0, owner, False, ())]
        known: set[tuple[str, bool]] = set()
        while waiting:
            against, n, at, looked, path = heapq.heappop(waiting)
            if at == viewer and path:
                return list(path)
            if (at, looked) in known:
                continue
            known.add((at, looked))
            for leg in self.leaving[at]:
                if self._may_follow(leg, looked=looked, n=n, last=leg.taker == viewer):
                    more = against + len(self.closed(leg, n))
                    looks = self._edge(leg).kind != "mirror"
                    heapq.heappush(waiting, (more, n + 1, leg.taker, looks, (*path, leg)))
        return None

    def closed(self, leg: _Leg, n: int) -> list[Step]:
        """Return the rules that keep a read from passing an edge after n others."""
        edge, key = self._edge(leg), f"custody.sharing.{leg.row}"
        found = [] if leg in self.open else [self._opted_out(leg)]
        if self.spec.hops is not None and n >= self.spec.hops:
            said = (
                f"a read may pass at most {self.spec.hops} edges; from {leg.giver} to {leg.taker} it would be {n + 1}"
            )
            found.append(Step(said, "custody.hops"))
        if edge.kind in ("query", "mirror") and edge.onward is not True and n > int(edge.onward):
            own = (
                "only its own reads" if not edge.onward else f"only what passed at most {int(edge.onward)} edges before"
            )
            found.append(Step(f"not passed on: {leg.giver} gives {leg.taker} {own}", key))
        if edge.kind in ("query", "side_door") and edge.look_back == 0:
            found.append(Step(f"{leg.taker}'s looks through {leg.giver} reach back 0 s only", f"{key}.look_back"))
        if edge.kind == "side_door" and edge.chance == 0:
            found.append(Step(f"{leg.giver} never searches for {leg.taker}: a chance of 0", f"{key}.chance"))
        if edge.kind in ("mirror", "alert") and (refused := self.refused(leg.taker)):
            found.append(refused)
        return found

    def refused(self, name: str) -> Step | None:
        """Return the rule by which a store keeps nothing of the class."""
        length, key = clock(self.spec, name, self.record)
        if length == 0:
            return Step(f"{name} keeps no {NOUNS[self.record].split(' ', 1)[1]}", key)
        sample, key = kept(self.spec, name, "sample")
        if self.record == RecordClass.PLAIN and sample == 0:
            return Step(f"{name} keeps a sample of plain reads of 0 %", key)
        return None

    def _may_follow(self, leg: _Leg, *, looked: bool, n: int, last: bool) -> bool:
        """Tell whether an edge can come after what a read passed so far."""
        edge = self._edge(leg)
        if self.record == RecordClass.ALERT and (n == 0) != (edge.kind == "alert"):
            return False
        if edge.kind == "mirror":
            return self.record != RecordClass.ALERT and (not looked or edge.copies == "reachable")
        return last if edge.kind == "side_door" else edge.kind == "query" or self.record == RecordClass.ALERT

    def _edge(self, leg: _Leg) -> models.Edge:
        return self.spec.sharing[leg.row]

    def _opted_out(self, leg: _Leg) -> Step:
        every = enumerate(self.spec.opt_out)
        alone = ((row, set(expanded(self.spec.model_copy(update={"opt_out": (out,)})))) for row, out in every)
        row = next(row for row, left in alone if leg not in left)
        return Step(f"{leg.giver} opted out of sharing with {leg.taker}", f"custody.opt_out.{row}")


def _too_late(
    spec: models.Custody, rules: Rules, path: list[_Leg], owner: str, record: RecordClass
) -> list[Step]:  # fmt: skip
    """Say where a read is lost that every rule alone lets through: no copy comes in time, or no look goes back so far."""
    reached = {owner, *_reached(rules, owner, record)}
    for leg in path:
        edge, key = spec.sharing[leg.row], f"custody.sharing.{leg.row}"
        if edge.kind in ("mirror", "alert") and leg.taker not in reached:
            said = f"no copy comes to {leg.taker}: gone from {leg.giver} before it is sent, or due as it comes"
            if edge.kind == "mirror" and edge.copies == "reachable":
                said += f"; or {leg.giver} may not search for it in bulk"
            return [Step(said, key), *(Step(*_keeping(spec, name, record)) for name in (leg.giver, leg.taker))]
    caps = [(leg, cap) for leg in path if (cap := spec.sharing[leg.row].look_back) is not None]
    if caps:
        leg, cap = min(caps, key=lambda one: one[1])
        said = f"looks reach back {units.say_duration(cap)} only, and no read is there before that age"
        return [Step(said, f"custody.sharing.{leg.row}.look_back")]
    return list(_warranted(spec, path)) or [Step("no read is there at any age at which it may be looked at", "")]


def _reached(rules: Rules, owner: str, record: RecordClass) -> Iterator[str]:
    """Yield the stores that ever hold the owner's reads."""
    row = rules.names.index(owner)
    if record == RecordClass.ALERT:
        yield from (rules.names[way.taker] for way in rules.alerts[row] if archive(rules, way, Phases(0)))
        return
    for course in Compiler(rules).phases(Kind(row, record, 0.0)):
        yield from (rules.names[store] for store in course.stays)


def _keeping(spec: models.Custody, name: str, record: RecordClass) -> tuple[str, str]:
    length, key = clock(spec, name, record)
    return f"{name} keeps {NOUNS[record]} {units.say_duration(length)}", key


def _warranted(spec: models.Custody, path: list[_Leg]) -> Iterator[Step]:
    """Yield the warrants that a side door has none of."""
    if spec.sharing[path[-1].row].kind != "side_door":
        return
    for leg in path:
        edge = spec.sharing[leg.row].warrant, f"custody.sharing.{leg.row}.warrant"
        for warrant, key in (kept(spec, leg.giver, "warrant"), edge):
            if warrant is not None:
                yield Step("a side door shows nothing that needs a warrant", key)
