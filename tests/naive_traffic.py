"""Plain twins of the traffic kernels: what each road is ready to do is worked out anew, from its history, at every step."""

SECOND, QUARTER, DAY = 1000, 900_000, 86_400_000
NEVER = float("inf")


def whole_second(time):
    return -(-time // SECOND) * SECOND


def replay(trips, crossing, start=None):
    """trips: (vehicle, depart in ms, roads) by vehicle; crossing(road, slot) in ms. → departures, arrivals, passages."""
    depart, arrive, passages, last = [], [], [], {}
    for i, (vehicle, meant, roads) in enumerate(trips):
        now = max(meant, whole_second(last.get(vehicle, 0)))
        depart.append(now)
        for road in roads:
            passages.append((now, road, i))
            now += crossing(road, now // QUARTER % 96)
        arrive.append(now)
        last[vehicle] = now
    return depart, arrive, sorted(passages)


class Queue:
    """links: (crossing, headway, room, wave) in ms and vehicles. storage: newell or simple. stuck: ms."""

    def __init__(self, links, trips, *, stuck, storage, end=DAY):
        self.links, self.trips, self.stuck, self.storage, self.end = links, trips, stuck, storage, end
        n = len(links)
        # (time, trip) of everyone who ever entered, in order, and when they left; origins come after the roads
        self.entries = [[] for _ in range(2 * n)]
        self.exits = [[] for _ in range(2 * n)]
        self.waiting = [[] for _ in range(n)]  # links that wait to enter this one
        self.since = {}
        self.done = [0] * len(trips)  # roads entered
        self.gone = [False] * len(trips)  # has left the departures
        self.depart, self.arrive = [None] * len(trips), [None] * len(trips)
        self.passages = []
        self.forced = self.waits = self.jams = 0
        self.now = 0

    def run(self):
        while True:
            moment, what, number = min(self.possible(), default=(NEVER, 0, 0))
            if moment >= self.end:
                return self
            self.now = moment
            if what == "departure":
                self.leave_home(number)
            else:
                self.turn(number)

    def possible(self):
        """Everything that may happen next; the words sort as they should: departures first."""
        for i, gone in enumerate(self.gone):
            if not gone and self.free_from(i) is not None:
                yield max(self.trips[i][1], self.free_from(i)), "departure", i
        for here in range(2 * len(self.links)):
            if self.front(here) is not None:
                yield max(self.now, self.due(here)), "turn", here

    def free_from(self, i):
        if i == 0 or self.trips[i - 1][0] != self.trips[i][0]:
            return 0
        return None if self.arrive[i - 1] is None else whole_second(self.arrive[i - 1])

    def front(self, here):
        past = len(self.exits[here])
        return self.entries[here][past] if past < len(self.entries[here]) else None

    def ahead(self, here):
        _, trip = self.front(here)
        roads = self.trips[trip][2]
        return roads[self.done[trip]] if self.done[trip] < len(roads) else None

    def opens(self, road):
        _, _, room, wave = self.links[road]
        on = len(self.entries[road]) - len(self.exits[road])
        if self.storage == "simple":
            return self.now if on < room else NEVER
        if on >= room:
            return NEVER
        before = len(self.entries[road]) - room
        return self.exits[road][before] + wave if before >= 0 else 0

    def due(self, here):
        if here in self.since:
            first = self.waiting[self.ahead(here)][0] == here
            return min(self.opens(self.ahead(here)) if first else NEVER, self.since[here] + self.stuck)
        crossing, headway = self.links[here][:2] if here < len(self.links) else (0, 0)
        arrived = self.front(here)[0] + crossing
        return max(arrived, self.exits[here][-1] + headway) if self.exits[here] else arrived

    def leave_home(self, i):
        self.gone[i] = True
        roads = self.trips[i][2]
        if roads:
            self.entries[len(self.links) + roads[0]].append((self.now, i))
        else:
            self.depart[i] = self.arrive[i] = self.now

    def turn(self, here):
        road = self.ahead(here)
        trip = self.front(here)[1]
        if road is None:
            self.exits[here].append(self.now)
            self.arrive[trip] = self.now
            return
        first = self.waiting[road][:1] == [here] if here in self.since else not self.waiting[road]
        may = first and self.opens(road) <= self.now
        if here not in self.since and not may:
            self.since[here] = self.now
            self.waiting[road].append(here)
            self.waits += 1
            return
        if here in self.since:
            self.forced += not may
            del self.since[here]
            self.waiting[road].remove(here)
        self.exits[here].append(self.now)
        self.entries[road].append((self.now, trip))
        self.done[trip] += 1
        self.passages.append((self.now, road, trip))
        if here >= len(self.links):
            self.depart[trip] = self.now
