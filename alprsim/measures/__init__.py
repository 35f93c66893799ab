"""What a viewer's sight shows of people's lives, held against the truth; all policies are asked of the same reads.

question      what is asked: one lens of up to 64 cases, at one moment; which reads each case holds then
retention     how long a read lives anywhere                                              (measure 2)
completeness  reads a day, the share of days and of trips seen                            (measures 1, 3, 4)
places        whether home and work show                                                  (measure 8)
paths         how much of where a car drove can be drawn from its reads                    (measure 5)
ways          the ways a viewer takes it to have driven from camera to camera
visits        whether stops at a clinic, a place of worship, a bar, … show                (measure 9)
sensitive     where such places and their decoys stand, and who truly stops there
nights        whether nights away from the registered address show                        (measure 8)
equity        who bears it: by neighbourhood and town, and per kilometre driven           (measure 17)
apart         the same of listed drivers and of groups of homes
uniqueness    how few sightings single a car out: whether hashing plates would help       (measure 11)
linkability   whether habits link pseudonyms that change                             (measure 13)
company       who is read together with whom                                        (measure 14)
prediction    whether the next camera can be guessed                                (measure 15)
audience      who can look                                                          (measure 16)
glossary      each measure's name, unit, definition, source and trap, as the page prints them

Each family has ``empty`` (nothing counted yet), ``add`` (one bucket, or one moment, more: sums are whole numbers, so
the order of buckets, moments and processes changes nothing) and ``rows`` (the tidy answers). A window that reaches
back beyond the simulated time is not measured: NaN, with n = 0.
"""
