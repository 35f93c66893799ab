"""What a camera makes of each passing plate, and which plates a busy reader or server has no room for."""

import numpy as np

from alprsim.kernels._jit import Float32, Int8, Int32, Int64, UInt64, draw, kernel, uniform

MISSED, DROPPED_READER, DROPPED_SERVER, UNREADABLE, MISREAD, RIGHT = 0, 1, 2, 3, 4, 5
"""What can become of a passing plate, in the order in which it can go wrong."""


@kernel
def serve(time: Int64, station: Int32, service: Int64, room: Int64) -> Int64:
    """Send plates through stations that serve one at a time, in order of arrival; return when each is done.

    A plate that finds ``room`` others waiting is lost. Every plate of a station takes equally long, so what waits is
    the work left divided by that time, and one number a station, the moment its work ends, is the whole queue: O(n).
    A plate done at the very moment another arrives has left before it. All stations start idle. In queueing theory's
    notation a G/D/1/K station with K = room + 1.

    Parameters
    ----------
    time : int64[n], ms, not negative
        Arrivals; those of one station must not fall.
    station : int32[n], row of `service`
    service : int64[n_stations], ms
        Time a plate takes; 0: no limit.
    room : int64[n_stations], plates
        How many may wait beside the one being served.

    Returns
    -------
    int64[n], ms
        When the plate is done; −1 if it was lost.
    """
    done = np.empty(len(time), np.int64)
    longest = service * room
    ends = np.zeros(len(service), np.int64)
    for i in range(len(time)):
        s = station[i]
        left = ends[s] - time[i]
        if left > longest[s]:
            done[i] = -1
        else:
            ends[s] = time[i] + max(left, 0) + service[s]
            done[i] = ends[s]
    return done


@kernel
def fates(
    stream: np.uint64, camera: Int32, camera_key: UInt64, vehicle_key: UInt64, time: Int64, capture: Float32,
    readable: float, correct: Float32,
) -> Int8:  # fmt: skip
    """Draw what each camera makes of each plate, if nothing is too busy: MISSED, UNREADABLE, MISREAD or RIGHT.

    The draws belong to (camera, vehicle, moment), one for each of the three questions, so nobody else's passing,
    and no other camera, changes them.

    Parameters
    ----------
    stream : uint64
        Of the seed.
    camera : int32[n], row of `camera_key`, `capture` and `correct`
    camera_key : uint64[n_cameras]
    vehicle_key : uint64[n]
    time : int64[n], ms
    capture, correct : float32[n_cameras], shares
    readable : share
        The same for every camera.
    """
    fate = np.empty(len(time), np.int8)
    for i in range(len(time)):
        c = camera[i]
        bits = draw(draw(draw(stream, camera_key[c]), vehicle_key[i]), np.uint64(time[i]))
        if uniform(draw(bits, np.uint64(0))) >= capture[c]:
            fate[i] = MISSED
        elif uniform(draw(bits, np.uint64(1))) >= readable:
            fate[i] = UNREADABLE
        elif uniform(draw(bits, np.uint64(2))) >= correct[c]:
            fate[i] = MISREAD
        else:
            fate[i] = RIGHT
    return fate
