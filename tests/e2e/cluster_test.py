"""Clusters of real agents: what they see of each other when members crash, return, leave, or do not belong."""
import signal

import pytest

from support.cluster import free_port, wait_until

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OTHER_KEY = "/v38+/r5+Pf29fTz8vHw7+7t7Ovq6ejn5uXk4+Lh4N8="


def all_alive(agents, **changed):
    return {**{a.name: "alive" for a in agents}, **changed}


@pytest.mark.quick
def test_five_agents_see_a_crash_a_return_and_a_leave(cluster):
    agents = cluster.started(5, tags={"role": "test"})
    victim, leaver = agents[2], agents[4]

    victim.kill()
    cluster.agree(all_alive(agents, n3="failed"))
    victim.start()
    victim.join(agents[0])
    cluster.agree(all_alive(agents))

    leaver.leave()
    wait_until("n5 ends", lambda: not leaver.is_running())
    cluster.agree(all_alive(agents, n5="left"))


def test_a_crash_is_first_suspected_and_never_left(cluster):
    a, b, c = cluster.started(3)
    c.kill()
    seen = []

    def failed():
        status = a.status_of("n3")
        if not seen or seen[-1] != status:
            seen.append(status)
        return status == "failed"

    wait_until("n3 is failed", failed)
    assert seen in (["alive", "suspect", "failed"], ["suspect", "failed"])


@pytest.mark.parametrize("how, status", [(signal.SIGINT, "left"), (signal.SIGTERM, "failed")])
def test_an_interrupt_leaves_and_a_termination_does_not(cluster, how, status):
    agents = cluster.started(3)
    assert agents[2].end(how) == 0
    cluster.agree(all_alive(agents, n3=status))


def test_tags_and_addresses_are_seen_by_all(cluster):
    a = cluster.hearsay("a", tags={"role": "db", "zone": "north east", "empty": ""}).start()
    b = cluster.hearsay("b", tags={"role": "web"}).start()
    b.join(a)
    cluster.agree({"a": "alive", "b": "alive"})
    for viewer in (a, b):
        for subject in (a, b):
            row = viewer.members()[subject.name]
            assert (row["addr"], row["tags"]) == (subject.address, subject.tags)


def test_a_cluster_with_a_key_works(cluster):
    agents = cluster.started(3, encrypt=KEY)
    agents[1].kill()
    cluster.agree(all_alive(agents, n2="failed"))


@pytest.mark.parametrize("stranger", [{"encrypt": OTHER_KEY}, {"encrypt": None}], ids=["wrong key", "no key"])
def test_who_has_not_the_key_stays_outside(cluster, stranger):
    inside = cluster.started(2, encrypt=KEY)
    outside = cluster.hearsay("outside", **stranger).start()
    assert outside.ask("join", inside[0].address, check=False).returncode == 1
    assert inside[0].ask("join", outside.address, check=False).returncode == 1
    assert set(outside.members()) == {"outside"}
    assert all(set(a.members()) == {"n1", "n2"} for a in inside)


def test_clusters_with_different_labels_stay_apart(cluster):
    red = cluster.hearsay("red", "--label", "red").start()
    also_red = cluster.hearsay("also-red", "--label", "red").start()
    blue = cluster.hearsay("blue", "--label", "blue").start()
    also_red.join(red)
    assert blue.ask("join", red.address, check=False).returncode == 1
    cluster.agree({"red": "alive", "also-red": "alive"}, [red, also_red])
    assert set(blue.members()) == {"blue"}


def test_an_agent_that_starts_with_join_finds_its_cluster(cluster):
    a = cluster.hearsay("a").start()
    cluster.hearsay("b", "--join", a.address).start()
    cluster.agree({"a": "alive", "b": "alive"})


def test_with_a_data_directory_the_incarnation_rises_over_restarts(cluster, tmp_path):
    a = cluster.hearsay("a").start()
    b = cluster.hearsay("b", "--data-dir", str(tmp_path / "b")).start()
    seen = []
    for _ in range(3):
        b.join(a)
        cluster.agree({"a": "alive", "b": "alive"})
        seen.append(b.members()["b"]["incarnation"])
        b.kill()
        b.start()
    assert seen == sorted(set(seen)), seen


def test_a_cluster_lives_on_ipv6(cluster):
    agents = [cluster.hearsay(name, ip="::1", port=free_port("::1"), http=f"[::1]:{free_port('::1')}").start()
              for name in ("six", "seven", "eight")]
    agents[1].join(agents[0])
    agents[2].join(agents[1])
    cluster.agree(all_alive(agents))
    assert agents[0].members()["eight"]["addr"] == agents[2].address
    agents[2].kill()
    cluster.agree(all_alive(agents, eight="failed"))
