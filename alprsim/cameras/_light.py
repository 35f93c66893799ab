"""When it is dark: the sun's position at the place and date, by the clock that people live by."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from alprsim.cameras._spells import Spells
from alprsim.tables import DAY, DAY_STARTS, Network

TWILIGHT = 6.0
"""Degrees that the sun stands below the horizon when civil twilight ends, which is when we let the night begin: from then on
"artificial illumination is normally required" (U.S. Naval Observatory, Rise, Set and Twilight Definitions)."""


def place(network: Network) -> tuple[float, float]:
    """Return the latitude and longitude of the middle of the streets."""
    from pyproj import Transformer  # 0.2 s, and only nights need it

    transform = Transformer.from_crs(network.crs, "EPSG:4326", always_xy=True).transform
    lon, lat = transform(float(np.mean(network.junctions.x)), float(np.mean(network.junctions.y)))
    return float(lat), float(lon)


def nights(at: tuple[float, float], timezone: str, start: date, length: int) -> Spells:
    """Return when it is dark in the ``length`` seconds from 04:00 of ``start`` on: one row, ms.

    Every date goes by its own clock: a day of the run is a day of 24 hours on the clock, summer time or not, since
    that is what people live by.
    """
    end = length * 1000
    dates = [start + timedelta(days=n) for n in range(-1, length // DAY + 2)]
    light = [interval for one in dates if (interval := _light(at, timezone, one, start))]
    dusk = [0, *(until for _, until in light)]
    dawn = [*(since for since, _ in light), end]
    dark = [(max(since, 0), min(until, end)) for since, until in zip(dusk, dawn, strict=True)]
    return Spells.of([[(since, until) for since, until in dark if since < until]])


def _light(at: tuple[float, float], timezone: str, one: date, start: date) -> tuple[int, int] | None:
    """Return from dawn to dusk of a date, in ms since 04:00 of ``start``; None where the sun stays low."""
    import astral.sun  # only nights need it

    zone, here = ZoneInfo(timezone), astral.Observer(*at)
    begun = datetime.combine(start, time()) + timedelta(seconds=DAY_STARTS)

    def since(moment: datetime) -> int:
        return round((moment.replace(tzinfo=None) - begun).total_seconds() * 1000)

    try:
        return tuple(  # type: ignore[return-value]
            since(of(here, one, TWILIGHT, tzinfo=zone)) for of in (astral.sun.dawn, astral.sun.dusk)
        )
    except ValueError:  # near the poles: the sun passes that height on no moment of the date
        noon = datetime.combine(one, time(12), zone)
        midnight = since(datetime.combine(one, time()))
        low = astral.sun.elevation(here, noon) < -TWILIGHT
        return None if low else (midnight, midnight + DAY * 1000)
