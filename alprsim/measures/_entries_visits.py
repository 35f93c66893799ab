"""Sensitive visits, nights away and who bears it, in words."""

from alprsim.measures._entry import Entry

_RULE = (
    "two held reads in a row at cameras near the place, with room between for a drive there, a stay of the stated length, "
    "and the drive on"
)
_GUESS = (
    "A simple adversary that knows no more than where such places are. Read the precision beside what would be right by chance, "
    "and recall beside what the same rule finds at decoys, places that do not exist and compete as places do, among themselves: "
    "where decoys do as well, an inference says no more than that somebody passed. Cameras at a town's edge take every errand "
    "out of town for a visit to what stands beside them. Of people: a visit is theirs who drove "
    "there, and shows whoever it is said of; it is said of the car's main driver, and right if that person drove there."
)

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "sensitive_visits",
        "Sensitive visits",
        "share",
        f"Visits to a clinic, a place of worship, a bar, a support group or a court that show: {_RULE}; of all "
        "kinds the one place on the shortest way. Recall is of the visits made in the last T, precision of the inferences, one a "
        "gap at most. By chance: their precision if each named one of all these places at random.",
        "Who was at the clinic?",
        "Own definition, after the stay points of trajectory mining (Li et al. 2008)",
        _GUESS,
        "{viewer} can infer {value} of the visits that residents' cars made to sensitive places in the last {horizon}.",
    ),
    Entry(
        "sensitive_places",
        "Sensitive places",
        "share",
        f"Pairs of a car and a sensitive place to which it went in the last month, that show at least once: {_RULE}. Precision "
        "is of the pairs inferred; by chance is of a car and a place at random.",
        "Who ever goes to the clinic?",
        "Own definition",
        _GUESS + " Days of reads until it shows are of the pairs that ever do.",
        "From what {viewer} holds of a month, {value} of the sensitive places to which residents' cars went show.",
    ),
    Entry(
        "sensitive_habits",
        "Sensitive habits",
        "share",
        "The same of pairs of a car and a place to which it went in several different weeks of the last month, inferred in as "
        "many.",
        "Who goes to the support group every week?",
        "Own definition",
        _GUESS + " A store that keeps less than a week shows no habit.",
        "From what {viewer} holds of a month, {value} of residents' cars' habits at sensitive places show.",
    ),
    Entry(
        "nights_away",
        "Nights away",
        "share",
        "Nights on which a car stood far from its registered address at 02:00, that show: the last held read of the evening and "
        "the first of the next morning are far from it and near each other.",
        "Who slept elsewhere?",
        "Own definition",
        "For those who know the plate, and so the address. Simulated residents end every day at home, so that the only nights "
        "to be found are of cars still at a bar or on a visit at two: what is measured is above all how often the rule is wrong. "
        "Of people: nights are theirs who drove there; they are said of the person whom the plate names.",
        "{viewer} can infer {value} of the nights of the last {horizon} that residents' cars spent elsewhere.",
    ),
    Entry(
        "reads_per_1000_km",
        "Reads per 1,000 km",
        "reads/1000 km",
        "Correct reads that the viewer can obtain of the last T, of all vehicles together, for each 1,000 km that they drove on "
        "the simulated roads by the ways their drivers take.",
        "Who is read more for the same driving?",
        "Own definition",
        "Parked cars are read, too. Kilometres outside the simulated roads are left out, above and below alike.",
        "{viewer} can obtain {value} driven by residents' cars in the last {horizon}.",
    ),
    Entry(
        "days_per_1000_km",
        "Days seen per 1,000 km",
        "days/1000 km",
        "Driven days (04:00 to 04:00) of the last T with a correct read that the viewer can obtain, of all vehicles "
        "together, for each 1,000 km that they drove on the simulated roads.",
        "Whose days show more for the same driving?",
        "Own definition",
        "A day counts once however far a car went: who drives little has more days for each kilometre.",
        "{viewer} can see {value} driven by residents' cars in the last {horizon}.",
    ),
    Entry(
        "trips_per_1000_km",
        "Trips detected per 1,000 km",
        "trips/1000 km",
        "Trips of the last T with a correct read that the viewer can obtain, of all vehicles together, for each 1,000 km that "
        "they drove on the simulated roads.",
        "Whose trips show more for the same driving?",
        "Own definition",
        "A trip counts once however long it is: short ones weigh more for each kilometre.",
        "{viewer} can detect {value} driven by residents' cars in the last {horizon}.",
    ),
    Entry(
        "retention_of_reads",
        "Retention of a car's own reads",
        "d",
        "How long the viewer can obtain reads of the owners that read a car: the mean over its correct reads of the last T of "
        "their owners' effective retention, and of it the mean over the cars that were read.",
        "Whose reads live longer, because of who reads them?",
        "Own definition",
        "Owners are weighed by what they read, obtained or not; a car that nobody read has none. Infinite where some read of a "
        "car in the group never goes.",
        "A read of the average resident's car that was read stays within reach of {viewer} for {value}.",
    ),
    Entry(
        "equity",
        "Most to least exposed",
        "times",
        "The largest figure of a group of homes over the smallest: by distance to the nearest fixed camera, by how many people "
        "live within 500 m, by distance from the town's centre, by town.",
        "Who bears it?",
        "Own definition",
        "By what the map says of homes, and not by income, race or age, of which the simulation knows nothing. Quarters of all "
        "residents' vehicles; groups of fewer than 30 vehicles, or targets drawn, are joined or left out. A ratio of extremes "
        "grows with the number of groups, and is above 1 for groups that differ by nothing: `_by_chance` is what homes dealt "
        "to groups of the same sizes at random give, the mean of three deals. Not told where some group's figure is of fewer "
        "than 30 (visits, homes, moments). Of gaps and distance errors the largest is of the least exposed.",
        "{viewer} sees the most exposed group of homes {value} as much as the least exposed (last {horizon}).",
    ),
)
