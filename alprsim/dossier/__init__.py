"""A finished run asked about one synthetic vehicle: what a viewer holds on it, and what an agency must hand over about it.

A dossier is what a search by plate finds. Every read ever recorded under the plate is either found or has exactly one reason
why it is not: ``custody.Tracer`` says which, and in what order it asks.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from alprsim.dossier._collect import NEAR as NEAR
from alprsim.dossier._collect import dossier as dossier
from alprsim.dossier._opened import DossierError as DossierError
from alprsim.dossier._opened import Opened as Opened
from alprsim.dossier._own_file import AUDIT as AUDIT
from alprsim.dossier._own_file import OwnFile as OwnFile
from alprsim.dossier._own_file import own_file as own_file
from alprsim.dossier._own_file import own_file_as_text as own_file_as_text
from alprsim.dossier._text import as_data as as_data
from alprsim.dossier._text import as_text as as_text
from alprsim.report.dossier import Dossier, render
from alprsim.results.run import Run

DOSSIERS = "dossiers"
"""The folder in a run's folder."""


def write(run: Run, asked: Dossier, out: Path | None = None) -> Path:
    """Write a dossier's page, whole or not at all, into ``dossiers`` of the run's folder or into `out`; return its path."""
    folder = out or run.folder / DOSSIERS
    folder.mkdir(parents=True, exist_ok=True)
    viewer = re.sub(r"[^a-z0-9]+", "-", asked.viewer.lower()).strip("-")
    page = folder / f"vehicle-{asked.vehicle}-{viewer}-{asked.sight}-{asked.moment}s-seed{asked.seed}.html"
    partial = page.with_name(page.name + ".partial")
    partial.write_text(render(run, asked), "utf-8")
    os.replace(partial, page)
    return page
