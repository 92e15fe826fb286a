"""The installed package: found by CMake and by pkg-config, complete, and without a trace of the source tree."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build/release"


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """The package, installed and then moved: nothing may depend on where it was installed."""
    first = tmp_path_factory.mktemp("installed")
    moved = tmp_path_factory.mktemp("moved") / "prefix"
    run("cmake", "--install", BUILD, "--prefix", first)
    shutil.move(first, moved)
    return moved


@pytest.fixture(scope="module")
def consumer(prefix, tmp_path_factory):
    """The CMake project beside this file, built against the package only."""
    build = tmp_path_factory.mktemp("consumer")
    run("cmake", "-S", HERE, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_CXX_STANDARD=20",
        "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror")
    run("cmake", "--build", build)
    return build


def test_a_cmake_project_drives_the_core(consumer):
    assert "solo knows itself" in run(consumer / "with_core", timeout=60)


def test_a_cmake_project_runs_two_hosts(consumer):
    out = run(consumer / "with_host", timeout=90)
    assert "first" in out and "second" in out


def test_pkg_config_is_enough_to_run_two_hosts(prefix, tmp_path):
    found = list(prefix.rglob("hearsay.pc"))
    assert len(found) == 1
    flags = run("pkg-config", "--cflags", "--libs", "hearsay",
                env=dict(os.environ, PKG_CONFIG_PATH=str(found[0].parent))).split()
    run("g++", "-std=c++20", HERE / "with_host.cc", "-o", tmp_path / "with_host", *flags)
    assert "first" in run(tmp_path / "with_host", timeout=90)


def test_the_installed_program_starts(prefix):
    assert run(prefix / "bin/hearsay", "version", timeout=30).startswith("hearsay ")


def test_the_manual_and_the_completions_are_installed(prefix):
    assert ".TH HEARSAY 1" in (prefix / "share/man/man1/hearsay.1").read_text()
    script = prefix / "share/bash-completion/completions/hearsay"
    words = run("bash", "-c", f"source {script}; COMP_WORDS=(hearsay mem); COMP_CWORD=1; _hearsay; echo ${{COMPREPLY[@]}}")
    assert words.strip() == "members"
    for other in ("share/zsh/site-functions/_hearsay", "share/fish/vendor_completions.d/hearsay.fish"):
        assert "force-leave" in (prefix / other).read_text()


def test_only_public_headers_are_installed(prefix):
    installed = {str(p.relative_to(prefix / "include")) for p in (prefix / "include").rglob("*") if p.is_file()}
    public = {str(p.relative_to(ROOT / "include")) for p in (ROOT / "include").rglob("*.h")}
    assert installed == public


def test_nothing_points_into_the_source_tree(prefix):
    for path in list(prefix.rglob("*.cmake")) + list(prefix.rglob("*.pc")):
        text = path.read_text()
        assert str(ROOT) not in text and "hearsay_flags" not in text, path
