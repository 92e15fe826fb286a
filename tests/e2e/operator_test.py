"""What an operator does at 3 a.m., with real agents: every refusal names cause and cure and changes nothing."""
import json
import signal
import subprocess

import pytest

from support.cluster import HEARSAY, wait_until

NOBODY = "127.0.0.1:9"  # the discard port: nobody answers there


def ended(agent):
    """Launches an agent that is expected to refuse; (exit status, what it said)."""
    agent.launch()
    return agent.process.wait(timeout=30), agent.log_text()


def key():
    return subprocess.run([str(HEARSAY), "keygen"], capture_output=True, text=True, check=True).stdout.strip()


def refused(done, *parts):
    assert done.returncode == 1 and not done.stdout, done
    for part in parts:
        assert part in done.stderr, done.stderr


def with_file(cluster, name, text, *flags, **options):
    """An agent with a configuration file that the test rewrites."""
    file = cluster.directory / f"{name}.toml"
    file.write_text(text)
    return cluster.hearsay(name, "--config", str(file), *flags, **options), file


# ---- force-leave

def test_a_machine_that_is_gone_is_forced_to_leave_and_pruned(cluster):
    n1, n2, n3, n4 = cluster.started(4)
    refused(n1.ask("force-leave", "n3", check=False), '"n3" is alive', "would refute", "hearsay leave")
    refused(n1.ask("force-leave", "n1", check=False), "this agent itself", "hearsay leave")
    refused(n1.ask("force-leave", "n9", check=False), 'no member is called "n9"', "hearsay members")
    n3.kill()
    n4.kill()
    cluster.agree({"n1": "alive", "n2": "alive", "n3": "failed", "n4": "failed"})
    assert "n3 counts as left here" in n1.ask("force-leave", "n3").stdout
    assert "n4 is forgotten here" in n2.ask("force-leave", "n4", "--prune").stdout
    cluster.agree({"n1": "alive", "n2": "alive", "n3": "left"})


# ---- tags

def test_tags_changed_at_run_time_outlive_a_restart_until_the_file_changes(cluster):
    data = str(cluster.directory / "data")
    a, file = with_file(cluster, "a", '[tags]\nrole = "db"\nzone = "n"\n', "--data-dir", data)
    a.start()
    assert a.ask("tags").stdout == "role=db\nzone=n\n"
    assert a.ask("tags", "--set", "role=web", "--delete", "zone").stdout == "role=web\n"
    assert a.members()["a"]["tags"] == {"role": "web"}
    large = a.ask("tags", "--set", "motd=" + "x" * 600, check=False)
    refused(large, "the tags take 619 bytes", '"motd", 604', "at most 512")
    assert a.ask("tags").stdout == "role=web\n"
    a.kill()
    a.start()
    assert a.members()["a"]["tags"] == {"role": "web"}
    a.end(signal.SIGTERM)
    file.write_text('[tags]\nrole = "cache"\n')
    a.start()
    assert a.members()["a"]["tags"] == {"role": "cache"}


# ---- reload

@pytest.mark.parametrize("how", ["signal", "command"])
def test_a_reload_applies_what_it_can_and_names_what_it_cannot(cluster, how):
    a, file = with_file(cluster, "a", 'log_level = "info"\n')
    a.start()
    file.write_text('log_level = "debug"\ndata_dir = "/nowhere"\n[tags]\nrole = "web"\n[swim]\nsuspicion_mult = 9\n')
    if how == "command":
        said = a.ask("reload").stdout
        assert "changed: tags, log_level, swim.suspicion_mult" in said and "only a restart takes over: data_dir" in said
    else:
        a.process.send_signal(signal.SIGHUP)
    wait_until("the tags are in force", lambda: a.members()["a"]["tags"] == {"role": "web"})
    wait_until("the log names it", lambda: "only a restart takes over: data_dir" in a.log_text())
    settings = {s["key"]: s for s in a.json("info", "--settings")["settings"]}
    assert settings["swim.suspicion_mult"]["value"] == "9" and settings["swim.suspicion_mult"]["source"] == "file"
    assert settings["data_dir"]["value"] == '""' and not settings["data_dir"]["reload"]
    assert settings["profile"]["source"] == "flag"


def test_a_bad_file_is_refused_as_a_whole_and_the_old_settings_stay(cluster):
    a, file = with_file(cluster, "a", '[tags]\nrole = "db"\n')
    a.start()
    file.write_text('nmae = "x"\n[tags]\nrole = "web"\n[swim]\nprobe_timeout = "1h"\n')
    refused(a.ask("reload", check=False), "2 faults", "the old one stays in force", "a.toml:1: nmae", "did you mean name?",
            "swim.probe_timeout")
    a.process.send_signal(signal.SIGHUP)
    wait_until("the log has every fault", lambda: a.log_text().count("nmae") == 2)
    assert a.members()["a"]["tags"] == {"role": "db"}
    file.unlink()
    refused(a.ask("reload", check=False), "cannot read", "a.toml")
    assert a.is_running()


def test_without_a_file_a_reload_says_so(cluster):
    refused(cluster.hearsay("a").start().ask("reload", check=False), "without a configuration file", "--config")


# ---- admission

def test_who_is_not_admitted_hears_why_and_the_operator_sees_it(cluster):
    n1, _ = with_file(cluster, "n1", '[[admit]]\nname = "lab-*"\naction = "refuse"\nreason = "the lab stays outside"\n')
    n1.start()
    lab = cluster.hearsay("lab-1").start()
    refused(lab.ask("join", n1.address, check=False), "n1 does not admit lab-1", "the lab stays outside")
    other = cluster.hearsay("n2").start()
    other.join(n1)
    cluster.agree({"n1": "alive", "n2": "alive"}, [n1, other])
    refusal = n1.info()["refused"][0]
    assert refusal["name"] == "lab-1" and refusal["reason"] == "the lab stays outside" and refusal["count"] >= 1
    assert "the lab stays outside" in n1.ask("info").stdout
    assert n1.info()["counters"]["dropped_admission"] >= 1


def test_a_member_that_a_reload_no_longer_admits_is_forgotten(cluster):
    n1, file = with_file(cluster, "n1", "")
    n1.start()
    n2 = cluster.hearsay("n2").start()
    n2.join(n1)
    cluster.agree({"n1": "alive", "n2": "alive"})
    file.write_text('allow = ["192.0.2.0/24"]\n')
    assert "changed: allow" in n1.ask("reload").stdout
    wait_until("n2 is forgotten", lambda: set(n1.members()) == {"n1"})
    assert "this node itself would be refused" in n1.log_text()
    file.write_text("")
    n1.ask("reload")
    wait_until("n2 is back", lambda: n1.status_of("n2") == "alive")


# ---- what goes wrong at the start

def test_an_unreachable_seed_is_named_and_tried_again(cluster):
    a = cluster.hearsay("a", "--join", NOBODY, "--set", "join_interval=100ms").start()
    wait_until("it tries again", lambda: "attempt 2" in a.log_text())
    for part in (NOBODY, "could not join", "firewalls", "next attempt in 100ms"):
        assert part in a.log_text()


def test_a_taken_http_port_is_named_together_with_a_cure(cluster):
    first = cluster.hearsay("first").start()
    status, said = ended(cluster.hearsay("second", http=first.http))
    assert status == 1 and first.http in said and "--http" in said


def test_a_data_directory_that_cannot_be_is_named_together_with_a_cure(cluster):
    file = cluster.directory / "file"
    file.write_text("")
    for number, path in enumerate((file, file / "data", cluster.directory / "none" / "data")):
        status, said = ended(cluster.hearsay(f"a{number}", "--data-dir", str(path)))
        assert status == 1 and str(path) in said and "--data-dir" in said
    assert file.read_text() == ""


def test_a_keyring_that_cannot_be_read_is_named_together_with_a_cure(cluster):
    broken = cluster.directory / "broken.json"
    broken.write_text('["short"]')
    status, said = ended(cluster.hearsay("a1", "--keyring-file", str(broken)))
    assert status != 0 and "key 1" in said and "hearsay keygen" in said and "short" not in said
    status, said = ended(cluster.hearsay("a2", "--keyring-file", "/none/keys.json"))
    assert status != 0 and "/none/keys.json" in said and "permissions" in said


@pytest.mark.parametrize("theirs, ours, expected", [
    ("key", None, "it is encrypted, and this node has no key"),
    ("key", "other", "with a key that this node does not have"),
    (None, "key", "it is not encrypted, and this node has a key"),
], ids=["plain to encrypted", "with another key", "encrypted to plain"])
def test_a_joiner_with_the_wrong_key_is_told_so(cluster, theirs, ours, expected):
    keys = {"key": key(), "other": key(), None: None}
    first = cluster.hearsay("first", encrypt=keys[theirs]).start()
    second = cluster.hearsay("second", encrypt=keys[ours]).start()
    refused(second.ask("join", first.address, check=False), first.address, expected)
    assert set(second.members()) == {"second"} and set(first.members()) == {"first"}
    assert sum(first.info()["counters"][c] for c in ("dropped_sealed", "dropped_plaintext", "dropped_malformed",
                                                     "dropped_unexpected", "dropped_label")) > 0


def test_a_joiner_with_the_wrong_label_is_told_where_to_look(cluster):
    first = cluster.hearsay("first", "--label", "blue").start()
    second = cluster.hearsay("second", "--label", "green").start()
    refused(second.ask("join", first.address, check=False), first.address, "label")
    assert first.info()["counters"]["dropped_label"] > 0


def test_a_name_conflict_shows_both_addresses(cluster):
    first = cluster.hearsay("n1").start()
    second = cluster.hearsay("n1b")
    second.name = "n1"
    second.start()
    other = cluster.hearsay("n2").start()
    other.join(first)
    other.join(second)
    wait_until("the conflict is in the log", lambda: "name conflict n1" in other.log_text())
    line = next(li for li in other.log_text().splitlines() if "name conflict n1" in li)
    assert first.address in line and second.address in line


def test_settings_that_are_too_large_are_refused_with_their_sizes(cluster):
    status, said = ended(cluster.hearsay("a", "--label", "x" * 300, "--tag", "motd=" + "y" * 600))
    assert status == 2 and "300 bytes" in said and "the tags take 610 bytes" in said
    assert json.dumps("x" * 300) not in said
