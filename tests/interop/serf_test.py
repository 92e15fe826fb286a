"""Two Serf agents and two hearsay agents are one cluster, and both kinds say the same about it.

The peer is Debian's serf, unmodified. Every test runs plain and encrypted and ends with a look at Serf's log: a
peer that understands us has nothing to warn about.
"""
import base64
import os
import signal
import subprocess
import time

import pytest

from support.cluster import wait_until
from support.mixed import Mixed

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(params=["plain", "encrypted"])
def key(request):
    return None if request.param == "plain" else KEY


@pytest.fixture
def mixed(cluster, key):
    mixed = Mixed(cluster, key)
    mixed.join_all()
    yield mixed
    assert not mixed.complaints(), "Serf complains about us"


def test_all_agree_on_addresses_and_tags(mixed):
    agents = [mixed.s1, mixed.s2, mixed.h1, mixed.h2]
    expected = {a.name: (a.address, a.tags) for a in agents}
    for agent in agents:
        wait_until(f"{agent.name} sees all tags",
                   lambda agent=agent: {n: (m["addr"], m["tags"]) for n, m in agent.members().items()} == expected)


def test_a_cluster_at_rest_stays_at_rest(mixed):
    before = {a.name: len(a.log_text()) for a in (mixed.s1, mixed.s2)}
    # Ten probes of everybody by everybody, a hundred gossip ticks.
    time.sleep(10)
    mixed.agree()
    for agent in (mixed.s1, mixed.s2):
        tail = agent.log_text()[before[agent.name]:]
        assert "Suspect" not in tail and "suspect" not in tail, tail


@pytest.mark.parametrize("who", ["s2", "h2"])
def test_a_graceful_leave_is_seen_as_left_by_all(mixed, who):
    mixed.ended = True
    agent = getattr(mixed, who)
    agent.leave()
    wait_until(f"{who} ends", lambda: not agent.is_running())
    mixed.agree(**{who: "left"})


@pytest.mark.parametrize("who", ["s2", "h2"])
def test_a_killed_member_is_failed_for_all_and_comes_back(mixed, who):
    mixed.ended = True
    agent = getattr(mixed, who)
    agent.kill()
    mixed.agree(**{who: "failed"})
    agent.start()
    agent.join(mixed.h1 if who == "s2" else mixed.s1)
    mixed.agree()


def test_a_member_that_left_comes_back(mixed):
    mixed.ended = True
    for agent, contact in ((mixed.h2, mixed.s1), (mixed.s2, mixed.h1)):
        assert agent.end(signal.SIGINT) == 0
        mixed.agree(**{agent.name: "left"})
        agent.start()
        agent.join(contact)
        mixed.agree()


@pytest.mark.parametrize("who, asked", [("h2", "s1"), ("s2", "h1")])
def test_force_leave_turns_a_failed_member_into_left(mixed, who, asked):
    mixed.ended = True
    getattr(mixed, who).kill()
    mixed.agree(**{who: "failed"})
    getattr(mixed, asked).ask("force-leave", who)
    mixed.agree(**{who: "left"})


def test_changed_tags_reach_everybody(mixed):
    mixed.s1.ask("tags", "-set", "version=2", "-delete", "made-by")
    for agent in (mixed.s2, mixed.h1, mixed.h2):
        wait_until(f"{agent.name} sees the new tags",
                   lambda agent=agent: agent.members()["s1"]["tags"] == {"role": "db", "version": "2"})


def test_changed_tags_of_ours_reach_everybody(mixed):
    tags = {"role": "db", "version": "2"}
    mixed.h1.put_tags(tags)
    for agent in (mixed.s1, mixed.s2, mixed.h1, mixed.h2):
        wait_until(f"{agent.name} sees the new tags", lambda agent=agent: agent.members()["h1"]["tags"] == tags)


def test_serf_reaches_everybody(mixed):
    """`serf reachability` is a query that every member has to acknowledge, ours too."""
    def reached():
        # A query is told a few times only, so now and then it misses somebody, Serf or ours: ask again.
        try:
            return "Successfully contacted all live nodes" in mixed.s1.ask("reachability")
        except subprocess.CalledProcessError:
            return False

    wait_until("all members acknowledge Serf's ping", reached, within=30)


@pytest.fixture
def no_datagrams_between():
    """Drops all datagrams between two addresses, both ways, until the test ends."""
    table = f"hearsay_test_{os.getpid()}"

    def block(a, b):
        rules = "".join(f"ip saddr {x} ip daddr {y} udp dport 7946 drop\n" for x, y in ((a, b), (b, a)))
        text = f"table inet {table} {{\nchain out {{\ntype filter hook output priority 0;\n{rules}}}\n}}\n"
        subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)

    yield block
    subprocess.run(["nft", "delete", "table", "inet", table], check=False)


def test_user_events_pass_through_us(cluster, no_datagrams_between):
    """Two Serf agents that cannot send each other datagrams hear each other's events through ours."""
    s1 = cluster.serf("s1").start()
    s2 = cluster.serf("s2").start()
    h1 = cluster.hearsay("h1").start()
    no_datagrams_between(s1.ip, s2.ip)
    s1.join(h1)
    s2.join(h1)
    cluster.agree({"s1": "alive", "s2": "alive", "h1": "alive"})
    number = iter(range(100))

    def heard(teller, listener, event):
        # The local profile tells a rumor only twice, and either may go where it is lost: tell it again.
        teller.ask("event", "-coalesce=false", event, f"try {next(number)}")
        time.sleep(0.5)
        return f"Received event: user-event: {event}" in listener.log_text()

    wait_until("s2 hears s1's event", lambda: heard(s1, s2, "deploy"), within=10)
    wait_until("s1 hears s2's event", lambda: heard(s2, s1, "rollback"), within=10)
    assert h1.info()["counters"]["user_events"] >= 2


def test_states_travel_between_ours_and_serf_notices_nothing(mixed):
    mixed.h1.ask("state", "publish", "dc=eu", "load=0.7")
    mixed.h2.ask("state", "set", "services", "s" * 100_000)

    def said(agent, of):
        return {key: item["value"] for key, item in agent.json("state", "get", of)["keys"].items()}
    for agent in (mixed.h1, mixed.h2):
        wait_until("the small state", lambda agent=agent: said(agent, mixed.h1.name) == {"dc": "eu", "load": "0.7"})
        wait_until("the large state", lambda agent=agent: said(agent, mixed.h2.name) == {"services": "s" * 100_000})
        assert said(agent, mixed.s1.name) == {}
    time.sleep(5)  # comparisons go on
