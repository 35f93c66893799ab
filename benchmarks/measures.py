"""How fast the measures are, beside their targets, DuckDB and the memory itself: ``python -m benchmarks.measures``.

All in one process, each answer asserted; on an idle machine, with nothing else running. Ten million reads and a hundred,
in a quarter of an hour and 5 GB. Writes ``results/measures_speed.csv``.
"""

import csv
import resource
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from benchmarks import crowd, test_anchors, test_crowd, test_gaps, test_ladder, test_legs, test_windows
from benchmarks.peers import commit

RESULTS = Path(__file__).parents[1] / "results" / "measures_speed.csv"
COLUMNS = (
    "what", "reads", "M reads/s, CPU", "M reads/s, clock", "wanted", "met", "DuckDB takes × as long", "DuckDB does",
    "× adding up the same bytes", "adding up, GB/s", "bytes a read held", "two threads ×, clock", "two threads ×, CPU", "commit",
)  # fmt: skip
TWO_CORES = 1.7
"""How many times as fast two threads are to be."""

JOBS: dict[str, Callable[[int], crowd.Job]] = {
    "windows": test_windows.job,
    "gaps": test_gaps.job,
    "policies by owner": partial(test_ladder.job, policies="by owner"),
    "policies arbitrary": partial(test_ladder.job, policies="arbitrary"),
    "legs nested": partial(test_legs.job, policies="nested"),
    "legs by owner": partial(test_legs.job, policies="by owner"),
    "anchors nested": partial(test_anchors.job, policies="nested"),
    "anchors by owner": partial(test_anchors.job, policies="by owner"),
    "anchors arbitrary": partial(test_anchors.job, policies="arbitrary"),
}


def row(found: crowd.Speed) -> dict:
    """Write down what was found of a job."""
    n, stream = found.reads, found.bytes_a_read * found.reads / found.stream
    numbers = (
        n, round(n / found.cpu / 1e6, 1), round(n / found.wall / 1e6, 1), found.target, _met(n / found.cpu / 1e6 >= found.target),
        round(found.duck / found.cpu, 1) if found.duck else "", ("the same" + found.beside) if found.duck else "",
        round(found.cpu / found.stream, 1), round(stream / 1e9, 1), round(found.held_a_read, 1), round(found.clock, 2),
        round(found.two, 2), commit(),
    )  # fmt: skip
    return dict(zip(COLUMNS, (found.what, *numbers), strict=True))


def unicity(reads: int) -> dict:
    """Time the unicity of everybody, and hold it against DuckDB."""
    found = test_crowd.everybody(reads)
    cpu, wall, duck = found[:3]
    longest = test_crowd.LONGEST * reads / test_crowd.READS
    told = {
        "what": f"unicity p = 1…6 of {reads // 100:,} vehicles: {cpu:.2f} s, wanted: {longest:.2f} s",
        "reads": reads, "M reads/s, CPU": round(reads / cpu / 1e6, 1), "M reads/s, clock": round(reads / wall / 1e6, 1),
        "wanted": test_crowd.READS / test_crowd.LONGEST / 1e6, "met": _met(cpu < longest),
        "DuckDB takes × as long": round(duck / cpu, 1), "DuckDB does": "p = 1 alone",
        "× adding up the same bytes": round(cpu / found.stream, 1),
        "adding up, GB/s": round(found.bytes_a_read * reads / found.stream / 1e9, 1),
        "bytes a read held": round(found.held_a_read, 1), "commit": commit(),
    }  # fmt: skip
    return dict.fromkeys(COLUMNS, "") | told


def _met(yes: bool) -> str:
    return "yes" if yes else "no"


def every(reads: int, large: int, names: list[str]) -> Iterator[dict]:
    """Yield a row a job, beside DuckDB: of so many reads; then, if any, of a large number of them."""
    if "unicity" in names:
        yield unicity(reads)
    for number in (reads, large):
        for name in names:
            if number and name in JOBS:
                yield row(crowd.measure(JOBS[name](number), 5 if number == reads else 3))


@click.command()
@click.option("--reads", type=float, default=1e7, show_default=True)
@click.option("--large", type=float, default=1e8, show_default=True, help="0: not at all.")
@click.option("--job", "names", multiple=True, type=click.Choice(["unicity", *JOBS]), default=["unicity", *JOBS])
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(reads: float, large: float, names: tuple[str, ...], out: Path) -> None:
    """Time every job; print the table as it grows, and write it."""
    rows = []
    for found in every(int(reads), int(large), list(names)):
        rows.append(found)
        click.echo(
            f"{found['what']}, {found['reads'] / 1e6:.0f} M reads: {found['M reads/s, CPU']} M reads/s of CPU time, "
            f"{found['M reads/s, clock']} by the clock (wanted: {found['wanted']:.0f}, met: {found['met']})"
        )
        for name in COLUMNS[6:-1]:
            if found[name] != "":
                click.echo(f"    {name}: {found[name]}")
        with out.open("w", newline="") as file:
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            table.writerows(rows)
    slow = [
        found["what"]
        for found in rows
        if found["two threads ×, clock"] != "" and found["two threads ×, clock"] < TWO_CORES
    ]
    click.echo(f"two threads less than {TWO_CORES} × one by the clock: {', '.join(slow) or 'nowhere'}")
    click.echo(f"not met: {', '.join(found['what'] for found in rows if found['met'] == 'no') or 'nothing'}")
    click.echo(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


if __name__ == "__main__":
    main()
