"""What the glossary says of patterns among everybody's reads, and of who can look."""

from alprsim.measures._entry import Entry

ENTRIES = (
    Entry(
        "linkability",
        "Pseudonyms linked",
        "share",
        "Chance that a car's pseudonym is given the right one of the epoch before by whoever matches profiles (counts over "
        "camera site and hour, cosine of tf-idf vectors) among everybody's; ties at random. Of all "
        "targets, never-read ones included; of the last two epochs. Bulk sight only.",
        "Do rotating ids work?",
        "Trace re-identification; own choice of profile and fit",
        "A stated adversary, and a simple one: others may do better. Where a policy keeps plates, it asks what rotating would "
        "do. It needs what is held of both epochs: a viewer who links as it goes needs no more than the last.",
        "From what {viewer} holds, habits alone link {value} of residents' cars to their pseudonym of the epoch before.",
    ),
    Entry(
        "company",
        "Company: co-travel ties",
        "share",
        "Pairs of plates with at least m co-reads (two reads at one camera site, at most w apart) at q different cameras or "
        "more; of them the share that are cars of one household (precision), and of such households' pairs the share found "
        "(recall). Of a town, or of listed drivers, pairs with one of their cars at least. Bulk sight only.",
        "Who travels with whom?",
        "Convoy analysis; own rule",
        "Traffic makes ties by itself: read the count against the one by chance, and the precision against the base rate. "
        "The truth is cars of one household: a carpool here is a driver and a companion of that household in one car, which "
        "leaves no tie between plates, and no cars of two households are ever driven together by plan. Real ties are more.",
        "Of the pairs that {viewer} would take for companions, {value} share a household.",
    ),
    Entry(
        "prediction",
        "Next camera guessed",
        "share",
        "Reads of the time after the moment whose camera is guessed from the one before: by a Markov chain of order one for each "
        "car and hour, backed off to everybody's ways, learned from what is held. Bulk sight only.",
        "Can the future be guessed?",
        "After Song, Qu, Blumm & Barabási 2010; Cuttone, Lehmann & González 2018",
        "Of reads, not of cars: those who drive much count more, and the next camera is often the next along the road. Read it "
        "against the three baselines. The bound by entropy, an annex, is another thing: nobody guesses there.",
        "Of the reads to come, {viewer} can name the camera of {value} from the one before.",
    ),
    Entry(
        "prediction_entropy",
        "Annex: entropy of the cameras",
        "share",
        "Of the cars with at least 20 held reads (their latest 500): the mean entropy, in bits, of the cameras in their order "
        "(n log2 n / Σ Λ after Lempel and Ziv, by the convention *shortest unseen*: where the rest was all seen before, the end "
        "counts as a camera of its own), of how often each camera reads, and of as many equally likely; and the mean share "
        "Π that Fano's inequality allows, with the first of them, whoever foresees the next camera. Bulk sight only.",
        "How regular is what is held?",
        "Song, Qu, Blumm & Barabási 2010, Limits of Predictability in Human Mobility; Kontoyiannis, Algoet, Suhov & Wyner 1998",
        "Not a hit rate: no such predictor is known. The entropy in order is biased low on short sequences (2.48 bits at 20 "
        "reads of a source with 3.00, 2.74 at 500) and Π high, so a short window looks more predictable than a long one: "
        "therefore only an annex. Other conventions give other figures of the same reads. Cars with fewer reads are left out.",
        "Were it as regular as it looks, {value} of the next reads in what {viewer} holds could be foreseen at the very most.",
    ),
    Entry(
        "audience",
        "Audience",
        "agencies",
        "Agencies, other than the owner of the cameras, that can reach a read by some route: ever, and once it is of a stated "
        "age; and the people who may sign in there, of those agencies that say how many.",
        "Who can look?",
        "Own definition, from the rules alone",
        "Whoever can look need not. Users are a lower bound wherever an agency does not say how many it has.",
        "A read of these cameras is within reach of {value} under the rules that {viewer} has.",
    ),
)
