"""MATSim's events: when each vehicle entered each link, as Passages.

Read are "vehicle enters traffic", "entered link", "left link", "vehicle leaves traffic" and "vehicle aborts" of ``events.xml``
(matsim.org; times in seconds, never falling). MATSim puts vehicles on the road at the end of their first link
(``relativePosition`` 1): they drive none of it and make no passage there.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from alprsim.interop.errors import Line
from alprsim.interop.traffic import Observed, Recorder, Unknown, lacking, parse

_ENTERS, _LEAVES, _ABORTS = "vehicle enters traffic", "vehicle leaves traffic", "vehicle aborts"
_ENTERED, _LEFT = "entered link", "left link"
_READ = frozenset({_ENTERS, _LEAVES, _ABORTS, _ENTERED, _LEFT})
_OTHER = -1  # in place of a trip: a vehicle of a mode that is left out


def read(
    file: Path | str, *, roads: Mapping[str, int] | None = None, unknown: Unknown = "refuse",
    modes: Collection[str] = ("car",), start: float = 0.0,
) -> Observed:  # fmt: skip
    """Read an events file, .xml or .xml.gz; a trip is from entering to leaving traffic.

    Parameters
    ----------
    roads
        The row of each link; None numbers them in the order in which they are met.
    unknown
        What a link that is not in `roads` does: "refuse" the file, or "count" its passages and leave them out.
    modes
        The network modes to keep; vehicles whose event names none are kept.
    start
        The file's second at which the scenario starts.

    Raises
    ------
    InteropError
        Not events, truncated, an unknown link, a time before the start or out of order, a vehicle on a link that it has
        not entered.
    """
    handler = _Events(Recorder(roads, unknown, start), frozenset(modes))
    parse(Path(file), "events", handler.start)
    return handler.recorder.finish()


class _Events:
    def __init__(self, recorder: Recorder, modes: frozenset[str]) -> None:
        self.recorder, self.modes = recorder, modes
        self.under_way: dict[str, tuple[int, str]] = {}  # of a vehicle: its trip, and the link it is on
        self.now = 0

    def start(self, name: str, attributes: dict[str, str], line: Line) -> None:
        """Follow a vehicle through one event."""
        if name != "event" or attributes.get("type") not in _READ:
            return
        kind = attributes["type"]
        try:
            text, vehicle, link = attributes["time"], attributes["vehicle"], attributes["link"]
        except KeyError as missing:
            raise lacking(line, f"the event {kind!r}", attributes, missing.args[0]) from None
        time = self.recorder.milliseconds(line, "an event's time", text)
        if time < self.now:
            raise line.refuse(f"times must not fall; the event before is at {self._seconds(self.now)}", text)
        self.now = time
        if kind == _ENTERS:
            self._depart(line, attributes, vehicle, link)
            return
        if kind == _ABORTS and vehicle not in self.under_way:
            self.recorder.left_out["vehicles that gave up before they entered traffic"] += 1
            return
        trip, at = self._on(line, vehicle, kind)
        if kind == _ENTERED:
            self.under_way[vehicle] = trip, link
            if trip != _OTHER:
                self.recorder.enter(line, link, time, trip)
        elif at != link:
            raise line.refuse(f"{vehicle!r} must be on the link that it last entered, {at!r}", link)
        elif kind != _LEFT:
            del self.under_way[vehicle]
            if trip != _OTHER and kind == _LEAVES:
                self.recorder.arrive[trip] = time

    def _depart(self, line: Line, attributes: dict[str, str], vehicle: str, link: str) -> None:
        if vehicle in self.under_way:
            raise line.refuse(
                f"{vehicle!r} must leave traffic before it enters again; it is on {self.under_way[vehicle][1]!r}"
            )
        if attributes.get("networkMode") not in {None, *self.modes}:
            self.recorder.left_out["trips of other modes"] += 1
            self.under_way[vehicle] = _OTHER, link
            return
        trip = self.recorder.begin(vehicle, self.now)
        self.under_way[vehicle] = trip, link
        if line.number_of("relativePosition", attributes.get("relativePosition", "1")) < 1:
            self.recorder.enter(line, link, self.now, trip)
        else:
            self.recorder.left_out["departures at the end of a link, which is no passage"] += 1

    def _on(self, line: Line, vehicle: str, kind: str) -> tuple[int, str]:
        if vehicle not in self.under_way:
            raise line.refuse(f"{vehicle!r} must enter traffic before {kind!r}")
        return self.under_way[vehicle]

    def _seconds(self, time: int) -> str:
        return f"{(time + self.recorder.first) / 1000:g} s"
