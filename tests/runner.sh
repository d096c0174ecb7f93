#!/bin/sh
# cargo starts test programs through this: `cargo test` is as fast as the machine allows. What the environment says already
# is kept, and benchmarks are left alone.
set -eu
case "$1" in */release/*) exec "$@" ;; esac
# Tests wait for git most of the time: with one for each of two cores, a third of both is idle.
if [ -z "${RUST_TEST_THREADS:-}" ]; then
    RUST_TEST_THREADS=$((2 * $(getconf _NPROCESSORS_ONLN 2> /dev/null || echo 2)))
    export RUST_TEST_THREADS
fi
# They make thousands of small repositories: in memory where there is room.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'END { print $4 }')" -gt 2000000 ]; then
    TMPDIR=/dev/shm
    export TMPDIR
fi
exec "$@"
