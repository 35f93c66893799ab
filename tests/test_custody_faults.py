"""Faults planted in the compiled rules, and in the ledger's, rule by rule: each must part the two in some small world."""

import pytest

from alprsim.custody import _compile, _course, _moments, _rules, _view
from alprsim.ledger import Captured, _book, _looks, _routes
from tests.mutants import plant
from tests.naive_custody import custody
from tests.test_ledger import HELD, HIT, edge, every, keeps, world
from tests.test_ledger_access import HARD, first_difference
from tests.test_ledger_faults import READ, RENEW, WORLDS

pytestmark = pytest.mark.once

SLOW = {"beyond": "0 s", "delay": "4 s"}
MORE = {
    "two copies with receipt clocks, the second ignored": (
        world({"a": keeps(9), "b": keeps(5)}, [
            edge("ab", delay="1 s", clock="receipt"), edge("ab", delay="4 s", clock="receipt"),
        ]),
        [READ],
    ),
    "two copies, the second renews": (
        world({"a": keeps(9), "b": keeps(5)}, [
            edge("ab", delay="1 s", clock="receipt"), edge("ab", delay="4 s", clock="receipt", on_duplicate="renew"),
        ]),
        [READ],
    ),
    "a clock from capture cannot be restarted": (
        world({"a": keeps(9), "b": keeps(5), "c": keeps(9)}, [
            edge("ab", delay="1 s"), edge("ab", delay="4 s", on_duplicate="renew"),
            edge("bc", onward=True, delay="3 s"),
        ]),
        [READ],
    ),
    "two warrants as slow, one granted more often": (
        world({"a": keeps(9), "b": keeps(0)}, [
            edge("ab", kind="query", warrant={"beyond": "0 s", "delay": "2 s", "granted": 0.5}),
            edge("ab", kind="query", warrant={"beyond": "0 s", "delay": "2 s", "granted": 0.9}),
        ]),
        [READ],
    ),
    "what arrives while a warrant is waited for, beside a route that needs none": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(0)}, [
            edge("ab", delay="3 s"), edge("bc", kind="query", onward=True),
            edge("bc", kind="query", onward=True, warrant={"beyond": "0 s", "delay": "4 s", "granted": 0.5}),
        ]),
        [READ],
    ),
    "its own archive, through a partner with a warrant": (
        world({"a": keeps(0), "b": keeps(9)}, [
            edge("ab", "alert", delay="2 s"), edge("ba", "query", onward=1), edge("ab", "query", onward=2, warrant=SLOW),
        ]),
        [Captured(4, 0, hits=frozenset({1}))],
    ),
    "twice over a partner, the second time with a warrant": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(0), "d": keeps(0)}, [
            edge("ab", delay="3 s"), edge("bc", "query", onward=True), edge("cb", "query", onward=True, warrant=SLOW),
            edge("bd", "query", onward=True),
        ]),
        [READ],
    ),
    "what arrives while a warrant is waited for, beside one that is needed later": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(0)}, [
            edge("ab", delay="3 s"), edge("bc", "query", onward=True, warrant={**SLOW, "beyond": "8 s"}),
            edge("bc", "query", onward=True, warrant=SLOW),
        ]),
        [READ],
    ),
    "gone before it is renewed": (
        world({"a": keeps(20), "b": keeps(2)}, [
            edge("ab", clock="receipt"), edge("ab", delay="2 s", clock="receipt", on_duplicate="renew"),
        ]),
        [READ],
    ),
    "recalled": (
        world({"a": keeps(6), "b": keeps(20), "c": keeps(20)}, [
            edge("ab", recalls=True), edge("bc", onward=True, recalls=True, clock="receipt"),
        ]),
        [READ],
    ),
    "recalled with the giver's batch": (
        world({"a": keeps(6, purge=every(5, 1)), "b": keeps(20)}, [edge("ab", delay="2 s", recalls=True)]), [READ],
    ),
    "recalled by a store that holds it longer within the second": (
        world({"a": keeps(9), "b": keeps(3), "c": keeps(20), "d": keeps(9)}, [
            edge("ab", delay="2 s"), edge("bc", onward=True, recalls=True), edge("ad"),
            edge("db", onward=True, delay="2 s", clock="receipt"),
        ]),
        [READ],
    ),
    "recalled sooner, and a clock from capture cannot be restarted": (
        world({"a": keeps(9), "b": keeps(3), "c": keeps(9)}, [
            edge("ab"), edge("bc", onward=True, recalls=True), edge("ac", delay="2 s", on_duplicate="renew"),
        ]),
        [READ],
    ),
    "the farther of two is finer": (
        world({"a": keeps(9), "b": keeps(9, time_step="5 s"), "c": keeps(9), "d": keeps(9), "e": keeps(9)}, [
            edge("ab"), edge("be", onward=True), edge("ac"), edge("cd", onward=True), edge("de", onward=True),
        ]),
        [READ],
    ),
    "each in bulk, or more on request": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(0)}, [
            edge("ab"), edge("bc", "query", sight="bulk"), edge("bc", "query", onward=True),
        ]),
        [READ],
    ),
    "old enough for a warrant before the batch": (
        world({"a": keeps(20, warrant={"beyond": "2 s", "delay": "1 s"}), "b": keeps(0), "c": keeps(9)}, [
            edge("ab", "query", sight="bulk"), edge("bc", copies="reachable", onward=1, sync=every(5, 1)),
        ]),
        [Captured(3, 0), Captured(5, 0)],
    ),
    "what is not shown is not copied": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(0), "d": keeps(9)}, [
            edge("ab"), edge("bc", "query", sight="bulk"), edge("cd", copies="reachable", onward=True, sync=every(3)),
        ]),
        [READ, Captured(4, 1)],
    ),
    "a side door is an edge": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(0), "d": keeps(0)}, [
            edge("ab"), edge("bd", "side_door", chance=1.0), edge("ac", "query"), edge("cd", "side_door", chance=1.0),
        ], hops=1),
        [READ],
    ),
    "a side door looks back so far": (
        world({"a": keeps(9), "b": keeps(0)}, [edge("ab", "side_door", chance=1.0, look_back="4 s")]), [READ],
    ),
    "hits and held ones never shorter": (
        world({"a": keeps(9, hit_retention="2 s", held_retention="3 s", sample=0.0)}),
        [Captured(4, 0, HIT), Captured(4, 0, HELD), READ],
    ),
    "not onward": (world({"a": keeps(9), "b": keeps(9), "c": keeps(9)}, [edge("ab"), edge("bc")]), [READ]),
    "recalled sooner than it was": (
        world({"a": keeps(9), "b": keeps(4), "c": keeps(9)}, [
            edge("ac"), edge("ab"), edge("bc", delay="2 s", recalls=True, **RENEW),
        ]),
        [READ],
    ),
    "samples, hits and held reads of the taker": (
        world({"a": keeps(9), "b": keeps(9, sample=0.5, hit_retention="12 s", held_retention="15 s"), "c": keeps(9, keep="hits")},
              [edge("ab"), edge("ac", clock="receipt"), edge("bc", onward=True, clock="receipt")]),
        [Captured(4, 0, 0, 0.5), Captured(4, 0, 0, 0.25), Captured(4, 0, HIT, 0.5), Captured(4, 0, HELD, 0.75)],
    ),
    "all on request, all of it old, all from afar": (
        world({"a": keeps(20, warrant={"beyond": "5 s", "delay": "2 s"}), "b": keeps(0), "c": keeps(0), "d": keeps(20),
               "e": keeps(20)}, [
            edge("ab", "query", sight="bulk"), edge("bc", "query", sight="bulk", onward=1),
            edge("cd", copies="reachable", onward=2, sync=every(3, 1)), edge("de", onward=2),
            edge("be", copies="reachable", onward=1, sync=every(5, 1)), edge("de", "query", onward=3),
        ]),
        [Captured(2, 0), Captured(3, 0), Captured(4, 0)],
    ),
    "not in bulk is not copied": (
        world({"a": keeps(9), "b": keeps(0), "c": keeps(9), "d": keeps(9)}, [
            edge("ab", "query"), edge("bc", "query", sight="bulk", onward=1),
            edge("bd", copies="reachable", onward=2, sync=every(3)),
            edge("cd", copies="reachable", onward=2, sync=every(3)),
        ]),
        [READ],
    ),
    "a copy of a copy on a route of looks": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(0), "d": keeps(9), "e": keeps(9)}, [
            edge("ab"), edge("bc", "query", sight="bulk", onward=1), edge("cd", copies="reachable", onward=2, sync=every(3)),
            edge("ce", copies="reachable", onward=1, sync=every(3)), edge("de", "query", onward=2),
        ]),
        [READ],
    ),
    "a warrant of the edge, of the store and of both": (
        world({"a": keeps(20, warrant={"beyond": "7 s", "delay": "1 s", "granted": 0.9}), "b": keeps(0), "c": keeps(0)}, [
            edge("ab", "query", warrant={"beyond": "9 s", "delay": "3 s", "granted": 0.5}),
            edge("bc", "query", onward=1, warrant={"beyond": "5 s", "delay": "2 s", "granted": 0.7}),
        ]),
        [READ],
    ),
    "two ways, one quicker and one surer": (
        world({"a": keeps(20), "b": keeps(0), "c": keeps(0), "d": keeps(0)}, [
            edge("ab", "query", warrant={"beyond": "0 s", "delay": "4 s", "granted": 0.9}),
            edge("ac", "query", warrant={"beyond": "0 s", "delay": "1 s", "granted": 0.5}),
            edge("bd", "query", onward=1), edge("cd", "query", onward=1),
        ]),
        [READ],
    ),
    "two ways, one shorter and one further back": (
        world({"a": keeps(20), "b": keeps(20), "c": keeps(0), "d": keeps(0), "e": keeps(0)}, [
            edge("ab"), edge("bd", "query", onward=1, look_back="3 s"), edge("ac", "query"), edge("cd", "query", onward=1),
            edge("bc", "query", onward=1, look_back="9 s"), edge("de", "query", onward=3, sight="bulk"),
            edge("ae", "query", sight="bulk", look_back="2 s"),
        ]),
        [READ],
    ),
    "escrow, backups and what a process is asked for": (
        world({"a": keeps(5, backup="4 s", identity={"kind": "escrow", "rotate": "5 s"}),
               "b": keeps(9, backup="3 s", warrant={"beyond": "6 s", "delay": "2 s"}), "c": keeps(0)}, [
            edge("ab"), edge("bc", "query", onward=1, look_back="10 s"), edge("ac", "query", look_back="6 s"),
        ]),
        [READ],
    ),
    "side doors": (
        world({"a": keeps(9, warrant={"beyond": "5 s", "delay": "1 s"}), "b": keeps(9), "c": keeps(0), "d": keeps(0)}, [
            edge("ab", "query", look_back="7 s"), edge("ac", "side_door", chance=0.25, look_back="4 s"),
            edge("bc", "side_door", chance=0.5), edge("cd", "query", onward=True), edge("bd", "side_door", chance=0.0),
        ]),
        [READ, Captured(3, 1)],
    ),
    "nothing is shared": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(0)},
              [edge("ab"), edge("ab", "query"), edge("ab", "alert"), edge("ac", "side_door")], hops=0),
        [Captured(4, 0, HIT, 0.0, frozenset({1}))],
    ),
    "one edge and no more": (
        world({"a": keeps(9), "b": keeps(9), "c": keeps(0), "d": keeps(0)}, [
            edge("ab"), edge("bc", "query", onward=True), edge("ad", "query"), edge("dc", "query", onward=True),
            edge("ac", "side_door", chance=1.0), edge("dc", "side_door", chance=1.0),
        ], hops=1),
        [READ],
    ),
    "alerts in batches, in archives of hits, at once": (
        world({"a": keeps(0), "b": keeps(3, hit_retention="6 s", purge=every(5, 3), backup="2 s", time_step="5 s"),
               "c": keeps(9, warrant={"beyond": "4 s", "delay": "2 s"}), "d": keeps(0)}, [
            edge("ab", "alert"), edge("ac", "alert", delay="2 s"), edge("ac", "alert", delay="1 s"),
            edge("bd", "query", onward=1), edge("cd", "query"),
        ]),
        [Captured(4, 0, HIT, 0.0, frozenset({1, 2}))],
    ),
    "departments' own": (
        world({"a": {}, "b": keeps(3), "c": {"kind": "pool"}}, [edge("ac"), edge("bc")],
              retention="4 s", departments={"retention": "7 s", "hit_retention": "9 s"}),
        [READ, Captured(4, 1), Captured(4, 0, HIT), Captured(4, 2)],
    ),
    "in another state": (
        world({"a": keeps(9, state="TX"), "b": keeps(9, state="TX"), "c": keeps(9, state="MA", attests=True),
               "d": keeps(9, kind="pool")}, [
            {"giver": "a", "taker": "compact", "kind": "mirror"}, {"giver": "c", "taker": "in-state", "kind": "query"},
            {"giver": "everyone", "taker": "d", "kind": "query"},
        ], opt_out=({"agency": "compact", "to": "d"},)),
        [READ, Captured(4, 2)],
    ),
    "batches at other times of day": (
        world({"a": keeps(3, purge=every(5, 2)), "b": keeps(9)}, [edge("ab", sync=every(5, 4))]),
        [READ, Captured(1, 0), Captured(2, 0)],
    ),
    "pseudonyms that come together": (
        world({"a": keeps(9), "b": keeps(9, identity={"kind": "hashed", "rotate": "2 s"}, place_step="1 km"),
               "c": keeps(9, identity={"kind": "hashed", "rotate": "5 s"}, time_step="5 s"), "d": keeps(9)},
              [edge("ab"), edge("ac"), edge("bd", onward=True), edge("cd", onward=True)]),
        [READ],
    ),
    "the same, the other first": (
        world({"a": keeps(9), "b": keeps(9, identity={"kind": "hashed", "rotate": "2 s"}, place_step="1 km"),
               "c": keeps(9, identity={"kind": "hashed", "rotate": "5 s"}, time_step="5 s"), "d": keeps(9)},
              [edge("ab"), edge("ac"), edge("cd", onward=True), edge("bd", onward=True)]),
        [READ],
    ),
    **{name: (custody({store: {"retention": f"{kept} s"} for store, kept in zip("abcd", retentions, strict=False)}, *edges),
              [Captured(0, 0), Captured(2, 1)]) for name, (retentions, edges, _) in HARD.items()},
}  # fmt: skip
ALL = {**WORLDS, **MORE}

COMPILED = [
    (_course, "Course.kept", ".through(self.rules.stores[store].resolution)", ""),
    (_course, "Course._taken", "now if way.from_receipt else self.phases.capture", "self.phases.capture"),
    (_course, "Course._taken", "min(end, gone) if way.recalls else end", "end"),
    (_course, "Course._taken", "gone <= now", "gone < now"),
    (_course, "Course._taken", "end <= now", "end < now"),
    (_course, "Course._taken", "not now < self.phases.capture + way.cap", "not now <= self.phases.capture + way.cap"),
    (_course, "Course._taken", "if stay is None:", "if stay is None or self.purged(way.taker) <= now:"),
    (_course, "Course._taken", "not self.rules.stores[way.taker].takes(self.kind.record, self.kind.draw)", "False"),
    (_course, "Course._taken", "max(stay.due, end)", "stay.due"),
    (_course, "Course._taken", "edges == stay.edges", "True"),
    (_course, "Course._taken", "edges == stay.edges", "False"),
    (_course, "Course._taken", "return longer and way.taker in self.ways.recalling", "return False"),
    (_course, "Course._taken", "if way.renews and", "if"),
    (_course, "Course._taken", "if way.renews and", "if False and"),
    (_course, "Course._taken", "stay.due < end and now", "now"),
    (_course, "Course._taken", " and now < self.purged(way.taker)", ""),
    (_course, "Course._pass_on", "edges <= way.limit", "edges < way.limit"),
    (_course, "Course._pass_on", "edges <= way.limit", "edges <= way.limit + 1"),
    (_course, "Course._pass_on", "received + way.delay", "received"),
    (_course, "Course._pass_on", "received + way.delay", "received + way.delay + 1"),
    (_course, "Course._pass_on", "way.sync, received", "None, received"),
    (_course, "Course._pass_on", "edges + way.edges", "edges + 1"),
    (_course, "Course._never_ends", "= self.phases.never", "= self.stays[store].due"),
    (_moments, "Phases.batch", "begin + (batches.at - begin)", "begin + 1 + (batches.at - begin - 1)"),
    (_moments, "Phases.batch", "(batches.at - begin) % batches.every", "batches.every"),
    (_view, "looks", "rules.hops - 1 if", "rules.hops if"),
    (_view, "looks", "rules.hops - 1 if rules.hops < NO_LIMIT else NO_LIMIT", "NO_LIMIT"),
    (_view, "looks", "door.cap", "UNLIMITED"),
    (_view, "_followed", "most = look.limit - 1", "most = look.limit"),
    (_view, "_followed", "limit = query.limit if query.limit < most else most", "limit = most"),
    (_view, "_followed", "limit = query.limit if query.limit < most else most", "limit = query.limit"),
    (_view, "_followed", "max(look.sight, query.sight)", "query.sight"),
    (_view, "_followed", "max(look.sight, query.sight)", "look.sight"),
    (_view, "_followed", "query.cap if query.cap < look.cap else look.cap", "query.cap"),
    (_view, "_followed", "query.cap if query.cap < look.cap else look.cap", "look.cap"),
    (_view, "_followed", "look.warrant.and_(query.warrant)", "query.warrant"),
    (_view, "_followed", "look.warrant.and_(query.warrant)", "look.warrant"),
    (_view, "Look.covers", "self.sight <= sight and ", ""),
    (_view, "Look.covers", "self.limit >= limit and ", ""),
    (_view, "Look.covers", "self.cap >= cap and ", ""),
    (_view, "Look.covers", "self.warrant is warrant or self.warrant.no_stricter(warrant)", "True"),
    (_view, "reachable", "look.sight == SightKind.BULK", "True"),
    (_view, "reachable", "edges=edges + 1", "edges=1"),
    (_view, "reachable", "min(look.cap, look.warrant.and_(rules.stores[store].warrant).beyond)", "look.cap"),
    (_view, "reachable", "look.warrant.and_(rules.stores[store].warrant).beyond", "look.warrant.beyond"),
    (_view, "reachable", "min(look.cap, look.warrant.and_(rules.stores[store].warrant).beyond)", "UNLIMITED"),
    (_view, "reachable", "mirror.limit - edges", "mirror.limit"),
    (_view, "reachable", "min(look.limit, mirror.limit - edges)", "mirror.limit - edges"),
    (_rules, "Warrant.and_", "min(self.beyond, other.beyond)", "max(self.beyond, other.beyond)"),
    (_rules, "Warrant.and_", "max(self.delay, other.delay)", "min(self.delay, other.delay)"),
    (_rules, "Warrant.and_", "min(self.granted, other.granted)", "max(self.granted, other.granted)"),
    (_rules, "Warrant.and_", "min(self.granted, other.granted)", "self.granted * other.granted"),
    (_view, "_followed", " or query.giver == viewer", ""),
    (_rules, "Warrant.no_stricter", "self.beyond == other.beyond and ", ""),
    (_rules, "Warrant.no_stricter", "self.beyond == other.beyond", "self.beyond >= other.beyond"),
    (_rules, "Warrant.no_stricter", " and self.delay == other.delay", ""),
    (_rules, "Warrant.no_stricter", " and self.granted >= other.granted", ""),
    (_rules, "Resolution.through", "max(self.time_step, store.time_step)", "store.time_step"),
    (_rules, "Resolution.through", "max(self.place_step, store.place_step)", "store.place_step"),
    (_rules, "Resolution.through", "min(rotations, default=0)", "max(rotations, default=0)"),
    (_rules, "Resolution.finest", "max(self.rotation, other.rotation)", "min(self.rotation, other.rotation)"),
    (_rules, "Resolution.finest", "min(self.time_step, other.time_step)", "self.time_step"),
    (_rules, "Resolution.finest", "min(self.place_step, other.place_step)", "self.place_step"),
    (_rules, "Store.takes", "draw < self.sample", "draw <= self.sample"),
    (_rules, "Store.takes", "record != RecordClass.PLAIN or ", ""),
    (_rules, "Rules._add", "self.hops - 1", "self.hops"),
    (_rules, "Rules._add", "if self.hops == 0", "if False"),
    (_rules, "Rules._add", "min(_limit(edge.onward), self.hops - 1)", "_limit(edge.onward)"),
    (_rules, "Rules._add", "UNLIMITED if edge.look_back is None else edge.look_back", "UNLIMITED"),
    (_rules, "Rules._add", "else edge.look_back", "else edge.look_back + 1"),
    (_rules, "Rules._add", "_warrant(edge.warrant)", "NO_WARRANT"),
    (_rules, "Rules._add", "receipt and edge.on_duplicate", "edge.on_duplicate"),
    (_rules, "Rules._add", "edge.recalls", "False"),
    (_rules, "Rules._add", "edge.chance", "1.0"),
    (_rules, "kept", 'if agency.kind == "department"', "if False"),
    (_rules, "kept", 'if agency.kind == "department"', "if True"),
    (_rules, "expanded", "(giver, taker) not in gone", "True"),
    (_rules, "_Names._of", " and about.attests", ""),
    (_rules, "_Names._of", " and state in models.COMPACT", ""),
    (_rules, "_Names._of", ".state == state or", ".state == '' or"),
    (_rules, "_store", '(0 if said["keep"] == "hits" else retention, hit, held)', "(retention, hit, held)"),
    (_rules, "_store", "else retention, hit, held", "else retention, retention, held"),
    (_rules, "_store", "else retention, hit, held", "else retention, hit, hit"),
    (_rules, "_store", "max(retention, _or(said", "(_or(said"),
    (_rules, "_store", "max(hit, _or(said", "(_or(said"),
    (_rules, "_store", '_or(said["alert_retention"], hit)', "hit"),
    (_rules, "_store", '_or(said["alert_retention"], hit)', '_or(said["alert_retention"], retention)'),
    (_rules, "_store", '_batches(said["purge"])', "None"),
    (_rules, "_store", '_or(said["backup"], 0)', "0"),
    (_rules, "_store", '_or(said["backup"], 0)', '_or(said["backup"], 0) + 1'),
    (_rules, "_store", 'bool(identity and identity.kind == "escrow")', "False"),
    (_rules, "_store", '_warrant(said["warrant"])', "NO_WARRANT"),
    (_rules, "_warrant", "said.beyond,", "said.beyond + 1,"),
    (_rules, "_warrant", "said.delay,", "said.delay + 1,"),
    (_rules, "_warrant", "said.granted)", "said.granted / 2)"),
    (_rules, "_limit", "else onward", "else onward + 1"),
    (_rules, "_limit", "else 0", "else 1"),
    (_rules, "_batches", "schedule.at)", "0)"),
    (_compile, "Compiler._spans", "shelf.edges <= look.limit", "shelf.edges < look.limit"),
    (_compile, "archive", "phases.capture + way.delay", "phases.capture"),
    (_compile, "archive", "received if way.from_receipt else phases.capture", "phases.capture"),
    (_compile, "archive", "store.alert_clock", "store.clocks[1]"),
    (_compile, "archive", "phases.batch(store.purge, due)", "due"),
    (_compile, "archive", ", 1, store.resolution", ", 0, store.resolution"),
    (_compile, "archive", "store.resolution", "Resolution()"),
    (_compile, "shown", "look.warrant.and_(store.warrant)", "store.warrant"),
    (_compile, "shown", "look.warrant.and_(store.warrant)", "look.warrant"),
    (_compile, "shown", "end = min(shelf.purged, phases.capture + look.cap)", "end = shelf.purged"),
    (_compile, "shown", "look.chance, shelf.kept, shelf.received, free", "look.chance, shelf.kept, shelf.received, end"),
    (_compile, "shown", "1.0, shelf.kept, shelf.received, free", "1.0, shelf.kept, shelf.received, end"),
    (_compile, "shown", "if warrant.beyond != UNLIMITED", "if False"),
    (_compile, "shown", "shelf.kept._replace(rotation=shelf.arrived.rotation) if store.escrow else shelf.kept", "shelf.kept"),
    (_compile, "shown", "_replace(rotation=shelf.arrived.rotation)", "_replace(rotation=0)"),
    (_compile, "shown", "if store.backup:", "if False:"),
    (_compile, "shown", "min(shelf.purged + store.backup, phases.capture + look.cap)", "shelf.purged + store.backup"),
]  # fmt: skip
RUN = [
    (_book, "Book._join", "edges == there.passed", "True"),
    (_book, "Book._join", "there.arrived = edges, source.resolution", "there.arrived = edges, there.arrived"),
    (_book, "Book._receive", 'rule.on_duplicate == "renew" and ', ""),
    (_book, "Book._receive", ' and rule.clock == "receipt"', ""),
    (_book, "Book._receive", "min(due, source.falls) if rule.recalls else due", "due"),
    (_book, "Book._receive", "source.falls", "source.due"),
    (_routes, "Rules._search", "link.giver != viewer and ", ""),
    (_routes, "Rules._search", "link.giver != viewer and ", "link.giver not in {viewer, *way.agencies} and "),
    (_looks, "Looks._served", "way.granted)", "way.granted / 2)"),
    (_looks, "Looks._served", "copy, copy.opened", "copy, copy.resolution"),
]  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_without_a_fault_both_agree(name):
    assert first_difference(*MORE[name]) == ""


@pytest.mark.parametrize("fault", [*COMPILED, *RUN], ids=lambda fault: f"{fault[1]}: {fault[2]} → {fault[3]}")
def test_a_rule_read_otherwise_is_found(fault, monkeypatch):
    plant(monkeypatch, *fault)
    assert any(first_difference(*ALL[name]) for name in ALL)
