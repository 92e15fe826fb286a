"""script/lint finds what it looks for. Its rules are tested on made-up files, because the real ones obey them."""
import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
_loader = importlib.machinery.SourceFileLoader("lint", str(ROOT / "script/lint"))
lint = importlib.util.module_from_spec(importlib.util.spec_from_loader("lint", _loader))
_loader.exec_module(lint)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A source tree with the real table of floors; returns a function that adds a file and lints it."""
    monkeypatch.setattr(lint, "ROOT", tmp_path)
    (tmp_path / "script").mkdir()
    (tmp_path / "script/floors.txt").write_text((ROOT / "script/floors.txt").read_text())
    (tmp_path / "docs").symlink_to(ROOT / "docs")

    def faults(check, name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return list(check([name]))

    return faults


@pytest.mark.parametrize("name, header", [
    ("src/wire/x.h", "swim/probe.h"),       # upwards
    ("src/swim/x.cc", "serf/intents.h"),    # sideways
    ("src/net/x.cc", "members/history.h"),  # a driver's back door
    ("src/net/x.cc", "wire/messages.h"),
    ("include/hearsay/x.h", "base/rng.h"),
    ("src/base/x.h", "boost/../gossip.h"),  # a folder that nobody knows
    ("examples/x.cc", "net/udp.h"),
    ("src/services/kv/x.h", "services/ring/y.h"),
])
def test_an_edge_that_is_not_allowed_is_found(tree, name, header):
    assert tree(lint.check_edges, name, f'#include "{header}"\n')


@pytest.mark.parametrize("name, header", [
    ("src/swim/x.h", "members/member_table.h"),
    ("src/swim/x.h", "swim/suspicion.h"),
    ("src/net/x.cc", "wire/describe.h"),
    ("src/net/x.cc", "hearsay/node.h"),
    ("src/wire/x_test.cc", "support/vectors.h"),
    ("examples/x.cc", "hearsay/host.h"),
])
def test_an_allowed_edge_is_not_found(tree, name, header):
    assert not tree(lint.check_edges, name, f'#include "{header}"\n')


@pytest.mark.parametrize("line", [
    "auto now = std::chrono::steady_clock::now();", "const char* home = getenv(\"HOME\");", "std::thread t;",
    "std::unordered_map<int, int> m;", "#include <iostream>", "const double x = std::log(2.0);", "co_await f();",
])
def test_an_impure_line_is_found_in_the_core_only(tree, line):
    assert tree(lint.check_core_words, "src/swim/x.cc", line + "\n")
    assert not tree(lint.check_core_words, "src/agent/x.cc", line + "\n")
    assert not tree(lint.check_core_words, "src/swim/x_test.cc", line + "\n")
    assert not tree(lint.check_core_words, "src/swim/x.cc", "// " + line + "\n")


def test_a_dead_link_is_found(tree):
    assert tree(lint.check_links, "README.md", "[there](nowhere.md)\n")
    assert tree(lint.check_links, "README.md", "# One\n[there](#two)\n")
    assert not tree(lint.check_links, "README.md", "# One two\n[there](#one-two) [out](https://example.org)\n")


def test_a_test_whose_name_is_no_rule_is_found(tree):
    assert tree(lint.check_test_names, "src/base/x_test.cc", "TEST(Rng, Works) {}\n")
    assert not tree(lint.check_test_names, "src/base/x_test.cc", "TEST(Rng, the_same_seed_draws_the_same) {}\n")


def test_unfinished_work_is_found(tree):
    assert tree(lint.check_words, "src/base/x.cc", "// TO" "DO: more\n")


def test_the_table_knows_every_folder_of_the_sources():
    floors = lint.Floors((ROOT / "script/floors.txt").read_text())
    assert {p.name for p in (ROOT / "src").iterdir() if p.is_dir()} <= set(floors.floor)
