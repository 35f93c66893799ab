"""The command line: data to standard output, progress and messages to standard error.

Exit status: 0 done, 1 failed, 2 usage or scenario invalid, 130 interrupted.
"""

from alprsim.cli import _explaining as _explaining
from alprsim.cli import _listing as _listing
from alprsim.cli import _looking as _looking
from alprsim.cli import _measuring as _measuring
from alprsim.cli import _reporting as _reporting
from alprsim.cli import _runs as _runs
from alprsim.cli._shared import main as main
