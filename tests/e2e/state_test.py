"""What nodes say about themselves, with real agents: it reaches everybody, also when it is large, what was deleted stays
deleted, and an agent that lost its disk is believed."""
import json
import shutil
import signal

from support.cluster import wait_until


def said(agent, of):
    keys = agent.json("state", "get", of)["keys"]
    return {key: item["value"] for key, item in keys.items()}


def until_all_say(agents, of, expected):
    wait_until(f"all know {expected} of {of}", lambda: all(said(a, of) == expected for a in agents))


def test_keys_are_written_read_watched_and_shown_as_columns(cluster):
    agents = n1, n2, n3 = cluster.started(3)
    assert said(n1, "n2") == {}
    assert n2.ask("state", "publish", "dc=eu", "load=0.7").stdout == "version 2\n"
    until_all_say(agents, "n2", {"dc": "eu", "load": "0.7"})
    assert n3.ask("state", "get", "n2", "dc").stdout == "eu\n"
    assert n3.ask("state", "get", "n2").stdout == "dc=eu\nload=0.7\n"
    n1.ask("state", "set", "dc", "us")
    n2.ask("state", "delete", "load")
    until_all_say(agents, "n1", {"dc": "us"})
    until_all_say(agents, "n2", {"dc": "eu"})
    rows = n3.ask("members", "--state", "dc").stdout.splitlines()
    assert [row.split()[4] for row in rows] == ["dc", "us", "eu", "-"], rows
    assert [m["name"] for m in n3.json("members", "--where", "dc=e*")["members"]] == ["n2"]
    n1.ask("state", "set", "lease", "mine", "--ttl", "2s", "--if-version", "0")
    until_all_say(agents, "n1", {"dc": "us", "lease": "mine"})
    until_all_say(agents, "n1", {"dc": "us"})
    assert n1.info()["node"]["state"]["members"] == 2


def test_refusals_name_cause_and_cure_and_change_nothing(cluster):
    n1, = cluster.started(1)
    n1.ask("state", "set", "dc", "eu")
    for words, parts in [
        (("set", "a b", "1"), ("spaces", "letters")),
        (("set", "k" * 200, "1"), ("200 bytes long", "at most 128")),
        (("set", "dc", "us", "--if-version", "7"), ("has the version 1, not 7", "read it again")),
        (("publish", "dc=us", "load=high"), ('load: "high" is no number', "0.7")),
        (("set", "health", "fine"), ("is no health", "passing, warning or critical")),
        (("delete", "none"), ('no key "none"', "lists the keys")),
        (("get", "n9"), ('no member is called "n9"', "hearsay members")),
        (("get", "n1", "none"), ('has no key "none"', "lists its keys")),
    ]:
        done = n1.ask("state", *words, check=False)
        assert done.returncode == 1 and all(part in done.stderr for part in parts), done
    assert n1.ask("state", "publish", "dc", check=False).returncode == 2
    assert said(n1, "n1") == {"dc": "eu"}


def test_who_waits_learns_whom_it_has_reached_and_who_is_missing(cluster):
    n1, n2, n3 = cluster.started(3, profile="lan")  # the local one finds a stopped agent too soon
    done = n1.ask("state", "publish", "load=0.7", "--wait", "95%", "--timeout", "30s")
    assert done.stdout.startswith("version 1\nheld by 3 of 3 members after "), done
    assert " answers to this agent" in done.stdout
    assert said(n3, "n1") == {"load": "0.7"}
    told = n2.json("state", "set", "dc", "eu", "--wait", "2", "--timeout", "5s")["wait"]
    assert told["held"] >= 2 and told["needed"] == 2 and told["error"] is None
    n3.process.send_signal(signal.SIGSTOP)
    late = n1.ask("state", "delete", "load", "--wait", "all", "--timeout", "2s", check=False)
    assert late.returncode == 1 and "not known to hold it: n3\n" in late.stdout, late
    assert "2 of 3 members are known to hold version 2, 3 were wanted" in late.stderr, late
    n3.process.send_signal(signal.SIGCONT)
    for words in (("--wait", "0%"), ("--wait", "many"), ("--timeout", "5s"), ("--wait", "all", "--timeout", "1h")):
        assert n1.ask("state", "set", "a", "b", *words, check=False).returncode == 2
    assert said(n1, "n1") == {}


def test_large_values_arrive_and_a_newcomer_catches_up(cluster):
    agents = cluster.started(3)
    services = json.dumps([f"service-{number}" for number in range(7000)])
    assert len(services) > 100_000
    agents[0].ask("state", "set", "services", services)
    until_all_say(agents, "n1", {"services": services})
    late = cluster.hearsay("late")
    late.start()
    late.join(agents[2])
    until_all_say([late], "n1", {"services": services})


def test_each_start_is_a_new_generation_and_a_lost_disk_is_outbid(cluster):
    n1, n2 = cluster.started(2)
    data = cluster.directory / "data"
    file = cluster.directory / "a.toml"
    file.write_text('[state.keys]\ndc = "eu"\nrack = "r1"\n')
    a = cluster.hearsay("a", "--config", str(file), "--data-dir", str(data))
    a.start()
    a.join(n1)
    until_all_say([a, n1, n2], "a", {"dc": "eu", "rack": "r1"})
    a.ask("state", "set", "load", "0.7")
    until_all_say([a, n1, n2], "a", {"dc": "eu", "rack": "r1", "load": "0.7"})
    before = a.info()["node"]["state"]["generation"]
    a.kill()
    a.start()
    until_all_say([a, n1, n2], "a", {"dc": "eu", "rack": "r1"})
    assert a.info()["node"]["state"]["generation"] == before + 1
    a.kill()
    shutil.rmtree(data)
    file.write_text('[state.keys]\ndc = "us"\n')
    a.start()
    a.join(n2)
    until_all_say([a, n1, n2], "a", {"dc": "us"})
    assert a.info()["node"]["state"]["generation"] > before + 1


def test_a_reload_publishes_what_changed_in_the_file(cluster):
    n1, = cluster.started(1)
    file = cluster.directory / "a.toml"
    file.write_text('[state.keys]\ndc = "eu"\nrack = "r1"\nzone = "z1"\n')
    a = cluster.hearsay("a", "--config", str(file))
    a.start()
    a.join(n1)
    until_all_say([a, n1], "a", {"dc": "eu", "rack": "r1", "zone": "z1"})
    a.ask("state", "set", "zone", "z2")
    a.ask("state", "set", "load", "1")
    file.write_text('[state.keys]\ndc = "us"\nzone = "z1"\n')
    assert "state.keys" in a.ask("reload").stdout
    until_all_say([a, n1], "a", {"dc": "us", "zone": "z2", "load": "1"})
