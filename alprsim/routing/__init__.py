"""Which roads people take: each the quickest as they see it, with what the others' driving does to it.

Drivers are dealt to groups for good. A group likes some roads and dislikes others (perception noise), and has its ways
for each period of the day. A day of everybody on the quickest ways of empty roads is driven, and then again and again
while groups choose anew by the times it took (the method of successive averages), until no driver could gain much: the
relative gap. So two drivers of one pair may take different ways, and each keeps to theirs: the alternatives of a pair are
the distinct routes of groups and periods (in a generated town at the default noise 2.6 a pair by 4 groups, 6.0 by 16). Ways
are chosen for a usual weekday; that other days' streets are emptier is left out.

- ``_ways.py``: all routes to a destination form a tree, kept as a byte a (destination, junction); routes read from trees
- ``_trees.py``: the trees, by scipy's shortest paths, on several processes
- ``_choice.py``: who chooses what: the noise, the gap, the iteration
- ``_kept.py``: plans kept from one run to the next
"""

from alprsim.routing._choice import Assignment, Demand, Plan, plan
from alprsim.routing._kept import Cache, digest
from alprsim.routing._ways import RouteError, Routes, batches, group_of, opened, paths, signposts

__all__ = [
    "Assignment", "Cache", "Demand", "Plan", "RouteError", "Routes", "batches", "digest", "group_of", "opened", "paths",
    "plan", "signposts",
]  # fmt: skip
