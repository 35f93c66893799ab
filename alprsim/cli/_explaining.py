"""The command that explains who reaches whose reads, and by which rules."""

import json
from pathlib import Path
from typing import Any

import click

from alprsim.cli._shared import _json, _plainly, _scenario, _set, _study, main


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
