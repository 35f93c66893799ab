"""Traffic counts matched by scaling what is least known.

Residents' trips follow published rates and stay as they are. How many vehicles pass between motorway ends, come in from
beyond, deliver or carry passengers is guesswork where no count tells: those volumes are scaled, by least squares and never
below nothing, until the counted roads carry what was counted. Counts kept for validation take no part in it.
"""

from alprsim.calibration._fit import Fitted, fit, leave_one_out
from alprsim.calibration._patch import write
from alprsim.calibration._study import Calibration, Compared, calibrate

__all__ = ["Calibration", "Compared", "Fitted", "calibrate", "fit", "leave_one_out", "write"]
