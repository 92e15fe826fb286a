"""Clusters that agree and then lose packets, and what they say of each other meanwhile."""
import os
import time

from support.cluster import wait_until
from support.marks import Marks
from support.namespaces import NetworkCluster


def all_alive(agents):
    return {agent.name: "alive" for agent in agents}


def started(cluster, count, kind="hearsay", **options):
    """n1 .. n<count> with the lan profile, agreed."""
    agents = [getattr(cluster, kind)(f"n{i + 1}", profile="lan", **options).launch() for i in range(count)]
    for agent in agents:
        wait_until(f"{agent.name} answers", agent.answers, 30)
    for agent in agents[1:]:
        agent.join(agents[0])
    cluster.agree(all_alive(agents), agents)
    return agents


def cpu_seconds(agent):
    """User and system time of its process so far."""
    with open(f"/proc/{agent.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kib(agent):
    with open(f"/proc/{agent.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


class UnderLoss:
    def __init__(self, directory, kind, nodes, udp_loss, tcp_loss):
        """Forms the cluster; losses in percent per direction, of what each machine receives."""
        self.kind, self.losses = kind, {"udp_loss": udp_loss, "tcp_loss": tcp_loss}
        self.title = f"{kind}, {udp_loss} % of UDP and {tcp_loss} % of TCP lost per direction"
        self.deaths = []
        self.cluster = NetworkCluster(directory)
        try:
            self.agents = started(self.cluster, nodes, kind)
        except BaseException:
            self.close(show=True)
            raise

    def begin(self, seconds):
        self.marks = Marks(self.agents)
        self.cpu_before = sum(map(cpu_seconds, self.agents))
        self.memory_before = max(map(memory_kib, self.agents))
        for agent in self.agents:
            agent.machine.receive(**self.losses)
        self.seconds, self.until = seconds, time.monotonic() + seconds

    def wait(self):
        """Until the time is over; the false deaths, a line for each view of each."""
        time.sleep(max(0, self.until - time.monotonic()))
        self.look()
        return self.deaths

    def look(self):
        """Counts what there is by now."""
        self.deaths = self.marks.deaths()
        self.suspicions = len(self.marks.suspicions())
        self.refutations = self.marks.refutations()
        self.lost = sum(agent.machine.dropped() for agent in self.agents)
        minutes = len(self.agents) * (self.seconds - max(0, self.until - time.monotonic())) / 60
        self.cpu = (sum(map(cpu_seconds, self.agents)) - self.cpu_before) / minutes
        self.memory = max(map(memory_kib, self.agents))

    def __str__(self):
        return (f"{self.title}: {len(self.deaths)} false deaths, {self.suspicions} suspicions, {self.refutations} "
                f"refutations, {self.lost} packets lost")

    def close(self, show=False):
        self.cluster.close()
        if show:
            print(f"==== {self.title}")
            self.cluster.dump_logs(lines=400)
