"""Commands that write what people read of finished runs: comparisons, pages in other formats, figures."""

from pathlib import Path

import click

from alprsim.cli._shared import _json, _plainly, main

_result = click.argument("result", type=click.Path(path_type=Path))


def _warn(said: str) -> None:
    click.echo(said, err=True)


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
    """Put two or more results side by side, or policies and limits of one; print the table and write the page."""
    if len(results) == 1 and not (policies[1:] or retentions):
        raise click.UsageError("compare needs two results, or of one --retention, or --policy twice")
    from alprsim.report.comparison import compare as compared

    found = compared(*results, policy=policies, retention=retentions)
    click.echo(found.json if as_json else found.text)
    click.echo(f"page  {found.report(out, _warn)}", err=True)


_browser = click.option(
    "--browser", "program", metavar="PROGRAM", help="Chromium, Chrome or Edge (default: the first that is found)."
)


@main.command()
@_result
@click.option(
    "--format",
    "form",
    type=click.Choice(("html", "pdf", "md")),
    default="html",
    show_default=True,
    help="html: the page. pdf: the page printed on A4 by a browser. md: its words and tables, its pictures beside it.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Where (default: report.html, .pdf or .md in the result).")
@_browser
@_plainly
def report(result: Path, form: str, out: Path | None, program: str | None) -> None:
    """Write a result's page again, as HTML, PDF or Markdown; print where it is."""
    from alprsim.report import formats
    from alprsim.results import load

    click.echo(formats.write(load(result), form, out, program=program, tell=_warn))


@main.command()
@_result
@click.option("--out", type=click.Path(path_type=Path), help="Folder (default: figures in the result).")
@click.option("--format", "form", type=click.Choice(("svg", "png")), default="svg", show_default=True)
@click.option("--measure", metavar="NAME", help='Of the ladder: "trips_detected", or with a statistic after a dot.')
@click.option("--viewer", metavar="NAME", help="Of ladder and week: through whose eyes (default: the headline's).")
@click.option("--sight", metavar="NAME", help="Of ladder and week: bulk, request … (default: the headline's).")
@click.option("--policy", metavar="NAME", help="Of the week: under which policy (default: the baseline).")
@click.option(
    "--retention", metavar="LIMIT", help='Of the week: a limit of the ladder, such as "21 d" (default: as practised).'
)
@_browser
@_plainly
def figures(
    result: Path,
    out: Path | None,
    form: str,
    measure: str | None,
    viewer: str | None,
    sight: str | None,
    policy: str | None,
    retention: str | None,
    program: str | None,
) -> None:
    """Write a result's figures for papers: ladder, frontier, map, a week, the answer; print where they are."""
    from alprsim.report import browser, drawn
    from alprsim.results import load

    if form == "png":
        browser.find(program)
    run = load(result)
    folder = out or run.folder / "figures"
    for figure in drawn.every(run, measure=measure, viewer=viewer, sight=sight, policy=policy, retention=retention):
        click.echo(figure.save(folder / f"{figure.name}.{form}", program=program))
