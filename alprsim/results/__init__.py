"""A result on disk: one folder a run, whose tables pandas, R and DuckDB open as they are.

run          a run's folder opened: its tables, and single answers
words        numbers as people say them
headline     the five numbers that matter, each in a plain sentence
summary      the answers of all seeds as means with intervals
geography    roads and cameras as GeoParquet
published    simulated figures beside published ones
comparison   two or more runs side by side
sides        what is compared: runs, or policies and limits of one
marks        which differences hold under other assumptions too
distribution how unevenly cars are laid open
asking       what may be asked of a run, by name
answer_table     the one table that answers a scenario's question
answer_sentence  the same in a sentence
coalitions   who matters when only some opt out
writing      what a finished run leaves for people
"""

from alprsim.results.comparison import as_json, as_text, compare
from alprsim.results.geography import save_cameras, save_roads
from alprsim.results.run import VARIANTS, ResultError, Run, load, slug
from alprsim.results.summary import summarise, write_summary
from alprsim.results.writing import write

__all__ = [
    "VARIANTS",
    "ResultError",
    "Run",
    "as_json",
    "as_text",
    "compare",
    "load",
    "save_cameras",
    "save_roads",
    "slug",
    "summarise",
    "write",
    "write_summary",
]  # fmt: skip
