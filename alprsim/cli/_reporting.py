"""Commands that write what people read of finished runs: comparisons, pages in other formats, figures."""

from pathlib import Path

import click

from alprsim.cli._shared import _json, _plainly, main

_result = click.argument("result", type=click.Path(path_type=Path))


@main.command()
@click.argument("results", nargs=-1, required=True, metavar="RESULT…", type=click.Path(path_type=Path))
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="NAME",
    help="Of one result: a policy to compare, again for the next; the first, as practised, is A. Of several: the one policy "
    "to compare them by (default: each one's baseline).",
)
@click.option(
    "--retention",
    "retentions",
    multiple=True,
    metavar="LIMIT",
    help='A limit of the ladder, such as "21 d": of one result each policy is also tried with it.',
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The page (default: compare-A-B.html beside the first result; of one result compare.html in it).",
)
@_json
@_plainly
def compare(
    results: tuple[Path, ...], policies: tuple[str, ...], retentions: tuple[str, ...], out: Path | None, as_json: bool
) -> None:
    """Put two or more results side by side, or policies and limits of one; print the table and write the page.

    \b
    alprsim compare results/runs/A results/runs/B
    alprsim compare results/runs/A --retention "21 d"
    alprsim compare results/runs/A --policy "Federal query" --policy "No sharing"
    """
    if len(results) == 1 and not (policies[1:] or retentions):
        raise click.UsageError("compare needs two results, or of one --retention, or --policy twice")
    from alprsim.report.comparison import compare as compared

    found = compared(*results, policy=policies, retention=retentions)
    click.echo(found.json if as_json else found.text)
    click.echo(f"page  {found.report(out)}", err=True)
