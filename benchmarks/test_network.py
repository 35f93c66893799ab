"""Speed of a whole network of readers, from passages to Parquet: 1,000, 10,000 and 100,000 reads a minute.

A cluster of towns reads about 1,000 a minute and Connecticut about 3,000, 7,000 in its peak hour; 100,000 is stress.
"""

from time import process_time

import numpy as np
import pytest

from alprsim import cameras, plates, store
from alprsim.randomness import below, draw, stream
from alprsim.scenario import models
from alprsim.tables import Agencies, Cameras, Journeys, Passages, Roads, Sites, Trips, Vehicles

MINUTES, BUSY, VEHICLES, ISSUED = 60, 20, 400_000, 3_023_124
"""BUSY: plates a minute that pass a camera, two thirds of what a lane can bring."""


def network(rate):
    """Return an hour in which as many plates pass as make ``rate`` reads a minute, at cameras that upload by the minute."""
    captured, n = 0.9, int(rate / 0.9 * MINUTES)
    count = max(1, round(rate / captured / BUSY))
    bits = draw(stream(1, "an hour of plates"), np.arange(n))
    zero, every = np.zeros(count), np.arange(count)
    spec = models.Cameras(
        groups=(models.CameraGroup(agency="a"),), capture=captured, state=0.99,
        upload=models.Upload(every="1 min", latency="2 s", outage_every="2 d"), faults=models.Faults(between="30 d"),
    )  # fmt: skip
    of_cameras = Cameras.of(
        agency=every % 8, kind=zero, rate=np.full(count, 1800), room=np.full(count, 16), capture=np.full(count, captured),
        correct=np.full(count, 0.93), key=draw(stream(1, "cameras"), every),
    )  # fmt: skip
    vehicles = np.arange(VEHICLES)
    none = np.zeros(VEHICLES)
    fleet = Vehicles.of(household=vehicles, garage=none, town=none, kind=none, key=draw(stream(1, "cars"), vehicles))
    trips = np.arange(n)
    columns = dict.fromkeys(("driver", "companion", "origin", "destination", "purpose"), np.zeros(n))
    return {
        "passages": Passages.of(
            time=np.sort(below(bits, MINUTES * 60_000)), road=below(draw(bits, 1), count), trip=trips
        ),
        "trips": Trips.of(vehicle=np.sort(below(draw(bits, 2), VEHICLES)), depart=np.zeros(n), **columns),
        "journeys": Journeys.of(depart=np.zeros(n), arrive=np.full(n, 3600), path=np.zeros(n)),
        "vehicles": fleet, "cameras": of_cameras,
        "sites": Sites.of(camera=every, road=every, offset=np.full(count, 50.0), heading=zero),
        "roads": Roads.of(
            tail=every, head=every, length=np.full(count, 100), crossing=np.full(count, 8000), lanes=zero + 1,
            headway=zero + 2000, room=zero + 10, wave=zero + 9000, kind=zero,
        ),
        "agencies": Agencies.of(
            name=[f"agency {a}" for a in range(8)], kind=np.zeros(8), server_rate=np.full(8, rate / 4),
            server_room=np.full(8, 100_000),
        ),
        "plates": plates.issue(fleet, models.PlateStock(issued=ISSUED), seed=1), "spec": spec,
        "around": cameras.Conditions.undisturbed(count)._replace(
            offline=cameras.alternating(
                of_cameras.key, 2 * 86_400, 600, length=MINUTES * 60, stream=stream(1, "when a camera is offline")
            ),
            down=cameras.out_of_order(
                of_cameras.key, spec.faults, length=MINUTES * 60, stream=stream(1, "when a camera is down")
            ),
        ),
    }  # fmt: skip


def written(world, folder):
    """Take an hour from its passages to Parquet; return what became of it."""
    seen = cameras.sightings(world["passages"], world["trips"], world["vehicles"], world["sites"], world["roads"])
    day = cameras.read(
        seen, world["vehicles"], world["cameras"], world["sites"], world["agencies"], world["plates"], world["spec"],
        seed=1, conditions=world["around"],
    )  # fmt: skip
    writer = store.Writer(folder, store.layout(len(world["plates"]), world["vehicles"].household, 2))
    writer.add(day.reads, world["trips"].take(slice(0)), world["journeys"].take(slice(0)))
    writer.flush()
    return day.tally


@pytest.mark.parametrize("rate", [1_000, 10_000, 100_000])
def test_network(benchmark, tmp_path, tell, rate):
    world, count, took = network(rate), iter(range(1000)), []

    def hour():
        begun = process_time()
        tally = written(world, tmp_path / str(next(count)))
        took.append(process_time() - begun)
        return tally

    tally = benchmark.pedantic(hour, rounds=3, warmup_rounds=1)
    lost = tally.down + tally.missed + tally.dropped_reader + tally.dropped_store + tally.dropped_server
    reads = tally.reads.sum()
    assert np.array_equal(tally.passages + tally.spurious, lost + tally.reads)
    assert tally.passages.sum() == len(world["passages"])
    assert reads == pytest.approx(rate * MINUTES * 30 / 32, rel=0.06)  # 2 days of 32 a camera is broken
    assert store.Store(tmp_path / "0").count() == reads
    assert tally.ghosts.sum() / tally.misread.sum() == pytest.approx(0.6, abs=0.05)
    ceiling = reads / min(took)
    assert ceiling * 60 > rate  # an hour takes less than an hour
    tell(
        f"network of {rate:,} reads a minute: an hour in {min(took):.2f} s of processor time; "
        f"ceiling {ceiling:,.0f} reads/s = {ceiling * 60:,.0f} a minute"
    )
