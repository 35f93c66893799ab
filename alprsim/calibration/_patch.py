"""A calibrated scenario as a file: the one it extends, the fitted volumes, the counts, and the seal of all that was fitted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import yaml

from alprsim.calibration._study import Calibration
from alprsim.scenario.read import Loaded

_HEAD = """\
# {name}, its guessed volumes fitted to {counts}. Whether that makes it calibrated each run says by itself, from its own sample
# days. `fitted` seals roads, population, traffic and counts: change any of them and fit again.
"""


def write(found: Calibration, scenario: Path, counts: Path, out: Path, read: Callable[[Path], Loaded]) -> None:
    """Write a scenario that extends another by what was fitted, sealed as it will be run.

    Parameters
    ----------
    found
        What `calibrate` found for the scenario and the counts.
    out
        A file that is not there yet.
    read
        Reads a scenario file with the overrides under which it was fitted: the seal holds under the same ones only.

    Raises
    ------
    OSError
        The file is there, or cannot be written.
    ValueError
        An override would put another volume in the place of a fitted one.
    """
    if out.exists():
        raise FileExistsError(f"{out} exists and is left as it is; choose another file")
    said: dict[str, object] = {
        "extends": _from(out, scenario),
        "population": found.scaled(),
        "traffic": {"counts": _from(out, counts)},
    }
    partial = out.with_name(f".{out.name}.partial")
    try:
        _save(said, partial, scenario, counts)
        loaded = read(partial)
        if loaded.scenario.population != found.population:
            raise ValueError(
                f"{out}: an override (--set) of population would go before what was fitted; write it into {scenario}"
            )
        said["traffic"] = {"counts": _from(out, counts), "fitted": loaded.volumes_digest()}
        _save(said, partial, scenario, counts)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)


def _from(out: Path, file: Path) -> str:
    return Path(os.path.relpath(file, out.parent)).as_posix()


def _save(said: dict[str, object], file: Path, scenario: Path, counts: Path) -> None:
    text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    file.write_text(_HEAD.format(name=scenario.name, counts=counts.name) + text, "utf-8")
