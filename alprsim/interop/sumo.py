"""SUMO's ``vehroute`` output: the roads each vehicle drove and when it left each, as Passages.

Written by ``sumo --vehroute-output FILE --vehroute-output.exit-times`` (https://sumo.dlr.de/docs/Simulation/Output/VehRoutes.html).
A vehicle enters its first edge when it departs, each further one as it leaves the one before. With
``--vehroute-output.internal`` entries are exact: they agree with SUMO's own counts on every edge. Without it a vehicle leaves
an edge as it reaches the junction, so entries are early by the time it takes to cross (on a grid of 16 junctions 1.7 s on
average, 33 s at most), and one that the end finds in a junction has entered the edge behind it. SUMO 1.28 stops with an error
where that option meets rerouting. ``--vehroute-output.intended-depart`` would make the first entry early.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from alprsim.interop.errors import Line
from alprsim.interop.traffic import Observed, Recorder, Unknown, attribute, parse

_EXIT_TIMES = "run SUMO with --vehroute-output.exit-times"


def read(
    file: Path | str, *, roads: Mapping[str, int] | None = None, unknown: Unknown = "refuse",
    types: Collection[str] | None = None, start: float = 0.0,
) -> Observed:  # fmt: skip
    """Read a ``vehroute`` file, .xml or .xml.gz; each vehicle makes one trip.

    Edges inside junctions (":…") make no passages; of a vehicle that was rerouted the route it drove in the end counts.

    Parameters
    ----------
    roads
        The row of each edge; None numbers them in the order in which they are met.
    unknown
        What an edge that is not in `roads` does: "refuse" the file, or "count" its passages and leave them out.
    types
        The vehicle types to keep (a vehicle without one has "DEFAULT_VEHTYPE"); None all.
    start
        The file's second at which the scenario starts (04:00 of a file that counts from midnight is 14400).

    Raises
    ------
    InteropError
        Not ``vehroute`` or without exit times, truncated, an unknown edge, a time before the start or out of order.
    """
    handler = _VehRoutes(Recorder(roads, unknown, start), types)
    parse(Path(file), "routes", handler.start, handler.end)
    return handler.recorder.finish()


class _VehRoutes:
    def __init__(self, recorder: Recorder, types: Collection[str] | None) -> None:
        self.recorder, self.types = recorder, types
        self.vehicle: dict[str, str] | None = None
        self.route: tuple[dict[str, str], Line] | None = None

    def start(self, name: str, attributes: dict[str, str], line: Line) -> None:
        """Remember the vehicle and the last of its routes."""
        if name == "vehicle":
            self.vehicle, self.route = attributes, None
        elif name == "route" and self.vehicle is not None:
            self.route = attributes, line

    def end(self, name: str, line: Line) -> None:
        """Record a vehicle's trip."""
        if name != "vehicle" or self.vehicle is None:
            return
        vehicle, self.vehicle = self.vehicle, None
        name = attribute(line, "a vehicle", vehicle, "id")
        if self.route is None:
            raise line.refuse(f"vehicle {name!r} must have a <route> with 'edges'")
        if self.types is not None and vehicle.get("type", "DEFAULT_VEHTYPE") not in self.types:
            self.recorder.left_out["vehicles of other types"] += 1
            return
        self._record(name, vehicle, *self.route)

    def _record(self, name: str, vehicle: dict[str, str], route: dict[str, str], line: Line) -> None:
        recorder = self.recorder
        edges = attribute(line, "a route", route, "edges").split()
        if "exitTimes" not in route:
            raise line.refuse(f"a route must have 'exitTimes': {_EXIT_TIMES}")
        exits = route["exitTimes"].split()
        if len(exits) != len(edges):
            raise line.refuse(f"{len(edges)} edges must have as many exit times", len(exits))
        text = attribute(line, f"vehicle {name!r}", vehicle, "depart")
        time = recorder.milliseconds(line, f"the departure of {name!r}", text)
        trip = recorder.begin(name, time)
        for edge, text in zip(edges, exits, strict=True):
            if edge.startswith(":"):
                recorder.left_out["passages of edges inside junctions"] += 1
            else:
                recorder.enter(line, edge, time, trip)
            if text == "-1":  # SUMO's own mark: still on this edge when the simulation ended
                break
            leave = recorder.milliseconds(line, f"the exit of {name!r} from {edge!r}", text)
            if leave < time:
                raise line.refuse(f"exit times of {name!r} must not fall", route["exitTimes"])
            time = leave
        if "arrival" in vehicle:
            recorder.arrive[trip] = recorder.milliseconds(line, f"the arrival of {name!r}", vehicle["arrival"])
