"""Real agents on the loopback addresses of this machine: start, stop, kill, ask, wait.

Each test gets its own network 127.A.B.0/24, chosen by process and counter, so that tests may run at the same time
and beside a cluster that somebody keeps. Every wait has a deadline; when a test fails, the logs are printed.
"""
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HEARSAY = Path(os.environ.get("HEARSAY_PROGRAM", ROOT / "build/release/hearsay"))
SERF = shutil.which("serf") or "/usr/sbin/serf"
GOSSIP_PORT = 7946
# Generous: continuous integration has two cores and other things to do. Nothing waits longer than it must.
DETECTION_SECONDS = 60
ANSWER_SECONDS = 30

_networks = itertools.count()


def wait_until(what, condition, within=DETECTION_SECONDS):
    """Polls until condition() is true and returns its value; fails with what it last was."""
    deadline = time.monotonic() + within
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except (subprocess.SubprocessError, OSError, ValueError, KeyError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"after {within} s still not: {what}; last: {last!r}")
        time.sleep(0.1)


def free_port(ip):
    """A port that is free for TCP and UDP on this address."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as tcp, socket.socket(family, socket.SOCK_DGRAM) as udp:
            tcp.bind((ip, 0))
            try:
                udp.bind((ip, tcp.getsockname()[1]))
            except OSError:
                continue
            return tcp.getsockname()[1]


def joined(ip, port):
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


class Agent:
    """A process with a log. Subclasses know its flags and how to ask it."""

    def __init__(self, cluster, name, ip, flags, prefix=()):
        self.cluster, self.name, self.ip, self.flags = cluster, name, ip, list(flags)
        self.prefix = list(prefix)  # words in front of every command: how to get to its machine
        self.port = GOSSIP_PORT
        self.log = cluster.directory / f"{name}.log"
        self.process = None

    @property
    def address(self):
        return joined(self.ip, self.port)

    def launch(self):
        """Starts the process and does not wait for anything."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, *self.command()], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            cwd=self.cluster.directory, env=self.environment())
        return self

    def start(self):
        self.launch()
        wait_until(f"{self.name} answers", self.answers, ANSWER_SECONDS)
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with status {self.process.returncode}:\n{self.log_text()}")
        return bool(self.members())

    def environment(self):
        return dict(os.environ)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        self.end(signal.SIGKILL)

    def end(self, how):
        """Sends a signal and waits for the end; the exit status."""
        self.process.send_signal(how)
        return self.process.wait(timeout=ANSWER_SECONDS)

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def status_of(self, name):
        found = self.members().get(name)
        return found["status"] if found else None


class HearsayAgent(Agent):
    def __init__(self, cluster, name, ip, *flags, tags=None, encrypt=None, profile="local", port=GOSSIP_PORT, http=None,
                 api_ip=None, prefix=()):
        super().__init__(cluster, name, ip, flags, prefix)
        self.port = port
        self.http = http or joined(api_ip or ip, 7980)
        self.tags, self.encrypt, self.profile = dict(tags or {}), encrypt, profile

    def command(self):
        command = [HEARSAY, "agent", "--name", self.name, "--bind", self.address, "--http", self.http,
                   "--profile", self.profile]
        for key, value in self.tags.items():
            command += ["--tag", f"{key}={value}"]
        if self.encrypt:
            command += ["--encrypt", self.encrypt]
        return [str(word) for word in command + self.flags]

    def environment(self):
        return dict(os.environ, HEARSAY_HTTP_ADDR=self.http)

    def ask(self, *words, check=True):
        """Runs `hearsay <words>` against this agent."""
        done = subprocess.run([*self.prefix, str(HEARSAY), *words], capture_output=True, text=True, timeout=ANSWER_SECONDS,
                              env=self.environment())
        if check and done.returncode:
            raise AssertionError(f"hearsay {' '.join(words)} ended with {done.returncode}: {done.stderr or done.stdout}")
        return done

    def json(self, *words):
        done = self.ask(*words, "--format", "json", check=False)
        if done.returncode:
            raise ValueError(done.stderr)
        return json.loads(done.stdout)

    def members(self):
        return {m["name"]: m for m in self.json("members")["members"]}

    def info(self):
        return self.json("info")

    def join(self, *peers):
        self.ask("join", *[p.address if isinstance(p, Agent) else p for p in peers])

    def leave(self):
        self.ask("leave")

    def put_tags(self, tags):
        """Replaces all tags, over HTTP. REQUIRES: an agent on this machine's own network."""
        request = urllib.request.Request(f"http://{self.http}/v1/tags", json.dumps({"tags": tags}).encode(),
                                         {"Content-Type": "application/json"}, method="PUT")
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS):
            self.tags = dict(tags)


class SerfAgent(Agent):
    def __init__(self, cluster, name, ip, *flags, tags=None, encrypt=None, profile="local", api_ip=None, prefix=()):
        super().__init__(cluster, name, ip, flags, prefix)
        self.rpc = joined(api_ip or ip, 7373)
        self.tags, self.encrypt, self.profile = dict(tags or {}), encrypt, profile

    def command(self):
        command = [SERF, "agent", f"-node={self.name}", f"-bind={self.address}", f"-rpc-addr={self.rpc}",
                   f"-profile={self.profile}", "-log-level=debug"]
        for key, value in self.tags.items():
            command += ["-tag", f"{key}={value}"]
        if self.encrypt:
            command += [f"-encrypt={self.encrypt}"]
        return [str(word) for word in command + self.flags]

    def ask(self, word, *rest):
        return subprocess.run([*self.prefix, SERF, word, f"-rpc-addr={self.rpc}", *rest], capture_output=True, text=True,
                              check=True, timeout=ANSWER_SECONDS).stdout

    def members(self):
        return {m["name"]: m for m in json.loads(self.ask("members", "-format=json"))["members"]}

    def join(self, *peers):
        self.ask("join", *[p.address if isinstance(p, Agent) else p for p in peers])

    def leave(self):
        self.ask("leave")


class Cluster:
    """The agents of one test, in one network."""

    def __init__(self, directory):
        self.directory = Path(directory)
        number = os.getpid() * 16 + next(_networks)
        self.network = f"127.{64 + number // 256 % 128}.{number % 256}"
        self.agents = []

    def _add(self, kind, name, *flags, ip=None, **options):
        agent = kind(self, name, ip or f"{self.network}.{len(self.agents) + 11}", *flags, **options)
        self.agents.append(agent)
        return agent

    def hearsay(self, name, *flags, **options):
        """A hearsay agent that is not started yet."""
        return self._add(HearsayAgent, name, *flags, **options)

    def serf(self, name, *flags, **options):
        return self._add(SerfAgent, name, *flags, **options)

    def started(self, count, **options):
        """Hearsay agents n1 .. n<count>, all joined to n1 and agreed."""
        agents = [self.hearsay(f"n{i + 1}", **options).start() for i in range(count)]
        for agent in agents[1:]:
            agent.join(agents[0])
        self.agree({a.name: "alive" for a in agents}, agents)
        return agents

    def agree(self, expected, among=None, within=DETECTION_SECONDS):
        """Waits until every running agent sees exactly these members with these statuses."""
        among = [a for a in among or self.agents if a.is_running()]

        def views():
            seen = {a.name: {n: m["status"] for n, m in a.members().items()} for a in among}
            if all(view == expected for view in seen.values()):
                return True
            raise ValueError({name: view for name, view in seen.items() if view != expected})

        wait_until(f"all see {expected}", views, within)

    def close(self):
        for agent in self.agents:
            if agent.is_running():
                agent.process.kill()
        for agent in self.agents:
            if agent.process is not None:
                agent.process.wait(timeout=ANSWER_SECONDS)

    def dump_logs(self, lines=60):
        for agent in self.agents:
            print(f"---- log of {agent.name} ----")
            print("\n".join(agent.log_text().splitlines()[-lines:]))
