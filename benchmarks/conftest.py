"""What benchmarks found beside their times is printed at the end."""

import pytest

_TOLD = pytest.StashKey[list[str]]()


@pytest.fixture
def tell(request):
    """Return a function that takes a line for the end of the run."""
    return request.config.stash.setdefault(_TOLD, []).append


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash.get(_TOLD, [])
    if lines:
        terminalreporter.section("found")
    for line in lines:
        terminalreporter.write_line(line)
