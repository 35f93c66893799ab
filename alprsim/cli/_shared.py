"""What all commands share: the group they belong to, their common options, and errors said plainly."""

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


_jobs = click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes; the answer is the same."
)


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


def _changed(command: Callable[P, None]) -> Callable[P, None]:
    """Give a command the options that change a scenario (--seed, --set, --graph), --json, and errors said plainly."""
    return _seed(_set(_graph(_json(_plainly(command)))))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="alprsim")
def main() -> None:
    """Ask what a retention limit, or an end to sharing, changes about how much of people's movements can be rebuilt.

    Every vehicle is synthetic; alprsim tracks nobody.
    """


def _study(scenario: Path, overrides: tuple[str, ...], seed: int | None, graph: Path | None = None) -> Any:
    try:
        return alprsim.study(scenario, seed=seed, overrides=overrides, graph=graph)
    except ValueError as error:  # what --graph names cannot stand in for the scenario's roads
        raise click.UsageError(str(error)) from error
