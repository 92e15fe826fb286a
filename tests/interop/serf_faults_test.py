"""Two Serf agents and two hearsay agents when something goes wrong: stops, moves to another address, one name twice.

Debian's serf, unmodified; default lan profiles. What Serf does in each case is part of the result: docs/protocol/serf.md.
"""
import re
import signal
import time

import pytest

from support.cluster import wait_until
from support.marks import Marks
from support.mixed import Mixed, unexpected_lines

# Suspicion lasts 4 s when all others confirm it, as they do of a member that is silent; half of it is forgiven always.
SHORT_STOP_SECONDS = 2.5
GOSSIP_TO_THE_DEAD_SECONDS = 30
CONFLICT = r"^.*(?:memberlist: Conflicting address for|serf: Name conflict for|serf: Node name conflicts with).*$"


@pytest.fixture
def mixed(cluster):
    mixed = Mixed(cluster, None)
    mixed.join_all()
    mixed.ended = True
    return mixed


def incarnation_of(mixed, who):
    return mixed.h1.members()[who]["incarnation"]


@pytest.mark.parametrize("who", ["s2", "h2"])
def test_a_stop_shorter_than_the_suspicion_is_forgiven(mixed, who):
    agent = getattr(mixed, who)
    marks = Marks(mixed.cluster.agents)
    agent.process.send_signal(signal.SIGSTOP)
    time.sleep(SHORT_STOP_SECONDS)
    agent.process.send_signal(signal.SIGCONT)
    time.sleep(5)  # a suspicion that was left alone would have ended by now
    mixed.agree()
    assert not marks.deaths()
    assert not mixed.complaints()


@pytest.mark.parametrize("who", ["s2", "h2"])
def test_a_stop_longer_than_the_suspicion_is_refuted_afterwards(mixed, who):
    agent = getattr(mixed, who)
    before = incarnation_of(mixed, who)
    agent.process.send_signal(signal.SIGSTOP)
    others = [a for a in mixed.cluster.agents if a is not agent]
    alive = {"s1": "alive", "s2": "alive", "h1": "alive", "h2": "alive"}
    mixed.cluster.agree({**alive, who: "failed"}, among=others, within=40)
    marks = Marks(mixed.cluster.agents)
    agent.process.send_signal(signal.SIGCONT)
    # It is told while it is gossiped to (30 s after its death), and objects at once.
    mixed.cluster.agree(alive, within=15)
    assert incarnation_of(mixed, who) > before
    assert not marks.deaths(), "who was stopped accuses nobody in turn"
    assert not mixed.complaints()


def move(mixed, agents):
    """Each agent, which does not run, starts with another address, and joins the other kind."""
    for agent in agents:
        agent.ip = re.sub(r"\d+$", lambda last: str(int(last[0]) + 100), agent.ip)
    mixed.s2.rpc, mixed.h2.http = f"{mixed.s2.ip}:7373", f"{mixed.h2.ip}:7980"
    for agent in agents:
        agent.start()
    mixed.h2.join(mixed.s1)
    mixed.s2.join(mixed.h1)


def agree_on_addresses(mixed, within):
    expected = {a.name: ("alive", a.address) for a in mixed.cluster.agents}
    for viewer in mixed.cluster.agents:
        wait_until(f"{viewer.name} sees {expected}", lambda viewer=viewer: {
            name: (m["status"], m["addr"]) for name, m in viewer.members().items()} == expected, within)


def test_members_that_left_come_back_at_another_address_at_once(mixed):
    moved = [mixed.s2, mixed.h2]
    for agent in moved:
        agent.leave()
        wait_until(f"{agent.name} ends", lambda agent=agent: not agent.is_running())
    mixed.agree(s2="left", h2="left")
    move(mixed, moved)
    agree_on_addresses(mixed, within=15)
    assert not mixed.complaints()


def test_members_that_failed_come_back_at_another_address_when_they_are_forgotten(mixed):
    """memberlist keeps the address of a dead member until it forgets it, and so do we for as long."""
    moved = [mixed.s2, mixed.h2]
    for agent in moved:
        agent.kill()
    mixed.agree(s2="failed", h2="failed")
    failed = time.monotonic()
    move(mixed, moved)
    time.sleep(10)
    for viewer in (mixed.s1, mixed.h1):
        assert [viewer.status_of(agent.name) for agent in moved] == ["failed", "failed"], "the old place has its time"
    # Then it takes one more table exchange, or an objection of the member; both come within half a minute.
    agree_on_addresses(mixed, within=failed + 2 * GOSSIP_TO_THE_DEAD_SECONDS + 10 - time.monotonic())
    assert all(set(lines) == set(re.findall(CONFLICT, "\n".join(lines), re.M)) for lines in mixed.complaints().values())


@pytest.mark.parametrize("name, kind, policy", [("h2", "serf", None), ("s2", "hearsay", "refuse"), ("s2", "hearsay", "stop"),
                                                ("h2", "hearsay", "stop")])
def test_a_newcomer_with_a_name_that_is_taken_changes_nobodys_mind(mixed, name, kind, policy):
    before = {a.name: a.address for a in mixed.cluster.agents}
    old = mixed.cluster.agents[:]
    marks = Marks(old)
    flags = []
    if policy:
        file = mixed.cluster.directory / "twin.toml"
        file.write_text(f'name_conflict = "{policy}"\n')
        flags = ["--config", file]
    twin = getattr(mixed.cluster, kind)(name, *flags, profile="lan")
    twin.log = twin.log.with_name(f"{name}-twin.log")
    twin.launch()
    wait_until("the newcomer answers", twin.answers, 30)
    if kind == "serf":
        twin.join(mixed.s1)
        # It asks everybody whose name it is; our answers count, too.
        wait_until("the newcomer gives in", lambda: not twin.is_running(), 30)
        assert "minority in name conflict resolution, quitting" in twin.log_text()
    elif policy == "stop":
        # The same question, asked by us and answered by Serf agents as well.
        twin.ask("join", mixed.s1.address, check=False)
        wait_until("the newcomer gives in", lambda: not twin.is_running(), 30)
        assert twin.process.returncode == 1
        assert re.search(f"the name {name} belongs to {re.escape(before[name])}: 0 of [1-4] members know it here",
                         twin.log_text())
    else:
        twin.ask("join", mixed.s1.address, check=False)
        time.sleep(10)
        twin.end(signal.SIGTERM)
    time.sleep(5)
    for viewer in old:
        assert {n: m["addr"] for n, m in viewer.members().items()} == before
        assert all(m["status"] == "alive" for m in viewer.members().values())
    assert not marks.deaths() and not marks.suspicions()
    assert f"name conflict {name} known={before[name]} claimed={twin.address}" in mixed.h1.log_text()
    # Serf says the same, and nothing else.
    for serf in (mixed.s1, mixed.s2):
        for line in unexpected_lines(serf, somebody_ended=False):
            assert re.search(CONFLICT, line) and before[name] in line and twin.address in line, line
