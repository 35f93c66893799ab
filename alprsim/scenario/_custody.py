"""The keys of custody: what an agency keeps and for how long, what it shares with whom, and what a look needs."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from alprsim.scenario import units
from alprsim.scenario._cameras import CameraKindName, Sought
from alprsim.scenario._changes import Breach, Change, Hold, Outage
from alprsim.scenario._fields import Duration, Length, Model, Name, Rate, Retention, Share

DAY_START = 4 * units.HOUR
"""A scenario's days run from 04:00 to 04:00, and its second 0 is 04:00."""

_CLOCK = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"


def _since_four(text: object) -> int:
    if not (isinstance(text, str) and re.match(_CLOCK, text)):
        raise ValueError(f'{units.shown(text)} is not a time of day; write it like "03:00"')
    return (int(text[:2]) * units.HOUR + int(text[3:]) * units.MINUTE - DAY_START) % units.DAY


def _say_clock(since_four: int) -> str:
    clock = (since_four + DAY_START) % units.DAY
    return f"{clock // units.HOUR:02}:{clock // units.MINUTE % 60:02}"


def _names(value: object) -> object:
    names = value if isinstance(value, tuple) else (value,)
    if not names or not all(isinstance(name, str) and 0 < len(name) <= 80 for name in names):
        raise ValueError(f"{units.shown(value)} is neither an agency, a group of them, nor a list of such")
    return value


def _hops(value: object) -> object:
    if not isinstance(value, bool) and not (isinstance(value, int) and 0 <= value <= 99):
        raise ValueError(f"{units.shown(value)} is neither true, false nor a number of hops from 0 to 99")
    return value


Clock = Annotated[int, BeforeValidator(_since_four), PlainSerializer(_say_clock), WithJsonSchema({"type": "string", "pattern": _CLOCK})]  # fmt: skip
"""A time of day, as seconds since 04:00."""

GROUPS = ("departments", "in-state", "compact", "everyone")
"""What stands for several agencies in an edge: all departments; those of the giver's state; those and the departments of the
other states of `COMPACT` that attest; every agency but hosts."""

COMPACT = ("CT", "MA", "NY", "RI")
"""Connecticut PA 26-14 as reported: its own agencies, and those of Massachusetts, New York and Rhode Island that attest."""

Ends = Annotated[
    str | tuple[str, ...],
    BeforeValidator(_names),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
Onward = Annotated[
    bool | int,
    BeforeValidator(_hops),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "integer", "minimum": 0, "maximum": 99}]}),
]

# A key, its unit, its default and its source stand on one line.
# fmt: off


class Schedule(Model):
    """A batch: at `at` and every `every` before and after it."""

    every: Annotated[Duration, Field(gt=0, description="Time between two batches; a month is 30 d.")]
    at: Annotated[Clock, Field(description="A time of day at which one runs.")] = 0


class Identity(Model):
    """What stands in a record in place of the plate."""

    kind: Annotated[Literal["plain", "hashed", "escrow"], Field(description="the plate; a keyed hash of it, so that nobody finds a plate but the reads of one can be linked while the salt lasts; a hash that a warrant opens.")]
    rotate: Annotated[Retention, Field(gt=0, description="How long one salt lasts; unlimited: for good.")] = units.seconds("unlimited", unlimited=True)


class Exclusion(Model):
    """Cameras near sensitive places, whose reads are not kept."""

    kinds: Annotated[tuple[Sought, ...], Field(min_length=1, description="Washington's ESSB 6002 (2026) bars health care, schools, worship, courts and food banks.")]
    within: Annotated[Length, Field(gt=0, description="Straight line from the camera to the junction where the place stands; 0 to 500 m are asked about. Assumption.")]


class Warrant(Model):
    """From which age on a look needs a warrant, how long that takes and how often it is granted."""

    beyond: Annotated[Retention, Field(description="Younger reads need none; 0 s: every look needs one. Colorado SB26-070: 24 h as filed, 72 h as amended.")] = 0
    delay: Annotated[Duration, Field(description="From asking to looking; 2 h (the bill's sponsor) to 10 d (police), CBS Colorado 20 Feb 2026. 24 h between them is an assumption.")] = units.DAY
    granted: Annotated[Share, Field(description="Of those asked for. Assumption.")] = 0.9


class Keeping(Model):
    """What an agency's store keeps. What an agency does not say, `custody.departments` says for departments."""

    retention: Annotated[Retention | None, Field(description="How long its store keeps a read; none: custody.retention. 0 s keeps nothing.")] = None
    hit_retention: Annotated[Retention | None, Field(description="Of reads that matched a hot list; never less than other reads are kept; none: as those.")] = None
    held_retention: Annotated[Retention | None, Field(description="Of reads held as evidence or exempt; never less than hits are kept; none: as those.")] = None
    held_share: Annotated[Share | None, Field(description="Of its cameras' reads that become evidence or exempt at once, drawn read by read; 0.01 to 2 % are seen. None: 0.")] = None
    alert_retention: Annotated[Retention | None, Field(description="Of alerts that others' cameras pushed to it; none: as hits.")] = None
    keep: Annotated[Literal["all", "hits"] | None, Field(description="hits: other reads are not kept at all. None: all.")] = None
    sample: Annotated[Share | None, Field(description="Share of other reads that it keeps, drawn read by read, of one read the same for every agency. None: all.")] = None
    purge: Annotated[Schedule | None, Field(description="Batches in which reads that are due go; none: each goes when it is due.")] = None
    backup: Annotated[Duration | None, Field(description="How long a purged read can still be restored; only by process. None: 0 s.")] = None
    identity: Annotated[Identity | None, Field(description="None: the plate itself.")] = None
    time_step: Annotated[Duration | None, Field(description="Times are kept in steps of this length. None: exact. Reads and trips are seen all the same; a day shows only by a record of one day alone, and a look-back is answered only by one that is near for all it leaves open. A run says so.")] = None
    place_step: Annotated[Length | None, Field(description="Places are kept as squares of this side. None: the camera. Reads, trips and days are seen all the same; a look-back is answered only by a record all of whose square is near. A run says so.")] = None
    admissible: Annotated[tuple[CameraKindName, ...] | None, Field(min_length=1, description="The kinds of its cameras whose reads may be kept; New Hampshire RSA 261:75-b: patrol cars that are attended. None: all.")] = None
    exclude: Annotated[Exclusion | None, Field(description="Its cameras near sensitive places keep nothing. None: all keep.")] = None
    warrant: Annotated[Warrant | None, Field(description="What every look into its store needs, its own officers' too. None: nothing.")] = None


class Agency(Keeping):
    """One keeper or viewer of reads. A host only stores for others: it searches nothing and shares nothing."""

    kind: Literal["department", "pool", "consumer", "host"] = "department"
    town: Name | None = None
    state: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="Decides what in-state and compact mean.")] = "CT"
    attests: Annotated[bool, Field(description="Whether it has declared not to use or pass reads on as its giver's law forbids: an agency of another state of the compact receives only then.")] = False
    users: Annotated[int | None, Field(ge=0, description="People who may sign in and look. None: not said, and no default is known; ICE's contract with a vendor (2018 to 2020) had more than 9,000 users, with over 80 agencies sharing (Wired, 13 March 2019).")] = None
    host: Annotated[Name | None, Field(description="The agency of kind host on whose servers its store lies: who breaks in there holds it too.")] = None
    server_rate: Annotated[Rate, Field(gt=0, description="Throughput of its shared server. Assumption.")] = float("inf")
    server_buffer: Annotated[int, Field(ge=0, description="Plates its server can keep waiting. Assumption.")] = 100_000


class Edge(Model):
    """A directed edge: the giver lets the taker look, sends it copies or alerts, or searches for it what it may not search."""

    giver: Annotated[Ends, Field(description='An agency, a list of them, or a group: "departments", "in-state", "compact", "everyone".')]
    taker: Annotated[Ends, Field(description='As giver; the states are the giver\'s. Nobody shares with itself.')]
    kind: Literal["query", "mirror", "alert", "side_door"]
    sight: Annotated[Literal["bulk", "request"] | None, Field(description="query only: whether the store can be searched in bulk (a pool) or plate by plate (default).")] = None
    onward: Annotated[Onward, Field(description="query and mirror only: whether what the giver itself received goes to the taker too; a number: only what came over at most so many edges.")] = False
    look_back: Annotated[Retention | None, Field(description="query and side_door only: age from which the taker's searches find nothing, whatever is held. None: no cap.")] = None
    warrant: Annotated[Warrant | None, Field(description="query only: what the taker's looks need beside what the store asks of everybody. None: nothing.")] = None
    needs: Annotated[Literal["nothing", "reason", "case number"], Field(description="query only: what a search must state; it stops nobody. It acts where searches are written down: in `alprsim audit`, case number alone, and in the audit of a ledger's queries, which Python asks; in measures and in `alprsim ledger` not.")] = "nothing"
    saved: Annotated[Retention, Field(description="query only: how long the taker keeps what a search found. It acts on the queries that Python gives to a ledger alone: no static rule knows what was searched, and neither `alprsim ledger` nor `alprsim audit` lays results aside.")] = 0
    delay: Annotated[Duration, Field(description="mirror and alert only: how long after the giver received it a read is sent, if the giver still holds it.")] = 0
    sync: Annotated[Schedule | None, Field(description="mirror only: batches in which reads are sent; none: each on its own.")] = None
    copies: Annotated[Literal["stream", "reachable"], Field(description="mirror only: what the giver itself stores; or all it can search in bulk at that moment.")] = "stream"
    clock: Annotated[Literal["capture", "receipt"], Field(description="mirror and alert only: what the taker's retention counts from.")] = "capture"
    on_duplicate: Annotated[Literal["ignore", "renew"], Field(description="mirror only: whether receiving a held read again restarts its clock.")] = "ignore"
    recalls: Annotated[bool, Field(description="mirror only: whether the purge at the giver reaches the copy: it is due when the giver's would go, as that stands when it is sent, if not sooner.")] = False
    chance: Annotated[Share, Field(description="side_door only: that for one case some giver runs the search; not of each giver, for with hundreds of them one always would. 0, 1, 5 and 20 % are asked about. Assumption.")] = 0.05

    @model_serializer(mode="wrap")
    def _own_keys(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        foreign = foreign_keys(self.kind)
        return {key: value for key, value in write(self).items() if key not in foreign}


EDGE_KEYS = {
    "query": ("sight", "onward", "look_back", "warrant", "needs", "saved"),
    "mirror": ("onward", "delay", "sync", "copies", "clock", "on_duplicate", "recalls"),
    "alert": ("delay", "clock"),
    "side_door": ("look_back", "chance"),
}
"""The keys, beside giver, taker and kind, that each kind of edge has."""

MIDWAY = ("changes", "outages", "breaches", "holds")
"""The keys of custody that say what happens at some moment."""


def foreign_keys(kind: str) -> set[str]:
    """Return the keys of edges that an edge of this kind does not have."""
    return {key for keys in EDGE_KEYS.values() for key in keys} - set(EDGE_KEYS[kind])


class OptOut(Model):
    """Agencies that give nothing more to some others, whatever the edges say."""

    agency: Annotated[Ends, Field(description="Who opts out; as an edge's giver.")]
    to: Annotated[Ends, Field(description="Who gets nothing from it; as an edge's taker.")] = "everyone"


class Custody(Model):
    """Who keeps what, for how long, and who may look."""

    retention: Annotated[Retention, Field(description="Of agencies that do not say their own; 30 d is Flock's default (flocksafety.com, 2 June 2026).")] = 30 * 86_400
    departments: Annotated[Keeping, Field(description="What departments keep that do not say otherwise.")] = Keeping()
    agencies: Annotated[dict[Name, Agency], Field(min_length=1)]
    sharing: tuple[Edge, ...] = ()
    opt_out: tuple[OptOut, ...] = ()
    hops: Annotated[int | None, Field(ge=0, le=99, description="Most edges a read may pass from its camera's owner to whoever sees it; 0: nothing is shared. None: as the edges say.")] = None
    changes: Annotated[tuple[Change, ...], Field(description="What changes midway, in order of time. These four are run by the ledger alone (`alprsim ledger`): measures are of the custody as it is before any change.")] = ()
    outages: tuple[Outage, ...] = ()
    breaches: tuple[Breach, ...] = ()
    holds: tuple[Hold, ...] = ()

    @model_validator(mode="after")
    def _hosts_exist(self) -> Custody:
        for name, agency in self.agencies.items():
            host = self.agencies.get(agency.host) if agency.host else None
            if agency.host and (host is None or host.kind != "host"):
                hosts = [other for other, about in self.agencies.items() if about.kind == "host"]
                raise ValueError(f"agencies.{name}.host: found '{agency.host}'; it must be an agency of kind: host ({', '.join(hosts) or 'there is none'})")
        return self
