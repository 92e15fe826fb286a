"""Keys of a running cluster of hearsay agents: replaced, kept over a restart, and switched on in the first place."""
import json
import signal

import pytest

from support.cluster import wait_until

OLD = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
NEW = "/v38+/r5+Pf29fTz8vHw7+7t7Ovq6ejn5uXk4+Lh4N8="


def with_files(cluster, count, keys):
    """Agents n1 .. n<count>, joined, each with a keyring file of its own."""
    agents = []
    for i in range(count):
        path = cluster.directory / f"n{i + 1}.keyring"
        path.write_text(json.dumps(keys))
        path.chmod(0o600)
        agents.append(cluster.hearsay(f"n{i + 1}", "--keyring-file", str(path)).start())
        agents[i].keyring = path
    for agent in agents[1:]:
        agent.join(agents[0])
    cluster.agree({a.name: "alive" for a in agents})
    return agents


@pytest.mark.quick
def test_a_key_is_replaced_and_a_restart_begins_with_the_new_one(cluster):
    a, b, c = agents = with_files(cluster, 3, [OLD])
    assert "installed on 3 of 3" in a.ask("keys", "install", NEW).stdout
    assert "used by 3 of 3" in b.ask("keys", "use", NEW).stdout
    assert "removed from 3 of 3" in c.ask("keys", "remove", OLD).stdout
    for agent in agents:
        assert json.loads(agent.keyring.read_text()) == [NEW]
        assert agent.keyring.stat().st_mode & 0o777 == 0o600
    c.kill()
    c.start()
    c.join(a)
    cluster.agree({agent.name: "alive" for agent in agents})
    assert all("suspected n" not in line for agent in (a, b) for line in agent.log_text().splitlines()
               if "suspected n3" not in line), "only the killed one was ever in doubt"
    table = c.ask("keys", "list").stdout
    assert NEW in table and OLD not in table and table.count("3 of 3") == 2
    # Secrets are for the one who asks for them.
    assert not any(NEW in agent.log_text() or OLD in agent.log_text() for agent in agents)


def test_a_member_that_cannot_save_refuses_and_is_named(cluster):
    a, b = with_files(cluster, 2, [OLD])
    (b.keyring.parent / (b.keyring.name + ".new") / "in the way").mkdir(parents=True)
    ended = a.ask("keys", "install", NEW, check=False)
    assert ended.returncode == 1
    assert "installed on 1 of 2" in ended.stdout and "cannot be saved" in ended.stdout and "n2" in ended.stderr
    assert json.loads(b.keyring.read_text()) == [OLD]
    unsafe = a.ask("keys", "use", NEW, check=False)
    assert unsafe.returncode == 1 and "n2" in unsafe.stderr and "install" in unsafe.stderr
    cluster.agree({"n1": "alive", "n2": "alive"})


def test_a_member_that_does_not_answer_is_named(cluster):
    a, b = with_files(cluster, 2, [OLD])
    b.kill()
    ended = a.ask("keys", "install", NEW, check=False)
    assert ended.returncode == 1
    assert "n2" in ended.stdout and "no answer came" in ended.stdout


def test_without_keys_there_is_nothing_to_list(cluster):
    (a,) = cluster.started(1)
    ended = a.ask("keys", "list", check=False)
    assert ended.returncode == 1 and "not enabled" in ended.stderr and "keyring_file" in ended.stderr


def test_keys_without_a_file_change_until_the_restart_and_that_is_said(cluster):
    a = cluster.hearsay("a", encrypt=OLD).start()
    a.ask("keys", "install", NEW)
    assert "not kept" in a.log_text()


def test_encryption_is_switched_on_without_losing_anybody(cluster):
    """Node by node and stage by stage, with a data directory, as docs/operating.md tells."""
    agents = []
    for name in ("n1", "n2", "n3"):
        agents.append(cluster.hearsay(name, "--data-dir", str(cluster.directory / name)).start())
    for agent in agents[1:]:
        agent.join(agents[0])
    alive = {a.name: "alive" for a in agents}
    cluster.agree(alive)
    plain = [list(a.flags) for a in agents]
    for incoming, outgoing in (("false", "false"), ("false", "true"), ("true", "true")):
        for agent, flags in zip(agents, plain):
            agent.end(signal.SIGTERM)
            agent.encrypt = OLD
            agent.flags = [*flags, "--set", f"crypto.verify_incoming={incoming}",
                           "--set", f"crypto.verify_outgoing={outgoing}"]
            agent.start()
            agent.join(next(a for a in agents if a is not agent))
            cluster.agree(alive)
    wait_until("nobody drops plaintext any more", lambda: all(
        a.info()["agent"]["encrypted"] for a in agents))
    stranger = cluster.hearsay("stranger").start()
    assert stranger.ask("join", agents[0].address, check=False).returncode == 1
