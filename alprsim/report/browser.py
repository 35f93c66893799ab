"""A browser found on the machine, without its window: it prints the page as PDF and draws a figure as PNG."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
)  # fmt: skip
"""Programs that are looked for, in this order."""

_QUIET = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-quic",
    "--disable-extensions", "--hide-scrollbars", "--virtual-time-budget=10000",
)  # fmt: skip
_NO_SANDBOX = "--no-sandbox"
"""It opens only files written here, whose policy forbids fetching; in containers and as root its sandbox cannot start."""
_SECONDS = 180
SCALE = 2
"""Pixels of a PNG for each unit of the figure."""


class BrowserError(ValueError):
    """No browser was found, or it did not do what was asked."""


def find(program: str | None = None) -> str:
    """Return the browser to use: the one named, else the first of ``NAMES`` that is there."""
    for name in (program,) if program else NAMES:
        if found := shutil.which(name):
            return found
    looked = program or ", ".join(NAMES)
    raise BrowserError(
        f"PDF and PNG need Chromium, Chrome or Edge, and none was found; looked for: {looked}. Install one, name it with "
        "--browser, or take html, md or svg"
    )


def pdf(page: Path, file: Path, program: str | None = None) -> Path:
    """Print a page with its own print style (A4) and return the file."""
    return _written(
        program, ["--no-pdf-header-footer", f"--print-to-pdf={file.resolve()}", page.resolve().as_uri()], file
    )


def png(svg: str, file: Path, program: str | None = None) -> Path:
    """Draw a figure on white, twice as large as its units, and return the file."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if size is None:
        raise BrowserError(f"{file}: the figure does not say how large it is")
    width, height = (round(float(value)) for value in size.groups())
    with TemporaryDirectory() as folder:
        page = Path(folder) / "figure.html"
        page.write_text(f'<!doctype html><meta charset="utf-8"><body style="margin:0">{svg}</body>', "utf-8")
        how = [f"--window-size={width},{height}", f"--force-device-scale-factor={SCALE}"]
        return _written(program, [*how, f"--screenshot={file.resolve()}", page.as_uri()], file)


def _written(program: str | None, options: Sequence[str], file: Path) -> Path:
    """Have the browser write a file, in a profile of its own."""
    path = find(program)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [path, *_QUIET, _NO_SANDBOX, f"--user-data-dir={profile}", *options]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise BrowserError(f"{path} did not write {file} within {_SECONDS} s") from error
    if not file.exists():
        said = done.stderr.strip().splitlines()
        raise BrowserError(f"{path} did not write {file}: {said[-1] if said else f'exit status {done.returncode}'}")
    return file
