"""What the glossary says of ways rebuilt."""

from alprsim.measures._entry import Entry

_ADVERSARY = (
    "The viewer knows streets, not trips: reads that follow each other soon enough (the gap rule) are one leg, and between "
    "their cameras it draws the quickest way at free flow, or (as drivers choose them) the way that most drivers take on a "
    "usual weekday of people whom no seed simulates."
)

ENTRIES = (
    Entry(
        "path_recall",
        "Kilometres recovered",
        "share",
        "Kilometres of directed roads that are claimed within the tolerance of the time at which they were driven, over all "
        f"kilometres driven on the simulated streets. {_ADVERSARY}",
        "Is it the whole of movements?",
        "Reconstruction of paths from licence-plate readers; own gap rule and tolerance",
        "All driven kilometres count, also of trips that no camera read; those outside the simulated streets do not. One more "
        "read may send a way elsewhere: it can fall when more is held. Of people: what they drove, in whatever car.",
        "{viewer} can redraw {value} of the kilometres that residents' cars drove in the last {horizon}.",
    ),
    Entry(
        "path_precision",
        "Kilometres claimed that are right",
        "share",
        "Kilometres that were driven within the tolerance of the time for which they are claimed, over all kilometres claimed; "
        f"what was driven once is right once. {_ADVERSARY}",
        "How far can what is redrawn be trusted?",
        "Reconstruction of paths from licence-plate readers; own gap rule and tolerance",
        "A viewer who claims only the roads of its own cameras is nearly always right: read it with the kilometres recovered. "
        "Misreads of other cars make wrong claims; cars without a claim have none and are left out. "
        "Of people: claims of a car count for who was at its wheel, which the viewer does not know.",
        "Of the kilometres that {viewer} would draw for residents' cars over the last {horizon}, {value} are right.",
    ),
    Entry(
        "trips_rebuilt",
        "Trips rebuilt",
        "share",
        "Trips of which at least 80 % of the kilometres are recovered, while at most 20 % of what is claimed for the time of the "
        f"trip is wrong; over all trips that drove a road. {_ADVERSARY}",
        "How many journeys are laid open from end to end?",
        "Own thresholds; this is what “rebuilt” means on this page",
        "Short trips on a camera's own road are rebuilt by one read. A trip that is only partly known counts as not rebuilt: "
        "“trips detected” counts those.",
        "{viewer} can rebuild {value} of the trips of residents' cars in the last {horizon}.",
    ),
)
