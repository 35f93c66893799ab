"""OSMnx as it is lent to the stages that download: its settings kept, and what goes wrong on the way told apart."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


@contextmanager
def lent() -> Iterator[Any]:
    """Lend OSMnx; its settings, and the name lookup it pins to one server, are afterwards as they were."""
    import osmnx as ox

    settings = {name: value for name, value in vars(ox.settings).items() if name[0] != "_"}
    lookup = socket.getaddrinfo
    try:
        yield ox
    finally:
        vars(ox.settings).update(settings)
        socket.getaddrinfo = lookup


def ask(ox: Any, place: str, question: Callable[[], T], trouble: type[ValueError], *, area: str, instead: str) -> T:
    """Ask OpenStreetMap through OSMnx, which keeps every reply in its cache folder.

    Parameters
    ----------
    question
        Makes the call.
    trouble
        The error to raise: no network, a refusal, a folder that cannot be written, a place that is no area.
    area
        What the place must be: "an area with streets".
    instead
        What to do without a network.
    """
    from osmnx._errors import ResponseStatusCodeError
    from requests import RequestException, get

    try:
        get(f"{ox.settings.overpass_url.rstrip('/')}/status", timeout=10)
    except RequestException:
        # With no server in reach OSMnx sleeps a minute before it says so; cached replies need no wait.
        ox.settings.overpass_rate_limit = False
    try:
        return question()
    except (RequestException, ConnectionError, TimeoutError) as error:
        raise trouble(f"{place}: no network ({type(error).__name__}): {instead}") from error
    except ResponseStatusCodeError as error:
        raise trouble(f"{place}: the map server refused ({error}): {instead}") from error
    except OSError as error:
        raise trouble(f"{place}: the map could not be kept in {ox.settings.cache_folder} ({error})") from error
    except (ValueError, TypeError) as error:
        raise trouble(
            f"{place} names no {area}; write it as nominatim.openstreetmap.org knows it, such as "
            f'"Danbury, Connecticut, USA" ({error})'
        ) from error


def features(place: str, tags: dict[str, Any], trouble: type[ValueError], *, instead: str) -> Any:
    """Return the elements of a place that bear one of the tags, as a GeoDataFrame in degrees; None if it has none."""
    from osmnx._errors import InsufficientResponseError

    def within() -> Any:
        try:
            return ox.features_from_polygon(area, tags)
        except InsufficientResponseError:
            return None

    with lent() as ox:
        area = ask(ox, place, lambda: ox.geocode_to_gdf(place).union_all(), trouble, area="area", instead=instead)
        return ask(ox, place, within, trouble, area="area", instead=instead)
