"""Runs that end early leave nothing half-written, say so the next time, and lose no finished seed."""

import contextlib
import errno
import io
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

import alprsim
from alprsim import experiment, results, sweep
from alprsim.results.run import ResultError
from tests.conftest import contents

SIMULATE = experiment.simulate


@pytest.fixture
def out(tmp_path):
    return tmp_path / "result"


def partial(out):
    return out.with_name(f".{out.name}.partial")


def run(outpost, out, *overrides, jobs=1):
    """Run the outpost; return the result and what was said on the way."""
    said = io.StringIO()
    done = sweep.run(alprsim.study(outpost, overrides=overrides), out=out, jobs=jobs, tell=sweep.Progress(said))
    return done, said.getvalue()


def interrupted_at(monkeypatch, seed):
    """Let the simulation of one seed, or none, be interrupted; return the list of seeds begun."""
    begun = []

    def trying(*args, **kwargs):
        begun.append(kwargs["seed"])
        if kwargs["seed"] == seed:
            raise KeyboardInterrupt
        return SIMULATE(*args, **kwargs)

    monkeypatch.setattr(experiment, "simulate", trying)
    return begun


# --- a whole run ------------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_a_run_leaves_its_folder_and_nothing_beside_it(outpost, outpost_run, out):
    done, said = run(outpost, out)
    assert done.folder == out
    assert [file.name for file in out.parent.iterdir()] == ["result"]
    names = {file.name for file in out.iterdir()}
    assert {"run.json", "report.html", "scenario.yaml", "measures.parquet", "summary.csv", "seed=1", "seed=2"} < names
    assert not names & {"scratch", "identity.json"}
    assert not [file for file in out.rglob("*") if file.name.endswith(".partial") or file.name.startswith(".")]
    assert contents(out) == contents(outpost_run.folder)
    assert ["interrupted" in line for line in said.splitlines()].count(True) == 0
    assert done.provenance["seconds"].keys() >= {"roads and routes", "seeds"}


def test_runs_go_to_a_folder_of_the_scenarios_name_and_digest(outpost, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = alprsim.study(outpost, overrides=["seeds=[1]"])
    done = sweep.run(loaded)
    assert done.folder.as_posix() == f"results/runs/outpost-{loaded.digest()[:8]}"
    assert done.report().exists()


# --- interrupted ------------------------------------------------------------------------------------------------------


@pytest.mark.whole
def test_an_interrupted_run_goes_on_where_it_stopped(outpost, outpost_run, out, monkeypatch):
    begun = interrupted_at(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        run(outpost, out)
    assert begun == [1, 2]
    assert not out.exists()
    assert (partial(out) / "seed=1" / "measures.parquet").exists()
    assert not (partial(out) / "seed=2").exists()
    for folder in (out, partial(out)):
        with pytest.raises(ResultError, match="interrupted; run the same command again and it goes on from there"):
            results.load(folder)
    begun = interrupted_at(monkeypatch, None)
    done, said = run(outpost, out)
    assert begun == [2]
    assert "an earlier run of this scenario did not end; finished seeds kept: 1\n" in said
    assert contents(done.folder) == contents(outpost_run.folder)
    assert not partial(out).exists()


def test_after_a_kill_the_finished_seed_is_kept(outpost, outpost_run, out):
    code = f"""
import os, signal, alprsim
from alprsim import inquiry
ask = inquiry.ask
def dying(*args, **kwargs):
    if kwargs["seed"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return ask(*args, **kwargs)
inquiry.ask = dying
alprsim.run({str(outpost)!r}, out={str(out)!r})
"""
    died = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL
    assert not out.exists()
    assert (partial(out) / ".seed=2" / "reads").exists()
    done, said = run(outpost, out)
    assert "finished seeds kept: 1\n" in said
    assert contents(done.folder) == contents(outpost_run.folder)


def test_what_another_scenario_left_is_removed(outpost, out, monkeypatch):
    interrupted_at(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        run(outpost, out)
    begun = interrupted_at(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        run(outpost, out, "cameras.capture=0.5")
    assert begun == [1, 2]


@pytest.mark.parametrize("left", ["other code", "half an identity"])
@pytest.mark.whole
def test_what_other_code_left_is_removed_and_told(outpost, outpost_run, out, left, monkeypatch):
    interrupted_at(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        run(outpost, out)
    identity = partial(out) / "identity.json"
    if left == "other code":
        identity.write_text(json.dumps({**json.loads(identity.read_text()), "code": "0" * 64}))
    else:
        identity.write_text(identity.read_text()[:20])
    (partial(out) / "seed=1" / "measures.parquet").write_bytes(b"made by other code")
    begun = interrupted_at(monkeypatch, None)
    done, said = run(outpost, out)
    assert begun == [1, 2]
    assert "an earlier run, of another scenario or by other code, did not end; what it left is removed\n" in said
    assert contents(done.folder) == contents(outpost_run.folder)


def test_code_is_told_apart_by_its_files(tmp_path, monkeypatch):
    now = sweep.code_digest()
    assert sweep.code_digest() == now
    (tmp_path / "sweep.py").write_text("")
    monkeypatch.setattr(sweep, "__file__", str(tmp_path / "sweep.py"))
    digests = [sweep.code_digest()]
    for name in ("data/towns.csv", "kernels/queue.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("1")
        digests.append(sweep.code_digest())
    assert len({now, *digests}) == 4


# --- several scenarios of one world -----------------------------------------------------------------------------------


def run_both(outpost, outs, *, jobs=1, changed=()):
    """Run the outpost and the same world asked otherwise; return the results and what was said on the way."""
    said = io.StringIO()
    others = (
        "name=shorter",
        "ladder.retention=[3 h]",
        "policies.Federal query=null",
        "measures.unicity_targets=3",
        *changed,
    )
    studies = [alprsim.study(outpost), alprsim.study(outpost, overrides=others)]
    return sweep.run_all(studies, outs=outs, jobs=jobs, tell=sweep.Progress(said)), said.getvalue()


@pytest.fixture
def outs(tmp_path):
    return [tmp_path / "first", tmp_path / "second"]


def test_scenarios_of_one_world_are_simulated_once_and_answer_as_if_alone(outpost, outpost_run, outs, monkeypatch):
    begun = interrupted_at(monkeypatch, None)
    (first, second), said = run_both(outpost, outs)
    assert begun == [1, 2]
    assert "2 scenarios share their world: it is simulated once" in said
    assert contents(first.folder) == contents(outpost_run.folder)
    alone, _ = run(outpost, outs[0].with_name("alone"), "name=shorter", "ladder.retention=[3 h]",
                   "policies.Federal query=null", "measures.unicity_targets=3")  # fmt: skip
    assert begun == [1, 2, 1, 2]
    assert contents(second.folder) == contents(alone.folder)
    shared = [next((result.folder / "seed=1" / "reads").rglob("*.parquet")) for result in (first, second)]
    assert shared[0].samefile(shared[1])
    shutil.rmtree(first.folder)
    assert contents(second.folder) == contents(alone.folder)  # each is whole in itself


@pytest.mark.whole
def test_several_processes_ask_the_same(outpost, outpost_run, outs):
    (first, _), said = run_both(outpost, outs, jobs=2)
    assert contents(first.folder) == contents(outpost_run.folder)
    assert "seed 2: shorter: look-backs" in said


@pytest.mark.whole
def test_scenarios_of_other_worlds_are_simulated_each(outpost, outs, monkeypatch):
    begun = interrupted_at(monkeypatch, None)
    run_both(outpost, outs, changed=("cameras.capture=0.5",))
    assert begun == [1, 2, 1, 2]


@pytest.mark.whole
def test_what_scenarios_of_one_world_finished_is_kept(outpost, outpost_run, outs, monkeypatch):
    begun = interrupted_at(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        run_both(outpost, outs)
    assert [(partial(out) / "seed=1").is_dir() for out in outs] == [True, True]
    shutil.rmtree(partial(outs[1]) / "seed=1")  # only one of them had finished it
    begun.clear()
    interrupted_at(monkeypatch, None)
    (first, second), _ = run_both(outpost, outs)
    assert contents(first.folder) == contents(outpost_run.folder)
    assert (second.folder / "seed=1" / "measures.parquet").exists()


@pytest.mark.whole
def test_without_links_the_reads_are_copied(outpost, outpost_run, outs, monkeypatch):
    def unable(*_):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", unable)
    (first, second), _ = run_both(outpost, outs)
    assert contents(first.folder) == contents(outpost_run.folder)
    assert next((second.folder / "seed=1" / "reads").rglob("*.parquet")).stat().st_nlink == 1


def test_two_scenarios_never_share_a_folder(outpost, outs):
    with pytest.raises(ValueError, match="two scenarios would be written to"):
        run_both(outpost, [outs[0], outs[0]])
    assert not outs[0].exists()


# --- an older result --------------------------------------------------------------------------------------------------


@pytest.mark.whole
def test_an_older_result_stays_until_the_new_one_is_whole(outpost, out, monkeypatch):
    older, _ = run(outpost, out, "seeds=[1]")
    before = contents(out)
    with monkeypatch.context() as patched:
        patched.setattr(results, "write", fail_with(OSError(errno.EIO, "Input/output error")))
        with pytest.raises(OSError, match="Input/output"):
            run(outpost, out, "seeds=[1]", "cameras.capture=0.5")
    assert contents(out) == before
    assert results.load(out).provenance == older.provenance
    run(outpost, out, "seeds=[1]", "cameras.capture=0.5")
    assert contents(out) != before
    assert [file.name for file in out.parent.iterdir()] == ["result"]


@pytest.mark.whole
def test_a_run_that_dies_while_it_puts_its_result_in_place_loses_neither(outpost, out, monkeypatch):
    run(outpost, out, "seeds=[1]")
    before = contents(out)
    replace = os.replace

    def dying(source, target):
        if target == out:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            run(outpost, out, "seeds=[1]")
    assert not out.exists()
    begun = interrupted_at(monkeypatch, None)
    monkeypatch.setattr(experiment, "prepare", checks(experiment.prepare, lambda: contents(out) == before))
    _, said = run(outpost, out, "seeds=[1]")
    assert begun == []
    assert "finished seeds kept: 1\n" in said
    assert contents(out) == before
    assert [file.name for file in out.parent.iterdir()] == ["result"]


def fail_with(error):
    def fail(*_args, **_kwargs):
        raise error

    return fail


def checks(function, condition):
    """Return the function with a condition that must hold when it is called."""

    def checked(*args, **kwargs):
        assert condition()
        return function(*args, **kwargs)

    return checked


# --- folders that cannot be written -----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["below a file", "in /proc"])
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_computed(outpost, tmp_path, where, monkeypatch):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "result" if where == "below a file" else "/proc/alprsim/result"
    monkeypatch.setattr(experiment, "prepare", fail_with(AssertionError("computed")))
    with pytest.raises(OSError, match=r"cannot write results to .*/result: .*; choose another folder with --out"):
        alprsim.run(outpost, out=out)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_is_no_result_is_never_replaced(outpost, out, what, monkeypatch):
    monkeypatch.setattr(experiment, "prepare", fail_with(AssertionError("computed")))
    precious = out / "thesis.txt" if what == "folder" else out
    precious.parent.mkdir(exist_ok=True)
    precious.write_text("precious")
    with pytest.raises(OSError, match="exists and is not a result: it is left as it is; choose another folder"):
        alprsim.run(outpost, out=out)
    assert precious.read_text() == "precious"
    assert not partial(out).exists()


def test_the_working_folder_itself_is_no_place_for_a_result(outpost, tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="exists and is not a result"):
        alprsim.run(outpost, out=".")


def test_an_empty_folder_is_taken(outpost, out):
    out.mkdir()
    done, _ = run(outpost, out, "seeds=[1]")
    assert done.page.exists()


@pytest.mark.parametrize("table", ["truth/bucket=0/block=0", "measures", "roads"])
@pytest.mark.whole
def test_a_full_disk_leaves_no_half_result(outpost, outpost_run, out, table, monkeypatch):
    write, append = pq.write_table, pq.ParquetWriter.write_table

    def fill(where):
        if f"{table}.parquet" in str(where):
            where.write_bytes(b"PAR1half")
            raise OSError(errno.ENOSPC, "No space left on device")

    def full(content, where, **options):
        fill(where)
        write(content, where, **options)

    def full_for_more(writer, *rows, **options):
        fill(writer.where)
        append(writer, *rows, **options)

    with monkeypatch.context() as patched:
        patched.setattr(pq, "write_table", full)
        patched.setattr(pq.ParquetWriter, "write_table", full_for_more)
        with pytest.raises(OSError, match="No space left"):
            run(outpost, out)
    assert not out.exists()
    half = [file for file in partial(out).rglob("*") if file.is_file() and file.read_bytes() == b"PAR1half"]
    kept = table == "roads"  # written after the seeds; before the first is finished there is nothing to go on with
    assert [file.name for file in half] == ["roads.parquet.partial"] * kept
    assert partial(out).exists() == kept
    done, said = run(outpost, out)
    assert said.startswith("an earlier run of this scenario did not end; finished seeds kept: 1") == kept
    assert contents(done.folder) == contents(outpost_run.folder)
    assert not list(out.rglob("*.partial"))


# --- several processes ------------------------------------------------------------------------------------------------


def test_what_goes_wrong_in_a_process_is_told_and_starts_no_other_seed(outpost, out):
    seeds = "seeds=[1, 2, 3, 4, 5, 6, 7, 8]"
    said, study = io.StringIO(), alprsim.study(outpost, overrides=[seeds, "plates.issued=10"])
    with pytest.raises(ValueError, match=r"plates\.issued must be at least"):
        sweep.run(study, out=out, jobs=2, tell=sweep.Progress(said))
    begun = {line.split()[3] for line in said.getvalue().splitlines() if "seed" in line}
    assert begun <= {"1:", "2:", "3:"}
    assert not out.exists()
    assert not partial(out).exists()  # no seed was finished


def test_a_killed_process_is_told(outpost, out):
    class Killer(sweep.Progress):
        def stage(self, who):
            def tell(stage, done):
                if who.startswith("seed"):
                    workers = [p for p in multiprocessing.active_children() if "Manager" not in p.name]
                    for worker in workers:
                        with contextlib.suppress(ProcessLookupError):  # it was killed at the last telling
                            os.kill(worker.pid, signal.SIGKILL)

            return tell

    loaded = alprsim.study(outpost, overrides=["seeds=[1, 2, 3, 4, 5, 6]"])
    with pytest.raises(OSError, match="a process was killed, perhaps for want of memory; fewer --jobs need less of it"):
        sweep.run(loaded, out=out, jobs=2, tell=Killer(None))
    assert not out.exists()


# --- progress ---------------------------------------------------------------------------------------------------------


def test_progress_is_a_line_a_stage_where_nobody_watches():
    said = io.StringIO()
    with sweep.Progress(said) as progress:
        for seed in (1, 2):
            for done in (0, 0.5, 1):
                progress.stage(f"seed {seed}")("days", done)
    lines = said.getvalue().splitlines()
    assert [line.split("s  ")[1] for line in lines] == ["seed 1: days", "seed 2: days"]


def test_progress_is_bars_on_a_terminal_that_go_away_even_after_an_error():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    def interrupted(progress):
        with progress:
            progress.stage("seed 1")("days", 0.5)
            progress.note("an earlier run was interrupted")
            assert progress._live.live.is_started
            raise KeyboardInterrupt

    screen = Terminal()
    progress = sweep.Progress(screen)
    with pytest.raises(KeyboardInterrupt):
        interrupted(progress)
    assert not progress._live.live.is_started
    assert "an earlier run was interrupted" in screen.getvalue()


def test_nothing_is_said_without_a_stream(capfd):
    with sweep.Progress(None) as progress:
        progress.stage("seed 1")("days", 0.5)
        progress.note("nobody hears this")
    assert capfd.readouterr() == ("", "")
