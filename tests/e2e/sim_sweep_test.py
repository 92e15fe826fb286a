"""`hearsay sim sweep` is killed, interrupted and spread over MPI ranks; its results are the same bytes each time."""
import os
import signal
import subprocess
import time

from support.cluster import HEARSAY, ROOT

SWEEP = [str(HEARSAY), "sim", "sweep"]
WORDS = ["--nodes", "30", "--for", "60s", "--crash", "7@5s", "--vary", "network.loss=0,0.05", "--vary",
         "swim.suspicion_mult=2,4", "--seeds", "6"]
RUNS = 24
# Ranks may share cores here, and containers run as root.
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n"]


def run(words, before=()):
    return subprocess.run([*before, *SWEEP, *words], capture_output=True, text=True, timeout=300)


def lines_of(path):
    """The runs that a file holds."""
    return [line for line in path.read_text().splitlines()[1:] if line[0].isdigit()] if path.exists() else []


def wait_for_lines(path, count, process):
    until = time.monotonic() + 60
    while len(lines_of(path)) < count:
        assert process.poll() is None and time.monotonic() < until, "it ended before it could be stopped"
        time.sleep(0.01)


def test_a_sweep_that_was_killed_goes_on_and_ends_with_the_same_bytes(tmp_path):
    whole, part = tmp_path / "whole.csv", tmp_path / "part.csv"
    done = run([*WORDS, "--jobs", "1", "--out", str(whole)])
    assert done.returncode == 0, done.stderr
    assert len(lines_of(whole)) == RUNS
    process = subprocess.Popen([*SWEEP, *WORDS, "--jobs", "2", "--out", str(part)], stdout=subprocess.DEVNULL)
    wait_for_lines(part, 2, process)
    process.kill()
    process.wait()
    with part.open("a") as file:
        file.write("3,0.05,4,6,1")  # as if the kill had torn a line
    kept = len(lines_of(part)) - 1
    assert kept < RUNS
    done = run([*WORDS, "--jobs", "2", "--out", str(part)])
    assert done.returncode == 0, done.stderr
    assert f"{kept} runs from" in done.stdout
    assert part.read_bytes() == whole.read_bytes()


def test_ctrl_c_leaves_a_valid_file_and_says_how_to_go_on(tmp_path):
    out = tmp_path / "runs.csv"
    process = subprocess.Popen([*SWEEP, *WORDS[:-1], "60", "--out", str(out)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    wait_for_lines(out, 1, process)
    process.send_signal(signal.SIGINT)
    text, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "partial" in err and "the same words go on from there" in err
    assert out.read_text().endswith("\n")


def test_two_ranks_write_the_bytes_of_one_process(tmp_path):
    alone, together = tmp_path / "alone.csv", tmp_path / "together.csv"
    assert run([*WORDS, "--out", str(alone)]).returncode == 0
    done = run([*WORDS, "--out", str(together)], [*MPIRUN, "2"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert together.read_bytes() == alone.read_bytes()
    assert done.stdout.count("sweep of cluster") == 1


def test_ctrl_c_on_mpirun_leaves_last_words_and_a_file_that_one_process_ends(tmp_path):
    out, summary = tmp_path / "runs.csv", tmp_path / "means.csv"
    runs = 4 * 50
    words = [*WORDS[:-1], "50", "--summary", str(summary), "--out", str(out)]
    # What mpirun leaves the processes before SIGTERM, and then before SIGKILL; a second is the default.
    patience = ["--mca", "odls_base_sigkill_timeout", "2"]
    process = subprocess.Popen([*MPIRUN[:-1], *patience, "-n", "2", *SWEEP, *words, "--jobs", "1"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_lines(out, 1, process)
    process.send_signal(signal.SIGINT)
    text, err = process.communicate(timeout=60)
    kept = lines_of(out)
    assert process.returncode == 1
    assert 0 < len(kept) < runs
    assert "sweep of cluster" in text and f"{len(kept)} runs in" in text
    assert f"partial: {len(kept)} of {runs} runs are in" in err and "the same words go on from there" in err
    assert summary.read_text().startswith("point,")
    done = run(words)
    assert done.returncode == 0 and f"{len(kept)} runs from" in done.stdout, done.stderr
    assert len(lines_of(out)) == runs and set(kept) <= set(lines_of(out))


def test_a_plan_file_is_a_whole_sweep_for_one_process_and_for_two_ranks(tmp_path):
    alone, together = tmp_path / "alone.csv", tmp_path / "together.csv"
    words = [str(ROOT / "examples/scenarios/crash.toml"), "--seeds", "3"]
    done = run([*words, "--out", str(alone)])
    assert done.returncode == 0, done.stderr
    assert "6 points, 3 seeds from 1" in done.stdout
    head = next(line for line in alone.read_text().splitlines() if line.startswith("point,"))
    assert head == ("point,swim.suspicion_mult,network.loss,seed,detection.all_s,false_suspicions,unharmed,agreed,"
                    "violations,expected")
    assert all(line.endswith(",1,0,1") for line in lines_of(alone)) and len(lines_of(alone)) == 18
    done = run([*words, "--out", str(together)], [*MPIRUN, "2"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert together.read_bytes() == alone.read_bytes()


def test_a_fault_of_the_words_is_told_once_by_all_ranks():
    done = run(["--vary", "network.los=0"], [*MPIRUN, "2"])
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("did you mean network.loss?") == 1


def test_ranks_that_understood_different_sweeps_do_nothing(tmp_path):
    out = tmp_path / "runs.csv"
    done = run(["--seeds", "2", "--out", str(out), ":", "-n", "1", *SWEEP, "--seeds", "3"], [*MPIRUN, "1"])
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("rank 1 has understood another sweep") == 1
    assert lines_of(out) == []


def test_the_program_itself_does_not_load_mpi():
    libraries = subprocess.run(["ldd", str(HEARSAY)], capture_output=True, text=True, check=True).stdout
    assert "libmpi" not in libraries
    # Nor does a sweep without mpirun, so it needs no plugin.
    done = subprocess.run([*SWEEP, "--of", "spread", "--seeds", "2"], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LD_DEBUG": "libs"})
    assert done.returncode == 0 and "libmpi" not in done.stderr
