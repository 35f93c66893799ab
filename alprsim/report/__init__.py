"""The page that policymakers read: one file, opened from an e-mail, that fetches nothing.

answer     the one figure that answers a scenario's question
page       what the page says, gathered from the run
chart      the retention ladder as SVG
frontier   what limits lay open against what they leave an investigation
street_map roads and cameras as SVG
week       one synthetic car's week on the map, as every viewer and policy would have it
tables     policies, towns, copies
statutes   the limits that laws and agencies have named
dossier    the page of one synthetic vehicle
comparison what another policy, limit or world changes: a page of its own
fitting    what a page leaves out so that it still goes by e-mail
drawn      single figures for papers and notebooks
formats    the page as PDF and Markdown
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alprsim.results.run import Run

MOST_BYTES = 5_000_000
"""What still goes by e-mail."""


def write(run: Run, tell: Callable[[str], None] | None = None) -> Path:
    """Write ``report.html`` into the run's folder, whole or not at all, name it in the crate, and return its path.

    A page that would be larger than ``MOST_BYTES`` leaves out what takes most, and says so; ``tell`` is then told what it was.
    """
    from alprsim.report import answer, fitting, frontier
    from alprsim.report.page import render  # templates and charts only where a page is wanted
    from alprsim.results.summary import write_crate

    fitted = fitting.fitted(lambda without: render(run, without), MOST_BYTES)
    if fitted.warning and tell:
        tell(fitted.warning)
    partial = run.page.with_name(run.page.name + ".partial")
    partial.write_text(fitted.html, "utf-8")
    os.replace(partial, run.page)
    answer.save(run)
    frontier.save(run)
    write_crate(run.folder)
    return run.page
