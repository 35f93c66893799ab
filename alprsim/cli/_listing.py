"""Commands that list what is built in: columns, the scenario's schema, towns and presets."""

import json

import click

from alprsim.cli._shared import _json, _plainly, main


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
