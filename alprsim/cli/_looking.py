"""Commands that look one vehicle, or one agency's searches, up in a finished run."""

import json
from pathlib import Path
from typing import Any

import click

from alprsim.cli._shared import _json, _plainly, main

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
