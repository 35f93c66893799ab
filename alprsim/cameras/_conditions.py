"""What befalls readers in a run besides traffic: faults, broken links, darkness and foul weather."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np

from alprsim import randomness
from alprsim.cameras import _light
from alprsim.cameras._quality import NORMAL
from alprsim.cameras._spells import Spells, alternating, out_of_order
from alprsim.scenario import models
from alprsim.tables import Cameras, Int8, Int64, Network, Sightings


class Conditions(NamedTuple):
    """Intervals in ms since the scenario's start."""

    down: Spells
    """A row a camera: broken, or being serviced."""
    offline: Spells
    """A row a camera: its link to the server is down."""
    dark: Spells
    """One row: between dusk and dawn."""
    foul: Spells
    """One row: the weather is foul."""

    @classmethod
    def undisturbed(cls, cameras: int) -> Conditions:
        """Return what befalls nobody: always by day and in fair weather."""
        return cls(Spells.none(cameras), Spells.none(cameras), Spells.none(1), Spells.none(1))

    def of(self, seen: Sightings) -> Int8:
        """Return the light and weather of each sighting: 1 in the dark, 2 in foul weather, added."""
        here = np.zeros(len(seen), np.int32)
        return np.asarray(self.dark.inside(seen.time, here) + 2 * self.foul.inside(seen.time, here), np.int8)

    def down_s(self, day: int, seconds: int) -> Int64:
        """Return how many seconds of a day each camera is down."""
        return np.asarray(self.down.length(day * seconds * 1000, (day + 1) * seconds * 1000) // 1000, np.int64)


def conditions(
    network: Network, cameras: Cameras, spec: models.Cameras, *, start: date, length: int, seed: int
) -> Conditions:
    """Let cameras fail, links break and the weather change for the ``length`` seconds of a run.

    What changes nothing is not made: darkness where reading by night is as by day, weather likewise.
    """

    def stream(question: str) -> np.uint64:
        return randomness.stream(seed, question)

    own = spec.quality.values()
    dark = any(worse not in (None, NORMAL) for worse in (spec.night, *(kind.night for kind in own)))
    foul = any(worse not in (None, NORMAL) for worse in (spec.foul, *(kind.foul for kind in own)))
    link, sky = spec.upload, spec.weather
    return Conditions(
        down=out_of_order(cameras.key, spec.faults, length=length, stream=stream("when a camera is down")),
        offline=alternating(
            cameras.key, link.outage_every, link.outage, length=length, stream=stream("when a camera is offline")
        ),
        dark=_light.nights(_light.place(network), spec.timezone, start, length) if dark else Spells.none(1),
        foul=alternating(np.zeros(1, np.uint64), sky.fair, sky.foul, length=length, stream=stream("when it is foul"))
        if foul
        else Spells.none(1),
    )
