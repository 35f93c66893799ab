"""What the cameras record of a day's traffic: which plates are missed, dropped, unreadable or read wrong.

A passing plate is captured or not; waits for its reader, then in the camera's store for its upload, then for the agency's
shared server, and is dropped where one of them is full; then yields a text or not, right or wrong, of the right state or
not. Queues and stores start empty at 04:00, when a day starts: a day can be made alone, and at that hour few would wait.
"""

from alprsim.cameras._conditions import Conditions as Conditions
from alprsim.cameras._conditions import conditions as conditions
from alprsim.cameras._light import nights as nights
from alprsim.cameras._misreading import CONFUSED as CONFUSED
from alprsim.cameras._misreading import DOCUMENTED as DOCUMENTED
from alprsim.cameras._misreading import Index as Index
from alprsim.cameras._misreading import index as index
from alprsim.cameras._misreading import misread as misread
from alprsim.cameras._misreading import taken_for as taken_for
from alprsim.cameras._quality import chances as chances
from alprsim.cameras._quality import equipped as equipped
from alprsim.cameras._reading import DayOfReads as DayOfReads
from alprsim.cameras._reading import Tally as Tally
from alprsim.cameras._reading import read as read
from alprsim.cameras._sightings import sightings as sightings
from alprsim.cameras._sightings import signs as signs
from alprsim.cameras._sightings import together as together
from alprsim.cameras._spells import Spells as Spells
from alprsim.cameras._spells import alternating as alternating
from alprsim.cameras._spells import out_of_order as out_of_order
