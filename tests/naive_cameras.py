"""Plain twins of the station, camera and plate kernels: dictionaries, lists and strings, nothing of the kernels."""

from collections import defaultdict

from alprsim.randomness import below, draw, stream, uniform


def serve(arrivals, service, room):
    """arrivals: (time, station) in order; return when each is done, None if lost: every queue is kept as a list."""
    inside = defaultdict(list)  # when those waiting or being served at a station are done
    done = []
    for time, station in arrivals:
        queue = inside[station] = [end for end in inside[station] if end > time]
        if len(queue) > room[station]:
            done.append(None)
            continue
        start = queue[-1] if queue else time
        done.append(start + service[station])
        queue.append(start + service[station])
    return done


def read(passages, watched, cameras, servers, readable, seed):
    """Return the reads before misreading, and the causes of loss of the rest.

    passages: (entry ms, road, vehicle key); watched: (camera, road, ms from entry to site); cameras: (agency, key, service,
    room, capture, correct); servers: (service, room). Answer: (ms, site, vehicle key, camera, fate), by time and site.
    """
    sightings = sorted(
        (entry + shift, site, vehicle)
        for entry, road, vehicle in passages
        for site, (_, watched_road, shift) in enumerate(watched)
        if road == watched_road
    )
    fate = {}
    for time, site, vehicle in sightings:
        _, key, _, _, capture, correct = cameras[watched[site][0]]
        fate[time, site, vehicle] = _fate(seed, key, vehicle, time, capture, readable, correct)
    captured = [s for s in sightings if fate[s] != "missed"]
    done = serve(
        [(time, watched[site][0]) for time, site, _ in captured], [c[2] for c in cameras], [c[3] for c in cameras]
    )
    fate |= {s: "dropped_reader" for s, end in zip(captured, done, strict=True) if end is None}
    at_server = sorted(
        ((end, s) for s, end in zip(captured, done, strict=True) if end is not None), key=lambda arrival: arrival[0]
    )
    accepted = serve(
        [(end, cameras[watched[s[1]][0]][0]) for end, s in at_server], [s[0] for s in servers], [s[1] for s in servers]
    )
    fate |= {s: "dropped_server" for (_, s), end in zip(at_server, accepted, strict=True) if end is None}
    return [(time, site, vehicle, watched[site][0], fate[time, site, vehicle]) for time, site, vehicle in sightings]


def _fate(seed, camera, vehicle, time, capture, readable, correct):
    bits = draw(stream(seed, "what a camera makes of a plate"), camera, vehicle, time)
    if uniform(draw(bits, 0)) >= capture:
        return "missed"
    if uniform(draw(bits, 1)) >= readable:
        return "unreadable"
    return "misread" if uniform(draw(bits, 2)) >= correct else "right"


def claim(base, keys, numbers):
    """Give each key the first free of the numbers it draws."""
    owner = {}
    for key in keys:
        attempt = 0
        while (number := int(below(draw(base, key, attempt), numbers))) in owner:
            attempt += 1
        owner[number] = key
    numbers_of = {key: number for number, key in owner.items()}
    return [numbers_of[key] for key in keys]


def misread(plate, bits, confused, documented):
    """Return the text that a plate is taken for."""
    digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    place = len(plate) - 1 - int(below(draw(bits, 0), len(plate)))
    old = plate[place]
    alike = sorted({other for group in confused if old in group for other in group} - {old})
    if alike and uniform(draw(bits, 1)) < documented:
        new = alike[int(below(draw(bits, 2), len(alike)))]
    else:
        ring = digits if old in digits else letters
        new = ring[(ring.index(old) + 1 + int(below(draw(bits, 2), len(ring) - 1))) % len(ring)]
    return plate[:place] + new + plate[place + 1 :]


def pack(plate):
    """Return a plate as a number of eight digits to the base 37: blank, 0 to 9, A to Z."""
    return sum((1 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(c)) * 37 ** (7 - k) for k, c in enumerate(plate))
