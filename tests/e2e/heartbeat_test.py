"""Clusters of the heartbeat family: real agents, crash, stop, partition and heal, rolling restart."""
import signal
import time

import pytest

from support.cluster import Cluster, wait_until
from support.namespaces import NetworkCluster

FAMILY = ["--family", "heartbeat", "--set", "heartbeat.interval=200ms", "--set", "heartbeat.phi_pause=1s",
          "--set", "heartbeat.expected_members=50", "--set", "contact.reconnect_interval=1s"]


def flags(mode="push-pull", *more):
    return [*FAMILY, "--set", f"heartbeat.mode={mode}", *more]


def closed(cluster, request):
    cluster.close()
    if getattr(request.node, "call_failed", True):
        cluster.dump_logs()


@pytest.fixture
def cluster(tmp_path, request):
    cluster = Cluster(tmp_path)
    yield cluster
    closed(cluster, request)


@pytest.fixture
def machines(tmp_path, request):
    cluster = NetworkCluster(tmp_path)
    yield cluster
    closed(cluster, request)


def started(cluster, count, *words):
    agents = [cluster.hearsay(f"n{i + 1}", *words).start() for i in range(count)]
    for agent in agents[1:]:
        agent.join(agents[0])
    cluster.agree({a.name: "alive" for a in agents}, agents)
    return agents


@pytest.mark.parametrize("mode", ["push", "pull", "push-pull", "digest"])
def test_a_crash_is_found_in_every_mode_and_why_shows_the_detector(cluster, mode):
    agents = started(cluster, 5, *flags(mode))
    wait_until("n5's counter has grown", lambda: agents[0].json("why", "n5")["heartbeat"]["increases"] > 1)
    why = agents[0].json("why", "n5")["heartbeat"]
    assert why["suspect_at_ms"] > 1000 and why["mean_ms"] > 0 and "phi=" in why["line"]
    assert agents[0].info()["node"]["heartbeat"]["heartbeat"] > 0
    agents[4].kill()
    cluster.agree({**{a.name: "alive" for a in agents[:4]}, "n5": "failed"})
    evidence = [change for change in agents[0].json("why", "n5")["changes"] if "failed" in str(change)]
    assert evidence, "no verdict without evidence"


def test_a_stop_is_found_and_forgiven_and_a_lost_disk_is_no_matter(cluster):
    agents = started(cluster, 5, *flags())
    agents[3].process.send_signal(signal.SIGSTOP)
    cluster.agree({**{a.name: "alive" for a in agents}, "n4": "failed"}, agents[:3] + agents[4:])
    agents[3].process.send_signal(signal.SIGCONT)
    cluster.agree({a.name: "alive" for a in agents})
    before = agents[2].info()["self"]["incarnation"]
    time.sleep(1)
    agents[2].kill()
    agents[2].start()  # it kept nothing
    agents[2].join(agents[0])
    cluster.agree({a.name: "alive" for a in agents})
    wait_until("it began above its former life", lambda: agents[2].info()["self"]["incarnation"] > before)


def test_a_swim_agent_is_turned_away_and_a_taken_name_too(cluster):
    agents = started(cluster, 2, *flags())
    stranger = cluster.hearsay("stranger").start()
    done = stranger.ask("join", agents[0].address, check=False)
    assert done.returncode != 0 and "heartbeat family" in done.stderr
    double = cluster.hearsay("n2", *flags()).start()
    done = double.ask("join", agents[0].address, check=False)
    assert done.returncode != 0 and "name conflict" in done.stderr


def test_thirty_encrypted_agents_survive_a_partition_and_a_rolling_restart(machines):
    key = "cg8StVXbQJ0gPvMd9o7yrg=="
    agents = [machines.hearsay(f"n{i + 1}", *flags("push-pull", "--join", "10.77.0.11", "--join", "10.77.0.12"),
                               encrypt=key).launch() for i in range(30)]
    everybody = {a.name: "alive" for a in agents}
    machines.agree(everybody, agents, within=120)
    left, right = agents[:15], agents[15:]
    machines.part(left, right)
    machines.agree({**everybody, **{a.name: "failed" for a in right}}, left, within=120)
    machines.agree({**everybody, **{a.name: "failed" for a in left}}, right, within=120)
    machines.heal()
    machines.agree(everybody, agents, within=120)
    for agent in agents[2:8]:
        agent.end(signal.SIGTERM)
        agent.launch()
    machines.agree(everybody, agents, within=120)
