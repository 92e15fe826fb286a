"""Two Serf agents and two hearsay agents in one cluster, and what Serf may say about that in its log."""
import re

from support.cluster import SerfAgent

# The warnings and errors that Serf may write, and why they are no fault of ours. All belong to a member that a test
# stopped on purpose; at rest there are none.
ALLOWED_WHEN_SOMEBODY_ENDED = [
    # A restarted member hears the verdict about its former life and objects, as it should.
    r"\[WARN\] memberlist: Refuting a (suspect|dead) message",
    # Serf dialled, pinged or pushed to a process that is gone, or that ended meanwhile.
    r"\[(WARN|ERR)\] memberlist: (Failed to send|Failed fallback|Push/Pull with)"
    r".*(connection refused|connection reset|broken pipe|EOF|i/o timeout)",
    # The agent notices its own end before it exits, if the end is slow enough.
    r"\[WARN\] agent: Serf shutdown detected, quitting",
    # A process that is ending may still take a connection when it answers no datagram any more.
    r"\[WARN\] memberlist: Was able to .* but other probes failed",
]


def unexpected_lines(serf, somebody_ended):
    allowed = ALLOWED_WHEN_SOMEBODY_ENDED if somebody_ended else []
    return [line for line in serf.log_text().splitlines()
            if re.search(r"\[(WARN|ERR|ERROR)\]", line) and not any(re.search(rule, line) for rule in allowed)]


class Mixed:
    """s1 and s2 are Serf's, h1 and h2 ours. `ended` says that a test stopped somebody on purpose."""

    def __init__(self, cluster, key):
        self.cluster = cluster
        # Not the local profile: it tells a rumor only twice, so now and then somebody waits for a table exchange.
        lan = {"encrypt": key, "profile": "lan"}
        self.s1 = cluster.serf("s1", tags={"role": "db", "made-by": "serf"}, **lan).start()
        self.s2 = cluster.serf("s2", tags={"role": "web"}, **lan).start()
        self.h1 = cluster.hearsay("h1", tags={"role": "db", "zone": "eu west"}, **lan).start()
        self.h2 = cluster.hearsay("h2", tags={"role": "web"}, **lan).start()
        self.ended = False

    def join_all(self):
        """Each side joins the other: h1 by s1, s2 by h1, h2 by s2."""
        self.h1.join(self.s1)
        self.s2.join(self.h1)
        self.h2.join(self.s2)
        self.agree()

    def agree(self, **changed):
        self.cluster.agree({"s1": "alive", "s2": "alive", "h1": "alive", "h2": "alive", **changed})

    def complaints(self):
        """What Serf's logs say that they should not: agent's name -> lines."""
        found = {a.name: unexpected_lines(a, self.ended) for a in self.cluster.agents if isinstance(a, SerfAgent)}
        return {name: lines for name, lines in found.items() if lines}
