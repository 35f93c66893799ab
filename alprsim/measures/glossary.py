"""Each measure in words: its name, unit and definition, the question it answers, its source, and where it misleads."""

from alprsim.measures import (
    _entries_company,
    _entries_crowd,
    _entries_gaps,
    _entries_paths,
    _entries_position,
    _entries_utility,
    _entries_visits,
)
from alprsim.measures._entry import Entry as Entry

_COURTS = (
    "Reads a day as courts counted them: about 4 in Schmidt v. City of Norfolk (E.D. Va.), 101 location points a day in "
    "Carpenter v. United States, 585 U.S. 296 (2018)"
)

GLOSSARY: tuple[Entry, ...] = (
    Entry(
        "exposure_rate",
        "Reads a day",
        "reads/d",
        "Correct reads of a vehicle that the viewer can obtain, a calendar day; as stock, all it holds at the moment.",
        "Is it 4 a day or 101?",
        _COURTS,
        "A mean over all vehicles, parked ones included. A read is a place and a time, not a trip. Of people: reads made while "
        "they drove, in whatever car; reads of parked cars, most of a patrol car's, are nobody's.",
        "{viewer} can obtain {value} of the average resident's car over the last {horizon}.",
    ),
    Entry(
        "exposure_rate_driving",
        "Reads a driving day",
        "reads/driving d",
        "Correct reads that the viewer can obtain, for each day (04:00 to 04:00) on which the vehicle made a trip.",
        "How often is a car read on a day it is used?",
        _COURTS,
        "Vehicles that did not drive have no such rate and are left out; n counts the others. Of people: reads made while they "
        "drove, in whatever car; reads of parked cars are nobody's.",
        "On a day it is driven, the average resident's car leaves {value} with {viewer} (last {horizon}).",
    ),
    Entry(
        "ghost_rate",
        "Ghost reads a day",
        "reads/d",
        "Reads of other vehicles, misread as this one's plate, that the viewer can obtain, a calendar day.",
        "How often is a car put where it was not?",
        "Own definition: a misread loses a read of the true car and makes a ghost of another",
        "Ghosts are never counted as exposure. They fall on all issued plates, most of which nobody here drives.",
        "{viewer} holds {value} that place the average resident's car where it was not (last {horizon}).",
    ),
    Entry(
        "effective_retention",
        "Effective retention",
        "d",
        "Age from which the viewer can no longer obtain a read by any route of the sharing graph (the supremum); of each "
        "department's reads, and the longest and the mean over departments, with or without cameras. Beside it the days of age "
        "that can be had, and the gaps: stretches of age below the supremum that cannot, and the days in them.",
        "How long does a read live anywhere?",
        "Own definition: the supremum over every store and copy a viewer can reach",
        "A department's own limit is not it: a copy can outlive its source. Infinite where copies renew each other or a "
        "store has no limit. Of reads that matched no list; of those that did, and of archives of alerts, it is told apart: by "
        "these listed drivers' windows go, by the plain ones everybody else's.",
        "Some department's read stays within reach of {viewer} for {value}.",
    ),
    Entry(
        "observed_days",
        "Days observed",
        "share",
        "Days with at least one held read made on a trip, of the days (04:00 to 04:00) that trips touched; a trip counts "
        "with its departure in the time asked about, and brings its days and reads with it. A record whose time is kept so "
        "coarse that it may be of two days shows none.",
        "How much of the calendar is laid open?",
        "Temporal coverage, as used of trace data; own convention of the day",
        "Of days driven, not of calendar days: a car that stays at home is not thereby hidden. Of people: days and reads of what "
        "they drove, not of what they rode along in.",
        "{viewer} can place the average resident's car on {value} of the days it was driven in the last {horizon}.",
    ),
    Entry(
        "trips_detected",
        "Trips detected",
        "share",
        "Trips with at least one held read, of the trips that departed in the time asked about.",
        "Can journeys be seen?",
        "Detection in the automatic vehicle identification literature",
        "One read shows that a trip was made and one place it passed, not where it began or ended. It does so however coarse its "
        "time and place are kept. Of people: trips that they drove, not those that they rode along on.",
        "{viewer} can see {value} of the average resident's trips of the last {horizon}.",
    ),
    Entry(
        "trips_linked",
        "Trips linked",
        "share",
        "Trips with at least two held reads, of the trips that departed in the time asked about.",
        "Can journeys be followed from place to place?",
        "Linkage in the automatic vehicle identification literature",
        "Two reads give a direction and a stretch of road; how much of the path they fix depends on the streets between. "
        "Cameras that stand close together on one road link every trip that passes them. Of people: trips that they drove.",
        "{viewer} can follow {value} of the average resident's trips of the last {horizon} from one camera to the next.",
    ),
    Entry(
        "home_found",
        "Home found",
        "share",
        "Vehicles whose home lies within the stated distance, or in the same town, as the camera with the most first and "
        "last held reads of the day.",
        "Does a store of reads give homes away?",
        "After Golle & Partridge 2009; Zang & Bolot 2011",
        "A plate's registered address is known to the police: this is for whoever gets the reads without the register. A "
        "simple adversary, that names a camera and not a house: others may do better. A vehicle without an estimate "
        "counts as not found; the median error is of those with one. Days of reads until it shows are of vehicles whose "
        "home ever does: read them with the share that does. Of people: "
        "from the car that they mainly drive, by all its reads, while parked too; `_any_car` is an upper bound. Beside it "
        "stand what the one camera that finds most "
        "would find, were it named for everybody (`_by_constant_guess`), the share that lives near any camera whose reads can be "
        "had (`_ceiling`), and the share of guesses that are right (`_of_guessed`). In bulk sight, "
        "where pseudonyms stand for plates, from the one under which most of a car's reads are held.",
        "From what {viewer} holds, a simple guess finds {value} of residents' homes.",
    ),
    Entry(
        "work_found",
        "Work found",
        "share",
        "Vehicles whose main driver's place of work or study lies within the stated distance, or in the same town, as the "
        "camera read most often before and after the longest weekday gap of at least 3 h that began from 05:00 to 12:00.",
        "Does a store of reads tell where people work?",
        "After Golle & Partridge 2009; Zang & Bolot 2011",
        "Of vehicles whose driver has such a place. A simple adversary, that names a camera and not a door; work beyond "
        "the simulated streets is not found but counts. Of people: their own work, from the car they "
        "mainly drive, by all its reads. Beside it as for homes: `_by_constant_guess`, `_ceiling`, `_of_guessed`, `_any_car`. "
        "Under "
        "pseudonyms as for home.",
        "From what {viewer} holds, a simple guess finds {value} of drivers' places of work.",
    ),
    Entry(
        "unicity",
        "Unicity",
        "share",
        "Of random sets of p of a vehicle's held cells (camera site and time bin), those that no other recorded plate shares; a "
        "vehicle with fewer than p cells scores 0. Where pseudonyms change, all p are of one of them. Bulk sight only.",
        "Would hiding plates behind pseudonyms help? Would a tip of p sightings name a car?",
        "de Montjoye, Hidalgo, Verleysen & Blondel 2013, Unique in the Crowd",
        "Nearly blind to retention: it asks whether p sightings single out, not how many there are; read it with the "
        "eligible share. It falls with a longer time bin and rises when the crowd is thinned to a sample. A plate is "
        "already an identifier: for a viewer who knows it, completeness is the question.",
        "In what {viewer} holds, a few sightings single out {value} of residents' cars from everybody else's.",
    ),
    Entry(
        "lookback_plate",
        "Look-back by plate",
        "share",
        "Synthetic incidents for which a read of the suspect's plate, near in place and time, can still be obtained when "
        "the question is asked. Where times or places are kept coarse, only a record all of whose stretch of time and all of "
        "whose square is near: `_with_leads` counts every read that was made near, an upper bound.",
        "What does a limit cost an investigation that knows the plate?",
        "Own definition; the delay of the question is an assumption, no distribution of it was ever published",
        "It follows from the assumed delay and from coverage: read it against the same figure without a limit. It "
        "measures that a read is there, not a solved crime; a hot list's worth does not depend on retention at all.",
        "A look-back by plate still finds a useful read for {viewer} in {value} of incidents.",
    ),
    Entry(
        "lookback_area",
        "Look-back by area query",
        "share",
        "Synthetic incidents for which any read, near in place and time, can still be obtained when the question is asked; "
        "coarse records count as by plate.",
        "What does a limit cost an investigation that knows only where and when?",
        "Own definition; the delay of the question is an assumption, no distribution of it was ever published",
        "An answer names every car that passed, one of which may be the suspect's. It follows from the assumed delay.",
        "A look-back by area query still finds a read for {viewer} in {value} of incidents.",
    ),
    Entry(
        "days_per_answer",
        "Days held for each answer",
        "vehicle-days/answer",
        "Days of all residents' cars (and of residents, over the cars they drive) with a held read, over the look-backs by plate "
        "answered at the same moments; in a steady state, and of what was simulated so far.",
        "How much of everybody's movement is kept for one answered question?",
        "Own definition: stock of observed days over answered look-backs",
        "The number of incidents asked about is a setting of the study: compare policies, not studies. It follows from the "
        "assumed delay.",
        "For each answered look-back, {viewer} holds {value}.",
    ),
    *_entries_gaps.ENTRIES,
    *_entries_crowd.ENTRIES,
    *_entries_utility.ENTRIES,
    *_entries_paths.ENTRIES,
    *_entries_company.ENTRIES,
    *_entries_position.ENTRIES,
    *_entries_visits.ENTRIES,
)

BY_NAME = {entry.name: entry for entry in GLOSSARY}

STATISTICS = {
    "stock": "mean held of a vehicle (or person) at the moment of the query, whatever its age",
    "share_of_horizon": "mean over vehicles (or people) of each one's own ratio, of the last T before the query",
    "share_of_horizon_pooled": "sum over all vehicles (or people) by sum, of the last T before the query",
    "share_of_window": "mean over vehicles (or people) of each one's own ratio, within the time that is kept",
    "share_of_window_pooled": "sum over all vehicles (or people) by sum, within the time that is kept",
}
"""The three columns of a completeness measure, in words; others are said in each family's ``rows``."""
