"""Clusters under faults: each agent on a machine of its own, default lan profile, faults made by the network.

The clusters that lose packets do so for two minutes; what else there is to test is tested meanwhile.
"""
import signal
import time

import pytest

from support.cluster import wait_until
from support.loss import UnderLoss, all_alive, started
from support.marks import Marks, counters
from support.namespaces import NetworkCluster

LOSS_SECONDS = 120
RECONNECT_SECONDS = 10  # contact.reconnect_interval of the lan profile
SUSPICION_SECONDS = 24  # the longest in a cluster of ten or fewer
GOSSIP_TO_THE_DEAD_SECONDS = 30


@pytest.fixture(scope="module")
def clusters_under_loss(tmp_path_factory):
    clusters = {}
    try:
        for kind, udp, tcp in (("hearsay", 10, 0), ("hearsay", 20, 0), ("hearsay", 30, 0), ("hearsay", 25, 25),
                               ("serf", 25, 25)):
            clusters[kind, udp, tcp] = UnderLoss(tmp_path_factory.mktemp(f"{kind}-{udp}-{tcp}"), kind, 10, udp, tcp)
        for cluster in clusters.values():
            cluster.begin(LOSS_SECONDS)
        yield clusters
    finally:
        for cluster in clusters.values():
            cluster.close(show=bool(cluster.deaths) and cluster.kind == "hearsay")


@pytest.fixture
def cluster(tmp_path, request):
    cluster = NetworkCluster(tmp_path)
    yield cluster
    cluster.close()
    if getattr(request.node, "call_failed", True):
        cluster.dump_logs(lines=400)


def test_fifty_agents_begin_to_lose_packets(clusters_under_loss):
    """First, so that the two minutes pass while the other tests run; what came of it is seen last."""
    for lossy in clusters_under_loss.values():
        wait_until(f"packets are lost: {lossy.title}", lambda lossy=lossy: all(
            agent.machine.dropped() > 0 for agent in lossy.agents), 30)


def test_a_stop_of_three_seconds_of_half_of_the_nodes_is_forgiven(cluster):
    agents = started(cluster, 10)
    stopped = agents[::2]
    everybody, the_stopped = Marks(agents), Marks(stopped)
    for agent in stopped:
        agent.process.send_signal(signal.SIGSTOP)
    time.sleep(3)
    for agent in stopped:
        agent.process.send_signal(signal.SIGCONT)
    cluster.agree(all_alive(agents), within=15)
    # Nothing comes later either: no suspicion outlives its longest time.
    time.sleep(5)
    cluster.agree(all_alive(agents), within=5)
    assert not everybody.deaths()
    # Who was stopped blames itself and nobody else.
    assert not the_stopped.suspicions()
    assert all(counters(agent)["pauses"] > 0 for agent in stopped)
    assert everybody.refutations() > 0, "if nobody was even suspected, this shows nothing"


def test_a_partition_heals_by_itself(cluster):
    """Longer than suspicion and gossip to the dead: in the end nobody talks to the other side but to find it again."""
    agents = started(cluster, 6)
    here, there = agents[:3], agents[3:]
    marks = Marks(agents)
    cluster.part(here, there)
    parted = time.monotonic()
    for side, other in ((here, there), (there, here)):
        cluster.agree({**all_alive(side), **{a.name: "failed" for a in other}}, among=side,
                      within=SUSPICION_SECONDS + 20)
    assert len(marks.deaths()) == 18, "three agents on either side, three dead for each: so deaths are what is counted"
    time.sleep(max(0, parted + SUSPICION_SECONDS + GOSSIP_TO_THE_DEAD_SECONDS - time.monotonic()))
    cluster.heal()
    # Each of the three contacts one of the other side per interval; one answer, and gossip does the rest.
    cluster.agree(all_alive(agents), within=2 * RECONNECT_SECONDS)


def links(agent):
    return {link["member"]: link["fault"] for link in agent.info()["node"]["links"]}


def test_a_link_that_is_blocked_one_way_kills_nobody_and_is_named(cluster):
    agents = started(cluster, 5)
    marks = Marks(agents)
    mute, deaf = agents[0], agents[2]
    deaf.machine.receive(no_datagrams_from=[mute.ip])
    began = time.monotonic()
    wait_until("the node whose packets do not arrive names the link", lambda: links(mute) == {deaf.name: "outgoing"}, 60)
    wait_until("the node that hears nothing names it, too", lambda: links(deaf) == {mute.name: "unheard"}, 60)
    line = f"{mute.name} -> {deaf.name} does not carry UDP (our probes go unanswered, {deaf.name}'s packets arrive)"
    assert f"The link: {line}" in mute.ask("why", deaf.name).stdout
    assert line in mute.ask("info").stdout
    time.sleep(max(0, began + 30 - time.monotonic()))
    assert deaf.machine.dropped() > 10
    assert not marks.deaths()
    cluster.agree(all_alive(agents), within=5)
    assert not any(links(agent) for agent in agents if agent not in (mute, deaf))
    cluster.heal()
    wait_until("the link is well again", lambda: not links(mute) and not links(deaf), 60)


def test_a_node_that_hears_nobody_takes_nobody_with_it(cluster):
    """Everybody hears what it says of them, and can object; it hears no answer."""
    agents = started(cluster, 6)
    deaf, others = agents[0], agents[1:]
    marks = Marks(others)
    deaf.machine.receive(nothing_from=[agent.ip for agent in others])
    # Nobody confirms its suspicions, so that each takes the longest time.
    wait_until("it declares others dead", lambda: "failed" in [m["status"] for m in deaf.members().values()], 60)
    time.sleep(3)  # its word spreads
    cluster.agree({**all_alive(others), deaf.name: "failed"}, among=others, within=5)
    assert len(marks.deaths()) == len(others) and all(f" failed {deaf.name} " in line for line in marks.deaths())
    cluster.heal()
    cluster.agree(all_alive(agents), within=2 * RECONNECT_SECONDS)


@pytest.mark.parametrize("memory", ["with data", "without data"])
def test_all_nodes_restart_at_once(cluster, tmp_path, memory):
    with_data = memory == "with data"
    agents = [cluster.hearsay(f"n{i + 1}", profile="lan") for i in range(10)]
    for agent in agents:
        # With data they know each other from before; without, from a list of seeds that is the same for all.
        agent.flags = (["--data-dir", str(tmp_path / agent.name)] if with_data else
                       [word for seed in agents[:2] for word in ("--join", seed.address)])
        agent.launch()
    for agent in agents:
        wait_until(f"{agent.name} answers", agent.answers, 30)
    if with_data:
        for agent in agents[1:]:
            agent.join(agents[0])
    cluster.agree(all_alive(agents))
    if with_data:
        time.sleep(2)  # the peers are on disk a second after they were learned

    for agent in agents:
        agent.process.kill()
    for agent in agents:
        agent.process.wait(timeout=30)
    marks = Marks(agents)
    for agent in agents:
        agent.launch()
    cluster.agree(all_alive(agents), within=20)
    assert not marks.deaths()
    for agent in agents:
        rows = agent.json("members")["members"]
        assert sorted(row["name"] for row in rows) == sorted(a.name for a in agents)
        assert len({row["addr"] for row in rows}) == len(agents)


def test_ten_agents_that_lose_datagrams_declare_nobody_dead(clusters_under_loss, record_property, capsys):
    deaths = {}
    for percent in (10, 20, 30):
        lossy = clusters_under_loss["hearsay", percent, 0]
        deaths[percent] = lossy.wait()
        record_property(f"udp_loss_{percent}", str(lossy))
        with capsys.disabled():
            print(f"\n{lossy}", end="")
    assert not any(deaths.values()), deaths
    for percent in deaths:
        lossy = clusters_under_loss["hearsay", percent, 0]
        lossy.cluster.heal()
        lossy.cluster.agree(all_alive(lossy.agents), within=SUSPICION_SECONDS)


def test_under_loss_of_all_packets_hearsay_declares_no_more_dead_than_serf(clusters_under_loss, record_property, capsys):
    deaths = {}
    for kind in ("hearsay", "serf"):
        lossy = clusters_under_loss[kind, 25, 25]
        deaths[kind] = lossy.wait()
        record_property(f"all_loss_25_{kind}", str(lossy))
        with capsys.disabled():
            print(f"\n{lossy}", end="")
    assert len(deaths["hearsay"]) <= len(deaths["serf"]), deaths
    ours = clusters_under_loss["hearsay", 25, 25]
    ours.cluster.heal()
    ours.cluster.agree(all_alive(ours.agents), within=SUSPICION_SECONDS)
