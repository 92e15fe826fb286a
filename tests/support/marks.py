"""What agents of either kind have said of each other since a certain moment: read from their logs."""
import re

from support.cluster import HearsayAgent, SerfAgent


def counters(agent):
    return agent.info()["counters"]


class Marks:
    """What agents have said since now."""

    # Each view of a change is one line: a death that ten agents see counts ten times.
    PATTERNS = {
        HearsayAgent: {"deaths": r" failed \S+ .* by ", "suspicions": r" suspected \S+ .* by own_probe"},
        SerfAgent: {"deaths": r"EventMemberFailed: ", "suspicions": r"memberlist: Suspect \S+ has failed",
                    "refutations": r"memberlist: Refuting a "},
    }

    def __init__(self, agents):
        self.agents = list(agents)
        self.starts = [len(agent.log_text()) for agent in self.agents]

    def lines(self, what):
        return [f"{agent.name}: {line}" for agent, start in zip(self.agents, self.starts)
                for line in agent.log_text()[start:].splitlines() if re.search(self.PATTERNS[type(agent)][what], line)]

    def deaths(self):
        return self.lines("deaths")

    def suspicions(self):
        """Of an agent's own probes, not those that it heard of."""
        return self.lines("suspicions")

    def refutations(self):
        """How often agents objected to what was said of themselves."""
        if isinstance(self.agents[0], SerfAgent):
            return len(self.lines("refutations"))
        return sum(counters(agent)["refutations"] for agent in self.agents)
