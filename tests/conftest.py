"""What every test may use."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("NUMBA_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of shared validation data, or skip with the reason."""
    folder = Path(os.environ.get("ALPRSIM_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"shared validation data not found at {folder}; set ALPRSIM_DATA to its folder")
    return folder
