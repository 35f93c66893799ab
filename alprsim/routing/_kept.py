"""Plans kept by their content: a second run of the same world takes its routes from there.

A plan is a folder named by a digest of all that decides it: roads, demand, keys and the code. It is made elsewhere and
moved here when it is whole, so an interrupted run leaves nothing half-written. Those used longest ago go when all
together pass `MOST_BYTES`; a run links the files it uses into its own scratch, so none is taken from under it.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray

from alprsim.routing._choice import Assignment, Plan
from alprsim.routing._ways import Routes, streets
from alprsim.tables import Network

MOST_BYTES = 6_000_000_000  # the eight departments' plan: 2.5 GB

_PACKAGE = Path(__file__).resolve().parents[1]
_DECIDE = ("routing", "traffic", "roads", "kernels", "randomness", "tables")  # modules that a plan is made by


def digest(text: str, columns: Iterable[NDArray[np.generic]]) -> str:
    """Return a digest of all that decides a plan: keys as text, tables' columns, and the code that makes it."""
    whole = hashlib.sha256(f"{text} numpy {np.__version__} scipy {scipy.__version__}".encode())
    for column in columns:
        whole.update(f"\0{column.dtype.str}{column.shape}\0".encode() + np.ascontiguousarray(column).tobytes())
    for module in _DECIDE:
        for file in sorted([*_PACKAGE.glob(f"{module}.py"), *(_PACKAGE / module).rglob("*.py")]):
            whole.update(f"\0{file.relative_to(_PACKAGE)}\0".encode() + file.read_bytes())
    return whole.hexdigest()[:32]


class Cache:
    """A folder of plans.

    Parameters
    ----------
    folder
        Made when the first plan is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, key: str, network: Network, scratch: Path) -> Plan | None:
        """Link a plan's files into ``scratch`` and open it; None if it is not kept, or no longer whole."""
        kept = self._folder / key
        try:
            said = json.loads((kept / "plan.json").read_text())
            arrays = dict(np.load(kept / "plan.npz"))
            files = tuple(_linked(kept / f"turns-{i}.npy", scratch / f"turns-{i}.npy") for i in range(said["sets"]))
            names = [f"compared-{i}.npy" for i in range(said["compared"])]
            compared = tuple(_linked(kept / name, scratch / name) for name in names)
            shapes = {np.load(file, mmap_mode="r").shape for file in files}
            widths = {np.load(file, mmap_mode="r").shape for file in compared}
            os.utime(kept)
        except (OSError, ValueError, KeyError):
            return None
        laid = streets(network)
        trees, junctions = len(laid.destinations), len(laid.tree)
        if shapes != {(trees, junctions)} or widths - {(trees * junctions, len(arrays["in_force"]))}:
            return None
        assignment = Assignment(tuple(said["gap"]), tuple(said["perceived"]), said["taken_back"], said["largest"])
        return Plan(Routes(laid, files, arrays["in_force"], compared), arrays["busiest"], assignment)

    def keep(self, key: str, plan: Plan) -> None:
        """Keep a plan whose trees lie in files; where the folder cannot be written, there is no cache."""
        coming = self._folder / f".{key}.{os.getpid()}"
        try:
            coming.mkdir(parents=True, exist_ok=True)
            for name, files in (("turns", plan.routes.sets), ("compared", plan.routes.compared)):
                for i, file in enumerate(files):
                    assert isinstance(file, Path)
                    _linked(file, coming / f"{name}-{i}.npy")
            np.savez(coming / "plan.npz", in_force=plan.routes.in_force, busiest=plan.busiest)
            said = {**plan.assignment._asdict(), "sets": len(plan.routes.sets), "compared": len(plan.routes.compared)}
            (coming / "plan.json").write_text(json.dumps(said))
            os.replace(coming, self._folder / key)
            self._make_room(key)
        except OSError:
            shutil.rmtree(coming, ignore_errors=True)

    def _make_room(self, newest: str) -> None:
        plans = [folder for folder in self._folder.glob("[0-9a-f]*") if folder.name != newest]
        left = MOST_BYTES - _size(self._folder / newest)
        for folder in sorted(plans, key=lambda folder: folder.stat().st_mtime, reverse=True):
            left -= _size(folder)
            if left < 0:
                shutil.rmtree(folder, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*"))


def _linked(file: Path, target: Path) -> Path:
    """Give a file a second name, or a copy where the file system knows no second names."""
    target.unlink(missing_ok=True)
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)
    return target
