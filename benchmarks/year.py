"""A year of the eight departments' region by table, every vehicle: what movement costs, and reads on disk.

python -m benchmarks.year [--days 365] [--threads 2]
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alprsim import days, experiment, provenance
from alprsim.scenario.read import load
from alprsim.store import Store

STUDY = Path(__file__).parents[1] / "scenarios" / "eight_departments.yaml"


class Timed:
    """A function that remembers how long its calls took, and what their answers' moves were."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.wall, self.cpu, self.moves = function, 0.0, 0.0, 0

    def __call__(self, *args: Any, **keys: Any) -> Any:
        """Call the function."""
        wall, cpu = time.perf_counter(), time.process_time()
        answer = self.function(*args, **keys)
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        self.moves += answer[1].moves
        return answer


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--days", type=int, default=365)
    asked.add_argument("--threads", type=int, default=2)
    given = asked.parse_args()
    loaded = load(STUDY, overrides=(f"length={given.days} d",) if given.days >= 60 else ())
    follow = days.follow = Timed(days.follow)
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plan").mkdir()
        (folder / "seed").mkdir()
        world = experiment.prepare(
            loaded, scratch=folder / "plan", jobs=given.threads, tell=lambda *_: None, cache=experiment.ROUTES
        )
        begun = time.perf_counter(), time.process_time()
        experiment.simulate(loaded, world, seed=1, folder=folder / "seed", tell=lambda *_: None, threads=given.threads)
        wall, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
        reads = Store(folder / "seed").count()
    length = loaded.scenario.length // 86_400
    told = (
        f"{length} days, {follow.moves:,} moves, {reads:,} reads, {given.threads} threads",
        f"movement: {follow.wall:.0f} s on the clock, {follow.cpu:.0f} s of processors",
        f"to reads on disk, people and sample days included: {wall:.0f} s on the clock, {cpu:.0f} s of processors",
        f"most memory: {provenance.peak_memory() / 1e9:.1f} GB",
    )
    sys.stdout.write("\n".join(told) + "\n")


if __name__ == "__main__":
    main()
