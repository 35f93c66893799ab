"""Commands that check, run and compare scenarios."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from alprsim.cli._shared import _changed, _jobs, _json, _plainly, _scenario, _seed, _set, _study, main


@main.command()
@_scenario
@_changed
def check(scenario: Path, overrides: tuple[str, ...], seed: int | None, graph: Path | None, as_json: bool) -> None:
    """Check a scenario without running it, all errors at once."""
    from alprsim.scenario.notes import notes

    loaded = _study(scenario, overrides, seed, graph)
    study = loaded.scenario
    steps = len(study.ladder.retention)
    facts: dict[str, Any] = {
        "scenario": study.name,
        "title": study.title,
        "days": study.length // 86_400,
        "seeds": list(study.seeds),
        "policies": list(loaded.policies),
        "ladder_steps": steps,
        "viewers": list(study.viewers),
        "sourced_figures": len(loaded.sources),
        "sha256": loaded.digest(),
        "notes": notes(loaded),
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(
        f"{scenario}: valid. {study.title}: {facts['days']} days × {len(study.seeds)} seeds, "
        f"{len(loaded.policies)} policies × {steps} retention steps × {len(study.viewers)} viewers."
    )
    for note in facts["notes"]:
        click.echo(f"note: {note}")


@main.command()
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO…", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the result (default: results/runs/NAME-DIGEST); of several scenarios each has its NAME in it.",
)
@_jobs
@_changed
def run(
    scenarios: tuple[Path, ...],
    out: Path | None,
    seed: int | None,
    overrides: tuple[str, ...],
    graph: Path | None,
    jobs: int,
    as_json: bool,
) -> None:
    """Run scenarios: traffic, reads, every policy, and the page. Those that share their world are asked of the same reads."""
    studies = [_study(scenario, overrides, seed, graph) for scenario in scenarios]
    from alprsim import sweep  # seconds of imports, after what takes none has said what is wrong

    outs = [out / study.scenario.name if out and len(studies) > 1 else out for study in studies]
    results = sweep.run_all(studies, outs=outs, jobs=jobs, tell=sweep.Progress(sys.stderr))
    _print_results(results, as_json)


@main.command()
@_scenario
@click.option(
    "--vary",
    "assumptions",
    multiple=True,
    type=click.Choice(("cameras", "capture", "volumes")),
    help="Only this assumption, or several (default: all). Shapes of query age are asked in every run.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the table and of a result a variant (default: results/runs/NAME-sensitivity-DIGEST).",
)
@_jobs
@_changed
def sensitivity(
    scenario: Path,
    assumptions: tuple[str, ...],
    out: Path | None,
    jobs: int,
    seed: int | None,
    overrides: tuple[str, ...],
    graph: Path | None,
    as_json: bool,
) -> None:
    """Run a scenario with twice and four times the cameras, other capture rates and volumes: each figure's band, and the page."""

    def study(more: tuple[str, ...]) -> Any:
        return _study(scenario, (*overrides, *more), seed, graph)

    study(())  # what is wrong is said before seconds of imports
    from alprsim import sensitivity as bands

    asked = assumptions or bands.ASSUMPTIONS
    found = bands.run(study, out=out, assumptions=asked, jobs=jobs, stream=sys.stderr)
    for note in found.notes:
        click.echo(note, err=True)
    if as_json:
        rows = json.loads(found.table.to_json(orient="records"))
        said = {"file": str(found.file), "page": str(found.page), "table": rows}
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return
    click.echo(f"{found.text()}\n\n{found.page}\n{found.file}")


@main.command()
@click.argument("result", type=click.Path(path_type=Path))
@_json
@_plainly
def answer(result: Path, as_json: bool) -> None:
    """Print the table and the sentence that answer a result's question."""
    from alprsim import results as runs
    from alprsim.results import answer_sentence, answer_table

    found = runs.load(result)
    rows = answer_table.table(found)
    if rows is None:
        raise click.UsageError(f"{result}: its scenario has no key `answer`, so there is no table of it")
    sentence = answer_sentence.sentence(found, rows)
    if as_json:
        table = json.loads(rows.to_json(orient="records"))
        click.echo(json.dumps({"sentence": sentence, "table": table}, indent=2, ensure_ascii=False))
        return
    click.echo(rows.to_csv(index=False, float_format="%.4g", lineterminator="\n"))
    click.echo(sentence, err=True)


@main.command()
@_scenario
@click.option("--day", type=click.IntRange(min=0), help="Of the scenario, from 0 (default: its first weekday).")
@click.option(
    "--hour",
    type=click.IntRange(0, 23),
    help="Clock hour that maps and corridor show (default: most time is lost in it).",
)
@click.option(
    "--corridor",
    metavar="ROWS",
    help="roads:12,40,41 or junctions:7,9,30, rows of their tables (default: from the road of the most delay on).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder (default: results/runs/NAME-traffic-DIGEST); of a run's folder its subfolder traffic.",
)
@_changed
def traffic(
    scenario: Path,
    day: int | None,
    hour: int | None,
    corridor: str | None,
    out: Path | None,
    seed: int | None,
    overrides: tuple[str, ...],
    graph: Path | None,
    as_json: bool,
) -> None:
    """Drive one day by queue and draw it: a corridor, the map, the network; passages and flows as tables."""
    loaded = _study(scenario, overrides, seed, graph)
    days = loaded.scenario.length // 86_400
    if day is not None and day >= days:
        raise click.UsageError(f"--day must be one of the scenario's {days} days, 0 to {days - 1}, not {day}")
    from alprsim import experiment, survey, sweep

    folder = out or experiment.RUNS / f"{loaded.scenario.name}-traffic-{loaded.digest()[:8]}"
    chosen = survey.usual_day(loaded) if day is None else day
    with sweep.Progress(sys.stderr) as progress:
        record, files = survey.run(
            loaded, out=folder, day=chosen, hour=hour, corridor=corridor, tell=progress.stage("traffic")
        )
    for note in record["notes"]:
        click.echo(note, err=True)
    if as_json:
        click.echo(json.dumps({**record, "folder": str(files[0].parent)}, indent=2))
        return
    for file in files:
        click.echo(file)


@main.command()
@_scenario
@click.option("--policy", help="Which of the scenario's policies (default: the first).")
@click.option(
    "--reads", "count", type=click.IntRange(1, 100_000), default=2000, show_default=True, help="Size of the sample."
)
@click.option(
    "--run", "folder", type=click.Path(path_type=Path), help="A finished run's folder: a sample of its reads, by plate."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Picture, .png or .svg (default: results/runs/NAME-ledger-DIGEST.png).",
)
@_seed
@_set
@_json
@_plainly
def ledger(
    scenario: Path,
    policy: str | None,
    count: int,
    folder: Path | None,
    out: Path | None,
    seed: int | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run a sample of reads through changes of law, outages and breaches: who could obtain how much, day by day."""
    loaded = _study(scenario, overrides, seed)
    if policy is not None and policy not in loaded.policies:
        raise click.UsageError(f"--policy: {policy!r} is none of {', '.join(map(repr, loaded.policies))}")
    from alprsim import chronicle, experiment

    chosen = policy or next(iter(loaded.policies))
    if folder:
        sample = chronicle.of_run(loaded, chosen, folder, count)
    else:
        sample = chronicle.synthetic(loaded, chosen, count, loaded.scenario.seeds[0])
    told = chronicle.run(loaded, chosen, sample)
    file = out or experiment.RUNS / f"{loaded.scenario.name}-ledger-{loaded.digest()[:8]}.png"
    told.draw(file)
    click.echo(
        json.dumps({**told.as_dict(), "picture": str(file)}, indent=2) if as_json else f"{told.table()}\n\n{file}"
    )


@main.command()
@_scenario
@click.argument("counts", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write a scenario that extends SCENARIO by what was fitted; its runs show the counts beside the model.",
)
@_changed
def calibrate(
    scenario: Path,
    counts: Path,
    out: Path | None,
    seed: int | None,
    overrides: tuple[str, ...],
    graph: Path | None,
    as_json: bool,
) -> None:
    """Scale through traffic, visitors and working vehicles until the roads carry what was counted; print keys and table."""
    if out and out.exists():
        raise click.UsageError(f"--out: {out} exists and is left as it is; choose another file")
    loaded = _study(scenario, overrides, seed, graph)
    from tempfile import TemporaryDirectory

    from alprsim import calibration, sweep

    with TemporaryDirectory() as scratch, sweep.Progress(sys.stderr) as progress:
        found = calibration.calibrate(
            loaded, counts, scratch=Path(scratch), seed=loaded.scenario.seeds[0], tell=progress.stage("calibration")
        )
    if out:
        calibration.write(found, scenario, counts, out, lambda file: _study(file, overrides, seed, graph))
        click.echo(f"written to {out}: run it with the same --set and --graph, if any", err=True)
    if as_json:
        rows = [{**row._asdict(), "kind": row.kind.name.lower()} for row in found.rows]
        answer = {"population": found.keys(), "counts": rows, "hourly_share": found.hourly_share, "notes": found.notes}
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    click.echo(f"{found.table()}\n\npopulation: {json.dumps(found.keys(), ensure_ascii=False)}")


def _print_results(results: list[Any], as_json: bool) -> None:
    if not as_json:
        for result in results:
            _print_headline(result)
        return
    told = [
        {
            "folder": str(result.folder), "page": str(result.page), "headline": result.headline(),
            "notes": result.info["notes"], **({"answer": sentence} if (sentence := _sentence(result)) else {}),
        }
        for result in results
    ]  # fmt: skip
    click.echo(json.dumps(told[0] if len(told) == 1 else told, indent=2))


def _sentence(result: Any) -> str:
    from alprsim.results import answer_sentence, answer_table

    rows = answer_table.table(result)
    return "" if rows is None else answer_sentence.sentence(result, rows)


def _print_headline(result: Any) -> None:
    numbers, notes = result.headline(), result.info["notes"]
    click.echo(f"\nresult  {result.folder}\npage    {result.page}\n")
    if sentence := _sentence(result):
        click.echo(f"  {sentence}\n")
    for number in numbers:
        click.echo(f"  {number['text']}")
    click.echo()
    for note in notes:
        click.echo(f"  {note}")
