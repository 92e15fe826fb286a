# What the scripts share. Sourced, not run: it moves to the root of the repository and sets up the compilers' cache.
# shellcheck shell=bash
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

jobs=$(nproc 2>/dev/null || echo 2)
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# The comment at the head of the calling script is its manual.
manual() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }
help_wanted() { [[ ${1:-} == -h || ${1:-} == --help ]]; }
bad_usage() {
  manual >&2
  exit 2
}

# configure <preset>: quiet unless it fails.
configure() {
  mkdir -p build
  cmake --preset "$1" >"build/$1.configure.log" 2>&1 || {
    cat "build/$1.configure.log" >&2
    return 1
  }
}

# build <preset> <target>...
build() {
  local preset=$1
  shift
  configure "$preset" || return 1
  cmake --build --preset "$preset" -j "$jobs" --target "$@"
}
