"""Many seeds, on one machine: each seed by itself, each finished one kept, nothing half-written left.

A run is written to a hidden folder beside its place and moved there when it is whole. What an interrupted run finished
is taken up by the next one, if the scenario and the code are still the same. Scenarios that share their world are asked of
the same reads: these are simulated once, and every scenario's result is whole in itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from alprsim import experiment, inquiry, parquet, provenance, report, results
from alprsim.days import Tell
from alprsim.experiment import World
from alprsim.measures.question import join
from alprsim.scenario.read import Loaded
from alprsim.tables import Measured


def run(loaded: Loaded, *, out: Path | None = None, jobs: int = 1, tell: Progress | None = None) -> results.Run:
    """Run every seed of a scenario and write the result, its summary and its page.

    Parameters
    ----------
    loaded
        A checked scenario.
    out
        The result's folder; by default ``results/runs/NAME-DIGEST``. An older result there is replaced at the end; a
        folder that holds something else is refused.
    jobs
        Processes; the answer is the same for any number.
    tell
        Shows progress.

    Raises
    ------
    OSError
        When the folder cannot be written, before anything is computed.
    """
    return run_all([loaded], outs=[out], jobs=jobs, tell=tell)[0]


def run_all(
    scenarios: Sequence[Loaded], *, outs: Sequence[Path | None], jobs: int = 1, tell: Progress | None = None
) -> list[results.Run]:
    """Run several scenarios; those that share their world are asked of the same reads, which are simulated once.

    Parameters are those of `run`, a folder a scenario; so is what is raised.

    Raises
    ------
    ValueError
        Two scenarios would be written to one folder.
    """
    places = [
        out or experiment.RUNS / f"{loaded.scenario.name}-{loaded.digest()[:8]}"
        for loaded, out in zip(scenarios, outs, strict=True)
    ]
    if twice := next((place for row, place in enumerate(places) if place in places[:row]), None):
        raise ValueError(f"two scenarios would be written to {twice}: they are the same, or --out names it twice")
    with tell or Progress(None) as progress:
        _run_worlds(list(zip(scenarios, places, strict=True)), jobs, progress)
    return [results.load(target) for target in places]


def _run_worlds(asked: Sequence[tuple[Loaded, Path]], jobs: int, progress: Progress) -> None:
    """Run scenarios, world by world, each with its variants: these first, so that its answer can tell of them."""
    worlds: dict[str, list[_Part]] = {}
    for loaded, target in asked:
        part = _Part(loaded, target, _claim(target, loaded, progress))
        worlds.setdefault(loaded.world_digest(), []).append(part)
        missing = [
            (variant, folder) for name, variant in loaded.variants().items()
            if not (folder := part.partial / results.VARIANTS / results.slug(name)).exists()
        ]  # fmt: skip
        if missing:
            progress.note(f"{loaded.scenario.name}: {len(missing)} variants of its world come first")
            _run_worlds(missing, jobs, progress)
    for parts in worlds.values():
        with _nothing_left([part.partial for part in parts]):
            _run(parts, jobs, progress)


class _Part(NamedTuple):
    """One of the scenarios that share a world."""

    loaded: Loaded
    target: Path
    partial: Path

    def lacks(self, seed: int) -> bool:
        """Say whether a seed is yet to be asked."""
        return not (self.partial / f"seed={seed}").is_dir()


def _run(parts: list[_Part], jobs: int, progress: Progress) -> None:
    """Fill the hidden folders of scenarios that share a world and put each in its place."""
    clock = _Clock()
    first, *others = parts
    scratch = first.partial / "scratch"
    for part in parts:
        shutil.rmtree(part.partial / "scratch", ignore_errors=True)
    scratch.mkdir()
    if others:
        progress.note(f"{len(parts)} scenarios share their world: it is simulated once, and each is asked of its reads")
    seeds = first.loaded.scenario.seeds
    with clock("roads and routes"):
        world = experiment.prepare(
            first.loaded, scratch=scratch, jobs=jobs, tell=progress.stage("roads"), cache=experiment.ROUTES
        )
    with clock("seeds"):
        missing = [seed for seed in seeds if any(part.lacks(seed) for part in parts)]
        _run_seeds(parts, world, missing, jobs, progress)
    shutil.rmtree(scratch)
    for part in parts:
        with clock("results"):
            _collect(world, seeds, part.partial)
            record = provenance.record(scenario_digest=part.loaded.digest(), seeds=seeds, seconds=clock.seconds)
            record["peak_memory_bytes"] = _peak_memory(seeds, part.partial)
            report.write(results.write(part.partial, part.loaded, world.network, record), progress.note)
        _move(part.partial, part.target)


@contextmanager
def _nothing_left(partials: Sequence[Path]) -> Iterator[None]:
    """Remove the hidden folders of runs that failed before any seed was finished: there is nothing to go on with."""
    try:
        yield
    except Exception:
        for partial in partials:
            if not any(partial.glob("seed=*")) and not (partial / results.VARIANTS).exists():
                shutil.rmtree(partial, ignore_errors=True)
        raise


def run_seed(parts: Sequence[_Part], world: World, seed: int, tell: Tell, threads: int = 1) -> None:
    """Simulate one seed and ask every policy of each scenario of it, into ``seed=N``, moved there when whole."""
    parts = [part for part in parts if part.lacks(seed)]
    folders = [part.partial / f".seed={seed}" for part in parts]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    folders[0].mkdir()
    done = experiment.simulate(parts[0].loaded, world, seed=seed, folder=folders[0], tell=tell, threads=threads)
    for folder in folders[1:]:
        shutil.copytree(folders[0], folder, copy_function=_link)
    for part, folder in zip(parts, folders, strict=True):
        said = tell if len(parts) == 1 else _of(part.loaded.scenario.name, tell)
        measured = inquiry.ask(part.loaded, world, done, seed=seed, folder=folder, tell=said)
        parquet.save(measured, folder / "measures.parquet")
        more = inquiry.ask_answer(part.loaded, world, done, seed=seed, folder=folder, tell=said)
        if more is not None:
            parquet.save(more, folder / "answer.parquet")
        results.save_cameras(
            world.network, world.agencies, done.placement.cameras, done.placement.sites, folder / "cameras.parquet"
        )
        (folder / "memory.json").write_text(json.dumps({"peak_bytes": provenance.peak_memory()}))
        os.replace(folder, part.partial / f"seed={seed}")


def _of(name: str, tell: Tell) -> Tell:
    """Say whose stage it is."""
    return lambda stage, done: tell(f"{name}: {stage}", done)


def _link(file: str, to: str) -> None:
    """Let two results have the same file; where a file system has no such links, a copy of it."""
    try:
        os.link(file, to)
    except OSError:
        shutil.copy2(file, to)


def _peak_memory(seeds: tuple[int, ...], partial: Path) -> int:
    """Return the most that any one process held, in bytes: this one, or a seed's."""
    files = [partial / f"seed={seed}" / "memory.json" for seed in seeds]
    return max([provenance.peak_memory(), *(int(json.loads(file.read_text())["peak_bytes"]) for file in files)])


def _collect(world: World, seeds: tuple[int, ...], partial: Path) -> None:
    """Put the seeds' answers together."""
    for name in ("measures", "answer"):
        files = [partial / f"seed={seed}" / f"{name}.parquet" for seed in seeds]
        parts = [parquet.read(Measured, file) for file in files if file.exists()]
        if parts:
            parquet.save(join(parts), partial / f"{name}.parquet")
    parquet.save(world.agencies, partial / "agencies.parquet")


def _run_seeds(parts: list[_Part], world: World, seeds: list[int], jobs: int, tell: Progress) -> None:
    if jobs <= 1 or len(seeds) <= 1:
        for seed in seeds:
            run_seed(parts, world, seed, tell.stage(f"seed {seed}"), threads=jobs)
        return
    at_once = min(jobs, len(seeds))
    context = get_context("forkserver")
    context.set_forkserver_preload(["alprsim.experiment"])
    with context.Manager() as manager:
        heard: Any = manager.Queue()
        left = iter(seeds)
        with ProcessPoolExecutor(at_once, context) as pool:

            def start(n: int) -> set[Future[None]]:
                return {pool.submit(_in_worker, parts, world, seed, heard, jobs // at_once) for seed in islice(left, n)}

            waiting = start(at_once)  # no more than run at once: what the pool has in its queue would outlive an error
            while waiting:
                finished, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                while not heard.empty():
                    seed, stage, done = heard.get()
                    tell.stage(f"seed {seed}")(stage, done)
                for future in finished:
                    _result(future)
                waiting |= start(len(finished))


def _result(future: Future[None]) -> None:
    try:
        future.result()
    except BrokenProcessPool as error:
        raise OSError("a process was killed, perhaps for want of memory; fewer --jobs need less of it") from error


def _in_worker(parts: list[_Part], world: World, seed: int, heard: Any, threads: int) -> None:
    run_seed(parts, world, seed, lambda stage, done: heard.put((seed, stage, done)), threads)


def _claim(target: Path, loaded: Loaded, tell: Progress) -> Path:
    """Open the hidden folder that the run is written to; say what an interrupted one left there."""
    if target.exists() and not (target / "run.json").exists() and (not target.is_dir() or any(target.iterdir())):
        raise OSError(f"{target} exists and is not a result: it is left as it is; choose another folder with --out")
    partial, older = (target.with_name(f".{target.name}.{state}") for state in ("partial", "older"))
    if older.exists() and not target.exists():
        os.replace(older, target)  # a run died while it put a new result in the old one's place
    identity = {"scenario": loaded.digest(), "code": code_digest()}
    if (target / "run.json").exists():
        tell.note(f"the result that stands in {target} will be replaced when this run is done")
    if partial.exists():
        left = sorted(f.name.removeprefix("seed=") for f in partial.glob("seed=*"))
        try:
            same = json.loads((partial / "identity.json").read_text()) == identity
        except (OSError, ValueError):
            same = False
        if same:
            kept = f"finished seeds kept: {', '.join(left)}" if left else "it had finished no seed"
            tell.note(f"an earlier run of this scenario did not end; {kept}")
        else:
            tell.note("an earlier run, of another scenario or by other code, did not end; what it left is removed")
            shutil.rmtree(partial)
    try:
        partial.mkdir(parents=True, exist_ok=True)
        (partial / "identity.json").write_text(json.dumps(identity))
    except OSError as error:
        raise OSError(
            f"cannot write results to {target}: {error.strerror}; choose another folder with --out"
        ) from error
    return partial


def _move(partial: Path, target: Path) -> None:
    """Put the whole result in its place; an older one there goes only after that."""
    older = target.with_name(f".{target.name}.older")
    shutil.rmtree(older, ignore_errors=True)
    if target.exists():
        os.replace(target, older)
    os.replace(partial, target)
    (target / "identity.json").unlink()
    shutil.rmtree(older, ignore_errors=True)


def code_digest() -> str:
    """Return the sha256 of the package's code and data: results of other code are not gone on with."""
    digest = hashlib.sha256()
    source = Path(__file__).parent
    for file in sorted(file for kind in ("*.py", "*.csv") for file in source.rglob(kind)):
        digest.update(str(file.relative_to(source)).encode() + file.read_bytes())
    return digest.hexdigest()


class _Clock:
    """Wall seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start


class Progress:
    """Shows how far a run is: a live bar a seed on a terminal, a line a stage elsewhere, nothing without a stream."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream
        self._said: set[tuple[str, str]] = set()
        self._start = time.perf_counter()
        self._live: Any = None
        self._tasks: dict[str, Any] = {}
        if stream is not None and stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bars

            columns = (
                TextColumn("{task.fields[who]:<8}"),
                BarColumn(),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
            )
            self._live = Bars(*columns, console=Console(file=stream), transient=True)
            self._live.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bars away."""
        if self._live is not None:
            self._live.stop()

    def stage(self, who: str) -> Callable[[str, float], None]:
        """Return what one part of the run tells its stages to."""
        return lambda stage, done: self._tell(who, stage, done)

    def note(self, text: str) -> None:
        """Say something once."""
        if self._live is not None:
            self._live.console.print(text)
        elif self._stream is not None:
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def _tell(self, who: str, stage: str, done: float) -> None:
        if self._live is not None:
            if who not in self._tasks:
                self._tasks[who] = self._live.add_task(stage, total=1.0, who=who)
            self._live.update(self._tasks[who], description=stage, completed=done)
        elif (who, stage) not in self._said:
            self._said.add((who, stage))
            self.note(f"{time.perf_counter() - self._start:7.1f} s  {who}: {stage}")
