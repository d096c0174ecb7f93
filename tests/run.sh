#!/bin/sh
# Everything that has to pass: formatting, lints, shell scripts, the tour, the oracles, tests, real hosts.
#
# On Debian, as root, what the tests need is installed first. Elsewhere they use what is there, and the parts that
# need something else say so and are left out. REFGATE_HOSTS=1 also pushes to real ssh, http and gitolite servers.
# The first thing that fails ends it. The last lines are cargo test's own.
set -eu

cd "$(dirname "$0")/.."

. tests/needs.sh
need git git
need cc gcc libc6-dev
need python3 python3-venv
need node nodejs
need npm npm
need rpm rpm
need shellcheck shellcheck
need setpriv util-linux
need time time
install_missing

# The oldest git that the tests are run with is Debian 12's.
version=$(git version | sed 's/[^0-9]*\([0-9.]*[0-9]\).*/\1/')
major=${version%%.*} minor=${version#*.} minor=${minor%%.*}
if [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -lt 39 ]; }; then
    echo "git $version: the tests need git 2.39 or later" >&2
    exit 1
fi
if [ "$major" -eq 2 ] && [ "$minor" -lt 45 ]; then
    echo "git $version: repositories with reftable need git 2.45, so nothing is tried with them"
else
    echo "git $version"
fi

if command -v shellcheck > /dev/null; then
    git ls-files -z -- '*.sh' hooks .ci/run | xargs -0 grep -lE '^#!/bin/(sh|bash)|^#!/usr/bin/env (sh|bash)' | xargs shellcheck -x
else
    echo "no shellcheck here: the shell scripts are not checked"
fi
if cargo fmt --version > /dev/null 2>&1; then cargo fmt --check; fi
if cargo clippy --version > /dev/null 2>&1; then cargo clippy --quiet --locked --all-targets -- -D warnings; fi
# What the README tells a newcomer to type first.
sh tests/tour.sh
# What the tour has built.
refgate=$(cd "${CARGO_TARGET_DIR:-target}/debug" && pwd)/refgate
# The packages. 77: not root, or nothing to make one with.
sh tests/package.sh "$refgate" || [ $? = 77 ]
# Full disks and wrong clocks. 77: not root, or nothing can be mounted.
sh tests/operations.sh "$refgate" || [ $? = 77 ]
# The book, where mdbook is installed.
if command -v mdbook > /dev/null; then mdbook build; fi
# A real browser. 77: there is none.
sh tests/browser/pages.sh "$refgate" || [ $? = 77 ]
# Pushes at once, to hooks that are killed.
if command -v python3 > /dev/null; then python3 tests/storm.py --pushes 200 --binary "$refgate"; fi
if [ -n "${REFGATE_HOSTS:-}" ]; then
    # Real servers on loopback; installs them, makes accounts, and takes both away again. 77: not root, or no apt-get.
    bash tests/hosts/smoke.sh --binary "$refgate" || [ $? = 77 ]
    # The real pre-commit, lefthook and husky. 77: they cannot be had.
    bash tests/hosts/managers.sh --binary "$refgate" || [ $? = 77 ]
    # The real jj. 77: there is none.
    sh tests/hosts/jj.sh "$refgate" || [ $? = 77 ]
fi
# The recorded answers of other projects' tools are still theirs. Needs the network once.
tests/oracles/ask.sh
# Every report is valid for the program that it is for. Needs the network once.
tests/oracles/reports.sh "$refgate"
# Both rings, and properties on more cases than a developer waits for.
PROPTEST_CASES=512 cargo test --locked -- --include-ignored
