"""The glossary's entries of what is useful to an investigation, beside look-backs."""

from alprsim.measures._entry import Entry

ENTRIES = (
    Entry(
        "hot_list_value",
        "What a hot list is worth",
        "alerts/d",
        "True hits (a listed car, rightly wanted at that moment) and false alerts (no longer wanted, misread, of another "
        "state, a sign) a day, and how many of the former come to one of the latter.",
        "What is lost to hot lists if reads are deleted sooner?",
        "Own definition: alerts by their cause, over the days simulated",
        "Nothing is lost: an alert is decided when the plate is read, so it is the same under every policy and limit. It does "
        "depend on cameras, on whose lists are matched, on how long and how stale lists are, and on misreads. A listed car is "
        "driven as on any other day, so true hits on stolen cars are too many.",
        "Hot lists raise {value}, whatever {viewer} may keep or look at afterwards.",
    ),
)
