"""Hot lists: which plates are wanted when, which reads alert on them, and how many alerts are about somebody innocent.

An alert is decided when the plate is read, by the copy of the list that the reader holds at that moment: how long plain
reads are kept afterwards, and who may look at them, changes none of it. An entry lags behind the truth twice: it stays on
the list after the plate is no longer wanted, and the readers' copy is refreshed only now and then.

A listed vehicle is driven as on any other day: a stolen one as by its owner. Alerts do not feed back: nobody is taken off a
list because of a stop. What reaches an agency by sharing, minutes or days later, is not matched again.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from alprsim import parquet, randomness
from alprsim.kernels import hotlists as kernels
from alprsim.scenario import models
from alprsim.tables import (
    AS_WRITTEN,
    DAY,
    UNLIMITED,
    Agencies,
    AgencyKind,
    Alerts,
    Cameras,
    Cause,
    Int8,
    Int16,
    Int32,
    Int64,
    Listings,
    ListKind,
    Measured,
    Outcome,
    Plates,
    Reads,
    Sites,
    Stratum,
    UInt64,
    VehicleKind,
    Vehicles,
)

EVERY = "all"
"""In the tidy table: of every list, of every camera, and of whatever policy, viewer and sight."""

_TAIL = -np.log1p(-np.arange(257) / 512).round(12)
"""−ln(1 − x / 2) at 257 points: linear between them it is right to one part in a million."""


class Lists(NamedTuple):
    """The listings of a whole run, and whose reads are matched against which lists."""

    spec: models.HotLists
    listings: Listings
    first: Int64
    """Plate p has the listings ``first[p]:first[p + 1]``."""
    matched: NDArray[np.bool_]
    """[n_sites, n_lists]."""
    agency: Int16
    """[n_sites], rows of Agencies."""

    @property
    def names(self) -> list[str]:
        """In the order of the rows that `Listings.hot_list` refers to."""
        return list(self.spec.lists)


def prepare(
    plates: Plates, spec: models.HotLists, cameras: Cameras, sites: Sites, agencies: Agencies, *, issued: int, length: int,
    seed: int,
) -> Lists:  # fmt: skip
    """Draw the spells on each list from the start to ``length`` (s), and find whose cameras are matched against it.

    Every spell belongs to (seed, list's name, plate, its number): another list, vehicle or camera changes none.
    """
    listings = draw(plates, spec, issued=issued, length=length, seed=seed)
    first = np.searchsorted(listings.plate, np.arange(len(plates) + 1)).astype(np.int64)
    agency = cameras.agency[sites.camera]
    return Lists(spec, listings, first, np.ascontiguousarray(_matched(spec, agencies)[agency]), agency)


def draw(plates: Plates, spec: models.HotLists, *, issued: int, length: int, seed: int) -> Listings:
    """Draw who is on each list, and when, up to ``length`` (s); at second 0 every list is in its steady state."""
    columns = [_spells(plates, name, one, issued, length, seed) for name, one in spec.lists.items()]
    plate, listed, wanted_until, removed = np.concatenate([*columns, np.empty((0, 4), np.int64)]).T
    hot_list = np.repeat(np.arange(len(columns)), [len(rows) for rows in columns])
    refresh = np.array([one.refresh for one in spec.lists.values()], np.int64)[hot_list]
    times = (listed, wanted_until, removed, _copied(listed, refresh), _copied(removed, refresh))
    order = np.lexsort((listed, hot_list, plate))
    names = ("listed", "wanted_until", "removed", "alerts_from", "alerts_until")
    cut = {name: np.minimum(at[order], UNLIMITED) for name, at in zip(names, times, strict=True)}
    return Listings.of(plate=plate[order], hot_list=hot_list[order], **cut)


def alerts(
    lists: Lists, reads: Reads, plates: Plates, vehicles: Vehicles, cameras: Cameras, sites: Sites, *, seed: int
) -> Alerts:
    """Return the alerts of some reads (in the order of Reads), with their cause and what an officer does about them.

    What the officer does belongs to (camera, vehicle, moment), at a sign to (camera, moment): alerts of one read on several
    lists are one occasion. Where a sign raised the alert and the officer does not see that, some car there is stopped.
    """
    held = lists.listings
    pairs = kernels.match(
        reads.time,
        reads.site,
        reads.plate,
        lists.first,
        held.alerts_from,
        held.alerts_until,
        held.hot_list,
        lists.matched,
    )
    read, listing = pairs.T
    time, site, plate, vehicle = (column[read] for column in (reads.time, reads.site, reads.plate, reads.vehicle))
    cause = _causes(plates, plate, vehicle, time, held.wanted_until[listing])
    bits = _occasion(cameras.key[sites.camera[site]], vehicle, vehicles, time, seed)
    return Alerts(
        time=time, site=site, plate=plate, vehicle=vehicle, hot_list=held.hot_list[listing], cause=cause,
        outcome=_outcomes(lists.spec, cause, bits),
    )  # fmt: skip


def wrongful(found: Alerts) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which alerts led to a wrongful stop, and which of those are the first of their stop.

    A stop is wrongful if the read alerted on no list that the vehicle was rightly on.
    """
    moved = np.zeros(len(found), np.bool_)
    moved[:1] = True
    for column in (found.time, found.site, found.plate, found.vehicle):
        moved[1:] |= column[1:] != column[:-1]
    read = np.cumsum(moved) - 1
    right = np.bincount(read, found.cause == Cause.TRUE, minlength=1)[read] > 0
    stopped = (found.outcome == Outcome.STOPPED) & ~right
    once = np.zeros(len(found), np.bool_)
    once[np.flatnonzero(stopped)[np.unique(read[stopped], return_index=True)[1]]] = True
    return stopped, once


class Record:
    """The alerts of a run as it goes on: written day by day to ``alerts.parquet``, counted by day, agency, list and cause."""

    def __init__(self, lists: Lists, agencies: Agencies, vehicles: Vehicles, folder: Path) -> None:
        self._lists, self._agencies, self._vehicles, self._folder = lists, agencies, vehicles, folder
        self._alerts = parquet.Appender(folder / "alerts.parquet")
        self._days: list[Int64] = []
        self._reads: list[Int64] = []
        self._falsely = np.zeros(len(vehicles), np.int32)
        self._stops = np.zeros(len(agencies), np.int64)

    def add(self, found: Alerts, reads: Reads) -> None:
        """Write and count one day's alerts, of the day's reads."""
        names, owners = self._lists.names, [one.owner for one in self._lists.spec.lists.values()]
        agency = self._lists.agency[found.site]
        said = {
            "agency": pa.DictionaryArray.from_arrays(agency.astype(np.int32), self._agencies.name),
            "list": pa.DictionaryArray.from_arrays(found.hot_list.astype(np.int32), pa.array(names)),
            "owner": pa.DictionaryArray.from_arrays(found.hot_list.astype(np.int32), pa.array(owners)),
        }
        self._alerts.add(found, said)
        stopped, once = wrongful(found)
        shape = (len(self._agencies), len(names), len(Cause), 2)
        place = np.ravel_multi_index((agency, found.hot_list, found.cause), shape[:3])
        counts = [np.bincount(rows, minlength=int(np.prod(shape[:3]))) for rows in (place, place[stopped])]
        self._days.append(np.stack(counts, axis=1).reshape(shape))
        self._reads.append(np.bincount(self._lists.agency[reads.site], minlength=len(self._agencies)))
        self._stops += np.bincount(agency[once], minlength=len(self._agencies))
        wronged = found.vehicle[(found.cause != Cause.TRUE) & (found.cause != Cause.SIGN)]
        self._falsely += np.bincount(wronged, minlength=len(self._falsely)).astype(np.int32)

    def close(self) -> Counted:
        """Finish the files: the alerts, their counts by day, and the listings behind them."""
        self._alerts.close()
        counted = Counted(np.stack(self._days), np.stack(self._reads), self._stops, self._falsely)
        parquet.write(_by_day(counted, self._lists, self._agencies), self._folder / "alerts_by_day.parquet")
        parquet.save(self._lists.listings, self._folder / "listings.parquet")
        return counted


def strata(lists: Lists, vehicles: Vehicles, *, since: int, until: int) -> Int8:
    """Return the `Stratum` of each vehicle by what the readers' copies said of its plate in (since, until].

    A list that no camera is matched against counts for nothing. Who was on several lists is told by the first of: on an
    agency's own list; on one although no longer wanted; rightly on one.
    """
    held = lists.listings.take(lists.listings.plate < len(vehicles))
    custom = np.array([one.kind == "custom" for one in lists.spec.lists.values()], np.bool_)[held.hot_list]
    stale_from = np.maximum(held.alerts_from, held.wanted_until)
    matched, ends = np.any(lists.matched, axis=0)[held.hot_list], held.alerts_until
    found = np.full(len(vehicles), Stratum.UNLISTED, np.int8)
    for begins, of, stratum in (
        (held.alerts_from, matched, Stratum.LISTED), (stale_from, matched, Stratum.STALE),
        (held.alerts_from, matched & custom, Stratum.CUSTOM),
    ):  # fmt: skip
        found[held.plate[(begins < ends) & (begins <= until) & (ends > since + 1) & of]] = stratum
    return found


class Counted(NamedTuple):
    """What a run's alerts come to."""

    alerts: Int64
    """[n_days, n_agencies, n_lists, causes, 2]: the alerts, and those of them that led to a wrongful stop."""
    reads: Int64
    """[n_days, n_agencies]."""
    wrongful: Int64
    """[n_agencies]: wrongful stops, each once however many lists it was for."""
    falsely: Int32
    """[n_vehicles]: alerts that were not true; those on signs are of no vehicle."""


def rows(counted: Counted, lists: Lists, agencies: Agencies, vehicles: Vehicles, *, length: int, seed: int) -> Measured:
    """Return the tidy rows: of all lists and of each, at all cameras and at each agency's; of any policy alike.

    Alerts a day and for 1,000 reads (of the cameras matched against the list), shares of causes, what a list is worth (true
    hits and false alerts a day, and how many of the former come to one of the latter), wrongful stops a day, vehicles ever
    alerted on falsely, and how long each list is, how much of it stale, how many plates come a day.
    """
    days = len(counted.reads)
    total, reads = counted.alerts.sum(axis=0), counted.reads.sum(axis=0)
    matched = _matched(lists.spec, agencies)
    table: list[tuple[str, str, str, str, float, str, int]] = []
    everywhere = np.ones(len(agencies), np.bool_)
    places = [(EVERY, everywhere)] + [
        (str(agencies.name[a]), np.arange(len(agencies)) == a) for a in np.flatnonzero(reads)
    ]
    for place, here in places:
        for number, who in [(slice(None), EVERY)] + [
            (slice(n, n + 1), f"list: {name}") for n, name in enumerate(lists.names)
        ]:
            against = here & matched[:, number].any(axis=1)
            if against.any():
                by_cause, stops = total[here][:, number].sum(axis=(0, 1)).T
                once = int(counted.wrongful[here].sum()) if who == EVERY else int(stops.sum())
                table += [(who, place, *row) for row in _shares(by_cause, int(reads[against].sum()), once, days)]
    table += [(EVERY, EVERY, *row) for row in (_custom(total, lists, agencies), *_innocent(counted.falsely, vehicles))]
    table += [
        (f"list: {name}", EVERY, *row) for n, name in enumerate(lists.names) for row in _lengths(lists, n, length)
    ]
    who, place, measure, statistic, value, unit, n = zip(*table, strict=True)
    same = np.full(len(table), EVERY)
    return Measured.of(
        policy=same, viewer=same, sight=same, retention=np.full(len(table), AS_WRITTEN), measure=measure, who=who, reads=place,
        town=same, statistic=statistic, seed=np.full(len(table), seed), value=value, unit=unit, n=n,
    )  # fmt: skip


def _spells(plates: Plates, name: str, one: models.HotList, issued: int, length: int, seed: int) -> Int64:
    share = one.share if one.share is not None else (one.count or 0) / issued
    off = one.wanted_for / share - one.wanted_for - one.stale_for
    may = np.arange(len(plates)) if one.kind != "registration" else np.flatnonzero(plates.state == 0)
    base = randomness.stream(seed, f"on the hot list {name}")
    drawn = kernels.spells(
        base, plates.text[may], off, float(one.wanted_for), float(one.stale_for), length, _TAIL
    )  # fmt: skip
    drawn[:, 0] = may[drawn[:, 0]]
    return drawn


def _copied(moment: Int64, refresh: Int64) -> Int64:
    """Return the first refresh of the readers' copy at or after each moment; live copies follow at once."""
    step = np.maximum(refresh, 1)
    return -(-moment // step) * step


def _matched(spec: models.HotLists, agencies: Agencies) -> NDArray[np.bool_]:
    """Return bool[n_agencies, n_lists]: whose cameras are matched against which list."""
    matched = np.zeros((len(agencies), len(spec.lists)), np.bool_)
    for number, one in enumerate(spec.lists.values()):
        if one.matched == "departments":
            matched[:, number] = agencies.kind == AgencyKind.DEPARTMENT
        else:
            matched[:, number] = np.isin(agencies.name, [one.owner] if one.matched == "own" else list(one.matched))
    return matched


def _causes(plates: Plates, plate: Int32, vehicle: Int32, time: Int32, wanted_until: Int32) -> Int8:
    """Return why each read alerts: a vehicle's own plate is the row of the vehicle, and a row is characters and state.

    A read whose state was taken wrong names the row with its characters from the other state, if that is issued.
    """
    cause = np.where(time < wanted_until, Cause.TRUE, Cause.STALE)
    other = plate != vehicle
    same_text = plates.text[plate[other]] == plates.text[vehicle[other]]
    cause[other] = np.where(same_text, Cause.WRONG_STATE, Cause.MISREAD)
    cause[vehicle < 0] = Cause.SIGN
    return cause.astype(np.int8)


def _occasion(camera: UInt64, vehicle: Int32, vehicles: Vehicles, time: Int32, seed: int) -> UInt64:
    question, bits = randomness.stream(seed, "what an officer does about an alert"), np.empty(len(time), np.uint64)
    sign = vehicle < 0
    bits[~sign] = randomness.draw(question, camera[~sign], vehicles.key[vehicle[~sign]], time[~sign])
    bits[sign] = randomness.draw(question, camera[sign], time[sign])
    return bits


def _outcomes(spec: models.HotLists, cause: Int8, bits: UInt64) -> Int8:
    recognised = np.array([0, spec.confirms, spec.looks, spec.looks, spec.looks])[cause]
    answered = randomness.uniform(randomness.draw(bits, 0)) < spec.answered
    seen = randomness.uniform(randomness.draw(bits, 1)) < recognised
    return np.where(answered, np.where(seen, Outcome.RECOGNISED, Outcome.STOPPED), Outcome.UNANSWERED).astype(np.int8)


def _by_day(counted: Counted, lists: Lists, agencies: Agencies) -> pa.Table:
    """Return a row for each day, agency with reads, list it is matched against, and cause."""
    with_reads = np.asarray(counted.reads.any(axis=0))
    agency, hot_list = np.nonzero(with_reads[:, None] & _matched(lists.spec, agencies))
    days, causes = len(counted.reads), len(Cause)
    counts = counted.alerts[:, agency, hot_list].reshape(-1, 2)
    pair = np.tile(np.repeat(np.arange(len(agency)), causes), days)
    day = np.repeat(np.arange(days), len(agency) * causes)
    owners = np.array([one.owner for one in lists.spec.lists.values()], np.str_)
    kinds = np.array([ListKind[one.kind.upper()] for one in lists.spec.lists.values()], np.int8)
    return pa.table(
        {
            "day": day, "agency": agencies.name[agency[pair]], "list": np.array(lists.names, np.str_)[hot_list[pair]],
            "kind": kinds[hot_list[pair]], "owner": owners[hot_list[pair]],
            "cause": np.tile(np.arange(causes, dtype=np.int8), days * len(agency)), "reads": counted.reads[day, agency[pair]],
            "alerts": counts[:, 0], "wrongful_stops": counts[:, 1],
        }
    )  # fmt: skip


def _shares(by_cause: Int64, reads: int, wrongful_stops: int, days: int) -> list[tuple[str, str, float, str, int]]:
    n, true = int(by_cause.sum()), int(by_cause[Cause.TRUE])
    return [
        ("alerts", "per_1000_reads", 1000 * n / reads if reads else np.nan, "alerts/1,000 reads", n),
        ("alerts", "per_day", n / days, "alerts/d", n),
        *(
            ("alerts", f"share_{cause.name.lower()}", int(by_cause[cause]) / n if n else np.nan, "share", n)
            for cause in Cause
        ),
        ("hot_list_value", "true_hits", true / days, "hits/d", n),
        ("hot_list_value", "false_alerts", (n - true) / days, "alerts/d", n),
        ("hot_list_value", "true_for_each_false", true / (n - true) if n > true else np.nan, "hits/alert", n),
        ("wrongful_stops", "per_day", wrongful_stops / days, "stops/d", wrongful_stops),
    ]


def _custom(total: Int64, lists: Lists, agencies: Agencies) -> tuple[str, str, float, str, int]:
    """Return the share of alerts from custom lists of others than the camera's agency."""
    foreign = np.zeros(total.shape[:2], np.bool_)
    for number, one in enumerate(lists.spec.lists.values()):
        foreign[:, number] = np.not_equal(agencies.name, one.owner) & (one.kind == "custom")
    by_list = total[..., 0].sum(axis=2)
    n = int(by_list.sum())
    return "alerts", "share_of_others_custom_lists", int(by_list[foreign].sum()) / n if n else np.nan, "share", n


def _innocent(falsely: Int32, vehicles: Vehicles) -> list[tuple[str, str, float, str, int]]:
    residents = vehicles.kind == VehicleKind.RESIDENT
    ever, theirs, n = int(np.count_nonzero(falsely)), int(np.count_nonzero(falsely[residents])), int(residents.sum())
    return [
        ("falsely_alerted", "vehicles", ever, "vehicles", len(vehicles)),
        ("falsely_alerted", "share_of_residents", theirs / n if n else np.nan, "share", n),
    ]


def _lengths(lists: Lists, number: int, length: int) -> list[tuple[str, str, float, str, int]]:
    """Return how long a list is and how much of it stale, over time, and the plates that come to it a day."""
    held = lists.listings.take(lists.listings.hot_list == number)
    ends = [np.minimum(at, length).astype(np.float64) for at in (held.wanted_until, held.removed)]
    rightly, whole = (float((end - held.listed).sum()) / length for end in ends)
    new = int(np.count_nonzero(held.listed))
    return [
        ("hot_list", "plates", whole, "plates", len(held)),
        ("hot_list", "share_stale", 1 - rightly / whole if whole else np.nan, "share", len(held)),
        ("hot_list", "additions_per_day", new * DAY / length, "plates/d", new),
    ]
