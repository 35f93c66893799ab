"""The page in other formats: HTML as it is, PDF as it prints, Markdown with its pictures beside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from alprsim import report
from alprsim.report import browser, markdown
from alprsim.report.fitting import Tell
from alprsim.results.run import ResultError, Run

FORMATS = ("html", "pdf", "md")


def write(
    run: Run, form: str = "html", out: Path | None = None, *, program: str | None = None, tell: Tell | None = None
) -> Path:
    """Write a run's page, by default ``report`` in its folder, and return where it is.

    Parameters
    ----------
    form
        One of ``FORMATS``.
    program
        The browser that prints a PDF (default: the first found, see ``browser.NAMES``).
    tell
        Is told if the page was too large, and what it leaves out.

    Raises
    ------
    ResultError
        The format is none of those.
    BrowserError
        A PDF needs a browser and none was found, or it failed.
    """
    if form not in FORMATS:
        raise ResultError(f"format: found {form!r}; a page is written as {', '.join(FORMATS)}")
    if form == "pdf":
        browser.find(program)  # said before the page is made
    page = report.write(run, tell)
    file = out or page.with_suffix(f".{form}")
    if form == "pdf":
        return browser.pdf(page, file, program)
    if form == "md":
        return markdown.write(page.read_text("utf-8"), file)
    return file if file.resolve() == page.resolve() else _copied(page, file)


def _copied(page: Path, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".partial")
    shutil.copyfile(page, partial)
    os.replace(partial, file)
    return file
