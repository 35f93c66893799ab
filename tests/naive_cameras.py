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
    """arrivals: (time, station) in order; return when each leaves its store, None if lost: moment by moment."""
    sent = [None] * len(arrivals)
    waiting = [[] for _ in phase]
    moments = {time for time, _ in arrivals} | {until for row in outages for _, until in row}
    last = max(moments, default=0) + every
    ticks = {tick for start in phase for tick in range(start, last + 1, every)} if every else set()
    coming = defaultdict(list)
    for read, (time, station) in enumerate(arrivals):
        coming[time].append((read, station))
    for now in sorted(moments | ticks):
        up = [not any(since <= now < until for since, until in row) for row in outages]
        for station, store in enumerate(waiting):
            due = (every and now % every == phase[station]) or any(until == now for _, until in outages[station])
            if up[station] and due:
                for read in store:
                    sent[read] = now
                store.clear()
        for read, station in coming[now]:
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


def hard_day(seen, signs, vehicles, cameras, agencies, spec, around, seed):
    """Return (ms, site, vehicle, camera, fate) of every sighting and sign of a day, site n being camera n's only one."""
    rows = [
        (t, s, v, x)
        for table in (seen, signs)
        for t, s, v, x in zip(*(column.tolist() for column in table.data().values()), strict=True)
    ]
    rows = sorted(rows, key=lambda row: row[:2])
    kinds = ("fixed", "patrol", "gantry", "portable", "spotter")
    link = spec.upload
    phases = [
        int(below(draw(stream(seed, "when a camera uploads"), key), link.every * 1000)) for key in cameras.key.tolist()
    ]

    def within(spells, row, time):
        return any(spells.since[k] <= time < spells.until[k] for k in range(spells.first[row], spells.first[row + 1]))

    def chance(camera, time, speed):
        own = spec.quality.get(kinds[cameras.kind[camera]])
        pick = lambda key, usual: usual if own is None or getattr(own, key) is None else getattr(own, key)  # noqa: E731
        shares = {
            "capture": float(cameras.capture[camera]), "readable": pick("readable", spec.readable),
            "correct": float(cameras.correct[camera]), "state": pick("state", spec.state),
        }  # fmt: skip
        for spells, key in ((around.dark, "night"), (around.foul, "foul")):
            if within(spells, 0, time):
                shares = {name: share * getattr(pick(key, getattr(spec, key)), name) for name, share in shares.items()}
        blur = spec.blur
        sharp = min(max((blur.none_from - speed) / (blur.none_from - blur.all_up_to), 0), 1)
        return {**shares, "capture": shares["capture"] * sharp}

    fates = []
    for time, camera, vehicle, speed in rows:
        if within(around.down, camera, time):
            fates.append("down")
            continue
        if vehicle < 0:
            fates.append("spurious")
            continue
        keys = cameras.key[camera], vehicles.key[vehicle], time
        bits = draw(stream(seed, "what a camera makes of a plate"), *keys)
        asked = chance(camera, time, speed).items()
        well = {name: uniform(draw(bits, n)) < share for n, (name, share) in enumerate(asked)}
        wrong = [name for name, part in (("misread", "correct"), ("wrong_state", "state")) if not well[part]]
        text = "+".join(wrong) or "right"
        fates.append("missed" if not well["capture"] else "unreadable" if not well["readable"] else text)

    def through(numbers, ends, cause):
        for n, end in zip(numbers, ends, strict=True):
            if end is None:
                fates[n] = cause
        return [(n, end) for n, end in zip(numbers, ends, strict=True) if end is not None]

    numbers = [n for n, fate in enumerate(fates) if fate not in ("down", "missed")]
    service = [round(60_000 / rate) for rate in cameras.rate.tolist()]
    arrivals = [(rows[n][0], rows[n][1]) for n in numbers]
    read_ = through(numbers, serve(arrivals, service, cameras.room.tolist()), "dropped_reader")
    outages = [
        [(int(around.offline.since[k]), int(around.offline.until[k])) for k in range(*around.offline.first[c : c + 2])]
        for c in range(len(cameras))
    ]
    entering = sorted(((end, rows[n][1], n) for n, end in read_), key=lambda row: (row[0], row[2]))
    left = upload([row[:2] for row in entering], link.every * 1000, phases, link.size, link.store, outages)
    sent = through([row[2] for row in entering], left, "dropped_store")
    arriving = sorted((end + link.latency * 1000, n) for n, end in sent)
    agency = cameras.agency.tolist()
    machines = [0 if rate == float("inf") else round(60_000 / rate) for rate in agencies.server_rate.tolist()]
    done = serve([(t, agency[rows[n][1]]) for t, n in arriving], machines, agencies.server_room.tolist())
    through([n for _, n in arriving], done, "dropped_server")
    return [(*row[:3], row[1], fate) for row, fate in zip(rows, fates, strict=True)]


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
