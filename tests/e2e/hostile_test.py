"""A minute of everything that a stranger can throw at a cluster, at full speed, and the cluster goes on.

Two clusters side by side, one without keys and one with, are attacked by the same program. Meanwhile somebody changes
its tags, somebody joins and somebody leaves, and all hear of it; nobody is taken for dead; no invented member gets
into a table; memory stays where it was; the counters tell what was dropped.
"""
import http.client
import json
import subprocess
import threading
import time

import pytest

from support.cluster import HEARSAY, wait_until

HOSTILE = HEARSAY.parent / "load" / "hostile"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
ATTACK_SECONDS = 60
HEARD_WITHIN = 45
# What an agent may take at most, and by how much it may grow after the first third of the attack.
RSS_MAX_KB = 150_000
RSS_GROWTH_KB = 10_000


def rss_kb(agent):
    with open(f"/proc/{agent.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def set_tags(agent, tags):
    host, port = agent.http.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request("PUT", "/v1/tags", json.dumps({"tags": tags}), {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200


class Watch(threading.Thread):
    """Memory of the agents, every second."""

    def __init__(self, agents):
        super().__init__(daemon=True)
        self.agents, self.seen, self.over = agents, {a.name: [] for a in agents}, threading.Event()

    def run(self):
        while not self.over.wait(1):
            for agent in self.agents:
                if agent.is_running():
                    self.seen[agent.name].append(rss_kb(agent))


@pytest.fixture
def attack(cluster):
    """Starts the attack on these agents; ended in any case."""
    running = []

    def start(agents, seconds):
        command = [str(HOSTILE), "--seconds", str(seconds), "--source", f"{cluster.network}.200"]
        for agent in agents:
            command += ["--target", agent.address]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_a_minute_of_hostile_input(cluster, attack):
    def grown(prefix, **options):
        agents = [cluster.hearsay(f"{prefix}{i}", profile="lan", **options).start() for i in (1, 2, 3)]
        for agent in agents[1:]:
            agent.join(agents[0])
        cluster.agree({a.name: "alive" for a in agents}, agents)
        return agents

    clusters = {"plain": grown("p"), "sealed": grown("s", encrypt=KEY)}
    everybody = [agent for agents in clusters.values() for agent in agents]
    program = attack(everybody, ATTACK_SECONDS)
    watch = Watch(everybody)
    watch.start()
    began = time.monotonic()
    time.sleep(10)

    for prefix, agents in (("p", clusters["plain"]), ("s", clusters["sealed"])):
        set_tags(agents[0], {"role": "attacked"})
        newcomer = cluster.hearsay(f"{prefix}4", "--join", agents[1].address, profile="lan",
                                   encrypt=KEY if prefix == "s" else None).start()
        wait_until("all see the tags", lambda agents=agents: all(
            a.members()[agents[0].name]["tags"] == {"role": "attacked"} for a in agents), HEARD_WITHIN)
        expected = {a.name: "alive" for a in [*agents, newcomer]}
        cluster.agree(expected, [*agents, newcomer], within=HEARD_WITHIN)
        newcomer.leave()
        cluster.agree({**expected, newcomer.name: "left"}, agents, within=HEARD_WITHIN)
    print(f"tags, join and leave in both clusters after {time.monotonic() - began:.1f} s of the attack")

    said, complaint = program.communicate(timeout=ATTACK_SECONDS + 60)
    watch.over.set()
    watch.join()
    assert program.returncode == 0, complaint
    sent = json.loads(said)
    print("sent:", sent)
    assert sent["datagrams"] > 100_000 and sent["streams"] > 100 and sent["recorded_datagrams"] > 0, sent

    for kind, agents in clusters.items():
        newcomer = agents[0].name[0] + "4"
        cluster.agree({**{a.name: "alive" for a in agents}, newcomer: "left"}, agents)
        for agent in agents:
            info = agent.info()
            counters = {name: value for name, value in info["counters"].items() if value}
            memory = watch.seen[agent.name]
            third = len(memory) // 3
            print(agent.name, "rss kB", memory[0], max(memory[:third]), max(memory), "counters", counters)
            assert max(memory) < RSS_MAX_KB, memory
            assert max(memory[2 * third:]) < max(memory[:third]) + RSS_GROWTH_KB, memory
            assert counters.get("dropped_label") and counters.get("streams_in"), counters
            if kind == "plain":
                for name in ("dropped_malformed", "dropped_unknown_ack", "dropped_newcomers", "dropped_unexpected"):
                    assert counters.get(name), (name, counters)
            else:
                assert counters.get("dropped_sealed") or counters.get("dropped_plaintext"), counters
            for line in agent.log_text().splitlines():
                assert "invented" not in line or "joined" not in line.split(), line
                assert not any(f"failed {a.name} " in line for a in agents), line
