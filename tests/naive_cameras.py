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


def upload(arrivals, every, phase, size, room, outages):
    """arrivals: (time, station) in order; return when each leaves its store, None if lost: every millisecond is lived through."""
    sent = [None] * len(arrivals)
    waiting = [[] for _ in phase]
    last = max([time for time, _ in arrivals] + [until for row in outages for _, until in row], default=0)
    for now in range(last + every + 1):
        up = [not any(since <= now < until for since, until in row) for row in outages]
        for station, store in enumerate(waiting):
            due = (every and now % every == phase[station]) or any(until == now for _, until in outages[station])
            if up[station] and due:
                for read in store:
                    sent[read] = now
                store.clear()
        for read, (time, station) in enumerate(arrivals):
            if time != now:
                continue
            store = waiting[station]
            if not every and up[station]:
                sent[read] = now
            elif len(store) < room:
                store.append(read)
                if up[station] and len(store) >= size:
                    for waited in store:
                        sent[waited] = now
                    store.clear()
    return sent


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
