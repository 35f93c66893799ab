"""Where cameras stand, and what each watches: by strategy, from lists and files, or as mapped in OpenStreetMap.

_place       the groups one by one, and the tables they become
_ground      what siting knows of each road; the terms of one group
_strategies  roads in order of preference: busiest, gateways, random, near places, hot spots, betweenness, motorways
_capture     where k cameras see the most trips or vehicles of a day, and how near that comes to the best
_campus      the roads into a campus
_spacing     how far apart: a length, or the distances measured between Connecticut's cameras
_zones       where none may stand
_lists       cameras a scenario, a file or OpenStreetMap tells of
_shapes      the roads that enter a wedge or a disc, as other studies count
"""

from alprsim.siting._ground import Day, Placement, Rejected, SitingError
from alprsim.siting._place import check, place, zones

__all__ = ["Day", "Placement", "Rejected", "SitingError", "check", "place", "zones"]
