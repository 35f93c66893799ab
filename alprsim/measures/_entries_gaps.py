"""The longest unobserved gap in words."""

from alprsim.measures._entry import Entry

ENTRIES = (
    Entry(
        "longest_gap",
        "Longest unobserved gap",
        "share",
        "The longest stretch of the time asked about without a correct read of the car that the viewer can obtain, from the "
        "start of that time, or a read, to the next read, or to the moment: median and most over cars in hours (whole hours, "
        "beyond 14 days whole days, rounded down), and the share of cars with one of at least 24 h, 72 h and 7 days. "
        "Where times are kept coarse, the longest that may have passed unread as far as the records tell: from when the first "
        "read can have been made at the soonest to when the next can at the latest.",
        "Can anyone disappear?",
        "Own definition: a car without a held read has a gap as long as the whole time asked about",
        "A gap is not a hiding place: a parked car leaves one too. It says that no read is held, not that the car could "
        "not be found by other means. The gap within what is kept cannot be longer than the limit: compare limits by "
        "that of the last T. Of people: between reads made while they drove, in whatever car; reads of parked cars are nobody's, "
        "and rides along do not end a gap.",
        "{value} of residents' cars go unseen by {viewer} for at least that long within the last {horizon}.",
    ),
)
