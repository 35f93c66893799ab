"""The measures that are asked of everybody at once, in words."""

from alprsim.measures._entry import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "unicity_scaling",
        "Unicity by size of cell",
        "share",
        "Unicity of all residents' cars, one random set of p cells each, for each time bin and each square that sites are "
        "merged in; and α and β of unicity = α − (v h)^β fitted to it, v the mean sites merged and h the hours, by least "
        "squares over those cars with p cells, with the root mean square of what the law misses. Tried are laws that say "
        "between 0 and 1 at every cell. Where the best misses more than 0.05 it does not describe them; where β stands on its "
        "bound, α and β are withheld (not measured).",
        "Would coarser times and places hide people?",
        "de Montjoye, Hidalgo, Verleysen & Blondel 2013, Unique in the Crowd: β = 0.157 − 0.007 p",
        "The published law is of telephones, 114 points a month and antennas everywhere: cameras stand where the traffic is, and "
        "β need not be that one, nor is a β near it a match where the law misses much. α is no unicity: at one site and one hour "
        "the law says α − 1. Coarser cells also leave fewer cars with p of them.",
        "In what {viewer} holds, with cells of this size, a few sightings single out {value} of residents' cars.",
    ),
    Entry(
        "top_anonymity_set",
        "Top-N anonymity set",
        "share",
        "Plates with the same unordered set of the N cameras that read them most (N = 1, 2, 3; of cameras with equally many "
        "reads, that of the lower key counts first), the car itself included: their median, and the share of residents' cars "
        "with a set that fewer than 5 share. A car that fewer than N cameras read has no set. Bulk sight only.",
        "Does a car's routine alone single it out?",
        "Zang & Bolot 2011, Anonymization of Location Data Does Not Work",
        "A set that few share is a quasi-identifier, not an identity: it takes someone who knows the routine. With a short "
        "window few cars have a set at all: read it with the share that does. Under pseudonyms that change it is that "
        "of the pseudonym with most reads.",
        "In what {viewer} holds, the cameras that see it most leave {value} of residents' cars in a group of fewer than five.",
    ),
    Entry(
        "worst_case_risk",
        "Worst-case risk",
        "share",
        "The mean over cars of one over the fewest plates that share some p (or fewer) of a car's held cells (camera site and "
        "time bin), p = 1, 2, 3: the chance to name it for who knows just the most telling p sightings. Exact, but for searches "
        "cut short, whose share is printed: for those it is a lower bound. Bulk sight only.",
        "How exposed is a car to whoever knows its most unusual sightings?",
        "Pellungrini, Pappalardo, Pratesi & Monreale 2017, A Data Mining Approach to Assess Privacy Risk in Human Mobility Data",
        "It saturates at 1 and says nothing of a chance tip: that is unicity, which takes sightings as they come. A car never "
        "read scores 0.",
        "From what {viewer} holds, the most telling sightings single out {value} of residents' cars, on average.",
    ),
)
