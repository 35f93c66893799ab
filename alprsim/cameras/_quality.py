"""How well a camera reads: by its kind, the light, the weather and the speed of what passes."""

import numpy as np

from alprsim.kernels import station
from alprsim.scenario import models
from alprsim.tables import CameraKind, Cameras, Float32, Float64

NORMAL = models.Worse()


def equipped(cameras: Cameras, spec: models.Cameras) -> Cameras:
    """Return the cameras with the capture, correctness, rate and buffer of their kind, where the scenario gives its own.

    A camera that covers some of its road's lanes keeps that share of its capture.
    """
    columns = cameras.data()
    for name, own in spec.quality.items():
        of_kind = cameras.kind == CameraKind[name.upper()]
        for column, value in (("rate", own.rate), ("room", own.buffer)):
            if value is not None:
                columns[column] = np.where(of_kind, columns[column].dtype.type(value), columns[column])
        for column in ("capture", "correct"):
            share = getattr(own, column)
            if share is not None:
                common = np.float32(getattr(spec, column))
                covered = columns[column] / common if common > 0 else np.float32(1)
                columns[column] = np.where(of_kind, np.float32(share) * covered, columns[column])
    return Cameras(**columns)


def chances(cameras: Cameras, spec: models.Cameras) -> Float64:
    """Return the shares of every camera under every condition [n_cameras × CONDITIONS, 4], as `station.fates` takes them.

    Capture and correctness are the camera's own columns, the rest its kind's or everybody's. Darkness and foul weather
    each multiply every share by their factor.
    """
    chance = np.ones((len(cameras), station.CONDITIONS, 4))
    chance[:, :, station.CAPTURE] = cameras.capture[:, None]
    chance[:, :, station.CORRECT] = cameras.correct[:, None]
    for kind in np.unique(cameras.kind):
        rows = cameras.kind == kind
        own = spec.quality.get(CameraKind(kind).name.lower(), models.Quality())  # type: ignore[call-overload]
        chance[rows, :, station.READABLE] = spec.readable if own.readable is None else own.readable
        chance[rows, :, station.STATE] = spec.state if own.state is None else own.state
        for bit, worse in ((1, own.night or spec.night), (2, own.foul or spec.foul)):
            under = np.flatnonzero(np.arange(station.CONDITIONS) & bit)
            factors = np.array([worse.capture, worse.readable, worse.correct, worse.state])
            chance[np.ix_(rows, under)] *= factors
    return chance.reshape(-1, 4)


def clear(speed: Float32, spec: models.Blur) -> Float32:
    """Return the share of plates that speed (m/s) leaves to be captured: all up to a speed, none from another on."""
    share = (spec.none_from - speed.astype(np.float64)) / (spec.none_from - spec.all_up_to)
    return np.clip(share, 0, 1).astype(np.float32)
