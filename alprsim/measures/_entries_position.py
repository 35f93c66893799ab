"""Where a car was at a random moment, in words."""

from alprsim.measures._entry import Entry

_SHOKRI = "Shokri, Theodorakopoulos, Le Boudec & Hubaux 2011, Quantifying Location Privacy"
_TRACKER = (
    "The tracker weighs, over zones of streets and steps of a quarter hour, where cars go at each hour, free-flow times, every "
    "held read of the last T and every camera that did not read the car; where on its way a car is follows from free-flow times. "
    "What people usually do, and which ways they drive, it learned from another seed; how fast a car drives, from its own drives "
    "that several cameras read. Of records kept coarse it draws eight times what each may have been, a time in its step as cars "
    "leave by the hour, a camera in its square by its reads, and believes the mean; the nearest read is then the middle of both."
)

ENTRIES = (
    Entry(
        "position_error",
        "Distance error",
        "m",
        "Mean distance between the best single guess of where a car was and where it was, at random moments of the last T; of "
        "the Bayesian tracker, of the nearest held read in time, and of who looks at no read (to which the second falls back).",
        "Where was the car at time t?",
        f"After {_SHOKRI}. {_TRACKER}",
        "Of sampled cars; the standard error is printed. Beyond the simulated streets a car counts as at its gateway, the least "
        "that the distance can be. Cars stand at home most of the time: read it with the error of who looks at no read. "
        "People are taken to be where the car is that they mainly drive, but are where they drove or rode along, in any car.",
        "At a random moment of the last {horizon} {viewer} is {value} off in guessing where the average resident's car was.",
    ),
    Entry(
        "position_expected",
        "Expected distance error",
        "m",
        "Distance to the truth at random moments of the last T, expected over all places as likely as the adversary holds them.",
        "How far off is all that the adversary believes?",
        _SHOKRI,
        "It counts doubt as distance, so an honest adversary scores worse than its own best guess, and than a single wrong site.",
        "What {viewer} believes of where the average resident's car was lies {value} from the truth (last {horizon}).",
    ),
    Entry(
        "position_within",
        "Placed nearby",
        "share",
        "Moments at which the best single guess lay within the stated distance (500 m by default) of where the car was: of the "
        "tracker, of the nearest held read in time, and of who looks at no read, with the standard error of each and of the "
        "paired difference.",
        "Is a car's place known to the block?",
        "Own definition, on the best single guess of the distance error",
        "The tracker guesses the middle of a zone, the nearest read a site: a zone wider than the distance costs it hits.",
        "The best guess of {viewer} lies near where the average resident's car was {value} of the time (last {horizon}).",
    ),
    Entry(
        "position_zone",
        "Right zone",
        "share",
        "Moments at which the best single guess lay in the zone of streets in which the car was.",
        "Is a car's quarter known?",
        "Own definition, on the best single guess of the distance error",
        "It falls with smaller zones (`position_zones`): compare policies, not studies.",
        "The best guess of {viewer} lies in the right zone of streets {value} of the time (last {horizon}).",
    ),
    Entry(
        "position_likely_near",
        "Held to be nearby",
        "share",
        "How likely the adversary holds it that the car was within the stated distance (500 m by default) of where it was.",
        "How much of what is believed is near the truth?",
        "Own definition, on the posterior of the distance error",
        "A zone is spread over its places: a right zone that is wider than the distance counts only in part. The nearest read "
        "believes in one point alone, so that its share is its hits: never set it beside the tracker's.",
        "{viewer} puts the average resident's car near where it was with {value} (random moments of the last {horizon}).",
    ),
    Entry(
        "position_likely_zone",
        "Held to be in the right zone",
        "share",
        "How likely the adversary held the zone of streets in which the car was.",
        "How much is believed of the right quarter?",
        "Own definition, on the posterior of the distance error",
        "As for `position_likely_near`: of an adversary that believes in one point, these are its hits.",
        "{viewer} gives the right zone of streets {value} (random moments of the last {horizon}).",
    ),
    Entry(
        "position_region",
        "90 % region",
        "share",
        "How often the fewest zones that hold 90 % of what the adversary believes, both should the car stand and should it be "
        "under way, hold the truth; how many they are, and as a share of those of who looks at no read.",
        "How sure may the adversary be, and how sure is it?",
        "Calibration and sharpness: Gneiting, Balabdaoui & Raftery 2007, Probabilistic forecasts, calibration and sharpness",
        "Far below 90 % the adversary is surer than it may be. How far it trusts itself it learned from made-up cars of another "
        "seed. It does not know whether a car is under way: a region for both at once would leave out most of what lies "
        "between places, so this one is wider. Of coarse records it is a mean over draws, wider than all that they tell.",
        "The 90 % region of {viewer} holds the average resident's car {value} of the time (last {horizon}).",
    ),
    Entry(
        "journey_ends",
        "Journeys known from end to end",
        "share",
        "Trips of the last T from one zone of streets to another (departed after t − T, arrived by t) of which both ends are "
        "rightly guessed: the zone where a car that stands most probably is at the last start of a step before it left, and at "
        "the first one since it arrived; of the tracker, of the site of the nearest held read in time, and of who looks at no "
        "read, with the standard error of each and of the paired difference. `_either`: one end at least.",
        "Are whole trips known, not moments only?",
        "Own definition, on the posterior of the distance error",
        "That there was such a trip, and when to a step, is given; asked is where. Trips inside one zone are left out: who takes "
        "the car to stand still has them right. Each end is guessed by itself, though both cannot be one zone. A stay too short "
        "for a step to start in is mostly guessed wrong, and counts. A read that is the nearest to both ends has one right at "
        "most. It falls with smaller zones (`position_zones`): compare policies, not studies.",
        "Of the average resident's trips from one zone of streets to another {viewer} knows both ends of {value} (last "
        "{horizon}).",
    ),
)
