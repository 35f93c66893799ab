"""Which roads people take: each the quickest as they see it, with what the others' driving does to it.

A pair's alternatives are the ways that differently perturbed streets make quickest, for each period of the day (in a
generated town at the default noise 2.6 distinct ways a pair of 4, 6.0 of 16). Each driver takes the one that is quickest as
they see it: an error about each alternative is theirs for good. A day of everybody on the ways of empty roads is driven, and
then again and again while alternatives are found and chosen anew by the times it took (the method of successive averages),
until no driver could gain much: the relative gap. So two drivers of one pair may take different ways, and each keeps to
theirs. Ways are chosen for a usual weekday; that other days' streets are emptier is left out.

- ``_ways.py``: all routes to a destination form a tree, kept as a byte a (destination, junction); routes read from trees
- ``_trees.py``: the trees, by scipy's shortest paths, on several processes
- ``_drivers.py``: which alternative a driver takes, for any trip of any day
- ``_choice.py``: who chooses what: the noise, the gap, the iteration
- ``_kept.py``: plans kept from one run to the next
"""

from alprsim.routing._choice import Assignment, Demand, Plan, plan
from alprsim.routing._drivers import choose
from alprsim.routing._kept import Cache, digest
from alprsim.routing._ways import RouteError, Routes, batches, opened, paths, signposts

__all__ = [
    "Assignment", "Cache", "Demand", "Plan", "RouteError", "Routes", "batches", "choose", "digest", "opened", "paths",
    "plan", "signposts",
]  # fmt: skip
