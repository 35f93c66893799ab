"""The ledger: reads and events run through the rules, and what was held, found, searched and laid open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import Any, Literal

import numpy as np

from alprsim.ledger._book import CHANGE, LOOK
from alprsim.ledger._copies import Captured, Copy, Resolution
from alprsim.ledger._events import Audit, Breach, Breached, Change, Hold, Outage, Query, Result
from alprsim.ledger._looks import Found, Looks, Sight
from alprsim.ledger._routes import Rules, Way
from alprsim.ledger._rules import Relation, seconds, tick
from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Agencies, Int64


class Ledger(Looks):
    """The stores of all agencies, by row of Agencies: what each holds and what each once held.

    A row that the custody lacks keeps nothing and shares nothing. ``copies`` has every copy; ``breached``, ``results`` and
    ``audit`` what events left.
    """

    def __init__(self, spec: models.Custody, agencies: Agencies) -> None:
        super().__init__(spec, agencies)
        self.breached: list[Breached] = []
        self.results: list[Result] = []
        self.audit: list[Audit] = []
        self._cameras: Int64 = np.zeros(len(agencies), np.int64)
        self._audit_kept: float = inf

    @classmethod
    def run(
        cls, spec: models.Custody, agencies: Agencies, reads: Sequence[Captured | tuple[int, int]], until: int,
        events: Iterable[Change | Outage | Hold | Breach | Query] = (), *,
        cameras: Int64 | None = None, audit_kept: int = UNLIMITED,
    ) -> Ledger:  # fmt: skip
        """Run the rules and what happens midway up to the moment `until`.

        Parameters
        ----------
        reads
            Numbered in the order given; a pair (time s, owner row) is a plain read that every store takes.
        events
            In any order. Of two in one second, changes come first, then what the rules do, then the others as given.
        cameras : int64[agencies]
            Each agency's, which the audit counts; none: no cameras.
        audit_kept : s
            How long a record of a search is kept.
        """
        ledger = cls(spec, agencies)
        ledger.captured = [Captured(*read) for read in reads]
        ledger._cameras = ledger._cameras if cameras is None else cameras
        ledger._audit_kept = seconds(audit_kept, inf)
        for number in range(len(reads)):
            ledger.env.process(ledger._ingest(number))
        for event in events:
            ledger._expect(event)
        ledger.env.run(until=until)
        return ledger

    def held(self, viewer: int, sight: Sight, moment: int, *, case_draw: float = 0.0) -> set[int]:
        """Return the reads that `viewer` (row of Agencies) can obtain at `moment`, a whole second before the run's end.

        By process: asked for at `moment`, whenever it is served, if it is granted. By a side door: if `case_draw`, in [0, 1),
        is less than the door's chance. Both include what needs neither.
        """
        return set(self.found(viewer, sight, moment, case_draw=case_draw))

    def found(self, viewer: int, sight: Sight, moment: int, *, case_draw: float = 0.0) -> dict[int, Resolution]:
        """Return how well each read that :meth:`held` names can be had: the finest of each, over all copies and ways."""
        latest = moment + max(
            (w.delay for w in self.regime(max(moment, 0)).ways(viewer) if sight == "process"), default=0
        )
        if not 0 <= moment <= latest < self.env.now:
            served = f" (served at {latest})" if latest != moment else ""
            raise ValueError(f"moment must be from 0 up to the run's end, {self.env.now} s, not {moment}{served}")
        finest: dict[int, Resolution] = {}
        for one in self.finds(viewer, sight, moment, case_draw):
            finest[one.copy.read] = finest.get(one.copy.read, one.resolution).or_finer(one.resolution)
        return finest

    # --- what happens midway ----------------------------------------------------------------------------------------------

    def _expect(self, event: Change | Outage | Hold | Breach | Query) -> None:
        if isinstance(event, Outage):
            self.outages.append(event)
        elif isinstance(event, Change):
            self.env.process(self._change(event))
        elif isinstance(event, Hold):
            self.env.process(self._preserve(event))
        elif isinstance(event, Breach):
            self.env.process(self._break_in(event))
        else:
            self.env.process(self._query(event))

    def _change(self, change: Change) -> Iterator[Any]:
        yield self._at(change.at, CHANGE)
        before, after = self.rules, Rules(change.custody, self.agencies)
        self.regimes.append((change.at, after))
        if change.applies_to == "all_held":
            self.floor = len(self.regimes) - 1
            for copy in self._lying():
                self._rule_anew(copy)
        if change.on_revoke == "delete":
            self._withdraw(before.relations - after.relations)
        self._open_up(before, after)

    def _lying(self) -> list[Copy]:
        return [copy for copy in self.copies if copy.purged == inf]

    def _rule_anew(self, copy: Copy) -> None:
        """Count a copy's clock by the rules that now hold for all; a saved result's is the search's."""
        if copy.shelf == "saved":
            return
        copy.rule = self.keeper(copy.store, copy.read)
        clock = copy.rule.alert if copy.shelf == "alerts" else copy.rule.clocks[self.captured[copy.read].record]
        copy.due = max(copy.start + clock, copy.until)
        self._await(copy)

    def _withdraw(self, revoked: set[Relation]) -> None:
        """Delete what came over revoked edges alone, unless it is held on request: then as soon as that ends."""
        rightful = self._rightful(revoked)
        for copy in self._lying():
            if copy.shelf == "saved" or copy in rightful:
                continue
            copy.due = max(self.now, copy.until)
            copy.falls = copy.due  # at once, not with the next batch
            if copy.due > self.now:
                self.env.process(self._purge(copy, copy.falls))
            else:
                copy.purged = self.now

    def _rightful(self, revoked: set[Relation]) -> set[Copy]:
        """Return the copies that some way from their camera's owner still stands behind."""
        rightful = {copy for copy in self.copies if copy.giver < 0}
        waiting, grows = [copy for copy in self.copies if copy.giver >= 0], True
        while grows:
            behind = {(copy.store, copy.read) for copy in rightful if copy.shelf == "store"}
            more = {copy for copy in waiting if _stands(copy, behind, revoked)}
            waiting, grows = [copy for copy in waiting if copy not in more], bool(more)
            rightful |= more
        return rightful

    def _open_up(self, before: Rules, after: Rules) -> None:
        """Plan the first batch of a new copy of all that is reachable: what lies there goes with it."""
        for copy in self._lying():
            for sending in after.sendings[copy.store] if copy.shelf == "store" else ():
                rule = sending.link.rule
                is_new = rule.copies == "reachable" and sending.ends not in before.routes
                if is_new and copy.passed <= sending.most:
                    moment = tick(rule.sync, max(copy.received + rule.delay, self.now))
                    self.env.process(self._mirror(sending, copy, moment))

    def _preserve(self, hold: Hold) -> Iterator[Any]:
        yield self._at(hold.at, LOOK)
        for copy in self._lying():
            captured = self.captured[copy.read]
            asked = hold.plate in (None, captured.plate) and hold.begin <= captured.time < hold.end
            if copy.store == hold.agency and copy.shelf != "saved" and asked:
                copy.until = max(copy.until, hold.until)
                self._extend(copy, copy.start, max(copy.due, copy.until))

    def _break_in(self, breach: Breach) -> Iterator[Any]:
        yield self._at(breach.at, LOOK)
        hosted = [row for row, keeper in enumerate(self.rules.keepers) if keeper.host == breach.agency]
        there = [copy for copy in self.copies if copy.store in (breach.agency, *hosted)]
        lying = {copy.read for copy in there if copy.lies(self.now) or copy.restorable(self.now)}
        export = {found.copy.read for found in self.finds(breach.agency, "bulk", self.now)}
        self.breached.append(Breached(*breach, lying, export - lying))

    # --- searches ---------------------------------------------------------------------------------------------------------

    def _query(self, query: Query) -> Iterator[Any]:
        """Search what needs no warrant at once; ask for each warrant that the others need, and search when it is served."""
        yield self._at(query.at, LOOK)
        ways = self.rules.ways(query.viewer)
        at_once = [found for way in ways for found in self._free(way, query.at)]
        self._deliver(query, ways, at_once, asked=False, granted=True)
        for terms in dict.fromkeys((way.delay, way.granted) for way in ways if way.warranted):
            self.env.process(
                self._ask(query, [way for way in ways if way.warranted and (way.delay, way.granted) == terms])
            )

    def _ask(self, query: Query, ways: list[Way]) -> Iterator[Any]:
        yield self._at(query.at + ways[0].delay, LOOK)
        granted = query.draw < ways[0].granted
        served = [found for way in ways for found in self._served(way, query.at)] if granted else []
        self._deliver(query, ways, served, asked=True, granted=granted)

    def _deliver(self, query: Query, ways: list[Way], found: list[Found], *, asked: bool, granted: bool) -> None:
        """Hand over what was asked for, keep it as long as the edge lets the taker, and write it all down."""
        matching = [one for one in found if self._matches(query, self.captured[one.copy.read])]
        reads = {one.copy.read for one in matching}
        for one in matching:
            saved = seconds(one.way.edges[0].rule.saved, inf) if one.way.edges else 0
            if saved > 0:
                self._save(query.viewer, one, saved)
        if granted:
            self.results.append(Result(query, self.now, reads))
        self.audit.append(self._record(query, ways, len(reads), asked=asked, granted=granted))

    def _matches(self, query: Query, captured: Captured) -> bool:
        young = query.at - captured.time < seconds(query.look_back, inf)
        return query.plate in (None, captured.plate) and young

    def _save(self, viewer: int, found: Found, saved: float) -> None:
        """Lay a result on the viewer's shelf; it goes when its own time is up, in no batch."""
        keeper = self.rules.keepers[viewer]._replace(purge=None, backup=0)
        self._lay(
            Copy(viewer, found.copy.read, self.now, self.now, self.now + saved, keeper,
                 found.copy.passed + len(found.way.edges), found.way.edges[0].giver, found.resolution, "saved")
        )  # fmt: skip

    def _record(self, query: Query, ways: list[Way], returned: int, *, asked: bool, granted: bool) -> Audit:
        searched = {way.store for way in ways if granted and self.is_up(way.store, *way.agencies, moment=self.now)}
        cameras = np.array([n if row in searched else 0 for row, n in enumerate(self._cameras)], np.int64)
        needs = {edge.rule.needs for way in ways for edge in way.edges}
        needed: Literal["nothing", "reason", "case number"] = (
            "case number" if "case number" in needs else "reason" if "reason" in needs else "nothing"
        )
        free: Literal["bulk", "request"] = "bulk" if all(way.bulk for way in ways) else "request"
        return Audit(
            query, needed, "process" if asked else free, len(searched), cameras, returned, asked, granted,
            self.now + self._audit_kept,
        )  # fmt: skip


def _stands(copy: Copy, behind: set[tuple[int, int]], revoked: set[Relation]) -> bool:
    """Tell whether a copy came over edges that remain, from a store whose copy is rightful; an alert from its camera."""
    return any(
        not revoked.intersection(over) and (copy.shelf == "alerts" or (source, copy.read) in behind)
        for source, over in copy.came
    )
