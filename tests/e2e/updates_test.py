"""News that gossip misses are repaired in seconds: nobody waits for the next table exchange."""
import subprocess

from support.cluster import HEARSAY

UPDATES = HEARSAY.parent / "load" / "updates"


def test_of_120_updates_in_a_cluster_of_fifty_none_waits_longer_than_three_seconds():
    done = subprocess.run([str(UPDATES), "--updates", "120", "--within", "3"], capture_output=True, text=True,
                          timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "120 updates" in done.stdout and "FALSE DEATH" not in done.stdout, done.stdout
