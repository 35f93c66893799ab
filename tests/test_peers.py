"""The table of peers: the quickest run of a commit, and of no other."""

import csv

from benchmarks import peers


def kept(file):
    with file.open(newline="") as rows:
        return [(row["system"], float(row["seconds"]), row["commit"]) for row in csv.DictReader(rows)]


def test_of_several_runs_at_one_commit_the_quickest_counts_and_those_of_others_go(tmp_path):
    file = tmp_path / "peers.csv"
    ours, other = peers.OURS, "UXsim C++, deltan 5"
    for system, seconds, commit in ((ours, 2.0, "a"), (other, 9.0, "a"), (ours, 1.0, "a"), (ours, 3.0, "a")):
        peers.keep(["11 x 11", system, 100, seconds, 1.0, 0, 10, commit], file)
    assert kept(file) == [(ours, 1.0, "a"), (other, 9.0, "a")]
    with file.open(newline="") as rows:
        assert [row["Newell is quicker by"] for row in csv.DictReader(rows)] == ["1.0", "9.0"]
    peers.keep(["11 x 11", ours, 100, 5.0, 1.0, 0, 10, "b"], file)
    assert kept(file) == [(ours, 5.0, "b")]


def test_the_commit_says_whether_the_code_differs():
    named = peers.commit()
    assert len(named.rstrip("+")) >= 8
