"""One agent and its command line: what it refuses, what it says, and how programs are told."""
import http.client
import json
import subprocess

import pytest

from support.cluster import HEARSAY, GOSSIP_PORT
from support.namespaces import Namespace

NOBODY = "127.0.0.1:9"  # the discard port: nobody answers there


def run(*words, **options):
    return subprocess.run([str(HEARSAY), *words], capture_output=True, text=True, timeout=30, **options)


def ended(agent):
    """Launches an agent that is expected to refuse; (exit status, what it said)."""
    agent.launch()
    return agent.process.wait(timeout=30), agent.log_text()


def test_a_taken_port_is_named_together_with_a_cure(cluster):
    first = cluster.hearsay("first").start()
    status, said = ended(cluster.hearsay("second", ip=first.ip, http=f"{first.ip}:7981"))
    assert status == 1
    assert f"{first.ip}:{GOSSIP_PORT}" in said and "--bind" in said


def test_the_bridge_of_containers_is_not_advertised():
    machine = Namespace()
    try:
        for words in ("link add eth0 type veth peer name eth1", "link add docker0 type bridge",
                      "address add 198.51.100.7/24 dev eth0", "address add 172.17.0.1/16 dev docker0",
                      "link set eth0 up", "link set eth1 up", "link set docker0 up",
                      "route add default via 198.51.100.1"):
            machine.run("ip", *words.split())
        command = [*machine.enter, str(HEARSAY), "agent", "--name", "a", "--bind", "0.0.0.0", "--http", ""]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and "198.51.100.7" in done.stderr and "172.17" not in done.stderr

        machine.run("ip", "address", "add", "10.9.0.7/24", "dev", "eth1")
        agent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert any("advertised as 10.9.0.7:" in line for line in agent.stdout)
        finally:
            agent.kill()
            agent.communicate()
    finally:
        machine.close()


def test_all_faults_of_a_configuration_are_reported_at_once(cluster, tmp_path):
    config = tmp_path / "bad.toml"
    config.write_text('nmae = "x"\nprofile = "moon"\n[swim]\nprobe_intervall = "1s"\n')
    status, said = ended(cluster.hearsay("a", "--config", str(config)))
    assert status != 0
    for expected in ("nmae", "name", "moon", "probe_intervall", "probe_interval"):
        assert expected in said


def test_without_a_data_directory_that_is_said_once(cluster):
    agent = cluster.hearsay("a").start()
    assert agent.log_text().count("--data-dir") == 1


def test_members_is_a_table_for_people_and_json_for_programs(cluster):
    agent = cluster.hearsay("solo", tags={"role": "db"}).start()
    table = agent.ask("members").stdout
    assert "solo" in table and agent.address in table and "alive" in table and "\x1b" not in table
    rows = json.loads(agent.ask("members", "--format", "json").stdout)["members"]
    assert [(r["name"], r["addr"], r["status"], r["tags"]) for r in rows] == [
        ("solo", agent.address, "alive", {"role": "db"})]


def test_an_agent_that_is_not_there_is_named_and_the_status_is_1():
    done = run("members", "--http", NOBODY)
    assert done.returncode == 1 and NOBODY in done.stderr and not done.stdout


@pytest.mark.parametrize("words", [["nonsense"], ["members", "--nonsense"], ["agent", "--profile", "moon"]])
def test_wrong_usage_has_the_status_2(words):
    assert run(*words).returncode == 2


def test_join_says_who_did_not_answer(cluster):
    done = cluster.hearsay("a").start().ask("join", NOBODY, check=False)
    assert done.returncode == 1 and NOBODY in done.stderr


def test_keygen_makes_a_key_that_an_agent_takes(cluster):
    key = run("keygen").stdout.strip()
    assert len(key) == 44 and key != run("keygen").stdout.strip()
    cluster.hearsay("a", encrypt=key).start()


def test_a_web_page_of_somebody_else_is_refused(cluster):
    agent = cluster.hearsay("a").start()
    host, port = agent.http.rsplit(":", 1)
    for header in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.request("GET", "/v1/members", headers=header)
        answer = connection.getresponse()
        assert answer.status == 403
        assert {"cause", "cure"} <= set(json.loads(answer.read())["error"])


def test_an_answer_that_cannot_be_written_is_a_failure(cluster):
    agent = cluster.hearsay("a").start()
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(HEARSAY), "members"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30,
                              env=agent.environment())
    assert done.returncode == 1 and "standard output" in done.stderr


def test_monitor_ends_with_its_reader(cluster):
    agent = cluster.hearsay("a").start()
    monitor = subprocess.Popen([str(HEARSAY), "monitor"], stdout=subprocess.PIPE, text=True, env=agent.environment())
    try:
        assert monitor.stdout.readline()
        monitor.stdout.close()
        monitor.wait(timeout=10)
    finally:
        monitor.kill()
        monitor.wait()


def test_monitor_tells_what_happens(cluster):
    a = cluster.hearsay("a").start()
    monitor = subprocess.Popen([str(HEARSAY), "monitor"], stdout=subprocess.PIPE, text=True, env=a.environment())
    try:
        cluster.hearsay("b", "--join", a.address).start()
        for line in monitor.stdout:
            if "b" in line.split() and "joined" in line:
                break
        else:
            raise AssertionError("monitor ended")
    finally:
        monitor.kill()
        monitor.wait()
