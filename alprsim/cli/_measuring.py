"""The command that prints every measure of a finished run."""

import json
from pathlib import Path
from typing import Any

import click

from alprsim.cli._shared import _json, _plainly, main


@main.command()
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--policy", "policies", multiple=True, metavar="NAME", help="Of the run (default: all).")
@click.option(
    "--sight", type=click.Choice(["bulk", "request", "process", "side_door"]), default="request", show_default=True,
    help="By process and side door: expected, with the grant and without.",
)  # fmt: skip
@click.option("--retention", metavar="LIMIT", help="A step of the ladder (default: what each policy says itself).")
@click.option(
    "--who", type=click.Choice(["vehicles", "people"]), default="vehicles", show_default=True,
    help="Of residents' vehicles, or of residents over the cars they drive.",
)  # fmt: skip
@click.option(
    "--n", "with_n", is_flag=True, help="With each figure, of how many (vehicles × moments, trips, reads …) it is."
)
@click.option(
    "--spread", is_flag=True,
    help="Instead of means: from the car that shows least to the one that shows most, if the run asked `distribution`.",
)  # fmt: skip
@click.option("--towns", is_flag=True, help="With --spread: of each home town too.")
@_json
@_plainly
def measures(
    result: Path, policies: tuple[str, ...], sight: str, retention: str | None, who: str, with_n: bool, spread: bool,
    towns: bool, as_json: bool,
) -> None:  # fmt: skip
    """Print all seventeen measures of a result for every viewer under each policy; "–" was not asked or not measured."""
    from alprsim import results as runs
    from alprsim.results import distribution, suite
    from alprsim.tables import AS_WRITTEN

    run = runs.load(result)
    for name in policies:
        if name not in run.info["policies"]:
            raise click.UsageError(f"--policy: found {name!r}; the run has {', '.join(run.info['policies'])}")
    step = _step(run, retention) if retention else AS_WRITTEN
    chosen = policies or tuple(run.info["policies"])
    if spread:
        if who != "vehicles" or sight not in ("bulk", "request"):
            raise click.UsageError("--spread: it is of vehicles, by bulk sight or on request")
        asked: dict[str, Any] = {"sight": sight, "retention": step, "towns": towns}
        cars = (
            list(distribution.as_rows(run, chosen, **asked)) if as_json else distribution.as_text(run, chosen, **asked)
        )
        click.echo(json.dumps(cars, indent=2, ensure_ascii=False) if as_json else cars)
        return
    if towns:
        raise click.UsageError("--towns: it goes with --spread")
    if as_json:
        found = [row for policy in chosen for row in suite.as_rows(run, policy, sight=sight, retention=step, who=who)]
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    click.echo(suite.as_text(run, chosen, sight=sight, retention=step, who=who, n=with_n))


def _step(run: Any, text: str) -> int:
    from alprsim.tables import UNLIMITED

    steps = {step["text"]: UNLIMITED if step["unlimited"] else step["seconds"] for step in run.info["ladder"]}
    if text not in steps:
        raise click.UsageError(f"--retention: found {text!r}; the run's ladder has {', '.join(steps)}")
    return int(steps[text])
