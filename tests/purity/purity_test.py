"""The core is pure: what libhearsay_core.a takes from outside is on an allow-list, and it holds no state.

An allow-list, because a list of forbidden functions forgets the one that somebody finds next year. Looked at is
the release build, as it ships; impure.cc is the positive control that must be refused.
"""
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CORE = ROOT / "build/release/libhearsay_core.a"


def output_of(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout


def allow_list():
    """(object or None, pattern of the demangled symbol), from allowed_symbols.txt."""
    rules = []
    for line in (HERE / "allowed_symbols.txt").read_text().splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            where, found, pattern = line.partition(" only: ")
            rules.append((where, re.compile(pattern)) if found else (None, re.compile(line)))
    return rules


def foreign_symbols(archive):
    """{(object, demangled symbol)} that the archive uses and does not define."""
    defined, used = set(), set()
    for line in output_of("nm", "-A", archive).splitlines():
        place, kind, symbol = re.match(r"(.*?):\s*[0-9a-f]*\s+(\S) (.*)", line).groups()
        if kind in "Uw":
            used.add((place.split(":")[-1], symbol))
        else:
            defined.add(symbol)
    foreign = sorted((place, symbol) for place, symbol in used if symbol not in defined)
    names = subprocess.run(["c++filt"], input="\n".join(symbol for _, symbol in foreign), check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return {(place, name) for (place, _), name in zip(foreign, names)}


def not_allowed(archive):
    rules = allow_list()
    return {(place, symbol) for place, symbol in foreign_symbols(archive)
            if not any(where in (None, place) and rule.fullmatch(symbol) for where, rule in rules)}


def mutable_objects(archive):
    """Names of what lies in writable sections. Vtables and the like lie in .data.rel.ro, which is read-only once
    relocated; DW.ref.* is the linker's pointer to the exception personality."""
    found = set()
    for line in output_of("objdump", "-t", "-C", archive).splitlines():
        symbol = re.match(r"[0-9a-f]+ (.{7}) (\.(?:data|bss|tdata|tbss)\S*)\s+([0-9a-f]+)\s+(.*)", line)
        if not symbol or symbol.group(2).startswith(".data.rel.ro") or int(symbol.group(3), 16) == 0:
            continue
        name = re.sub(r"^\.hidden ", "", symbol.group(4))
        if not name.startswith("DW.ref."):
            found.add(name)
    return found


@pytest.fixture(scope="module")
def impure(tmp_path_factory):
    """An archive of impure.cc, compiled as the core is."""
    where = tmp_path_factory.mktemp("impure")
    output_of("g++", "-std=c++20", "-O2", "-fPIC", "-c", HERE / "impure.cc", "-o", where / "impure.cc.o")
    output_of("ar", "rcs", where / "libimpure.a", where / "impure.cc.o")
    return where / "libimpure.a"


def test_the_core_takes_from_outside_only_what_is_allowed():
    faults = sorted(not_allowed(CORE))
    assert not faults, "not on tests/purity/allowed_symbols.txt:\n" + "\n".join(f"  {p}: {s}" for p, s in faults)


def test_the_core_holds_no_mutable_statics():
    assert not mutable_objects(CORE)


def test_the_core_is_really_there():
    symbols = output_of("nm", "-C", "--defined-only", CORE)
    assert "hearsay::Node::on_datagram(" in symbols and "hearsay::base::Rng::bounded(" in symbols


@pytest.mark.parametrize("symbol", ["clock_gettime", "getenv", "puts", "std::thread::.*"])
def test_an_impure_object_is_refused(impure, symbol):
    assert [s for _, s in not_allowed(impure) if re.fullmatch(symbol + r"(@.*)?", s)]


@pytest.mark.parametrize("variable", ["calls", "last"])
def test_a_mutable_static_is_refused(impure, variable):
    assert [name for name in mutable_objects(impure) if variable in name]
