"""A day by table: link moves a second, with few roads watched, and that it always tells the same."""

import numpy as np

from alprsim.kernels import replay
from alprsim.randomness import below, draw, stream

ROADS, TRIPS, LINKS = 10_000, 50_000, 60


def day():
    """Return the arguments of ``replay``: 50,000 trips of 60 links, one road in a hundred watched."""
    rows, cells = np.arange(TRIPS), np.arange(ROADS * 96)
    start = below(draw(stream(1, "start"), rows), ROADS)
    route = ((start[:, None] + np.arange(LINKS)) % ROADS).astype(np.int32).ravel()
    begin = rows * LINKS
    enter = np.sort(below(draw(stream(1, "depart"), rows), 86_400).reshape(-1, 2)).ravel() * 1000
    crossing = (5_000 + below(draw(stream(1, "crossing"), cells), 20_000)).astype(np.int32)
    watched = np.arange(ROADS) % 100 == 0
    entries = replay.count(begin, begin + LINKS, route, watched)
    return (
        (rows // 2).astype(np.int32), np.argsort(enter, kind="stable").astype(np.int32),
        begin, begin + LINKS, enter, route, crossing, watched, 0,
        np.empty(TRIPS, np.int64), np.empty(TRIPS, np.int64), np.zeros(ROADS * 96, np.int32),
        np.empty(entries, np.int64), np.empty(entries, np.int32), np.empty(entries, np.int32),
    )  # fmt: skip


def test_replay(benchmark):
    arguments = day()
    arrive, vehicles, time = arguments[10:13]

    def setup():
        vehicles[:] = 0

    passed = benchmark.pedantic(replay.replay, args=arguments, setup=setup, rounds=5)
    assert (vehicles.sum(), passed) == (TRIPS * LINKS, len(time))
    assert (int(arrive.sum()), int(time.sum())) == (2_195_675_562_390, 1_307_535_060_913)
    if benchmark.stats:
        benchmark.extra_info["moves a second"] = round(TRIPS * LINKS / benchmark.stats.stats.min)


def test_count(benchmark):
    arguments = day()
    assert benchmark(replay.count, *arguments[2:4], arguments[5], arguments[7]) == len(arguments[12])
