"""Other programs' files: their networks become ours, their simulated traffic becomes Passages; one module a format.

- `tntp`: networks, trip tables and published flows of Transportation Networks for Research, for static assignment.
- `gmns`: networks of the General Modeling Network Specification, in and out.
- `sumo`: the routes and exit times that SUMO's vehicles drove (``vehroute``).
- `matsim`: the link events of a MATSim run.

What cannot be read is refused with the file, the line, what was found and what is allowed (`InteropError`).
"""

from alprsim.interop.errors import InteropError
from alprsim.interop.traffic import Observed, save

__all__ = ["InteropError", "Observed", "save"]
