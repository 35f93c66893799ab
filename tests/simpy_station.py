"""The whole station of two stages as SimPy explains it: readers, stores, links and servers are its resources and processes.

The oracle of the station kernels: whole milliseconds, and within one the order of `LINK` … `ADMIT`.
"""

from itertools import count

import numpy as np
import simpy

from alprsim.cameras import Spells
from alprsim.kernels import station
from alprsim.randomness import below, draw, stream

LINK, UPLOAD, DONE, ARRIVE, ENTER, SERVER, ADMIT = range(2, 9)
"""What comes first at one moment, after SimPy's own events: whoever is done leaves before another arrives."""


class Network:
    """Cameras with a reader, a store and a link each, and the servers of their agencies.

    cameras: (server, service, room, phase, outages); link: (every, size, latency, store); servers: (service, room).
    """

    def __init__(self, cameras, link, servers):
        self.env = simpy.Environment()
        self.cameras, self.servers = cameras, servers
        self.every, self.size, self.latency, capacity = link
        self.readers = [simpy.Resource(self.env) for _ in cameras]
        self.stores = [simpy.Store(self.env, capacity) for _ in cameras]
        self.up = [True for _ in cameras]
        self.machines = [simpy.Resource(self.env) for _ in servers]
        self.inbox = [[] for _ in servers]

    def run(self, arrivals):
        """arrivals: (time, camera), in order; return each one's fate: where it was lost, or when the server is done."""
        self.fate = ["under way"] * len(arrivals)
        for number, (time, camera) in enumerate(arrivals):
            self.env.process(self.plate(number, time, camera))
        for camera, (*_, phase, outages) in enumerate(self.cameras):
            self.env.process(self.link(camera, outages))
            if self.every:
                self.env.process(self.uploads(camera, phase))
        last = max((time for time, _ in arrivals), default=0)
        ends = [until for *_, outages in self.cameras for _, until in outages]
        work = sum(service for _, service, *_ in self.cameras) + sum(service for service, _ in self.servers)
        self.env.run(until=max([last, *ends]) + len(arrivals) * work + self.every + self.latency + 1)
        return self.fate

    def at(self, time, order):
        event = simpy.Event(self.env)
        event._ok, event._value = True, None
        self.env.schedule(event, priority=order, delay=time - self.env.now)
        return event

    def plate(self, number, time, camera):
        yield self.at(time, ARRIVE)
        _, service, room, *_ = self.cameras[camera]
        reader, store = self.readers[camera], self.stores[camera]
        if reader.count + len(reader.queue) > room:
            self.fate[number] = "dropped_reader"
            return
        if service:
            with reader.request() as turn:
                yield turn
                yield self.at(self.env.now + service, DONE)
        yield self.at(self.env.now, ENTER)
        if not self.every and self.up[camera]:
            self.send(number, camera)
        elif len(store.items) == store.capacity:
            self.fate[number] = "dropped_store"
        else:
            store.put(number)
            if self.up[camera] and len(store.items) >= self.size:
                self.empty(camera)

    def link(self, camera, outages):
        for since, until in outages:
            yield self.at(since, LINK)
            self.up[camera] = False
            yield self.at(until, LINK)
            self.up[camera] = True
            yield self.at(until, UPLOAD)
            self.empty(camera)

    def uploads(self, camera, phase):
        for number in count():
            yield self.at(phase + number * self.every, UPLOAD)
            if self.up[camera]:
                self.empty(camera)

    def empty(self, camera):
        for _ in range(len(self.stores[camera].items)):
            self.send(self.stores[camera].get().value, camera)

    def send(self, number, camera):
        self.env.process(self.travel(number, self.cameras[camera][0]))

    def travel(self, number, server):
        yield self.at(self.env.now + self.latency, SERVER)
        self.inbox[server].append(number)
        if len(self.inbox[server]) == 1:
            yield self.at(self.env.now, ADMIT)
            for one in sorted(self.inbox[server]):
                self.admit(one, server)
            self.inbox[server].clear()

    def admit(self, number, server):
        machine, (service, room) = self.machines[server], self.servers[server]
        if machine.count + len(machine.queue) > room:
            self.fate[number] = "dropped_server"
        elif service:
            self.env.process(self.serve(number, machine, machine.request(), service))
        else:
            self.fate[number] = self.env.now

    def serve(self, number, machine, turn, service):
        yield turn
        yield self.at(self.env.now + service, DONE)
        machine.release(turn)
        self.fate[number] = self.env.now


def by_kernels(arrivals, cameras, link, servers):
    """Say the same by the kernels."""
    every, size, latency, capacity = link
    time, camera = (np.array(column) for column in zip(*arrivals, strict=True))
    camera = camera.astype(np.int32)
    server, service, room, phase = (np.array(column, np.int64) for column in list(zip(*cameras, strict=True))[:4])
    fate = np.full(len(arrivals), "dropped_reader", object)
    done = station.serve(time, camera, service, room)
    seen, done = np.flatnonzero(done >= 0), done[done >= 0]
    fate[seen] = "dropped_store"
    offline = Spells.of([outages for *_, outages in cameras])
    sent = station.upload(done, camera[seen], every, phase, size, capacity, *offline)
    seen, sent = seen[sent >= 0], sent[sent >= 0] + latency
    fate[seen] = "dropped_server"
    order = np.argsort(sent, kind="stable")
    rules = (np.array(column, np.int64) for column in zip(*servers, strict=True))
    done = station.serve(sent[order], server[camera[seen[order]]].astype(np.int32), *rules)
    fate[seen[order[done >= 0]]] = done[done >= 0]
    return fate.tolist()


def random_network(case, plates=60):
    """Return arrivals, cameras, link and servers of one of many networks, from idle to overloaded, with ties everywhere."""
    bits = draw(stream(case, "network"), np.arange(plates))

    def pick(question, *choices):
        return choices[int(below(draw(bits[0], 1, question), len(choices)))]

    n_cameras, long = pick(0, 1, 2, 3), pick(1, 60, 300, 1500)
    cameras = []
    every = pick(2, 0, 0, 7, 40, 200)
    for camera in range(n_cameras):
        ends = sorted({int(t) for t in below(draw(bits[:6], 2, camera), long + long // 4)})
        outages = list(zip(ends[::2], ends[1::2], strict=False))
        phase = pick(10 + camera, 0, 3, every // 2) % max(every, 1)
        service = pick(20 + camera, 0, 1, 5, 20)
        cameras.append((camera % 2, service, pick(30 + camera, 0, 1, 5), phase, outages if pick(3, 0, 1) else []))
    link = every, pick(4, 1, 2, 5, 1 << 40), pick(5, 0, 0, 13), pick(6, 1, 3, 20)
    servers = [(pick(7, 0, 1, 4, 15), pick(8, 0, 2, 10)), (pick(9, 0, 3), 4)]
    time, where = np.sort(below(draw(bits, 4), long)).tolist(), below(draw(bits, 5), n_cameras).tolist()
    return list(zip(time, where, strict=True)), cameras, link, servers
