"""The gates of a campus: every road that comes into a circle around a school or university, a small cordon."""

import numpy as np

from alprsim import randomness
from alprsim.siting._ground import SitingError, Task, Watch, Work, enough, inside, projection, takes
from alprsim.siting._shapes import entries
from alprsim.tables import Float64, PlaceKind

RADIUS = 500.0
"""Metres: a campus of 0.7 km² (remembered of Southern Connecticut State University). Assumption."""


def gates(work: Work, task: Task) -> list[Watch]:
    """Return the points at which roads enter the circle, the busiest first; every one if no count is given.

    Roads are straight lines between junctions, and motorways pass by. A circle that no road enters is an error.
    """
    ground = work.ground
    centre, radius = _centre(work, task), task.group.radius or RADIUS
    able = takes(ground, task)
    found = [watch for watch in entries(ground, centre, radius, (), 0.0) if able[watch.road]]
    found.sort(key=lambda watch: (-ground.flow[watch.road], int(ground.name[watch.road])))
    if not found:
        raise SitingError(f"{task.label}: siting campus_gates: no road enters the {radius:g} m around the campus")
    enough(ground, task, len(found), f"roads that enter the {radius:g} m around the campus")
    return found[: task.asked] if task.asked >= 0 else found


def _centre(work: Work, task: Task) -> Float64:
    """Return the stated centre, else one of the town's schools, drawn for the agency: the same under every seed."""
    network, told = work.ground.network, task.group.campus
    if told:
        lat, lon = told
        return np.array(projection(network.crs)(lon, lat))
    schools = network.places.junction[network.places.kind == PlaceKind.SCHOOL]
    there = np.unique(network.roads.tail[inside(work.ground, task)])
    schools = np.unique(schools[np.isin(schools, there)])
    if not len(schools):
        raise SitingError(
            f"{task.label}: siting campus_gates needs `campus`, a latitude and longitude: no school is there"
        )
    question = randomness.stream(0, f"campus of {task.agency}")
    chosen = schools[np.argmin(randomness.draw(question, network.junctions.osm_id[schools]))]
    return np.array([network.junctions.x[chosen], network.junctions.y[chosen]])
