"""Agents on machines of their own: one network namespace each, joined by a switch, with faults between them.

Nothing is named and nothing lies in the network of the machine that runs the tests: a namespace lives as long as the
process that holds it, and that process ends with this one, however this one ends. So there is nothing to clean up
after a test that was killed, and tests that run at the same time do not meet, although all use the same addresses.

Faults are nft rules on what a machine receives, because a sender must not notice that a packet is lost. So a loss of
P percent on all machines is P percent per direction.
"""
import json
import subprocess

from support.cluster import Cluster

NETWORK = "10.77.0"


def _end_with_me(*command):
    return ["setpriv", "--pdeathsig", "KILL", *command]


class Namespace:
    """A network namespace, and the process that holds it."""

    def __init__(self):
        self.holder = subprocess.Popen(
            _end_with_me("unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "up\n":
            why = self.holder.communicate()[1].strip()
            raise AssertionError(f"cannot make a network namespace ({why}). This test needs root (or CAP_SYS_ADMIN and "
                                 "CAP_NET_ADMIN), and the packages iproute2, nftables and util-linux")
        self.enter = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]

    def run(self, *command, text=None):
        done = subprocess.run([*self.enter, *command], input=text, capture_output=True, text=True, timeout=30)
        if done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def close(self):
        self.holder.kill()
        self.holder.communicate()


class Machine(Namespace):
    """A namespace with one address, and the faults of what it receives. Port 7946 or not: all its traffic suffers."""

    def __init__(self, switch, number):
        super().__init__()
        self.ip = f"{NETWORK}.{number}"
        switch.run("ip", "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns",
                   str(self.holder.pid))
        switch.run("ip", "link", "set", f"port{number}", "master", "switch", "up")
        self.run("ip", "address", "add", f"{self.ip}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")
        self.prefix = _end_with_me(*self.enter)

    def receive(self, udp_loss=0, tcp_loss=0, nothing_from=(), no_datagrams_from=()):
        """From now on exactly these faults; losses in percent. Without arguments: none."""
        rules = ["iif lo accept"]
        rules += [f"ip saddr {ip} counter drop" for ip in nothing_from]
        rules += [f"ip saddr {ip} meta l4proto udp counter drop" for ip in no_datagrams_from]
        rules += [f"meta l4proto {kind} numgen random mod 100 < {percent} counter drop"
                  for kind, percent in (("udp", udp_loss), ("tcp", tcp_loss)) if percent]
        chain = "chain received {\ntype filter hook input priority 0;\n" + "\n".join(rules) + "\n}"
        # One transaction: never a moment without the rules of before or after.
        self.run("nft", "-f", "-", text=f"table inet faults\ndelete table inet faults\ntable inet faults {{\n{chain}\n}}\n")

    def dropped(self):
        """How many packets the present faults have cost."""
        rules = json.loads(self.run("nft", "-j", "list", "table", "inet", "faults"))["nftables"]
        return sum(part["counter"]["packets"] for entry in rules for part in entry.get("rule", {}).get("expr", ())
                   if "counter" in part)


class NetworkCluster(Cluster):
    """A cluster whose agents have a machine each. They are asked from inside, over loopback, which has no faults."""

    def __init__(self, directory):
        super().__init__(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.switch = Namespace()
        self.switch.run("ip", "link", "add", "switch", "type", "bridge")
        self.switch.run("ip", "link", "set", "switch", "up")
        self.machines = []

    def _add(self, kind, name, *flags, **options):
        machine = Machine(self.switch, len(self.machines) + 11)
        self.machines.append(machine)
        agent = super()._add(kind, name, *flags, ip=machine.ip, api_ip="127.0.0.1", prefix=machine.prefix, **options)
        agent.machine = machine
        return agent

    def move(self, agent):
        """Gives an agent that does not run another machine, with a new address."""
        agent.machine.close()
        agent.machine = Machine(self.switch, len(self.machines) + 11)
        self.machines.append(agent.machine)
        agent.ip, agent.prefix = agent.machine.ip, agent.machine.prefix

    def part(self, *sides):
        """Splits the network: nothing passes from one side to another."""
        for side in sides:
            others = [agent.ip for other in sides if other is not side for agent in other]
            for agent in side:
                agent.machine.receive(nothing_from=others)

    def heal(self):
        for agent in self.agents:
            agent.machine.receive()

    def close(self):
        super().close()
        for machine in self.machines:
            machine.close()
        self.switch.close()
