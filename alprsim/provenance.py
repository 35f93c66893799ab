"""What made a result: the scenario, the seed, the code, the versions, the machine, how long it took and how much memory."""

import os
import platform
import resource
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "numba", "scipy", "simpy", "networkx", "osmnx", "pyarrow", "pandas", "pydantic")


def record(*, scenario_digest: str, seeds: tuple[int, ...], seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return the provenance of a run that ends now, as plain data for ``run.json``.

    Parameters
    ----------
    scenario_digest
        SHA-256 of the resolved scenario.
    seeds
        As run.
    seconds
        Wall time by stage.
    """
    return {
        "alprsim": version(),
        "commit": commit(),
        "scenario_sha256": scenario_digest,
        "seeds": list(seeds),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "peak_memory_bytes": peak_memory(),
    }


def version() -> str:
    """Return the package's version."""
    return metadata.version("alprsim")


def commit() -> str | None:
    """Return the commit of a source checkout, with "+" when it has uncommitted changes; None for an installed package."""
    source = Path(__file__).resolve().parents[1]
    if not (source / ".git").exists():
        return None
    try:
        head = _git(source, "rev-parse", "HEAD")
        return head + ("+" if _git(source, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def peak_memory() -> int:
    """Return the largest memory this process or any one of its finished children held, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(w).ru_maxrss for w in who) * unit


def _git(folder: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
