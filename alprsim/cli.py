"""The command line: data to standard output, progress and messages to standard error.

Exit status: 0 done, 1 failed, 2 usage or scenario invalid, 130 interrupted.
"""

import errno
import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

import alprsim

P = ParamSpec("P")

FAILED, INVALID, INTERRUPTED = 1, 2, 130
FULL = "the disk is full; make room, and the same command goes on with what was finished"

_json = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
_set = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key, e.g. cameras.count=40."
)
_seed = click.option("--seed", type=click.IntRange(min=0), help="Run this one seed instead of the scenario's.")
_graph = click.option(
    "--graph",
    type=click.Path(path_type=Path),
    help="A GraphML file in place of the scenario's own roads (works offline).",
)
_scenario = click.argument("scenario", type=click.Path(path_type=Path))


def _plainly(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what a user can mend into a message and an exit status, not a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        from alprsim.scenario.errors import ScenarioError

        try:
            command(*args, **kwargs)
        except ScenarioError as error:
            if kwargs.get("as_json"):
                click.echo(json.dumps(error.as_dict(), indent=2))
            click.echo(str(error), err=True)
            sys.exit(INVALID)
        except MemoryError:
            click.echo("alprsim: out of memory; fewer --jobs, seeds or days need less of it", err=True)
            sys.exit(FAILED)
        except KeyboardInterrupt:
            click.echo("interrupted; seeds that were finished are kept, the same command goes on from there", err=True)
            sys.exit(INTERRUPTED)
        except (ValueError, OSError) as error:
            full = isinstance(error, OSError) and error.errno == errno.ENOSPC
            click.echo(f"alprsim: {FULL if full else error}", err=True)
            sys.exit(FAILED)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="alprsim")
def main() -> None:
    """Ask what a retention limit, or an end to sharing, changes about how much of people's movements can be rebuilt.

    Every vehicle is synthetic; alprsim tracks nobody.
    """


@main.command()
@_scenario
@_set
@_seed
@_graph
@_json
@_plainly
def check(scenario: Path, overrides: tuple[str, ...], seed: int | None, graph: Path | None, as_json: bool) -> None:
    """Check a scenario without running it, all errors at once."""
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
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(
        f"{scenario}: valid. {study.title}: {facts['days']} days × {len(study.seeds)} seeds, "
        f"{len(loaded.policies)} policies × {steps} retention steps × {len(study.viewers)} viewers."
    )


@main.command()
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO…", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the result (default: results/runs/NAME-DIGEST); of several scenarios each has its NAME in it.",
)
@_seed
@_set
@_graph
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes; the answer is the same."
)
@_json
@_plainly
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
@_seed
@_set
@_graph
@_json
@_plainly
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
@_seed
@_set
@_graph
@_json
@_plainly
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


@main.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@_json
@_plainly
def compare(results: tuple[Path, ...], as_json: bool) -> None:
    """Put two or more results side by side."""
    from alprsim import results as runs

    if len(results) < 2:
        raise click.UsageError("compare needs two results")
    table = runs.compare([runs.load(folder) for folder in results])
    click.echo(runs.as_json(table) if as_json else runs.as_text(table))


_result = click.argument("result", type=click.Path(path_type=Path))
_vehicle = click.option(
    "--vehicle",
    required=True,
    metavar="V",
    help="A synthetic vehicle's number; typical: the resident read the median number of times; most: the one read most.",
)
_at = click.option("--at", required=True, metavar="DAY", help="A day of the scenario, from 0, or a date.")
_hour = click.option("--hour", type=click.IntRange(0, 23), default=12, show_default=True, help="Clock hour.")
_of_seed = click.option("--seed", type=click.IntRange(min=0), help="Of the run (default: its first).")


@main.command()
@_result
@_vehicle
@click.option("--viewer", required=True, metavar="NAME", help="One of the run's viewers, or any of its agencies.")
@_at
@_hour
@click.option("--policy", "policies", multiple=True, metavar="NAME", help="Of the run (default: all).")
@click.option(
    "--sight",
    type=click.Choice(["bulk", "request", "process"]),
    default="request",
    show_default=True,
    help="How it looks: in what it holds or can search whole; plate by plate too; by warrant too.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the page (default: dossiers in the run's).")
@_of_seed
@_json
@_plainly
def dossier(
    result: Path,
    vehicle: str,
    viewer: str,
    at: str,
    hour: int,
    policies: tuple[str, ...],
    sight: Any,
    out: Path | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Print and draw what a viewer finds on one synthetic vehicle under each policy, and what each rule removed."""
    from alprsim import dossier as dossiers
    from alprsim import results as runs

    run = runs.load(result)
    found = dossiers.dossier(run, vehicle, viewer, at, hour=hour, seed=seed, policies=policies, sight=sight)
    page = dossiers.write(run, found, out)
    if as_json:
        click.echo(json.dumps({"page": str(page), **dossiers.as_data(found)}, indent=2, ensure_ascii=False))
        return
    click.echo(f"{dossiers.as_text(found)}\n\npage    {page}")


@main.command()
@_result
@_vehicle
@click.option("--agency", required=True, metavar="NAME", help="Who is asked for its file.")
@_at
@_hour
@click.option("--policy", metavar="NAME", help="Of the run (default: its baseline).")
@_of_seed
@_json
@_plainly
def subject(
    result: Path, vehicle: str, agency: str, at: str, hour: int, policy: str | None, seed: int | None, as_json: bool
) -> None:
    """Print the file that an agency must hand over on one synthetic vehicle: "give me my own file"."""
    from alprsim import dossier as dossiers
    from alprsim import results as runs

    file = dossiers.own_file(runs.load(result), vehicle, agency, at, hour=hour, seed=seed, policy=policy)
    if as_json:
        click.echo(json.dumps(dossiers.as_data(file), indent=2, ensure_ascii=False))
        return
    click.echo(dossiers.own_file_as_text(file))


@main.command()
@_result
@click.option("--policy", "policies", multiple=True, metavar="NAME", help="Of the run (default: its baseline).")
@_of_seed
@_json
@_plainly
def audit(result: Path, policies: tuple[str, ...], seed: int | None, as_json: bool) -> None:
    """Simulate who searched, what and why, on a finished run: audit.parquet, a summary and a picture in its folder."""
    from alprsim import audit as audits
    from alprsim import results as runs

    found = audits.simulate(runs.load(result), policies=policies, seed=seed)
    if as_json:
        click.echo(json.dumps({"files": [str(file) for file in found.files], "summary": found.rows}, indent=2))
        return
    click.echo("\n".join([found.table(), "", *map(str, found.files)]))


@main.command()
@_scenario
@click.option("--viewer", required=True, help="The agency that looks.")
@click.option("--owner", required=True, help="The agency whose cameras read.")
@click.option("--policy", "policies", multiple=True, help="Only this policy (default: every one).")
@click.option("--age", help='Of the read, e.g. "30 d": which routes reach it.')
@click.option("--record", type=click.Choice(["plain", "hit", "held", "alert"]), default="plain", show_default=True)
@_set
@_json
@_plainly
def explain(
    scenario: Path, viewer: str, owner: str, policies: tuple[str, ...], age: str | None, record: str,
    overrides: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Tell by which routes a viewer reaches an owner's reads, rule by rule, with the key and the source of each."""
    loaded = _study(scenario, overrides, None)
    from alprsim import custody
    from alprsim.scenario import units
    from alprsim.tables import RecordClass

    for name in policies:
        if name not in loaded.policies:
            raise ValueError(f"--policy: found {name!r}; it must be one of {', '.join(map(repr, loaded.policies))}")
    chosen = list(policies or loaded.policies)
    seconds = None if age is None else units.seconds(age)
    found = [
        custody.told(loaded, policy, viewer, owner, age=seconds, record=RecordClass[record.upper()])
        for policy in chosen
    ]
    for answer, policy in zip(found, chosen, strict=True):
        answer["cycles"] = [list(cycle) for cycle in custody.cycles(loaded.policies[policy].custody)]
    click.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n\n".join(map(_explained, found)))


def _explained(answer: dict[str, Any]) -> str:
    lines = [f"{answer['policy']}: what {answer['viewer']} obtains of {answer['owner']}'s reads ({answer['record']})"]
    for route in answer["routes"]:
        reaches = {None: "", True: "  [reaches it]", False: "  [does not reach it]"}[route["reaches"]]
        lines += ["", f"  {route['line']}{reaches}"]
        lines += [f"    {_rule(rule)}" for rule in route["rules"]]
    lines += [f"  nothing: {_rule(rule)}" for rule in answer["in_the_way"]]
    lines += [
        f"  copies renew each other and never end (unbounded): {' → '.join([*cycle, cycle[0]])}"
        for cycle in answer["cycles"]
    ]
    return "\n".join(lines)


def _rule(rule: dict[str, str]) -> str:
    place = f" ({rule['place']})" if rule["place"] else ""
    key = f"  · {rule['key']}{place}" if rule["key"] else ""
    return f"{rule['said']}{key}" + (f"\n      source: {rule['source']}" if rule["source"] else "")


@main.command()
@_json
def columns(as_json: bool) -> None:
    """Print the data contracts: every table's columns with dtype, unit and meaning."""
    from alprsim.tables import contracts

    rows = [c._asdict() for c in contracts()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = ""
    for row in rows:
        if row["table"] != table:
            table = row["table"]
            click.echo(f"\n{table}")
        refers = f" → {row['refers']}" if row["refers"] else ""
        click.echo(f"  {row['name']:<14}{row['dtype']:<9}{row['unit']:<15}{row['meaning']}{refers}")


@main.command()
def schema() -> None:
    """Print the JSON Schema of a scenario, for editors."""
    from alprsim.scenario.editor import schema as build

    click.echo(json.dumps(build(), indent=2, ensure_ascii=False))


@main.command()
@_json
def towns(as_json: bool) -> None:
    """List the towns that are built in."""
    from alprsim.towns import known

    rows = [town._asdict() for town in known()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    click.echo(f"{'town':<16}{'people':>9}{'km²':>8}{'jobs':>9}")
    for row in rows:
        click.echo(f"{row['name']:<16}{row['population']:>9,}{row['area_km2']:>8.1f}{row['jobs']:>9,}")


@main.command("presets")
@click.argument("name", required=False)
@_json
@_plainly
def list_presets(name: str | None, as_json: bool) -> None:
    """List the laws, bills and practices that custody can name, or show one in full."""
    from alprsim.scenario import presets

    try:
        chosen = {name: presets.find(name)} if name else presets.known()
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        every = [{"name": key, **preset.in_words()} for key, preset in chosen.items()]
        click.echo(json.dumps(every[0] if name else every, indent=2, ensure_ascii=False))
        return
    click.echo(presets.in_full(name) if name else presets.as_table())


def _study(scenario: Path, overrides: tuple[str, ...], seed: int | None, graph: Path | None = None) -> Any:
    try:
        return alprsim.study(scenario, seed=seed, overrides=overrides, graph=graph)
    except ValueError as error:  # what --graph names cannot stand in for the scenario's roads
        raise click.UsageError(str(error)) from error


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
