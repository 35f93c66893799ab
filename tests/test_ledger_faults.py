"""Faults planted in the ledger, one rule at a time: each must part it from Access in some small world."""

from math import inf

import pytest

from alprsim.ledger import Captured, _book, _routes, _rules
from alprsim.ledger._book import Book
from alprsim.ledger._copies import Copy, Resolution
from alprsim.ledger._looks import Looks
from alprsim.ledger._routes import Way
from alprsim.ledger._rules import Keeper
from tests.test_ledger import HELD, HIT, WARRANT, edge, every, keeps, world
from tests.test_ledger_access import first_difference

pytestmark = pytest.mark.once

READ = Captured(4, 0)
RENEW = {"clock": "receipt", "on_duplicate": "renew", "onward": True}
HASHED = {"kind": "hashed", "rotate": "2 s"}
WORLDS = {
    "clocks": (
        world({
            "a": keeps(5, hit_retention="8 s", held_retention="11 s", sample=0.5, purge=every(4, 1)),
            "b": keeps(9, keep="hits"),
        }),
        [
            Captured(4, 0, 0, 0.5), Captured(4, 0, 0, 0.25), Captured(4, 0, HIT, 0.5), Captured(4, 0, HELD), Captured(4, 1),
            Captured(4, 1, HIT),
        ],
    ),
    "copies": (
        world({"a": keeps(6), "b": keeps(8), "c": keeps(9), "d": keeps(9)}, [
            edge("ab", sync=every(4)), edge("ac", delay="6 s"), edge("bc", onward=1, delay="2 s"), edge("cd", onward=1),
            edge("ad", delay="2 s", clock="receipt"),
        ]),
        [READ, Captured(3, 0)],
    ),
    "due as it comes": (
        world({"a": keeps(9), "b": keeps(3)}, [edge("ab", delay="3 s"), edge("ab", delay="5 s", clock="receipt")]), [READ],
    ),
    "gone and sent again": (
        world({"a": keeps(20), "b": keeps(2)}, [edge("ab", clock="receipt"), edge("ab", delay="9 s", clock="receipt")]), [READ],
    ),
    "sent as it is purged": (world({"a": keeps(3), "b": keeps(9)}, [edge("ab", delay="3 s")]), [READ]),
    "two in one second, the farther first": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(9, time_step="5 s"), "d": keeps(9), "e": keeps(9), "f": keeps(9)}, [
            edge("ab", delay="3 s"), edge("be", onward=True, clock="receipt"), edge("ac"),
            edge("cd", onward=True, delay="1 s"), edge("de", onward=True, delay="2 s"), edge("ef", onward=2, delay="1 s"),
        ]),
        [READ],
    ),
    "renewed": (
        world({"a": keeps(6), "b": keeps(6)}, [edge("ab", delay="2 s", **RENEW), edge("ba", delay="2 s", **RENEW)]), [READ],
    ),
    "all that is reachable": (
        world({"a": keeps(20), "b": keeps(0), "c": keeps(9), "d": keeps(9)}, [
            edge("ab", "query", sight="bulk", look_back="4 s"), edge("bc", copies="reachable", onward=1, sync=every(5, 3)),
            edge("cd", onward=1),
        ]),
        [Captured(2, 0), Captured(3, 0), Captured(4, 0)],
    ),
    "hops": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(9), "d": keeps(0)},
              [edge("ab", onward=True), edge("bc", onward=True), edge("cd", "query", onward=True),
               edge("bd", "side_door")], hops=2),
        [READ],
    ),
    "routes": (
        world({"a": keeps(9, backup="3 s"), "b": keeps(0), "c": keeps(0), "d": keeps(0)}, [
            edge("ab", "query", sight="bulk", look_back="8 s"), edge("bc", "query", onward=1, look_back="5 s"),
            edge("cd", "query", onward=1),
        ]),
        [READ],
    ),
    "warrants": (
        world({"a": keeps(20, warrant=WARRANT), "b": keeps(0), "c": keeps(0)}, [
            edge("ab", "query", warrant={"beyond": "4 s", "delay": "4 s"}), edge("bc", "side_door", chance=0.25),
        ]),
        [READ],
    ),
    "alerts": (
        world({"a": keeps(0), "b": keeps(3, alert_retention="8 s"), "c": keeps(0)},
              [edge("ab", "alert", delay="2 s", clock="receipt"), edge("bc", "query", onward=1), edge("bc")]),
        [Captured(4, 0, HIT, 0.0, frozenset({1}))],
    ),
    "resolution": (
        world({"a": keeps(9, time_step="5 s", identity=HASHED), "b": keeps(9, place_step="250 m"),
               "c": keeps(9, identity={"kind": "escrow", "rotate": "1 s"}, warrant={"beyond": "6 s", "delay": "1 s"})},
              [edge("ab"), edge("bc", onward=True)]),
        [READ],
    ),
    "groups": (
        world({"a": keeps(9), "b": keeps(9, state="MA", attests=True), "c": keeps(9, state="MA"), "d": keeps(9)},
              [{"giver": "a", "taker": "compact", "kind": "mirror"}], opt_out=({"agency": "a", "to": "d"},)),
        [READ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_without_a_fault_both_agree(name):
    assert first_difference(*WORLDS[name]) == ""


_tick, _limit, _keeper, _over, _under = _rules.tick, _rules._limit, _rules._keeper, Way.over, Way.under
_takes, _joins, _aside, _through, _purges = Keeper.takes, Book._join, Looks._aside, Resolution.through, Book._purge


def _late(self, copy):
    copy.falls = _tick(copy.rule.purge, max(copy.due, self.now)) + 1
    if copy.falls < inf:
        self.env.process(_purges(self, copy, copy.falls))


def _clocks(change):
    return lambda *of: (keeper := _keeper(*of))._replace(clocks=change(*keeper.clocks))


def _joined(fault):
    def join(self, there, sending, source, start, due):
        kept = there.passed, there.arrived, there.due
        passed_on = _joins(self, there, sending, source, start, due)
        fault(self, there, *kept)
        return passed_on

    return join


def _forgets(self, sending, source):
    there = self.stores[sending.link.taker].get(source.read)
    if there is not None and there.purged <= self.now:
        del self.stores[sending.link.taker][source.read]
    return _receives(self, sending, source)


def _goes_on(self, sending, copy):
    return copy.received <= self.now <= copy.purged


_receives, _sends = Book._receive, _routes._sending
FAULTS = {
    "purged a second late": (Book, "_await", _late),
    "due a second early": (_rules, "_keeper", _clocks(lambda *clocks: tuple(clock - 1 for clock in clocks))),
    "the clock of hits ignored": (_rules, "_keeper", _clocks(lambda plain, hit, held: (plain, plain, held))),
    "the clock of held reads ignored": (_rules, "_keeper", _clocks(lambda plain, hit, held: (plain, hit, hit))),
    "the clock of alerts ignored": (_rules, "_keeper", lambda *of: (k := _keeper(*of))._replace(alert=k.clocks[1])),
    "hits only ignored": (_rules, "_keeper", _clocks(lambda plain, hit, held: (hit, hit, held))),
    "no batches of purges": (_rules, "_keeper", lambda *of: _keeper(*of)._replace(purge=None)),
    "no backups": (Copy, "restorable", lambda *_: False),
    "a backup a second longer": (Copy, "restorable", lambda self, t: self.purged <= t <= self.purged + self.rule.backup),
    "a sample takes its share itself": (
        Keeper, "takes",
        lambda self, read: self.clocks[read.record] > 0 and (read.record != 0 or read.draw <= self.sample),
    ),
    "hits are sampled too": (Keeper, "takes", lambda self, read: self.clocks[read.record] > 0 and read.draw < self.sample),
    "one edge too many": (_rules, "_limit", lambda *of: _limit(*of) + 1),
    "one edge too few": (_rules, "_limit", lambda *of: max(0, _limit(*of) - 1)),
    "hops ignored": (_rules, "_limit", lambda rule, _: _limit(rule, None)),
    "a cap a second later": (Way, "over", lambda self, link: (w := _over(self, link))._replace(cap=w.cap + 1)),
    "a route's last cap only": (Way, "over", lambda self, link: _over(self._replace(cap=inf), link)),
    "any edge in bulk is enough": (Way, "over", lambda self, link: _over(self, link)._replace(bulk=True)),
    "a warrant a second later": (Way, "under", lambda self, one: (w := _under(self, one))._replace(beyond=w.beyond + 1)),
    "a warrant without delay": (Way, "under", lambda self, one: _under(self, one)._replace(delay=0)),
    "the last warrant's delay": (Way, "under", lambda self, one: _under(self._replace(delay=0) if one else self, one)),
    "a batch strictly after": (Book, "_departs", lambda self, s: _tick(s.link.rule.sync, self.now + s.link.rule.delay + 1)),
    "copied before it is purged": (Book, "_goes", _goes_on),
    "a copy of all that is reachable of any age": (_routes, "_sending", lambda *of: _sends(*of)._replace(younger=inf)),
    "a copy of all that is reachable counts no route": (_routes, "_sending", lambda *of: _sends(*of)._replace(adds=1)),
    "a store forgets": (Book, "_receive", _forgets),
    "of two copies the first one's edges": (Book, "_join", _joined(lambda _, there, p, a, d: setattr(there, "passed", p))),
    "of two copies the first one's time": (
        Book, "_join", _joined(lambda self, there, p, a, d: self._extend(there, there.start, d)),
    ),
    "of two copies the first one's resolution": (Book, "_join", _joined(lambda _, there, p, a, d: setattr(there, "arrived", a))),
    "the lasting pseudonym": (
        Resolution, "through",
        lambda self, store: _through(self, store)._replace(rotation=max(self.rotation, store.rotation)),
    ),
    "steps of the last store": (Resolution, "through", lambda self, store: _through(Resolution(rotation=self.rotation), store)),
    "nothing is opened": (Copy, "opened", property(lambda self: self.resolution)),
    "a side door to all": (Looks, "_aside", lambda self, rules, viewer, t, draw: _aside(self, rules, viewer, t, 0.0)),
    "groups without attesting": (_rules, "_in_group", lambda spec, *_: True),
    "opting out ignored": (_rules, "_opted_out", lambda *_: False),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault, monkeypatch):
    monkeypatch.setattr(*FAULTS[fault])
    assert any(first_difference(*WORLDS[name]) for name in WORLDS)


def test_the_order_within_a_second_matters(monkeypatch):
    monkeypatch.setattr(_book, "PURGE", 6)
    assert first_difference(*WORLDS["sent as it is purged"])
