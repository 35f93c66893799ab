"""Who lives where, which car they drive, and where they drive it on any one day.

People keep habits: the same work place, the same shops, worship on one day of the week. How strictly they keep them
decides how much old reads tell about them, so skipping, straying and lateness are keys of the scenario. What a person
does on a day is drawn from that person and that day alone: cameras, policies and other days change nothing.
"""

from alprsim.population._calendar import DayType, day_type
from alprsim.population._choice import PopulationError, towns_left_out
from alprsim.population._day import trips
from alprsim.population._evidence import evidence, table
from alprsim.population._repetition import Finding, Variation, repetition, sensitivity
from alprsim.population._settle import settle
from alprsim.population._through import ends, flows

__all__ = [
    "DayType", "Finding", "PopulationError", "Variation", "day_type", "ends", "evidence", "flows", "repetition",
    "sensitivity", "settle", "table", "towns_left_out", "trips",
]  # fmt: skip
