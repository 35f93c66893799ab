"""Traffic that another program simulated, read element by element: what SUMO's and MATSim's readers share.

The file is parsed as a stream: in memory are the passages (16 bytes each as they are read, about 55 while they are sorted),
the trips and the vehicles under way.
"""

import gzip
import logging
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Literal, NamedTuple
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from alprsim import parquet
from alprsim.interop.errors import InteropError, Line
from alprsim.tables import Int32, Int64, Passages

_log = logging.getLogger("alprsim.interop")

_CHUNK = 1 << 20  # bytes handed to the parser at a time

Unknown = Literal["refuse", "count"]


class Observed(NamedTuple):
    """Another program's traffic. Its trips are numbered by (vehicle, departure), as our Trips are."""

    passages: Passages
    vehicles: list[str]
    """The names of the vehicles, in the order in which the file first has them."""
    roads: list[str]
    """The name of each road that `passages.road` may be; "" a row that has none."""
    vehicle: Int32
    """int32[trips]: the row of `vehicles`"""
    depart: Int64
    """int64[trips], ms since the scenario's start"""
    arrive: Int64
    """int64[trips], ms; −1 unfinished"""
    left_out: Counter[str]
    """How many of what was left out, by rule."""


def save(observed: Observed, folder: Path | str) -> None:
    """Write ``passages.parquet`` (the table Passages), ``trips.parquet`` and ``roads.parquet``: rows are the references."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    parquet.save(observed.passages, folder / "passages.parquet")
    names = np.array([*observed.vehicles, ""])[observed.vehicle]
    trips = {"vehicle": names, "depart_ms": observed.depart, "arrive_ms": observed.arrive}
    parquet.write(pa.table({name: pa.array(values) for name, values in trips.items()}), folder / "trips.parquet")
    parquet.write(pa.table({"road": pa.array(observed.roads, pa.string())}), folder / "roads.parquet")


Start = Callable[[str, dict[str, str], Line], None]
"""What a format does at an element's start: its name, attributes and line."""

End = Callable[[str, Line], None]
"""And at its end."""


class Recorder:
    """Trips and passages as they are met in a file."""

    def __init__(self, roads: Mapping[str, int] | None, unknown: Unknown, start: float) -> None:
        self.given = roads is not None
        self.roads = dict(roads or {})
        self.unknown, self.first = unknown, round(start * 1000)
        self.vehicles: dict[str, int] = {}
        self.vehicle, self.depart, self.arrive = array("i"), array("q"), array("q")
        self.time, self.road, self.trip = array("q"), array("i"), array("i")
        self.left_out: Counter[str] = Counter()
        self.strangers: Counter[str] = Counter()

    def milliseconds(self, line: Line, what: str, text: str) -> int:
        """Return a time in seconds as ms since the scenario's start."""
        time = round(line.number_of(f"{what} (seconds)", text) * 1000) - self.first
        if time < 0:
            raise line.refuse(f"{what} must be at or after the scenario's start, second {self.first / 1000:g}", text)
        return time

    def begin(self, vehicle: str, depart: int) -> int:
        """Start a trip; return its number."""
        self.vehicle.append(self.vehicles.setdefault(vehicle, len(self.vehicles)))
        self.depart.append(depart)
        self.arrive.append(-1)
        return len(self.vehicle) - 1

    def enter(self, line: Line, road: str, time: int, trip: int) -> None:
        """Record that a trip enters a road."""
        row = self.roads.get(road)
        if row is None:
            if self.given and self.unknown == "refuse":
                raise line.unknown("the road", road, self.roads)
            if self.given:
                self.strangers[road] += 1
                return
            row = self.roads[road] = len(self.roads)
        self.time.append(time)
        self.road.append(row)
        self.trip.append(trip)

    def finish(self) -> Observed:
        """Return everything in order, and say what was left out."""
        vehicle, depart = np.asarray(self.vehicle), np.asarray(self.depart)
        order = np.lexsort((depart, vehicle))
        number = np.empty(len(order), np.int32)
        number[order] = np.arange(len(order), dtype=np.int32)
        time, road = np.asarray(self.time), np.asarray(self.road)
        trip = number[np.asarray(self.trip)]
        by_time = np.lexsort((trip, road, time))
        arrive = np.asarray(self.arrive)
        unfinished = int(np.count_nonzero(arrive < 0))
        counts = {"trips unfinished, their passages kept": unfinished}
        counts["passages of unknown roads"] = self.strangers.total()
        self.left_out.update({what: count for what, count in counts.items() if count})
        for what, count in self.left_out.items():
            _log.info("%d %s", count, what)
        if self.strangers:
            few = ", ".join(name for name, _ in self.strangers.most_common(3))
            _log.warning("%d unknown roads left out, such as %s", len(self.strangers), few)
        names = [""] * (max(self.roads.values(), default=-1) + 1)
        for name, row in self.roads.items():
            names[row] = name
        return Observed(
            passages=Passages(time=time[by_time], road=road[by_time], trip=trip[by_time]),
            vehicles=list(self.vehicles), roads=names, vehicle=vehicle[order], depart=depart[order],
            arrive=arrive[order], left_out=self.left_out,
        )  # fmt: skip


def parse(file: Path, root: str, start: Start, end: End | None = None) -> None:
    """Hand every element of an XML file, compressed with gzip or not, to `start` and `end`; the outermost must be `root`."""
    parser = expat.ParserCreate()
    line = Line(file, 0)

    def first(name: str, attributes: dict[str, str]) -> None:
        if name != root:
            raise line._replace(number=parser.CurrentLineNumber).refuse(f"the outermost element must be <{root}>", name)
        parser.StartElementHandler = inner

    def inner(name: str, attributes: dict[str, str]) -> None:
        start(name, attributes, Line(file, parser.CurrentLineNumber))

    parser.StartElementHandler = first
    if end:
        parser.EndElementHandler = lambda name: end(name, Line(file, parser.CurrentLineNumber))
    try:
        with _open(file) as stream:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise line._replace(number=error.lineno).refuse(
            f"must be whole XML: {expat.ErrorString(error.code)}"
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        place = line._replace(number=parser.CurrentLineNumber)
        raise place.refuse(f"must be whole: truncated or damaged ({error})") from error
    except OSError as error:
        raise InteropError(f"{file} cannot be read ({error})") from error


def _open(file: Path) -> IO[bytes]:
    """Open a file, through gzip where its first bytes say so."""
    plain = file.open("rb")
    if plain.read(2) == b"\x1f\x8b":
        plain.close()
        return gzip.open(file, "rb")  # type: ignore[return-value]
    plain.seek(0)
    return plain


def attribute(line: Line, element: str, attributes: dict[str, str], name: str) -> str:
    """Return an attribute that must be there."""
    if name not in attributes:
        raise lacking(line, element, attributes, name)
    return attributes[name]


def lacking(line: Line, element: str, attributes: dict[str, str], name: str) -> InteropError:
    """Return the error of an attribute that is not there."""
    return line.refuse(f"{element} must have '{name}'; it has {', '.join(attributes) or 'nothing'}")
