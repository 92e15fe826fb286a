"""The keys of a cluster of two Serf agents and two hearsay agents, changed from either side's command line.

Debian's serf, unmodified. Everybody sees everybody alive all the time, Serf's log has no complaint, and a restart of
anybody begins with the new keys.
"""
import base64
import json
import re
import subprocess

import pytest

from support.cluster import SERF, wait_until
from support.mixed import unexpected_lines

OLD = base64.b64encode(bytes(range(32))).decode()
NEW = base64.b64encode(bytes(range(100, 132))).decode()
SHORT = base64.b64encode(bytes(17)).decode()


def keys_of(path):
    return json.loads(path.read_text())


def serf_keys(agent, *words):
    """`serf keys`; the process as it ended."""
    return subprocess.run([SERF, "keys", f"-rpc-addr={agent.rpc}", *words], capture_output=True, text=True, timeout=60)


class Mixed:
    """s1 and s2 are Serf's, h1 and h2 ours; each has a keyring file with the old key."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.files = {}
        self.ended = False  # a test stopped somebody on purpose
        self.s1, self.s2 = (self._add(cluster.serf, name, "-keyring-file=") for name in ("s1", "s2"))
        self.h1, self.h2 = (self._add(cluster.hearsay, name, "--keyring-file=") for name in ("h1", "h2"))
        self.h1.join(self.s1)
        self.s2.join(self.h1)
        self.h2.join(self.s2)
        self.agree()

    def _add(self, make, name, flag):
        path = self.cluster.directory / f"{name}.keyring"
        path.write_text(json.dumps([OLD]))
        path.chmod(0o600)
        self.files[name] = path
        # Not the local profile: it tells a rumor only twice, so now and then a query would miss somebody.
        return make(name, f"{flag}{path}", profile="lan").start()

    @property
    def agents(self):
        return [self.s1, self.s2, self.h1, self.h2]

    def agree(self):
        self.cluster.agree({a.name: "alive" for a in self.agents})

    def held(self):
        return {name: keys_of(path) for name, path in self.files.items()}

    def serf(self, *words):
        """A change from Serf's side. A query is told a few times only, so now and then it misses somebody: again."""
        def done():
            ended = serf_keys(self.s1, *words)
            if ended.returncode:
                raise ValueError(ended.stdout + ended.stderr)
            return ended.stdout

        return wait_until(f"serf keys {' '.join(words)}", done, within=60)

    def hearsay(self, *words, check=True):
        ended = self.h1.ask("keys", *words, check=False)
        if check and ended.returncode:
            raise AssertionError(f"hearsay keys {' '.join(words)}: {ended.stdout}{ended.stderr}")
        return ended


@pytest.fixture
def mixed(cluster):
    mixed = Mixed(cluster)
    yield mixed
    faults = {a.name: unexpected_lines(a, mixed.ended) for a in (mixed.s1, mixed.s2)}
    assert not any(faults.values()), f"Serf complains about us: {faults}"
    if not mixed.ended:
        doubts = [line for a in (mixed.h1, mixed.h2) for line in a.log_text().splitlines() if "suspected" in line]
        assert not doubts, "nobody was ever in doubt"


def test_serf_changes_the_keys_of_all(mixed):
    mixed.serf(f"-install={NEW}")
    assert mixed.held() == dict.fromkeys(mixed.files, [OLD, NEW])
    mixed.serf(f"-use={NEW}")
    assert mixed.held() == dict.fromkeys(mixed.files, [NEW, OLD])
    mixed.agree()
    listed = mixed.serf("-list")
    assert f"{NEW}" in listed and f"{OLD}" in listed and listed.count("[4/4]") == 2, listed
    mixed.serf(f"-remove={OLD}")
    assert mixed.held() == dict.fromkeys(mixed.files, [NEW])
    mixed.agree()
    for agent in (mixed.h1, mixed.h2):
        assert agent.info()["counters"]["key_changes"] == 3
        assert agent.info()["counters"]["dropped_sealed"] == 0


def test_hearsay_changes_the_keys_of_all(mixed):
    assert "installed on 4 of 4 members" in mixed.hearsay("install", NEW).stdout
    assert mixed.held() == dict.fromkeys(mixed.files, [OLD, NEW])
    assert "used by 4 of 4 members" in mixed.hearsay("use", NEW).stdout
    assert mixed.held() == dict.fromkeys(mixed.files, [NEW, OLD])
    mixed.agree()
    listed = json.loads(mixed.hearsay("list", "--format", "json").stdout)
    assert sorted((k["key"], k["held_by"], k["encrypts_for"]) for k in listed["keys"]) == sorted(
        [(NEW, 4, 4), (OLD, 4, 0)])
    assert "removed from 4 of 4 members" in mixed.hearsay("remove", OLD).stdout
    assert mixed.held() == dict.fromkeys(mixed.files, [NEW])
    mixed.agree()
    # Whoever comes back has the new key from its file.
    mixed.ended = True
    mixed.h2.kill()
    mixed.h2.start()
    mixed.h2.join(mixed.s1)
    mixed.agree()


def test_serf_hears_why_our_nodes_refuse(cluster):
    """The primary key and a key of a wrong length; and without encryption there is nothing to change."""
    s1 = cluster.serf("s1", encrypt=OLD, profile="lan").start()
    h1 = cluster.hearsay("h1", encrypt=OLD, profile="lan").start()
    h1.join(s1)
    cluster.agree({"s1": "alive", "h1": "alive"})
    said = {}
    for words in (f"-remove={OLD}", f"-install={SHORT}", f"-use={NEW}"):
        def both_answered(words=words):
            ended = serf_keys(s1, words)
            assert ended.returncode == 1, ended.stdout
            said[words] = ended.stdout + ended.stderr
            return "h1" in said[words] and "s1" in said[words]

        wait_until(f"both answer {words}", both_answered, within=60)
        # Serf and we say the same.
        messages = {m[1] for m in re.finditer(r"failed: +\w+ +(.+)", said[words])}
        assert len(messages) == 1, said[words]


def test_hearsay_refuses_a_step_that_would_split_the_cluster(mixed):
    refused = mixed.hearsay("use", NEW, check=False)
    assert refused.returncode == 1 and "not in the keyring" in refused.stderr
    # Only we hold it: the others could not read us.
    mixed.ended = True
    mixed.h2.kill()
    path = mixed.files["h2"]
    path.write_text(json.dumps([OLD, NEW]))
    mixed.h2.start()
    mixed.h2.join(mixed.s1)
    mixed.agree()
    ended = mixed.h2.ask("keys", "use", NEW, check=False)
    assert ended.returncode == 1
    assert "h1, s1, s2" in ended.stderr and "install" in ended.stderr, ended.stderr
    assert mixed.held() == {"s1": [OLD], "s2": [OLD], "h1": [OLD], "h2": [OLD, NEW]}


def test_answers_are_relayed_both_ways(mixed):
    """`serf query -relay-factor` makes every answer come through others as well, through ours too."""
    ended = subprocess.run([SERF, "query", f"-rpc-addr={mixed.s1.rpc}", "-relay-factor=2", "-timeout=3s", "load"],
                           capture_output=True, text=True, timeout=60, check=True)
    assert "Total Acks: 4" in ended.stdout, ended.stdout
    wait_until("ours hand answers on", lambda: sum(a.info()["counters"]["query_relays"] for a in (mixed.h1, mixed.h2)))
